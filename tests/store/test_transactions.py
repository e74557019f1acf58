"""What every engine promises of transactions, of writers in turn, and of time."""

import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress

import pytest

from assignchat.errors import DatabaseLocked, InvalidValue
from assignchat.model import Event
from assignchat.store import tracking
from assignchat.store.damage import attempt
from assignchat.store.database import Database
from assignchat.system import signals
from tests.store.changing import REFUSED, Stopped, add, ending_in, names
from tests.store.conftest import Engine

WRITERS = 4
TURNS = 10


def test_a_transaction_is_there_for_others_once_it_ends(
    database: Database, other: Database
) -> None:
    with database.write():
        add(database, "mark")
        assert names(database) == ["mark"]
        assert names(other) == []
        assert not database.committed
    assert names(other) == ["mark"]
    assert (database.committed, other.committed) == (True, False)


@pytest.mark.parametrize("error", [REFUSED, ValueError("no"), Stopped()])
def test_a_transaction_that_fails_has_changed_nothing(
    database: Database, other: Database, error: BaseException
) -> None:
    with ending_in(error), database.write():
        add(database, "mark")
        raise error
    assert names(database) == names(other) == []
    assert not database.committed
    with database.write():  # nor is anything left that stands in the way
        add(database, "mark")
    assert names(other) == ["mark"]


@pytest.mark.parametrize("transaction", ["read", "write", "bulk"])
def test_a_signal_ends_a_statement_that_takes_long(database: Database, transaction: str) -> None:
    def stop(_number: int, _frame: object) -> None:
        raise Stopped

    kinds = {"read": database.read(), "write": database.write(), "bulk": database.write(bulk=True)}
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Stopped), kinds[transaction]:
            database.value(f"{endless} SELECT count(*) FROM n")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert names(database) == []


def test_a_signal_that_python_drops_ends_the_transaction_all_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_read() -> Iterator[None]:
        try:
            yield
        finally:
            raise Stopped

    def change() -> None:
        add(database, "mark")
        next(half_read())  # and closed, where errors cannot go anywhere

    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    signals.keep_lost(Stopped)
    with pytest.raises(Stopped), database.write():
        change()
    assert names(database) == []
    with database.write():
        add(database, "martha")
    assert names(database) == ["martha"]


def test_closing_undoes_what_is_under_way(database: Database, other: Database) -> None:
    with suppress(Stopped), database.write():
        add(database, "mark")
        database.close()
        raise Stopped
    with other.write():
        assert names(other) == []


def test_a_transaction_that_changes_nothing_is_no_change(database: Database) -> None:
    with database.write():
        names(database)
    assert not database.committed


@pytest.mark.parametrize("bulk", [False, True])
def test_a_dry_run_sees_its_changes_and_leaves_none(database: Database, *, bulk: bool) -> None:
    with database.write(dry_run=True, bulk=bulk):
        add(database, "mark")
        assert names(database) == ["mark"]
    assert names(database) == []
    assert not database.committed


def test_a_bulk_transaction_is_as_any_other(database: Database, other: Database) -> None:
    with ending_in(REFUSED), database.write(bulk=True):
        add(database, "mark")
        raise REFUSED
    with database.write(bulk=True):
        add(database, "martha")
    assert names(other) == ["martha"]
    assert database.committed


def test_transactions_can_be_parts_of_one(database: Database, other: Database) -> None:
    with database.one_transaction():
        with database.write():
            add(database, "mark")
        with ending_in(REFUSED), database.write():
            add(database, "omar")
            database.keep_if_refused()
            raise REFUSED
        with database.write(dry_run=True, bulk=True):
            add(database, "jane")
        with database.read():
            assert names(database) == ["mark"]
        assert (names(other), database.committed) == ([], False)
    assert (names(other), database.committed) == (["mark"], True)


def test_if_it_fails_none_of_its_parts_stands(database: Database, other: Database) -> None:
    with ending_in(REFUSED), database.one_transaction():
        with database.write():
            add(database, "mark")
        raise REFUSED
    assert (names(other), database.committed) == ([], False)
    with database.write():  # a transaction of its own again
        add(database, "martha")
    assert names(other) == ["martha"]


def add_while_busy(database: Database, user_id: str) -> None:
    """A change that may be made while the engine does something else."""
    sql = (
        "INSERT INTO users (id, name, role, active, created_at) VALUES (:id, :id, 'user', 1, :now)"
    )
    bound = {"id": user_id, "now": database.now}
    database.while_busy(lambda: database.execute_soon(sql, bound))


@pytest.mark.parametrize("parts", [False, True])
def test_what_is_done_while_the_server_is_busy_is_done_in_its_transaction(
    database: Database, other: Database, *, parts: bool
) -> None:
    with database.one_transaction() if parts else nullcontext():
        with database.write():
            add_while_busy(database, "mark")
            add_while_busy(database, "martha")
            database.value("SELECT count(*) FROM chats")
        with suppress(InvalidValue), database.write():
            add_while_busy(database, "jane")
            raise REFUSED
        with database.write():
            add_while_busy(database, "omar")
    assert names(other) == ["mark", "martha", "omar"]


def test_what_is_done_while_the_server_is_busy_is_kept_with_what_came_before_it(
    database: Database, other: Database
) -> None:
    with suppress(InvalidValue), database.write():
        add(database, "mark")
        add_while_busy(database, "martha")
        database.keep_if_refused()
        add_while_busy(database, "jane")
        raise REFUSED
    assert names(other) == ["mark", "martha"]


def test_what_is_done_while_the_server_is_busy_is_undone_with_the_attempt(
    database: Database, other: Database
) -> None:
    with database.write():
        add_while_busy(database, "mark")
        with suppress(InvalidValue), attempt(database):
            add_while_busy(database, "jane")
            raise REFUSED
    assert names(other) == ["mark"]


def test_what_fails_while_the_server_is_busy_fails_its_transaction(
    database: Database, other: Database
) -> None:
    def fail() -> None:
        raise REFUSED

    with ending_in(REFUSED), database.write():
        add(database, "mark")
        database.while_busy(fail)
        database.value("SELECT count(*) FROM chats")
    assert names(database) == names(other) == []


def test_a_refused_command_keeps_what_it_said_it_would(database: Database, other: Database) -> None:
    with ending_in(REFUSED), database.write():
        add(database, "mark")
        database.keep_if_refused()
        add(database, "martha")
        raise REFUSED
    assert names(other) == ["mark"]
    assert not database.committed  # of its own changes, none was made


def test_what_is_kept_if_refused_stands_if_all_goes_well(database: Database) -> None:
    with database.write():
        add(database, "mark")
        database.keep_if_refused()
        add(database, "martha")
    assert names(database) == ["mark", "martha"]
    assert database.committed


@pytest.mark.parametrize("error", [ValueError("no"), Stopped(), DatabaseLocked("no")])
def test_only_a_refusal_keeps_anything(database: Database, error: BaseException) -> None:
    with ending_in(error), database.write():
        add(database, "mark")
        database.keep_if_refused()
        raise error
    assert names(database) == []


def test_a_dry_run_keeps_nothing(database: Database) -> None:
    with ending_in(REFUSED), database.write(dry_run=True):
        add(database, "mark")
        database.keep_if_refused()
        raise REFUSED
    assert names(database) == []


def test_what_is_kept_is_so_for_one_transaction(database: Database) -> None:
    with database.write():
        database.keep_if_refused()
    with ending_in(REFUSED), database.write():
        add(database, "mark")
        raise REFUSED
    assert names(database) == []


MANY = 100_000  # rows, for which an engine may put its guards aside


@pytest.mark.parametrize("expected_first", [False, True])
@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("end", [None, REFUSED, ValueError("no"), Stopped(), DatabaseLocked("no")])
def test_the_guards_stand_however_a_transaction_of_very_many_rows_ends(
    database: Database,
    other: Database,
    *,
    expected_first: bool,
    dry_run: bool,
    end: BaseException | None,
) -> None:
    with database.write():
        tracking.append(database, Event.CONFIG_CHANGED, "mark")
    with (
        nullcontext() if end is None else ending_in(end),
        database.write(dry_run=dry_run, bulk=True),
    ):
        if expected_first:
            database.expect_tracking_rows(MANY)
        tracking.append(database, Event.CONFIG_CHANGED, "mark")
        database.keep_if_refused()
        database.expect_tracking_rows(MANY)
        tracking.append(database, Event.CONFIG_CHANGED, "mark")
        assert other.schema_differences() == []
        if end is not None:
            raise end
    assert database.schema_differences() == other.schema_differences() == []


def test_a_reader_sees_one_state_and_keeps_nobody_waiting(
    database: Database, other: Database
) -> None:
    with database.read():
        assert names(database) == []
        with other.write():
            add(other, "mark")
        assert names(database) == []
    with database.read():
        assert names(database) == ["mark"]


def test_a_reader_waits_for_nobody(database: Database, other: Database) -> None:
    with other.write():
        add(other, "mark")
        with database.read():
            assert names(database) == []


def test_temporary_tables_are_ones_own_and_keep_nobody_waiting(
    database: Database, other: Database
) -> None:
    with database.write_temporary():
        database.make_temporary("given", "id TEXT", key="id")
        database.stage("given", [("mark",)])
        database.stage_texts("given", ["omar", "mark", "omar"])
        with other.write():
            add(other, "omar")
    with database.write():
        new = database.column(
            "SELECT id FROM given WHERE id NOT IN (SELECT id FROM users) ORDER BY id"
        )
        for user_id in new:
            add(database, user_id)
    assert names(other) == ["mark", "omar"]
    assert "given" not in database.tables()


# Writers in turn, and time.


def test_a_writer_who_does_not_get_a_turn_is_told_and_has_not_asked_the_clock(
    engine: Engine, other: Database
) -> None:
    asked = []
    database = engine.open(clock=lambda: asked.append("clock") or engine.tick())  # type: ignore[func-returns-value]
    with other.write():
        with pytest.raises(DatabaseLocked) as refusal, database.write():
            pytest.fail("two wrote at once")
        assert asked == []
    assert engine.location in refusal.value.message
    with database.write():
        assert asked == ["clock"]


def test_writers_take_turns_and_the_order_of_times_is_that_of_rows(engine: Engine) -> None:
    def count(_: int) -> None:
        database = engine.kind.open(
            engine.location, os_user="tester", busy_seconds=60, clock=engine.tick
        )
        with database:
            for _ in range(TURNS):
                with database.write():
                    so_far = database.value("SELECT count(*) FROM engagement_tracking")
                    tracking.append(database, Event.CONFIG_CHANGED, "mark", detail=str(so_far))

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(count, range(WRITERS)))
    rows = list(engine.open().tuples("SELECT id, at, detail FROM engagement_tracking ORDER BY id"))
    assert [row[0] for row in rows] == list(range(1, WRITERS * TURNS + 1))
    assert [int(row[2]) for row in rows] == list(range(WRITERS * TURNS))  # none read what was old
    assert sorted({row[1] for row in rows}) == [row[1] for row in rows]


def test_the_time_stands_within_a_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError):
        _ = database.now
    with database.write():
        first = database.now
        add(database, "mark")
        assert database.now == first
    with database.read():
        assert database.now > first
    with pytest.raises(RuntimeError):
        _ = database.now
