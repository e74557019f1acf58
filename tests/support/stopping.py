"""Stop a command in the middle, at a chosen call of the kernel, for as long as a test wants.

So a window between two processes is not hoped for but held open: the one stands still right
after a lock was taken or given back, or a file written, while the other comes in.
"""

import os
import re
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.support.processes import Process, run, start, wait_until

_CALLS = "fcntl,pwrite64,fdatasync,fsync,ftruncate,link,linkat,unlink,unlinkat,close"
_STRACE = ("strace", "-q", "-f", f"--trace={_CALLS}")
_WAL_WRITE_LOCK = "l_start=120, l_len=1"  # in the -shm file: who has it writes
_PLACE = re.compile(r"(\d+), F_SETLK, .*l_start=\d{9,}, l_len=1\b")  # in the queue


class Point(NamedTuple):
    """A call of the kernel: the `number`-th of its name, counted from 1."""

    call: str
    number: int
    about: str = ""
    """What strace wrote of it, or the name of the file that it concerns."""


def calls(log: Iterable[str]) -> list[Point]:
    """Every call in what strace wrote, in order."""
    found: list[Point] = []
    for line in log:
        if call := re.match(r"\d+ +(\w+)\((.*)", line):
            before = sum(point.call == call[1] for point in found)
            found.append(Point(call[1], before + 1, call[2]))
    return found


def points(folder: Path, argv: list[str], env: dict[str, str] | None = None) -> list[Point]:
    """Run a command to its end. Returns the calls after which it can be stopped."""
    log = folder / "calls.log"
    ended = run(folder, *_traced(folder, log), *argv, env=env)
    assert ended.exit_code == 0, ended.err
    return calls(log.read_text().splitlines())


def _traced(folder: Path, log: Path) -> list[str]:
    files = [f"--trace-path={folder}/assignchat.db{end}" for end in ("", "-wal", "-shm", "-queue")]
    return [*_STRACE, *files, f"--output={log}"]


class Windows(NamedTuple):
    """Where a command that writes can be stopped while another comes in."""

    before: Point  # the last call before it asks for its turn to write
    holding: Point  # it has just taken the write lock
    written: Point  # all is in the file, and the lock is still held
    released: Point  # it has given it back, and has just left the queue


def windows(found: list[Point]) -> Windows:
    """Find the windows of the last transaction among all points of a command."""
    locking = [point for point in found if point.call in ("fcntl", "fdatasync", "close")]
    of_lock = [n for n, point in enumerate(locking) if _WAL_WRITE_LOCK in point.about]
    taken = max(n for n in of_lock if "F_WRLCK" in locking[n].about)
    given = max(n for n in of_lock if "F_UNLCK" in locking[n].about)
    written = max(n for n in range(taken, given) if locking[n].call == "fdatasync")
    asked = max(n for n in range(taken) if _PLACE.match(locking[n].about))
    queue = locking[asked].about.partition(",")[0]
    left = min(n for n in range(given, len(locking)) if locking[n].about.startswith(f"{queue})"))
    return Windows(locking[asked - 1], locking[taken], locking[written], locking[left])


@contextmanager
def stopped(
    folder: Path, argv: list[str], point: Point, env: dict[str, str] | None = None
) -> Iterator[Process]:
    """A process that stands still at a point while the block runs, and goes on after it.

    Where it never comes there, it has ended.
    """
    log = folder / "stopped.log"
    log.write_text("")
    stop = f"--inject={point.call}:signal=SIGSTOP:when={point.number}"
    process = start(folder, *_traced(folder, log), stop, *argv, env=env)

    def at_the_point() -> int | None:
        stood = re.search(r"^(\d+) +--- stopped by SIGSTOP", log.read_text(), re.MULTILINE)
        return int(stood[1]) if stood else None

    wait_until(lambda: process.poll() is not None or at_the_point() is not None)
    standing = at_the_point()
    yield process
    if standing is not None:
        os.kill(standing, signal.SIGCONT)


def waits(process: Process) -> bool:
    """Whether a process comes to wait for its turn to write, before it ends."""
    wait_until(lambda: process.poll() is not None or is_waiting(process.pid))
    return process.poll() is None


def is_waiting(process: int) -> bool:
    """Whether a process waits for its turn to write."""
    # In the queue one of its threads waits for a lock; SQLite itself sleeps.
    with suppress(FileNotFoundError, ProcessLookupError):
        threads = Path(f"/proc/{process}/task").iterdir()
        wait_for = {(thread / "wchan").read_text() for thread in threads}
        return any(name in text for text in wait_for for name in _WAITING)
    return False


_WAITING = ("fcntl_setlk", "nanosleep")  # functions of the kernel
