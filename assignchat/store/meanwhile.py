"""The part of the protocol of an engine that tells what others have done meanwhile."""

from collections.abc import Iterable
from typing import Protocol

from assignchat.system.descriptors import wait_for


class Changes(Protocol):
    """What whoever waits or watches asks."""

    @property
    def version(self) -> object:
        """Return a value that changes when another process changes or replaces the database.

        Much quicker than a look for the change itself. Raises `DatabaseMissing`.
        """

    def wait_for_change(
        self, seconds: float, *, inputs: Iterable[int] = (), hang_ups: Iterable[int] = ()
    ) -> list[int]:
        """Wait until others have changed the database, but no longer than so many seconds.

        An engine that is not told of changes waits until the end. Returns those of the descriptors
        that have input, or whose reader has hung up, which ends the waiting too.
        """
        return wait_for(seconds, inputs=inputs, hang_ups=hang_ups)

    def check_in_place(self) -> None:
        """Raise `DatabaseMissing` if the database is gone, or another one is in its place."""
