"""A database in an SQLite file."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from assignchat.errors import (
    DatabaseFull,
    DatabaseMissing,
    DatabaseReplaced,
)
from assignchat.store import seals
from assignchat.store.database import DEFAULT_BUSY_SECONDS, Kind
from assignchat.store.sql import Params
from assignchat.store.sqlite import SCHEMA_VERSION, opening, queue
from assignchat.store.sqlite.errors import Translated, locked
from assignchat.store.sqlite.inspection import WRONG_SEQUENCES, SqliteInspection
from assignchat.system import signals
from assignchat.times import Clock, format_time, utc_now

if TYPE_CHECKING:
    from assignchat.store.holder import Holder

# What a sweep of a million deadlines touches in no order; taken only as far as it is needed.
_BULK_CACHE_KIB = 64 * 1024
_STEPS_BETWEEN_LOOKS = 200_000  # of SQLite's virtual machine: some milliseconds

# SQLite copies the rows of an INSERT … SELECT into a temporary table where there is a trigger.
_GUARD_AGAINST_REPLACING = "engagement_tracking_no_replace"
_MANY_ROWS = 1_000


_LAST_TRACKED = f"SELECT max(id), EXISTS ({WRONG_SEQUENCES}) FROM engagement_tracking"


class SqliteDatabase(SqliteInspection):
    """An open SQLite file, or a closed copy of one that may only be read.

    With `full`, the error of a full disk, the database is read in the same way as such a copy.
    """

    def __init__(
        self,
        path: Path,
        os_user: str,
        busy_seconds: float,
        clock: Clock,
        full: DatabaseFull | None = None,
    ) -> None:
        self.location = str(path)
        self.os_user = os_user
        self._before_commit = seals.seal_new_rows
        self._path = path
        self._busy_seconds = busy_seconds
        self._clock = clock
        self._state = opening.file_state(self._path)
        self._full = full
        self._is_closed_copy = full is not None or opening.is_closed_copy(path, self._state)
        self.connection = opening.connect(path, busy_seconds, immutable=self._is_closed_copy)
        self.connection.set_progress_handler(self._signals().__next__, _STEPS_BETWEEN_LOOKS)
        self._closed = False
        self._beside: dict[str, opening.Identity] = {}
        self._dropped_guard: str | None = None
        self._signal: BaseException | None = None
        self._translating = Translated(path, lambda: self._signal or KeyboardInterrupt())
        self._queued: queue.Place | None = None

    @classmethod
    def open(
        cls,
        location: str,
        *,
        os_user: str,
        busy_seconds: float = DEFAULT_BUSY_SECONDS,
        clock: Clock = utc_now,
    ) -> Self:
        path = Path(location)
        opening.check_is_file(path)
        with signals.not_suspended():  # what a crash has left is cleared up under a lock
            try:
                return cls._opened(path, os_user, busy_seconds, clock)
            except DatabaseFull as full:
                return cls._opened(path, os_user, busy_seconds, clock, full)

    @classmethod
    def _opened(
        cls,
        path: Path,
        os_user: str,
        busy_seconds: float,
        clock: Clock,
        full: DatabaseFull | None = None,
    ) -> Self:
        database = cls(path, os_user, busy_seconds, clock, full)
        if full is not None and database._state.log_size:  # what is in it would be left out
            database.close()
            raise full
        try:
            with Translated(path):
                version = opening.prepare(database.connection, path)
            if version < SCHEMA_VERSION:
                from assignchat.store.sqlite.upgrading import bring_up_to_date  # rare

                bring_up_to_date(database, path)
            database.check_in_place()  # or it may be the file before it that is open
            database._look_at_schema()
            database._beside = opening.identities_beside(path)
        except BaseException:
            database._closed = True
            if database._state.log_size:
                opening.close_untouched(database.connection, path)
            database.connection.close()
            raise
        return database

    def _look_at_schema(self) -> None:
        with Translated(self._path):
            # A closed copy is read in no mode at all.
            mode = "wal" if self._is_closed_copy else self.value("PRAGMA journal_mode")
            if mode == "wal" and opening.is_as_made(self.connection):
                return
            from assignchat.store.sqlite import faults

            self._fault = faults.find(self.connection, self._path, mode)

    @classmethod
    def create(
        cls,
        location: str,
        fill: Callable[[Self], object] | None = None,
        *,
        os_user: str = "",
        clock: Clock = utc_now,
    ) -> bool:
        from assignchat.store.sqlite import files  # rare, as is the schema

        def fill_file(building: Path) -> None:
            if fill is not None:
                with cls.open(str(building), os_user=os_user, clock=clock) as database:
                    fill(database)

        return files.create_file(Path(location), fill_file)

    @staticmethod
    def located(location: str, folder: Path) -> str:
        return str(folder / location)

    @staticmethod
    def owner_id(location: str) -> int | None:
        try:
            return Path(location).stat().st_uid
        except (OSError, ValueError):  # ValueError: a NUL in the name
            return None

    def close(self) -> None:
        self._closed = True
        with signals.not_suspended():
            opening.close(self.connection, self._beside)

    @property
    def version(self) -> object:
        state = opening.file_state(self._path)
        if state.file != self._state.file:  # whoever goes on opens the one that is there now
            return None, state
        opening.check_beside(self._beside)
        return self.value("PRAGMA data_version"), state

    def check_in_place(self) -> None:
        opening.check_in_place(self._path, self._state.file)
        opening.check_beside(self._beside)

    @contextmanager
    def write(self, *, dry_run: bool = False, bulk: bool = False) -> Iterator[None]:
        with super().write(dry_run=dry_run, bulk=bulk):
            yield
            self.check_in_place()  # while it can be undone
        if self._has_parts:  # so nothing is written yet
            return
        try:
            self.check_in_place()
        except DatabaseMissing as error:
            raise opening.replaced(error, self._state.file) from None
        except DatabaseReplaced as error:  # the -wal file, which is the first
            raise opening.replaced(error, next(iter(self._beside.values()))) from None

    @property
    def own_files(self) -> Sequence[Path]:
        return self._path, *opening.files_beside(self._path), self._queue

    def copy(self, path: Path, *, replace: bool = False) -> None:
        from assignchat.store.sqlite import files

        files.check_place(self._path, path, replace=replace)
        with (
            signals.not_suspended(),
            files.copied_beside(self.connection, self._path, path) as building,
            signals.held(),
        ):
            self.check_in_place()
            files.name_copy(building, path, replace=replace)  # from here on it is there
            self.committed = True

    @contextmanager
    def read(self) -> Iterator[None]:
        with super().read():
            yield
        if self._is_closed_copy and self._state != opening.file_state(self._path):
            raise locked(self._path)

    def expect_tracking_rows(self, count: int) -> None:
        """Drop the trigger against replacing rows until `_complete`; no other process sees that.

        What is rolled back, also after a kill, has it still.
        """
        if count >= _MANY_ROWS and self._dropped_guard is None:
            self._dropped_guard = self._guard()
            self.execute(f"DROP TRIGGER IF EXISTS {_GUARD_AGAINST_REPLACING}")

    def _complete(self) -> None:
        super()._complete()
        if self._dropped_guard and not self._guard():  # ROLLBACK TO may have brought it back
            self.execute(self._dropped_guard)

    def _guard(self) -> str | None:
        found: str | None = self.value(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name",
            {"name": _GUARD_AGAINST_REPLACING},
        )
        return found

    def holder(self) -> "Holder | None":
        return queue.holder(self._path, self._queue, self._queued)

    def note_progress(self, done: int, total: int) -> None:
        if self._queued is not None:
            self._queued.say(percent=100 * done // total)

    @cached_property
    def _queue(self) -> Path:
        return queue.queue_beside(self._path)

    @contextmanager
    def _place(self) -> Iterator[None]:
        seals.make_ready()
        try:
            with queue.place(self._path, self._queue) as self._queued:
                yield
        finally:
            self._queued = None

    def alone(self) -> AbstractContextManager[bool]:
        return queue.alone(self._path, self._queue, self._busy_seconds)

    def _begin(self, kind: Kind) -> datetime:
        self.check_in_place()
        if self._fault is not None:
            self._fault.check(kind, checking=self.checking)
        if kind != "write":
            self.connection.execute("BEGIN")
            return self._clock()
        if self._full is not None:
            raise self._full
        try_to_begin = partial(opening.begin_to_write, self.connection, self._busy_seconds)
        if not queue.begin(self._queued, self._busy_seconds, try_to_begin, self._tell):
            raise locked(self._path, self.holder())
        now = self._clock()
        if self._queued is not None:
            actor = self.actor or self.os_user
            since = format_time(now)
            self._queued.say(
                command=self.command, actor=actor, os_user=self.os_user, since=since, percent=None
            )
        self._dropped_guard = None
        self.tracked_before = self._last_tracked()
        return now

    def _last_tracked(self) -> int:
        """Return the highest id of tracking. Raises `DatabaseDamaged` for a wrong next id."""
        last, is_wrong = next(self.tuples(_LAST_TRACKED))
        if is_wrong:
            self.check_sequences()
        return last or 0

    def _tell(self) -> None:
        if self.tell_who_waits is not None:
            self.tell_who_waits(self.holder())

    @property
    def _in_transaction(self) -> bool:
        return not self._closed and self.connection.in_transaction

    def _changes(self) -> int:
        return self.connection.total_changes

    def _give_up(self, error: BaseException) -> None:
        cause = error.__cause__ or error
        if getattr(cause, "sqlite_errorname", "") == "SQLITE_IOERR_FSYNC":
            opening.overwrite_log(self.connection)
        super()._give_up(error)

    @contextmanager
    def _bulk(self) -> Iterator[None]:
        """Do not look each reference up again, and keep more pages in memory."""
        # SQLite ignores the first inside a transaction, so it stands around one.
        self.execute("PRAGMA foreign_keys = OFF")
        self.execute(f"PRAGMA cache_size = -{_BULK_CACHE_KIB}")
        try:
            yield
        finally:
            if not self._closed:
                self.execute("PRAGMA foreign_keys = ON")

    def _signals(self) -> Iterator[int]:
        """Yield 0, and 1 once a signal such as Ctrl-C is to end the statement that runs.

        SQLite asks in the middle of statements. sqlite3 would swallow an exception that leaves
        this, so it is kept for `_translated`. Python runs the handlers of signals where a function
        begins or a generator goes on, and only the latter is inside of a `try`.
        """
        while True:
            try:
                yield 0
            except GeneratorExit:
                return
            except BaseException as error:  # noqa: BLE001  # raised again by _translated
                self._signal = error
                yield 1

    def _translated(self) -> AbstractContextManager[None]:
        return self._translating

    def execute(self, sql: str, params: Params | None = None) -> int:
        with self._translated():
            return self.connection.execute(sql, params or {}).rowcount

    def execute_many(self, sql: str, rows: Iterable[Params]) -> None:
        with self._translated():
            self.connection.executemany(sql, rows)

    def tuples(
        self,
        sql: str,
        params: Params | None = None,
        *,
        many: bool = False,  # noqa: ARG002
    ) -> Iterator[tuple[Any, ...]]:
        with self._translated():
            # Not `yield from`: a reader who stops early would close the cursor, too late.
            for row in self.connection.execute(sql, params or {}):  # noqa: UP028
                yield row

    def make_temporary(self, table: str, columns: str, *, key: str | None = None) -> None:
        self.execute(f"DROP TABLE IF EXISTS temp.{table}")
        ordered = f"{columns}, PRIMARY KEY ({key})) WITHOUT ROWID"
        self.execute(f"CREATE TEMP TABLE {table} ({ordered if key else columns + ')'}")

    def stage(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._insert_all(table, rows, "?")

    def stage_columns(self, table: str, parts: Iterable[Sequence[Sequence[Any]]]) -> None:
        rows = chain.from_iterable(zip(*columns, strict=True) for columns in parts)
        self._insert_all(table, rows, "nullif(?, '')")

    def _insert_all(self, table: str, rows: Iterable[tuple[Any, ...]], place: str) -> None:
        # Whatever reads the database itself here keeps it open until the last row has come.
        columns = self.connection.execute(f"SELECT * FROM {table} LIMIT 0").description
        places = ", ".join([place] * len(columns))
        insert = f"INSERT INTO {table} VALUES ({places}) ON CONFLICT DO NOTHING"
        with self._translated():
            self.connection.executemany(insert, rows)

    def stage_texts(self, table: str, texts: list[str]) -> None:
        sql = f"INSERT OR IGNORE INTO {table} SELECT value FROM json_each(:texts)"
        self.execute(sql, {"texts": json.dumps(texts, ensure_ascii=False)})
