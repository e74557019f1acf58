"""Requests that are sent, that time out or are cancelled, and the next request of a chain."""

import json

from assignchat.errors import ClockSuspicious
from assignchat.model import SYSTEM, TRANSITIONS, Chat, Event, Request, Role, Status, User
from assignchat.service.find import find_chat, find_request, find_user, why_not_asked
from assignchat.store import notifications, requests, tracking
from assignchat.store.database import Database
from assignchat.store.requests import NewRequest
from assignchat.store.sql import Which
from assignchat.times import seconds_between, time_after

# A network time service moves a clock by less than the first; no request waits longer than
# the second, so rows that old with something due were left by a clock that jumped.
_CLOCK_BEHIND_SECONDS = 5 * 60
_CLOCK_AHEAD_SECONDS = 31 * 86_400


def sweep_timeouts(
    database: Database, *, actor: str = SYSTEM, dry_run: bool = False, force: bool = False
) -> list[int]:
    """Time out every pending request whose deadline has passed. Returns their ids, in order.

    `actor` is recorded for the sweep. Raises `ClockSuspicious`, unless `force`, if a request is
    due and the newest tracking row lies more than 5 minutes in the future or 31 days in the past.
    """
    with database.read():
        if not requests.any_due(database):
            return []  # without waiting for whoever is writing
    with database.write(dry_run=dry_run, bulk=True):
        if not force:
            _check_clock(database)
        return _time_out(database, requests.past_deadline(), actor)


def record_passed_deadlines(database: Database, which: Which) -> None:
    """Time out those of some requests whose deadline has passed.

    The time-outs stay recorded even if the rest of the command is refused.
    """
    if _time_out(database, requests.past_deadline(which)):
        database.keep_if_refused()


def cancel(
    database: Database, which: Which, *, actor: str, reason: str, batch_id: int | None = None
) -> int:
    """Cancel those of some requests that are pending. Returns how many were."""
    settled = requests.settle(
        database, TRANSITIONS["cancel"], which, actor=actor, reason=reason, batch_id=batch_id
    )
    return len(settled.ids)


def may_assign(chat: Chat, requester: User) -> bool:
    """Return whether a user may ask others to take over a chat: its owner, or a manager."""
    return requester.id == chat.owner_id or requester.role == Role.MANAGER


def deadline(database: Database, timeout_seconds: float | None) -> str | None:
    """Return the stored time so many seconds from now, None for None."""
    return None if timeout_seconds is None else time_after(database.now, timeout_seconds)


def ask(database: Database, new: NewRequest, *, actor: str) -> int:
    """Send a request inside a transaction, and tell its recipient. Returns its id."""
    request_id = requests.add(database, new)
    detail: dict[str, object] = {"expires_at": new.expires_at}
    if new.fallbacks:
        detail["fallbacks"] = new.fallbacks
    tracking.append(
        database,
        Event.REQUESTED,
        actor,
        chat_id=new.chat_id,
        request_id=request_id,
        from_user=new.from_user,
        to_user=new.recipient_id,
        status=Status.PENDING,
        detail=json.dumps(detail, ensure_ascii=False),
    )
    notifications.tell_parties(database, Event.REQUESTED, requests.this(request_id))
    return request_id


def ask_next(database: Database, ended: Request) -> None:
    """Send the next request of a chain. Users who can no longer be asked are skipped."""
    waiting = list(ended.fallbacks)
    if not waiting:
        return
    chat = find_chat(database, ended.chat_id)
    requester = find_user(database, ended.requester_id)
    if not may_assign(chat, requester):
        return
    had_until = ended.expires_at
    seconds = None if had_until is None else seconds_between(ended.requested_at, had_until)
    while waiting:
        user = find_user(database, waiting.pop(0))
        if user.id == chat.owner_id or why_not_asked(database, user):
            continue
        following = NewRequest(
            chat_id=chat.id,
            requester_id=requester.id,
            recipient_id=user.id,
            recipient_role=user.role,
            from_user=chat.owner_id,
            note=ended.note,
            expires_at=deadline(database, seconds),
            fallbacks=waiting,
            previous_request_id=ended.id,
        )
        ask(database, following, actor=SYSTEM)
        return


def _time_out(database: Database, which: Which, actor: str = SYSTEM) -> list[int]:
    """Time out those of some requests that are pending, and send the next of their chains."""
    settled = requests.settle(database, TRANSITIONS["time out"], which, actor=actor)
    for request_id in settled.with_fallbacks:
        ask_next(database, find_request(database, request_id))
    return settled.ids


def _check_clock(database: Database) -> None:
    newest = tracking.newest_at(database)
    if newest is None:
        return
    age = seconds_between(newest, database.now)
    if -_CLOCK_BEHIND_SECONDS <= age <= _CLOCK_AHEAD_SECONDS:
        return
    raise ClockSuspicious(
        f"The clock says {database.now}, but the newest tracking row is from {newest}",
        hint="Nothing was timed out. Set the clock, or sweep with --force if it is right.",
    )
