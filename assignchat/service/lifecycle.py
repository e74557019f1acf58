"""Requests that are sent, that time out or are cancelled, and the next request of a chain."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from assignchat.errors import ClockSuspicious, DatabaseDamaged, NotFound
from assignchat.model import (
    SYSTEM,
    TRANSITIONS,
    Chat,
    Event,
    Request,
    Role,
    Status,
    TrackingRow,
    Transition,
    User,
)
from assignchat.namedtuples import NamedTuple
from assignchat.service.find import find_chat, find_request, find_user, id_of, obstacle
from assignchat.service.misses import set_away_who_missed
from assignchat.store import notifications, requests, tracking, users
from assignchat.store.database import Database
from assignchat.store.requests import NewRequest, Settled
from assignchat.store.sql import Which
from assignchat.store.strict import damage
from assignchat.times import seconds_between, time_after

# A network time service moves a clock by less than the first; no request waits longer than
# the second, so rows that old with something due were left by a clock that jumped.
_CLOCK_BEHIND_SECONDS = 5 * 60
_CLOCK_AHEAD_SECONDS = 31 * 86_400


def sweep_timeouts(
    database: Database,
    *,
    actor: str = SYSTEM,
    dry_run: bool = False,
    force: bool = False,
    passed_over: Callable[[int, str], object] = lambda _request_id, _why: None,
) -> list[int]:
    """Time out every pending request whose deadline has passed. Returns their ids, in order.

    `actor` is recorded for the sweep. `passed_over` is called with the id of each damaged
    request, which stays pending, and what is damaged. Raises `ClockSuspicious`, unless `force`,
    if a request is due and the newest tracking row lies more than 5 minutes in the future or 31
    days in the past.
    """
    with database.read():
        if not requests.any_due(database):
            return []  # without waiting for a writer
    try:
        with database.write(dry_run=dry_run, bulk=True):
            if not force:
                _check_clock(database)
            return _time_out(database, requests.past_deadline(), actor)
    except (DatabaseDamaged, NotFound) as error:
        if isinstance(error, DatabaseDamaged) and not error.is_of_rows:
            raise
    damaged: dict[int, str] = {}
    with database.write(dry_run=dry_run, bulk=True):
        due = requests.pending_ids(database, requests.past_deadline())
        ids = _time_out_sound(database, due, actor, damaged)
    for request_id, why in damaged.items():
        passed_over(request_id, why)
    return ids


_MOST_PASSED_OVER = 100


def _time_out_sound(
    database: Database, due: Sequence[int], actor: str, damaged: dict[int, str]
) -> list[int]:
    """Time out due requests, in halves if a damaged one is among them. Returns their ids.

    The damaged ones are added to `damaged`.
    """
    from assignchat.store.damage import attempt  # only needed when something is wrong

    if not due:
        return []
    some = requests.past_deadline(requests.between(due[0], due[-1]))
    try:
        with attempt(database):
            return _time_out(database, some, actor)
    except DatabaseDamaged as error:
        if not error.is_of_rows or len(damaged) >= _MOST_PASSED_OVER:
            raise
        if len(due) == 1:
            damaged[due[0]] = error.message
            return []
    half = len(due) // 2
    first = _time_out_sound(database, due[:half], actor, damaged)
    return first + _time_out_sound(database, due[half:], actor, damaged)


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


def settle(
    database: Database,
    transition: Transition,
    which: Which | Settled,
    *,
    actor: str,
    reason: str | None = None,
) -> list[int]:
    """Settle those of some requests that are pending, and carry out the consequences.

    Unless they are accepted, the next of each chain is asked, or the parties are told that nobody
    has taken the chat. Returns the ids of the requests.
    """
    settled = requests.settle(database, transition, which, actor=actor, reason=reason)
    if settled.ids and transition.target == Status.TIMED_OUT:
        set_away_who_missed(database, settled.which)
    if settled.ids and transition.chain_goes_on:
        for request_id in settled.with_fallbacks:
            _ask_next(database, find_as_told(database, request_id))
        for name in database.rules.tell_when_nobody_took:
            told = id_of(database, name)
            notifications.tell_nobody_took(database, told, settled.which)
    return settled.ids


def may_assign(chat: Chat, requester: User) -> bool:
    """Return whether a user may ask others to take over a chat: its owner, or a manager."""
    return requester.id == chat.owner_id or requester.role == Role.MANAGER


def deadline(database: Database, timeout_seconds: float | None) -> str | None:
    """Return the stored time so many seconds from now, None for None."""
    return None if timeout_seconds is None else time_after(database.now, timeout_seconds)


def ask(
    database: Database, new: NewRequest, *, actor: str, passed_over: Mapping[str, str] | None = None
) -> int:
    """Send a request inside a transaction, and notify its recipient. Returns its id.

    `passed_over` are users of its chain who could not be asked, each with the reason.
    """
    request_id = requests.add(database, new)
    tracking.append(
        database,
        Event.REQUESTED,
        actor,
        chat_id=new.chat_id,
        request_id=request_id,
        from_user=new.from_user,
        to_user=new.recipient_id,
        status=Status.PENDING,
        detail=json.dumps(_terms(new, passed_over), ensure_ascii=False),
    )
    notifications.tell_parties(database, Event.REQUESTED, requests.this(request_id))
    return request_id


def _terms(new: NewRequest, passed_over: Mapping[str, str] | None) -> dict[str, object]:
    """Return what the columns of a tracking row do not say of a new request."""
    terms: dict[str, object] = {"expires_at": new.expires_at, "note": new.note}
    if new.previous_request_id is not None:  # the system sends it, for this requester
        terms["previous_request_id"] = new.previous_request_id
        terms["requester_id"] = new.requester_id
    if new.fallbacks:
        terms["fallbacks"] = new.fallbacks
    if passed_over:
        terms["passed_over"] = passed_over
    return terms


def find_as_told(database: Database, request_id: int) -> Request:
    """Find a request, before anybody may act on it. Returns it.

    Raises `RequestNotFound`, and what `check_as_told` raises.
    """
    request, rows = requests.get_with_rows(database, request_id)
    return check_as_told(database, request or find_request(database, request_id), rows)


def check_as_told(
    database: Database, request: Request, rows: Sequence[TrackingRow] | None = None
) -> Request:
    """Check that a request is the one that was sent, by its tracking rows. Returns it.

    Raises `DatabaseDamaged`, which names the first column that is not as tracking tells.
    """
    for column, told in _told(database, request, rows):
        value = getattr(request, column)
        found = list(value) if isinstance(value, tuple) else value
        if found != told:
            known = "the id of a request that tracking tells of"  # there is no row of its sending
            what = known if column == "id" else f"what tracking tells: {told!r}"
            raise damage(database.location, "requests", request.id, column, found, what)
    return request


def _told(
    database: Database, request: Request, rows: Sequence[TrackingRow] | None = None
) -> Iterator[tuple[str, object]]:
    """Yield the columns by which somebody may act on a request, with what tracking tells."""
    if rows is None:
        rows = tracking.of_request(database, request.id)
    sent = next((row for row in rows if row.event == Event.REQUESTED), None)
    if sent is None:
        yield "id", None
        return
    detail = json.loads(sent.detail or "{}")
    yield "chat_id", sent.chat_id
    yield "recipient_id", sent.to_user
    yield "from_user", sent.from_user
    yield "expires_at", detail.get("expires_at")
    ends = [row.event for row in rows if row.event == row.status]
    if ends:  # of which there is one, and none while it is pending
        yield "status", " and ".join(ends)
    tells_terms = "note" in detail  # what an older version has sent does not
    if tells_terms or "fallbacks" in detail:
        yield "fallbacks", detail.get("fallbacks", [])
    if tells_terms:
        yield "previous_request_id", detail.get("previous_request_id")
    yield "requester_id", detail.get("requester_id") or _sender(database, request, sent)


def _sender(database: Database, request: Request, sent: TrackingRow) -> object:
    """Find who sent a request; if it follows another, and an older version sent it, by that."""
    if sent.actor != SYSTEM or request.previous_request_id is None:
        return sent.actor
    previous = find_request(database, request.previous_request_id)
    is_before = previous.id < request.id and previous.chat_id == request.chat_id
    return dict(_told(database, previous)).get("requester_id") if is_before else None


def _ask_next(database: Database, ended: Request) -> None:
    """Send the next request of a chain. Users who cannot be asked now are passed over."""
    chat = find_chat(database, ended.chat_id)
    requester = find_user(database, ended.requester_id)
    following = _find_next(database, ended, chat) if may_assign(chat, requester) else None
    if following is None:
        return
    had_until = ended.expires_at
    seconds = None if had_until is None else seconds_between(ended.requested_at, had_until)
    new = NewRequest(
        chat_id=chat.id,
        requester_id=requester.id,
        recipient_id=following.user.id,
        recipient_role=following.user.role,
        from_user=chat.owner_id,
        note=ended.note,
        expires_at=deadline(database, seconds),
        fallbacks=following.fallbacks,
        previous_request_id=ended.id,
    )
    ask(database, new, actor=SYSTEM, passed_over=following.passed_over)


class _Next(NamedTuple):
    user: User
    fallbacks: Sequence[str]
    passed_over: dict[str, str]


def _find_next(database: Database, ended: Request, chat: Chat) -> _Next | None:
    passed_over: dict[str, str] = {}
    for done, name in enumerate(ended.fallbacks, start=1):
        user = users.get(database, name)
        if user is None:
            passed_over[name] = "unknown"
        elif why := "owner" if user.id == chat.owner_id else obstacle(database, user):
            passed_over[name] = why
        else:
            return _Next(user, ended.fallbacks[done:], passed_over)
    return None


def _time_out(database: Database, which: Which, actor: str = SYSTEM) -> list[int]:
    """Time out those of some requests that are pending. Returns their ids."""
    return settle(database, TRANSITIONS["time out"], which, actor=actor)


def clock_jumped(newest: str, now: str) -> bool:
    """Return whether the clock has plainly jumped, by the stored time of the newest row."""
    return not -_CLOCK_BEHIND_SECONDS <= seconds_between(newest, now) <= _CLOCK_AHEAD_SECONDS


def _check_clock(database: Database) -> None:
    newest = tracking.newest_at(database)
    if newest is None or not clock_jumped(newest, database.now):
        return
    raise ClockSuspicious(
        f"The clock says {database.now}, but the newest tracking row is from {newest}",
        hint="Nothing was timed out. Set the clock, or sweep with --force if it is right.",
    )
