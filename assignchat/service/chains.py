"""Chains: requests for one chat, each sent because the one before was not accepted."""

from contextlib import suppress

from assignchat.errors import DatabaseFull, DatabaseLocked, DatabaseReadOnly, DatabaseUnreachable
from assignchat.model import Request, Status, TrackingRow
from assignchat.namedtuples import NamedTuple
from assignchat.service.find import find_request
from assignchat.service.lifecycle import record_passed_deadlines
from assignchat.store import requests, tracking
from assignchat.store.database import Database
from assignchat.store.strict import damage


class Awaited(NamedTuple):
    """A request as it is now, and whether there is still an answer to wait for."""

    request: Request
    goes_on: bool


class RequestStory(NamedTuple):
    """A request, the requests of its chain in order, and all that happened to them."""

    request: Request
    chain: list[Request]
    timeline: list[TrackingRow]


def awaited(database: Database, request_id: int, *, chain: bool = False) -> Awaited:
    """Look at a request, or at the last of its `chain`. A passed deadline is recorded if possible.

    Returns the request, and whether to wait. A chain goes on until it is recorded that nobody
    is asked next. Raises `RequestNotFound`.
    """
    found, is_recorded = _look(database, request_id, chain=chain)
    if is_recorded:
        return found
    # The outcome is certain whether it is recorded now or by the next command.
    with suppress(DatabaseLocked, DatabaseReadOnly, DatabaseFull, DatabaseUnreachable):
        with database.write():
            record_passed_deadlines(database, requests.this(found.request.id))
        found, _ = _look(database, request_id, chain=chain)
    return found


def show_request(database: Database, request_id: int) -> RequestStory:
    """Find a request and its chain. Returns them and their tracking rows.

    Raises `RequestNotFound`.
    """
    awaited(database, request_id, chain=True)
    with database.read():
        request = find_request(database, request_id)
        chain = _chain(database, request)
        rows = [row for one in chain for row in tracking.rows(database, {"request": one.id})]
        return RequestStory(request, chain, sorted(rows))


def _look(database: Database, request_id: int, *, chain: bool) -> tuple[Awaited, bool]:
    """Return the result of `awaited`, and whether the status in it is recorded."""
    with database.read():
        request = find_request(database, request_id)
        if chain:
            request = _chain(database, request)[-1]
        is_recorded = request.status == Status.PENDING or not requests.pending(
            database, requests.this(request.id)
        )
    next_is_due = chain and not is_recorded and bool(request.fallbacks)
    return Awaited(request, request.status == Status.PENDING or next_is_due), is_recorded


def _chain(database: Database, request: Request) -> list[Request]:
    found = [request]
    while (previous := found[0].previous_request_id) is not None:
        if previous >= found[0].id:  # or it might never end
            table, column = "requests", "previous_request_id"
            what = "an earlier request"
            raise damage(database.location, table, found[0].id, column, previous, what)
        found.insert(0, find_request(database, previous))
    while following := requests.following(database, found[-1]):
        found.append(following)
    return found
