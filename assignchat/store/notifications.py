"""What users are told."""

from collections.abc import Iterator

from assignchat.model import NOTICES, Event, Notification, Party
from assignchat.store.database import Database
from assignchat.store.sql import Which

_COLUMNS = ", ".join(Notification._fields)


def add(
    database: Database,
    recipient_id: str,
    text: str,
    *,
    request_id: int | None = None,
    batch_id: int | None = None,
) -> None:
    """Tell one user something."""
    database.execute(
        "INSERT INTO notifications (at, recipient_id, text, request_id, batch_id)"
        " VALUES (:at, :recipient, :text, :request, :batch)",
        {
            "at": database.now,
            "recipient": recipient_id,
            "text": text,
            "request": request_id,
            "batch": batch_id,
        },
    )


def tell_parties(database: Database, event: Event, which: Which, *, but: str | None = None) -> None:
    """Tell the parties of some requests what has happened to them, as `NOTICES` says.

    `but` is a user who is not told, because they did it.
    """
    for (told_event, party), text in NOTICES.items():
        if told_event == event:
            database.execute(
                "INSERT INTO notifications (at, recipient_id, text, request_id)"
                f" SELECT :now, r.{party}_id, printf(:text, u.name), r.id"
                f" FROM requests r CROSS JOIN users u ON u.id = r.{_OTHER[party]}_id"
                f" WHERE {which.sql} AND (:but IS NULL OR r.{party}_id <> :but) ORDER BY r.id",
                {**which.params, "now": database.now, "text": text, "but": but},
            )


_OTHER = {Party.REQUESTER: Party.RECIPIENT, Party.RECIPIENT: Party.REQUESTER}


def unread(database: Database, user_id: str) -> Iterator[Notification]:
    """The user's unread notifications, oldest first."""
    return database.rows(
        Notification,
        f"SELECT {_COLUMNS} FROM notifications"
        " WHERE recipient_id = :user AND read_at IS NULL ORDER BY id",
        {"user": user_id},
    )


def mark_read(database: Database, user_id: str, up_to_id: int) -> None:
    """Mark the user's notifications read, up to the last one that they were shown."""
    database.execute(
        "UPDATE notifications SET read_at = :now"
        " WHERE recipient_id = :user AND read_at IS NULL AND id <= :up_to",
        {"user": user_id, "now": database.now, "up_to": up_to_id},
    )
