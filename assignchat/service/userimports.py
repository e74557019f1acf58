"""Importing users from a CRM: all or nothing, with every bad row named."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from assignchat.crm import ids
from assignchat.crm import rows as crm_rows
from assignchat.crm.parts import Rows
from assignchat.crm.rows import ImportedUser
from assignchat.errors import AliasExists, InvalidInput, InvalidValue, NotFound, Refused
from assignchat.model import Alias, Role, User
from assignchat.problems import Problem
from assignchat.service.imports import (
    AS_IT_IS,
    Imported,
    checked,
    problem_of,
    spoilt_id,
)
from assignchat.service.lifecycle import record_passed_deadlines
from assignchat.service.problems import Problems
from assignchat.service.users import change_user, create_user, deactivate, with_aliases
from assignchat.shell import Argument, command_line
from assignchat.store import requests, users
from assignchat.store.database import Database
from assignchat.store.imports import Change, Fault, Found


def import_users(
    database: Database,
    rows: Iterable[Rows],
    *,
    actor: str,
    dry_run: bool = False,
    any_id: bool = False,
    source: str | None = None,
) -> Imported:
    """Insert or update users by id. Returns the counts.

    Raises `ImportInvalid` with every bad row's line. A new id that a spreadsheet has spoilt, or
    that is another form of a known one, is bad too, unless `any_id`.
    """
    problems = Problems()
    wanted = list(_each_once(checked(rows, crm_rows.user, problems), problems))
    changes: list[Change] = []
    with database.write(dry_run=dry_run):
        if not any_id:
            _check_user_ids(database, wanted, problems)
        for row in wanted:
            if row.active is False:
                record_passed_deadlines(database, requests.involving(row.id))
        done = Counter[str]()
        for row in wanted:
            try:
                done[_merge_user(database, row, actor, changes)] += 1
                for alias, heading in row.aliases.items():
                    users.put_alias(database, Alias(alias, row.id, source, heading))
            except (InvalidInput, NotFound, Refused) as error:
                of_known = "active" if users.get(database, row.id) else "id"
                column = "alias" if isinstance(error, AliasExists) else of_known
                problem = Problem(row.line, row.id, column, None, error.message)
                problems.extend([problem], error.hint)
        problems.refuse()
    listed = sorted(changes, key=_people_first) if dry_run else []
    counts = (done["created"], done["updated"], done["unchanged"])
    return Imported(*counts, dry_run, changes=listed)


def _check_user_ids(database: Database, wanted: Sequence[ImportedUser], problems: Problems) -> None:
    """Note the new ids that a spreadsheet has spoilt, and those that are forms of known ones."""
    in_order = sorted(users.ids(database))
    known = set(in_order)
    forms = {ids.canonical(user_id): user_id for user_id in in_order}
    for row in wanted:
        if row.id in known:
            continue
        why = ids.why_spoilt(row.id)
        if why is not None:
            meant = _in_ranges(in_order, ids.may_have_been(row.id))
            problems.extend([spoilt_id(row.line, row.id, why, meant[:3])], AS_IT_IS)
            continue
        other = forms.setdefault(ids.canonical(row.id), row.id)
        message = f"is it another form of the user {other!r}?"
        if other == row.id and (owner := users.of_alias(database, row.id)) is not None:
            other, message = owner.id, f"is an alias of the user {owner.id!r}"
        if other != row.id:
            problems.extend([Problem(row.line, row.id, "id", row.id, message)], AS_IT_IS)


def _in_ranges(in_order: Sequence[str], ranges: Iterable[tuple[str, str]]) -> list[str]:
    """List the first few of some ids that lie in each range, its ends included."""
    found: set[str] = set()
    for low, high in ranges:
        first = bisect_left(in_order, low)
        found.update(in_order[first : min(first + 3, bisect_right(in_order, high))])
    return sorted(found)


def _each_once(found: Iterable[ImportedUser], problems: Problems) -> Iterator[ImportedUser]:
    """Yield the rows with a new id, and add those with a repeated id to `problems`."""
    seen: dict[str, int] = {}
    for row in found:
        if row.id not in seen:
            seen[row.id] = row.line
            yield row
        elif not problems.are_too_many:
            first = Found(row.line, row.id, seen[row.id], Fault.SAME_ID)
            problems.extend([problem_of(first)])
        else:
            return


def _merge_user(database: Database, row: ImportedUser, actor: str, changes: list[Change]) -> str:
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
                f"user {old.id!r} cannot become inactive while owning open chats ({count})",
                hint=command_line("user", "deactivate", Argument(old.id), "--reassign-to", "USER"),
            )
        new = deactivate(database, new, actor)
    changes += [
        Change(old.id, column, before, after)
        for column, before, after in zip(User._fields, old, new, strict=True)
        if before != after
    ]
    return "unchanged" if new == old else "updated"


def _given(row: ImportedUser, user: User) -> User:
    """Return the user with the aliases and the capacity of a row."""
    capacity = user.capacity if row.capacity is None else row.capacity
    return with_aliases(user, row.aliases)._replace(capacity=capacity)


def _people_first(change: Change) -> tuple[bool, int]:
    """Return a key that sorts changes: deactivated, promoted and renamed users come first."""
    columns = ("active", "role", "name", "capacity", "aliases")
    return change.new is True, columns.index(change.column)
