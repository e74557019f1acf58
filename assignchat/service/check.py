"""Checking the database: what is stored, its guards, and its rows against tracking."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from assignchat.crm.ids import canonical
from assignchat.errors import DatabaseDamaged
from assignchat.namedtuples import NamedTuple
from assignchat.service.find import NAMED_AT_MOST, listing
from assignchat.shell import command_line
from assignchat.store import checks, seals, twins
from assignchat.store.damage import damages_not_told
from assignchat.store.database import Database
from assignchat.store.deliveries import LONGEST_PAUSE_SECONDS
from assignchat.store.derived import differences
from assignchat.store.holder import Holder
from assignchat.texts import how_many
from assignchat.times import seconds_between, time_after

_HEAD = re.compile("[0-9a-f]{64}")
_OVERDUE_SECONDS = 5 * 60
_CLOCK_BACK_SECONDS = 5 * 60  # as much as a sweep allows
_OF_LATE_SECONDS = 31 * 86_400


class Finding(NamedTuple):
    """One problem or warning."""

    code: str
    message: str


class CheckResult(NamedTuple):
    """The result of a check. Problems make the database unsound, warnings do not.

    `head` is the hash of the newest seal, which stands for all tracking rows, or null before the
    first one. Only a full check shows that it is right. `held_by` is who has the lock for
    writing, or null.
    """

    sound: bool
    head: str | None
    problems: list[Finding]
    warnings: list[Finding]
    held_by: Holder | None


_Questions = tuple[tuple[str, Callable[[Database], Sequence[object]], str], ...]
"""Each code with the query that finds cases of it, and the message that lists them."""

_PROBLEMS: _Questions = (
    ("file_damaged", lambda database: database.integrity(), "The database is damaged: {}"),
    (
        "orphan",
        lambda database: database.orphans(),
        "Rows refer to rows that are not there, in: {}",
    ),
    (
        "value_wrong",
        lambda database: list(islice(damages_not_told(database), NAMED_AT_MOST + 1)),
        "Values that their columns cannot hold, in: {}",
    ),
    (
        "row_missing",
        checks.missing_tracking_rows,
        "Tracking rows are missing, the first is: {}",
    ),
    (
        "row_unsealed",
        lambda database: checks.unsealed_rows(database, NAMED_AT_MOST + 1),
        "Tracking rows were inserted by hand: {}",
    ),
    (
        "seal_wrong",
        checks.invalid_seals,
        "The seals that end at these tracking rows are not valid: {}",
    ),
    (
        "notification_missing",
        checks.missing_notifications,
        "Notifications are missing, the first is: {}",
    ),
    (
        "delivery_differs",
        checks.uncollected_deliveries,
        "What notify has collected was set back by hand: it does not include notifications: {}",
    ),
    ("several_pending", checks.several_pending, "Several requests are pending on chats: {}"),
)

_SCHEMA = {
    (True, False): ("guard_missing", "Guards are missing or changed: {}"),
    (False, False): ("schema_differs", "Tables, indexes or views are missing or changed: {}"),
    (True, True): (
        "trigger_added",
        "What is not assignchat's acts on what it writes: {}",
    ),
    (False, True): ("schema_added", "Beside assignchat's tables and views there are others: {}"),
}
"""Codes and messages by whether a part of the schema is a guard, and whether it was added."""

_HARMLESS = ("schema_added", "schema_unchecked")
"""Which of those about the schema are warnings."""

_NOT_AS_TOLD = {
    "owner_differs": "The owner is not the one that tracking names, of chats: {}",
    "chat_status_differs": "Open or closed is not what tracking says, of chats: {}",
    "chat_differs": "Not as tracking says, of chats: {}",
    "status_differs": "Status, recipient or reason is not what tracking says, of requests: {}",
    "deadline_differs": "The deadline is not the one that was set when it was sent,"
    " of requests: {}",
    "request_differs": "Not as tracking says, of requests: {}",
    "batch_differs": "Not as tracking says, of batches: {}",
    "role_differs": "The role is not the one that tracking names, of users: {}",
    "active_differs": "Active or not is not what tracking says, of users: {}",
    "user_differs": "Not as tracking says, of users: {}",
    "notification_differs": "Not as tracking says, of notifications: {}",
}
_CODES = {
    ("chats", "owner_id"): "owner_differs",
    ("chats", "status"): "chat_status_differs",
    ("requests", "status"): "status_differs",
    ("requests", "recipient_id"): "status_differs",
    ("requests", "reason"): "status_differs",
    ("requests", "expires_at"): "deadline_differs",
    ("users", "role"): "role_differs",
    ("users", "active"): "active_differs",
}
"""The codes of columns that have one of their own."""

_CODES_OF_TABLES = {
    "users": "user_differs",
    "user_aliases": "user_differs",
    "chats": "chat_differs",
    "requests": "request_differs",
    "batches": "batch_differs",
    "batch_recipients": "batch_differs",
    "notifications": "notification_differs",
}

_WARNINGS: _Questions = (
    ("users_alike", lambda database: _alike(database, "users"), "Ids of users look alike: {}"),
    (
        "users_alike",
        lambda database: [
            f"{alias!r} of {user!r} and {other!r}"
            for alias, user, other in islice(twins.aliases(database), NAMED_AT_MOST + 1)
        ],
        "Aliases are ids of others, perhaps but for case or width: {}",
    ),
    ("chats_alike", lambda database: _alike(database, "chats"), "Ids of chats look alike: {}"),
    ("inactive_owner", checks.inactive_owners, "Inactive users own open chats: {}"),
    (
        "history_changeable",
        lambda database: database.members_changing_history(),
        "Members of assignchat_member who by other rights may change the history: {}",
    ),
)


def check(database: Database, *, full: bool = False, expect: str | None = None) -> CheckResult:
    """Look for damage, and repair nothing. Returns the problems and the warnings.

    `full` also compares every tracking row with its seal. `expect` is a head that was noted
    earlier: that it is still there shows that no rows were cut off at the end, and that none
    were sealed anew. Only a full check shows the rest.
    """
    database.checking = True
    with database.read():
        problems: list[Finding] = []
        warnings: list[Finding] = []
        newest, held_by = None, database.holder()
        try:
            problems.extend(_mismade(database))
            problems.extend(_found(database, _PROBLEMS))
            problems.extend(_not_as_told(database))
            for difference in _schema_differences(database):
                (warnings if difference.code in _HARMLESS else problems).append(difference)
            problems.extend(_tampering(database, full=full, expect=expect))
            warnings.extend(_found(database, _WARNINGS))
            warnings.extend(_went_back(database, full=full))
            warnings.extend(_overdue(database))
            warnings.extend(_late(database))
            warnings.extend(_large(database))
            newest = seals.head(database)
        except DatabaseDamaged as error:  # so much that the questions cannot be answered
            if "file_damaged" not in {found.code for found in problems}:
                problems.append(Finding("file_damaged", error.message))
        return CheckResult(not problems, newest and newest.hash, problems, warnings, held_by)


def _mismade(database: Database) -> Iterator[Finding]:
    fault = database.fault()
    if fault is not None:
        yield Finding("schema_differs", fault.message)


def _found(database: Database, questions: _Questions) -> Iterator[Finding]:
    for code, find, message in questions:
        found = find(database)
        if found:
            yield Finding(code, message.format(listing(map(str, found))))


def _alike(database: Database, table: str) -> list[str]:
    pairs = islice(twins.among(database, table, canonical), NAMED_AT_MOST + 1)
    return [f"{one!r} and {other!r}" for one, other in pairs]


def _not_as_told(database: Database) -> Iterator[Finding]:
    """Compare all columns that tracking tells. Yields a problem for each kind of difference."""
    found: dict[str, dict[object, list[str]]] = {}
    for table, key, column in differences(database):
        code = _CODES.get((table, column)) or _CODES_OF_TABLES[table]
        rows = found.setdefault(code, {})
        if key in rows or len(rows) <= NAMED_AT_MOST:
            rows.setdefault(key, []).append(column)
    for code, message in _NOT_AS_TOLD.items():
        if code in found:
            yield Finding(code, message.format(listing(_with_columns(code, found[code]))))


def _with_columns(code: str, rows: dict[object, list[str]]) -> Iterator[str]:
    """Write each row, and which of its columns differ if the code does not say it."""
    for key, columns in rows.items():
        yield f"{key}" if code in _CODES.values() else f"{key} ({', '.join(columns)})"


def _schema_differences(database: Database) -> Iterator[Finding]:
    if database.only_reads:
        yield Finding(
            "schema_unchecked",
            "Tables and guards were not compared with what they should be, because this server"
            " only reads: the one that writes can do it",
        )
        return
    found = database.schema_differences()
    for (is_guard, is_added), (code, message) in _SCHEMA.items():
        these = [d for d in found if (d.is_guard, d.is_added) == (is_guard, is_added)]
        if these:
            text = message.format(listing(d.name for d in these))
            if any(d.is_policy and not d.is_added for d in these):
                make = command_line("--db", database.location, "init", "--roles")
                text += f"; the owner makes policies anew with: {make}"
            yield Finding(code, text)


def _tampering(database: Database, *, full: bool, expect: str | None) -> Iterator[Finding]:
    tampering = seals.first_tampering(database) if full else None
    if tampering:
        yield Finding("history_changed", f"Tracking was changed by hand: {tampering}")
    if expect is not None and seals.find(database, expect) is None:
        unlike = (
            ""
            if _HEAD.fullmatch(expect)
            else ", which is not one: a head has 64 hexadecimal digits"
        )
        yield Finding("head_not_found", f"Tracking does not contain the head {expect}{unlike}")


def _went_back(database: Database, *, full: bool) -> Iterator[Finding]:
    """Look for a clock that went back: of late, or if `full` ever."""
    since = "" if full else time_after(database.now, -_OF_LATE_SECONDS)
    found = (
        str(row_id)
        for row_id, at, before in checks.earlier_rows(database, since)
        if seconds_between(at, before) > _CLOCK_BACK_SECONDS
    )
    rows = list(islice(found, NAMED_AT_MOST + 1))
    if rows:
        yield Finding(
            "clock_went_back",
            "The clock was set back by more than 5 minutes, or is another one, from tracking rows"
            f" on: {listing(rows)}; by it a request may have been accepted after its deadline",
        )


def _overdue(database: Database) -> Iterator[Finding]:
    overdue = checks.overdue(database, time_after(database.now, -_OVERDUE_SECONDS))
    if overdue:
        yield Finding(
            "sweep_overdue",
            f"{how_many(overdue, 'pending request')} more than 5 minutes past the deadline: "
            "the sweep is not running",
        )


def _late(database: Database) -> Iterator[Finding]:
    late = checks.late_deliveries(database, time_after(database.now, LONGEST_PAUSE_SECONDS))
    if late:
        yield Finding(
            "delivery_late",
            f"{how_many(late, 'notification')} put off by more than an hour, which notify"
            " never does: somebody has changed that, or the clock was set back; they are sent all"
            " the same",
        )


def _large(database: Database) -> Iterator[Finding]:
    for place, file in enumerate(database.own_files[1:]):
        size = file.stat().st_size if file.exists() else 0
        if size > _LARGE:
            code, why = _LARGE_FILES[min(place, 1)]
            yield Finding(code, f"{file.name} has {size // 1024**2:,} MiB: {why}")


_LARGE = 256 * 1024**2  # bytes

_GROWN = (
    "unless the next changes make it shrink, a program that reads was stopped, and keeps its "
    "transaction open"
)
_NOT_OURS = "no command has made it so large; remove it while no program uses the database"
_LARGE_FILES = (("log_large", _GROWN), ("file_large", _NOT_OURS))
"""Codes and reasons, of the file to which changes go first, and of the others."""
