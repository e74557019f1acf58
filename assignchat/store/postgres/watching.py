"""Learning of the changes of others from the server, and mending a connection that was lost."""

import select
from collections.abc import Iterable

from assignchat.errors import DatabaseUnreachable
from assignchat.store.database import Database
from assignchat.store.postgres import CHANNEL, connecting
from assignchat.store.postgres.driver import Connection, psycopg2

_SECONDS_BETWEEN_TRIES = 0.2
_NEVER = -1


class Watching(Database):
    """A part of the engine."""

    connection: Connection
    _url: str
    _watched: int | None = None  # how many changes were told when a wait ended

    def _prepare(self) -> None:
        """Set the connection up."""

    def reconnect(self) -> None:
        """Connect anew, in the place of a connection that was lost; who watches hears on."""
        watched, self._watched = self._watched, None  # or it would mend itself within
        heard = self.connection.heard()
        self.connection.close()
        try:
            self.connection = connecting.connect(self._url)
            self.connection.changes_heard = heard + 1  # there may have been some
            self._prepare()
            if watched is not None:
                self._hear_on()
        finally:
            self._watched = watched

    def _hear_on(self) -> None:
        """Be told of changes, or hang up: a standby tells of none, but may be promoted soon."""
        try:
            self.execute(f"LISTEN {CHANNEL}")
        except DatabaseUnreachable:
            self.connection.close()
            raise

    @property
    def version(self) -> object:
        self.execute(f"LISTEN {CHANNEL}")
        return self.connection.heard()

    def wait_for_change(
        self, seconds: float, *, inputs: Iterable[int] = (), hang_ups: Iterable[int] = ()
    ) -> list[int]:
        if self._watched is None:
            self._begin_to_hear()
        if self._watched != self.connection.heard():  # what changed during the last look
            seconds = 0
        told = []
        if self.connection.closed:
            seconds = min(seconds, _SECONDS_BETWEEN_TRIES)
        else:
            told = [self.connection.fileno()]
        ready = super().wait_for_change(seconds, inputs=[*inputs, *told], hang_ups=hang_ups)
        self._hear()
        return [descriptor for descriptor in ready if descriptor not in told]

    def _begin_to_hear(self) -> None:
        """Be told of changes from now on. Raises `DatabaseUnreachable` at a standby."""
        try:
            self.execute(f"LISTEN {CHANNEL}")
        except DatabaseUnreachable:
            if not self.connection.closed:
                raise
        self._watched = _NEVER

    @property
    def is_lost(self) -> bool:
        # What the server says at last comes before the end of the connection.
        while not self.connection.closed and select.select([self.connection], [], [], 0)[0]:
            self._take_in()
        return bool(self.connection.closed)

    def _hear(self) -> None:
        self._take_in()
        self._watched = self.connection.heard()

    def _take_in(self) -> None:
        """Take in what was told meanwhile, be it that the connection is lost."""
        try:
            if not self.connection.closed:
                self.connection.poll()
        except psycopg2.Error:
            self.connection.close()
