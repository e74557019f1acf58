"""Looking for spoilt values: in every row of every table, by what `strict` says of its columns."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from assignchat.errors import AssignchatError, DatabaseDamaged, NotFound
from assignchat.store.database import Database
from assignchat.store.strict import TABLES, Kind, damage, may_come_of_damage
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
    """Find the first value that its column cannot hold, or a row that refers to none.

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
    columns = list(kinds)
    for row in database.as_stored(table, columns):
        column = _first_wrong(row, list(kinds.values()))
        if column is not None:
            value, name = row[column], columns[column]
            what = kinds[name].what if _is_readable(value) else "UTF-8"
            yield damage(database.location, table, row[0], name, value, what)


def _first_wrong(row: tuple[Any, ...], kinds: Sequence[Kind]) -> int | None:
    for place, (value, kind) in enumerate(zip(row, kinds, strict=True)):
        if type(value) not in kind.types or not _is_readable(value):
            return place
        if kind.is_right is not None and not kind.is_right(value):
            return place
    return None


def _is_readable(value: object) -> bool:
    return not isinstance(value, str) or is_unicode(value)
