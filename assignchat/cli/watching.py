"""Doing something again and again until SIGINT or SIGTERM, which end it cleanly."""

import os
import select
import signal
from collections.abc import Callable, Iterator

from assignchat.errors import InvalidValue
from assignchat.model import parse_duration

LONGEST_PAUSE = 86_400
ENOUGH = (signal.SIGINT, signal.SIGTERM)


def pause_in(text: str) -> int:
    """The seconds between two rounds of `--watch`. Raises `InvalidValue`."""
    seconds = parse_duration(text)
    if not 1 <= seconds <= LONGEST_PAUSE:
        raise InvalidValue("--watch is between 1s and 1d")
    return seconds


def signals(*numbers: signal.Signals) -> int:
    """The end of a pipe at which each of these signals arrives from now on, as a byte."""
    # A pipe, because a lock such as an Event's may be held by what the signal interrupts.
    arrived, arrive = os.pipe()
    for number in numbers:
        signal.signal(number, lambda number, _: os.write(arrive, bytes([number])))
    return arrived


def rounds(pause: float | None) -> Iterator[Callable[[], bool]]:
    """One round, or with a pause in seconds, rounds until a signal says that it is enough.

    Each comes as a function that tells whether it is, for a round that takes long.
    """
    if pause is None:
        yield lambda: False
        return
    stopped = signals(*ENOUGH)

    def enough(seconds: float = 0) -> bool:
        return bool(select.select([stopped], [], [], seconds)[0])

    while True:
        yield enough
        if enough(pause):
            return
