"""Finding what a command names: users, chats, requests, batches; with hints for typing errors."""

from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, Any

from assignchat.errors import (
    ActorUnknown,
    BatchNotFound,
    ChatClosed,
    ChatNotFound,
    NotFound,
    RequestNotFound,
    UserAway,
    UserFull,
    UserInactive,
    UserNotFound,
    WrongUserType,
)
from assignchat.model import INDEFINITE, UNTIL_ANSWER, Chat, ChatStatus, Request, Role, User
from assignchat.shell import Argument, command_line
from assignchat.store import chats, requests, users
from assignchat.store.database import Database

if TYPE_CHECKING:
    from assignchat.store.batches import BatchRow

NAMED_AT_MOST = 10


SAY_WHO = "Say who you are with --as USER or ASSIGNCHAT_USER."
"""The hint for an actor who cannot act; it does not fit where the login is the actor."""


def find_actor(database: Database, user_id: str) -> User:
    """Find the active user for whom a command runs.

    Raises `ActorUnknown`, `UserInactive`, or `WrongUserType` for a queue.
    """
    user = _named(database, user_id)
    if user is None:
        raise ActorUnknown(
            f"You are {user_id!r}, who is not a user in the database",
            hint=_suggest_user(database, user_id) or SAY_WHO,
        )
    if user.role == Role.QUEUE:
        raise WrongUserType(
            f"{user.name} ({user.id}) is a queue, and a queue does nothing",
            hint=SAY_WHO,
        )
    return check_active(user)


def check_no_alias(database: Database, login: str) -> None:
    """Raise `ActorUnknown` for a login that a CRM's data has as another name of somebody."""
    with database.read():
        user = users.of_alias(database, login)
        if user is not None and user.id != login and users.get(database, login) is None:
            raise ActorUnknown(
                f"Your login {login!r} is no user's id; it is an alias of {user.name} ({user.id}),"
                " and with a fixed identity that does not make you that user"
            )


def find_user(database: Database, user_id: str) -> User:
    """Find a user by id, else by alias. Raises `UserNotFound`."""
    user = _named(database, user_id)
    if user is None:
        raise UserNotFound(
            f"No user {user_id!r}",
            hint=_suggest_user(database, user_id) or "assignchat user list lists them.",
        )
    return user


def find_recipient(
    database: Database, user_id: str, *, unavailable_too: bool, owners: Container[str] = ()
) -> User:
    """Find an active user or queue to give a chat to, present unless `unavailable_too`.

    Raises `UserNotFound`, `UserInactive` or `UserAway`. The hint of `UserAway` names users who
    are present, without the `owners` of the chat.
    """
    user = check_active(find_user(database, user_id))
    if is_away(user, database.now) and not unavailable_too:
        how_long = away_text(str(user.away_until))
        raise UserAway(f"{user.name} is away {how_long}", hint=_who_else(database, owners))
    return user


def find_asked(
    database: Database, user_id: str, *, unavailable_too: bool, owners: Container[str] = ()
) -> User:
    """Find a user to ask: as `find_recipient`, and with room for a chat unless `unavailable_too`.

    Also raises `WrongUserType` for a queue, and `UserFull`.
    """
    user = find_recipient(database, user_id, unavailable_too=unavailable_too, owners=owners)
    if user.role == Role.QUEUE:
        raise WrongUserType(
            f"{user.name} ({user.id}) is a queue, which cannot be asked",
            hint=f"Assign it the chat: {command_line('bulk-assign', 'CHAT', '--to', user.id)}",
        )
    if not unavailable_too and is_full(database, user):
        full = f"{user.name} has as many open chats as they take, {user.capacity}"
        raise UserFull(full, hint=_who_else(database, owners))
    return user


def why_not_asked(database: Database, user: User) -> str | None:
    """Say why a user cannot be asked now, such as `away until 18:00`. Returns None if they can."""
    why = obstacle(database, user)
    return f"away {away_text(str(user.away_until))}" if why == "away" else why


def obstacle(database: Database, user: User) -> str | None:
    """Say in a word why a user cannot be asked now. Returns None if they can."""
    if not user.active:
        return "inactive"
    if user.role == Role.QUEUE:
        return "queue"
    if is_away(user, database.now):
        return "away"
    return "full" if is_full(database, user) else None


def is_full(database: Database, user: User) -> bool:
    """Return whether the user owns as many open chats as they take."""
    return user.capacity is not None and users.open_chats(database, user.id) >= user.capacity


def _who_else(database: Database, owners: Container[str]) -> str:
    there = [
        user.id
        for user in users.active(database, least_loaded_first=True)
        if user.id not in owners and why_not_asked(database, user) is None
    ]
    if there:
        return f"Present, least loaded first: {listing(there)}. Or add --anyway."
    return "Nobody else is present; to go on all the same, add --anyway."


def id_of(database: Database, name: str) -> str:
    """Find the id of the user with this id or alias. Returns the name itself if there is none."""
    user = _named(database, name)
    return user.id if user else name


def is_away(user: User, now: str) -> bool:
    """Return whether the user is away at the stored time `now`."""
    return user.away_until is not None and user.away_until > now


def away_text(away_until: str) -> str:
    """Say for how long a user is away, such as `until 2026-11-22T14:05:10.000Z`."""
    if away_until == UNTIL_ANSWER:
        return "until the next answer"
    return "indefinitely" if away_until == INDEFINITE else f"until {away_until}"


def find_chat(database: Database, chat_id: str) -> Chat:
    """Find the chat with this id. Raises `ChatNotFound`."""
    chat = chats.get(database, chat_id)
    if chat is None:
        raise ChatNotFound(
            f"No chat {chat_id!r}",
            hint=_suggest_chat(database, chat_id) or "assignchat chat list lists them.",
        )
    return chat


def find_request(database: Database, request_id: int) -> Request:
    """Find the request with this id. Raises `RequestNotFound`."""
    request = requests.get(database, request_id)
    if request is None:
        raise RequestNotFound(f"No request {request_id}", hint="assignchat requests lists them.")
    return request


def find_batch(database: Database, batch_id: int) -> "BatchRow":
    """Find the batch with this id. Raises `BatchNotFound`."""
    from assignchat.store import batches  # not needed for single chats

    batch = batches.get(database, batch_id)
    if batch is None:
        raise BatchNotFound(f"No batch {batch_id}", hint="assignchat batches lists them.")
    return batch


def unknown(
    database: Database,
    *,
    chat: str | None = None,
    users: Iterable[str | None] = (),
    request: int | None = None,
    batch: int | None = None,
) -> list[NotFound]:
    """List the filters that name nothing, because an empty list would hide a typing error."""
    wanted: list[tuple[Callable[[Database, Any], object], object]] = [
        (find_chat, chat),
        (find_request, request),
        (find_batch, batch),
        *((find_user, user) for user in users),
    ]
    missing = []
    with database.read():
        for find, name in wanted:
            try:
                if name is not None:
                    find(database, name)
            except NotFound as error:
                missing.append(error)
    return missing


def user_name(database: Database, user_id: str) -> str:
    """Find the name of a user. Returns the id itself if it is no user's, as an operator's login."""
    user = users.get(database, user_id)
    return user.name if user else user_id


def listing(ids: Iterable[str]) -> str:
    """Write up to ten ids as text, with `…` if there are more."""
    names = list(ids)
    return ", ".join(names[:NAMED_AT_MOST]) + (", …" if len(names) > NAMED_AT_MOST else "")


def _named(database: Database, name: str) -> User | None:
    return users.get(database, name) or users.of_alias(database, name)


def check_active(user: User) -> User:
    """Check that a user takes part. Returns the user. Raises `UserInactive`."""
    if not user.active:
        raise UserInactive(
            f"{user.name} ({user.id}) is not active",
            hint=command_line("user", "activate", Argument(user.id)),
        )
    return user


def check_open(chat: Chat) -> None:
    """Raise `ChatClosed` for a closed chat."""
    if chat.status == ChatStatus.CLOSED:
        raise ChatClosed(
            f"Chat {chat.id!r} is closed", hint=command_line("chat", "reopen", Argument(chat.id))
        )


def _suggest_user(database: Database, user_id: str) -> str | None:
    words = users.similar(database, user_id)
    return _did_you_mean(user_id, {word.casefold(): known for word, known in words.items()})


def _suggest_chat(database: Database, chat_id: str) -> str | None:
    return _did_you_mean(
        chat_id, {other.casefold(): other for other in chats.similar_ids(database, chat_id)}
    )


def _did_you_mean(word: str, choices: dict[str, str]) -> str | None:
    from difflib import get_close_matches  # only needed when something is wrong

    folded = word.casefold()
    close = [folded] if folded in choices else get_close_matches(folded, choices, n=3)
    close = close or [choice for choice in choices if choice.startswith(folded)][:3]
    meant = list(dict.fromkeys(choices[match] for match in close))
    return f"Did you mean {' or '.join(meant)}?" if meant else None
