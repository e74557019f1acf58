"""Waiting for what is at the other end of descriptors."""

from collections.abc import Iterable
from select import POLLIN, poll


def wait_for(
    seconds: float, *, inputs: Iterable[int] = (), hang_ups: Iterable[int] = ()
) -> list[int]:
    """Wait for input, or for the end of a reader, but no longer than so many seconds.

    Returns the descriptors that are ready.
    """
    poller = poll()
    for descriptor in inputs:
        poller.register(descriptor, POLLIN)
    for descriptor in hang_ups:
        poller.register(descriptor, 0)  # that nobody is at the other end is always told
    return [descriptor for descriptor, _ in poller.poll(seconds * 1_000)]
