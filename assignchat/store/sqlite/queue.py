"""The queue of writers: a file beside the database, in which each of them locks a byte, its place.

The machine's clock numbers the places, so they are in the order in which writers asked. It is a
writer's turn when it can lock all bytes up to its place. The system gives back the locks of a
process that ends.

The queue only keeps order: SQLite's own lock decides who writes. Where the file cannot be made,
or the queue stands still because a process in it does, writers go on without it.
"""

import fcntl
import json
import os
import stat
import struct
import sys
import time
from _thread import allocate_lock, start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from assignchat.errors import InvalidValue
from assignchat.system import signals
from assignchat.system.files import create_own
from assignchat.texts import MAX_ID_LENGTH

if TYPE_CHECKING:
    from assignchat.store.holder import Holder

_LOOK_SECONDS = 0.25  # how often a writer who waits looks around, and heeds Ctrl-C at the latest
_STILL_SECONDS = 1.0  # each writer whose turn comes says so in the file; else it stands still
_TELL_SECONDS = 5.0  # how often a person is told again for whom they wait
_SIZE = 4096  # bytes that the holder writes, with room for the longest ids
_TRIES = 100


def queue_beside(database: Path) -> Path:
    """Return the file of a database's queue. Links are followed first, as SQLite does."""
    return Path(os.path.realpath(database) + "-queue")


@contextmanager
def place(database: Path, queue: Path) -> "Iterator[Place | None]":
    """Have a place in a database's queue during the block, or None where there can be no queue."""
    taken = _take_last(database, queue)
    try:
        yield taken
    finally:
        if taken is not None:
            taken.leave()


def _take_last(database: Path, queue: Path) -> "Place | None":
    try:
        file = _open(database, queue)
    except OSError:  # a folder that may only be read, a full disk, somebody else's file or link
        return None
    try:
        for _ in range(_TRIES):  # unless two writers ask in the same instant, the first one does
            number = time.monotonic_ns()
            if _lock(file, number, 1):
                return Place(file, number)
    except OSError:  # a file system without locks
        pass
    os.close(file)
    return None


@contextmanager
def alone(database: Path, queue: Path, seconds: float) -> Iterator[bool]:
    """Wait for the one byte that belongs to no writer, and have it during the block.

    Yields whether it was given within so many seconds, or there can be no queue. It is given
    back when the block ends, and also once a writer of this process has left its place: until
    then it must not leave one.
    """
    until = time.monotonic() + seconds
    try:
        file = _open(database, queue)
    except OSError:
        yield True
        return
    try:
        while not (has_it := _lock(file, _ALONE, 1)) and time.monotonic() < until:
            time.sleep(min(_LOOK_SECONDS, max(0, until - time.monotonic())))
        yield has_it
    finally:
        os.close(file)


_ALONE = 2**62  # behind all places


class Place:
    """A writer's place, from when it asks until its transaction has ended."""

    def __init__(self, file: int, number: int) -> None:
        self._file = file
        self._number = number
        self._has_turn = False
        self._is_waiting = self._is_left = False
        self._granted = allocate_lock()
        self._said: dict[str, object] = {}
        self._seen = b""
        self._seen_at = 0.0

    def wait(self, seconds: float) -> bool:
        """Wait for the turn, at most so many seconds. Returns whether it has come."""
        if not (self._has_turn or self._is_waiting):
            self._has_turn = _lock(self._file, 0, self._number + 1)
        if self._has_turn:
            return True
        if not self._is_waiting and signals.can_give_up():
            return self._wait_here(seconds)
        if not self._is_waiting:
            # Only the system wakes writers in their order, and it knows no time limit.
            self._is_waiting = self._begin_to_wait()
        if not self._is_waiting:  # so it looks now and then, and others may come first
            time.sleep(seconds)
            return False
        self._has_turn = self._granted.acquire(timeout=seconds)
        return self._has_turn

    def _wait_here(self, seconds: float) -> bool:
        """Do as `wait`. On a busy machine a second thread's turn to run would come late."""
        if seconds <= 0:
            return False
        try:
            with signals.given_up_after(seconds):
                fcntl.lockf(self._file, fcntl.LOCK_EX, self._number + 1)
        except TimeoutError:
            return False
        except OSError:  # if it cannot be waited for, SQLite's lock decides alone
            pass
        self._has_turn = True
        return True

    def _begin_to_wait(self) -> bool:
        """Let a thread wait for the turn. Returns whether this login may have one more thread."""
        self._granted.acquire()
        try:
            with signals.left_to_others():
                start_new_thread(self._lock_all_before, ())
        except RuntimeError:
            self._granted.release()
            return False
        return True

    def _lock_all_before(self) -> None:
        with suppress(OSError):  # if it cannot be waited for, SQLite's lock decides alone
            fcntl.lockf(self._file, fcntl.LOCK_EX, self._number + 1)
        self._granted.release()
        if self._is_left and self._granted.acquire(blocking=False):
            os.close(self._file)

    def stands_still(self) -> bool:
        """Return whether no writer's turn has come for a while, as while one is suspended."""
        text = os.pread(self._file, _SIZE, 0)
        if text != self._seen:
            self._seen, self._seen_at = text, time.monotonic()
        return time.monotonic() - self._seen_at >= _STILL_SECONDS

    def say(self, **what: object) -> None:
        """Write who holds the lock, for those who wait, if it is this writer's turn."""
        said = self._said | what
        if said == self._said:
            return
        self._said = said
        with suppress(OSError):  # a full disk
            if _lock(self._file, 0, 1):
                text = json.dumps(said | {"process": os.getpid()}).encode()[:_SIZE]
                os.pwrite(self._file, text.ljust(_SIZE), 0)

    def holder(self) -> "Holder | None":
        """Find who has said that they hold the lock. Returns None if nobody has the turn."""
        return _holder(self._file)

    def leave(self) -> None:
        """Let the next writer have its turn."""
        if self._is_waiting and not self._has_turn:
            with suppress(OSError):
                fcntl.lockf(self._file, fcntl.LOCK_UN)
            self._is_left = True  # closing is left to the thread, which still uses the file
            if not self._granted.acquire(blocking=False):
                return
        os.close(self._file)  # which gives all locks back


def begin(
    own: Place | None,
    seconds: float,
    try_to_begin: Callable[[float], bool],
    tell: Callable[[], None],
) -> bool:
    """Wait for the turn, and then for SQLite's lock, at most so many seconds in all.

    `try_to_begin` waits for that lock for some seconds and returns whether it has it; `tell` is
    called once it takes long. Returns whether the transaction has begun.
    """
    asked = time.monotonic()
    told = asked + 1 - _TELL_SECONDS
    while True:
        left = asked + seconds - time.monotonic()
        look = max(0, min(left, _LOOK_SECONDS))
        if own is None or own.wait(look):
            if try_to_begin(look):
                return True
        elif (left <= 0 or own.stands_still()) and try_to_begin(0):
            return True
        if left <= 0:
            return False
        if time.monotonic() - told >= _TELL_SECONDS:
            told = time.monotonic()
            tell()


def _open(database: Path, queue: Path) -> int:
    """Open the file of the queue, made if need be with the rights of the database.

    Raises `OSError`, also if anything but a file is there.
    """
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        file = os.open(queue, flags)
    except FileNotFoundError:
        with suppress(FileExistsError):
            os.close(create_own(queue))
        file = os.open(queue, flags)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise FileExistsError(queue)
        _make_like(file, found, os.stat(database))
    except OSError:
        os.close(file)
        raise
    return file


def _make_like(file: int, found: os.stat_result, database: os.stat_result) -> None:
    """Let the same users write the file as the database, as SQLite does with its own files."""
    with suppress(OSError):  # only its owner can, and need only once
        if (found.st_uid, found.st_gid) != (database.st_uid, database.st_gid):
            owner = database.st_uid if os.geteuid() == 0 else -1
            os.fchown(file, owner, database.st_gid)
        if stat.S_IMODE(found.st_mode) != database.st_mode & 0o666:
            os.fchmod(file, database.st_mode & 0o666)


def _lock(file: int, start: int, length: int) -> bool:
    """Lock some bytes at once. Returns whether nobody else has any. Raises `OSError`."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
    except (BlockingIOError, PermissionError):  # which of them is the system's choice
        return False
    return True


def holder(database: Path, queue: Path, own: Place | None = None) -> "Holder | None":
    """Find who holds the lock of a database. Returns None if nobody does, or it cannot be told.

    With a place of one's `own`, its file is used: to close another one would give up the place.
    """
    if own is not None:
        return own.holder() or _holder_without_place(database)
    try:
        file = os.open(queue, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:  # nobody has written with a place
        return _holder_without_place(database)
    except OSError:
        return None
    try:
        return _holder(file) or _holder_without_place(database)
    finally:
        os.close(file)


def _holder_without_place(database: Path) -> "Holder | None":
    """Find who holds SQLite's lock without a place in the queue, where the system tells: Linux."""
    from assignchat.store.holder import Holder

    with suppress(OSError):
        lock = f":{Path(os.path.realpath(database) + '-shm').stat().st_ino} 120 120"
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            words = line.split()
            if line.endswith(lock) and words[3] == "WRITE" and int(words[4]) != os.getpid():
                return Holder(process=int(words[4]))
    return None


def _holder(file: int) -> "Holder | None":
    with suppress(OSError):
        process = _process_with_turn(file)
        if process is not None:
            return _read(os.pread(file, _SIZE, 0), process or None)
    return None


_FLOCK = "qqihh" if sys.platform == "darwin" else "hhqqi"


def _process_with_turn(file: int) -> int | None:
    """Find another process that has the turn. Returns its number, 0 if unknown, None for none."""
    on_mac = sys.platform == "darwin"
    first_byte = (0, 1, 0, fcntl.F_WRLCK, 0) if on_mac else (fcntl.F_WRLCK, 0, 0, 1, 0)
    asked = struct.pack(_FLOCK, *first_byte)
    found = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    kind, process = (found[3], found[2]) if on_mac else (found[0], found[4])
    return None if kind == fcntl.F_UNLCK else process


def _read(text: bytes, process: int | None) -> "Holder":
    """Read what a holder has written, which may be anything. `process` is what the system says."""
    from assignchat.store.holder import Holder
    from assignchat.times import parse_time

    try:
        said = json.loads(text)
        command, actor, os_user, since = (
            str(said[key])[:MAX_ID_LENGTH] for key in ("command", "actor", "os_user", "since")
        )
        parse_time(since)
        percent = min(max(int(said["percent"]), 0), 100) if said["percent"] is not None else None
        return Holder(command, actor, process, os_user, since, percent)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, InvalidValue):
        return Holder(process=process)
