"""One SQLite file: opening it, transactions, and SQLite's errors in our words."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import quote

from assignchat.errors import (
    AssignchatError,
    DatabaseDamaged,
    DatabaseForeign,
    DatabaseFull,
    DatabaseLocked,
    DatabaseMissing,
    DatabaseNewer,
    DatabaseReadOnly,
    DatabaseUnusable,
    InvalidValue,
)
from assignchat.files import sync_folder
from assignchat.model import format_time

APPLICATION_ID = 0x41434854  # "ACHT", in the header of every assignchat database
SCHEMA_VERSION = 1  # in user_version; the number of migrations in schema.py
DEFAULT_BUSY_SECONDS = 10.0

Clock = Callable[[], datetime]
Params = Mapping[str, Any]


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


R = TypeVar("R", bound=NamedTuple)


class Database:
    """An open assignchat database, used by one process and thread.

    `clock` is asked once for each transaction, after its lock is held, so that the order
    of the times in the history is the order of its rows. `os_user` is the login that every
    tracking row records.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, clock: Clock, os_user: str
    ) -> None:
        self.connection = connection
        self.path = path
        self.os_user = os_user
        self.committed = False
        """Whether this connection has changed the database; who reports a failure asks."""
        self._clock = clock
        self._now: str | None = None
        self._kept = False
        self._dry_run = False
        self._closed = False
        self._copy_state: FileState | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def expect_unchanged(self, state: "FileState") -> None:
        """Refuse what was read if the file is no longer in this state by then."""
        self._copy_state = state

    def close(self) -> None:
        """Release the file; a transaction that is under way is undone."""
        self._closed = True
        self.connection.close()

    @property
    def now(self) -> str:
        """The time of the transaction that is under way, as it is stored."""
        if self._now is None:
            raise RuntimeError("no transaction is under way")
        return self._now

    @contextmanager
    def write(self, *, dry_run: bool = False, references_known: bool = False) -> Iterator[None]:
        """Run the block as one transaction: all of it, or nothing; nothing in a `dry_run`.

        With `references_known`, SQLite does not look each reference up again: for bulk work
        that selects what it refers to in the same transaction, a seventh of its time.

        It takes the write lock at once: a deferred `BEGIN` fails without waiting when
        another process writes between its read and its write. Raises `DatabaseLocked`
        when the lock is not to be had within the busy timeout.
        """
        self._dry_run = dry_run
        with (
            self._references_unchecked() if references_known else nullcontext(),
            self._transaction("BEGIN IMMEDIATE", "ROLLBACK" if dry_run else "COMMIT"),
        ):
            yield
        self.committed = self.committed or not dry_run

    @contextmanager
    def _references_unchecked(self) -> Iterator[None]:
        # SQLite ignores this inside a transaction, so it stands around one.
        self.execute("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            if not self._closed:
                self.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def read(self) -> Iterator[None]:
        """Run the block on one consistent state of the database; it waits for nobody."""
        with self._transaction("BEGIN", "ROLLBACK"):
            yield
        if self._copy_state is not None and self._copy_state != file_state(self.path):
            raise _locked(self.path)

    @contextmanager
    def _transaction(self, begin: str, end: str) -> Iterator[None]:
        with self._translated():
            self.connection.execute(begin)
            self._now = format_time(self._clock())
            try:
                yield
                self.connection.execute(end)
            except BaseException as error:
                self._give_up(error)
                raise
            finally:
                self._now, self._kept = None, False

    def keep(self) -> None:
        """Keep what the transaction has done so far even if the rest of it is refused.

        For deadlines that had passed: the command that met them is refused, but that they
        have passed is recorded. So it is called before anything else is changed.
        """
        if not self._dry_run:
            self.connection.execute("SAVEPOINT kept")
            self._kept = True

    def _give_up(self, error: BaseException) -> None:
        # SQLite itself rolls back on some errors, such as a full disk, and when it is closed.
        if self._closed or not self.connection.in_transaction:
            return
        refused = isinstance(error, AssignchatError) and not isinstance(error, DatabaseUnusable)
        if self._kept and refused:
            self.connection.execute("ROLLBACK TO kept")
            self.connection.execute("COMMIT")
        else:
            self.connection.execute("ROLLBACK")

    def copy_to(self, path: Path, *, replace: bool = False) -> None:
        """Copy the database as it is at this moment, while others may write.

        The copy is built beside its place, checked, and only then takes its name, as its
        owner's alone. Raises `InvalidValue` where something is there already, unless
        `replace`, and `DatabaseReadOnly` or `DatabaseFull` where it cannot be written.
        """
        if path.exists() and not replace:
            raise InvalidValue(f"{path} is there already", hint="Replace it with --force.")
        if path.exists() and path.samefile(self.path):
            raise InvalidValue(f"{path} is the database itself")
        with _built_beside(path) as building:
            copy = connect(building, DEFAULT_BUSY_SECONDS)
            try:
                with translated(building):
                    self.connection.backup(copy)
                    damage = copy.execute("PRAGMA integrity_check").fetchone()[0]
            finally:
                copy.close()
            if damage != "ok":
                raise _damaged(self.path, damage)
            if replace:
                building.replace(path)
            else:
                _link(building, path)

    def execute(self, sql: str, params: Params | None = None) -> int:
        """Run one statement; the number of rows that it changed."""
        with self._translated():
            return self.connection.execute(sql, params or {}).rowcount

    def execute_many(self, sql: str, rows: Iterable[Params | tuple[Any, ...]]) -> None:
        """Run one statement for each of many rows of parameters."""
        with self._translated():
            self.connection.executemany(sql, rows)

    def insert(self, sql: str, params: Params) -> int:
        """Insert one row with a statement that ends in `RETURNING id`; the new id."""
        return int(self.value(sql, params))

    def value(self, sql: str, params: Params | None = None) -> Any:  # noqa: ANN401
        """The first column of the first row, or None where there is no row."""
        with self._translated():
            row = self.connection.execute(sql, params or {}).fetchone()
        return None if row is None else row[0]

    def column(self, sql: str, params: Params | None = None) -> list[Any]:
        """The first column of every row."""
        with self._translated():
            return [row[0] for row in self.connection.execute(sql, params or {})]

    def one(self, row_type: type[R], sql: str, params: Params) -> R | None:
        """The first row, as a `row_type`, or None."""
        return next(self.rows(row_type, sql, params), None)

    def rows(self, row_type: type[R], sql: str, params: Params | None = None) -> Iterator[R]:
        """The rows as `row_type`, whose fields are the selected columns; one at a time."""
        return map(row_type._make, self.tuples(sql, params))

    def tuples(self, sql: str, params: Params | None = None) -> Iterator[tuple[Any, ...]]:
        """The rows as they come, one at a time."""
        with self._translated():
            # Not `yield from`: a reader who stops early would close the cursor, too late.
            for row in self.connection.execute(sql, params or {}):  # noqa: UP028
                yield row

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self.path)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite raises in the block into our errors."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, path) from error


def translate(error: sqlite3.Error, path: Path) -> Exception:
    """SQLite's error in our words; the error itself where it can only be a bug of ours."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if "no such" in str(error):  # a table or column is gone
        name = "SQLITE_CORRUPT"
    for prefix, meaning in _MEANINGS.items():
        if name.startswith(prefix):
            return meaning(path, f"{error} ({name})")
    return error


def _locked(path: Path, _error: str = "") -> DatabaseLocked:
    return DatabaseLocked(
        f"Another process was writing to the database {path}",
        hint="Nothing was changed. Try again; busy_timeout in the config says how long to wait.",
    )


def _full(path: Path, _error: str) -> DatabaseFull:
    return DatabaseFull(
        f"No room left to write the database {path}",
        hint="Nothing was changed. Make room on its file system and try again.",
    )


def _failing(path: Path, error: str) -> DatabaseDamaged:
    return DatabaseDamaged(
        f"The system could not read or write the database {path}: {error}",
        hint="Nothing was changed. Look at the disk, its free space and the system's log.",
    )


def _damaged(path: Path, error: str) -> DatabaseDamaged:
    return DatabaseDamaged(
        f"The database {path} is damaged: {error}",
        hint="Run assignchat check, keep a copy of the file, and restore the last backup.",
    )


def _foreign(path: Path, _error: str = "") -> DatabaseForeign:
    return DatabaseForeign(
        f"Not an assignchat database: {path}",
        hint="Check the path. A new database is made with: assignchat --db FILE init",
    )


def _read_only(path: Path, _error: str = "") -> DatabaseReadOnly:
    return DatabaseReadOnly(
        f"The database {path} cannot be written",
        hint="Nothing was changed. The file, its folder and its file system must be writable.",
    )


def _cannot_open(path: Path, error: str) -> AssignchatError:
    if not path.exists():
        return missing(path)
    if not os.access(path, os.R_OK):
        return DatabaseReadOnly(
            f"The database {path} may not be read by this user",
            hint="Its permissions say who may; run as a user who is allowed to.",
        )
    return _read_only(path, error)  # SQLite could not make the -wal and -shm files beside it


_MEANINGS: dict[str, Callable[[Path, str], AssignchatError]] = {
    "SQLITE_BUSY": _locked,
    "SQLITE_LOCKED": _locked,
    "SQLITE_READONLY": _read_only,
    "SQLITE_CANTOPEN": _cannot_open,
    "SQLITE_FULL": _full,
    "SQLITE_NOTADB": _foreign,
    "SQLITE_IOERR": _failing,
    "SQLITE_CORRUPT": _damaged,
}
"""What SQLite's errors mean, by how their names begin."""


def quote_word(path: Path) -> str:
    """The path as it can be pasted into a shell."""
    import shlex  # noqa: PLC0415  # only needed when something is wrong

    return shlex.quote(str(path))


def missing(path: Path) -> DatabaseMissing:
    """The error for a path where no database is."""
    return DatabaseMissing(
        f"No database at {path}",
        hint=f"Check the path, or make one there with: assignchat --db {quote_word(path)} init",
    )


def where(filters: Mapping[str, str], given: Params) -> str:
    """The WHERE clause of those filters, by name, for which a value is given."""
    clauses = [sql for name, sql in filters.items() if given.get(name) is not None]
    return "WHERE " + " AND ".join(clauses) if clauses else ""


def page(id_column: str, limit: int | None, *, newest_first: bool) -> str:
    """The ORDER BY and LIMIT of a list; a limit of None means all."""
    order = f"ORDER BY {id_column}{' DESC' if newest_first else ''}"
    return order if limit is None else f"{order} LIMIT {int(limit)}"


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
    with translated(path):
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


class FileState(NamedTuple):
    """What shows whether somebody has written to a database."""

    modified_ns: int
    size: int
    being_written: bool


def file_state(path: Path) -> FileState:
    """The state of a database file that is there."""
    found = path.stat()
    wal = path.with_name(f"{path.name}-wal")
    return FileState(found.st_mtime_ns, found.st_size, os.path.exists(wal))  # noqa: PTH110


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
        raise _foreign(database.path)
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


def create_database(path: Path | str) -> bool:
    """Make an empty database at `path`, for its owner only; whether there was none before.

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
            os.link(building, path)
    except FileExistsError:  # another process was faster
        return False
    return True


def _link(building: Path, path: Path) -> None:
    try:
        os.link(building, path)
    except FileExistsError:  # since we looked, or a link that leads nowhere
        raise InvalidValue(f"{path} is there already") from None


@contextmanager
def _built_beside(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, its owner's alone, for the block to fill and to name."""
    building = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        building.unlink(missing_ok=True)  # left by a process of the same number that was killed
        os.close(os.open(building, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield building
        sync_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise DatabaseReadOnly(
            f"No database can be made at {path}: {error.strerror}",
            hint="Its folder must exist and be writable.",
        ) from error
    finally:
        for suffix in ("", "-wal", "-shm"):
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
