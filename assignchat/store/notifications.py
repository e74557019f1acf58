"""The table of notifications."""

from collections.abc import Iterator

from assignchat.model import NOBODY_TOOK_NOTICE, NOTICES, Event, Notification, Party
from assignchat.store.database import Database
from assignchat.store.sql import COLUMNS_WITH_DEADLINE, Which

_JOINED = {
    "chat_id": "r.chat_id",
    "customer": "c.customer",
    "note": "r.note",
    "reason": "r.reason",
    "expires_at": "r.expires_at",
    "request_status": COLUMNS_WITH_DEADLINE["status"],
    "asked_next": "(SELECT f.recipient_id FROM requests f"
    " WHERE f.chat_id = r.chat_id AND f.previous_request_id = r.id)",
    "batch_undone_at": "b.undone_at",
}
COLUMNS = ", ".join(_JOINED.get(name, f"n.{name}") for name in Notification._fields)
"""The columns of a `Notification`, from `SOURCE`, at the time `:now`."""

SOURCE = (
    "notifications n LEFT JOIN requests r ON r.id = n.request_id"
    " LEFT JOIN chats c ON c.id = r.chat_id LEFT JOIN batches b ON b.id = n.batch_id"
)

NOT_TOLD = "(SELECT id FROM users WHERE active = 0 OR role = 'queue')"
"""Those who are told nothing: they have left, or are no person."""


def add(
    database: Database,
    recipient_id: str,
    text: str,
    *,
    request_id: int | None = None,
    batch_id: int | None = None,
) -> None:
    """Insert a notification, unless its recipient is no longer told anything."""
    values = {
        "at": database.now,
        "recipient_id": recipient_id,
        "text": text,
        "request_id": request_id,
        "batch_id": batch_id,
    }
    database.execute_soon(
        f"INSERT INTO notifications ({', '.join(values)}) SELECT :{', :'.join(values)}"
        " WHERE NOT EXISTS (SELECT 1 FROM users"
        " WHERE id = :recipient_id AND (active = 0 OR role = 'queue'))",
        values,
    )


def tell_parties(database: Database, event: Event, which: Which, *, but: str | None = None) -> None:
    """Notify the parties of some requests of an event, with the texts of `NOTICES`.

    `but` is a user who is not told, because they did it.
    """
    for (told_event, party), text in NOTICES.items():
        if told_event == event:
            told, other = _TOLD[party]
            database.execute_soon(
                "INSERT INTO notifications (at, recipient_id, text, request_id)"
                f" SELECT :now, {told}, {_TEXT}, r.id"
                f" FROM requests r CROSS JOIN users u"
                f" WHERE u.id = {other} AND {which.sql} AND (:but IS NULL OR {told} <> :but)"
                f" AND {told} NOT IN {NOT_TOLD}"
                f"{_UNLESS_A_PARTY if party == Party.OWNER else ''} ORDER BY r.id",
                {**which.params, **_around_name(text), "now": database.now, "but": but},
            )


_TEXT = ":before || coalesce(u.name, '') || :after"  # format() takes five times as long


def _around_name(text: str) -> dict[str, str]:
    before, _, after = text.partition("%s")
    return {"before": before, "after": after}


_TOLD = {
    Party.REQUESTER: ("r.requester_id", "r.recipient_id"),
    Party.RECIPIENT: ("r.recipient_id", "r.requester_id"),
    Party.OWNER: ("r.from_user", "r.recipient_id"),
}
"""The column of the user who is told, and of the one who is named."""

_UNLESS_A_PARTY = " AND r.from_user NOT IN (r.requester_id, r.recipient_id)"


def tell_nobody_took(database: Database, user_id: str, which: Which) -> None:
    """Tell a user of those requests after which nobody was asked, but for their own."""
    database.execute_soon(
        "INSERT INTO notifications (at, recipient_id, text, request_id)"
        f" SELECT :now, told.id, {_TEXT}, r.id FROM requests r"
        " CROSS JOIN users told CROSS JOIN users u"
        f" WHERE told.id = :told AND u.id = r.requester_id AND {which.sql}"
        f" AND told.id <> u.id AND told.id NOT IN {NOT_TOLD}"
        f" AND {_JOINED['asked_next']} IS NULL ORDER BY r.id",
        {
            **which.params,
            **_around_name(NOBODY_TOOK_NOTICE),
            "now": database.now,
            "told": user_id,
        },
    )


def unread(database: Database, user_id: str) -> Iterator[Notification]:
    """Yield the user's unread notifications, oldest first."""
    return database.rows(
        Notification,
        f"SELECT {COLUMNS} FROM {SOURCE}"
        " WHERE n.recipient_id = :user AND n.read_at IS NULL ORDER BY n.id",
        {"user": user_id, "now": database.now},
    )


def mark_read(database: Database, user_id: str, up_to_id: int) -> None:
    """Mark the user's notifications read, up to the last one that was shown."""
    database.execute(
        "UPDATE notifications SET read_at = :now"
        " WHERE recipient_id = :user AND read_at IS NULL AND id <= :up_to",
        {"user": user_id, "now": database.now, "up_to": up_to_id},
    )
