"""Delivering notifications: at least once, never holding up a change."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from assignchat.errors import DatabaseDamaged, DatabaseLocked
from assignchat.model import (
    NOT_TAKEN,
    NOTICES,
    UNDONE_NOTICE,
    Event,
    Notification,
    Party,
    Status,
)
from assignchat.namedtuples import NamedTuple
from assignchat.store import deliveries, tracking
from assignchat.store.database import Database
from assignchat.store.deliveries import LONGEST_PAUSE_SECONDS, Claimed
from assignchat.texts import inert
from assignchat.times import parse_time, seconds_between, time_after

NEWS_SECONDS = 86_400
"""On the first delivery ever, what is older than this is no news any more."""

CLAIM_SECONDS = 300
"""How long nobody else tries what somebody is sending; longer than a sending may take."""

_MOST_IN_GROUP = 256  # users
_GROWTH = 4  # of a group, if the one before took no longer than it may
_SECONDS_FOR_GROUP = 1
_TRIES_TO_RECORD = 6  # each as long as `busy_timeout`
_MOST_IN_DIGEST = 20
_TRIES_AT_ONCE = 3
_FIRST_PAUSE_SECONDS = 60
_MOST_TRIES = 10  # that are counted: the pause is the longest by then


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
    is open while a message is sent. The notifications of a group of users are claimed before,
    so that of two processes only one sends them, and recorded together about a second later: if
    the process is killed in between, they are sent again after `CLAIM_SECONDS`. A message that
    fails is tried again at the next run; from the third failure on after a minute, then two,
    four, up to an hour.
    """
    left = [user_id for user_id in _recipients(database) if outlet.reaches(user_id)]
    arrived = failed = 0
    most = 1
    while left and not stop_requested():
        group = left[:most]
        try:
            claim = _claim(database, group)
        except DatabaseDamaged as error:
            if not error.is_of_rows:
                raise
            if len(group) == 1:
                passed_over(left.pop(0), error.message)
            most = 1  # it is of one of them alone
            continue
        results = _send(database, outlet, claim, stop_requested)
        arrived += claim.count(user_id for user_id in results if results[user_id])
        failed += claim.count(user_id for user_id in results if not results[user_id])
        unserved = [user_id for user_id in claim.of_users if user_id not in results]
        left[: len(group)] = unserved
        most = len(results) if unserved else min(_GROWTH * most, _MOST_IN_GROUP)
    with database.read():
        return Delivered(arrived, failed, deliveries.waiting(database) - failed)


def _recipients(database: Database) -> list[str]:
    with database.read():
        new = deliveries.any_new(database)
        due = deliveries.any_due(database)
    if new:
        with database.write():
            if not deliveries.has_begun(database):
                deliveries.begin(database, _news_since(database))
            deliveries.collect(database)
    if not (new or due):
        return []
    with database.write_temporary():
        return deliveries.recipients(database)


def _news_since(database: Database) -> str:
    """Return from when on notifications are news. A clock that has jumped makes none old."""
    from assignchat.service.lifecycle import clock_jumped  # only needed once

    now = database.now
    newest = tracking.newest_at(database) or now
    return time_after(min(newest, now) if clock_jumped(newest, now) else now, -NEWS_SECONDS)


class _Claim(NamedTuple):
    """What was claimed for a group of users, and when."""

    at: str
    of_users: dict[str, Claimed]

    @property
    def until(self) -> str:
        return time_after(self.at, CLAIM_SECONDS)

    def count(self, user_ids: Iterable[str]) -> int:
        """Count the notifications of some of the users."""
        return sum(len(self.of_users[user_id].notifications) for user_id in user_ids)


def _claim(database: Database, group: Sequence[str]) -> _Claim:
    """Claim what is due for a group of users. Returns the claim."""
    claim = _Claim("", {})
    try:
        with database.write():
            claim = _Claim(database.now, {})
            claim.of_users.update(deliveries.claim(database, group, claim.until))
    except BaseException:  # also interrupted: it may be tried again at once
        _record(database, claim, {})
        raise
    return claim


def _send(
    database: Database, outlet: Outlet, claim: _Claim, stop_requested: Callable[[], bool]
) -> dict[str, bool]:
    """Send to each user of a claim, for about a second, and record the results.

    Returns for those to whom a message was sent whether it arrived.
    """
    results: dict[str, bool] = {}
    try:
        for user_id, claimed in claim.of_users.items():
            if results and (stop_requested() or not _is_fresh(database, claim, claimed)):
                break
            results[user_id] = outlet.send(user_id, _digest(claimed.notifications))
    finally:
        _record(database, claim, results)
    return results


def _is_fresh(database: Database, claim: _Claim, claimed: Claimed) -> bool:
    """Return whether a claim may still be acted on: it is new, and the user has not left since."""
    with database.read():
        is_new = seconds_between(claim.at, database.now) < _SECONDS_FOR_GROUP
        first = claimed.notifications[0].id
        return is_new and deliveries.is_claimed(database, first, claim.until)


def _record(database: Database, claim: _Claim, results: Mapping[str, bool]) -> None:
    """Record what has arrived and what has not, and give back what was not sent.

    It is tried several times: what is not recorded is sent again.
    """
    if not claim.of_users:  # others were faster
        return
    for tries_left in reversed(range(_TRIES_TO_RECORD)):
        try:
            with database.write():
                _write_results(database, claim, results)
        except DatabaseLocked:
            if not tries_left:
                raise
        else:
            return


def _write_results(database: Database, claim: _Claim, results: Mapping[str, bool]) -> None:
    delivered: list[int] = []
    for user_id, (found, attempts) in claim.of_users.items():
        ids = [notification.id for notification in found]
        if results.get(user_id):
            delivered += ids
            continue
        tries = min(attempts + 1, _MOST_TRIES) if user_id in results else attempts
        next_at = time_after(database.now, _pause(tries) if user_id in results else 0)
        deliveries.postpone(database, ids, tries, next_at, claimed_until=claim.until)
    deliveries.mark_delivered(database, sorted(delivered))


def _pause(attempts: int) -> int:
    """Return the seconds to wait after so many failures."""
    if attempts < _TRIES_AT_ONCE:
        return 0
    return min(_FIRST_PAUSE_SECONDS << (attempts - _TRIES_AT_ONCE), LONGEST_PAUSE_SECONDS)


def _digest(found: Sequence[Notification]) -> str:
    """Write one message from several notifications; from very many, the newest."""
    parts = [_message(notification) for notification in found[-_MOST_IN_DIGEST:]]
    if len(found) > len(parts):
        parts.insert(0, f"{len(found)} notifications; these are the newest.")
    return "\n\n".join(parts)


def _message(notification: Notification) -> str:
    return "\n".join(map(inert, [notification.text, *details(notification)]))


def details(notification: Notification) -> list[str]:
    """Describe the request or the batch of a notification for a message. Returns lines.

    They name the chat, and the end that the text cannot tell; while the request is pending, its
    note and deadline; its reason; and after a rejection or a time-out, the user who was asked
    next. Times are local, with their offset, because the message may be read elsewhere.
    """
    end = untold_end(notification)
    if notification.request_id is None:
        return [f"Batch {notification.batch_id}: {end}"] if end else []
    about = f"Request {notification.request_id}, chat {notification.chat_id}"
    lines = [f"{about} ({notification.customer}){end and f': {end}'}"]
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


def untold_end(notification: Notification) -> str:
    """Return how a request or batch ended of which the text tells the beginning, else nothing."""
    if notification.batch_undone_at is not None:
        told = UNDONE_NOTICE.format(actor="", batch=notification.batch_id)
        return "" if told in notification.text else "Undone"
    _, _, sent = NOTICES[Event.REQUESTED, Party.RECIPIENT].partition("%s")
    status = notification.request_status
    if status in (None, Status.PENDING) or not notification.text.endswith(sent):
        return ""
    return Status(status).label


def _local(stored: str) -> str:
    return parse_time(stored).astimezone().isoformat(sep=" ", timespec="seconds")
