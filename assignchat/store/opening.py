"""Database files: opening one, making one, and copying one while others write."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from assignchat import signals
from assignchat.errors import (
    DatabaseForeign,
    DatabaseMissing,
    DatabaseNewer,
    DatabaseReadOnly,
    InvalidValue,
)
from assignchat.files import file_state, sync_folder
from assignchat.store import APPLICATION_ID, SCHEMA_VERSION
from assignchat.store.database import Clock, Database, utc_now
from assignchat.store.sqlite_errors import damaged, foreign, missing, translated

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
    database = Database(connection, path, clock, os_user)
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
    with translated(path):
        return sqlite3.connect(
            f"file:{quote(str(path))}?{mode}", uri=True, timeout=busy_seconds, isolation_level=None
        )


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
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise missing(path) from None
    except PermissionError:
        raise DatabaseReadOnly(f"The folder of {path} may not be read by this user") from None
    except (OSError, ValueError) as error:  # a loop of links, a name too long, a NUL
        raise DatabaseMissing(f"No database can be at {path}: {error}") from error
    if not stat.S_ISREG(mode):
        raise DatabaseForeign(f"Not a file: {path}")


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
        # Rare, and sqlite_utils takes longer to import than a whole command may take.
        from assignchat.store import schema  # noqa: PLC0415

        with database.write():
            schema.migrate(database.connection)


def create_database(path: Path | str, fill: Callable[[Path], None] | None = None) -> bool:
    """Make a database at `path`, for its owner only; whether there was none before.

    It is empty unless `fill` puts something into the file that it is called with.

    It appears there whole or not at all: it is built beside its place and then linked to
    its name, which never replaces a file.
    """
    from assignchat.store import schema  # noqa: PLC0415  # see _check_schema

    path = Path(path)
    if os.path.exists(path):  # noqa: PTH110  # no error where a folder may not be entered
        return False
    try:
        with _built_beside(path) as building:
            _make_schema(building, schema.migrate)
            if fill is not None:
                fill(building)
            _complete(building)
            _link(building, path)
    except FileExistsError:  # another process was faster
        return False
    return True


def _link(building: Path, path: Path) -> None:
    """Give a finished file its name, for good or not at all."""
    os.link(building, path)
    try:
        sync_folder(path.parent)
    except OSError:
        path.unlink()
        raise


def _replace(building: Path, path: Path) -> None:
    """Give a finished file the name of another one, for good or not at all."""
    old = building.with_name(building.name + _OLD)
    with suppress(OSError):  # not every file system has such links; the copy is good without
        os.link(path, old)
    building.replace(path)
    try:
        sync_folder(path.parent)
    except OSError:
        with suppress(FileNotFoundError):
            old.replace(path)
        raise


_OLD = "-old"


@contextmanager
def _built_beside(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, its owner's alone, for the block to fill and to name."""
    building = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        building.unlink(missing_ok=True)  # left by a process of the same number that was killed
        os.close(os.open(building, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield building
    except FileExistsError:
        raise
    except OSError as error:
        raise DatabaseReadOnly(
            f"No database can be made at {path}: {error.strerror}",
            hint="Its folder must exist and be writable.",
        ) from error
    finally:
        for suffix in ("", "-wal", "-shm", "-journal", _OLD):
            with suppress(OSError):
                building.with_name(building.name + suffix).unlink()


def _make_schema(path: Path, migrate: Callable[[sqlite3.Connection], None]) -> None:
    connection = connect(path, DEFAULT_BUSY_SECONDS)
    try:
        with translated(path):
            # Readers never wait for the writer, nor the writer for readers.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            migrate(connection)
            connection.execute("COMMIT")
    finally:
        connection.close()


def _complete(path: Path) -> None:
    """Bring into the file itself what may still be in its -wal file, which gets no name.

    SQLite does so when a database is closed, but does not tell where that fails.
    """
    connection = connect(path, DEFAULT_BUSY_SECONDS)
    try:
        with translated(path):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


def copy_database(database: Database, path: Path, *, replace: bool = False) -> None:
    """Copy the database as it is at this moment, while others may write.

    The copy is built beside its place, checked, and only then takes its name, as its
    owner's alone. Raises `InvalidValue` where something is there already, unless
    `replace`, and `DatabaseReadOnly` or `DatabaseFull` where it cannot be written.
    """
    if path.exists() and not replace:
        raise InvalidValue(f"{path} is there already", hint="Replace it with --force.")
    if path.exists() and path.samefile(database.path):
        raise InvalidValue(f"{path} is the database itself")
    with _built_beside(path) as building:
        copy = connect(building, DEFAULT_BUSY_SECONDS)
        try:
            with translated(building):
                database.connection.backup(copy)
                damage = copy.execute("PRAGMA integrity_check").fetchone()[0]
        finally:
            copy.close()
        if damage != "ok":
            raise damaged(database.path, damage)
        with signals.held():  # whoever is stopped now has to know which it is
            _name_copy(building, path, replace=replace)
            database.committed = True


def _name_copy(building: Path, path: Path, *, replace: bool) -> None:
    if replace and path.exists():
        _replace(building, path)
        return
    try:
        _link(building, path)
    except FileExistsError:  # since we looked, or a link that leads nowhere
        raise InvalidValue(f"{path} is there already") from None
