"""Connections to a PostgreSQL server that are refused, lost or never come about."""

import os
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from assignchat.errors import DatabaseForeign, DatabaseMissing, DatabaseUnreachable
from assignchat.store.database import Database
from assignchat.store.engines import engine_of
from assignchat.store.meanwhile import Patience
from assignchat.store.postgres.server import security
from tests.store.beside import FOR_EVER, Interrupted, afterwards, ended, pid, raising, stop
from tests.store.changing import add, names
from tests.store.conftest import Engine
from tests.support.processes import wait_until
from tests.support.servers import Server

ENGINE = "postgres"


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


def test_who_comes_while_the_server_stops_is_told_to_try_again(server: Server) -> None:
    import psycopg2

    location = server.url("postgres")
    staying = psycopg2.connect(location)
    pidfile = server.folder / "data" / "postmaster.pid"
    os.kill(int(pidfile.read_text(encoding="ascii").split()[0]), signal.SIGTERM)
    advice = "Nothing was changed. Try again: the server is starting, or about to stop."
    wait_until(lambda: _advice(location) == advice)
    staying.close()
    server.stop(signal.SIGTERM)
    server.start()


def _advice(location: str) -> str | None:
    """What somebody is told who is not let in."""
    try:
        engine_of("://").open(location, os_user="tester").close()
    except DatabaseUnreachable as refusal:
        return refusal.hint
    return None


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
