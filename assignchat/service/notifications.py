"""Delivering notifications: at least once, never holding up a change."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from assignchat.model import time_after
from assignchat.store import deliveries
from assignchat.store.database import Database
from assignchat.store.deliveries import Undelivered

NEWS_SECONDS = 86_400
"""On the first delivery ever, what is older than this is no news any more."""

CLAIM_SECONDS = 300
"""How long nobody else tries what somebody is sending; longer than a sending may take."""

_MOST_IN_DIGEST = 20
_TRIES_AT_ONCE = 3
_FIRST_PAUSE_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 3_600


class Outlet(Protocol):
    """What delivers a text to a user, given by id."""

    def reaches(self, user_id: str) -> bool:
        """Whether there is a way to this user at all."""

    def send(self, user_id: str, text: str) -> bool:
        """Deliver; whether it arrived."""


class Delivered(NamedTuple):
    """What came of one round; `waiting` are those that were not tried or have no address."""

    sent: int
    failed: int
    waiting: int


def notify(
    database: Database, outlet: Outlet, *, stop_requested: Callable[[], bool] = lambda: False
) -> Delivered:
    """Deliver what is unsent and due, to each user as one message; end early on request.

    No transaction is open while something is being sent. What is being sent is claimed
    before, so that of two who do this at once only one sends it, and recorded afterwards:
    who is killed in between has it sent again, after `CLAIM_SECONDS`. What has failed is
    tried again next time; from the third failure on, after a minute, two, four, up to an hour.
    """
    sent = failed = 0
    for user_id in _recipients(database):
        if not outlet.reaches(user_id):
            continue
        if stop_requested():
            break
        with database.write():
            until = time_after(database.now, CLAIM_SECONDS)
            found = deliveries.claim(database, user_id, until)
        if found:  # else somebody else was faster
            arrived = _send(database, outlet, user_id, found)
            sent += len(found) if arrived else 0
            failed += 0 if arrived else len(found)
    with database.read():
        return Delivered(sent, failed, deliveries.waiting(database) - failed)


def _recipients(database: Database) -> list[str]:
    with database.read():
        new = deliveries.any_new(database)
    if new:
        with database.write():
            deliveries.collect(database, time_after(database.now, -NEWS_SECONDS))
    with database.read():
        return deliveries.recipients(database)


def _send(database: Database, outlet: Outlet, user_id: str, found: Sequence[Undelivered]) -> bool:
    """Send what is claimed, and record what came of it."""
    ids = [notification.id for notification in found]
    attempts = max(notification.attempts for notification in found)
    try:
        arrived = outlet.send(user_id, _digest(found))
    except BaseException:  # interrupted: it may be tried again at once
        with database.write():
            deliveries.postpone(database, ids, attempts, database.now)
        raise
    with database.write():
        if arrived:
            deliveries.mark_delivered(database, ids)
        else:
            next_at = time_after(database.now, _pause(attempts + 1))
            deliveries.postpone(database, ids, attempts + 1, next_at)
    return arrived


def _pause(attempts: int) -> int:
    """For how many seconds what has failed so often is left alone."""
    if attempts < _TRIES_AT_ONCE:
        return 0
    return min(_FIRST_PAUSE_SECONDS << min(attempts - _TRIES_AT_ONCE, 10), _LONGEST_PAUSE_SECONDS)


def _digest(found: Sequence[Undelivered]) -> str:
    """One message for all of them; of very many, the newest."""
    parts = [_message(notification) for notification in found[-_MOST_IN_DIGEST:]]
    if len(found) > len(parts):
        parts.insert(0, f"{len(found)} notifications; these are the newest.")
    return "\n\n".join(parts)


def _message(notification: Undelivered) -> str:
    if notification.request_id is None:
        return notification.text
    about = f"Request {notification.request_id}, chat {notification.chat_id}"
    return f"{notification.text}\n{about} ({notification.customer})"
