"""Ctrl-C and SIGTERM: held back for a moment, or waited for beside other things."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held() -> Iterator[None]:
    """Let what would stop the program wait until the block is done.

    For a step after which something else is true, so that whoever is stopped knows which it is.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def arriving(*numbers: signal.Signals) -> int:
    """The end of a pipe at which each of these signals arrives from now on, as a byte."""
    # A pipe, because a lock such as an Event's may be held by what the signal interrupts.
    arrived, arrive = os.pipe()
    for number in numbers:
        signal.signal(number, lambda number, _: os.write(arrive, bytes([number])))
    return arrived
