"""Notifications about requests and batches: when each came, who was told, and the sentence."""

from string import Formatter

from assignchat.model import (
    ASSIGNED_AWAY_NOTICE,
    ASSIGNED_NOTICE,
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
from assignchat.store.derived.rows import Derived
from assignchat.store.derived.users import value_at
from assignchat.store.sql import one_of

_AT, _RECIPIENT, _TEXT = 3, 2, 1  # what is wrong with a notification, the worst first, or 0


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


def of_requests() -> Derived:
    """Return the notifications about requests, each with what is wrong with it."""
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
    return _compared(
        f"SELECT n.id, min(CASE WHEN t.id IS NULL THEN {_AT} WHEN {fits} THEN 0"
        f" WHEN {anybody} AND n.text = {_sentence(NOBODY_TOOK_NOTICE, name='asking.name')} THEN 0"
        # Names are gone if their rows are, which is found by itself.
        " WHEN asking.name IS NULL OR asked.name IS NULL THEN 0"
        f" WHEN {parties} OR {anybody} THEN {_TEXT} ELSE {_RECIPIENT} END) AS wrong"
        " FROM notifications n LEFT JOIN requests r ON r.id = n.request_id"
        " LEFT JOIN engagement_tracking t ON t.request_id = n.request_id AND t.at = n.at"
        f"{_name_at('r.requester_id', 'asking')}{_name_at('r.recipient_id', 'asked')}"
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

_TOLD_OF_BATCH = {
    "actor": "coalesce(actor.name, t.actor)",
    "chats": "CASE WHEN m.chats = 1 THEN '1 chat' ELSE CAST(m.chats AS TEXT) || ' chats' END",
    "batch": "CAST(n.batch_id AS TEXT)",
    "recipients": "taker.name",
}


def of_batches() -> Derived:
    """Return the notifications about batches, each with what is wrong with it."""
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
    return _compared(
        f"SELECT n.id, min(CASE WHEN m.batch_id IS NULL THEN {_RECIPIENT}"
        f" WHEN n.at <> t.at THEN {_AT}"
        f" WHEN m.event = '{Event.ASSIGNED}' AND n.recipient_id = t.actor THEN {_RECIPIENT}"
        f" WHEN n.text = {expected} OR ({to_several}) THEN 0"
        f" ELSE {_TEXT} END) AS wrong FROM notifications n"
        " LEFT JOIN moved m ON m.batch_id = n.batch_id AND m.user_id = n.recipient_id"
        " LEFT JOIN began ON began.batch_id = m.batch_id AND began.event = m.event"
        " LEFT JOIN engagement_tracking t ON t.id = began.first_row"
        f"{_name_at('t.actor', 'actor')}{_name_at('m.taker', 'taker')}"
        " WHERE n.batch_id IS NOT NULL GROUP BY n.id"
    )


def _name_at(user: str, alias: str) -> str:
    return value_at("names", "t.id", user, alias=alias)


def _compared(judged: str) -> Derived:
    wrong = {"at": _AT, "recipient_id": _RECIPIENT, "text": _TEXT}
    differs = {column: f"judged.wrong = {number}" for column, number in wrong.items()}
    return Derived("notifications", "judged.id", f"({judged}) AS judged", differs)
