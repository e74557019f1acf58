"""Who writes keeps nobody waiting: suspended, on a terminal that stands still, unread, hung up.

Another connection holds the lock until the command waits for it; so it is known where it stands.
That no place in it is weaker than another is shown by the faults, with SIGTSTP at every call.
"""

import re
import signal
import sqlite3
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.afterwards import state
from tests.faults.commands import COMMANDS, Writing
from tests.support.databases import held, is_held_open
from tests.support.processes import PATIENCE, full_pipe, program, result, run, start, wait_until
from tests.support.stopping import is_waiting, waits
from tests.support.team import made_demo
from tests.support.terminal import (
    BACKGROUND,
    CTRL_Q,
    CTRL_S,
    CTRL_Z,
    STOPPED,
    as_a_job,
    on_terminal,
)

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/wchan").exists(), reason="only Linux tells where a process waits"
)

OF_A_DATABASE = [
    writing for writing in COMMANDS if writing.name != "init" and "backup" not in writing.name
]
LARGE = next(writing for writing in COMMANDS if writing.name == "bulk-assign")

every_writer = pytest.mark.parametrize("writing", OF_A_DATABASE, ids=lambda writing: writing.name)


def job_of(shell: int) -> int:
    """The process that a shell has started."""
    children = Path(f"/proc/{shell}/task/{shell}/children")
    wait_until(lambda: bool(children.read_text().split()))
    return int(children.read_text().split()[0])


def waits_for_the_lock(process: int) -> None:
    """Wait until a process waits for its turn to write."""
    wait_until(lambda: is_waiting(process))


def is_held(process: int, number: signal.Signals) -> bool:
    """Whether a signal has come and is not acted on yet."""
    status = Path(f"/proc/{process}/status").read_text()
    pending = int(status.partition("ShdPnd:")[2].split()[0], 16)
    return bool(pending & 1 << number - 1)


def until_progress_is_shown() -> None:
    """Wait until a command that waits now has gone on for so long that it shows its progress."""
    begun = time.monotonic()
    wait_until(lambda: time.monotonic() > begun + 1)


def is_changed(folder: Path, before: dict[str, str]) -> bool:
    """Whether a folder is no longer as before. What is copied while it changes may not be whole."""
    try:
        return state(folder) != before
    except (FileNotFoundError, sqlite3.DatabaseError):
        return False


def served(folder: Path, writing: Writing) -> None:
    """Assert that another command can write."""
    done = run(folder, *program(*writing.again))
    assert done.exit_code == 0, done.err


@every_writer
def test_ctrl_z_is_acted_on_once_nobody_waits_for_the_writer(
    writing: Writing, tmp_path: Path
) -> None:
    writing.before(tmp_path)
    before = state(tmp_path)
    with (
        held(tmp_path / "assignchat.db") as other,
        on_terminal(tmp_path, *as_a_job(*program(*writing.words))) as terminal,
    ):
        job = job_of(terminal.process.pid)
        waits_for_the_lock(job)
        terminal.type(CTRL_Z)
        terminal.until(lambda: is_held(job, signal.SIGTSTP) or STOPPED in terminal.screen)
        other.execute("ROLLBACK")
        terminal.until(lambda: STOPPED in terminal.screen)
        assert state(tmp_path) != before
        served(tmp_path, writing)
        assert terminal.goes_on() == 0


def test_ctrl_z_in_the_queue_keeps_nobody_waiting_either(tmp_path: Path) -> None:
    LARGE.before(tmp_path)
    with (
        held(tmp_path / "assignchat.db") as other,
        on_terminal(tmp_path, *as_a_job(*program(*LARGE.words))) as terminal,
    ):
        first = start(tmp_path, *program("user", "add", "eve"))
        assert waits(first)
        job = job_of(terminal.process.pid)
        waits_for_the_lock(job)
        terminal.type(CTRL_Z)
        terminal.until(lambda: is_held(job, signal.SIGTSTP) or STOPPED in terminal.screen)
        other.execute("ROLLBACK")
        assert result(first).exit_code == 0
        terminal.until(lambda: STOPPED in terminal.screen)
        served(tmp_path, LARGE)
        assert terminal.goes_on() == 0


@every_writer
def test_a_job_in_the_background_may_not_print_but_is_in_nobodys_way(
    writing: Writing, tmp_path: Path
) -> None:
    writing.before(tmp_path)
    before = state(tmp_path)
    background = f"stty tostop; {BACKGROUND}"
    argv = as_a_job(*program(*writing.words), shell=background)
    with on_terminal(tmp_path, *argv) as terminal:
        terminal.until(lambda: re.search(r"job \d+\r", terminal.screen))
        status = Path(f"/proc/{terminal.screen.split()[1]}/stat")
        wait_until(lambda: status.read_text().rpartition(")")[2].split()[0] == "T")
        assert state(tmp_path) != before or writing.delivers  # which waits for its reader
        served(tmp_path, writing)
        assert terminal.goes_on() == 0


def test_a_terminal_that_stands_still_does_not_stop_the_writer_whose_progress_it_shows(
    tmp_path: Path,
) -> None:
    LARGE.before(tmp_path)
    before = state(tmp_path)
    with (
        held(tmp_path / "assignchat.db") as other,
        on_terminal(tmp_path, *program(*LARGE.words)) as terminal,
    ):
        waits_for_the_lock(terminal.process.pid)
        terminal.type(CTRL_S)
        until_progress_is_shown()
        other.execute("ROLLBACK")
        wait_until(lambda: is_changed(tmp_path, before))
        served(tmp_path, LARGE)
        assert terminal.screen == ""
        terminal.type(CTRL_Q)
        assert terminal.ends() == 0
    assert '"assigned": 2003' in terminal.screen


def test_progress_is_shown_after_a_second_and_leaves_nothing_behind(tmp_path: Path) -> None:
    LARGE.before(tmp_path)
    with (
        held(tmp_path / "assignchat.db") as other,
        on_terminal(tmp_path, *program(*LARGE.words)) as terminal,
    ):
        waits_for_the_lock(terminal.process.pid)
        until_progress_is_shown()
        other.execute("ROLLBACK")
        assert terminal.ends() == 0
    assert "Assigning [#" in terminal.screen
    shown, _, rest = terminal.screen.partition("\r" + " " * 10)
    assert "Assigning" in shown
    assert rest.strip(" \r").startswith("{")


@every_writer
def test_a_result_that_nobody_reads_keeps_nobody_waiting(writing: Writing, tmp_path: Path) -> None:
    writing.before(tmp_path)
    before = state(tmp_path)
    with full_pipe() as full:
        process = start(tmp_path, *program(*writing.words), stdout=full, stderr=full)
        wait_until(lambda: writing.delivers or is_changed(tmp_path, before))
        served(tmp_path, writing)
        assert process.poll() is None


@every_writer
def test_a_closed_terminal_ends_a_writer_who_waits(writing: Writing, tmp_path: Path) -> None:
    writing.before(tmp_path)
    before = state(tmp_path)
    with held(tmp_path / "assignchat.db"):
        with on_terminal(tmp_path, *program(*writing.words)) as terminal:
            waits_for_the_lock(terminal.process.pid)
        assert terminal.process.wait(PATIENCE) == -signal.SIGHUP
    assert state(tmp_path) == before
    served(tmp_path, writing)


@every_writer
def test_with_nohup_it_goes_on_when_the_terminal_is_closed(
    writing: Writing, tmp_path: Path
) -> None:
    writing.before(tmp_path)
    before = state(tmp_path)
    with held(tmp_path / "assignchat.db") as other:
        with on_terminal(tmp_path, "nohup", *program(*writing.words)) as terminal:
            waits_for_the_lock(terminal.process.pid)
        other.execute("ROLLBACK")
        assert terminal.process.wait(PATIENCE) == 0
    assert state(tmp_path) != before


def test_a_note_that_nobody_reads_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Such as that chats were opened in the future."""
    writing = next(one for one in COMMANDS if one.name == "import")
    writing.before(tmp_path)
    rows = "id,customer,owner_id,opened_at\nnew,Ann,mark,2999-01-01T00:00:00Z\n"
    (tmp_path / "chats.csv").write_text(rows)
    before = state(tmp_path)
    with full_pipe() as full:
        process = start(tmp_path, *program("import", "chats", "chats.csv"), stderr=full)
        wait_until(lambda: is_changed(tmp_path, before))
        served(tmp_path, writing)
        assert process.poll() is None
        process.kill()
        result(process)


STDIN = {
    "bulk-assign": ("bulk-assign --ids-from - --to martha --as maria --yes", "", "chat-{}"),
    "import users": ("import users -", "id,name", "eve-{},Eve"),
    "import chats": ("import chats -", "id,customer,owner_id", "new-{},Ann,mark"),
}


@pytest.mark.parametrize(("words", "heading", "row"), STDIN.values(), ids=STDIN)
def test_input_that_does_not_end_keeps_nobody_waiting_and_nothing_open(
    words: str, heading: str, row: str, tmp_path: Path
) -> None:
    made_demo(tmp_path, datetime.now(UTC))
    process = start(tmp_path, *program(*words.split()), stdin=subprocess.PIPE)
    assert process.stdin is not None
    numbers = (n % 3 + 1 if "bulk" in words else n for n in range(400_000))
    process.stdin.write("\n".join([heading, *map(row.format, numbers), ""]))
    process.stdin.flush()
    reads = Path(f"/proc/{process.pid}/wchan")
    wait_until(lambda: "pipe_read" in reads.read_text() or process.poll() is not None)
    assert process.poll() is None
    done = run(tmp_path, *program("user", "add", "zoe"))
    assert done.exit_code == 0, done.err
    assert not is_held_open(tmp_path / "assignchat.db")
