"""An open database: transactions, and statements with their results."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

from assignchat.errors import AssignchatError, DatabaseUnusable
from assignchat.model import format_time
from assignchat.store.sql import Params
from assignchat.store.sqlite.errors import locked, missing, translated
from assignchat.store.sqlite.file_state import FileState, file_state
from assignchat.system import signals

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


R = TypeVar("R", bound=NamedTuple)

# What a sweep of a million deadlines touches in no order; taken only as far as it is needed.
_BULK_CACHE_KIB = 64 * 1024
_STEPS_BETWEEN_LOOKS = 200_000  # of SQLite's virtual machine: some milliseconds


class Database:
    """An open assignchat database, used by one process and thread.

    `clock` is asked once for each transaction, after its lock is held, so that the order
    of the times in the history is the order of its rows. `os_user` is the login that every
    tracking row records. `before_commit` is called as the last part of each transaction that
    writes.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        clock: Clock,
        os_user: str,
        before_commit: Callable[["Database"], None],
    ) -> None:
        self.connection = connection
        self.path = path
        self.history_before = 0
        """The newest row of the history when the transaction that is under way began."""
        self._before_commit = before_commit
        self.os_user = os_user
        self.committed = False
        """Whether a change was made that stands; who reports a failure asks."""
        self._clock = clock
        self._now: str | None = None
        self._kept = False
        self._changes_before = 0
        self._dry_run = False
        self._closed = False
        self._copy_state: FileState | None = None
        self._signal: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def expect_unchanged(self, state: FileState) -> None:
        """Refuse what was read if the file is no longer in this state by then."""
        self._copy_state = state

    def close(self) -> None:
        """Release the file; a transaction that is under way is undone."""
        self._closed = True
        self.connection.close()

    @property
    def version(self) -> tuple[object, ...]:
        """What differs once somebody else has changed the database, or put another in its place.

        Much quicker than looking for what has changed. Raises `DatabaseMissing`.
        """
        try:
            return self.value("PRAGMA data_version"), self.inode, file_state(self.path)
        except FileNotFoundError:  # between the one look and the other
            raise missing(self.path) from None

    @property
    def inode(self) -> int:
        """Which file stands under the name now: another one, once it was replaced.

        Raises `DatabaseMissing`.
        """
        try:
            return self.path.stat().st_ino
        except FileNotFoundError:
            raise missing(self.path) from None

    @property
    def now(self) -> str:
        """The time of the transaction that is under way, as it is stored."""
        if self._now is None:
            raise RuntimeError("no transaction is under way")
        return self._now

    @contextmanager
    def write(self, *, dry_run: bool = False, bulk: bool = False) -> Iterator[None]:
        """Run the block as one transaction: all of it, or nothing; nothing in a `dry_run`.

        With `bulk`, for work on very many rows that selects what it refers to in the same
        transaction, SQLite does not look each reference up again, and keeps more pages in
        memory.

        It takes the write lock at once: a deferred `BEGIN` fails without waiting when
        another process writes between its read and its write. Raises `DatabaseLocked`
        when the lock is not to be had within the busy timeout.
        """
        self._dry_run = dry_run
        with (
            self._bulk() if bulk else nullcontext(),
            self._transaction("BEGIN IMMEDIATE", "ROLLBACK" if dry_run else "COMMIT"),
        ):
            self.history_before = self.value("SELECT max(id) FROM engagement_tracking") or 0
            yield
            if not dry_run:
                self._before_commit(self)

    @contextmanager
    def _bulk(self) -> Iterator[None]:
        # SQLite ignores the first inside a transaction, so it stands around one.
        self.execute("PRAGMA foreign_keys = OFF")
        self.execute(f"PRAGMA cache_size = -{_BULK_CACHE_KIB}")
        self.connection.set_progress_handler(self._heed_signals, _STEPS_BETWEEN_LOOKS)
        try:
            yield
        finally:
            if not self._closed:
                self.connection.set_progress_handler(None, 0)
                self.execute("PRAGMA foreign_keys = ON")

    def _heed_signals(self) -> int:
        """Let Ctrl-C end a statement on a million rows, which is called in the middle of it.

        sqlite3 swallows what is raised here and ends the statement with SQLITE_INTERRUPT, so
        the exception is kept for `_translated`.
        """
        try:
            for _ in range(2):  # at the turn of a loop Python runs the handlers of signals
                pass
        except BaseException as error:  # noqa: BLE001  # raised again by _translated
            self._signal = error
            return 1
        return 0

    @contextmanager
    def read(self) -> Iterator[None]:
        """Run the block on one consistent state of the database; it waits for nobody."""
        with self._transaction("BEGIN", "ROLLBACK"):
            yield
        if self._copy_state is not None and self._copy_state != file_state(self.path):
            raise locked(self.path)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Run the block as one transaction on temporary tables, in which nobody is kept waiting."""
        with self._transaction("BEGIN", "COMMIT"):
            yield

    @contextmanager
    def _transaction(self, begin: str, end: str) -> Iterator[None]:
        with self._translated():
            self.connection.execute(begin)
            self._now = format_time(self._clock())
            self._changes_before = self.connection.total_changes
            try:
                yield
                with signals.held():  # whoever is stopped now has to know which it is
                    self.connection.execute(end)
                    if (begin, end) == ("BEGIN IMMEDIATE", "COMMIT"):
                        self.committed = self.committed or self._has_changed()
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
        self._changes_before = self.connection.total_changes
        if not self._dry_run:
            self.connection.execute("SAVEPOINT kept")
            self._kept = True

    def _has_changed(self) -> bool:
        """Whether the transaction has changed more than it keeps even if it is refused."""
        return self.connection.total_changes > self._changes_before

    def _give_up(self, error: BaseException) -> None:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_IOERR_FSYNC":
            self._overwrite_log()
        # SQLite itself rolls back on some errors, such as a full disk, and when it is closed.
        if self._closed or not self.connection.in_transaction:
            return
        refused = isinstance(error, AssignchatError) and not isinstance(error, DatabaseUnusable)
        if self._kept and refused:
            self.connection.execute("ROLLBACK TO kept")
            self._before_commit(self)
            self.connection.execute("COMMIT")
        else:
            self.connection.execute("ROLLBACK")

    def _overwrite_log(self) -> None:
        """Take back a commit that was written whole but could not be synced.

        SQLite forgets it, but its pages stand in the -wal file until somebody writes the next
        ones over them; if all who have the file open were killed before that, the next to open
        it would take the commit for a good one.
        """
        with suppress(sqlite3.Error):
            version = self.connection.execute("PRAGMA user_version").fetchone()[0]
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute(f"PRAGMA user_version = {version}")
            self.connection.execute("COMMIT")

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

    def value(self, sql: str, params: Params | None = None) -> Any:
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

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with translated(self.path):
                yield
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", None) == "SQLITE_INTERRUPT":
                raise self._signal or KeyboardInterrupt from None
            raise
