"""Repeating work until SIGINT or SIGTERM, which end it cleanly."""

import select
import time
from collections.abc import Callable, Iterator

from assignchat.errors import InvalidValue
from assignchat.system import signals
from assignchat.times import parse_duration

LONGEST_PAUSE = 86_400
_LEAST_SECONDS = 1


def pause_in(text: str) -> int:
    """Read the value of `--watch`. Returns seconds. Raises `InvalidValue`."""
    seconds = parse_duration(text)
    if not 1 <= seconds <= LONGEST_PAUSE:
        raise InvalidValue(f"--watch {text} is not between 1s and 1d")
    return seconds


def rounds(
    pause: float | None, wait: Callable[[float, list[int]], list[int]] | None = None
) -> Iterator[Callable[[], bool]]:
    """Yield for one round, or with a pause in seconds, for rounds until a signal comes.

    Each round gets a function that tells whether a signal has come, for a round that takes long.
    `wait` may end a pause before its time: it is called with the seconds and a descriptor that
    ends it, and returns what has ended it. A round begins at least a second after the last.
    """
    if pause is None:
        yield lambda: False
        return
    stopped = signals.arriving(*signals.STOPPING)

    def stop_requested(seconds: float = 0) -> bool:
        return bool(select.select([stopped], [], [], seconds)[0])

    while True:
        yield stop_requested
        began = time.monotonic()
        if wait is not None and wait(pause, [stopped]):
            return
        least = pause if wait is None else min(pause, _LEAST_SECONDS)
        if stop_requested(max(0, began + least - time.monotonic())):
            return
