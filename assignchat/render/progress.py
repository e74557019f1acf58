"""Progress of long work, shown as far as the terminal takes it at once.

Others may wait for the work, and nobody waits for a terminal that stands still, as after Ctrl-S.
"""

import os
import select
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from assignchat.render.output import stderr_is_terminal
from assignchat.system import signals
from assignchat.texts import visible

T = TypeVar("T")

_QUIET_SECONDS = 1.0
_SECONDS_BETWEEN = 0.1
_CELLS = 24
_ROWS_BETWEEN_UPDATES = 5_000
_MOMENT = 0.05  # seconds


@contextmanager
def progress_line(title: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show progress on a terminal's standard error during the block, after its first second.

    Yields a function to call with the number done, and the total or None if it is unknown.
    """
    if not stderr_is_terminal():
        yield lambda _done, _total: None
        return
    line = _Line(title)
    try:
        yield line.update
    finally:
        line.remove()


class _Line:
    """A line with a bar, a count, the rate and the time left. Not shown in the first second."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._next = self._started + _QUIET_SECONDS
        self._longest = 0

    def update(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _SECONDS_BETWEEN
        rate = done / (now - self._started)
        text = f"{self._title} {_bar(done, total)}, {rate:,.0f}/s{_left(done, total, rate)}"
        text = text[: shutil.get_terminal_size().columns - 1]
        self._longest = max(self._longest, len(text))
        _write_at_once(f"\r{text.ljust(self._longest)}")

    def remove(self) -> None:
        if self._longest:
            with suppress(OSError):
                sys.stderr.write(f"\r{' ' * self._longest}\r")
                sys.stderr.flush()


def _bar(done: int, total: int | None) -> str:
    if not total:
        return f"{done:,}"
    filled = _CELLS * done // total
    return f"[{'#' * filled}{'-' * (_CELLS - filled)}] {done:,} of {total:,}"


def _left(done: int, total: int | None, rate: float) -> str:
    seconds = (total - done) / rate if total and rate else 0
    return f", {seconds:.0f}s left" if seconds >= 1 else ""


def note_at_once(text: str) -> None:
    """Print a line as `note` does, or lose it if the terminal does not take it at once."""
    _write_at_once(f"{visible(text)}\n")


def _write_at_once(text: str) -> None:
    poller = select.poll()
    with suppress(OSError, ValueError):  # a stand-in for standard error has no descriptor
        descriptor = sys.stderr.fileno()
        poller.register(descriptor, select.POLLOUT)
        # A terminal may have room, but not for all of it, or none a moment later.
        if poller.poll(0) and os.tcgetpgrp(descriptor) == os.getpgrp():
            with signals.given_up_after(_MOMENT):
                os.write(descriptor, text.encode())


def counted(rows: Iterable[T], update: Callable[[int, int | None], None]) -> Iterator[T]:
    """Yield the rows, and tell a progress line how many there were so far."""
    for count, row in enumerate(rows, start=1):
        if count % _ROWS_BETWEEN_UPDATES == 0:
            update(count, None)
        yield row
