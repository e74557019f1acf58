"""The notices of batches, to the users who get chats or lose them, inside a transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence

from assignchat.model import (
    ASSIGNED_AWAY_NOTICE,
    ASSIGNED_NOTICE,
    LOST_NOTICE,
    REGAINED_NOTICE,
    User,
)
from assignchat.service.find import listing, user_name
from assignchat.store import notifications
from assignchat.store.batches import GivenBack
from assignchat.store.database import Database
from assignchat.store.selections import Move
from assignchat.texts import how_many


def tell_recipients(
    database: Database, batch_id: int, actor: str, assigned: Mapping[str, int]
) -> None:
    """Tell each user how many chats they were assigned, but for the actor."""
    name = user_name(database, actor)
    for user_id, count in assigned.items():
        if count and user_id != actor:
            text = ASSIGNED_NOTICE.format(actor=name, chats=how_many(count, "chat"))
            notifications.add(database, user_id, text, batch_id=batch_id)


def tell_former_owners(
    database: Database,
    batch_id: int,
    actor: str,
    recipients: Mapping[str, User],
    moves: Sequence[Move],
) -> None:
    """Tell each user how many of their chats have moved, and to whom, but for the actor."""
    name = user_name(database, actor)
    given: dict[str, list[Move]] = {}
    for move in moves:
        if move.from_user != actor:
            given.setdefault(move.from_user, []).append(move)
    for user_id, own in given.items():
        takers = dict.fromkeys(recipients[move.to_user].name for move in own)
        text = ASSIGNED_AWAY_NOTICE.format(
            actor=name,
            chats=how_many(sum(move.chats for move in own), "chat"),
            recipients=listing(takers),
        )
        notifications.add(database, user_id, text, batch_id=batch_id)


def tell_undone(
    database: Database, batch_id: int, user: User, returned: Sequence[GivenBack]
) -> None:
    """Tell each user how many chats they got back or lost by an undo, but for its actor."""
    lost, regained = Counter[str](), Counter[str]()
    for change in returned:
        lost[change.from_user] += change.chats
        regained[change.to_user] += change.chats
    for told, notice in ((regained, REGAINED_NOTICE), (lost, LOST_NOTICE)):
        for user_id, count in told.items():
            if user_id != user.id:
                chats = how_many(count, "chat")
                text = notice.format(actor=user.name, batch=batch_id, chats=chats)
                notifications.add(database, user_id, text, batch_id=batch_id)
