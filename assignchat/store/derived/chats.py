"""Chats, each beside its last row about the owner.

The other columns seldom change. For them the rows are read in their order, and what differs from
one is looked for in later ones: that takes half the time of a group for each chat.
"""

from assignchat.model import OWNERSHIP_EVENTS
from assignchat.store.database import Database
from assignchat.store.derived.rows import Derived, tells, told
from assignchat.store.sql import one_of


def owners() -> Derived:
    """Return the chats, each beside its last row about the owner."""
    newest = (
        "SELECT t.to_user FROM engagement_tracking t WHERE t.chat_id = c.id"
        f" AND t.event IN {one_of(OWNERSHIP_EVENTS)} ORDER BY t.id DESC LIMIT 1"
    )
    return Derived(
        "chats", "c.id", "chats c", {"owner_id": f"c.owner_id IS DISTINCT FROM ({newest})"}
    )


def _is_last(database: Database, *keys: str, events: tuple[str, ...] = ()) -> str:
    imported = " OR ".join(tells(database, "later", key) for key in keys)
    by_event = f"later.event IN {one_of(events)} OR " if events else ""
    return (
        "NOT EXISTS (SELECT 1 FROM engagement_tracking later WHERE later.chat_id = t.chat_id"
        f" AND later.id > t.id AND ({by_event}(later.event = 'imported' AND ({imported}))))"
    )


def derived(database: Database) -> Derived:
    """Return the rows about the other columns of chats, each beside its chat."""
    status, customer, opened_at, closed_at = (
        told(database, "t", f"{column}[1]")
        for column in ("status", "customer", "opened_at", "closed_at")
    )
    tells_status, tells_all, tells_closed = (
        tells(database, "t", column) for column in ("status", "customer", "closed_at")
    )
    states = ("closed", "reopened")
    return Derived(
        "chats",
        "c.id",
        "engagement_tracking t LEFT JOIN chats c ON c.id = t.chat_id"
        " WHERE t.event IN ('opened', 'imported', 'closed', 'reopened')",
        {
            "status": f"c.status <> CASE t.event WHEN 'closed' THEN 'closed'"
            f" WHEN 'imported' THEN {status} ELSE 'open' END"
            f" AND {_is_last(database, 'status', events=states)}",
            "customer": f"c.customer <> {customer} AND {_is_last(database, 'customer')}",
            # A chat that was imported without the time was opened then, if the row tells all,
            # which is only asked if it makes a difference.
            "opened_at": "c.opened_at <> CASE t.event WHEN 'opened' THEN t.at WHEN 'imported'"
            f" THEN coalesce({opened_at}, CASE WHEN t.from_user IS NULL AND c.opened_at <> t.at"
            f" AND {tells_all} THEN t.at END) END AND {_is_last(database, 'opened_at')}",
            "closed_at": "c.closed_at IS DISTINCT FROM CASE t.event WHEN 'closed' THEN t.at"
            f" WHEN 'imported' THEN CASE WHEN {tells_closed} THEN {closed_at}"
            f" WHEN t.from_user IS NOT NULL AND {status} = 'closed' THEN t.at END END"
            f" AND (t.event <> 'imported' OR {tells_status} OR {tells_closed})"
            f" AND {_is_last(database, 'status', 'closed_at', events=states)}",
        },
    )
