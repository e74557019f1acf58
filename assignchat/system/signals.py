"""Holding back Ctrl-C and SIGTERM for a moment, or waiting for them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held() -> Iterator[None]:
    """Delay Ctrl-C and SIGTERM until the block has ended.

    For a step that changes something, so that a stopped program knows whether the step is done.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Stopped(BaseException):
    """SIGINT or SIGTERM, raised in the block."""


@contextmanager
def ending_the_block() -> Iterator[None]:
    """Run the block until it ends, or until Ctrl-C or SIGTERM ends it."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in heeded:
            signal.signal(number, signal.SIG_IGN)
        raise _Stopped

    heeded = [number for number in STOPPING if signal.getsignal(number) != signal.SIG_IGN]
    before = [signal.signal(number, stop) for number in heeded]
    try:
        with suppress(_Stopped):
            yield
    finally:
        for number, handler in zip(heeded, before, strict=True):
            signal.signal(number, handler)


def arriving(*numbers: signal.Signals) -> int:
    """Make a pipe that gets each of these signals as a byte. Returns its reading end."""
    # A pipe, because a lock such as an Event's may be held by what the signal interrupts.
    arrived, arrive = os.pipe()
    for number in numbers:
        signal.signal(number, lambda number, _: os.write(arrive, bytes([number])))
    return arrived
