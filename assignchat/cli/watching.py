"""Doing something again and again until SIGINT or SIGTERM, which end it cleanly."""

import signal
import threading
from collections.abc import Iterator

from assignchat.errors import InvalidValue
from assignchat.model import parse_duration

LONGEST_PAUSE = 86_400


def pause_in(text: str) -> int:
    """The seconds between two rounds of `--watch`. Raises `InvalidValue`."""
    seconds = parse_duration(text)
    if not 1 <= seconds <= LONGEST_PAUSE:
        raise InvalidValue("--watch is between 1s and 1d")
    return seconds


def rounds(pause: int | None) -> Iterator[None]:
    """One round, or with a pause in seconds, rounds until a signal says that it is enough."""
    if pause is None:
        yield
        return
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.is_set():
        yield
        stopped.wait(pause)
