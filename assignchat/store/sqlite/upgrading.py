"""Bringing a database file of an older version up to date: rare, and it needs sqlite_utils."""

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from assignchat.errors import DatabaseReadOnly
from assignchat.store.sqlite import faults, schema
from assignchat.store.sqlite.errors import spoilt

if TYPE_CHECKING:
    from assignchat.store.sqlite.database import SqliteDatabase


def bring_up_to_date(database: "SqliteDatabase", path: Path) -> None:
    """Migrate a database, as one transaction.

    Raises `DatabaseDamaged` if its tables are not those of its version, or something of somebody
    else acts on them, and `DatabaseReadOnly` if it cannot be written.
    """
    try:
        with database.write():
            if added := faults.find_added(database.connection, path):
                raise added
            had_seals = schema.has_seals(database.connection)
            schema.migrate(database.connection)
            if not had_seals:  # what was there before seals is sealed as it is, and nothing else
                database.tracked_before = 0
        database.committed = False  # it is not what the command is to change
    except sqlite3.Error as error:
        raise spoilt(path, f"its tables are not those that its version says: {error}") from error
    except DatabaseReadOnly as error:
        raise DatabaseReadOnly(
            f"The database {path} was written by an older assignchat and must be brought up to "
            "date, but it cannot be written",
            hint="Open it once as a user who may write it, or open a copy.",
        ) from error
