"""What has become of a transaction whose commit got no answer."""

import time
from contextlib import suppress
from datetime import datetime
from typing import cast

from assignchat.errors import AssignchatError, DatabaseMissing, DatabaseUnreachable
from assignchat.namedtuples import NamedTuple
from assignchat.store.postgres import errors, statements
from assignchat.store.postgres.driver import psycopg2
from assignchat.store.postgres.watching import Watching

_SECONDS_BETWEEN_QUESTIONS = 0.2


class Lost(NamedTuple):
    """A transaction that was lost in its commit.

    It began at the time `since` of the clock of a server that was up since `up_since`.
    """

    number: str
    since: datetime
    up_since: datetime | None


def was_committed(
    database: Watching, lost: Lost, seconds: float, error: DatabaseUnreachable
) -> bool:
    """Ask on a new connection what became of a transaction.

    Returns whether it was committed. Raises `DatabaseUnreachable` if that cannot be found out in
    so many seconds, or at all.
    """
    end = time.monotonic() + seconds
    while True:
        with suppress(AssignchatError):
            with suppress(DatabaseMissing):  # which the transaction was to make
                database.reconnect()
            outcome = _outcome(database, lost.number)
            if outcome == "aborted":
                return False
            if outcome == "committed":
                found = _is_found(database, lost)
                if found is not None:
                    return found
                end = 0.0  # it will never be known
        if time.monotonic() > end:
            raise errors.outcome_unknown(database.location, error.message) from error
        time.sleep(_SECONDS_BETWEEN_QUESTIONS)


def _outcome(database: Watching, number: str) -> str | None:
    try:
        return cast("str | None", database.value(statements.OUTCOME, {"number": number}))
    except psycopg2.DataError:  # not given to anybody yet: a crash took it back
        return "aborted"


def _is_found(database: Watching, lost: Lost) -> bool | None:
    """Find what the transaction was to leave: another may have its number by now.

    So it is after a crash, or if a standby took the place of the server. Returns None if there was
    either, and it was to leave neither tables nor a seal.
    """
    if database.sealed is None:
        return database.value(statements.IS_MADE) is not None
    if database.sealed.last_id > database.tracked_before:
        return bool(database.value(statements.HAS_SEAL, {"hash": database.sealed.hash}))
    may_be_lost = {"since": lost.since, "up_since": lost.up_since}
    return None if database.value(statements.MAY_HAVE_LOST, may_be_lost) else True
