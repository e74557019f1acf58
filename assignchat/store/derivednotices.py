"""What tracking tells of notifications: when each came, who was told, and the sentence."""

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from assignchat.model import (
    ASSIGNED_AWAY_NOTICE,
    ASSIGNED_NOTICE,
    IMPORTED_AWAY_NOTICE,
    IMPORTED_NOTICE,
    LOST_NOTICE,
    NOBODY_TOOK_NOTICE,
    NOT_TAKEN,
    NOTICES,
    REGAINED_NOTICE,
    SET_AWAY_NOTICE,
    Event,
    Party,
)
from assignchat.store.database import Database
from assignchat.store.sql import one_of, with_named
from assignchat.texts import how_many

AT, RECIPIENT, TEXT = 3, 2, 1
"""What is wrong with a notification, the worst first; 0 is nothing."""


def name_at(names: str, row: str, user: str) -> str:
    """Write the SQL that joins the name that a user had when a tracking row was appended."""
    return (
        f" LEFT JOIN names {names} ON {names}.user_id = {user} AND {names}.since < {row}"
        f" AND ({names}.until IS NULL OR {names}.until > {row})"
    )


def _sentence(notice: str, **values: str) -> str:
    """Write the SQL of a sentence with the SQL of what it names."""
    parts = []
    for text, field, _, _ in Formatter().parse(notice.replace("%s", "{name}")):
        parts += [f"'{text}'"] if text else []
        parts += [values[field]] if field else []
    return " || ".join(parts)


# Of requests. Several things may have happened to one at the same time; one of them must fit.


def _told(party: Party, name: str) -> str:
    cases = " ".join(
        f"WHEN '{event}' THEN {_sentence(text, name=name)}"
        for (event, told), text in NOTICES.items()
        if told == party
    )
    return f"CASE t.event {cases} END"


def of_requests() -> str:
    """Write the SQL of each notification about a request, and what is wrong with it."""
    missed = "replace(t.reason, ' in a row timed out', '')"
    set_away = _sentence(SET_AWAY_NOTICE, requests=missed)
    # One user may be two of them: who may ask for a colleague's chat may ask themselves for it.
    fits = (
        f"n.recipient_id = r.recipient_id AND n.text = {_told(Party.RECIPIENT, 'asking.name')}"
        f" OR n.recipient_id = r.recipient_id AND t.event = '{Event.USER_CHANGED}'"
        f" AND n.text = {set_away}"
        f" OR n.recipient_id = r.requester_id AND n.text = {_told(Party.REQUESTER, 'asked.name')}"
        f" OR n.recipient_id = r.from_user AND n.text = {_told(Party.OWNER, 'asked.name')}"
    )
    anybody = f"t.status IN {one_of(NOT_TAKEN)} AND n.recipient_id <> r.requester_id"
    parties = "n.recipient_id IN (r.requester_id, r.recipient_id, r.from_user)"
    return (
        f"SELECT n.id, min(CASE WHEN t.id IS NULL THEN {AT} WHEN {fits} THEN 0"
        f" WHEN {anybody} AND n.text = {_sentence(NOBODY_TOOK_NOTICE, name='asking.name')} THEN 0"
        # Names are gone if their rows are, which is found by itself.
        " WHEN asking.name IS NULL OR asked.name IS NULL THEN 0"
        f" WHEN {parties} OR {anybody} THEN {TEXT} ELSE {RECIPIENT} END) AS wrong"
        " FROM notifications n LEFT JOIN requests r ON r.id = n.request_id"
        " LEFT JOIN engagement_tracking t ON t.request_id = n.request_id AND t.at = n.at"
        f"{name_at('asking', 't.id', 'r.requester_id')}{name_at('asked', 't.id', 'r.recipient_id')}"
        " WHERE n.request_id IS NOT NULL GROUP BY n.id"
    )


JUDGED_BY = ("requester_id", "recipient_id", "from_user", "status")
"""The columns of requests by which their notifications are judged."""


def is_about(database: Database, notification_id: object, requests: set[object]) -> bool:
    """Return whether a notification is about one of some requests, and so wrong with it."""
    about = "SELECT CAST(request_id AS TEXT) FROM notifications WHERE id = :id"
    bound = {"id": int(str(notification_id))}
    return bool(requests) and database.value(about, bound) in requests


# Of batches. One who has got chats may have lost others, and both when it was undone.

MOVED = (
    "SELECT batch_id, event, to_user AS user_id, 1 AS gained, sum(chats) AS chats,"
    " NULL AS taker FROM counted GROUP BY batch_id, event, to_user"
    " UNION ALL SELECT batch_id, event, from_user, 0, sum(chats),"
    " CASE WHEN count(*) = 1 THEN min(to_user) END"
    " FROM counted GROUP BY batch_id, event, from_user"
)
"""How many chats each user has got and lost by a batch, and to whom, if that is one user."""


_TOLD_OF_BATCH = {
    "actor": "coalesce(actor.name, t.actor)",
    "chats": "CASE WHEN m.chats = 1 THEN '1 chat' ELSE CAST(m.chats AS TEXT) || ' chats' END",
    "batch": "CAST(n.batch_id AS TEXT)",
    "recipients": "taker.name",
}


def of_batches() -> str:
    """Write the SQL of each notification about a batch, and what is wrong with it."""
    told = _TOLD_OF_BATCH
    lost, end = ASSIGNED_AWAY_NOTICE.split("{recipients}")
    lost = _sentence(lost, **told)
    to_several = (
        f"m.event = '{Event.ASSIGNED}' AND m.gained = 0 AND m.taker IS NULL"
        f" AND substr(n.text, 1, length({lost})) = {lost}"
        f" AND substr(n.text, length(n.text), 1) = '{end}'"
    )
    expected = (
        f"CASE m.event WHEN '{Event.ASSIGNED}'"
        f" THEN CASE m.gained WHEN 1 THEN {_sentence(ASSIGNED_NOTICE, **told)}"
        f" ELSE {_sentence(ASSIGNED_AWAY_NOTICE, **told)} END"
        f" ELSE CASE m.gained WHEN 1 THEN {_sentence(REGAINED_NOTICE, **told)}"
        f" ELSE {_sentence(LOST_NOTICE, **told)} END END"
    )
    return (
        f"SELECT n.id, min(CASE WHEN m.batch_id IS NULL THEN {RECIPIENT}"
        f" WHEN n.at <> t.at THEN {AT}"
        f" WHEN m.event = '{Event.ASSIGNED}' AND n.recipient_id = t.actor THEN {RECIPIENT}"
        f" WHEN n.text = {expected} OR ({to_several}) THEN 0"
        f" ELSE {TEXT} END) AS wrong FROM notifications n"
        " LEFT JOIN moved m ON m.batch_id = n.batch_id AND m.user_id = n.recipient_id"
        " LEFT JOIN began ON began.batch_id = m.batch_id AND began.event = m.event"
        " LEFT JOIN engagement_tracking t ON t.id = began.first_row"
        f"{name_at('actor', 't.id', 't.actor')}{name_at('taker', 't.id', 'm.taker')}"
        " WHERE n.batch_id IS NOT NULL GROUP BY n.id"
    )


# All others came by imports. Several in one transaction have each told a part of the chats, and
# between two of them a user may have got another name, or may have become one who is not told.

_OF_IMPORTS = {
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


def differing_of_imports(
    database: Database, of_users: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Yield the id of each notification that no import has led to, and the column that differs.

    `of_users` are the subqueries that end in the names of users.
    """
    others = "n.request_id IS NULL AND n.batch_id IS NULL"
    if not database.value(f"SELECT 1 FROM notifications n WHERE {others} LIMIT 1"):
        return
    found = database.tuples(
        f"{with_named({**of_users, **_OF_IMPORTS})}"
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
    yield from wrong.items()


def _chats_told(notice: str, actor: str, text: object) -> int:
    """Return how many chats a text tells of, if it is a sentence of an actor, or else 0."""
    before, after = notice.format(actor=actor, chats="\0").split("\0")
    told = re.fullmatch(f"{re.escape(before)}([1-9][0-9]*) chats?{re.escape(after)}", str(text))
    count = int(told[1]) if told else 0
    return count if text == notice.format(actor=actor, chats=how_many(count, "chat")) else 0
