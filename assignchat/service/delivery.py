"""Delivering notifications: at least once, never holding up a change."""

from collections.abc import Callable
from typing import NamedTuple

from assignchat.model import time_after
from assignchat.store import deliveries
from assignchat.store.database import Database
from assignchat.store.deliveries import Undelivered

NEWS_SECONDS = 86_400
"""On the first delivery ever, what is older than this is no news any more."""

_AT_ONCE = 500
_FIRST_PAUSE_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 3_600

Send = Callable[[str, str], bool | None]
"""Delivers a text to a user, given by id: whether it arrived, None where there is no address."""


class Delivered(NamedTuple):
    """What came of one round; `waiting` are those that were not tried or have no address."""

    sent: int
    failed: int
    waiting: int


def notify(database: Database, send: Send) -> Delivered:
    """Deliver what is unsent and due with `send`, oldest first.

    No transaction is open while something is being sent. What has arrived is recorded
    afterwards: who is killed in between sends one notification twice. What has failed is
    tried again after a minute, two, four, up to an hour.
    """
    with database.write():
        deliveries.begin(database, time_after(database.now, -NEWS_SECONDS))
        found = deliveries.due(database, _AT_ONCE)
    sent = failed = 0
    for notification in found:
        arrived = send(notification.recipient_id, _message(notification))
        with database.write():
            if arrived:
                deliveries.mark_delivered(database, notification.id)
            else:
                attempts = notification.attempts + (arrived is False)
                pause = _pause(attempts) if arrived is False else 0
                next_at = time_after(database.now, pause)
                deliveries.postpone(database, notification.id, attempts, next_at)
        sent += arrived is True
        failed += arrived is False
    with database.read():
        return Delivered(sent, failed, deliveries.waiting(database) - failed)


def _pause(attempts: int) -> int:
    return min(_FIRST_PAUSE_SECONDS << min(attempts - 1, 10), _LONGEST_PAUSE_SECONDS)


def _message(notification: Undelivered) -> str:
    if notification.request_id is None:
        return notification.text
    about = f"Request {notification.request_id}, chat {notification.chat_id}"
    return f"{notification.text}\n{about} ({notification.customer})"
