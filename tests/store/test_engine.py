"""What every engine promises, through its protocol alone."""

import inspect
import json
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from assignchat.errors import DatabaseLocked, DatabaseMissing, InvalidValue
from assignchat.model import Event, Role, User
from assignchat.store import tracking, users
from assignchat.store.damage import attempt
from assignchat.store.database import Database
from assignchat.system import signals
from tests.store.conftest import Engine
from tests.support.processes import pipe

WRITERS = 4
TURNS = 10


def add(database: Database, user_id: str) -> None:
    """A change as small as any."""
    users.add(database, User(user_id, user_id.title(), Role.USER, True, None))


def names(database: Database) -> list[str]:
    """What the changes have left."""
    return database.column("SELECT id FROM users ORDER BY id")


REFUSED = InvalidValue("no")


@contextmanager
def ending_in(error: BaseException) -> Iterator[None]:
    """See to it that this error comes out of the block as it is."""
    with pytest.raises(type(error)) as found:
        yield
    assert found.value is error


class Stopped(BaseException):
    """What may come at any point, as Ctrl-C does."""


# The protocol.


def left_open() -> None:
    """What the protocol says of a member that each engine has to make."""


NOT_MADE = {
    "SqliteDatabase": {"login", "make_roles"},  # a file has no logins
    "PostgresDatabase": {"expect_tracking_rows"},  # nothing there has to be made ready
}


def is_left_open(member: object) -> bool:
    """Whether a member of a class has no more than a docstring, and so returns None."""
    function = getattr(member, "fget", None) or getattr(member, "__func__", member)
    code, empty = getattr(function, "__code__", None), left_open.__code__
    if code is None:
        return False
    return (code.co_code, code.co_consts[1:]) == (empty.co_code, empty.co_consts[1:])


def test_an_engine_makes_all_that_the_protocol_leaves_open(database: Database) -> None:
    kind = type(database)
    members = {name: inspect.getattr_static(kind, name) for name in dir(kind)}
    left = {name for name, member in members.items() if is_left_open(member)}
    assert left == NOT_MADE[kind.__name__]
    declared = {name for part in kind.__mro__ for name in inspect.get_annotations(part)}
    assert {name for name in declared if not hasattr(database, name)} == set()


# Transactions.


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


# What others have done.


def test_the_version_stays_while_nobody_else_changes_anything(
    database: Database, other: Database
) -> None:
    names(database)
    names(other)
    before = database.version
    with other.read():
        names(other)
    with other.write(dry_run=True):
        add(other, "mark")
    with ending_in(REFUSED), other.write():
        add(other, "mark")
        raise REFUSED
    assert database.version == before


def test_the_version_changes_each_time_that_another_has_written(
    database: Database, other: Database
) -> None:
    seen = [database.version]
    for user_id in ("mark", "martha", "omar"):
        with other.write():
            add(other, user_id)
        seen.append(database.version)
    assert len(set(map(repr, seen))) == 4
    database.check_in_place()


# Statements.


class Row(NamedTuple):
    """One of each type that is stored."""

    number: int
    text: str
    no_value: None


ONE = "SELECT 7 AS number, 'Łukasz' AS text, NULL AS no_value"


def test_rows_come_as_they_are_asked_for(database: Database) -> None:
    assert database.one(Row, ONE, {}) == Row(7, "Łukasz", None)
    assert list(database.rows(Row, ONE)) == [Row(7, "Łukasz", None)]
    assert list(database.tuples(ONE)) == [(7, "Łukasz", None)]
    assert database.value(ONE) == 7
    assert database.column(f"{ONE} UNION ALL SELECT 8, '', NULL ORDER BY 1") == [7, 8]


def test_no_row_is_none(database: Database) -> None:
    nobody = "SELECT id, name, NULL FROM users WHERE id = :id"
    assert database.one(Row, nobody, {"id": "nobody"}) is None
    assert database.value(nobody, {"id": "nobody"}) is None
    assert database.column(nobody, {"id": "nobody"}) == []


def test_rows_are_fetched_while_they_are_read(database: Database) -> None:
    with database.write():
        for user_id in ("mark", "martha", "omar"):
            add(database, user_id)
        rows: Iterator[tuple[Any, ...]] = database.tuples("SELECT id FROM users ORDER BY id")
        assert next(rows) == ("mark",)
        add(database, "zoe")  # another statement may run meanwhile
        assert [user_id for (user_id,) in rows][:2] == ["martha", "omar"]


def test_a_statement_says_how_many_rows_it_changed(database: Database) -> None:
    with database.write():
        add(database, "mark")
        add(database, "martha")
        assert database.execute("UPDATE users SET name = 'M'") == 2
        assert database.execute("DELETE FROM users WHERE id = :id", {"id": "omar"}) == 0


def new_batch(database: Database) -> int:
    """A row whose number the engine gives."""
    return database.insert(
        "INSERT INTO batches (at, actor) VALUES (:at, 'mark') RETURNING id", {"at": database.now}
    )


def test_ids_are_numbered_from_one_without_gaps(database: Database, other: Database) -> None:
    with database.write():
        assert [new_batch(database), new_batch(database)] == [1, 2]
    with other.write(dry_run=True):
        assert new_batch(other) == 3
    with suppress(Stopped), database.write():
        new_batch(database)
        raise Stopped
    with other.write():
        assert new_batch(other) == 3


def test_the_highest_id_of_the_history_is_known(database: Database, other: Database) -> None:
    assert database.highest_id("engagement_tracking") == 0
    for number in (1, 2):
        with other.write():
            tracking.append(other, Event.CONFIG_CHANGED, "mark")
        assert database.highest_id("engagement_tracking") == number


def test_text_is_kept_exactly_and_ordered_by_its_characters(database: Database) -> None:
    ids = ["a", "Z", "z", "Ä", "a b", "a\u0301", "\U0001f600", "~", "'; --", "%_"]
    with database.write():
        for user_id in ids:
            add(database, user_id)
    assert names(database) == sorted(ids)
    assert database.column("SELECT id FROM users WHERE id = :id", {"id": "A"}) == []


def test_whole_columns_have_the_values_of_all_rows(database: Database) -> None:
    with database.write():
        for user_id in ("mark", "Łukasz", 'quo"te'):
            add(database, user_id)
    found = database.whole_columns(
        ["id", "active", "away_until"], "FROM users WHERE id <> :id", {"id": "mark"}
    )
    assert sorted(found[0]) == ['quo"te', "Łukasz"]
    assert [list(values) for values in found[1:]] == [[1, 1], [None, None]]


def test_a_temporary_table_is_empty_each_time_it_is_made(database: Database) -> None:
    with database.write():
        for _ in range(2):
            database.make_temporary("numbered", "place INTEGER PRIMARY KEY, id TEXT, mark INTEGER")
            database.stage("numbered", [(1, "mark", None), (2, "tab\t\n\\N", True)])
        found = list(database.tuples("SELECT * FROM numbered ORDER BY place"))
    assert found == [(1, "mark", None), (2, "tab\t\n\\N", 1)]


def test_a_value_is_found_in_json_by_its_path(database: Database) -> None:
    def found(text: str, path: str) -> object:
        return database.value(f"SELECT {database.json_at(':text', path)}", {"text": text})

    assert found('{"status": ["open", "Zu \\u00fc"]}', "status[1]") == "Zu ü"
    assert found('{"status": null}', "status") is None
    assert found('{"status": []}', "status[1]") is None
    assert found("{}", "status") is None


def test_json_is_made_of_values_as_they_are(database: Database) -> None:
    strange = 'quo"te, ü\\'
    array = database.json_array("NULL", ":text")
    for members, expected in (
        ({"a": array, "b": "NULL"}, {"a": [None, strange]}),
        ({"b": "NULL"}, None),
    ):
        sql = database.json_without_nulls(database.json_object(members))
        made = database.value(f"SELECT {sql}", {"text": strange})
        assert (made and json.loads(made)) == expected
    with database.write():
        for user_id in ("b", "a"):
            add(database, user_id)
    listed = database.value(f"SELECT {database.json_list('id', 'FROM users')}")
    assert json.loads(listed) == ["a", "b"]
    empty = database.value(f"SELECT {database.json_list('id', 'FROM batches')}")
    assert json.loads(empty) == []


def test_the_seconds_between_two_times_are_exact_to_the_millisecond(database: Database) -> None:
    times = {"a": "2026-02-28T23:59:59.999Z", "b": "2026-03-01T00:00:00.000Z"}
    assert database.value(f"SELECT {database.seconds_between(':a', ':b')}", times) == 0.001
    assert database.value(f"SELECT {database.seconds_between(':a', 'NULL')}", times) is None


def test_a_table_is_read_in_the_order_of_its_numbers(database: Database) -> None:
    with database.write():
        for _ in range(3):
            new_batch(database)
    assert [row[0] for row in database.table("batches")] == [1, 2, 3]
    assert database.columns("batches")[:3] == ["id", "at", "actor"]


# As it is made, and where.


def test_a_database_is_made_once(engine: Engine, database: Database) -> None:
    with database.write():
        add(database, "mark")
    assert not engine.kind.create(engine.location)
    assert names(database) == ["mark"]


def test_a_new_database_is_sound(database: Database) -> None:
    assert {"users", "chats", "requests", "engagement_tracking"} < set(database.tables())
    for findings in (
        database.integrity(),
        database.orphans(),
        database.schema_differences(),
    ):
        assert findings == []


def test_the_history_cannot_be_changed(database: Database) -> None:
    with database.write():
        tracking.append(database, Event.CONFIG_CHANGED, "mark")
    for change in ("UPDATE engagement_tracking SET actor = 'omar'", "DELETE FROM seals"):
        with pytest.raises(Exception, match="append-only"), database.write():
            database.execute(change)
    assert database.column("SELECT actor FROM engagement_tracking") == ["mark"]


def test_a_database_says_where_it_is_and_what_is_its_own(
    engine: Engine, database: Database
) -> None:
    assert database.location == engine.location
    assert database.os_user == "tester"
    assert engine.kind.located(engine.location, Path("/elsewhere")) == engine.location
    assert all(isinstance(path, Path) for path in database.own_files)


def test_what_is_not_there_is_missing(engine: Engine) -> None:
    nowhere = engine.location + "-gone"
    with pytest.raises(DatabaseMissing) as refusal:
        engine.kind.open(nowhere, os_user="tester")
    assert nowhere in refusal.value.message
    assert engine.kind.owner_id(nowhere) is None


def test_whoever_waits_also_hears_of_input_and_of_the_end_of_a_reader(database: Database) -> None:
    with pipe() as (reader, writer), pipe() as (gone, left):
        writer.write(b"x")
        gone.close()
        database.wait_for_change(0)
        told = {"inputs": [reader.fileno()], "hang_ups": [left.fileno()]}
        assert len(database.wait_for_change(60, **told)) == 2
        reader.read(1)
        assert database.wait_for_change(0, inputs=[reader.fileno()]) == []
