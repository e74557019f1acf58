"""Queues: users take chats that belong to no person yet."""

from collections.abc import Sequence

from assignchat.errors import AlreadyTaken, NotOwner, WrongUserType
from assignchat.model import Chat, Role, Split, User
from assignchat.service.batches import BulkAssigned, reassign
from assignchat.service.find import check_open, find_actor, find_chat, find_user
from assignchat.service.lifecycle import record_passed_deadlines
from assignchat.store import chats, tracking
from assignchat.store.database import Database
from assignchat.store.selections import Selection


def take(
    database: Database,
    chat_ids: Sequence[str] = (),
    *,
    actor: str,
    from_queue: str | None = None,
    oldest: int = 1,
) -> BulkAssigned:
    """Take chats of queues directly: those of `chat_ids`, or the `oldest` open ones of a queue.

    A manager may take any chats. Returns what was assigned to the actor, as one batch. Raises,
    among others, `AlreadyTaken` if somebody else has just taken one, `NotOwner` for a chat that
    is not a queue's, `ChatClosed`, and `WrongUserType` if `from_queue` is no queue.
    """
    # A manager may take a chat from a user, but not unawares: it was a queue's a moment ago.
    with database.read():
        seen = [find_chat(database, chat_id) for chat_id in chat_ids]
    with database.write():
        user = find_actor(database, actor)
        if from_queue is not None:
            queue = find_user(database, from_queue)
            if queue.role != Role.QUEUE:
                raise WrongUserType(f"{queue.name} ({queue.id}) is not a queue")
            chat_ids = chats.oldest_open(database, queue.id, oldest)
        selection = Selection.of_ids(database, chat_ids)
        record_passed_deadlines(database, selection.requests)
        for before in seen:
            _check_takeable(database, find_chat(database, before.id), before, user)
        return reassign(
            database,
            selection,
            to=[user.id],
            actor=user.id,
            split=Split.EVEN,
            reason=None,
            unavailable_too=True,
        )


def _check_takeable(database: Database, chat: Chat, before: Chat, user: User) -> None:
    owner = find_user(database, chat.owner_id)
    if owner.id != user.id and owner.role != Role.QUEUE:
        changed = chat.owner_id != before.owner_id
        if changed or (user.role != Role.MANAGER and _was_a_queues(database, chat)):
            raise AlreadyTaken(f"{owner.name} has taken chat {chat.id!r}")
        if user.role != Role.MANAGER:
            raise NotOwner(
                f"Chat {chat.id!r} belongs to {owner.id!r}, who is not a queue",
                hint="Only a manager may take it.",
            )
    check_open(chat)


def _was_a_queues(database: Database, chat: Chat) -> bool:
    """Return whether the chat came to its owner from a queue."""
    giver = tracking.last_giver(database, chat.id)
    return giver is not None and find_user(database, giver).role == Role.QUEUE
