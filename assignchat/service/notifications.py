"""Delivering notifications: at least once, never holding up a change."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from assignchat.errors import DatabaseDamaged
from assignchat.model import NOT_TAKEN, Notification, Status
from assignchat.store import deliveries
from assignchat.store.database import Database
from assignchat.store.deliveries import Claimed
from assignchat.texts import inert
from assignchat.times import parse_time, time_after

NEWS_SECONDS = 86_400
"""On the first delivery ever, what is older than this is no news any more."""

CLAIM_SECONDS = 300
"""How long nobody else tries what somebody is sending; longer than a sending may take."""

_MOST_IN_DIGEST = 20
_TRIES_AT_ONCE = 3
_FIRST_PAUSE_SECONDS = 60
_LONGEST_PAUSE_SECONDS = 3_600


class Outlet(Protocol):
    """A way to deliver a text to a user, given by id."""

    def reaches(self, user_id: str) -> bool:
        """Return whether there is an address for this user."""

    def send(self, user_id: str, text: str) -> bool:
        """Deliver a text. Returns whether it arrived."""


class Delivered(NamedTuple):
    """The result of one round. `waiting` counts those not tried, and those without an address."""

    sent: int
    failed: int
    waiting: int


def notify(
    database: Database,
    outlet: Outlet,
    *,
    stop_requested: Callable[[], bool] = lambda: False,
    passed_over: Callable[[str, str], object] = lambda _user_id, _why: None,
) -> Delivered:
    """Deliver the notifications that are due, to each user as one message. Returns the counts.

    It ends early once `stop_requested`. `passed_over` is called with the id of each user of
    whose notifications something is damaged, and what; nothing is sent to them. No transaction
    is open while a message is sent. Its notifications are claimed before, so that of two
    processes only one sends them, and recorded afterwards: if the process is killed in between,
    they are sent again after `CLAIM_SECONDS`. A message that fails is tried again at the next
    run; from the third failure on after a minute, then two, four, up to an hour.
    """
    sent = failed = 0
    for user_id in _recipients(database):
        if not outlet.reaches(user_id):
            continue
        if stop_requested():
            break
        try:
            with database.write():
                until = time_after(database.now, CLAIM_SECONDS)
                claimed = deliveries.claim(database, user_id, until)
        except DatabaseDamaged as error:
            if not error.is_of_rows:
                raise
            passed_over(user_id, error.message)
            continue
        if claimed.notifications:  # else somebody else was faster
            arrived = _send(database, outlet, user_id, claimed)
            sent += len(claimed.notifications) if arrived else 0
            failed += 0 if arrived else len(claimed.notifications)
    with database.read():
        return Delivered(sent, failed, deliveries.waiting(database) - failed)


def _recipients(database: Database) -> list[str]:
    with database.read():
        new = deliveries.any_new(database)
    if new:
        with database.write():
            deliveries.collect(database, time_after(database.now, -NEWS_SECONDS))
    with database.write_temporary():
        return deliveries.recipients(database)


def _send(database: Database, outlet: Outlet, user_id: str, claimed: Claimed) -> bool:
    """Send a user's claimed notifications, and record the result. Returns whether they arrived."""
    found, attempts = claimed
    ids = [notification.id for notification in found]
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
    """Return the seconds to wait after so many failures."""
    if attempts < _TRIES_AT_ONCE:
        return 0
    return min(_FIRST_PAUSE_SECONDS << min(attempts - _TRIES_AT_ONCE, 10), _LONGEST_PAUSE_SECONDS)


def _digest(found: Sequence[Notification]) -> str:
    """Write one message from several notifications; from very many, the newest."""
    parts = [_message(notification) for notification in found[-_MOST_IN_DIGEST:]]
    if len(found) > len(parts):
        parts.insert(0, f"{len(found)} notifications; these are the newest.")
    return "\n\n".join(parts)


def _message(notification: Notification) -> str:
    return "\n".join(map(inert, [notification.text, *details(notification)]))


def details(notification: Notification) -> list[str]:
    """Describe the request of a notification for a message. Returns lines.

    They name the chat; while the request is pending, its note and deadline; its reason; and after
    a rejection or a time-out, the user who was asked next. Times are local, with their offset,
    because the message may be read elsewhere.
    """
    if notification.request_id is None:
        return []
    about = f"Request {notification.request_id}, chat {notification.chat_id}"
    lines = [f"{about} ({notification.customer})"]
    if notification.request_status == Status.PENDING:
        lines += [f"Note: {notification.note}"] if notification.note else []
        lines += [f"Answer by {_local(notification.expires_at)}"] if notification.expires_at else []
    if notification.reason:
        lines.append(f"Reason: {notification.reason}")
    if notification.asked_next:
        lines.append(f"Asked next: {notification.asked_next}")
    elif notification.request_status in NOT_TAKEN:
        lines.append("Nobody has taken the chat.")
    return lines


def _local(stored: str) -> str:
    return parse_time(stored).astimezone().isoformat(sep=" ", timespec="seconds")
