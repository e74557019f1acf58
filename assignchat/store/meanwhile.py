"""The part of the protocol of an engine that tells what others have done meanwhile."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from assignchat.errors import DatabaseUnreachable

_SECONDS_AWAY = 60


class Patience:
    """The patience of a command with a server that is away: a minute, if it was there before."""

    lost: DatabaseUnreachable | None = None
    """The error by which the last look failed, or None."""
    _was_there = False
    _until = 0.0

    @contextmanager
    def bearing(self) -> Iterator[None]:
        """Look at the database in the block, which may end early. Wait before the next look.

        Raises `DatabaseUnreachable` when the minute is over, or if no look has succeeded yet.
        """
        try:
            yield
        except DatabaseUnreachable as lost:
            if self.lost is None:
                self._until = time.monotonic() + _SECONDS_AWAY
            self.lost = lost
            if not self._was_there or time.monotonic() > self._until:
                raise
        else:
            self.lost, self._was_there = None, True


class Changes(Protocol):
    """The questions of a command that waits or watches, or that goes on after a while."""

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
        that have input, or whose reader has hung up, which ends the waiting too. After the first
        call, an engine that has lost its connection connects anew at the next look: see `Patience`.
        """
        from assignchat.system.descriptors import wait_for  # only for who waits

        return wait_for(seconds, inputs=inputs, hang_ups=hang_ups)

    @property
    def is_lost(self) -> bool:
        """Whether the connection has ended, so that the database has to be opened anew."""
        return False

    def check_in_place(self) -> None:
        """Raise `DatabaseMissing` if the database is gone, or another one is in its place.

        Raise `DatabaseReplaced` if a file beside it is, through which changes come.
        """
