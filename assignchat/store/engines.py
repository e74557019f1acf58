"""The engine that a database has, by its location."""

from pathlib import Path

from assignchat.store.database import Database
from assignchat.store.sqlite.database import SqliteDatabase


def engine_of(_location: str) -> type[Database]:
    """Choose the engine of a location. Returns SQLite's for all of them: they are paths."""
    return SqliteDatabase


def create_database(location: Path | str) -> bool:
    """Make an empty database, if there is none. Returns whether it did. See `Database.create`."""
    return engine_of(str(location)).create(str(location))


def copy_database(database: Database, path: Path, *, replace: bool = False) -> None:
    """Copy a database into a file, while others may write. See `Database.copy`."""
    database.copy(path, replace=replace)
