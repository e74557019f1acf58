"""Engagement tracking, which is append-only, and the records that it tells."""

from collections.abc import Collection, Iterator, Mapping
from typing import TypedDict

from assignchat.model import OWNERSHIP_EVENTS, EngagementRecord, Event, TrackingRow
from assignchat.store.database import Database
from assignchat.store.sql import COLUMNS_WITH_DEADLINE, insert_into, one_of, page, where

COLUMNS = ", ".join(TrackingRow._fields)
SEALED = (
    "t.id >= (SELECT s.first_id FROM seals s WHERE s.last_id >= t.id ORDER BY s.last_id LIMIT 1)"
)
"""The condition that a row `t` has a seal."""

NOT_BY_HAND = f"(t.id > :before OR {SEALED})"
"""The condition that a row `t` has a seal, or comes from the transaction that is under way."""

_RECORD_COLUMNS = ", ".join(
    COLUMNS_WITH_DEADLINE.get(name, name) for name in EngagementRecord._fields
)


class Filters(TypedDict, total=False):
    """The filters of tracking rows: `since` and `until` are stored times, `after` is an id.

    `since` is inclusive. For records, `since` and `until` are about their last change.
    """

    chat: str | None
    request: int | None
    batch: int | None
    user: str | None
    events: Collection[str] | None
    since: str | None
    until: str | None
    after: int | None


_FILTERS = {
    "chat": "chat_id = :chat",
    "request": "request_id = :request",
    "batch": "batch_id = :batch",
    "events": "event IN :events",
    "since": "at >= :since",
    "until": "at < :until",
    "after": "id > :after",
}

RECORD_ORDER = ("requested_at", "coalesce(request_id, batch_id)", "kind", "chat_id")
"""The columns by which records are sorted. No two are alike in all: a batch has a chat once."""

_CHANGED_AT = f"coalesce({COLUMNS_WITH_DEADLINE['resolved_at']}, requested_at)"

_RECORD_FILTERS = {
    "chat": "chat_id = :chat",
    "request": "request_id = :request",
    "batch": "batch_id = :batch",
    "user": "(requester_id = :user OR from_user = :user OR to_user = :user)",
    "since": f"{_CHANGED_AT} >= :since",
    "until": f"{_CHANGED_AT} < :until",
    # The records of those assignments in whose story one of the events occurs.
    "events": "(request_id IN (SELECT request_id FROM engagement_tracking WHERE event IN :events)"
    " OR (batch_id, chat_id) IN (SELECT batch_id, chat_id FROM engagement_tracking"
    " WHERE event IN :events AND request_id IS NULL))",
}


def append(
    database: Database,
    event: Event,
    actor: str,
    *,
    chat_id: str | None = None,
    request_id: int | None = None,
    from_user: str | None = None,
    to_user: str | None = None,
    status: str | None = None,
    reason: str | None = None,
    detail: str | None = None,
) -> None:
    """Append one row. Its time and login are those of the transaction."""
    values = {
        "at": database.now,
        "event": event,
        "actor": actor,
        "os_user": database.os_user,
        "chat_id": chat_id,
        "request_id": request_id,
        "from_user": from_user,
        "to_user": to_user,
        "status": status,
        "reason": reason,
        "detail": detail,
    }
    database.execute_soon(insert_into("engagement_tracking", values), values)


def last_id(database: Database) -> int:
    """Return the id of the newest row, 0 if there is none."""
    return int(database.value("SELECT coalesce(max(id), 0) FROM engagement_tracking"))


def last_giver(database: Database, chat_id: str) -> str | None:
    """Find the user from whom the chat came to its owner. Returns None if it never moved."""
    giver: str | None = database.value(
        "SELECT from_user FROM engagement_tracking WHERE chat_id = :chat"
        f" AND event IN {one_of(OWNERSHIP_EVENTS)} AND from_user <> to_user"
        " ORDER BY id DESC LIMIT 1",
        {"chat": chat_id},
    )
    return giver


def newest_at(database: Database) -> str | None:
    """Return the time of the newest row, or None."""
    at: str | None = database.value("SELECT at FROM engagement_tracking ORDER BY id DESC LIMIT 1")
    return at


def rows(
    database: Database, given: Filters, *, limit: int | None = None, newest_first: bool = False
) -> Iterator[TrackingRow]:
    """Yield the rows that match the filters."""
    order = page("id", limit=limit, newest_first=newest_first)
    return database.rows(
        TrackingRow, f"{_chosen(database, given)} {order}", given, many=limit is None
    )


def blocks(database: Database, given: Filters) -> Iterator[str | list[TrackingRow]]:
    """Yield all rows that match, oldest first, in blocks: see `Database.tracking_blocks`."""
    return database.tracking_blocks(_chosen(database, given), given)


def _chosen(database: Database, given: Filters) -> str:
    about_a_user = (
        "(actor = :user OR from_user = :user OR to_user = :user"
        f" OR (event LIKE 'user%' AND {database.json_at('detail', 'id')} = :user))"
    )
    filters = _FILTERS | {"user": about_a_user}
    return f"SELECT {COLUMNS} FROM engagement_tracking {_where(filters, given)}"


def of_request(database: Database, request_id: int) -> list[TrackingRow]:
    """List the rows about a request, without those that somebody has put there by hand."""
    rows = database.rows(
        TrackingRow,
        f"SELECT {COLUMNS} FROM engagement_tracking t WHERE request_id = :request"
        f" AND {NOT_BY_HAND} ORDER BY id",
        {"request": request_id, "before": database.tracked_before},
    )
    return list(rows)


def records(
    database: Database, given: Filters, *, limit: int | None = None, newest_first: bool = False
) -> Iterator[EngagementRecord]:
    """Yield the Engagement Tracking Records that match. One past its deadline is timed out."""
    order = page(*RECORD_ORDER, limit=limit, newest_first=newest_first)
    return database.rows(
        EngagementRecord,
        f"SELECT {_RECORD_COLUMNS} FROM engagement_records r"
        f" {_where(_RECORD_FILTERS, given)} {order}",
        {**given, "now": database.now},
        many=limit is None,
    )


def _where(filters: Mapping[str, str], given: Filters) -> str:
    # Words of the model stand in the statement itself: how many there are differs.
    words = one_of(map(Event, given.get("events") or ()))
    return where(filters, given).replace(":events", words)
