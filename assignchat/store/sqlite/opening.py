"""Opening a database file, whatever is found there."""

import os
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from assignchat.errors import (
    DatabaseForeign,
    DatabaseMissing,
    DatabaseNewer,
    DatabaseReadOnly,
    quoted,
)
from assignchat.store import APPLICATION_ID, SCHEMA_VERSION, seals
from assignchat.store.database import Clock, Database, utc_now
from assignchat.store.sqlite.errors import foreign, missing, translated
from assignchat.store.sqlite.file_state import file_state
from assignchat.system.files import is_unfinished

DEFAULT_BUSY_SECONDS = 10.0


def open_database(
    path: Path | str,
    *,
    os_user: str,
    busy_seconds: float = DEFAULT_BUSY_SECONDS,
    clock: Clock = utc_now,
) -> Database:
    """Open the assignchat database at `path`, bringing an older schema up to date.

    `busy_seconds` is how long to wait for another writer. Raises one of the
    `DatabaseUnusable` errors for everything that is not a database this version can use,
    and leaves such a file untouched.
    """
    path = Path(path)
    _check_is_file(path)
    closed_copy = _is_closed_copy(path)
    state = file_state(path)
    connection = connect(path, busy_seconds, immutable=closed_copy)
    database = Database(connection, path, clock, os_user, seals.seal_new_rows)
    if closed_copy:
        database.expect_unchanged(state)
    try:
        _check_schema(database)
        with translated(path):
            _set_pragmas(connection)
    except BaseException:
        connection.close()
        raise
    return database


def connect(path: Path, busy_seconds: float, *, immutable: bool = False) -> sqlite3.Connection:
    """A connection to a file that exists, in which we begin and end transactions ourselves."""
    mode = "mode=ro&immutable=1" if immutable else "mode=rw"
    name = os.path.join(os.curdir, path)  # noqa: PTH118  # SQLite keeps :memory: for itself
    with translated(path):
        return sqlite3.connect(
            f"file:{quote(name)}?{mode}",
            uri=True,
            timeout=busy_seconds,
            isolation_level=None,
            factory=_Connection,
        )


class _Connection(sqlite3.Connection):
    """A connection that closes without holding anybody up."""

    def close(self) -> None:
        """Release the file, after carrying what was written over from the -wal file.

        The last connection to close does that under a lock that readers wait for too, and
        on a slow disk it takes its time; done before, there is nothing left to do by then.
        """
        with suppress(sqlite3.Error):  # what is committed stands in the -wal file as well
            if self.total_changes and not self.in_transaction:
                self.execute("PRAGMA wal_checkpoint(PASSIVE)")
        super().close()


def _is_closed_copy(path: Path) -> bool:
    """Whether this is a file that we may only read and that nobody is using, such as a backup.

    Opened as any other, it would get -wal and -shm files that cannot be written either, and
    that stay in the way. It is read without locks, so each read sees to it afterwards that
    nobody has begun to write.
    """
    return not os.access(path, os.W_OK) and not file_state(path).being_written


def _set_pragmas(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # A committed change survives a power cut.
    connection.execute("PRAGMA synchronous = FULL")


def _check_is_file(path: Path) -> None:
    try:
        found = path.stat()
    except FileNotFoundError:
        raise missing(path) from None
    except PermissionError:
        raise DatabaseReadOnly(f"The folder of {path} may not be read by this user") from None
    except (OSError, ValueError) as error:  # a loop of links, a name too long, a NUL
        raise DatabaseMissing(f"No database can be at {path}: {error}") from error
    if not stat.S_ISREG(found.st_mode):
        raise DatabaseForeign(f"Not a file: {path}")
    if found.st_nlink > 1 and _has_other_names(path):
        raise DatabaseReadOnly(
            f"The database {path} has a second name (a hard link), and each name would get a "
            "-wal file of its own, which damages it",
            hint=f"Nothing was changed. find / -xdev -samefile {quoted(path)} lists the names; "
            "remove all but one, or replace this one by a copy.",
        )


def _has_other_names(path: Path) -> bool:
    """Whether a file has names besides `path`, and those under which it was built.

    A database appears under its name by a second link, so for a moment, or until somebody
    clears up after a process that was killed right then, it has both. Looked at in this
    order, because a name that it was built under may go, but none comes.
    """
    real = Path(os.path.realpath(path))
    with suppress(OSError):
        built_under = [
            name
            for name in os.listdir(real.parent)  # noqa: PTH208  # no pattern, the name may have any characters
            if is_unfinished(name, real)
        ]
        same = sum(_is_same(real, real.with_name(name)) for name in built_under)
        return real.stat().st_nlink - same > 1
    return True


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except FileNotFoundError:
        return False


def _check_schema(database: Database) -> None:
    """Refuse what is not ours before anything else is read from it."""
    database.execute("PRAGMA trusted_schema = OFF")
    found = database.value("PRAGMA application_id")
    if found != APPLICATION_ID:
        raise foreign(database.path)
    version = database.value("PRAGMA user_version")
    if version > SCHEMA_VERSION:
        raise DatabaseNewer(
            f"The database {database.path} was written by a newer assignchat "
            f"(schema {version}; this one knows {SCHEMA_VERSION})",
            hint="Upgrade assignchat.",
        )
    if version < SCHEMA_VERSION:
        try:
            _bring_up_to_date(database, version)
        except DatabaseReadOnly as error:
            raise DatabaseReadOnly(
                f"The database {database.path} was written by an older assignchat and must be "
                "brought up to date, but it cannot be written",
                hint="Open it once as a user who may write it, or open a copy.",
            ) from error


def _bring_up_to_date(database: Database, version: int) -> None:
    # Rare, and sqlite_utils takes longer to import than a whole command may take.
    from assignchat.store.sqlite import schema

    with database.write():
        schema.migrate(database.connection)
        if version < seals.SINCE_SCHEMA:
            database.history_before = 0  # what is there already is sealed as it is
            seals.seal_new_rows(database)
