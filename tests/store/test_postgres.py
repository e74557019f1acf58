"""What the engine for PostgreSQL promises beyond what every engine does, on a real server."""

import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from types import FrameType

import pytest

from assignchat.errors import (
    DatabaseForeign,
    DatabaseFull,
    DatabaseLocked,
    DatabaseMissing,
    DatabaseUnreachable,
)
from assignchat.store import batches, changes, chats, requests, stats, tracking
from assignchat.store.database import Database
from assignchat.store.engines import engine_of
from assignchat.store.meanwhile import Patience
from assignchat.store.postgres import LOCK
from assignchat.store.postgres.database import PostgresDatabase
from assignchat.store.postgres.server import security
from tests.store.conftest import Engine
from tests.store.test_engine import add, names
from tests.support.processes import wait_until
from tests.support.servers import Server

FOR_EVER = 3_600  # seconds; no test may last so long


@pytest.fixture
def engine(server: Server) -> Iterator[Engine]:
    """The one engine that these tests are about."""
    with ExitStack() as opened:
        yield Engine(opened.enter_context(server.database()), opened)


class Interrupted(BaseException):
    """What a handler of a signal raises."""


@contextmanager
def afterwards(server: Server, condition: str, act: Callable[[], object]) -> Iterator[None]:
    """Do something beside the block, once a condition holds for another connection."""

    def watch() -> None:
        sql = f"SELECT count(*) FROM pg_stat_activity WHERE {condition}"
        wait_until(lambda: bool(server.run(sql)[0][0]))
        act()

    beside = threading.Thread(target=watch)
    beside.start()
    yield
    beside.join()


def stop() -> None:
    """Send the signal to this process."""
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def raising(number: signal.Signals) -> Iterator[None]:
    """Let a signal raise `Interrupted`."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def pid(database: Database) -> int:
    """The server's process for this connection."""
    return int(database.value("SELECT pg_backend_pid()"))


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


def test_a_connection_lost_while_waiting_is_made_anew(
    server: Server, database: Database, other: Database
) -> None:
    database.wait_for_change(FOR_EVER)
    version = database.version
    server.run(f"SELECT pg_terminate_backend({pid(database)})")
    with other.write():
        add(other, "mark")
    database.wait_for_change(FOR_EVER)
    with database.read():
        assert names(database) == ["mark"]
    assert database.version != version
    with other.write():
        add(other, "martha")
    database.wait_for_change(FOR_EVER)
    assert names(database) == ["mark", "martha"]


def test_a_connection_lost_at_the_look_is_made_anew(server: Server, database: Database) -> None:
    database.wait_for_change(FOR_EVER)
    server.run(f"SELECT pg_terminate_backend({pid(database)})")
    with database.read():
        assert names(database) == []


def test_who_does_not_wait_is_told_that_the_connection_was_lost(
    server: Server, database: Database
) -> None:
    server.run(f"SELECT pg_terminate_backend({pid(database)})")
    with pytest.raises(DatabaseUnreachable) as refusal:
        names(database)
    assert refusal.value.message.endswith(
        ": FATAL: terminating connection due to administrator command"
    )


def test_a_database_that_is_gone_is_missing_at_the_next_transaction(
    database: Database, other: Database
) -> None:
    other.execute("DROP SCHEMA assignchat CASCADE")
    for begin in (database.read, database.write):
        with pytest.raises(DatabaseMissing), begin():
            pytest.fail("it has begun")


def test_what_is_wrong_is_said_in_few_words_for_each_host(server: Server) -> None:
    kind = engine_of(server.url("team"))
    with pytest.raises(DatabaseUnreachable) as refusal:
        kind.open("postgresql://127.0.0.1:1,127.0.0.1:2/team", os_user="tester")
    failures = [
        f'connection to server at "127.0.0.1", port {port} failed: Connection refused'
        for port in (1, 2)
    ]
    assert refusal.value.message.endswith(f" cannot be reached: {'; '.join(failures)}")


@pytest.mark.parametrize(
    ("limit", "advice"),
    [("LOGIN CONNECTION LIMIT 0", "Try again."), ("NOLOGIN", "Name another login")],
)
def test_a_login_that_is_not_let_in_is_told_what_helps(
    server: Server, limit: str, advice: str
) -> None:
    server.run(f"DROP ROLE IF EXISTS busy; CREATE ROLE busy {limit}")
    with pytest.raises(DatabaseUnreachable) as refusal:
        engine_of("://").open(server.url("postgres", "busy"), os_user="tester")
    server.run("DROP ROLE busy")
    assert advice in str(refusal.value.hint)


def test_a_queue_of_notifications_that_is_full_is_no_bug(database: Database) -> None:
    told = "MESSAGE = 'too many notifications in the NOTIFY queue', ERRCODE = '54000'"
    with pytest.raises(DatabaseFull), database.write():
        database.execute(f"DO $$ BEGIN RAISE EXCEPTION USING {told}; END $$")


# Signals.


def test_a_signal_ends_a_statement_and_leaves_the_connection(
    server: Server, database: Database
) -> None:
    sleeping = f"pid = {pid(database)} AND query LIKE '%pg_sleep%' AND state = 'active'"

    def sleep() -> None:
        with database.write():
            add(database, "mark")
            database.value(f"SELECT pg_sleep({FOR_EVER})")

    with raising(signal.SIGTERM), afterwards(server, sleeping, stop), pytest.raises(Interrupted):
        sleep()
    assert names(database) == []


def test_threads_with_a_database_each_are_in_nobodys_way(engine: Engine) -> None:
    def ask(_: int) -> object:
        with PostgresDatabase.open(engine.location, os_user="tester") as database:
            return database.value("SELECT 1")

    engine.open()
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(400))) == {1}


def test_a_signal_ends_the_staging_of_rows(server: Server, database: Database) -> None:
    copying = f"pid = {pid(database)} AND query LIKE 'COPY%'"

    def stage() -> None:
        with database.write_temporary():
            database.make_temporary("staged", "id TEXT")
            database.stage("staged", ((str(number),) for number in count()))

    with raising(signal.SIGTERM), afterwards(server, copying, stop), pytest.raises(Interrupted):
        stage()


def test_a_signal_at_the_begin_of_a_copy_ends_it_as_itself(database: Database) -> None:
    def interrupt(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name == "decode":  # of the answer to the COPY
            sys.setprofile(None)
            raise Interrupted

    def stage() -> None:
        with database.write_temporary():
            database.make_temporary("staged", "id TEXT")
            sys.setprofile(interrupt)
            database.stage("staged", [("mark",)])

    try:
        with pytest.raises(Interrupted):
            stage()
    finally:
        sys.setprofile(None)


def test_a_signal_ends_the_waiting_for_a_turn(engine: Engine, server: Server) -> None:
    holding, waiting = engine.open(), engine.open(busy_seconds=FOR_EVER)
    with (
        holding.write(),
        raising(signal.SIGTERM),
        afterwards(server, f"pid = {pid(waiting)} AND wait_event = 'advisory'", stop),
        pytest.raises(Interrupted),
        waiting.write(),
    ):
        pytest.fail("two wrote at once")
    with waiting.write():
        add(waiting, "mark")
    assert waiting.committed


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


# A connection that is lost during the commit.


@contextmanager
def no_standby(server: Server) -> Iterator[None]:
    """A server whose commits wait for a standby that is not there, once they stand."""
    server.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    server.run("SELECT pg_reload_conf()")
    wait_until(lambda: server.run("SHOW synchronous_standby_names") == [("nobody",)])
    try:
        yield
    finally:
        server.run("ALTER SYSTEM RESET synchronous_standby_names")
        server.run("SELECT pg_reload_conf()")
    wait_until(lambda: server.run("SHOW synchronous_standby_names") == [("",)])


def ended(server: Server, number: int) -> Callable[[], object]:
    """What ends a connection from the server's side."""
    return lambda: server.run(f"SELECT pg_terminate_backend({number})")


def test_a_commit_that_stands_is_found_to_stand(engine: Engine, server: Server) -> None:
    database = engine.open(busy_seconds=10)
    number = pid(database)
    waits = f"pid = {number} AND wait_event = 'SyncRep'"
    ending = afterwards(server, waits, ended(server, number))
    with no_standby(server), ending, database.write():
        add(database, "mark")
    assert database.committed
    assert names(database) == ["mark"]


def test_a_signal_ends_the_waiting_for_a_standby_of_a_commit_that_stands(
    engine: Engine, server: Server
) -> None:
    database = engine.open()
    waits = f"pid = {pid(database)} AND wait_event = 'SyncRep'"
    here = threading.get_ident()  # in a program without threads no other could hear of it
    stop = afterwards(server, waits, lambda: signal.pthread_kill(here, signal.SIGTERM))
    with raising(signal.SIGTERM), no_standby(server), stop:
        with pytest.raises(Interrupted), database.write():
            add(database, "mark")
        assert database.committed
    assert names(database) == ["mark"]


SLOW = """
CREATE FUNCTION assignchat.slow() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN PERFORM pg_sleep(3600); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON assignchat.users
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION assignchat.slow();
"""


def test_a_commit_that_came_to_nothing_is_found_to_be_none(engine: Engine, server: Server) -> None:
    database = engine.open(busy_seconds=10)
    database.execute(SLOW)
    number = pid(database)
    waits = f"pid = {number} AND wait_event = 'PgSleep'"
    with (
        afterwards(server, waits, ended(server, number)),
        pytest.raises(DatabaseUnreachable) as refusal,
        database.write(),
    ):
        add(database, "mark")
    assert "not known" not in refusal.value.message
    assert not database.committed
    assert names(database) == []


# Servers that do not answer.


@contextmanager
def silence(then: Callable[[], object] = lambda: None) -> Iterator[int]:
    """A server that takes a connection, does something, and says nothing. Its port."""

    def take_one() -> None:
        taken.append(listening.accept()[0])
        then()

    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        beside = threading.Thread(target=take_one)
        beside.start()
        yield listening.getsockname()[1]
        beside.join()
    taken[0].close()


def test_a_server_that_does_not_answer_is_given_up(server: Server) -> None:
    kind = engine_of(server.url("team"))
    with silence() as port, pytest.raises(DatabaseUnreachable) as refusal:
        kind.open(f"postgresql://127.0.0.1:{port}/team?connect_timeout=2", os_user="tester")
    assert "timeout expired" in refusal.value.message


def test_the_next_host_of_the_url_takes_its_place(engine: Engine, server: Server) -> None:
    with silence() as port:
        options = f"host=127.0.0.1,{server.folder}&port={port},5432&connect_timeout=2"
        url = engine.location.replace(f"host={server.folder}", options)
        with engine.kind.open(url, os_user="tester") as database, database.write():
            add(database, "mark")
    assert names(engine.open()) == ["mark"]


def test_a_signal_ends_the_connecting(server: Server) -> None:
    kind = engine_of(server.url("team"))
    with raising(signal.SIGTERM), silence(then=stop) as port, pytest.raises(Interrupted):
        kind.open(f"postgresql://127.0.0.1:{port}/team", os_user="tester")


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


# Servers that are not used, and networks that are not trusted.

TOLD = {"client_encoding": "UTF8", "DateStyle": "ISO, MDY", "standard_conforming_strings": "on"}


def message(kind: bytes, content: bytes) -> bytes:
    """A message of the protocol between client and server."""
    return kind + struct.pack(">i", len(content) + 4) + content


@contextmanager
def speaking(**parameters: str) -> Iterator[str]:
    """A server that speaks the language, and tells these parameters. Its URL."""
    told = [f"{name}\0{value}\0".encode() for name, value in (TOLD | parameters).items()]
    welcome = message(b"R", struct.pack(">i", 0)) + b"".join(message(b"S", one) for one in told)

    def welcome_one() -> None:
        client, _ = listening.accept()
        with client:
            (length,) = struct.unpack(">i", client.recv(4))
            client.recv(length - 4)
            client.sendall(welcome + message(b"K", bytes(8)) + message(b"Z", b"I"))
            client.recv(100)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        beside = threading.Thread(target=welcome_one)
        beside.start()
        port = listening.getsockname()[1]
        yield f"postgresql://127.0.0.1:{port}/team?sslmode=disable&gssencmode=disable"
        beside.join()


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"server_version": "13.0.0", "crdb_version": "CockroachDB v26.1"}, "CockroachDB v26.1"),
        ({"server_version": "15.2-YB-2.25.0.0-b0"}, "YugabyteDB"),
        ({"server_version": "14.19"}, "PostgreSQL 14.19"),
    ],
)
def test_other_servers_and_older_ones_are_refused_by_name(
    server: Server, parameters: dict[str, str], name: str
) -> None:
    kind = engine_of(server.url("team"))
    with speaking(**parameters) as url, pytest.raises(DatabaseForeign) as refusal:
        kind.open(url, os_user="tester")
    assert name in refusal.value.message


@pytest.mark.parametrize(
    ("options", "sslmode"),
    [
        ({"host": "db.example"}, "verify-full"),
        ({"host": "localhost,db.example"}, "verify-full"),
        ({"host": "localhost", "hostaddr": "192.0.2.1"}, "verify-full"),
        ({"service": "team"}, "verify-full"),
        ({"host": "db.example", "sslmode": "require"}, None),
        ({"host": "localhost"}, None),
        ({"host": "/run/postgresql"}, None),
        ({}, None),
    ],
)
def test_over_a_network_the_server_must_prove_who_it_is_unless_the_url_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str], sslmode: str | None
) -> None:
    monkeypatch.delenv("PGHOST", raising=False)
    assert security(options, 15_00_00).get("sslmode") == sslmode
    monkeypatch.setenv("PGHOST", "db.example")
    if not options:
        assert security(options, 15_00_00)["sslmode"] == "verify-full"


def test_what_others_have_put_beside_our_tables_is_not_exported(database: Database) -> None:
    database.execute('CREATE TABLE "../outside" (a text)')
    database.execute("CREATE VIEW theirs AS SELECT 1 AS one")
    assert {"../outside", "theirs"}.isdisjoint(database.tables())
    assert {"chats", "engagement_records"} <= set(database.tables())


def test_a_server_that_is_away_is_borne_only_by_who_has_seen_it() -> None:
    patience = Patience()
    with pytest.raises(DatabaseUnreachable), patience.bearing():
        raise DatabaseUnreachable("gone")
    with patience.bearing():
        pass
    with patience.bearing():
        raise DatabaseUnreachable("gone")
    assert patience.lost is not None
    with patience.bearing():
        pass
    assert patience.lost is None
