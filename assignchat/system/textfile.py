"""Reading text that others have written: a file or a pipe, and never more than can be held."""

import io
import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import BinaryIO, TextIO

from assignchat.errors import InvalidValue

MAX_ROW_LENGTH = 4 * 1024 * 1024
"""Characters up to the end of a row: after more it is a file of another kind, or without end."""

_PATIENCE_SECONDS = 1.0


@contextmanager
def opened_text(source: str) -> Iterator[TextIO]:
    """A file as UTF-8 text, or standard input for `-`; line ends stay as they are.

    What goes wrong while the block reads is told here too. Raises `InvalidValue` for what
    cannot be read, is no text, or is neither a file nor a pipe that somebody writes to.
    """
    with _told(source):
        raw = _standard_input() if source == "-" else _open(source)
    file = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    try:
        with _told(source):
            yield file
    finally:
        file.detach()
        if source != "-":
            raw.close()


class Lines:
    """The lines of a text one by one; up to the end of each row they may not be too long."""

    def __init__(self, file: TextIO) -> None:
        self._readline = file.readline
        self._left = MAX_ROW_LENGTH

    def new_row(self) -> None:
        """What was read so far is done with."""
        self._left = MAX_ROW_LENGTH

    def __iter__(self) -> Iterator[str]:
        """Raises `InvalidValue` for a row that goes on for too long."""
        while line := self._readline(self._left + 1):
            self._left -= len(line)
            if self._left < 0:
                raise too_long()
            yield line


def too_long() -> InvalidValue:
    """What is said of a row that is no row."""
    return InvalidValue(f"no row ends within {MAX_ROW_LENGTH:,} characters")


@contextmanager
def _told(source: str) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise InvalidValue(
            f"{source} is not UTF-8: it has a byte 0x{byte:02x}",
            hint="Export it as UTF-8, or convert it with iconv.",
        ) from None
    except OSError as error:
        raise InvalidValue(f"{source} cannot be read: {error.strerror}") from None
    except ValueError as error:  # a NUL in the name
        raise InvalidValue(f"{source} cannot be read: {error}") from None


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise InvalidValue("Standard input is closed")
    return sys.stdin.buffer


def _open(source: str) -> BinaryIO:
    mode = Path(source).stat().st_mode
    if stat.S_ISFIFO(mode):
        return _open_pipe(source)
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a device may have no end
        raise InvalidValue(
            f"{source} is neither a file nor a pipe", hint="Standard input is called -."
        )
    return Path(source).open("rb")


def _open_pipe(source: str) -> BinaryIO:
    """A named pipe, which cannot be opened before somebody writes to it."""

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise InvalidValue(f"Nobody writes to the pipe {source}")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE_SECONDS)
    try:
        return os.fdopen(os.open(source, os.O_RDONLY), "rb")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
