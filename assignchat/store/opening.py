"""Database files: opening one, making one, and copying one while others write."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from assignchat import signals
from assignchat.errors import (
    DatabaseDamaged,
    DatabaseForeign,
    DatabaseMissing,
    DatabaseNewer,
    DatabaseReadOnly,
    InvalidValue,
    quoted,
)
from assignchat.files import create_own, is_unfinished, sync_folder, unfinished
from assignchat.store import APPLICATION_ID, SCHEMA_VERSION, seals
from assignchat.store.database import Clock, Database, utc_now
from assignchat.store.file_state import file_state
from assignchat.store.sqlite_errors import (
    damaged,
    foreign,
    missing,
    translated,
)

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
    from assignchat.store import schema  # noqa: PLC0415

    with database.write():
        schema.migrate(database.connection)
        if version < seals.SINCE_SCHEMA:
            database.history_before = 0  # what is there already is sealed as it is
            seals.seal_new_rows(database)


def create_database(path: Path | str, fill: Callable[[Path], None] | None = None) -> bool:
    """Make a database at `path`, for its owner only; whether there was none before.

    It is empty unless `fill` puts something into the file that it is called with.

    It appears there whole or not at all: it is built beside its place and then linked to
    its name, which never replaces a file. Raises `DatabaseDamaged` where a journal of
    another database is left, and `DatabaseReadOnly` where none can be made.
    """
    from assignchat.store import schema  # noqa: PLC0415  # see _bring_up_to_date

    path = Path(path)
    left = _journal_beside(path)  # looked for first: one that is in use comes after its database
    if os.path.exists(path):  # noqa: PTH110  # no error where a folder may not be entered
        return False
    if left is not None:
        raise DatabaseDamaged(
            f"There is no database at {path}, but {left.name}, with what was last written to one",
            hint="Put its database back, or move that file away.",
        )
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


def _journal_beside(path: Path) -> Path | None:
    """The file in which SQLite would look for changes to a database at `path`, if it is there.

    SQLite cannot tell whose changes they are: it would write them into a new file of that name.
    """
    real = os.path.realpath(path)
    beside = (Path(real + suffix) for suffix in ("-wal", "-journal"))
    return next((file for file in beside if os.path.lexists(file)), None)


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
    building = unfinished(path)
    try:
        building.unlink(missing_ok=True)  # left by a process of the same number that was killed
        os.close(create_own(building))
        yield building
    except FileExistsError:
        raise
    except OSError as error:
        raise _no_place(path, error) from error
    finally:
        for suffix in ("", "-wal", "-shm", "-journal", _OLD):
            with suppress(OSError):
                building.with_name(building.name + suffix).unlink()


def _no_place(path: Path, error: OSError) -> DatabaseReadOnly:
    return DatabaseReadOnly(
        f"No database can be made at {path}: {error.strerror}",
        hint="Its folder must exist and be writable.",
    )


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that is being built, for the block."""
    with closing(connect(path, DEFAULT_BUSY_SECONDS)) as connection, translated(path):
        yield connection


def _make_schema(path: Path, migrate: Callable[[sqlite3.Connection], None]) -> None:
    with _connected(path) as connection:
        # Readers never wait for the writer, nor the writer for readers.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        migrate(connection)
        connection.execute("COMMIT")


def _complete(path: Path) -> None:
    """Bring into the file itself what may still be in its -wal file, which gets no name.

    SQLite does so when a database is closed, but does not tell where that fails.
    """
    with _connected(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def copy_database(database: Database, path: Path, *, replace: bool = False) -> None:
    """Copy the database as it is at this moment, while others may write.

    The copy is built beside its place, checked, and only then takes its name, as its
    owner's alone. Raises `InvalidValue` where something is there already, unless
    `replace` and it is a file that nobody uses as a database, and `DatabaseReadOnly` or
    `DatabaseFull` where it cannot be written.
    """
    _check_place(database, path, replace=replace)
    with _built_beside(path) as building:
        with _connected(building) as copy:
            database.connection.backup(copy)
            damage = copy.execute("PRAGMA integrity_check").fetchone()[0]
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


def _check_place(database: Database, path: Path, *, replace: bool) -> None:
    """Refuse to put a copy where it would be in the way, or come to harm."""
    try:
        found = path.stat()
    except FileNotFoundError:
        found = None
    except OSError as error:  # a name too long, a folder that may not be entered
        raise _no_place(path, error) from error
    if found is not None:
        if not replace:
            raise InvalidValue(f"{path} is there already", hint="Replace it with --force.")
        if os.path.samestat(found, database.path.stat()):
            raise InvalidValue(f"{path} is the database itself")
        if not stat.S_ISREG(found.st_mode):  # a folder, or a device, which none must replace
            raise InvalidValue(f"Not a file: {path}")
    if journal := _journal_beside(path):
        raise InvalidValue(
            f"Beside {path} there is {journal.name}: a database is in use there, or was",
            hint="Choose another name.",
        )
