"""Is the database sound: the file, the guards, and the state against the history."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from assignchat.errors import DatabaseDamaged
from assignchat.model import time_after
from assignchat.service.lookup import listing
from assignchat.store import checks
from assignchat.store.database import Database

_OVERDUE_SECONDS = 5 * 60


class Finding(NamedTuple):
    """One thing that is not as it should be."""

    code: str
    message: str


class CheckResult(NamedTuple):
    """What a check found. Problems make the database unsound, warnings do not.

    `head` is for the fingerprint of the whole history, which this check does not take: null.
    """

    sound: bool
    head: str | None
    problems: list[Finding]
    warnings: list[Finding]


_PROBLEMS: tuple[tuple[str, Callable[[Database], Sequence[object]], str], ...] = (
    ("file_damaged", checks.integrity, "SQLite finds the file damaged: {}"),
    ("orphan", checks.orphans, "Rows refer to rows that are not there, in: {}"),
    (
        "owner_differs",
        checks.owners_against_history,
        "The owner is not the one that the history names, of chats: {}",
    ),
    (
        "status_differs",
        checks.statuses_against_history,
        "Status, recipient or reason is not what the history says, of requests: {}",
    ),
    ("several_pending", checks.several_pending, "Several requests are pending on chats: {}"),
    ("guard_missing", checks.missing_guards, "Guards are missing or changed: {}"),
    (
        "schema_differs",
        checks.other_schema_differences,
        "Tables, indexes or views are missing or changed: {}",
    ),
)


def check(database: Database) -> CheckResult:
    """Look for damage; nothing is repaired."""
    with database.read():
        try:
            problems = list(_problems(database))
            warnings = _warnings(database)
        except DatabaseDamaged as error:  # so much that the questions cannot be answered
            problems, warnings = [Finding("file_damaged", error.message)], []
        return CheckResult(not problems, None, problems, warnings)


def _problems(database: Database) -> Iterator[Finding]:
    for code, find, message in _PROBLEMS:
        found = find(database)
        if found:
            yield Finding(code, message.format(listing(map(str, found))))


def _warnings(database: Database) -> list[Finding]:
    warnings = []
    owners = checks.inactive_owners(database)
    if owners:
        warnings.append(
            Finding("inactive_owner", f"Inactive users own open chats: {listing(owners)}")
        )
    overdue = checks.overdue(database, time_after(database.now, -_OVERDUE_SECONDS))
    if overdue:
        warnings.append(
            Finding(
                "sweep_overdue",
                f"{overdue} pending requests are more than 5 minutes past their deadline: "
                "the sweep is not running",
            )
        )
    return warnings
