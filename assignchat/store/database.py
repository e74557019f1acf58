"""The protocol of an engine: transactions, statements with their results, and facts for a check."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeVar

from assignchat.errors import AssignchatError, DatabaseUnusable
from assignchat.model import Rules
from assignchat.namedtuples import NamedTuple
from assignchat.store import strict
from assignchat.store.columns import KEYS
from assignchat.store.expressions import Expressions
from assignchat.store.inspection import Inspection
from assignchat.store.logins import Logins
from assignchat.store.meanwhile import Changes
from assignchat.store.sql import Params
from assignchat.system import signals
from assignchat.times import Clock, format_time, utc_now

if TYPE_CHECKING:
    from assignchat.store.holder import Holder

Kind = Literal["write", "read", "temporary"]

DEFAULT_BUSY_SECONDS = 10.0


R = TypeVar("R", bound=NamedTuple)


class SealedUpTo(NamedTuple):
    """The last row under the newest seal, and the hash of that seal."""

    last_id: int
    hash: str


class Database(Expressions, Inspection, Changes, Logins, Protocol):
    """An open assignchat database, used by one process and thread. Each engine is a subclass."""

    location: str
    """Where it is, for people and for `engine_of`."""
    os_user: str
    """The login that every tracking row records."""
    tracked_before: int = 0
    """The newest tracking row when the transaction that is under way began; `_begin` sets it."""
    sealed: SealedUpTo | None = None
    """Where the newest seal ends, as far as the transaction that is under way has asked."""
    rules: Rules = Rules()
    """The rules by which requests are sent and settled; the opener gives them."""
    command: str = "Python program"
    """The name under which other writers are told for whom they wait; the opener gives it."""
    actor: str | None = None
    """Whose command it is, for them; the login if it is not given."""
    tell_who_waits: Callable[["Holder | None"], None] | None = None
    """Called, if given, when a writer has waited for a second, and then every few seconds."""
    checking: bool = False
    """Whether it is only looked at for damage, so that it may also be read if it is damaged."""
    committed: bool = False
    """Whether a change has been committed. A failure after that is reported as one."""

    _before_commit: Callable[["Database"], None]
    """The last part of each transaction that writes."""
    _now: str | None = None
    _keeps_some: bool = False
    _kept_seal: SealedUpTo | None = None
    _changes_before: int = 0
    _dry_run: bool = False
    _has_parts: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # By location, before a database is open.

    @classmethod
    def open(
        cls,
        location: str,
        *,
        os_user: str,
        busy_seconds: float = DEFAULT_BUSY_SECONDS,
        clock: Clock = utc_now,
    ) -> Self:
        """Open a database, and bring an older schema up to date.

        `busy_seconds` is how long to wait for another writer. Raises one of the
        `DatabaseUnusable` errors for anything that this version cannot use as a database, and
        leaves it untouched.
        """

    @classmethod
    def create(
        cls,
        location: str,
        fill: Callable[[Self], object] | None = None,
        *,
        os_user: str = "",
        clock: Clock = utc_now,
    ) -> bool:
        """Make a database, with the rows that `fill` inserts. Returns whether none was there.

        It appears whole or not at all. Raises one of the `DatabaseUnusable` errors where none can
        be made.
        """

    @staticmethod
    def located(location: str, folder: Path) -> str:
        """Resolve a location that is relative to a folder. Returns an absolute one."""

    @staticmethod
    def owner_id(location: str) -> int | None:
        """Return the uid of the database's owner on this machine, or None."""

    # What differs between engines, and is not asked by SQL.

    def close(self) -> None:
        """Close the database. A transaction that is under way is undone."""

    @property
    def own_files(self) -> Sequence[Path]:
        """List the files that the database uses or will use, itself first. Empty for a server."""

    def copy(self, path: Path, *, replace: bool = False) -> None:
        """Copy the database as it is at this moment into a file, while others may write.

        The copy is checked before it takes its name, and only its owner can read it. Raises
        `InvalidValue` if a file is there already, unless `replace` is given and no process uses
        that file as a database. Raises a `DatabaseUnusable` error if the copy cannot be written.
        """

    # Transactions.

    @property
    def now(self) -> str:
        """The time of the transaction that is under way, as it is stored.

        It is read once, when the lock is held, so that the order of times is the order of rows.
        """
        if self._now is None:
            raise RuntimeError("no transaction is under way")
        return self._now

    @contextmanager
    def write(self, *, dry_run: bool = False, bulk: bool = False) -> Iterator[None]:
        """Run the block as one transaction: all of it or nothing, and nothing in a `dry_run`.

        `bulk` is for work on very many rows that selects the rows it refers to in the same
        transaction. Writers take turns, in the order in which they ask, so no other process
        changes what the block has read. Raises `DatabaseLocked` if the turn does not come in time.
        """
        if self._has_parts:
            with self._bulk() if bulk else nullcontext(), self._part(undo=dry_run):
                yield
            return
        self._dry_run = dry_run
        with (
            signals.not_suspended(),
            self._place(),
            self._bulk() if bulk else nullcontext(),
            self._transaction("write", commit=not dry_run),
        ):
            yield
            if not dry_run:
                self._complete()

    @contextmanager
    def one_transaction(self) -> Iterator[None]:
        """Run the block as one transaction. Those that it begins are parts of it.

        A part that fails is undone; all is undone if its error leaves the block.
        """
        with self.write():
            self._has_parts = True
            try:
                yield
            finally:
                self._has_parts = False

    @contextmanager
    def _part(self, *, undo: bool) -> Iterator[None]:
        sealed = self.sealed
        self.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._in_transaction:  # an engine itself rolls back on some errors
                self._undo_part(sealed)
            raise
        if undo:
            self._undo_part(sealed)
        else:
            self.execute("RELEASE SAVEPOINT part")

    def _undo_part(self, sealed: SealedUpTo | None) -> None:
        self.execute("ROLLBACK TO SAVEPOINT part")
        self.execute("RELEASE SAVEPOINT part")
        self.sealed = sealed

    @contextmanager
    def read(self) -> Iterator[None]:
        """Run the block on one consistent state of the database, without waiting for a writer."""
        if self._has_parts:
            yield
            return
        with signals.not_suspended(), self._transaction("read", commit=False):
            yield

    @contextmanager
    def write_temporary(self) -> Iterator[None]:
        """Run the block as one transaction on temporary tables, without a lock.

        It may be suspended: rows that are staged may come from a terminal, and nobody waits.
        """
        if self._has_parts:
            yield
            return
        with self._bulk(), self._transaction("temporary", commit=True):
            yield

    def alone(self) -> AbstractContextManager[bool]:
        """Wait for the end of other blocks of this kind. Yields whether it came in time."""

    def note_progress(self, done: int, total: int) -> None:
        """Let other writers know how far the transaction is."""

    def holder(self) -> "Holder | None":
        """Find who has the lock for writing. Returns None if nobody does, or it cannot be told."""

    def keep_if_refused(self) -> None:
        """Keep the changes so far even if the rest of the transaction is refused.

        For deadlines that have passed: the command that meets them is refused, but the time-outs
        are recorded. So call it before anything else is changed.
        """
        if self._has_parts:  # all or nothing
            return
        self._changes_before = self._changes()
        if not self._dry_run:
            self.execute("SAVEPOINT kept")
            self._keeps_some, self._kept_seal = True, self.sealed

    @contextmanager
    def _transaction(self, kind: Kind, *, commit: bool) -> Iterator[None]:
        with strict.damage_named(self.first_damage), self._translated():
            self._now = format_time(self._begin(kind))
            self._changes_before = self._changes()
            try:
                signals.raise_lost()
                yield
                signals.raise_lost()
                changed = kind == "write" and commit and self._changes() > self._changes_before
                with signals.held():  # a program that is stopped now has to know
                    self._end(commit=commit)
                    self.committed |= changed
            except BaseException as error:
                self._give_up(error)
                raise
            finally:
                self._now, self._keeps_some, self.sealed = None, False, None

    def _give_up(self, error: BaseException) -> None:
        # An engine itself rolls back on some errors, such as a full disk.
        if not self._in_transaction:
            return
        refused = isinstance(error, AssignchatError) and not isinstance(error, DatabaseUnusable)
        if self._keeps_some and refused:
            self.execute("ROLLBACK TO kept")
            self.sealed = self._kept_seal
            self._complete()
            self._end(commit=True)
        else:
            self._end(commit=False)

    def expect_tracking_rows(self, count: int) -> None:
        """Make ready to append about so many tracking rows in the transaction that is under way."""

    def _complete(self) -> None:
        """Finish what is about to be committed."""
        self._before_commit(self)

    def _place(self) -> AbstractContextManager[None]:
        """Run the block, around a transaction that writes, with a place among the writers."""

    def _begin(self, kind: Kind) -> datetime:
        """Begin a transaction; to write, take the lock, set `tracked_before`. Returns its time."""

    def _end(self, *, commit: bool) -> None:
        """Commit the transaction, or undo it."""
        self.execute("COMMIT" if commit else "ROLLBACK")

    @property
    def _in_transaction(self) -> bool:
        """Whether the engine is in a transaction."""

    def _changes(self) -> int:
        """Return how many rows have been changed since the database was opened."""

    def _bulk(self) -> AbstractContextManager[None]:
        """Run the block, around a transaction, with settings for very many rows."""

    def _translated(self) -> AbstractContextManager[None]:
        """Turn the driver's errors in the block into `assignchat.errors`."""

    # Statements, with parameters by name.

    def execute(self, sql: str, params: Params | None = None) -> int:
        """Run one statement. Returns the number of rows that it changed."""

    def change(self, rows: int, sql: str, params: Params | None = None) -> None:
        """Run one statement that must change so many rows: users are told that number.

        Raises `DatabaseDamaged` if it did not, so that nothing of the transaction is left.
        """
        changed = self.execute(sql, params)
        if changed != rows:
            raise strict.not_changed(self.location, changed, rows)

    def execute_soon(self, sql: str, params: Params) -> None:
        """Run one statement now, or together with the next ones: nobody waits for its result."""
        self.execute(sql, params)

    def while_busy(self, work: Callable[[], object]) -> None:
        """Do work that waits for no statement: now, while the next runs, or before the commit."""
        work()

    def execute_many(self, sql: str, rows: Iterable[Params]) -> None:
        """Run one statement for each of many rows of parameters."""

    def tuples(
        self, sql: str, params: Params | None = None, *, many: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows as they come. If they may be `many`, only some are in memory at once."""

    def whole_columns(
        self, columns: Sequence[str], source: str, params: Params
    ) -> list[Sequence[Any]]:
        """Return each column of the rows that `source`, from FROM on, selects, by their ids."""

    def value(self, sql: str, params: Params | None = None) -> Any:
        """Return the first column of the first row, or None where there is no row."""
        return next((row[0] for row in self.tuples(sql, params)), None)

    def column(self, sql: str, params: Params | None = None) -> list[Any]:
        """Return the first column of every row."""
        return [row[0] for row in self.tuples(sql, params)]

    def insert(self, sql: str, params: Params) -> int:
        """Insert one row with a statement that ends in `RETURNING id`. Returns the new id."""
        return int(self.value(sql, params))

    def one(self, row_type: type[R], sql: str, params: Params) -> R | None:
        """Return the first row, as a `row_type`, or None."""
        return next(self.rows(row_type, sql, params), None)

    def rows(
        self, row_type: type[R], sql: str, params: Params | None = None, *, many: bool = False
    ) -> Iterator[R]:
        """Yield the rows as `row_type`, whose fields are the selected columns. See `tuples`.

        Raises `DatabaseDamaged` for a value that its column cannot hold: see `strict`.
        """
        return strict.made(row_type, self.tuples(sql, params, many=many), self.location)

    def table(self, name: str) -> Iterator[tuple[Any, ...]]:
        """Yield all rows of a table or view by their ids: records by request, then by batch."""
        # SQLite yields records so by itself. To sort a million takes 5 % of an export there.
        order = "" if name == "engagement_records" else f" ORDER BY {KEYS.get(name, '1')}"
        return self.tuples(f"SELECT * FROM {name}{order}", many=True)

    # Temporary tables, which only their owner sees.

    def make_temporary(self, table: str, columns: str, *, key: str | None = None) -> None:
        """Make an empty temporary table, in the place of an earlier one of that name.

        A `key` of one or more columns also says in which order the rows are stored.
        """

    def stage(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Put rows into a temporary table, but for those whose key is there already.

        They may come slowly, but not from statements on this database.
        """

    def stage_columns(self, table: str, parts: Iterable[Sequence[Sequence[Any]]]) -> None:
        """Put rows as `stage` does, which come some at a time, by column. Blank text is NULL."""

    def stage_selected(self, table: str, select: str, params: Params | None = None) -> None:
        """Put the rows that a statement selects into a temporary table."""
        self.execute(f"INSERT INTO {table} {select}", params)

    def stage_texts(self, table: str, texts: list[str]) -> None:
        """Put texts into a temporary table of one column, but for those that are there already."""
        self.stage(table, ((text,) for text in texts))
