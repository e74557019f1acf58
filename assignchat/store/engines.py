"""The engine that a database has, by its location."""

from pathlib import Path

from assignchat.store.database import Database
from assignchat.store.sqlite.database import SqliteDatabase


def engine_of(_location: str) -> type[Database]:
    """Choose the engine of a location. Returns SQLite's for all of them: they are paths."""
    return SqliteDatabase


def create_database(location: Path | str) -> bool:
    """Make an empty database, its owner's alone. Returns whether there was none before.

    Raises one of the `DatabaseUnusable` errors of `assignchat.errors` where none can be made.
    """
    return engine_of(str(location)).create(str(location))


def copy_database(database: Database, path: Path, *, replace: bool = False) -> None:
    """Copy the database as it is at this moment into a file, while others may write.

    Raises `InvalidValue` where something is there already, unless `replace` and it is a file
    that nobody uses as a database.
    """
    database.copy(path, replace=replace)
