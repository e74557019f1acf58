"""What each column holds, and where the fields of named tuples come from.

An engine need not enforce what a column is declared to hold, and a file can be changed by hand.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from types import NoneType
from typing import Any

from assignchat.model import INDEFINITE, PERSONS, UNTIL_ANSWER, ChatStatus, Event, Role, Status
from assignchat.namedtuples import NamedTuple
from assignchat.store.sql import one_of
from assignchat.texts import is_unicode


class Kind:  # a named tuple takes longer to make than all of the rest
    """What a column holds: the types of its values, and what is right among them.

    `sql` says the same of a value of these types, as a condition with `{}` for the column.
    """

    def __init__(
        self,
        what: str,
        types: frozenset[type],
        is_right: Callable[[Any], bool] | None = None,
        sql: str | None = None,
    ) -> None:
        self.what = what
        self.types = types
        self.is_right = is_right
        self.sql = sql


def _words(words: Iterable[str]) -> Kind:
    known = frozenset(map(str, words))
    what, sql = f"one of {', '.join(sorted(known))}", f"{{}} IN {one_of(sorted(known))}"
    return Kind(what, frozenset([str]), known.__contains__, sql)


def _numbers(what: str, least: int, most: int) -> Kind:
    sql = f"{{}} BETWEEN {least} AND {most}"
    return Kind(what, frozenset([int]), lambda value: least <= value <= most, sql)


def _or_null(kind: Kind) -> Kind:
    right = kind.is_right
    types = kind.types | {NoneType}
    if right is None:
        return Kind(kind.what, types)
    return Kind(kind.what, types, lambda value: value is None or right(value), kind.sql)


_LENGTH = len("2026-11-22T14:05:10.000Z")


def is_time(text: str) -> bool:
    """Return whether a text is a time exactly as it is stored."""
    if len(text) != _LENGTH or text[4:20:3] != "--T::." or text[-1] != "Z":
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "1970" <= text < "9001"


def _is_absence(text: str) -> bool:
    return text in (INDEFINITE, UNTIL_ANSWER) or is_time(text)


def _is_list_of_texts(text: str) -> bool:
    found = _parsed(text)
    return isinstance(found, list) and all(type(item) is str for item in found)


def _is_object(text: str) -> bool:
    return isinstance(_parsed(text), dict)


@lru_cache(maxsize=64)
def _parsed(text: str) -> object:
    """Read JSON. Returns None if the text is not JSON, or has half a character in an escape."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if "\\u" in text and not is_unicode(json.dumps(found, ensure_ascii=False)):
        return None
    return found


_MOST = 2**53  # JSON's readers take no larger number for exact, and no count comes near it

_TEXT = Kind("a text", frozenset([str]))
_WHOLE = _numbers("a whole number", 0, _MOST)
_ID = _numbers("an id", 1, _MOST - 1)
_FLAG = _numbers("0 or 1", 0, 1)
_TIME = Kind("a time", frozenset([str]), is_time)
_ABSENCE = _or_null(Kind("a time, indefinite or next answer", frozenset([str]), _is_absence))
_TEXTS = Kind("a JSON list of texts", frozenset([str]), _is_list_of_texts)
DETAIL = _or_null(Kind("a JSON object", frozenset([str]), _is_object))
_STATUS = _words(Status)
_TEXT_OR_NULL, _ID_OR_NULL, _TIME_OR_NULL = _or_null(_TEXT), _or_null(_ID), _or_null(_TIME)

TABLES: Mapping[str, Mapping[str, Kind]] = {
    "users": {
        "id": _TEXT,
        "name": _TEXT,
        "role": _words(Role),
        "active": _FLAG,
        "created_at": _TIME,
        "away_until": _ABSENCE,
        "capacity": _or_null(_WHOLE),
    },
    "user_aliases": {
        "folded": _TEXT,
        "alias": _TEXT,
        "user_id": _TEXT,
        "source": _TEXT_OR_NULL,
        "heading": _TEXT_OR_NULL,
    },
    "owner_names": {"source": _TEXT, "user_id": _TEXT, "name": _TEXT},
    "chats": {
        "id": _TEXT,
        "customer": _TEXT,
        "owner_id": _TEXT,
        "status": _words(ChatStatus),
        "opened_at": _TIME,
        "closed_at": _TIME_OR_NULL,
        "crm_owner_id": _TEXT_OR_NULL,
        "crm_status": _or_null(_words(ChatStatus)),
    },
    "requests": {
        "id": _ID,
        "chat_id": _TEXT,
        "requester_id": _TEXT,
        "recipient_id": _TEXT,
        "recipient_role": _words(PERSONS),
        "status": _STATUS,
        "note": _TEXT_OR_NULL,
        "reason": _TEXT_OR_NULL,
        "requested_at": _TIME,
        "expires_at": _TIME_OR_NULL,
        "resolved_at": _TIME_OR_NULL,
        "from_user": _TEXT,
        "previous_request_id": _ID_OR_NULL,
        "fallbacks": _or_null(_TEXTS),
    },
    "batches": {
        "id": _ID,
        "at": _TIME,
        "actor": _TEXT,
        "reason": _TEXT_OR_NULL,
        "undone_at": _TIME_OR_NULL,
    },
    "batch_recipients": {
        "batch_id": _ID,
        "user_id": _TEXT,
        "role": _words(Role),
        "assigned": _WHOLE,
    },
    "engagement_tracking": {
        "id": _ID,
        "at": _TIME,
        "event": _words(Event),
        "actor": _TEXT,
        "os_user": _TEXT,
        "chat_id": _TEXT_OR_NULL,
        "request_id": _ID_OR_NULL,
        "batch_id": _ID_OR_NULL,
        "from_user": _TEXT_OR_NULL,
        "to_user": _TEXT_OR_NULL,
        "status": _or_null(_STATUS),
        "reason": _TEXT_OR_NULL,
        "detail": DETAIL,
    },
    "seals": {
        "last_id": _ID,
        "first_id": _ID,
        "varying": _TEXT,
        "marks": _TEXT,
        "hash": _TEXT,
    },
    "notifications": {
        "id": _ID,
        "at": _TIME,
        "recipient_id": _TEXT,
        "text": _TEXT,
        "request_id": _ID_OR_NULL,
        "batch_id": _ID_OR_NULL,
        "read_at": _TIME_OR_NULL,
    },
    "deliveries": {"notification_id": _ID, "attempts": _WHOLE, "next_attempt_at": _TIME},
    "delivery_progress": {"id": _ID, "last_id": _WHOLE},
}
"""Each table, with what its columns hold. The first column names a row.

A table comes after those that its rows refer to.
"""

KEYS = {
    "batch_recipients": "batch_id, user_id",
    "owner_names": "source, user_id",
}
"""The columns that name a row, if the first one alone does not."""

OWN = (*TABLES, "engagement_records", "pending_requests", "user_load")
"""Our tables and views."""

_TABLE_OF = {
    "User": "users",
    "Alias": "user_aliases",
    "Chat": "chats",
    "ChatChange": "chats",
    "Holding": "chats",
    "Request": "requests",
    "BatchRow": "batches",
    "TrackingRow": "engagement_tracking",
    "Notification": "notifications",
}
"""The table from which the rows of a type come, by the name of the type."""

_JOINED = {
    "User": {"aliases": ("user_aliases", "alias", "id")},
    "Request": {"customer": ("chats", "customer", "chat_id")},
    "ChatChange": {"changed_at": ("engagement_tracking", "at", "id")},
    "Notification": {
        "chat_id": ("requests", "chat_id", "request_id"),
        "customer": ("chats", "customer", "chat_id"),
        "note": ("requests", "note", "request_id"),
        "reason": ("requests", "reason", "request_id"),
        "expires_at": ("requests", "expires_at", "request_id"),
        "request_status": ("requests", "status", "request_id"),
        "batch_undone_at": ("batches", "undone_at", "batch_id"),
    },
}
"""The fields that come from other tables: table, column, and the field that names the row."""

_COMPUTED = {
    ("User", "aliases"): _TEXTS,
    ("EngagementRecord", "requested_at"): _TIME,
    ("EngagementRecord", "expires_at"): _TIME_OR_NULL,
    ("EngagementRecord", "resolved_at"): _TIME_OR_NULL,
    ("EngagementRecord", "status"): _words([*Status, "assigned", "undone"]),
}
"""What fields hold that are put together from several values or tables."""

_BY_ANNOTATION: dict[object, Kind] = {
    str: _TEXT,
    str | None: _TEXT_OR_NULL,
    int: _numbers("a whole number", -_MOST, _MOST),
    int | None: _or_null(_numbers("a whole number", -_MOST, _MOST)),
    float: Kind("a number", frozenset([float])),
    float | None: Kind("a number", frozenset([float, NoneType])),
}
"""What all other fields hold, by their types."""


def kinds_of(row_type: type[NamedTuple]) -> Iterator[Kind | None]:
    """Yield what each field of a type of rows holds, None for one that may hold anything."""
    name = row_type.__name__
    columns = TABLES.get(_TABLE_OF.get(name, ""), {})
    joined = _JOINED.get(name, {})
    for field, annotation in row_type.__annotations__.items():
        kind = _COMPUTED.get((name, field))
        if kind is None and field in joined:
            table, column, _ = joined[field]
            kind = TABLES[table][column]
            kind = kind if annotation is str else _or_null(kind)
        yield kind or columns.get(field) or _BY_ANNOTATION.get(annotation)


def place_of(row_type: type[NamedTuple], field: str) -> tuple[str, str, str]:
    """Return the table and the column of a field, and the field that names the row."""
    name = row_type.__name__
    here = (_TABLE_OF.get(name, ""), field, row_type._fields[0])
    return _JOINED.get(name, {}).get(field, here)
