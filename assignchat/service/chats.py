"""Chats, one at a time: adding, listing, showing, closing and reopening."""

import json
from collections.abc import Iterator, Sequence

from assignchat.errors import ChatExists, NotOwner, UserInactive
from assignchat.model import Chat, ChatStatus, Event, Request, Status, TrackingRow
from assignchat.namedtuples import NamedTuple
from assignchat.service.find import find_actor, find_chat, find_recipient, find_user, id_of, listing
from assignchat.service.lifecycle import cancel, may_assign, record_passed_deadlines
from assignchat.shell import Argument, command_line
from assignchat.store import chats, requests, tracking
from assignchat.store.database import Database
from assignchat.texts import check_id, check_text


class ChatStory(NamedTuple):
    """A chat with its pending request, if any, and all its tracking rows, oldest first."""

    chat: Chat
    pending_request: Request | None
    timeline: list[TrackingRow]


def add_chat(
    database: Database,
    chat_id: str,
    *,
    customer: str,
    owner: str,
    actor: str,
    any_id: bool = False,
) -> Chat:
    """Add an open chat. Returns it.

    Raises `ChatExists`, `UserNotFound`, `UserInactive`, or `InvalidValue` for an id that can be
    taken for another, unless `any_id`.
    """
    check_id(chat_id, "chat id")
    check_text(customer, "customer")
    with database.write():
        if chats.get(database, chat_id) is not None:
            raise ChatExists(f"There is a chat {chat_id!r} already")
        if not any_id:
            from assignchat.service.new_ids import check_new_id  # only where one is added

            check_new_id(database, "chat", chat_id)
        owner_id = find_recipient(database, owner, unavailable_too=True).id
        chat = Chat(chat_id, customer, owner_id, ChatStatus.OPEN, database.now, None)
        create_chat(database, chat, actor)
        return chat


def create_chat(database: Database, chat: Chat, actor: str) -> None:
    """Store a new chat and its tracking row, inside a transaction."""
    chats.add(database, chat)
    detail = json.dumps({"customer": [None, chat.customer]}, ensure_ascii=False)
    tracking.append(
        database, Event.OPENED, actor, chat_id=chat.id, to_user=chat.owner_id, detail=detail
    )


def list_chats(
    database: Database,
    *,
    owner: str | None = None,
    status: str | None = None,
    customer: str | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> Iterator[Chat]:
    """Yield the chats of one owner, of one status, with a text in the customer's name."""
    with database.read():
        owner = owner and id_of(database, owner)
        yield from chats.matching(
            database,
            owner=owner,
            status=status,
            customer=customer,
            limit=limit,
            newest_first=newest_first,
        )


def show_chat(database: Database, chat_id: str) -> ChatStory:
    """Find a chat and all that happened to it. Returns its story. Raises `ChatNotFound`."""
    with database.read():
        chat = find_chat(database, chat_id)
        newest = requests.newest_of_chat(database, chat.id)
        pending = newest if newest is not None and newest.status == Status.PENDING else None
        timeline = list(tracking.rows(database, {"chat": chat.id}))
    return ChatStory(chat, pending, timeline)


def close_chat(database: Database, chat_id: str, *, actor: str, only_own: bool = False) -> Chat:
    """Close a chat and cancel its pending request. Returns the chat. A closed chat stays closed.

    Raises `NotOwner` if `only_own` and the actor neither owns the chat nor is a manager.
    """
    return close_chats(database, [chat_id], actor=actor, only_own=only_own)[0]


def close_chats(
    database: Database, chat_ids: Sequence[str], *, actor: str, only_own: bool = False
) -> list[Chat]:
    """Close chats, all or none, and cancel their pending requests. Returns the chats.

    Raises what `close_chat` raises.
    """
    with database.write():
        found = _find_chats(database, chat_ids, actor, only_own=only_own)
        for chat in found:
            record_passed_deadlines(database, requests.on_chat(chat.id))
        for chat in found:
            if chat.status != ChatStatus.CLOSED:
                _close(database, chat, actor)
        return [find_chat(database, chat.id) for chat in found]


def _close(database: Database, chat: Chat, actor: str) -> None:
    cancel(database, requests.on_chat(chat.id), actor=actor, reason="The chat was closed")
    chats.set_status(database, chat.id, ChatStatus.CLOSED, database.now)
    tracking.append(database, Event.CLOSED, actor, chat_id=chat.id, from_user=chat.owner_id)


def reopen_chat(database: Database, chat_id: str, *, actor: str, only_own: bool = False) -> Chat:
    """Reopen a closed chat. Returns the chat.

    Raises `UserInactive` if its owner has left, and `NotOwner` as `close_chat` does.
    """
    return reopen_chats(database, [chat_id], actor=actor, only_own=only_own)[0]


def reopen_chats(
    database: Database, chat_ids: Sequence[str], *, actor: str, only_own: bool = False
) -> list[Chat]:
    """Reopen chats, all or none. Returns the chats. Raises what `reopen_chat` raises."""
    with database.write():
        found = _find_chats(database, chat_ids, actor, only_own=only_own)
        for chat in found:
            if chat.status != ChatStatus.OPEN:
                _reopen(database, chat, actor)
        return [find_chat(database, chat.id) for chat in found]


def _find_chats(
    database: Database, chat_ids: Sequence[str], actor: str, *, only_own: bool
) -> list[Chat]:
    found = [find_chat(database, chat_id) for chat_id in dict.fromkeys(chat_ids)]
    if only_own:
        user = find_actor(database, actor)
        others = [chat for chat in found if not may_assign(chat, user)]
        if others:
            raise NotOwner(
                f"Chats of others: {listing(chat.id for chat in others)}",
                hint="Their owners may do this, a manager, or an operator.",
            )
    return found


def _reopen(database: Database, chat: Chat, actor: str) -> None:
    owner = find_user(database, chat.owner_id)
    if not owner.active:
        raise UserInactive(
            f"{owner.name}, who owns chat {chat.id!r}, is not active",
            hint="Assign it to somebody first: "
            + command_line("bulk-assign", Argument(chat.id), "--to", "USER"),
        )
    chats.set_status(database, chat.id, ChatStatus.OPEN, None)
    tracking.append(database, Event.REOPENED, actor, chat_id=chat.id, from_user=chat.owner_id)
