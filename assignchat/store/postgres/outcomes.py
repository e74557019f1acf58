"""What has become of a transaction whose commit got no answer."""

import time
from contextlib import suppress
from datetime import datetime
from typing import cast

from assignchat.errors import AssignchatError, DatabaseMissing, DatabaseUnreachable
from assignchat.store.postgres import errors, statements
from assignchat.store.postgres.driver import psycopg2
from assignchat.store.postgres.watching import Watching

_SECONDS_BETWEEN_QUESTIONS = 0.2


def was_committed(
    database: Watching, number: str, since: datetime, seconds: float, lost: DatabaseUnreachable
) -> bool:
    """Ask on a new connection what became of a transaction that was lost in its commit.

    It has the `number`, and began at the time `since` of the server's clock. Returns whether it
    was committed. Raises `DatabaseUnreachable` if that cannot be found out in so many seconds, or
    at all.
    """
    end = time.monotonic() + seconds
    while True:
        with suppress(AssignchatError):
            with suppress(DatabaseMissing):  # which the transaction was to make
                database.reconnect()
            outcome = _outcome(database, number)
            if outcome == "aborted":
                return False
            if outcome == "committed":
                found = _is_found(database, since)
                if found is not None:
                    return found
                end = 0.0  # it will never be known
        if time.monotonic() > end:
            raise errors.outcome_unknown(database.location, lost.message) from lost
        time.sleep(_SECONDS_BETWEEN_QUESTIONS)


def _outcome(database: Watching, number: str) -> str | None:
    try:
        return cast("str | None", database.value(statements.OUTCOME, {"number": number}))
    except psycopg2.DataError:  # not given to anybody yet: a crash took it back
        return "aborted"


def _is_found(database: Watching, since: datetime) -> bool | None:
    """Find what the transaction was to leave: after a crash another may have its number.

    Returns None if there was a crash, and it was to leave neither tables nor a seal.
    """
    if database.sealed is None:
        return database.value(statements.IS_MADE) is not None
    if database.sealed.last_id > database.tracked_before:
        return bool(database.value(statements.HAS_SEAL, {"hash": database.sealed.hash}))
    return None if database.value(statements.HAS_CRASHED, {"time": since}) else True
