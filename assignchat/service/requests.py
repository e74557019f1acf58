"""Sending and listing requests. They end in `settle`."""

from collections.abc import Iterator, Sequence
from typing import Unpack

from assignchat.errors import (
    AlreadyOwner,
    InvalidValue,
    NotOwner,
    RequestExists,
    UserNotFound,
    WrongUserType,
)
from assignchat.model import TRANSITIONS, Chat, Request, Status, User
from assignchat.namedtuples import NamedTuple
from assignchat.service.find import (
    check_open,
    find_actor,
    find_asked,
    find_chat,
    find_request,
    id_of,
    why_not_asked,
)
from assignchat.service.lifecycle import (
    ask,
    check_as_told,
    deadline,
    may_assign,
    record_passed_deadlines,
)
from assignchat.store import requests, users
from assignchat.store.database import Database
from assignchat.store.requests import Filters, NewRequest
from assignchat.texts import MAX_NOTE_LENGTH, check_text

DEFAULT_TIMEOUT_SECONDS = 120

REPLACED = "Replaced"
"""The reason of a request that was withdrawn to send another in its place."""

MOST_FALLBACKS = 100
"""How many users can be named to be asked next."""


class Asking(NamedTuple):
    """How to ask about chats.

    `to` is the recipient. Without it, the recipient is the user of role `to_type` who is present
    and has the fewest open chats. The deadline is `timeout_seconds` from now, None for none.
    `then` are asked next, in order, if a request is rejected or times out. `replace` withdraws
    the requester's own pending request first.
    """

    to: str | None
    to_type: str | None = None
    note: str | None = None
    timeout_seconds: int | None = DEFAULT_TIMEOUT_SECONDS
    then: Sequence[str] = ()
    unavailable_too: bool = False
    replace: bool = False


def assign(
    database: Database,
    chat_id: str,
    *,
    actor: str,
    to: str | None = None,
    to_type: str | None = None,
    note: str | None = None,
    timeout_seconds: int | None = DEFAULT_TIMEOUT_SECONDS,
    then: Sequence[str] = (),
    unavailable_too: bool = False,
    replace: bool = False,
) -> Request:
    """Ask a user to take over a chat; see `Asking`. Returns the pending request.

    Raises, among others, `NotOwner` unless the actor owns the chat or is a manager,
    `RequestExists`, `ChatClosed`, `AlreadyOwner`, `WrongUserType`, `UserInactive`, and
    unless `unavailable_too` `UserAway` and `UserFull`.
    """
    asking = Asking(to, to_type, note, timeout_seconds, then, unavailable_too, replace)
    return assign_chats(database, [chat_id], asking, actor=actor)[0]


def assign_chats(
    database: Database, chat_ids: Sequence[str], asking: Asking, *, actor: str
) -> list[Request]:
    """Ask one user to take over several chats, all or none. Returns a request for each chat.

    Raises the errors of `assign`.
    """
    if asking.note:
        check_text(asking.note, "note", MAX_NOTE_LENGTH)
    with database.write():
        requester = find_actor(database, actor)
        found = [find_chat(database, chat_id) for chat_id in dict.fromkeys(chat_ids)]
        for chat in found:
            record_passed_deadlines(database, requests.on_chat(chat.id))
        for chat in found:
            _check_may_assign(chat, requester)
        recipient = _find_asked(database, asking, owners={chat.owner_id for chat in found})
        sent = [_send(database, chat, requester, recipient, asking) for chat in found]
        return [find_request(database, request_id) for request_id in sent]


def _send(database: Database, chat: Chat, requester: User, recipient: User, asking: Asking) -> int:
    _check_not_owner(chat, recipient)
    _check_none_pending(database, chat, replaced_by=requester if asking.replace else None)
    new = NewRequest(
        chat_id=chat.id,
        requester_id=requester.id,
        recipient_id=recipient.id,
        recipient_role=recipient.role,
        from_user=chat.owner_id,
        note=asking.note or None,
        expires_at=deadline(database, asking.timeout_seconds),
        fallbacks=_check_fallbacks(database, chat, recipient, asking.then),
    )
    return ask(database, new, actor=requester.id)


def _find_asked(database: Database, asking: Asking, *, owners: set[str]) -> User:
    if asking.to is None:
        return _least_loaded(database, asking.to_type, owners)
    recipient = find_asked(
        database, asking.to, unavailable_too=asking.unavailable_too, owners=owners
    )
    if asking.to_type is not None and recipient.role != asking.to_type:
        raise WrongUserType(
            f"{recipient.name} ({recipient.id}) is a {recipient.role}, not a {asking.to_type}"
        )
    return recipient


def _least_loaded(database: Database, role: str | None, owners: set[str]) -> User:
    for user in users.active(database, role=role, least_loaded_first=True):
        if user.id not in owners and why_not_asked(database, user) is None:
            return user
    raise UserNotFound(f"No other {(role or 'user').capitalize()} is active and present")


def list_requests(
    database: Database,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    **given: Unpack[Filters],
) -> Iterator[Request]:
    """Yield the requests that match. One past its deadline is shown as timed out."""
    with database.read():
        if requester := given.get("requester"):
            given["requester"] = id_of(database, requester)
        if recipient := given.get("recipient"):
            given["recipient"] = id_of(database, recipient)
        yield from requests.matching(database, given, limit=limit, newest_first=newest_first)


class Recipients(NamedTuple):
    """The users of a role who can be asked, with their open chats, and the others, with why."""

    users: list[tuple[User, int]]
    left_out: list[tuple[User, str]]


def possible_recipients(
    database: Database,
    chat_ids: Sequence[str],
    *,
    actor: str,
    role: str,
    unavailable_too: bool = False,
    replace: bool = False,
) -> Recipients:
    """List the users of a role who can be asked to take over chats.

    Users who are away or full are left out, unless `unavailable_too`. Raises the errors of
    `assign` about the chats.
    """
    with database.read():
        requester = find_actor(database, actor)
        chats = [find_chat(database, chat_id) for chat_id in chat_ids]
        for chat in chats:
            _check_may_assign(chat, requester)
            if not replace:
                _check_none_pending(database, chat)
        owners = {chat.owner_id for chat in chats}
        found = users.active(database, role=role, away_too=True)
        others = [user for user in found if user.id not in owners]
        reasons = (
            {} if unavailable_too else {user: why_not_asked(database, user) for user in others}
        )
        offered = [
            (user, users.open_chats(database, user.id)) for user in others if not reasons.get(user)
        ]
    return Recipients(offered, [(user, reason) for user, reason in reasons.items() if reason])


def _check_may_assign(chat: Chat, requester: User) -> None:
    if not may_assign(chat, requester):
        raise NotOwner(
            f"Chat {chat.id!r} belongs to {chat.owner_id!r}",
            hint="Only its owner or a manager may ask somebody to take it.",
        )
    check_open(chat)


def _check_not_owner(chat: Chat, recipient: User) -> None:
    if recipient.id == chat.owner_id:
        raise AlreadyOwner(f"{recipient.name} owns chat {chat.id!r} already")


def _check_none_pending(database: Database, chat: Chat, *, replaced_by: User | None = None) -> None:
    """Refuse a second request. A pending one of `replaced_by` is withdrawn instead."""
    newest = requests.newest_of_chat(database, chat.id)
    if newest is None or newest.status != Status.PENDING:
        return
    if replaced_by is not None and newest.requester_id == replaced_by.id:
        check_as_told(database, newest)
        which, withdraw = requests.this(newest.id), TRANSITIONS["withdraw"]
        requests.settle(database, withdraw, which, actor=replaced_by.id, reason=REPLACED)
        return
    raise RequestExists(
        f"Request {newest.id} to {newest.recipient_id!r} is pending on chat {chat.id!r}",
        hint="Its requester may send another in its place with --replace, and they or a manager"
        f" may withdraw it: assignchat withdraw {newest.id} --reason TEXT",
    )


def _check_fallbacks(
    database: Database, chat: Chat, recipient: User, then: Sequence[str]
) -> list[str]:
    """List the users to ask next: the named ones, and then those of the rules."""
    if len(then) > MOST_FALLBACKS:  # each request of the chain keeps those who are left
        raise InvalidValue(f"{len(then)} users to ask next; at most {MOST_FALLBACKS} can be named")
    asked = {recipient.id: None}
    for user_id in then:
        user = find_asked(database, user_id, unavailable_too=True)
        _check_not_owner(chat, user)
        if user.id in asked:
            raise InvalidValue(f"{user.name} ({user.id}) would be asked twice")
        asked[user.id] = None
    others = (id_of(database, name) for name in database.rules.fallback)
    asked |= {name: None for name in others if name != chat.owner_id}
    return list(asked)[1:]
