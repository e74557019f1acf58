"""Standard output and standard error, and results in files."""

import io
import os
import stat
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from assignchat.errors import OutputFailed
from assignchat.render.folding import folded, width_of
from assignchat.system.files import replace_file
from assignchat.texts import visible

_STDOUT, _STDERR = 1, 2  # also where output is kept for a pager


def say(*lines: str) -> None:
    """Print lines to standard output, made safe to show, and folded on a terminal."""
    safe = [visible(line) for line in lines]
    if stdout_is_terminal():
        width = width_of(_STDOUT)
        safe = [folded(line, width) for line in safe]
    say_page(*safe)


def say_page(*lines: str) -> None:
    """Print lines that are laid out already, and already safe, to standard output."""
    write("".join(f"{line}\n" for line in lines))


def note(text: str, *, end: str = "\n", pasted: bool = False) -> None:
    """Print a line to standard error, made safe to show, and folded on a terminal.

    A command to be `pasted` stays on one line, unless it quotes something: then it may hold words
    that would make a line of their own.
    """
    if sys.stderr is None:
        return
    line = visible(text)
    has_command = any(f"{program} " in line for program in _PASTED)
    if stderr_is_terminal() and not (pasted and has_command and "'" not in line):
        line = folded(line, width_of(_STDERR))
    with suppress(OSError):  # an error that cannot be told is still the same error
        # In one piece: standard output may go to the same place, line by line.
        sys.stderr.write(f"{line}{end}")
        sys.stderr.flush()


_PASTED = ("assignchat", "chmod", "pg_dump")


def stdout_is_terminal() -> bool:
    """Return whether standard output is a person's terminal."""
    return sys.stdout.isatty()


def stderr_is_terminal() -> bool:
    """Return whether standard error is a person's terminal, for hints, questions and progress."""
    return sys.stderr is not None and sys.stderr.isatty()


def terminal_is_dumb() -> bool:
    """Return whether the terminal can only show one character after another."""
    return os.environ.get("TERM", "dumb") in ("dumb", "unknown")


def flush() -> None:
    """Deliver what was printed so far. Raises `OutputFailed` if that fails."""
    with Delivering():
        sys.stdout.flush()


def deliver() -> None:
    """Wait until the output has arrived: in a file, on the disk; in a pipe, at its reader.

    Raises `OutputFailed`, or `BrokenPipeError` if the reader goes before it has read all.
    """
    from assignchat.system.descriptors import wait_for  # few commands wait for their reader

    flush()
    with Delivering():
        if stdout_is(stat.S_ISREG):
            os.fsync(sys.stdout.fileno())
        while stdout_is(stat.S_ISFIFO) and unread(sys.stdout.fileno()):
            if wait_for(_SECONDS_BETWEEN_LOOKS, hang_ups=readers()):
                raise BrokenPipeError


_SECONDS_BETWEEN_LOOKS = 0.005


def unread(pipe: int) -> int:
    """Return how many bytes are on their way, if the system tells; Linux does."""
    import fcntl  # few commands wait for their reader
    import termios

    counted: tuple[int] = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))
    return counted[0]


def readers() -> list[int]:
    """List the descriptor of standard output if its reader can go: a pipe or a socket."""
    can_go = stdout_is(stat.S_ISFIFO) or stdout_is(stat.S_ISSOCK)
    return [sys.stdout.fileno()] if can_go else []


def stdout_is(kind: Callable[[int], bool]) -> bool:
    """Return whether standard output is a file of this kind."""
    try:
        return kind(os.fstat(sys.stdout.fileno()).st_mode)
    except OSError:  # it is closed, or kept
        return False


@contextmanager
def for_a_reader() -> Iterator[None]:
    """Run the block until it ends or its reader goes. Output that has not arrived is dropped."""
    try:
        yield
    except BrokenPipeError:
        pass
    finally:
        discard()


def discard() -> None:
    """Drop output that has not been delivered."""
    with suppress(OSError):  # a stand-in for a closed output has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write(text: str) -> None:
    """Print text that is already safe. Raises `OutputFailed` if it cannot be written."""
    with Delivering():
        sys.stdout.write(text)


def write_all(texts: Iterable[str]) -> None:
    """Print many texts, some thousand at a time."""
    waiting = iter(texts)
    while together := "".join(islice(waiting, 2_000)):
        write(together)


STDOUT = Path("-")
"""The name that stands for standard output."""


def write_file(path: Path, texts: Iterable[str]) -> None:
    """Write a result, in parts, to a file, whole or not at all, replacing an older one.

    `STDOUT` is standard output. A pipe or device is written to. Raises `OutputFailed` if that
    fails.
    """
    if path == STDOUT:
        write_all(texts)
        return
    if path.is_dir():
        raise OutputFailed(f"{path} could not be written: it is a folder")
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8") as file:
                file.writelines(texts)
        else:
            replace_file(path, map(str.encode, texts))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(f"{path} could not be written: {error.strerror}") from error


class Delivering:
    """Turns output in its block that fails into `OutputFailed`, unless its reader has gone."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            raise OutputFailed(f"The result could not be written: {error.strerror}") from error


class ClosedOutput(io.StringIO):
    """Stand for a standard output that was closed before the program started."""

    def write(self, _text: str) -> int:
        """Fail."""
        raise OutputFailed("The result could not be written: standard output is closed")
