"""Output whose reader may stop for an hour, while nothing is held open for it."""

import fcntl
import io
import os
import select
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TextIO

from assignchat.render.output import Delivering, stdout_is, stdout_is_terminal, unread

_PATIENCE_SECONDS = 2.0  # in all
_PIECE = 64 * 1024  # bytes
_HELD_IN_MEMORY = 4 * 1024 * 1024  # bytes; more goes to a temporary file


@contextmanager
def copied() -> Iterator[None]:
    """Print what the block prints, but do not wait long for the reader of a pipe.

    So the block, and the transaction in which it reads, ends although nobody reads, or slowly.
    What the reader has not taken is kept in a temporary file, and printed as the reader takes it.
    Raises `OutputFailed` if there is no room for it.
    """
    output = sys.stdout
    if stdout_is_terminal() or not (stdout_is(stat.S_ISFIFO) or stdout_is(stat.S_ISSOCK)):
        yield
        return
    output.flush()
    sys.stdout = copy = _Copy(output.fileno())
    try:
        yield
    finally:
        sys.stdout = output
    with Delivering():
        copy.finish(output)


class _Copy(io.TextIOBase):
    """Standard output, written as long as its reader takes it, and then kept."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        size = getattr(fcntl, "F_GETPIPE_SZ", None) if stdout_is(stat.S_ISFIFO) else None
        self._capacity = 0 if size is None else fcntl.fcntl(descriptor, size)
        self._poller = select.poll()
        self._poller.register(descriptor, select.POLLOUT)
        self._waiting: list[str] = []
        self._length = 0
        self._patience = _PATIENCE_SECONDS
        self._kept: IO[bytes] | None = None
        self._printed = 0
        """Up to where the kept bytes are printed."""

    def write(self, text: str) -> int:
        self._waiting.append(text)
        self._length += len(text)
        if self._length >= _PIECE:
            self.flush()
        return len(text)

    def flush(self) -> None:
        data = "".join(self._waiting).encode("utf-8", "backslashreplace")
        self._waiting, self._length = [], 0
        with memoryview(data) as left:
            written = 0 if self._kept else self._written(left)
            if written < len(left):
                self._keep(left[written:])

    def _written(self, data: memoryview) -> int:
        """Write as much as the reader takes while there is patience. Returns how much that was."""
        written = 0
        while written < len(data) and self._takes_more():
            written += os.write(self._descriptor, data[written : written + self._room()])
        return written

    def _takes_more(self) -> bool:
        """Wait until the reader takes more, or until patience ends. Returns whether it does."""
        if self._poller.poll(0):
            return True
        begun = time.monotonic()
        ready = self._poller.poll(self._patience * 1_000)
        self._patience = max(0, self._patience - (time.monotonic() - begun))
        return bool(ready)

    def _room(self) -> int:
        """Return how many bytes can be written without waiting, where poll says that some can."""
        if self._capacity and not unread(self._descriptor):
            return self._capacity
        return select.PIPE_BUF

    def _keep(self, data: memoryview) -> None:
        if self._kept is None:
            from tempfile import SpooledTemporaryFile  # seldom needed

            self._kept = SpooledTemporaryFile(max_size=_HELD_IN_MEMORY)  # noqa: SIM115
        self._kept.seek(0, os.SEEK_END)
        self._kept.write(data)
        self._print_kept()

    def _print_kept(self) -> None:
        """Print of what is kept as much as the reader takes at once."""
        while self._kept is not None and self._poller.poll(0):
            self._kept.seek(self._printed)
            piece = self._kept.read(self._room())
            self._printed += os.write(self._descriptor, piece)
            if not piece:
                self._kept.close()
                self._kept, self._printed = None, 0

    def finish(self, output: TextIO) -> None:
        """Print what is kept, however long its reader takes."""
        self.flush()
        if self._kept is not None:
            self._kept.seek(self._printed)
            shutil.copyfileobj(self._kept, output.buffer)
