"""Copying all rows from one database into another, which may be of another engine."""

from collections.abc import Callable, Iterable

from assignchat.errors import DatabaseDamaged, InvalidValue
from assignchat.store.columns import KEYS, TABLES
from assignchat.store.database import Database

Progress = Callable[[int, int | None], None]


def copy_rows(source: Database, target: Database, progress: Progress) -> bool:
    """Copy all rows into an empty database, as one transaction there. Returns True.

    Raises `InvalidValue` if the database is not empty, and `DatabaseDamaged` for a row that the
    other engine does not take, which has been changed by hand.
    """
    with source.read(), target.write(bulk=True):
        if any(target.value(f"SELECT EXISTS (SELECT 1 FROM {name})") for name in TABLES):
            raise InvalidValue(f"The database {target.location} is not empty")
        counts = {name: int(source.value(f"SELECT count(*) FROM {name}")) for name in TABLES}
        total = sum(counts.values())
        done = 0
        for name in TABLES:
            columns = ", ".join(target.columns(name))
            order = KEYS.get(name, "1")
            rows = source.tuples(f"SELECT {columns} FROM {name} ORDER BY {order}", many=True)
            try:
                target.stage(name, _told(rows, done, total, progress))
            except DatabaseDamaged as error:
                raise DatabaseDamaged(
                    f"A row of {name} in {source.location} cannot be copied: {error.message}",
                    hint="Nothing was changed. assignchat check tells more about that database.",
                ) from error
            done += counts[name]
        target.sealed = None  # the seals have come with the rows
    return True


def _told(
    rows: Iterable[tuple[object, ...]], done: int, total: int, progress: Progress
) -> Iterable[tuple[object, ...]]:
    for number, row in enumerate(rows, start=done + 1):
        progress(number, total)
        yield row
