"""Ctrl-C and SIGTERM in the middle of work on very many chats: nothing has changed."""

import os
import signal
import subprocess
import time

import pytest

from tests.support.processes import Process, Stream, full_pipe, program, result, start, wait_until
from tests.support.team import Team

MANY = 300_000


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
@pytest.mark.parametrize("read_whole", [False, True], ids=["while it reads", "after it has read"])
def test_an_import_that_is_interrupted_has_changed_nothing(
    team: Team, number: signal.Signals, exit_code: int, *, read_whole: bool
) -> None:
    before = team.snapshot()
    os.mkfifo(team.folder / "chats.csv")
    process = start(team.folder, *program("import", "chats", "chats.csv"))
    with (team.folder / "chats.csv").open("w") as file:
        file.write("id,customer,owner_id\n")
        file.writelines(f"new-{row:07d},Customer {row},mark\n" for row in range(MANY))
        file.flush()
        if not read_whole:
            process.send_signal(number)
    if read_whole:
        queue = team.folder / "assignchat.db-queue"
        wait_until(lambda: queue.exists() and b'"import chats"' in queue.read_bytes())
        process.send_signal(number)
    ended = result(process)
    assert (ended.exit_code, ended.out) == (exit_code, "")
    assert "nothing was changed" in ended.err
    assert team.snapshot() == before


def started(team: Team, *words: str, stdout: Stream) -> Process:
    """A process that has made its change and has not ended."""
    process = start(team.folder, *program(*words), stdout=stdout)
    wait_until(lambda: bool(team.rows("SELECT id FROM requests")) or process.poll() is not None)
    return process


ASK = ("assign", "chat-1", "--to", "martha", "--as", "mark")


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_who_waits_for_an_answer_can_stop_waiting_and_hears_that_the_request_stands(
    team: Team, number: signal.Signals, exit_code: int
) -> None:
    process = started(team, *ASK, "--wait", stdout=subprocess.DEVNULL)
    while process.poll() is None:  # once it waits; a signal before that is let pass
        process.send_signal(number)
        time.sleep(0.05)
    ended = result(process)
    assert ended.exit_code == exit_code
    assert "stands" in ended.err


def test_a_result_that_nobody_reads_is_given_up_at_the_second_interruption(team: Team) -> None:
    with full_pipe() as full:
        process = started(team, *ASK, stdout=full)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGINT)
        ended = result(process)
    assert ended.exit_code == 130
    assert "stands" in ended.err
