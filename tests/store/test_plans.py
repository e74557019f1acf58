"""What an operator waits for reads no table from end to end, however long tracking is."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from assignchat.service import batches, chats, check, inbox, lifecycle, requests, settle, tracking
from assignchat.store.sqlite.database import SqliteDatabase
from tests.support.team import Team

# The tables that grow. Of the pending requests everyone may be looked at: few wait at a time.
GROWING = r"SCAN (chats|requests|engagement_tracking|notifications|[crtn]|later)\b"
PENDING = r".* USING (COVERING )?INDEX requests_(pending|due)"


@pytest.fixture
def asked(team: Team, request_id: str) -> Iterator[tuple[SqliteDatabase, list[str]]]:
    """An open database with a request, and the statements that are run on it from now on."""
    assert request_id == "1"
    with SqliteDatabase.open(
        str(team.database), os_user="test", clock=lambda: team.now
    ) as database:
        statements: list[str] = []
        database.connection.set_trace_callback(statements.append)
        yield database, statements
        database.connection.set_trace_callback(None)


ACTIONS: dict[str, Callable[[SqliteDatabase], object]] = {
    "inbox": lambda db: inbox.inbox(db, actor="martha"),
    "status": lambda db: inbox.status(db, actor="mark"),
    "chat show": lambda db: chats.show_chat(db, "chat-1"),
    "requests --status pending": lambda db: list(requests.list_requests(db, status="pending")),
    "requests --recipient": lambda db: list(requests.list_requests(db, recipient="martha")),
    "requests --requester": lambda db: list(requests.list_requests(db, requester="mark")),
    "tracking --chat": lambda db: list(tracking.list_tracking(db, chat="chat-1")),
    "tracking --request": lambda db: list(tracking.list_tracking(db, request=1)),
    "tracking --batch": lambda db: list(tracking.list_tracking(db, batch=1)),
    "assign": lambda db: requests.assign(db, "chat-2", to="omar", actor="mark"),
    "accept": lambda db: settle.accept(db, 1, actor="martha"),
    "reject": lambda db: settle.reject(db, 1, reason="Busy", actor="martha"),
    "chat close": lambda db: chats.close_chat(db, "chat-1", actor="mark"),
    "sweep, nothing due": lifecycle.sweep_timeouts,
    "bulk-assign of one chat": lambda db: batches.bulk_assign(
        db, chat_ids=["chat-1"], to=["omar"], actor="maria"
    ),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_no_table_is_read_from_end_to_end(
    team: Team, asked: tuple[SqliteDatabase, list[str]], action: str
) -> None:
    for step, sql in steps(team, asked, ACTIONS[action]):
        assert not re.match(GROWING, step) or re.match(PENDING, step), sql


def test_each_former_owner_is_told_without_reading_all_users(
    team: Team, asked: tuple[SqliteDatabase, list[str]]
) -> None:
    found = steps(
        team,
        asked,
        lambda db: batches.bulk_assign(db, chat_ids=["chat-2"], to=["omar"], actor="maria"),
    )
    told = [step for step, sql in found if sql.startswith("INSERT INTO notifications")]
    assert told
    assert [step for step in told if step.startswith("SCAN users")] == []


def test_a_check_joins_no_table_by_reading_it_again_for_each_row(
    asked: tuple[SqliteDatabase, list[str]],
) -> None:
    database, statements = asked
    check.check(database)
    database.connection.set_trace_callback(None)
    queries = [sql for sql in statements if re.match(r"\s*(SELECT|WITH)", sql)]
    assert queries
    for sql in queries:
        plan = [row[3] for row in database.connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
        assert [step for step in plan if re.match(r"SCAN .*LEFT-JOIN", step)] == [], sql


def steps(
    team: Team, asked: tuple[SqliteDatabase, list[str]], action: Callable[[SqliteDatabase], object]
) -> list[tuple[str, str]]:
    """The steps of the plans of an action's statements, each with its statement."""
    database, statements = asked
    action(database)
    database.connection.set_trace_callback(None)
    queries = [sql for sql in statements if re.match(r"\s*(SELECT|UPDATE|INSERT|DELETE)", sql)]
    assert queries
    with closing(sqlite3.connect(team.database)) as connection:
        for sql in statements:
            if sql.startswith("CREATE TEMP TABLE"):  # of what a bulk has at hand
                connection.execute(sql)
        return [
            (row[3], sql)
            for sql in queries
            for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")
        ]
