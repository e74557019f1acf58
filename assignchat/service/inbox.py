"""The requests and notifications of a user: inbox and status."""

from collections.abc import Iterable

from assignchat.model import NOTICES, TRANSITIONS, Event, Notification, Party, Request, Status
from assignchat.namedtuples import NamedTuple
from assignchat.service.find import find_actor, find_request, is_away, user_name
from assignchat.store import notifications, requests, users
from assignchat.store.database import Database
from assignchat.store.holder import Holder
from assignchat.times import seconds_between

SENT_SHOWN = 10


class ReceivedRequest(NamedTuple):
    """A pending request as its recipient sees it; `seconds_left` is null without a deadline."""

    request: Request
    text: str
    seconds_left: float | None


class Inbox(NamedTuple):
    """The pending requests and unread notifications of a user.

    Notifications about those requests are left out. `on_own_chats` are requests that managers
    have sent to others about the user's chats.
    """

    user: str
    requests: list[ReceivedRequest]
    notifications: list[Notification]
    on_own_chats: list[Request]


class StatusPage(NamedTuple):
    """The requests that a user got and sent, and the counts of their chats.

    `away_until` is null if the user is present. `on_own_chats` is as in `Inbox`. `held_by` is who
    has the lock for writing, or null.
    """

    user: str
    away_until: str | None
    received: list[ReceivedRequest]
    sent: list[Request]
    open_chats: int
    on_own_chats: list[Request]
    held_by: Holder | None


def inbox(database: Database, *, actor: str, mark_read: bool = False) -> Inbox:
    """Find the actor's pending requests and unread notifications, oldest first.

    With `mark_read`, those notifications are marked read. Raises `ActorUnknown`.
    """
    with database.write() if mark_read else database.read():
        user = find_actor(database, actor)
        unread = list(notifications.unread(database, user.id))
        if mark_read and unread:
            notifications.mark_read(database, user.id, unread[-1].id)
        received = _received(database, user.id)
        shown = {item.request.id for item in received}
        others = [notice for notice in unread if notice.request_id not in shown]
        return Inbox(user.id, received, others, _on_own_chats(database, user.id))


def taken_away(database: Database, request_ids: Iterable[int]) -> list[Request]:
    """Look up requests that no longer wait for a user. Returns those that others have ended."""
    own = {step.target for step in TRANSITIONS.values() if step.party == Party.RECIPIENT}
    with database.read():
        found = [find_request(database, request_id) for request_id in request_ids]
    return [request for request in found if request.status not in own]


def status(database: Database, *, actor: str) -> StatusPage:
    """Find the actor's chats in numbers and requests: of those sent, pending and last ten."""
    with database.read():
        user = find_actor(database, actor)
        sent: requests.Filters = {"requester": user.id}
        last = requests.matching(database, sent, limit=SENT_SHOWN, newest_first=True)
        pending = requests.matching(database, {**sent, "status": Status.PENDING})
        return StatusPage(
            user.id,
            user.away_until if is_away(user, database.now) else None,
            _received(database, user.id),
            sorted({*last, *pending}),
            users.open_chats(database, user.id),
            _on_own_chats(database, user.id),
            database.holder(),
        )


def _received(database: Database, user_id: str) -> list[ReceivedRequest]:
    pending = requests.matching(database, {"recipient": user_id, "status": Status.PENDING})
    return [_as_received(database, request) for request in pending]


def _on_own_chats(database: Database, user_id: str) -> list[Request]:
    pending = requests.matching(database, {"from_user": user_id, "status": Status.PENDING})
    return [request for request in pending if request.requester_id != user_id]


def _as_received(database: Database, request: Request) -> ReceivedRequest:
    text = NOTICES[Event.REQUESTED, Party.RECIPIENT] % user_name(database, request.requester_id)
    left = None if request.expires_at is None else seconds_between(database.now, request.expires_at)
    return ReceivedRequest(request, text, left)
