"""Standard output and standard error, and results in files."""

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from assignchat.errors import OutputFailed
from assignchat.render.text import visible
from assignchat.system.files import replace_file


def say(*lines: str) -> None:
    """Print lines that are safe already to standard output."""
    write("".join(f"{line}\n" for line in lines))


def note(text: str) -> None:
    """Print a line to standard error, made safe to show."""
    if sys.stderr is not None:
        with suppress(OSError):  # an error that cannot be told is still the same error
            # In one piece: standard output may go to the same place, line by line.
            sys.stderr.write(f"{visible(text)}\n")
            sys.stderr.flush()


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
    with _delivering():
        sys.stdout.flush()


def write(text: str) -> None:
    """Print text that is safe already. Raises `OutputFailed` if it cannot be written."""
    with _delivering():
        sys.stdout.write(text)


def write_all(texts: Iterable[str]) -> None:
    """Print many texts, some thousand at a time."""
    waiting = iter(texts)
    while together := "".join(islice(waiting, 2_000)):
        write(together)


STDOUT = Path("-")
"""The name that stands for standard output."""


def write_file(path: Path, text: str) -> None:
    """Write a result to a file, whole or not at all, replacing one that is there.

    `STDOUT` is standard output. A pipe or device is written to. Raises `OutputFailed` if that
    fails.
    """
    if path == STDOUT:
        write(text)
        return
    if path.is_dir():
        raise OutputFailed(f"{path} could not be written: it is a folder")
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
        else:
            replace_file(path, text.encode())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(f"{path} could not be written: {error.strerror}") from error


@contextmanager
def _delivering() -> Iterator[None]:
    """Turn output that fails into `OutputFailed`, except that its reader has gone."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(f"The result could not be written: {error.strerror}") from error


class ClosedOutput(io.StringIO):
    """Stand for a standard output that was closed before the program started."""

    def write(self, _text: str) -> int:
        """Fail."""
        raise OutputFailed("The result could not be written: standard output is closed")
