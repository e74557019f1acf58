"""Which notifications have been delivered, and which are still to be tried.

Notifications are an outbox: `delivery_progress` says up to which of them somebody has
looked, `deliveries` holds those before that which could not be delivered yet.
"""

from typing import NamedTuple

from assignchat.store.database import Database


class Undelivered(NamedTuple):
    """A notification that is to be delivered, with the chat that it is about, if any."""

    id: int
    recipient_id: str
    recipient_name: str
    text: str
    request_id: int | None
    chat_id: str | None
    customer: str | None
    attempts: int


def begin(database: Database, news_since: str) -> None:
    """On the first delivery ever, pass over what is older than `news_since`, a stored time."""
    database.execute(
        "INSERT INTO delivery_progress (id, last_id)"
        " SELECT 1, (SELECT coalesce(max(id), 0) FROM notifications WHERE at < :since)"
        " WHERE NOT EXISTS (SELECT 1 FROM delivery_progress)",
        {"since": news_since},
    )


def due(database: Database, limit: int) -> list[Undelivered]:
    """The next notifications to be tried: those that nobody has tried, and those due again."""
    return list(
        database.rows(
            Undelivered,
            "SELECT n.id, n.recipient_id, u.name, n.text, n.request_id, r.chat_id, c.customer,"
            " coalesce(d.attempts, 0)"
            " FROM notifications n JOIN users u ON u.id = n.recipient_id"
            " LEFT JOIN deliveries d ON d.notification_id = n.id"
            " LEFT JOIN requests r ON r.id = n.request_id LEFT JOIN chats c ON c.id = r.chat_id"
            " WHERE n.id > (SELECT last_id FROM delivery_progress)"
            " OR n.id IN (SELECT notification_id FROM deliveries WHERE next_attempt_at <= :now)"
            " ORDER BY n.id LIMIT :limit",
            {"now": database.now, "limit": limit},
        )
    )


def mark_delivered(database: Database, notification_id: int) -> None:
    """Record that a notification has arrived."""
    database.execute("DELETE FROM deliveries WHERE notification_id = :id", {"id": notification_id})
    _look_up_to(database, notification_id)


def postpone(database: Database, notification_id: int, attempts: int, next_at: str) -> None:
    """Record that a notification is to be tried again, at a stored time."""
    database.execute(
        "INSERT INTO deliveries (notification_id, attempts, next_attempt_at)"
        " VALUES (:id, :attempts, :next) ON CONFLICT (notification_id)"
        " DO UPDATE SET attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at",
        {"id": notification_id, "attempts": attempts, "next": next_at},
    )
    _look_up_to(database, notification_id)


def waiting(database: Database) -> int:
    """How many notifications are still to be delivered."""
    return int(
        database.value(
            "SELECT (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM notifications"
            " WHERE id > (SELECT last_id FROM delivery_progress))"
        )
    )


def _look_up_to(database: Database, notification_id: int) -> None:
    database.execute(
        "UPDATE delivery_progress SET last_id = :id WHERE last_id < :id", {"id": notification_id}
    )
