"""The engine of a database, by its location, and the functions on databases for Python programs."""

from pathlib import Path

from assignchat.store.database import Database
from assignchat.system.identity import Identity, who_am_i
from assignchat.texts import check_location


def engine_of(location: str) -> type[Database]:
    """Choose the engine of a location: PostgreSQL's for URLs, SQLite's for all others.

    Raises `InvalidValue` for a URL of something else, and `DatabaseUnreachable` if the driver for
    PostgreSQL is not installed.
    """
    check_location(location)  # first: no driver would help
    # Only one of them is loaded: that of a server takes a tenth of a command.
    if "://" in location:  # of what kind ever: it may have a password, and is no path
        from assignchat.store.postgres.database import PostgresDatabase

        return PostgresDatabase
    from assignchat.store.sqlite.database import SqliteDatabase

    return SqliteDatabase


def identity_at(location: str) -> Identity:
    """Find the user at the keyboard, for the database at this location."""
    return who_am_i(engine_of(location).owner_id(location))


def open_database(path: Path | str, *, busy_seconds: float = 10.0) -> Database:
    """Open the database at `path`, by the machine's clock. Returns it.

    Use it as a context manager, or `close` it. `busy_seconds` is how long to wait for
    another writer. Raises one of the `DatabaseUnusable` errors of `assignchat.errors`.
    """
    location = str(path)
    os_user = identity_at(location).os_user
    return engine_of(location).open(location, os_user=os_user, busy_seconds=busy_seconds)


def create_database(location: Path | str) -> bool:
    """Make an empty database if there is none. Returns whether it did. See `Database.create`."""
    return engine_of(str(location)).create(str(location))


def copy_database(database: Database, path: Path, *, replace: bool = False) -> None:
    """Copy a database into a file, while others may write. See `Database.copy`."""
    database.copy(path, replace=replace)
