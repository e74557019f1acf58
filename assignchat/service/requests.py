"""Assignment requests: assign, accept, reject, withdraw, and who may."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Unpack

from assignchat.errors import (
    AlreadyOwner,
    AssignchatError,
    ChatClosed,
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseReadOnly,
    InvalidValue,
    NotOwner,
    NotRecipient,
    NotRequester,
    ReasonNotAllowed,
    ReasonRequired,
    RequestExists,
    RequestNotFound,
    RequestNotPending,
    RequestTimedOut,
    WrongUserType,
    command_line,
)
from assignchat.model import (
    MAX_NOTE_LENGTH,
    TRANSITIONS,
    Chat,
    ChatStatus,
    Party,
    Request,
    Status,
    User,
    check_text,
)
from assignchat.service.find import (
    find_actor,
    find_chat,
    find_recipient,
    find_request,
    id_of,
)
from assignchat.service.lifecycle import (
    ask,
    ask_next,
    deadline,
    may_assign,
    record_passed_deadlines,
)
from assignchat.store import chats, requests, users
from assignchat.store.database import Database
from assignchat.store.requests import Filters, NewRequest

DEFAULT_TIMEOUT_SECONDS = 120


def assign(
    database: Database,
    chat_id: str,
    *,
    to: str,
    actor: str,
    to_type: str | None = None,
    note: str | None = None,
    timeout_seconds: int | None = DEFAULT_TIMEOUT_SECONDS,
    then: Sequence[str] = (),
    anyway: bool = False,
) -> Request:
    """Ask `to` to take over a chat. Returns the pending request.

    The deadline is fixed here: `timeout_seconds` from now, None for none. `then` names who
    is asked next when a request is rejected or times out. Raises, among others, `NotOwner`
    unless the actor owns the chat or is a manager, `RequestExists`, `ChatClosed`,
    `AlreadyOwner`, `WrongUserType`, `UserInactive` and `UserAway` (unless `anyway`).
    """
    note = check_text(note, "note", MAX_NOTE_LENGTH) if note else None
    with database.write():
        requester = find_actor(database, actor)
        chat = find_chat(database, chat_id)
        record_passed_deadlines(database, requests.on_chat(chat.id))
        _check_may_assign(chat, requester)
        recipient = find_recipient(database, to, anyway=anyway, owners={chat.owner_id})
        if to_type is not None and recipient.role != to_type:
            raise WrongUserType(
                f"{recipient.name} ({recipient.id}) is a {recipient.role}, not a {to_type}"
            )
        _check_not_owner(chat, recipient)
        _check_none_pending(database, chat)
        new = NewRequest(
            chat_id=chat.id,
            requester_id=requester.id,
            recipient_id=recipient.id,
            recipient_role=recipient.role,
            from_user=chat.owner_id,
            note=note,
            expires_at=deadline(database, timeout_seconds),
            fallbacks=_check_fallbacks(database, chat, recipient, then),
        )
        return find_request(database, ask(database, new, actor=requester.id))


def accept(database: Database, request_id: int, *, actor: str) -> Request:
    """Take over the chat that the actor is asked to take. Returns the accepted request.

    Raises `NotRecipient`, `RequestNotPending`, `RequestTimedOut`, or `DatabaseDamaged` if the
    chat's owner has changed since the request was sent; only a manual edit can do that.
    """
    with database.write():
        request = _answer(database, "accept", request_id, actor, None)
        if not chats.hand_over(database, request.chat_id, request.from_user, request.recipient_id):
            raise DatabaseDamaged(
                f"Chat {request.chat_id!r} is not {request.from_user!r}'s any more, whose it was"
                f" when request {request.id} was sent: somebody has changed the database by hand",
                hint=command_line("check", "--full"),
            )
        return request


def reject(
    database: Database,
    request_id: int,
    *,
    reason: str | None,
    actor: str,
    offered: Sequence[str] = (),
    others_allowed: bool = True,
) -> Request:
    """Turn a request down, so that the owner keeps the chat. Returns the rejected request.

    The reason is one of `offered`, or any text if `others_allowed`. Raises `ReasonRequired`,
    `ReasonNotAllowed`, `NotRecipient`, `RequestNotPending`, `RequestTimedOut`.
    """
    reason = check_reason(reason, offered, others_allowed=others_allowed)
    with database.write():
        request = _answer(database, "reject", request_id, actor, reason)
        ask_next(database, request)
        return request


def withdraw(
    database: Database,
    request_id: int,
    *,
    reason: str | None,
    actor: str,
    offered: Sequence[str] = (),
    others_allowed: bool = True,
) -> Request:
    """Take a request back while it is pending. Returns the withdrawn request.

    The reason is one of `offered`, or any text if `others_allowed`. Raises `ReasonRequired`,
    `ReasonNotAllowed`, `NotRequester`, `RequestNotPending`, `RequestTimedOut`.
    """
    reason = check_reason(reason, offered, others_allowed=others_allowed)
    with database.write():
        return _answer(database, "withdraw", request_id, actor, reason)


def request_on_chat(database: Database, chat_id: str) -> int:
    """The id of the newest request on a chat, which is the pending one if any is.

    Raises `ChatNotFound` or `RequestNotFound`.
    """
    with database.write():
        chat = find_chat(database, chat_id)
        record_passed_deadlines(database, requests.on_chat(chat.id))
        request = requests.newest_of_chat(database, chat.id)
    if request is None:
        raise RequestNotFound(f"There is no request on chat {chat_id!r}")
    return request.id


def current_request(database: Database, request_id: int) -> Request:
    """Returns the request as it is now. A passed deadline is recorded, if it can be.

    Raises `RequestNotFound`.
    """
    with database.read():
        request = find_request(database, request_id)
        overdue = request.status == Status.TIMED_OUT and requests.any_due(database)
    if overdue:
        # The outcome is certain whether it is recorded now or by the next command.
        with suppress(DatabaseLocked, DatabaseReadOnly), database.write():
            record_passed_deadlines(database, requests.this(request_id))
    return request


def list_requests(
    database: Database,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    **given: Unpack[Filters],
) -> Iterator[Request]:
    """The requests that match, one at a time; one past its deadline reads as timed out."""
    with database.read():
        if requester := given.get("requester"):
            given["requester"] = id_of(database, requester)
        if recipient := given.get("recipient"):
            given["recipient"] = id_of(database, recipient)
        yield from requests.matching(database, given, limit=limit, newest_first=newest_first)


def possible_recipients(
    database: Database, chat_id: str, *, actor: str, role: str, anyway: bool = False
) -> list[User]:
    """Who may be asked to take over a chat: active users of a role, present unless `anyway`.

    Raises what `assign` would raise about the chat.
    """
    with database.read():
        requester = find_actor(database, actor)
        chat = find_chat(database, chat_id)
        _check_may_assign(chat, requester)
        _check_none_pending(database, chat)
        found = users.active(database, role=role, away_too=anyway)
    return [user for user in found if user.id != chat.owner_id]


def check_answerable(database: Database, action: str, request_id: int, *, actor: str) -> None:
    """Whether the actor may `reject` or `withdraw` a request now, before a reason is asked.

    Raises what the action would raise.
    """
    with database.write():
        user = find_actor(database, actor)
        request = _find_with_deadline(database, request_id)
        _check_party(request, TRANSITIONS[action].party, user)
        if request.status != Status.PENDING:
            raise _why_not_pending(request)


def _check_may_assign(chat: Chat, requester: User) -> None:
    if not may_assign(chat, requester):
        raise NotOwner(
            f"Chat {chat.id!r} belongs to {chat.owner_id!r}",
            hint="Only its owner or a manager may ask somebody to take it.",
        )
    if chat.status == ChatStatus.CLOSED:
        raise ChatClosed(
            f"Chat {chat.id!r} is closed", hint=command_line("chat", "reopen", chat.id)
        )


def _check_not_owner(chat: Chat, recipient: User) -> None:
    if recipient.id == chat.owner_id:
        raise AlreadyOwner(f"{recipient.name} owns chat {chat.id!r} already")


def _check_none_pending(database: Database, chat: Chat) -> None:
    newest = requests.newest_of_chat(database, chat.id)
    if newest is not None and newest.status == Status.PENDING:
        raise RequestExists(
            f"Request {newest.id} to {newest.recipient_id!r} is pending on chat {chat.id!r}",
            hint=f"Its requester may withdraw it: assignchat withdraw {newest.id} --reason …",
        )


def _check_fallbacks(
    database: Database, chat: Chat, recipient: User, then: Sequence[str]
) -> list[str]:
    asked = [recipient.id]
    for user_id in then:
        user = find_recipient(database, user_id, anyway=True)
        _check_not_owner(chat, user)
        if user.id in asked:
            raise InvalidValue(f"{user.name} ({user.id}) would be asked twice")
        asked.append(user.id)
    return asked[1:]


def check_reason(reason: str | None, offered: Sequence[str], *, others_allowed: bool) -> str:
    """Return the reason, if it is one of those offered, or others are allowed.

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
    if not others_allowed:
        raise ReasonNotAllowed(
            f"{reason!r} is not one of the reasons to choose from",
            hint=f"They are: {'; '.join(offered)}",
        )
    return check_text(reason, "reason")


def _answer(
    database: Database, action: str, request_id: int, actor: str, reason: str | None
) -> Request:
    """Take a request along a transition that is up to one of its parties."""
    transition = TRANSITIONS[action]
    user = find_actor(database, actor)
    request = _find_with_deadline(database, request_id)
    _check_party(request, transition.party, user)
    which = requests.this(request.id)
    if not requests.settle(database, transition, which, actor=user.id, reason=reason).ids:
        raise _why_not_pending(request)
    return find_request(database, request.id)


def _check_party(request: Request, party: Party, user: User) -> None:
    if party == Party.RECIPIENT and user.id != request.recipient_id:
        raise NotRecipient(
            f"Request {request.id} was sent to {request.recipient_id!r}, not to {user.id!r}"
        )
    if party == Party.REQUESTER and user.id != request.requester_id:
        raise NotRequester(
            f"Request {request.id} was sent by {request.requester_id!r}, not by {user.id!r}"
        )


def _find_with_deadline(database: Database, request_id: int) -> Request:
    """Record that its deadline has passed, if so. Returns the request."""
    request = find_request(database, request_id)
    if request.status == Status.TIMED_OUT:
        record_passed_deadlines(database, requests.this(request.id))
    return request


def _why_not_pending(request: Request) -> AssignchatError:
    if request.status == Status.TIMED_OUT:
        return RequestTimedOut(
            f"Request {request.id} timed out at {request.resolved_at}",
            hint=f"Chat {request.chat_id!r} stays with {request.from_user!r}.",
        )
    return RequestNotPending(
        f"Request {request.id} is {Status(request.status).label} already",
        hint=command_line("chat", "show", request.chat_id),
    )
