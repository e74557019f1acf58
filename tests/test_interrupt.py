"""Ctrl-C and SIGTERM in the middle of work on very many chats: nothing has changed."""

import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import Team

MANY = 150_000


@pytest.fixture
def large(team: Team) -> Team:
    """The demo team, and a file of more chats than are imported in a moment."""
    with (team.folder / "chats.csv").open("w") as file:
        file.write("id,customer,owner_id\n")
        file.writelines(f"new-{number:07d},Customer {number},mark\n" for number in range(MANY))
    return team


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
@pytest.mark.parametrize("after", [0.2, 1.2])
def test_an_import_that_is_interrupted_has_changed_nothing(
    large: Team, number: signal.Signals, exit_code: int, after: float
) -> None:
    before = large.snapshot()
    command = [sys.executable, "-m", "assignchat", "import", "chats", "chats.csv"]
    with subprocess.Popen(
        command, cwd=large.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        begun = large.database.with_name("assignchat.db-wal")
        while not begun.exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(after)  # into the reading of the file, and into one long statement
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (exit_code, "")
    assert "nothing was changed" in err
    assert large.snapshot() == before
