"""A database of an older release is brought up to date when it is first opened."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from assignchat.store.sqlite import SCHEMA_VERSION
from assignchat.store.sqlite.schema import OBJECTS
from tests.support.team import START, Team, old_database, together, unprivileged

KEPT = {
    "users": "id, name, role, active, created_at, away_until",
    "chats": "id, customer, owner_id, status, opened_at, closed_at",
    **dict.fromkeys(("requests", "engagement_tracking", "batches", "notifications"), "*"),
}


@pytest.fixture
def old_team(empty_team: Team, monkeypatch: pytest.MonkeyPatch) -> Team:
    """A team whose database was made by the first release."""
    old_database(empty_team.database)
    monkeypatch.setenv("ASSIGNCHAT_DB", str(empty_team.database))
    return empty_team


def _content(team: Team) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: team.rows(f"SELECT {columns} FROM {table} ORDER BY id")
        for table, columns in KEPT.items()
    }


def _schema(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute(OBJECTS))


def test_the_first_command_brings_an_old_database_up_to_date_and_loses_nothing(
    old_team: Team,
) -> None:
    before = _content(old_team)
    old_team.ok("chat", "list")
    assert old_team.sqlite("PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert _content(old_team) == before


def test_an_old_database_is_then_like_one_that_was_made_today(old_team: Team) -> None:
    old_team.ok("chat", "list")
    old_team.ok("--db", "new.db", "init")
    assert _schema(old_team.database) == _schema(old_team.folder / "new.db")


def test_an_old_database_takes_roles_and_statuses_that_its_release_did_not_know(
    old_team: Team,
) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        old_team.sqlite("UPDATE users SET role = 'queue' WHERE id = 'omar'")
    old_team.ok("chat", "list")
    for statement in (
        "UPDATE users SET role = 'queue' WHERE id = 'omar'",
        "UPDATE requests SET recipient_role = 'queue', status = 'parked' WHERE id = 1",
        "UPDATE chats SET status = 'parked' WHERE id = 'chat-1'",
    ):
        old_team.sqlite(statement)
    assert old_team.sqlite("PRAGMA integrity_check") == [("ok",)]


def test_the_history_of_an_old_database_is_sealed_from_its_first_row_on(old_team: Team) -> None:
    noted = old_team.ok("check", "--full")["head"]
    assert noted is not None
    ((rows,),) = old_team.rows("SELECT count(*) FROM engagement_tracking")
    assert old_team.rows("SELECT min(first_id), max(last_id) FROM seals") == [(1, rows)]


def test_work_goes_on_where_it_stopped(old_team: Team) -> None:
    old_team.now = START.replace(day=21)
    (waiting,) = old_team.ok("requests", "--status", "pending")
    assert old_team.ok("accept", str(waiting["id"]), "--as", "martha")["status"] == "accepted"
    assert old_team.ok("check", "--full")["problems"] == []


def test_a_row_put_in_by_hand_after_that_is_not_sealed_with_it(old_team: Team) -> None:
    old_team.ok("chat", "list")
    old_team.sqlite(
        "INSERT INTO engagement_tracking (at, event, actor, os_user)"
        " SELECT at, 'user_changed', 'x', 'x' FROM engagement_tracking LIMIT 1"
    )
    old_team.ok("chat", "close", "chat-1")
    assert old_team.run("check").exit_code == 8


def test_an_old_database_opened_by_many_at_once_is_brought_up_to_date_once(old_team: Team) -> None:
    before = _content(old_team)
    results = together(old_team, *[("chat", "list", "--json")] * 8)
    assert [result.exit_code for result in results] == [0] * 8, results
    assert len(old_team.sqlite("SELECT * FROM _sqlite_migrations")) == SCHEMA_VERSION
    assert _content(old_team) == before
    assert old_team.ok("check", "--full")["problems"] == []


def test_an_old_database_that_may_only_be_read_must_be_written_once(old_team: Team) -> None:
    old_team.database.chmod(0o400)
    result = unprivileged(old_team, "chat", "list")
    assert (result.exit_code, result.out) == (6, "")
    assert "older" in result.err
    assert old_team.sqlite("PRAGMA user_version") == [(1,)]


def test_what_the_crm_said_last_is_taken_from_the_history_of_imports(old_team: Team) -> None:
    row = "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, from_user, to_user"
    for values in (
        "'imported', 'x', 'x', 'chat-1', NULL, 'mark', '{\"status\": [null, \"open\"]}'",
        "'imported', 'x', 'x', 'chat-1', 'mark', 'omar', '{\"customer\": [\"a\", \"b\"]}'",
        "'assigned', 'x', 'x', 'chat-1', 'omar', 'martha', NULL",
    ):
        old_team.sqlite(f"{row}, detail) SELECT max(at), {values} FROM engagement_tracking")
    said = {
        chat["id"]: (chat["crm_owner_id"], chat["crm_status"])
        for chat in old_team.ok("chat", "list")
    }
    assert [said[chat] for chat in ("chat-1", "chat-2")] == [("omar", "open"), (None, None)]
    assert [said[chat] for chat in ("c-1", "c-2")] == [("martha", "open"), ("mark", "closed")]
