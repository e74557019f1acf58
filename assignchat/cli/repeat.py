"""Repeating work until SIGINT or SIGTERM, which end it cleanly."""

import select
from collections.abc import Callable, Iterator

from assignchat.errors import InvalidValue
from assignchat.system import signals
from assignchat.times import parse_duration

LONGEST_PAUSE = 86_400


def pause_in(text: str) -> int:
    """Read the value of `--watch`. Returns seconds. Raises `InvalidValue`."""
    seconds = parse_duration(text)
    if not 1 <= seconds <= LONGEST_PAUSE:
        raise InvalidValue(f"--watch {text} is not between 1s and 1d")
    return seconds


def rounds(pause: float | None) -> Iterator[Callable[[], bool]]:
    """Yield for one round, or with a pause in seconds, for rounds until a signal comes.

    Each round gets a function that tells whether a signal has come, for a round that takes long.
    """
    if pause is None:
        yield lambda: False
        return
    stopped = signals.arriving(*signals.STOPPING)

    def stop_requested(seconds: float = 0) -> bool:
        return bool(select.select([stopped], [], [], seconds)[0])

    while True:
        yield stop_requested
        if stop_requested(pause):
            return
