"""Output whose reader may stop for an hour, while nothing is held open for it."""

import fcntl
import io
import os
import select
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TextIO

from assignchat.render.output import delivering, stdout_is, stdout_is_terminal, unread

_PATIENCE = 1_000  # milliseconds
_PIECE = 64 * 1024  # bytes
_HELD_IN_MEMORY = 4 * 1024 * 1024  # bytes; more goes to a temporary file


@contextmanager
def copied() -> Iterator[None]:
    """Print what the block prints, but once the reader of a pipe has stopped, keep the rest.

    So the block, and the transaction in which it reads, ends although nobody reads. What was
    kept is printed afterwards. Raises `OutputFailed` if there is no room for it.
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
    with delivering():
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
        self._kept: IO[bytes] | None = None

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
        """Write as much as the reader takes without a long pause. Returns how much that was."""
        written = 0
        while written < len(data) and self._poller.poll(_PATIENCE):
            written += os.write(self._descriptor, data[written : written + self._room()])
        return written

    def _room(self) -> int:
        """Return how many bytes can be written without waiting, where poll says that some can."""
        if self._capacity and not unread(self._descriptor):
            return self._capacity
        return select.PIPE_BUF

    def _keep(self, data: memoryview) -> None:
        if self._kept is None:
            from tempfile import SpooledTemporaryFile  # seldom needed

            self._kept = SpooledTemporaryFile(max_size=_HELD_IN_MEMORY)  # noqa: SIM115
        self._kept.write(data)

    def finish(self, output: TextIO) -> None:
        """Print what was kept, however long its reader takes."""
        self.flush()
        if self._kept is not None:
            self._kept.seek(0)
            shutil.copyfileobj(self._kept, output.buffer)
