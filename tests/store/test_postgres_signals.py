"""What a signal ends, on a real PostgreSQL server, and what it leaves."""

import signal
import sys
from itertools import count
from types import FrameType

import pytest

from assignchat.store.database import Database
from tests.store.beside import FOR_EVER, Interrupted, afterwards, pid, raising, stop
from tests.store.changing import add, names
from tests.store.conftest import Engine
from tests.support.servers import Server

ENGINE = "postgres"


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
