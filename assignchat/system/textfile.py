"""Reading text from a file or a pipe, with a limit on how much is held in memory."""

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from assignchat.errors import InvalidValue
from assignchat.system import signals

MAX_ROW_LENGTH = 4 * 1024 * 1024
"""Characters in a row. A longer one is from a file of another kind, or from one without end."""

_PATIENCE_SECONDS = 1.0
_PIECE = 256 * 1024  # characters


@contextmanager
def opened_bytes(source: str) -> Iterator[BinaryIO]:
    """Open a file, or standard input for `-`, as bytes.

    Errors while the block reads are reported too. Raises `InvalidValue` if the source cannot be
    read, or is neither a file nor a pipe with a writer.
    """
    with _told(source):
        raw = _standard_input() if source == "-" else _open(source)
    try:
        with _told(source):
            yield raw
    finally:
        if source != "-":
            raw.close()


@contextmanager
def opened_text(source: str) -> Iterator[io.TextIOWrapper]:
    """Open a file as UTF-8 text, or standard input for `-`. Line ends stay as they are.

    Raises what `opened_bytes` raises, and `InvalidValue` if the source is not text.
    """
    with opened_bytes(source) as raw:
        file = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        try:
            yield file
        finally:
            file.detach()


def pieces(file: io.TextIOWrapper) -> Iterator[list[str]]:
    """Yield the lines of an opened text without their ends, some thousand at a time.

    Raises `InvalidValue` for a line that is too long.
    """
    file.reconfigure(newline=None)
    rest = ""
    while text := file.read(_PIECE):
        *lines, rest = (rest + text).split("\n")
        if len(rest) > MAX_ROW_LENGTH:
            raise too_long()
        if lines:
            yield lines
    if rest:
        yield [rest]


def too_long() -> InvalidValue:
    """Return the error for a row that is too long."""
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
    if sys.stdin.isatty():
        return io.BufferedReader(cast("io.RawIOBase", _Typed()))
    return sys.stdin.buffer


class _Typed(io.RawIOBase):
    """What is typed at a terminal up to Ctrl-D. Whoever reads on would wait for another one."""

    _is_over = False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill the buffer with what was typed. Returns how many bytes there were."""
        given = b"" if self._is_over else os.read(sys.stdin.fileno(), len(buffer))
        self._is_over = not given
        buffer[: len(given)] = given
        return len(given)


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
    """Open a named pipe, which is possible only once it has a writer. Returns it."""
    try:
        with signals.given_up_after(_PATIENCE_SECONDS):
            return os.fdopen(os.open(source, os.O_RDONLY), "rb")
    except TimeoutError:
        raise InvalidValue(f"Nobody writes to the pipe {source}") from None
