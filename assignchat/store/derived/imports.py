"""Notifications by imports, which are about neither a request nor a batch.

Several imports in one transaction have each told a part of the chats, and between two of them a
user may have got another name, or may have become one who is not told.
"""

import re
from collections.abc import Iterator
from typing import Any

from assignchat.model import IMPORTED_AWAY_NOTICE, IMPORTED_NOTICE
from assignchat.store.database import Database
from assignchat.store.derived import users
from assignchat.store.derived.rows import Difference
from assignchat.store.sql import with_named
from assignchat.texts import how_many

_SUBQUERIES = {
    "carried": "SELECT t.at, t.actor, t.from_user, t.to_user, count(*) AS chats,"
    " min(t.id) AS first_row, max(t.id) AS last_row FROM engagement_tracking t"
    " WHERE t.event = 'imported' AND t.from_user <> t.to_user"
    " GROUP BY t.at, t.actor, t.from_user, t.to_user",
    "moved": "SELECT at, actor, to_user AS user_id, 1 AS gained, chats, first_row, last_row"
    " FROM carried"
    " UNION ALL SELECT at, actor, from_user, 0, chats, first_row, last_row FROM carried",
    "told": "SELECT at, actor, user_id, gained, CAST(sum(chats) AS INTEGER) AS chats,"
    " min(first_row) AS first_row, max(last_row) AS last_row"
    " FROM moved GROUP BY at, actor, user_id, gained",
    "users_changed": "SELECT DISTINCT at FROM of_users",
}


def differences(database: Database) -> Iterator[Difference]:
    """Yield the notifications that no import has led to, each with the column that differs."""
    others = "n.request_id IS NULL AND n.batch_id IS NULL"
    if not database.value(f"SELECT 1 FROM notifications n WHERE {others} LIMIT 1"):
        return
    of_users = {"of_users": users.rows(database), "names": users.values(database, "name")}
    found = database.tuples(
        f"{with_named({**of_users, **_SUBQUERIES})}"
        " SELECT n.id, n.text, coalesce(actor.name, told.actor), told.chats,"
        " users_changed.at IS NULL, told.at, told.actor, told.user_id, told.gained"
        " FROM notifications n"
        " LEFT JOIN told ON told.at = n.at AND told.user_id = n.recipient_id"
        " LEFT JOIN names actor ON actor.user_id = told.actor AND actor.since < told.last_row"
        " AND (actor.until IS NULL OR actor.until > told.first_row)"
        f" LEFT JOIN users_changed ON users_changed.at = told.at WHERE {others} ORDER BY n.id",
        many=True,
    )
    wrong: dict[int, str] = {}
    by_change: dict[tuple[Any, ...], dict[int, int]] = {}  # the chats of which each tells
    for number, text, actor, chats, *change, gained in found:
        wrong.setdefault(number, "at" if chats is None else "text")
        if chats is not None:
            tells = by_change.setdefault((chats, *change, gained), {})
            told = _chats_told(IMPORTED_NOTICE if gained else IMPORTED_AWAY_NOTICE, actor, text)
            tells[number] = told or tells.get(number, 0)
    for (chats, all_told, *_), tells in by_change.items():
        together = sum(tells.values())
        for number, told in tells.items():
            if told and (chats in (told, together) or (together < chats and not all_told)):
                wrong.pop(number, None)
    for number, column in wrong.items():
        yield Difference("notifications", number, column)


def _chats_told(notice: str, actor: str, text: object) -> int:
    """Return how many chats a text tells of, if it is a sentence of an actor, or else 0."""
    before, after = notice.format(actor=actor, chats="\0").split("\0")
    told = re.fullmatch(f"{re.escape(before)}([1-9][0-9]*) chats?{re.escape(after)}", str(text))
    count = int(told[1]) if told else 0
    return count if text == notice.format(actor=actor, chats=how_many(count, "chat")) else 0
