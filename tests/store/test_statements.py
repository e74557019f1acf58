"""What every engine promises of statements and their rows."""

import json
from contextlib import suppress
from typing import NamedTuple

from assignchat.model import Event
from assignchat.store import tracking
from assignchat.store.database import Database
from tests.store.changing import Stopped, add, names


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
        rows = database.tuples("SELECT id FROM users ORDER BY id")
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
