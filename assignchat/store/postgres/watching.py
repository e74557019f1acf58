"""Learning of the changes of others from the server, and mending a connection that was lost."""

import time
from collections.abc import Iterable

from assignchat.errors import DatabaseUnreachable
from assignchat.store.database import Database
from assignchat.store.postgres import CHANNEL, connecting, errors
from assignchat.store.postgres.driver import Connection, psycopg2

_SECONDS_BETWEEN_TRIES = 0.2
_SECONDS_TO_MEND = 60


class Watching(Database):
    """A part of the engine."""

    connection: Connection
    _url: str
    _watched: int | None = None  # how many changes were told when a wait ended

    def _prepare(self) -> None:
        """Set the connection up."""

    def reconnect(self) -> None:
        """Connect anew, in the place of a connection that was lost."""
        watched, self._watched = self._watched, None  # or it would mend itself within
        heard = self.connection.heard()
        self.connection.close()
        try:
            self.connection = connecting.connect(self._url)
            self.connection.changes_heard = heard + 1  # there may have been some
            self._prepare()
        finally:
            self._watched = watched

    @property
    def version(self) -> object:
        self.execute(f"LISTEN {CHANNEL}")
        return self.connection.heard()

    def wait_for_change(
        self, seconds: float, *, inputs: Iterable[int] = (), hang_ups: Iterable[int] = ()
    ) -> list[int]:
        if self._watched is None:  # what has changed since the last look was not told
            self.execute(f"LISTEN {CHANNEL}")
            seconds = 0
        elif self._watched != self.connection.heard():  # during the last look
            seconds = 0
        told = self.connection.fileno()
        ready = super().wait_for_change(seconds, inputs=[*inputs, told], hang_ups=hang_ups)
        try:
            self.connection.poll()
        except psycopg2.Error as error:
            self._mend(errors.translate(error, self.location))
        self._watched = self.connection.heard()
        return [descriptor for descriptor in ready if descriptor != told]

    def _mend(self, lost: Exception) -> None:
        """Connect anew, for who watches. Raises the error if that does not succeed in a minute."""
        end = time.monotonic() + _SECONDS_TO_MEND
        while True:
            try:
                self.reconnect()
                self.execute(f"LISTEN {CHANNEL}")
            except DatabaseUnreachable:
                if time.monotonic() > end:
                    raise lost from None
                time.sleep(_SECONDS_BETWEEN_TRIES)
            else:
                return
