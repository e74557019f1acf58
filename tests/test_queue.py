"""Writers wait in a queue: each has its turn, knows for whom it waits, and nobody is held up."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from assignchat.system import signals
from tests.support.databases import held
from tests.support.disks import fill, mounted
from tests.support.processes import PATIENCE, Process, program, result, run, start
from tests.support.stopping import waits
from tests.support.team import Team, unprivileged
from tests.support.terminal import CTRL_C, on_terminal
from tests.support.users import MARK, MARTHA, SERVICE
from tests.support.users import run as run_as

HOLD = """
import sys
from assignchat import open_database
with open_database("assignchat.db") as database:
    database.command, database.actor = "bulk-assign", sys.argv[1]
    with database.write():
        database.note_progress(43, 100)
        print("held", flush=True)
        sys.stdin.read()
"""


@contextmanager
def busy(team: Team, actor: str = "maria") -> Iterator[Process]:
    """A process in the middle of a bulk assignment, which ends with the block."""
    hold = (sys.executable, "-c", HOLD, actor)
    process = start(team.folder, *hold, stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    if process.poll() is None:
        assert result(process).exit_code == 0


def adding(team: Team, name: str) -> Process:
    """A process that waits for its turn to add a user."""
    process = start(team.folder, *program("user", "add", name, "--json"))
    assert waits(process)
    return process


def ended(processes: Sequence[Process]) -> list[int]:
    return [result(process).exit_code for process in processes]


def added(team: Team) -> list[str]:
    """The users in the order in which they were added, without those of the demo."""
    rows = team.rows(
        "SELECT detail FROM engagement_tracking WHERE event = 'user_added' ORDER BY id"
    )
    names = [json.loads(detail)["id"] for (detail,) in rows]
    return [name for name in names if name.startswith("new-")]


def test_writers_are_served_in_the_order_in_which_they_asked(team_now: Team) -> None:
    names = [f"new-{number}" for number in range(8)]
    with busy(team_now):
        waiting = [adding(team_now, name) for name in names]
    assert ended(waiting) == [0] * 8
    assert added(team_now) == names


@pytest.fixture
def alarms() -> Iterator[list[int]]:
    """The alarms that have come, in a program that sets them itself."""
    came: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: came.append(number))
    yield came
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def wait_in_this_process(team: Team, *, alarm_after: float = 0) -> None:
    """Wait for a turn that another process gives back, and add a user."""
    with busy(team) as holder:
        assert holder.stdin is not None
        ends = threading.Timer(0.5, holder.stdin.close)
        ends.start()
        signal.setitimer(signal.ITIMER_REAL, alarm_after)
        team.ok("user", "add", "new-1")
        ends.join()
        assert holder.wait(PATIENCE) == 0
    assert added(team) == ["new-1"]


def test_a_program_that_sets_alarms_itself_gets_them_while_it_waits(
    team_now: Team, alarms: list[int]
) -> None:
    wait_in_this_process(team_now, alarm_after=0.1)
    assert alarms == [signal.SIGALRM]


@pytest.mark.usefixtures("alarms")
def test_where_no_more_threads_are_allowed_a_writer_looks_again_and_again(
    team_now: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("assignchat.store.sqlite.queue.start_new_thread", refused)
    wait_in_this_process(team_now)


def test_who_writes_again_and_again_stands_behind_those_who_wait(team_now: Team) -> None:
    """Else a program with one change after the other would let nobody in."""
    again = """
import sys
from assignchat import add_user, open_database
with open_database("assignchat.db") as database:
    for number in range(int(sys.argv[1])):
        add_user(database, f"again-{number}", actor="maria")
"""
    with busy(team_now):
        writing = start(team_now.folder, sys.executable, "-c", again, "200")
        assert waits(writing)
        waiting = [adding(team_now, f"new-{number}") for number in range(3)]
    assert ended([writing, *waiting]) == [0] * 4
    users = [name for (name,) in team_now.rows("SELECT id FROM users ORDER BY rowid")]
    assert users.index("again-1") > users.index("new-2")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_who_is_stopped_leaves_the_queue_wherever_in_it(
    team_now: Team, number: signal.Signals
) -> None:
    with busy(team_now) as holder:
        first, second, third = (adding(team_now, f"new-{n}") for n in (1, 2, 3))
        second.send_signal(number)
        assert result(second).exit_code != 0
        assert third.poll() is None
        first.send_signal(number)
        assert result(first).exit_code != 0
        holder.kill()
        result(holder)
        assert ended([third]) == [0]
    assert added(team_now) == ["new-3"]


def test_who_is_suspended_while_waiting_holds_nobody_up(team_now: Team) -> None:
    with busy(team_now):
        suspended = adding(team_now, "new-1")
        suspended.send_signal(signal.SIGSTOP)
        others = [adding(team_now, f"new-{n}") for n in (2, 3)]
    assert ended(others) == [0, 0]
    suspended.send_signal(signal.SIGCONT)
    assert ended([suspended]) == [0]
    assert sorted(added(team_now)) == ["new-1", "new-2", "new-3"]


def test_who_waits_is_told_for_whom_and_can_give_up(team_now: Team) -> None:
    with busy(team_now) as holder:
        with on_terminal(team_now.folder, *program("user", "add", "new-1")) as terminal:
            terminal.until(lambda: "% done" in terminal.screen)
            who = f"Waiting for maria's bulk-assign, process {holder.pid}, since "
            assert who in terminal.screen
            assert ", 43 % done" in terminal.screen
            terminal.type(CTRL_C)
            assert terminal.ends() == 130
            assert "nothing was changed" in terminal.screen
        silent = adding(team_now, "new-2")
        time.sleep(1.5)  # a person would be told after one
    assert result(silent).err == ""  # nor is cron's mail filled
    assert added(team_now) == ["new-2"]


def test_who_has_waited_too_long_hears_who_was_in_the_way(team_now: Team) -> None:
    (team_now.folder / "config.toml").write_text('busy_timeout = "1s"\n')
    with busy(team_now) as holder:
        refused = team_now.process("user", "add", "new-1", "--json")
        assert (refused.exit_code, refused.error) == (6, "database_locked")
        said = json.loads(refused.err)["error"]["message"]
        assert f"is held by maria's bulk-assign, process {holder.pid}, since 20" in said
        assert said.endswith(", 43 % done")
    assert team_now.process("user", "add", "new-1").exit_code == 0


def test_a_parent_that_keeps_alarms_back_makes_nobody_wait_for_longer(team_now: Team) -> None:
    (team_now.folder / "config.toml").write_text('busy_timeout = "1s"\n')
    masked = "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])"
    words = program("user", "add", "new-1", "--json")
    with busy(team_now):
        starter = (sys.executable, "-c", f"{masked}; os.execv(sys.argv[1], sys.argv[1:])")
        refused = result(start(team_now.folder, *starter, *words))
        assert (refused.exit_code, refused.error) == (6, "database_locked")


def wait_for_an_alarm(cleaned_up: list[bool]) -> None:
    """Wait without end, and take a while to clean up after it."""
    with signals.given_up_after(0.05):
        try:
            signal.pause()
        except TimeoutError:
            time.sleep(0.2)  # as where the processor is busy, while more alarms come
            cleaned_up.append(True)
            raise


def test_who_gives_up_is_told_once_and_no_alarm_comes_later() -> None:
    before, cleaned_up = signal.getsignal(signal.SIGALRM), list[bool]()
    with pytest.raises(TimeoutError):
        wait_for_an_alarm(cleaned_up)
    assert cleaned_up == [True]
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_another_program_is_called_so(team_now: Team) -> None:
    (team_now.folder / "config.toml").write_text('busy_timeout = "1s"\n')
    with held(team_now.database):
        refused = team_now.process("user", "add", "new-1")
    assert refused.exit_code == 6
    number = f", process {os.getpid()}" if sys.platform == "linux" else ""
    assert f"is held by another program{number}\n" in refused.err


def test_status_and_check_name_who_holds_the_lock_while_somebody_does(team_now: Team) -> None:
    assert team_now.ok("status", "--as", "mark")["held_by"] is None
    assert team_now.ok("check")["held_by"] is None
    assert "Changes wait" not in team_now.run("status", "--as", "mark").out
    with busy(team_now) as holder:
        for words in (("status", "--as", "mark"), ("check",)):
            found = team_now.ok(*words)["held_by"]
            assert found.pop("since").endswith("Z")
            assert found.pop("os_user")
            assert found.pop("host") is None  # only on a server may it be another
            assert found == {
                "command": "bulk-assign",
                "actor": "maria",
                "process": holder.pid,
                "percent": 43,
            }
            assert "Changes wait for maria's bulk-assign, process " in team_now.run(*words).out
    assert team_now.ok("check")["held_by"] is None  # what stands in the file is of the past


def test_a_killed_holder_is_not_named(team_now: Team) -> None:
    with busy(team_now) as holder:
        holder.kill()
        result(holder)
    assert team_now.ok("status", "--as", "mark")["held_by"] is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe garbage",
        b"[" * 4096,
        b"null",
        b'{"command": 7}',
        b"1" * 4096,
        b'{"command": "x", "actor": "y", "os_user": "z", "since": "now", "percent": null}',
        b'{"command": "x", "actor": "y", "os_user": "z", "since": 1, "percent": 1e999}',
    ],
)
def test_whatever_stands_in_the_file_is_told_for_what_it_is(team_now: Team, text: bytes) -> None:
    with busy(team_now) as holder:
        (team_now.folder / "assignchat.db-queue").write_bytes(text)
        found = team_now.ok("status", "--as", "mark")["held_by"]
        assert found["process"] == holder.pid
        assert set(found.values()) == {holder.pid, None}


def test_a_hostile_name_of_the_holder_is_safe_and_short(team_now: Team) -> None:
    hostile = "\x1b]0;owned\x07\n\u202eError: gone" + "x" * 3_000
    with busy(team_now, hostile):
        shown = team_now.run("status", "--as", "mark").out
        lines = [line for line in shown.splitlines() if "Changes wait" in line]
        assert len(lines) == 1
        assert lines[0].startswith("Changes wait for ")
        assert len(lines[0]) < 1_000
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)


# The file.


def test_nothing_is_followed_or_overwritten_in_its_place(team: Team, tmp_path: Path) -> None:
    queue, target = team.folder / "assignchat.db-queue", tmp_path / "precious"
    target.write_text("precious")
    made: tuple[Callable[[], object], ...] = (
        lambda: queue.symlink_to(target),
        lambda: queue.symlink_to(tmp_path / "nowhere"),
        lambda: queue.hardlink_to(target),
        lambda: os.mkfifo(queue),
        queue.mkdir,
    )
    for number, make in enumerate(made):
        make()
        team.ok("user", "add", f"new-{number}")
        (queue.rmdir if queue.is_dir() else queue.unlink)()
    assert target.read_text() == "precious"
    assert not (tmp_path / "nowhere").exists()


def test_it_is_made_for_the_users_of_the_database(team: Team) -> None:
    queue = team.folder / "assignchat.db-queue"
    for mode in (0o600, 0o660, 0o640):
        team.database.chmod(mode)
        team.ok("user", "add", f"user-{mode}")
        assert queue.stat().st_mode & 0o777 == mode
        queue.unlink()
        team.ok("user", "add", f"again-{mode}")
        assert queue.stat().st_mode & 0o777 == mode


def test_roots_queue_belongs_to_the_owner_of_the_database(machine: Path) -> None:
    home = machine / "queued"
    home.mkdir(mode=0o700)
    os.chown(home, SERVICE, SERVICE)
    command = machine / "bin" / "assignchat"
    assert run_as([command, "init"], uid=SERVICE, folder=home).exit_code == 0
    queue = home / "assignchat.db-queue"
    assert not queue.exists()
    by_root = run(home, *program("--config", "config.toml", "user", "add", "new-1"))
    assert by_root.exit_code == 0, by_root.err
    assert (queue.stat().st_uid, queue.stat().st_gid) == (SERVICE, SERVICE)


def test_where_it_cannot_be_used_writers_go_on_without_it(machine: Path) -> None:
    """Mark's queue is closed to Martha, who may write the database."""
    home = machine / "shared"
    home.mkdir()
    home.chmod(0o777)
    command = machine / "bin" / "assignchat"
    there: list[str | Path] = [command, "--db", "assignchat.db"]
    for words in (["init"], ["user", "add", "new-0"]):
        assert run_as([*there, *words], uid=MARK, folder=home).exit_code == 0
    (home / "assignchat.db").chmod(0o666)
    before = (home / "assignchat.db-queue").read_bytes()
    done = run_as([*there, "user", "add", "new-1"], uid=MARTHA, folder=home)
    assert done.exit_code == 0, done.err
    assert (home / "assignchat.db-queue").read_bytes() == before


def test_on_a_read_only_place_none_is_made(team: Team) -> None:
    team.database.chmod(0o400)
    team.folder.chmod(0o500)
    try:
        assert unprivileged(team, "status", "--as", "mark").exit_code == 0
        refused = unprivileged(team, "user", "add", "new-1", "--json")
        assert (refused.exit_code, refused.error) == (6, "database_read_only")
    finally:
        team.folder.chmod(0o700)
        team.database.chmod(0o600)
    assert not (team.folder / "assignchat.db-queue").exists()


def test_a_full_disk_has_no_room_for_it_and_writers_go_on(tmp_path: Path) -> None:
    queue = tmp_path / "assignchat.db-queue"
    with mounted(tmp_path, "size=2m"):
        assert run(tmp_path, *program("init", "--demo")).exit_code == 0
        with held(tmp_path / "assignchat.db") as other:
            other.execute("ROLLBACK")  # it is only open, so that the -wal file stays
            leave = ("user", "deactivate", "mark", "--reassign-to", "martha")
            assert run(tmp_path, *program(*leave)).exit_code == 0
            queue.unlink()
            fill(tmp_path, room=0)
            assert run(tmp_path, *program("user", "add", "new-1")).exit_code == 0
        assert not queue.exists() or queue.stat().st_size == 0


def test_a_queue_that_somebody_keeps_closed_costs_a_moment_and_no_failure(team_now: Team) -> None:
    keep = "import fcntl, sys; file = open('assignchat.db-queue', 'w');"
    keep += "fcntl.lockf(file, fcntl.LOCK_EX); print('kept', flush=True); sys.stdin.read()"
    keeper = start(team_now.folder, sys.executable, "-c", keep, stdin=subprocess.PIPE)
    assert keeper.stdout is not None
    assert keeper.stdout.readline() == "kept\n"
    (team_now.folder / "config.toml").write_text('busy_timeout = "0s"\n')
    assert team_now.process("user", "add", "new-1").exit_code == 0
    assert result(keeper).exit_code == 0
