"""Importing chats from a CRM: all or nothing, with every bad row named. See `userimports`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from assignchat.crm import ids
from assignchat.crm import rows as crm_rows
from assignchat.crm.parts import FEW, Row, Rows
from assignchat.crm.reading import place_of
from assignchat.crm.rows import ImportedUser
from assignchat.errors import ImportConflicts, InvalidValue
from assignchat.model import IMPORTED_AWAY_NOTICE, IMPORTED_NOTICE
from assignchat.namedtuples import NamedTuple
from assignchat.problems import Problem
from assignchat.service.find import listing, user_name
from assignchat.service.lifecycle import cancel, record_passed_deadlines
from assignchat.service.problems import MAX_PROBLEMS, Problems
from assignchat.shell import quoted
from assignchat.store import importedids, importedowners, imports, notifications, threeway
from assignchat.store.database import Database
from assignchat.store.imports import Change, Fault, Found, ImportedChat, OwnerChange
from assignchat.store.threeway import Conflict, Owners
from assignchat.texts import how_many

T = TypeVar("T", ImportedUser, ImportedChat)
Note = Callable[[str], None]

OWNER_CHANGES_SHOWN = 10
AS_IT_IS = "Export it with the ids as text, or take them as they are with --any-id."


class Imported(NamedTuple):
    """The result of an import.

    `owner_changes` counts the updated chats with a new owner; `first_owner_changes` are the first
    of them. `owners_kept` counts chats that kept their owner here; `conflicts` are those of them
    that the CRM has given to another user. A dry run lists all `changes` of known users or chats:
    users first, then owners.
    """

    created: int
    updated: int
    unchanged: int
    dry_run: bool
    owner_changes: int = 0
    first_owner_changes: Sequence[OwnerChange] = ()
    changes: Sequence[Change] = ()
    conflicts: Sequence[Conflict] = ()
    owners_kept: int = 0


def import_chats(
    database: Database,
    rows: Iterable[Rows],
    *,
    actor: str,
    owners: Owners = Owners.MERGE,
    dry_run: bool = False,
    any_id: bool = False,
    source: str | None = None,
    note: Note = lambda _: None,
) -> Imported:
    """Insert or update chats by id. Returns the counts.

    In a known chat, only values that the CRM has changed since its last import are changed.
    `owners` decides about chats whose owner was changed on both sides. If a chat changes hands or
    is closed, its pending request is cancelled. Users who get chats of others are told how many.
    `note` is called for rows that look wrong but are taken. Raises `ImportInvalid` as
    `import_users` does, and `ImportConflicts`.
    """
    problems = Problems()
    with database.write_temporary():  # rows may come slowly out of a pipe
        imports.stage(database, chats := _Chats(rows, problems))
    with database.write(dry_run=dry_run, bulk=True):
        imports.find_known(database)
        if source is not None:
            importedowners.remember_names(database, source)
        importedowners.resolve_names(database)
        imports.find_differing(database)
        threeway.keep_ours(database, owners)
        for found in imports.problems(database, MAX_PROBLEMS):
            problems.extend([problem_of(found)], _hint(found))
        if not any_id:
            _check_chat_ids(database, problems, may_be_odd=chats.may_be_odd)
        problems.refuse()
        conflicts = _conflicts(database, owners)
        future = imports.opened_after(database, database.now)
        changes = imports.changes(database) if dry_run else []
        losing = imports.losing_their_request()
        record_passed_deadlines(database, losing)
        cancel(database, losing, actor=actor, reason="The chat was imported anew")
        # Before the chats change, because afterwards nothing shows what did.
        moved, first = _tell_owners(database, actor)
        looked_for = moved and owners is not Owners.THEIRS
        returning = imports.taken_back(database, OWNER_CHANGES_SHOWN) if looked_for else []
        merged = imports.merge(database, actor)
        threeway.remember_crm(database)
        kept = threeway.kept_owners(database)
    _note_future(*future, note)
    _note_taken_back(returning, note)
    return Imported(*merged, dry_run, moved, first, changes, conflicts, kept)


def _conflicts(database: Database, owners: Owners) -> Sequence[Conflict]:
    """Find the conflicts. Raises `ImportConflicts` if `owners` does not decide them."""
    if owners not in (Owners.MERGE, Owners.REFUSE):
        return []
    conflicts = threeway.conflicts(database)
    if owners is Owners.REFUSE and conflicts:
        named = listing(f"{c.chat} ({c.ours} here, {c.theirs} in the CRM)" for c in conflicts)
        raise ImportConflicts(
            f"{how_many(len(conflicts), 'chat')} changed hands here and in the CRM: {named}",
            hint="--owners merge leaves them as they are here, theirs as they are in the CRM.",
        )
    return conflicts


def problem_of(found: Found) -> Problem:
    """Describe the fault of a staged row. Returns the problem."""
    value = place_of(found.value) if found.fault is Fault.SAME_ID else found.value
    by_owner = found.fault in (Fault.NO_USER, Fault.NO_OWNER, Fault.NOT_ACTIVE)
    return Problem(
        found.line,
        found.id,
        "owner_id" if by_owner else "id",
        found.value if by_owner else found.id,
        found.fault.format(value=value),
    )


def _hint(found: Found) -> str | None:
    if found.fault is Fault.NO_OWNER:
        return (
            "Name its column with --column owner_id=HEADER, or one owner for all with"
            " --default owner_id=USER."
        )
    if found.fault is not Fault.NO_USER:
        return None
    word = quoted(f"owner_id:{found.value}=USER")
    return f"Say who it is with --value {word}, or give a user this alias."


def _note_future(count: int, first: str | None, note: Note) -> None:
    if count:
        note(f"Opened in the future: {how_many(count, 'chat')}, the first is {first}")


def _note_taken_back(chat_ids: Sequence[str], note: Note) -> None:
    if chat_ids:
        note(
            f"Back to the owners before they were handed over here: {', '.join(chat_ids)}."
            " An export from before changes --told takes hand-overs back."
        )


def _check_chat_ids(database: Database, problems: Problems, *, may_be_odd: bool) -> None:
    """Note the new ids that a spreadsheet has spoilt, and those that are forms of known ones."""
    spoilt = list[tuple[int, str, str]]()
    forms = _odd_forms(database, spoilt, may_be_odd=may_be_odd)
    twins = importedids.twins(database, forms, MAX_PROBLEMS)
    for line, chat_id, why in spoilt:
        known = [
            known
            for low, high in ids.may_have_been(chat_id)
            for known in importedids.known_ids(database, low, high, _MEANT_AT_MOST)
        ]
        problems.extend([spoilt_id(line, chat_id, why, known)], AS_IT_IS)
    problems.extend(map(problem_of, twins), AS_IT_IS)


def _odd_forms(
    database: Database, spoilt: list[tuple[int, str, str]], *, may_be_odd: bool
) -> Iterator[tuple[str, str, int | None]]:
    """Yield the forms of ids for `importedids.twins`, and add the new ids that are spoilt."""
    for lines, new in importedids.new_ids(database) if may_be_odd else []:
        for line, chat_id in [] if ids.are_ordinary(new) else zip(lines, new, strict=True):
            why = ids.why_spoilt(chat_id)
            if why is not None and len(spoilt) < MAX_PROBLEMS:
                spoilt.append((line, chat_id, why))
            if (form := ids.canonical(chat_id)) != chat_id:
                yield form, chat_id, line
    for known in importedids.ids_of_chats(database) if importedids.are_new(database) else []:
        for chat_id in [] if ids.are_ordinary(known) else known:
            if (form := ids.canonical(chat_id)) != chat_id:
                yield form, chat_id, None


_MEANT_AT_MOST = 3


def spoilt_id(line: int, row_id: str, why: str, known: Sequence[str]) -> Problem:
    """Describe a new id that a spreadsheet has spoilt. Returns the problem, with `known` ids."""
    meant = f": is it {' or '.join(map(repr, known))}?" if known else ""
    return Problem(line, row_id, "id", row_id, f"id {row_id!r} {why}{meant}")


def _tell_owners(database: Database, actor: str) -> tuple[int, list[OwnerChange]]:
    """Tell users how many chats of others they get, and how many of theirs go to others.

    Returns the number of chats that change hands, and the first of them.
    """
    taken_over = imports.chats_by_new_owner(database)
    first = imports.owner_changes(database, OWNER_CHANGES_SHOWN) if taken_over else []
    _tell(database, IMPORTED_NOTICE, taken_over, actor)
    _tell(database, IMPORTED_AWAY_NOTICE, _lost(database, actor), actor)
    return sum(taken_over.values()), first


def _lost(database: Database, actor: str) -> dict[str, int]:
    """Count the chats that each user loses, without those of the actor, who knows."""
    lost = imports.chats_by_former_owner(database)
    lost.pop(actor, None)
    return lost


def _tell(database: Database, notice: str, chats: Mapping[str, int], actor: str) -> None:
    name = user_name(database, actor)
    for user_id, count in chats.items():
        text = notice.format(actor=name, chats=how_many(count, "chat"))
        notifications.add(database, user_id, text)


def checked(
    parts: Iterable[Rows], check: Callable[[int, Row], T], problems: Problems
) -> Iterator[T]:
    """Yield the good rows, and add the faults of the others to `problems`."""
    for rows in parts:
        for line, row in rows.singly():
            try:
                if rows.error is not None:
                    raise rows.error
                yield check(line, row)
            except InvalidValue as error:
                problems.add(line, crm_rows.id_in(row), error)
                if problems.are_too_many:
                    return


class _Chats:
    """The chats in the rows of a file, and whether an id among those that went by may be odd."""

    def __init__(self, parts: Iterable[Rows], problems: Problems) -> None:
        self._parts = parts
        self._problems = problems
        self.may_be_odd = False

    def __iter__(self) -> Iterator[Sequence[Sequence[Any]]]:
        """Yield the columns of several chats at a time, and add as `checked`."""
        for rows in self._parts:
            for chats in self._of(rows):
                self.may_be_odd = self.may_be_odd or not ids.are_ordinary(chats[1])
                yield chats
            if self._problems.are_too_many:
                return

    def _of(self, rows: Rows) -> Iterator[Sequence[Sequence[Any]]]:
        plain = crm_rows.plain_chats(rows)
        if plain is not None:
            yield plain
        elif len(rows.lines) > FEW:
            yield from chain.from_iterable(map(self._of, rows.in_parts(FEW)))
        elif chats := list(checked([rows], crm_rows.chat, self._problems)):
            yield list(zip(*chats, strict=True))
