"""Settling requests: accept, reject and withdraw, one or several at once."""

from collections.abc import Sequence

from assignchat.errors import (
    AssignchatError,
    DatabaseDamaged,
    NotRecipient,
    NotRequester,
    ReasonNotAllowed,
    ReasonRequired,
    RequestNotFound,
    RequestNotPending,
    RequestTimedOut,
    Usage,
)
from assignchat.model import TRANSITIONS, Party, Request, Role, Status, Transition, User
from assignchat.namedtuples import NamedTuple
from assignchat.service.find import find_actor, find_chat
from assignchat.service.lifecycle import find_as_told, record_passed_deadlines, settle
from assignchat.service.misses import end_absence
from assignchat.shell import Argument, command_line
from assignchat.store import chats, requests
from assignchat.store.database import Database
from assignchat.texts import check_text, folded


class Named(NamedTuple):
    """The requests that a command names: by number, by chat, or all that wait for the actor.

    With nothing named, it is the only one that waits.
    """

    numbers: Sequence[int] = ()
    chats: Sequence[str] = ()
    all_waiting: bool = False


class Reasons(NamedTuple):
    """The reasons that are accepted: those `offered`, and others if `others_allowed`."""

    offered: Sequence[str] = ()
    others_allowed: bool = True


ANY_REASON = Reasons()


def accept(database: Database, request_id: int, *, actor: str) -> Request:
    """Accept a request: the actor takes over its chat. Returns the request.

    Raises `NotRecipient`, `RequestNotPending`, or `RequestTimedOut`, which is recorded; and
    `DatabaseDamaged` if the chat's owner has changed since the request was sent, which only a
    change by hand can do.
    """
    return _settle_one(database, "accept", request_id, actor)


def reject(
    database: Database,
    request_id: int,
    *,
    reason: str | None,
    actor: str,
    offered: Sequence[str] = (),
    others_allowed: bool = True,
) -> Request:
    """Reject a request: the owner keeps the chat. Returns the request.

    Raises `ReasonRequired`, `ReasonNotAllowed`, `NotRecipient`, `RequestNotPending`,
    `RequestTimedOut`.
    """
    allowed = Reasons(offered, others_allowed)
    return _settle_one(database, "reject", request_id, actor, reason, allowed)


def withdraw(
    database: Database,
    request_id: int,
    *,
    reason: str | None,
    actor: str,
    offered: Sequence[str] = (),
    others_allowed: bool = True,
) -> Request:
    """Withdraw a pending request of the actor, or as a manager any request. Returns it.

    Raises `ReasonRequired`, `ReasonNotAllowed`, `NotRequester`, `RequestNotPending`,
    `RequestTimedOut`.
    """
    allowed = Reasons(offered, others_allowed)
    return _settle_one(database, "withdraw", request_id, actor, reason, allowed)


def _settle_one(
    database: Database,
    action: str,
    request_id: int,
    actor: str,
    reason: str | None = None,
    allowed: Reasons = ANY_REASON,
) -> Request:
    named = Named([request_id])
    return settle_named(database, action, named, actor=actor, reason=reason, allowed=allowed)[0]


def settle_named(
    database: Database,
    action: str,
    named: Named,
    *,
    actor: str,
    reason: str | None = None,
    allowed: Reasons = ANY_REASON,
) -> list[Request]:
    """Accept, reject or withdraw the named requests, all or none. Returns them.

    The action is one of `TRANSITIONS`. Raises what the function of its name raises.
    """
    transition = TRANSITIONS[action]
    if transition.needs_reason:
        reason = check_reason(reason, allowed.offered, others_allowed=allowed.others_allowed)
    with database.write():
        user = find_actor(database, actor)
        settled = []
        for request in _find_named(database, transition, named, user):
            _check_party(request, transition.party, user)
            if request.status != transition.source:
                raise _why_not_pending(request)
            settle(database, transition, requests.only(request), actor=user.id, reason=reason)
            settled.append(
                request._replace(status=transition.target, reason=reason, resolved_at=database.now)
            )
            if transition.target == Status.ACCEPTED:
                _hand_over(database, settled[-1])
        if transition.party == Party.RECIPIENT:
            end_absence(database, user)
        return settled


def waiting(database: Database, action: str, *, actor: str) -> list[Request]:
    """List the pending requests to which the actor may apply the action."""
    with database.read():
        return _waiting(database, TRANSITIONS[action].party, find_actor(database, actor))


def check_named(database: Database, action: str, named: Named, *, actor: str) -> None:
    """Raise the errors of the action about requests and actor, before a reason is asked."""
    transition = TRANSITIONS[action]
    with database.write():
        user = find_actor(database, actor)
        for request in _find_named(database, transition, named, user):
            _check_party(request, transition.party, user)
            if request.status != transition.source:
                raise _why_not_pending(request)


def _hand_over(database: Database, request: Request) -> None:
    if not chats.hand_over(database, request.chat_id, request.from_user, request.recipient_id):
        raise DatabaseDamaged(
            f"The owner of chat {request.chat_id!r} is no longer {request.from_user!r}, as it was"
            f" when request {request.id} was sent: somebody has changed the database by hand",
            hint=command_line("check", "--full"),
        )


def _find_named(
    database: Database, transition: Transition, named: Named, user: User
) -> list[Request]:
    """Find the named requests. Passed deadlines are recorded before anything else is changed."""
    ids = [*named.numbers, *(_newest_on(database, chat_id) for chat_id in named.chats)]
    if not ids:
        ids = [request.id for request in _waiting(database, transition.party, user)]
        _check_clear(ids, named, transition)
    found = [find_as_told(database, request_id) for request_id in dict.fromkeys(ids)]
    for request in found:
        if request.status == Status.TIMED_OUT:
            record_passed_deadlines(database, requests.this(request.id))
    return found


def _check_clear(ids: list[int], named: Named, transition: Transition) -> None:
    whose = "for your answer" if transition.party == Party.RECIPIENT else "that you sent"
    if named.all_waiting:
        return
    if not ids:
        raise RequestNotFound(f"No request waits {whose}")
    if len(ids) > 1:
        raise Usage(
            f"{len(ids)} requests wait {whose}",
            hint="Name them by number, or all of them with --all.",
        )


def _waiting(database: Database, party: Party, user: User) -> list[Request]:
    given: requests.Filters = {"status": Status.PENDING}
    given["recipient" if party == Party.RECIPIENT else "requester"] = user.id
    return list(requests.matching(database, given))


def _newest_on(database: Database, chat_id: str) -> int:
    chat = find_chat(database, chat_id)
    request = requests.newest_of_chat(database, chat.id)
    if request is None:
        raise RequestNotFound(f"There is no request on chat {chat_id!r}")
    return request.id


def request_on_chat(database: Database, chat_id: str) -> int:
    """Find the number of the newest request on a chat, which alone may be pending.

    Raises `ChatNotFound` or `RequestNotFound`.
    """
    with database.read():
        return _newest_on(database, chat_id)


def check_reason(reason: str | None, offered: Sequence[str], *, others_allowed: bool) -> str:
    """Check that a reason is one of those offered, or that others are allowed. Returns it.

    If only those are allowed, it is the one offered that differs only in case or width.
    Raises `ReasonRequired` or `ReasonNotAllowed`.
    """
    if reason is None or not reason.strip():
        raise ReasonRequired(
            "A reason is required",
            hint="Give it with --reason TEXT"
            + (f", such as: {'; '.join(offered)}" if offered else ""),
        )
    if reason in offered:
        return reason
    if others_allowed:
        return check_text(reason, "reason")
    for one in offered:
        if folded(one) == folded(reason):
            return one
    raise ReasonNotAllowed(
        f"{reason!r} is not one of the reasons to choose from",
        hint=f"They are: {'; '.join(offered)}",
    )


def _check_party(request: Request, party: Party, user: User) -> None:
    if party == Party.RECIPIENT and user.id != request.recipient_id:
        raise NotRecipient(
            f"Request {request.id} was sent to {request.recipient_id!r}, not to {user.id!r}"
        )
    if party == Party.REQUESTER and user.id != request.requester_id and user.role != Role.MANAGER:
        raise NotRequester(
            f"Request {request.id} was sent by {request.requester_id!r}, not by {user.id!r}",
            hint="A manager may withdraw any request.",
        )


def _why_not_pending(request: Request) -> AssignchatError:
    if request.status == Status.TIMED_OUT:
        return RequestTimedOut(
            f"Request {request.id} timed out at {request.resolved_at}",
            hint=f"Chat {request.chat_id!r} stays with {request.from_user!r}.",
        )
    return RequestNotPending(
        f"Request {request.id} is {Status(request.status).label} already",
        hint=command_line("chat", "show", Argument(request.chat_id)),
    )
