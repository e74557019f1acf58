"""Looking for spoilt values in every row of every table, by what `columns` says of it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from assignchat.errors import AssignchatError, DatabaseDamaged, NotFound
from assignchat.model import ChatStatus
from assignchat.store.columns import TABLES, Kind
from assignchat.store.database import Database
from assignchat.store.sql import one_of
from assignchat.store.strict import damage, may_come_of_damage
from assignchat.texts import is_unicode


@contextmanager
def attempt(database: Database) -> Iterator[None]:
    """Run the block, in a transaction, so that nothing of it is left if it fails.

    Raises `DatabaseDamaged` for each error that a spoilt value can lead to.
    """
    database.execute("SAVEPOINT attempt")
    try:
        yield
    except Exception as error:
        with suppress(AssignchatError):  # some errors have ended the transaction themselves
            database.execute("ROLLBACK TO attempt")
            database.execute("RELEASE attempt")
        database.sealed = None
        if isinstance(error, NotFound) or may_come_of_damage(error):
            raise DatabaseDamaged(
                f"The database {database.location} is damaged: {error}"
            ) from error
        raise
    database.execute("RELEASE attempt")


def first_damage(database: Database) -> DatabaseDamaged | None:
    """Find the first value that its column cannot hold, or a row that refers to a missing one.

    Returns the error that names it, or None.
    """
    for table in TABLES:
        found = next(damages(database, table), None)
        if found is not None:
            return found
    orphans = database.orphans()
    if not orphans:
        return None
    return DatabaseDamaged(
        f"The database {database.location} is damaged: rows refer to rows that are not there,"
        f" in table {', '.join(orphans)}",
        hint="Restore the last backup. assignchat check tells more.",
    )


def damages(database: Database, table: str) -> Iterator[DatabaseDamaged]:
    """Yield an error for each row of a table with a value that its column cannot hold."""
    kinds = TABLES[table]
    for row, name, value in _spoilt(database, table, list(kinds)):
        what = kinds[name].what if _is_readable(value) else "UTF-8"
        yield damage(database.location, table, row, name, value, what)


# What tracking does not tell and no other row, after the column that names a row.
_NOT_TOLD = {
    "user_aliases": ("folded", "source", "heading"),
    "owner_names": ("source", "user_id", "name"),
    "chats": ("id", "crm_status"),
    "notifications": ("id", "read_at"),
    "deliveries": ("notification_id", "attempts", "next_attempt_at"),
}

# Of large tables the rows are passed over in SQL whose values are right.
_DOUBTFUL = {
    "chats": f"WHERE crm_status NOT IN {one_of(ChatStatus)}",
    "notifications": "WHERE read_at IS NOT NULL",
}


def damages_not_told(database: Database) -> Iterator[str]:
    """Yield the place of each value that its column cannot hold, where tracking tells nothing."""
    for table, columns in _NOT_TOLD.items():
        for row, name, _ in _spoilt(database, table, columns, _DOUBTFUL.get(table, "")):
            yield f"{table} {row!r} ({name})"


def _spoilt(
    database: Database, table: str, columns: Sequence[str], which: str = ""
) -> Iterator[tuple[object, str, object]]:
    """Yield the first spoilt value of each row that has one: row, column, value."""
    kinds = [TABLES[table][column] for column in columns]
    for row in database.as_stored(table, columns, which):
        place = _first_wrong(row, kinds)
        if place is not None:
            yield row[0], columns[place], row[place]


def _first_wrong(row: tuple[Any, ...], kinds: Sequence[Kind]) -> int | None:
    for place, (value, kind) in enumerate(zip(row, kinds, strict=True)):
        if type(value) not in kind.types or not _is_readable(value):
            return place
        if kind.is_right is not None and not kind.is_right(value):
            return place
    return None


def _is_readable(value: object) -> bool:
    return not isinstance(value, str) or is_unicode(value)
