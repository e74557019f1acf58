"""Turning rows into users and chats, and checking each value."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from assignchat.crm.formulas import is_error
from assignchat.crm.parts import Row, Rows
from assignchat.crm.times import are_stored, stored_iso
from assignchat.errors import InvalidValue
from assignchat.model import ChatStatus, Role
from assignchat.namedtuples import NamedTuple
from assignchat.store.imports import ImportedChat
from assignchat.texts import MAX_ID_LENGTH, MAX_TEXT_LENGTH, check_id, check_text
from assignchat.times import format_time, parse_time

OWN_CHAT_COLUMNS = ("crm_owner_id", "crm_status")
"""What only this program writes of a chat: what the CRM said last."""

T = TypeVar("T")


class ImportedUser(NamedTuple):
    """One row of a file of users. A value that is not in the file is null."""

    line: int
    id: str
    name: str | None
    role: str | None
    active: bool | None
    aliases: Mapping[str, str | None]
    """Each alias with the heading under which it stood, if that is known."""
    capacity: int | None


def user(line: int, row: Row) -> ImportedUser:
    """Make a user of a row. Raises `InvalidValue` naming the column."""
    return ImportedUser(
        line,
        _id(row, "user id"),
        _optional(row, "name", lambda text: check_text(text, "name")),
        _optional(row, "role", lambda text: _word(text, Role)),
        _optional(row, "active", _active),
        _aliases(row),
        _optional(row, "capacity", _capacity),
    )


def chat(line: int, row: Row) -> ImportedChat:
    """Make a chat of a row. Raises `InvalidValue` naming the column."""
    return ImportedChat(
        line,
        _id(row, "chat id"),
        _optional(row, "customer", _customer) or "",
        _optional(row, "owner_id", _owner_id) or "",
        _optional(row, "status", _chat_status) or "",
        _time(row, "opened_at"),
        _time(row, "closed_at"),
        _optional(row, "crm_owner_id", _owner_id) or "",
        _optional(row, "crm_status", _chat_status) or "",
        int("crm_owner_id" in row),
    )


def plain_chats(rows: Rows) -> list[Sequence[Any]] | None:
    """Make chats of several rows. Returns the columns of an `ImportedChat`.

    Returns None unless all of their values are plain, so that `chat` would take them as they are.
    Nearly all are, and files have millions.
    """
    if rows.error is not None or not all(rows.columns.get("id", [""])):
        return None
    blank = [""] * len(rows.lines)
    found: list[Sequence[Any]] = [rows.lines]
    for name, plain in _PLAIN.items():
        values = plain(rows.columns[name]) if name in rows.columns else blank
        if values is None:
            return None
        found.append(values)
    return [*found, [int("crm_owner_id" in rows.columns)] * len(rows.lines)]


def _plain_texts(values: Sequence[Any], length: int) -> Sequence[str] | None:
    """Return the values if all are visible text without space at its ends, or blank."""
    try:
        is_visible = "".join(values).isprintable()
    except TypeError:
        return None
    are_trimmed = is_visible and [*map(str.strip, values)] == [*values]
    # What a spreadsheet shows for an error begins with a #.
    are_errors = "\n#" in "\n".join(["", *values])
    return values if are_trimmed and not are_errors and max(map(len, values)) <= length else None


def _plain_statuses(values: Sequence[Any]) -> Sequence[str] | None:
    try:
        return values if _STATUSES.issuperset(values) else None
    except TypeError:
        return None


def _plain_times(values: Sequence[Any]) -> Sequence[str] | None:
    if are_stored(values):
        return values
    times = []
    for value in values:
        time = value and stored_iso(value) if type(value) is str else None
        if time is None:
            return None
        times.append(time)
    return times


_PLAIN: Mapping[str, Callable[[Sequence[Any]], Sequence[str] | None]] = {
    "id": partial(_plain_texts, length=MAX_ID_LENGTH),
    "customer": partial(_plain_texts, length=MAX_TEXT_LENGTH),
    "owner_id": partial(_plain_texts, length=MAX_ID_LENGTH),
    "status": _plain_statuses,
    "opened_at": _plain_times,
    "closed_at": _plain_times,
    "crm_owner_id": partial(_plain_texts, length=MAX_ID_LENGTH),
    "crm_status": _plain_statuses,
}


def id_in(row: Row) -> str | None:
    """Find the id in a row that may be wrong, for people who look for it."""
    value = row.get("id")
    text = value.strip() if isinstance(value, str) else str(value)
    return text[:_SHOWN] if value is not None and text else None


_SHOWN = 200


def _id(row: Row, what: str) -> str:
    text = _text(row, "id")
    try:
        return check_id(text.strip() if text else "", what)
    except InvalidValue as error:
        raise _in_column(error, "id", row) from None


def _optional(row: Row, column: str, check: Callable[[str], T]) -> T | None:
    text = _text(row, column)
    if text is None:
        return None
    try:
        return check(text)
    except InvalidValue as error:
        raise _in_column(error, column, row) from None


def _in_column(error: InvalidValue, column: str, row: Row) -> InvalidValue:
    error.column, error.value = column, row.get(column)
    return error


def _text(row: Row, column: str) -> str | None:
    """Return the text in a column. Returns None if it is absent, null or blank."""
    value = row.get(column)
    if value is None:
        return None
    if isinstance(value, bool) and column == "active":
        value = str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # JSON and workbooks have ids as numbers
    if not isinstance(value, str):
        kind = _KINDS.get(type(value), "something else")
        raise InvalidValue(f"{column} is not text but {kind}", column=column, value=value)
    if is_error(value):
        raise InvalidValue(
            f"{column} is an error of a spreadsheet: {value}", column=column, value=value
        )
    return value if value and not value.isspace() else None


_KINDS = {
    bool: "true or false",
    float: "a fraction",
    list: "a list",
    dict: "an object",
    datetime: "a time",
    date: "a date",
    time: "a time of day",
}


def _customer(text: str) -> str:
    return check_text(text, "customer")


def _owner_id(text: str) -> str:
    return check_id(text.strip(), "owner_id")


def _chat_status(text: str) -> str:
    return _word(text, ChatStatus)


_STATUSES = frozenset({*map(str, ChatStatus), ""})


def _time(row: Row, column: str) -> str:
    value = row.get(column)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return format_time(value)
    text = _text(row, column)
    if text is None:
        return ""
    try:
        return stored_iso(text) or format_time(parse_time(text.strip()))
    except InvalidValue as error:
        raise InvalidValue(
            f"{column}: {error.message}", error.hint, column=column, value=value
        ) from None


def _word(text: str, words: type[StrEnum]) -> str:
    word = text.strip().casefold()
    if word not in words.__members__.values():
        column = "role" if words is Role else "status"
        raise InvalidValue(
            f"{column} is one of {', '.join(words)}, not {text.strip()!r}",
            hint=f"Say what it means: --value '{column}:{text.strip()}=MEANING'",
            is_word=True,
        )
    return word


def _active(text: str) -> bool:
    word = text.strip().casefold()
    if word not in _TRUTHS:
        raise InvalidValue(
            f"active is true or false, not {text.strip()!r}",
            hint=f"Say what it means: --value 'active:{text.strip()}=yes'",
            is_word=True,
        )
    return _TRUTHS[word]


_TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _aliases(row: Row) -> dict[str, str | None]:
    """Return the aliases of one column, or of several."""
    value = row.get("alias")
    return {
        check_id(alias, "alias"): getattr(item, "heading", None)
        for item in (value if isinstance(value, list) else [value])
        if (text := _text({"alias": item}, "alias")) is not None
        for alias in _each(text)
    }


def _each(text: str) -> list[str]:
    """List the text alone, or its items: our own CSV has aliases as a JSON array."""
    with suppress(ValueError):
        value = json.loads(text)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
    return [text.strip()]


def _capacity(text: str) -> int:
    number = text.strip()
    if not (number.isascii() and number.isdigit() and len(number) <= _CAPACITY_DIGITS):
        raise InvalidValue(f"capacity is a number from 0 on, not {text!r}")
    return int(number)


_CAPACITY_DIGITS = 9
