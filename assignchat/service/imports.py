"""Bringing users and chats in from a CRM: all or nothing, every bad row named."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from assignchat.errors import AssignchatError, ImportInvalid, InvalidValue
from assignchat.model import (
    IMPORTED_AWAY_NOTICE,
    IMPORTED_NOTICE,
    ChatStatus,
    Role,
    User,
    check_id,
    check_text,
    format_time,
    how_many,
    parse_time,
)
from assignchat.service.find import user_name
from assignchat.service.lifecycle import cancel, record_passed_deadlines
from assignchat.service.users import change_user, create_user, deactivate, with_aliases
from assignchat.store import imports, notifications, requests, users
from assignchat.store.database import Database
from assignchat.store.imports import ImportedChat, OwnerChange

USER_COLUMNS = ("id", "name", "role", "active", "alias", "capacity")
CHAT_COLUMNS = ("id", "customer", "owner_id", "status", "opened_at")

T = TypeVar("T")
Row = Mapping[str, Any]
NumberedRows = Iterable[tuple[int, Row | InvalidValue]]
"""Line numbers, each with the columns of its row, or with what is wrong with it."""
Problems = list[tuple[int, str]]

MAX_PROBLEMS = 10_000
"""After so many bad rows it is the wrong file, or one without end, and is read no further."""

OWNER_CHANGES_SHOWN = 10


class Imported(NamedTuple):
    """What an import did.

    `owner_changes` of the updated chats changed hands; `first_owner_changes` are the first
    of them.
    """

    created: int
    updated: int
    unchanged: int
    dry_run: bool
    owner_changes: int = 0
    first_owner_changes: Sequence[OwnerChange] = ()


class ImportedUser(NamedTuple):
    """One row of a file of users; what it leaves out is null."""

    line: int
    id: str
    name: str | None
    role: str | None
    active: bool | None
    aliases: list[str]
    capacity: int | None


def import_users(
    database: Database, rows: NumberedRows, *, actor: str, dry_run: bool = False
) -> Imported:
    """Insert or update users by id. Raises `ImportInvalid` with every bad row's line."""
    problems: Problems = []
    wanted = list(_each_once(_checked(rows, _user, problems), problems))
    with database.write(dry_run=dry_run):
        for row in wanted:
            if row.active is False:
                record_passed_deadlines(database, requests.involving(row.id))
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        for row in wanted:
            try:
                counts[_merge_user(database, row, actor)] += 1
            except AssignchatError as error:
                problems.append((row.line, error.message))
        _refuse(problems)
        return Imported(counts["created"], counts["updated"], counts["unchanged"], dry_run)


def import_chats(
    database: Database, rows: NumberedRows, *, actor: str, dry_run: bool = False
) -> Imported:
    """Insert or update chats by id. Raises `ImportInvalid` with every bad row's line.

    A chat that changes hands or is closed so loses its pending request, which is cancelled.
    Who gets chats of others is told how many.
    """
    problems: Problems = []
    with database.write_temporary():  # rows may come as slowly as whoever writes them to a pipe
        imports.stage(database, _checked(rows, _chat, problems))
    with database.write(dry_run=dry_run, bulk=True):
        imports.mark_new(database)
        imports.resolve_owners(database)
        _refuse(problems + imports.problems(database, MAX_PROBLEMS))
        losing = imports.losing_their_request()
        record_passed_deadlines(database, losing)
        cancel(database, losing, actor=actor, reason="The chat was imported anew")
        # Before the chats change, because afterwards nothing shows what did.
        taken_over = imports.chats_by_new_owner(database)
        first = imports.owner_changes(database, OWNER_CHANGES_SHOWN) if taken_over else []
        _tell(database, IMPORTED_NOTICE, taken_over, actor)
        lost = imports.chats_by_former_owner(database)
        lost.pop(actor, None)
        _tell(database, IMPORTED_AWAY_NOTICE, lost, actor)
        merged = imports.merge(database, actor)
        return Imported(*merged, dry_run, sum(taken_over.values()), first)


def _tell(database: Database, notice: str, chats: Mapping[str, int], actor: str) -> None:
    name = user_name(database, actor)
    for user_id, count in chats.items():
        text = notice.format(actor=name, chats=how_many(count, "chat"))
        notifications.add(database, user_id, text)


def _checked(rows: NumberedRows, check: Callable[[int, Row], T], problems: Problems) -> Iterator[T]:
    """The good rows, as they come; what is wrong with the others goes to `problems`."""
    for line, row in rows:
        try:
            if isinstance(row, InvalidValue):
                raise row
            yield check(line, row)
        except InvalidValue as error:
            problems.append((line, error.message))
            if len(problems) >= MAX_PROBLEMS:
                return


def _each_once(rows: Iterable[ImportedUser], problems: Problems) -> Iterator[ImportedUser]:
    """The rows whose ids have not come before; the others go to `problems`."""
    seen: dict[str, int] = {}
    for row in rows:
        if row.id not in seen:
            seen[row.id] = row.line
            yield row
        elif len(problems) < MAX_PROBLEMS:
            problems.append((row.line, f"the same id stands on line {seen[row.id]}"))
        else:
            return


def _refuse(problems: Problems) -> None:
    if problems:
        listed = [f"line {line}: {message}" for line, message in sorted(problems)[:MAX_PROBLEMS]]
        rows = "1 row is" if len(listed) == 1 else f"{len(listed)} rows are"
        if len(listed) == MAX_PROBLEMS:
            rows = f"{MAX_PROBLEMS:,} rows or more are"
        raise ImportInvalid(f"{rows} wrong; nothing was imported", listed)


def _merge_user(database: Database, row: ImportedUser, actor: str) -> str:
    old = users.get(database, row.id)
    if old is None:
        new = User(row.id, row.name or row.id, row.role or Role.USER, row.active is not False, None)
        create_user(database, _given(row, new), actor)
        return "created"
    new = _given(row, old)._replace(name=row.name or old.name, role=row.role or old.role)
    if row.active is True:
        new = new._replace(active=True)
    change_user(database, old, new, actor)
    if row.active is False and old.active:
        count = users.open_chats(database, old.id)
        if count:
            raise InvalidValue(
                f"user {old.id!r} cannot become inactive while owning open chats ({count})"
            )
        deactivate(database, new, actor)
        return "updated"
    return "unchanged" if new == old else "updated"


def _given(row: ImportedUser, user: User) -> User:
    """The user with the aliases and the capacity that a row gives."""
    capacity = user.capacity if row.capacity is None else row.capacity
    return with_aliases(user, row.aliases)._replace(capacity=capacity)


def _user(line: int, row: Row) -> ImportedUser:
    return ImportedUser(
        line,
        check_id(_text(row, "id") or "", "user id"),
        _optional(row, "name", lambda text: check_text(text, "name")),
        _optional(row, "role", lambda text: _word(text, Role, "role")),
        _active(row),
        _aliases(row),
        _optional(row, "capacity", _capacity),
    )


def _chat(line: int, row: Row) -> ImportedChat:
    return ImportedChat(
        line,
        check_id(_text(row, "id") or "", "chat id"),
        _optional(row, "customer", lambda text: check_text(text, "customer")),
        _optional(row, "owner_id", lambda text: check_id(text, "owner_id")),
        _optional(row, "status", lambda text: _word(text, ChatStatus, "status")),
        _optional(row, "opened_at", _time),
    )


def _text(row: Row, column: str) -> str | None:
    """The text in a column; None where it is absent, null or blank."""
    value = row.get(column)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # JSON exports write ids as numbers
    if value is not None and not isinstance(value, str):
        raise InvalidValue(f"{column} is not text but {_KINDS.get(type(value), 'something else')}")
    return value if value and value.strip() else None


_KINDS = {bool: "true or false", float: "a fraction", list: "a list", dict: "an object"}


def _optional(row: Row, column: str, check: Callable[[str], T]) -> T | None:
    text = _text(row, column)
    return None if text is None else check(text)


def _time(text: str) -> str:
    try:
        return format_time(parse_time(text))
    except InvalidValue as error:
        raise InvalidValue(f"opened_at: {error.message}") from None


def _aliases(row: Row) -> list[str]:
    """The aliases of one column, or of several."""
    value = row.get("alias")
    found = (
        _text({"alias": item}, "alias") for item in (value if isinstance(value, list) else [value])
    )
    return [check_id(alias, "alias") for text in found if text is not None for alias in _each(text)]


def _each(text: str) -> list[str]:
    """The text alone, or what is in it: our own CSV has aliases as a JSON array."""
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


def _word(text: str, words: type[Role] | type[ChatStatus], column: str) -> str:
    word = text.strip().casefold()
    if word not in words.__members__.values():
        raise InvalidValue(f"{column} is one of {', '.join(words)}, not {text!r}")
    return word


def _active(row: Row) -> bool | None:
    value = row.get("active")
    if isinstance(value, bool):
        return value
    text = _text(row, "active")
    if text is None:
        return None
    if text.strip().casefold() in {"1", "true", "yes"}:
        return True
    if text.strip().casefold() in {"0", "false", "no"}:
        return False
    raise InvalidValue(f"active is true or false, not {text!r}")
