"""What users are told."""

from collections.abc import Iterator

from assignchat.model import Notification
from assignchat.store.database import Database

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
