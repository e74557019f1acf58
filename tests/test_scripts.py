"""The scripts that users adapt: they run as they are."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import Result, Team

SCRIPTS = Path(__file__).parent.parent / "scripts"
DOCS = SCRIPTS.parent / "docs"


def script(team: Team, *words: str, **env: str) -> Result:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        words,
        cwd=team.folder,
        env=os.environ | {"PATH": path} | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def offboard(team: Team, *words: str, **env: str) -> Result:
    return script(team, str(SCRIPTS / "offboard"), *words, **env)


def test_offboarding_hands_all_chats_over_and_deactivates(team: Team) -> None:
    done = offboard(team, "mark", "martha", "omar", ASSUME_YES="1", ASSIGNCHAT_USER="maria")
    assert done.exit_code == 0, done.err
    assert team.sql("SELECT count(*) FROM chats WHERE owner_id = 'mark'") == [(0,)]
    assert team.sql("SELECT active FROM users WHERE id = 'mark'") == [(0,)]
    assert team.sql("SELECT actor FROM batches") == [("maria",)]


def test_offboarding_without_an_answer_changes_nothing(team: Team) -> None:
    before = team.snapshot()
    done = offboard(team, "mark", "martha")
    assert done.exit_code == 4
    assert "Nothing was changed" in done.err
    assert team.snapshot() == before


def test_offboarding_to_nobody_is_refused_before_it_asks(team: Team) -> None:
    before = team.snapshot()
    done = offboard(team, "mark", "nobody", ASSUME_YES="1")
    assert done.exit_code == 3
    assert team.snapshot() == before


def test_the_example_for_python_runs(team: Team) -> None:
    example = (DOCS / "scripting.md").read_text().split("```python\n")[1].split("```")[0]
    done = script(team, sys.executable, "-c", example)
    assert (done.exit_code, done.err) == (0, "")
    assert "accepted martha" in done.out
    assert team.owner("chat-3") == "martha"


def test_the_config_file_at_the_top_is_the_one_that_init_writes(team: Team) -> None:
    assert (SCRIPTS.parent / "config.toml").read_text() == team.config.read_text()
