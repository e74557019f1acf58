"""config and the history: each change is told there, and check tells of those that are not."""

import json
import signal
import sys

from tests.support.processes import run
from tests.support.team import Team, unprivileged


def test_each_change_is_in_the_history(team: Team) -> None:
    key = "assign_discuss.request_timeout"
    team.ok("config", "set", key, "5m", "--as", "the admin")
    team.ok("config", "unset", key)
    rows = team.rows(
        "SELECT actor, detail FROM engagement_tracking WHERE event = 'config_changed' ORDER BY id"
    )
    assert [json.loads(detail) for _, detail in rows] == [
        {"key": key, "old": "2m", "new": "5m"},
        {"key": key, "old": "5m", "new": "2m"},
    ]
    assert rows[0][0] == "the admin"


def test_a_value_that_was_wrong_is_null_in_the_history(team: Team) -> None:
    team.config.write_text("busy_timeout = 2026-11-22\n")
    team.ok("config", "set", "busy_timeout", "5s")
    ((detail,),) = team.rows(
        "SELECT detail FROM engagement_tracking WHERE event = 'config_changed'"
    )
    assert json.loads(detail) == {"key": "busy_timeout", "old": None, "new": "5s"}


def test_a_change_that_cannot_be_written_is_not_in_the_history(team: Team) -> None:
    locked = team.folder / "locked"
    locked.mkdir()
    (locked / "config.toml").write_text(f"database = '{team.database}'\n")
    before = team.snapshot()
    locked.chmod(0o555)
    command = ("--config", "locked/config.toml", "config", "set", "busy_timeout", "7s", "--json")
    done = unprivileged(team, *command)
    locked.chmod(0o755)
    assert (done.exit_code, done.error) == (7, "config_not_writable")
    assert team.snapshot() == before


def differences(team: Team) -> list[str]:
    """What `check` says of the config."""
    warnings = team.ok("check")["warnings"]
    return [found["message"] for found in warnings if found["code"] == "config_differs"]


def test_check_tells_of_a_key_that_the_history_has_with_another_value(team: Team) -> None:
    team.ok("config", "set", "busy_timeout", "7s")
    assert differences(team) == []
    team.config.write_text(team.config.read_text().replace('"7s"', '"8s"'))
    assert len(differences(team)) == 1
    assert differences(team)[0].endswith("of keys: busy_timeout")
    assert team.ok("--db", "assignchat.db", "check")["warnings"] == []  # perhaps another's history


def test_setting_a_key_to_what_was_written_by_hand_records_it(team: Team) -> None:
    team.ok("config", "set", "busy_timeout", "7s")
    team.config.write_text(team.config.read_text().replace('"7s"', '"8s"'))
    team.ok("config", "set", "busy_timeout", "8s")
    assert differences(team) == []
    before = team.snapshot()
    team.ok("config", "set", "busy_timeout", "8s")
    assert team.snapshot() == before


def test_a_change_that_is_killed_between_its_row_and_its_file_is_told_by_check(
    team: Team,
) -> None:
    program = (
        "import os, sys; from assignchat.cli import main;"
        "os.replace = lambda *_: os.kill(os.getpid(), 9); main(sys.argv[1:])"
    )
    words = ("config", "set", "busy_timeout", "7s")
    assert run(team.folder, sys.executable, "-c", program, *words).exit_code == -signal.SIGKILL
    assert team.run("config", "get", "busy_timeout").out == "10s\n"
    assert len(differences(team)) == 1
    team.ok(*words)
    assert differences(team) == []


def test_a_change_that_cannot_be_recorded_is_not_made(team: Team) -> None:
    before = team.config.read_bytes()
    team.sqlite("DROP TABLE engagement_tracking")
    assert team.refused("config", "set", "busy_timeout", "5s")[0] == 6
    assert team.config.read_bytes() == before
    team.database.unlink()  # beyond repair
