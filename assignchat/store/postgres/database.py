"""A database on a PostgreSQL server."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from assignchat.errors import (
    AssignchatError,
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseUnreachable,
    DatabaseUnusable,
)
from assignchat.store import seals
from assignchat.store.database import DEFAULT_BUSY_SECONDS, Database, Kind, SealedUpTo
from assignchat.store.postgres import (
    CHANNEL,
    SCHEMA_VERSION,
    connecting,
    errors,
    holding,
    statements,
    words,
)
from assignchat.store.postgres.driver import (
    Connection,
    copy,
    extensions,
    run,
)
from assignchat.store.postgres.inspection import PostgresInspection
from assignchat.store.postgres.logins import PostgresLogins
from assignchat.store.postgres.watching import Watching
from assignchat.store.sql import Params
from assignchat.system import signals
from assignchat.texts import without_password
from assignchat.times import Clock, format_time, utc_now

if TYPE_CHECKING:
    from assignchat.store.holder import Holder

_BOUNDS = ("SAVEPOINT", "ROLLBACK TO")  # what is due before one is not to come behind it
_ROWS_AT_ONCE = 2_000  # so that a signal is heard soon, over a slow network too


class PostgresDatabase(PostgresInspection, PostgresLogins, Watching, Database):
    """An open connection to a database on a server."""

    def __init__(self, url: str, os_user: str, busy_seconds: float, clock: Clock) -> None:
        self.location = without_password(url)
        self.os_user = os_user
        self._before_commit = seals.seal_new_rows
        self._url = url
        self._busy_seconds = busy_seconds
        self._clock = clock
        self._soon: list[bytes] = []
        self._changed = 0
        self._translating = errors.Translated(self.location, self._raise_interruption)
        self._cursor: Any = None  # of the last statement; it also writes those that run soon
        self._cursors = 0
        self._number = ""  # of the transaction that writes
        self._since = datetime.fromtimestamp(0, UTC)  # when it began, by the server's clock
        self._up_since: datetime | None = None  # when that server was started
        self._is_made = True
        self._is_bulk = False
        self._keyed: set[str] = set()
        self.connection: Connection = connecting.connect(url)

    @classmethod
    def open(
        cls,
        location: str,
        *,
        os_user: str,
        busy_seconds: float = DEFAULT_BUSY_SECONDS,
        clock: Clock = utc_now,
    ) -> Self:
        database = cls(location, os_user, busy_seconds, clock)
        try:
            database._prepare()
        except BaseException:
            database.close()
            raise
        return database

    def _prepare(self) -> None:
        """Set the connection up, refuse a database that is not ours or too new, and migrate."""
        sql, params = connecting.settings(self.connection, self._busy_seconds)
        try:
            version, self._up_since = next(self.tuples(f"{sql}; {statements.OPENED}", params))
        except DatabaseUnusable as error:
            if getattr(error.__cause__, "pgcode", None) == "42P01":
                raise self._unseen() from error
            raise
        if version > SCHEMA_VERSION:
            raise errors.newer(self.location, version, SCHEMA_VERSION)
        if version < SCHEMA_VERSION:
            from assignchat.store.postgres import migrations  # rare

            with self.write_temporary():
                migrations.migrate(self)

    def _unseen(self) -> DatabaseUnusable:
        """Return why this login sees no tables: it has no right to them, or there are none."""
        login = self.value(statements.LOGIN_WITHOUT_RIGHTS)
        return errors.no_member(self.location, login) if login else errors.missing(self.location)

    @classmethod
    def create(
        cls,
        location: str,
        fill: Callable[[Self], object] | None = None,
        *,
        os_user: str = "",
        clock: Clock = utc_now,
    ) -> bool:
        with cls(location, os_user, DEFAULT_BUSY_SECONDS, clock) as database:
            database.execute(*connecting.settings(database.connection, DEFAULT_BUSY_SECONDS))
            with database.write_temporary():
                return database._make(fill)

    def _make(self, fill: Callable[[Self], object] | None) -> bool:
        """Make the schema and fill it, in the transaction that is under way."""
        from assignchat.store.postgres import schema

        self.execute(statements.TAKE_LOCK)
        version, space, stranger = next(self.tuples(statements.IS_MADE))
        if version is not None:
            return False
        if stranger:
            raise errors.schema_of_another(self.location, stranger)
        made = "" if space else "CREATE SCHEMA assignchat;"
        self.execute(f"{made} {schema.definitions('assignchat')} {schema.VERSION}")
        if fill is not None:
            self._is_made = False
            fill(self)
            self._is_made = True
        self._number = self.value(statements.NUMBER)
        return True

    @staticmethod
    def located(location: str, folder: Path) -> str:  # noqa: ARG004
        return location

    @staticmethod
    def owner_id(location: str) -> int | None:  # noqa: ARG004
        return None

    def close(self) -> None:
        if self._in_transaction:  # else the server would notice it only later
            with suppress(AssignchatError):
                self._run("ROLLBACK")
        self.connection.close()

    # Transactions.

    def _begin(self, kind: Kind) -> datetime:
        begin = statements.BEGIN[kind] if self._is_made else statements.BEGIN_WITHIN
        self.connection.on_waiting = self._tell if kind == "write" else None
        try:
            row = next(self.tuples(begin, {"name": self._name()}))
        except BaseException as error:
            self._give_up(error)
            if isinstance(error, DatabaseLocked):
                raise errors.locked(self.location, self.holder()) from error
            if isinstance(error, DatabaseDamaged):
                self.check_in_place()
            raise
        finally:
            self.connection.on_waiting = None
        if kind == "write":
            self._number, self.tracked_before = row[1:3]
            self.sealed = SealedUpTo(*row[3:])
        self._since = row[0]
        if self._is_bulk:
            self.execute_soon("SET LOCAL work_mem = '64MB'", {})
        # The server's time is the same for all hosts; a clock that was given goes first.
        return row[0] if self._clock is utc_now else self._clock()

    def _name(self, percent: int | None = None) -> str:
        return holding.name(self.command, self.actor or self.os_user, percent)

    def holder(self) -> "Holder | None":
        for name, login, since in self.tuples(statements.HOLDER):
            return holding.holder(name, login, format_time(since) if since else None)
        return None

    def note_progress(self, done: int, total: int) -> None:
        name = self._name(100 * done // total)
        self.execute_soon("SET application_name = :name", {"name": name})

    def alone(self) -> AbstractContextManager[bool]:
        return holding.alone(self)

    def _tell(self) -> None:
        """Tell whoever wants to know for whom this connection waits; another one has to ask."""
        if self.tell_who_waits is not None:
            with type(self).open(self._url, os_user=self.os_user) as other:
                self.tell_who_waits(other.holder())

    def _place(self) -> AbstractContextManager[None]:
        return nullcontext()  # the server keeps the order

    def _end(self, *, commit: bool) -> None:
        if commit:
            self.connection.do_pending_work()
        if not self._is_made:
            return
        number, self._number = self._number, ""
        if not commit:
            self._drop_soon()
            self.execute("ROLLBACK")
            return
        if number and self._changed > self._changes_before:
            self.execute_soon(f"NOTIFY {CHANNEL}", {})
        self.connection.on_waiting = self._heed_signals
        try:
            self.execute("COMMIT")
        except DatabaseUnreachable as error:
            from assignchat.store.postgres.outcomes import Lost, was_committed  # rare

            lost = Lost(number, self._since, self._up_since)
            if not number or not was_committed(self, lost, max(self._busy_seconds, 1), error):
                raise
        finally:
            self.connection.on_waiting = None

    def _heed_signals(self) -> None:
        """Stop waiting for a standby if a signal was held back: the commit stands without it."""
        if signals.is_waiting_to_stop():
            self.connection.cancelled()

    @property
    def _in_transaction(self) -> bool:
        idle = extensions.TRANSACTION_STATUS_IDLE
        return not self.connection.closed and self.connection.get_transaction_status() != idle

    def _changes(self) -> int:
        return self._changed

    def _drop_soon(self) -> None:
        self._soon.clear()
        self.connection.pending_work = None

    def _give_up(self, error: BaseException) -> None:
        self._drop_soon()
        super()._give_up(error)

    @contextmanager
    def _bulk(self) -> Iterator[None]:
        self._is_bulk = True
        try:
            yield
        finally:
            self._is_bulk = False

    def _translated(self) -> AbstractContextManager[None]:
        return self._translating

    def _raise_interruption(self) -> None:
        self.connection.raise_interruption()  # which may be another one by then

    # Statements.

    def _run(self, sql: str, params: Params | None = None) -> Any:
        """Run a statement, after those that were to run soon. Returns the cursor."""
        if self._watched is None or self._in_transaction:
            return self._run_once(sql, params)
        try:
            return self._run_once(sql, params)
        except DatabaseUnreachable:
            self.reconnect()
            return self._run_once(sql, params)

    def _run_once(self, sql: str, params: Params | None) -> Any:
        if sql.startswith(_BOUNDS):
            self.connection.do_pending_work()
        with self._translated():
            cursor = self._cursor = self.connection.cursor()
            text = cursor.mogrify(words.prepared(sql), words.bound(params or {}))
            soon, self._soon = self._soon, []
            run(cursor, b";".join((*soon, text)))
        if cursor.statusmessage.startswith(("INSERT", "UPDATE", "DELETE")):
            self._changed += cursor.rowcount
        return cursor

    def _undo_part(self, sealed: SealedUpTo | None) -> None:
        self._drop_soon()
        super()._undo_part(sealed)
        self.execute_soon(statements.WITHOUT_GAPS, {})

    def execute(self, sql: str, params: Params | None = None) -> int:
        return int(self._run(sql, params).rowcount)

    def execute_soon(self, sql: str, params: Params) -> None:
        if not self._in_transaction:
            self.execute(sql, params)
            return
        with self._translated():
            self._soon.append(self._cursor.mogrify(words.prepared(sql), words.bound(params)))
        self._changed += 1  # for nobody knows better yet

    def while_busy(self, work: Callable[[], object]) -> None:
        self.connection.do_pending_work()
        self.connection.pending_work = work

    def execute_many(self, sql: str, rows: Iterable[Params]) -> None:
        for params in rows:
            self.execute_soon(sql, params)
            if len(self._soon) >= _ROWS_AT_ONCE:
                self._run("SELECT 1")

    def tuples(
        self, sql: str, params: Params | None = None, *, many: bool = False
    ) -> Iterator[tuple[Any, ...]]:
        if many and self._in_transaction:
            yield from self._parts(sql, params)
        else:
            yield from self._run(sql, params).fetchall()

    def _parts(self, sql: str, params: Params | None) -> Iterator[tuple[Any, ...]]:
        """Fetch rows part by part, so that memory stays small."""
        self._cursors += 1
        fetch = f"FETCH {_ROWS_AT_ONCE} FROM many_{self._cursors}"
        declare = f"DECLARE many_{self._cursors} NO SCROLL CURSOR FOR {sql}"
        part = self._run(f"{declare}; {fetch}", params).fetchall()
        while part:
            yield from part
            part = self._run(fetch).fetchall() if len(part) == _ROWS_AT_ONCE else []

    def whole_columns(
        self, columns: Sequence[str], source: str, params: Params
    ) -> list[Sequence[Any]]:
        rows = self._run(f"SELECT {', '.join(columns)} {source} ORDER BY id", params).fetchall()
        return list(zip(*rows, strict=True)) or [[] for _ in columns]

    def make_temporary(self, table: str, columns: str, *, key: str | None = None) -> None:
        rule = f", PRIMARY KEY ({key})" if key else ""
        self.execute(
            f"DROP TABLE IF EXISTS pg_temp.{table};"
            f" CREATE TEMP TABLE {table} ({words.typed(columns)}{rule})"
        )
        if key:
            self._keyed.add(table)
        else:
            self._keyed.discard(table)

    def stage(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        left = iter(rows)
        parts = iter(lambda: list(islice(left, _ROWS_AT_ONCE)), [])
        self._stage(table, (list(zip(*part, strict=True)) for part in parts), r"\N")

    def stage_columns(self, table: str, parts: Iterable[Sequence[Sequence[Any]]]) -> None:
        self._stage(table, parts, "")

    def _stage(self, table: str, parts: Iterable[Sequence[Sequence[Any]]], null: str) -> None:
        target = "copied" if table in self._keyed else table
        if target != table:
            self.execute(f"DROP TABLE IF EXISTS copied; CREATE TEMP TABLE copied (LIKE {table})")
        self._copy(f"{target} FROM STDIN (NULL '{null}')", (words.copied(p, null) for p in parts))
        if target != table:
            self.execute(f"INSERT INTO {table} SELECT * FROM copied ON CONFLICT DO NOTHING")
        self.execute(f"ANALYZE {table}")

    def _copy(self, target: str, texts: Iterable[str]) -> None:
        if self._soon:
            self._run("SELECT 1")
        with self._translated(), self.connection.cursor() as cursor:
            copy(cursor, f"COPY {target}", texts)
            self._changed += cursor.rowcount

    def stage_selected(self, table: str, select: str, params: Params | None = None) -> None:
        super().stage_selected(table, select, params)
        self.execute(f"ANALYZE {table}")
