"""What the engine for PostgreSQL promises beyond what every engine does, on a real server."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from assignchat.errors import DatabaseFull, DatabaseLocked
from assignchat.store import batches, changes, chats, requests, stats, tracking
from assignchat.store.database import Database
from assignchat.store.postgres import LOCK
from assignchat.store.postgres.database import PostgresDatabase
from tests.store.beside import FOR_EVER, afterwards, pid
from tests.store.changing import add, names
from tests.store.conftest import Engine
from tests.support.servers import Server

ENGINE = "postgres"


# Those who wait.


def test_whoever_waits_is_told_of_a_change(database: Database, other: Database) -> None:
    database.wait_for_change(FOR_EVER)  # the first time only asks to be told
    for user_id in ("mark", "martha"):
        with other.write():
            add(other, user_id)
        database.wait_for_change(FOR_EVER)
    assert names(database) == ["mark", "martha"]


def test_what_whoever_waits_has_changed_does_not_wake_them(database: Database) -> None:
    before = database.version
    with database.write():
        add(database, "mark")
    assert database.version == before


def test_a_change_during_the_look_is_not_missed(database: Database, other: Database) -> None:
    database.wait_for_change(FOR_EVER)
    with database.read():
        with other.write():
            add(other, "mark")
        assert names(database) == []
    database.wait_for_change(FOR_EVER)
    assert names(database) == ["mark"]


def test_a_queue_of_notifications_that_is_full_is_no_bug(database: Database) -> None:
    told = "MESSAGE = 'too many notifications in the NOTIFY queue', ERRCODE = '54000'"
    with pytest.raises(DatabaseFull), database.write():
        database.execute(f"DO $$ BEGIN RAISE EXCEPTION USING {told}; END $$")


def test_threads_with_a_database_each_are_in_nobodys_way(engine: Engine) -> None:
    def ask(_: int) -> object:
        with PostgresDatabase.open(engine.location, os_user="tester") as database:
            return database.value("SELECT 1")

    engine.open()
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(400))) == {1}


# Who holds the lock.


def test_who_waits_is_told_who_writes_and_on_which_host(engine: Engine) -> None:
    host = os.uname().nodename.partition(".")[0][:16]
    holding, waiting = engine.open(), engine.open()
    holding.command, holding.actor = "bulk-assign", "maria"
    with holding.write(), pytest.raises(DatabaseLocked) as refusal, waiting.write():
        pytest.fail("two wrote at once")
    assert f"maria's bulk-assign, process {os.getpid()} on {host}, since" in refusal.value.message


@pytest.mark.parametrize("name", ["psql", "", "assignchat/1", "assignchat/h/x/c/y/mark"])
def test_a_holder_may_have_any_name(engine: Engine, name: str) -> None:
    import psycopg2

    waiting = engine.open()
    with closing(psycopg2.connect(engine.location, application_name=name)) as other:
        other.cursor().execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        with pytest.raises(DatabaseLocked) as refusal, waiting.write():
            pytest.fail("two wrote at once")
    assert "is held by another program of owner, since" in refusal.value.message


def test_a_holder_who_claims_to_be_another_is_told_by_login(engine: Engine) -> None:
    import psycopg2

    waiting = engine.open()
    claim = "assignchat/desk2/4711/bulk-assign//maria"
    with closing(psycopg2.connect(engine.location, application_name=claim)) as other:
        other.cursor().execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        with pytest.raises(DatabaseLocked) as refusal, waiting.write():
            pytest.fail("two wrote at once")
    assert "maria's bulk-assign, process 4711 on desk2, since" in refusal.value.message
    assert refusal.value.message.endswith(", by the login owner")


# Servers that are set in other ways.


def test_what_is_read_after_the_wait_for_a_turn_is_not_from_before(
    engine: Engine, server: Server
) -> None:
    import psycopg2

    name = engine.location.rpartition("=")[2]
    server.run(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    waiting = engine.open(busy_seconds=10)
    with closing(psycopg2.connect(engine.location)) as holder, holder.cursor() as cursor:
        cursor.execute(f"SET search_path = assignchat; SELECT pg_advisory_xact_lock({LOCK})")
        cursor.execute("INSERT INTO users VALUES ('mark', 'Mark', 'user', 1, '')")
        waits = f"pid = {pid(waiting)} AND wait_event = 'advisory'"
        with afterwards(server, waits, holder.commit), waiting.write():
            assert names(waiting) == ["mark"]
            add(waiting, "martha")
    assert names(waiting) == ["mark", "martha"]


def test_limits_and_formats_of_the_server_are_not_ours(engine: Engine, server: Server) -> None:
    name = engine.location.rpartition("=")[2]
    for setting in (
        "statement_timeout = '50ms'",
        "quote_all_identifiers = on",
        "row_security = off",
    ):
        server.run(f"ALTER DATABASE {name} SET {setting}")
    database = engine.open()
    with database.write():
        database.value("SELECT pg_sleep(0.2)")
    assert database.schema_differences() == []
    assert database.value("SHOW row_security") == "on"


# Long lists.


def test_no_list_of_any_length_is_in_memory_at_once(database: Database) -> None:
    with database.read():
        lists = [
            batches.every(database),
            changes.to_tell(database),
            chats.matching(database),
            requests.matching(database, {}),
            stats.answers(database, stats.Period(None, None)),
            tracking.records(database, {}),
            tracking.rows(database, {}),
            *map(database.table, database.tables()),
        ]
        for rows in lists:
            assert list(rows) == []
        assert database.value("SELECT count(*) FROM pg_cursors") == len(lists)


def test_what_others_have_put_beside_our_tables_is_not_exported(database: Database) -> None:
    database.execute('CREATE TABLE "../outside" (a text)')
    database.execute("CREATE VIEW theirs AS SELECT 1 AS one")
    assert {"../outside", "theirs"}.isdisjoint(database.tables())
    assert {"chats", "engagement_records"} <= set(database.tables())
