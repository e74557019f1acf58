"""Holding back Ctrl-C and SIGTERM for a moment, or waiting for them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held() -> Iterator[None]:
    """Delay Ctrl-C and SIGTERM until the block has ended.

    For a step that changes something, so that a program that is stopped knows whether it did.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def arriving(*numbers: signal.Signals) -> int:
    """Make a pipe that gets each of these signals as a byte. Returns its reading end."""
    # A pipe, because a lock such as an Event's may be held by what the signal interrupts.
    arrived, arrive = os.pipe()
    for number in numbers:
        signal.signal(number, lambda number, _: os.write(arrive, bytes([number])))
    return arrived
