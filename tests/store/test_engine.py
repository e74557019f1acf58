"""What every engine promises, through its protocol alone."""

import inspect
from pathlib import Path

import pytest

from assignchat.errors import DatabaseMissing
from assignchat.model import Event
from assignchat.store import tracking
from assignchat.store.database import Database
from tests.store.changing import REFUSED, add, ending_in, names
from tests.store.conftest import Engine
from tests.support.processes import pipe

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
