"""Strict reading: what each column holds, so that no row is believed which a tool has spoilt.

An engine need not enforce what a column is declared to hold, and a file can be changed by hand.
Every row that becomes a named tuple passes `made` first. Damage is named by table, row and column.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache, lru_cache
from itertools import islice
from types import NoneType
from typing import Any, TypeVar

from assignchat.errors import AssignchatError, DatabaseDamaged
from assignchat.model import INDEFINITE, PERSONS, UNTIL_ANSWER, ChatStatus, Event, Role, Status
from assignchat.namedtuples import NamedTuple
from assignchat.store.sql import one_of
from assignchat.texts import is_unicode

R = TypeVar("R", bound=NamedTuple)


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
        "source": _or_null(_TEXT),
        "heading": _or_null(_TEXT),
    },
    "owner_names": {"source": _TEXT, "user_id": _TEXT, "name": _TEXT},
    "chats": {
        "id": _TEXT,
        "customer": _TEXT,
        "owner_id": _TEXT,
        "status": _words(ChatStatus),
        "opened_at": _TIME,
        "closed_at": _or_null(_TIME),
        "crm_owner_id": _or_null(_TEXT),
        "crm_status": _or_null(_words(ChatStatus)),
    },
    "requests": {
        "id": _ID,
        "chat_id": _TEXT,
        "requester_id": _TEXT,
        "recipient_id": _TEXT,
        "recipient_role": _words(PERSONS),
        "status": _STATUS,
        "note": _or_null(_TEXT),
        "reason": _or_null(_TEXT),
        "requested_at": _TIME,
        "expires_at": _or_null(_TIME),
        "resolved_at": _or_null(_TIME),
        "from_user": _TEXT,
        "previous_request_id": _or_null(_ID),
        "fallbacks": _or_null(_TEXTS),
    },
    "batches": {
        "id": _ID,
        "at": _TIME,
        "actor": _TEXT,
        "reason": _or_null(_TEXT),
        "undone_at": _or_null(_TIME),
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
        "chat_id": _or_null(_TEXT),
        "request_id": _or_null(_ID),
        "batch_id": _or_null(_ID),
        "from_user": _or_null(_TEXT),
        "to_user": _or_null(_TEXT),
        "status": _or_null(_STATUS),
        "reason": _or_null(_TEXT),
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
        "request_id": _or_null(_ID),
        "batch_id": _or_null(_ID),
        "read_at": _or_null(_TIME),
    },
    "deliveries": {"notification_id": _ID, "attempts": _WHOLE, "next_attempt_at": _TIME},
    "delivery_progress": {"id": _ID, "last_id": _WHOLE},
}
"""Each table, with what its columns hold. The first column names a row.

A table comes after those that its rows refer to.
"""

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
    },
}
"""The fields that come from other tables: table, column, and the field that names the row."""

_COMPUTED = {
    ("User", "aliases"): _TEXTS,
    ("EngagementRecord", "requested_at"): _TIME,
    ("EngagementRecord", "expires_at"): _or_null(_TIME),
    ("EngagementRecord", "resolved_at"): _or_null(_TIME),
    ("EngagementRecord", "status"): _words([*Status, "assigned", "undone"]),
}
"""What fields hold that are put together from several values or tables."""

_BY_ANNOTATION: dict[object, Kind] = {
    str: _TEXT,
    str | None: _or_null(_TEXT),
    int: _numbers("a whole number", -_MOST, _MOST),
    int | None: _or_null(_numbers("a whole number", -_MOST, _MOST)),
    float: Kind("a number", frozenset([float])),
    float | None: Kind("a number", frozenset([float, NoneType])),
}
"""What all other fields hold, by their types."""


class _Shape:
    """How the rows of one type are read: what each field holds, and which values to look at.

    `known` are the types of whole rows that are right: nearly all rows have those of another.
    """

    def __init__(self, row_type: type[NamedTuple]) -> None:
        self.kinds = list(kinds_of(row_type))
        rights = [kind.is_right if kind is not None else None for kind in self.kinds]
        self.looked_at = [(place, right) for place, right in enumerate(rights) if right is not None]
        self.known: set[tuple[type, ...]] = set()

    def fits(self, rows: list[tuple[Any, ...]]) -> bool:
        """Return whether all values of some rows are right, each different one looked at once."""
        columns = list(zip(*rows, strict=True))
        for kind, column in zip(self.kinds, columns, strict=True):
            if kind is not None and not kind.types.issuperset(map(type, column)):
                return False
        return all(all(map(right, set(columns[place]))) for place, right in self.looked_at)


_shape = cache(_Shape)


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


def _place(row_type: type[NamedTuple], field: str) -> tuple[str, str, str]:
    """Return the table and the column of a field, and the field that names the row."""
    name = row_type.__name__
    here = (_TABLE_OF.get(name, ""), field, row_type._fields[0])
    return _JOINED.get(name, {}).get(field, here)


_MOST_AT_ONCE = 512


def made(row_type: type[R], rows: Iterable[tuple[Any, ...]], location: str) -> Iterator[R]:
    """Yield rows as `row_type`. Raises `DatabaseDamaged` for the first value that cannot be."""
    shape = _shape(row_type)
    left = iter(rows)
    at_once = 1  # whoever wants one row does not wait for others
    while block := list(islice(left, at_once)):
        if at_once == 1 or not shape.fits(block):
            yield from map(row_type._make, _checked(row_type, block, location))
        else:
            yield from map(row_type._make, block)
        at_once = min(2 * at_once, _MOST_AT_ONCE)


def _checked(
    row_type: type[NamedTuple], rows: Iterable[tuple[Any, ...]], location: str
) -> Iterator[tuple[Any, ...]]:
    shape = _shape(row_type)
    for row in rows:
        if tuple(map(type, row)) not in shape.known:
            _check_types(row_type, row, location)
        for place, is_right in shape.looked_at:
            if not is_right(row[place]):
                raise _damage(row_type, row, place, location)
        yield row


def _check_types(row_type: type[NamedTuple], row: tuple[Any, ...], location: str) -> None:
    shape = _shape(row_type)
    types = tuple(map(type, row))
    for place, kind in enumerate(shape.kinds):
        if kind is not None and types[place] not in kind.types:
            raise _damage(row_type, row, place, location)
    shape.known.add(types)


def _damage(
    row_type: type[NamedTuple], row: tuple[Any, ...], place: int, location: str
) -> DatabaseDamaged:
    kind = _shape(row_type).kinds[place]
    table, column, key = _place(row_type, row_type._fields[place])
    what = "readable" if kind is None else kind.what
    if not table:
        return DatabaseDamaged(f"The database {location} is damaged: {column} is not {what}")
    return damage(location, table, row[row_type._fields.index(key)], column, row[place], what)


def may_come_of_damage(error: Exception) -> bool:
    """Return whether to look for a spoilt value: one can lead to any error that is not ours."""
    if isinstance(error, DatabaseDamaged):
        return error.is_of_rows and error.place is None
    return not isinstance(error, (AssignchatError, OSError))


@contextmanager
def damage_named(first_damage: Callable[[], DatabaseDamaged | None]) -> Iterator[None]:
    """Run the block. If a spoilt value may have made it fail, raises the error that names it."""
    try:
        yield
    except Exception as error:
        if may_come_of_damage(error):
            found = first_damage()
            if found is not None:
                raise found from error
        raise


_MOST_SHOWN = 60  # characters of a spoilt value


def damage(
    location: str, table: str, row: object, column: str, value: object, what: str
) -> DatabaseDamaged:
    """Return the error for a value that its column cannot hold."""
    text = repr(value)
    shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
    error = DatabaseDamaged(
        f"The database {location} is damaged: in table {table}, row {row!r}, column {column} "
        f"has {shown}, which is not {what}",
        hint="Correct that value with an SQL tool, or restore the last backup.",
    )
    error.place = (table, row, column)
    return error


def not_changed(location: str, changed: int, rows: int) -> DatabaseDamaged:
    """Return the error for a statement that did not change as many rows as it must."""
    error = DatabaseDamaged(
        f"The database {location} is damaged: {rows} rows were to change, and {changed} did",
        hint="Nothing was changed. A trigger of somebody else may be in the way: assignchat check",
    )
    error.is_of_rows = False
    return error
