"""The history is append-only and the state is its consequence, whoever opens the file."""

import sqlite3
from pathlib import Path

import pytest

from tests.support.team import Team

COLUMNS = "id, at, event, actor, os_user, to_user"
ROW = "1, '2026-11-22T00:00:00.000Z', 'opened', 'x', 'x', 'omar'"
UPSERT = "ON CONFLICT (id) DO UPDATE SET to_user = 'omar'"


def _busy_day(team: Team) -> None:
    """One of everything that changes something."""
    Path("users.csv").write_text("id,active\njane,yes\npavel,no\n", encoding="utf-8")
    Path("chats.csv").write_text(
        "id,customer,owner_id\nc-1,Ann,jane\nchat-3,,omar\n", encoding="utf-8"
    )
    for words in (
        ("import", "users", "users.csv"),
        ("assign", "chat-3", "--to", "martha", "--as", "mark"),
        ("import", "chats", "chats.csv"),
        ("assign", "chat-1", "--to", "martha", "--as", "mark"),
        ("accept", "2", "--as", "martha"),
        ("assign", "chat-2", "--to", "omar", "--then", "martha", "--as", "mark"),
        ("reject", "3", "--reason", "In a meeting", "--as", "omar"),
        ("withdraw", "4", "--reason", "No longer needed", "--as", "mark"),
        ("assign", "chat-2", "--to", "omar", "--as", "mark"),
        ("bulk-assign", "--from", "mark", "--to", "jane", "--to", "maria", "--as", "maria"),
        ("undo", "1", "--as", "maria"),
        ("assign", "chat-4", "--to", "mark", "--as", "maria"),
        ("chat", "close", "chat-4"),
        ("chat", "reopen", "chat-4"),
        ("user", "set", "omar", "--role", "manager"),
        ("user", "deactivate", "jane", "--reassign-to", "omar", "--reassign-to", "mark"),
        ("user", "away", "omar"),
        ("config", "set", "assign_discuss.request_timeout", "5m"),
        ("assign", "chat-2", "--to", "martha", "--timeout", "1s", "--as", "mark"),
    ):
        team.ok(*words)
    team.advance(1)
    assert team.ok("sweep-timeouts")["timed_out"] == 1


def test_a_row_of_the_history_is_never_changed_replaced_or_deleted(team: Team) -> None:
    before = team.snapshot()
    for statement in (
        "UPDATE engagement_tracking SET to_user = 'omar' WHERE id = 1",
        "UPDATE engagement_tracking SET id = id + 100",
        "UPDATE OR REPLACE engagement_tracking SET id = 1 WHERE id = 2",
        "DELETE FROM engagement_tracking",
        "DELETE FROM engagement_tracking WHERE id = 1",
        f"INSERT OR REPLACE INTO engagement_tracking ({COLUMNS}) VALUES ({ROW})",
        f"REPLACE INTO engagement_tracking ({COLUMNS}) VALUES ({ROW})",
        f"INSERT INTO engagement_tracking ({COLUMNS}) VALUES ({ROW}) {UPSERT}",
        f"INSERT OR REPLACE INTO engagement_tracking (row{COLUMNS}) VALUES ({ROW})",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            team.sqlite(statement)
    assert team.snapshot() == before


def test_one_request_is_pending_for_each_chat_and_the_database_itself_sees_to_that(
    team: Team, request_id: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        team.sqlite(
            "INSERT INTO requests (chat_id, requester_id, recipient_id, recipient_role, status,"
            " requested_at, from_user) VALUES ('chat-1', 'mark', 'omar', 'user', 'pending',"
            " '2026-11-22T14:05:10.000Z', 'mark')"
        )
    assert team.rows("SELECT id FROM requests") == [(int(request_id),)]


def test_a_state_that_cannot_be_does_not_fit_into_the_tables(team: Team, request_id: str) -> None:
    for statement in (
        "UPDATE requests SET status = 'eaten'",
        "UPDATE requests SET status = 'accepted'",
        "UPDATE users SET active = 2",
        "UPDATE chats SET owner_id = NULL",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            team.sqlite(statement)
    assert request_id == "1"


def test_after_a_busy_day_the_database_is_sound(team: Team) -> None:
    _busy_day(team)
    assert team.sqlite("PRAGMA foreign_key_check") == []
    assert team.sqlite("PRAGMA integrity_check") == [("ok",)]
    found = team.ok("check")
    assert (found["sound"], found["problems"], found["warnings"]) == (True, [], [])


def test_after_a_busy_day_the_history_tells_how_everything_came_to_be(team: Team) -> None:
    _busy_day(team)
    for (chat,) in team.rows("SELECT id FROM chats"):
        owner = None
        for event, _, before, after, _ in team.history(chat_id=chat):
            if event in ("opened", "accepted", "assigned", "undone", "imported"):
                assert before == owner
                owner = after
        assert team.owner(chat) == owner
    for request, status in team.rows("SELECT id, status FROM requests"):
        rows = [(row[0], row[4]) for row in team.history(request_id=request)]
        assert rows == [("requested", "pending"), (status, status)]
    times = [at for (at,) in team.rows("SELECT at FROM engagement_tracking ORDER BY id")]
    assert times == sorted(times)


def test_a_refused_command_of_any_kind_changes_nothing(team: Team) -> None:
    _busy_day(team)
    Path("bad.csv").write_text("id,customer,owner_id\nc-2,Ann,mark\nc-3,Ann,x\n", encoding="utf-8")
    pending = str(team.ok("assign", "chat-1", "--to", "mark", "--as", "martha")["id"])
    before = team.snapshot()
    for words in (
        ("assign", "chat-1", "--to", "mark", "--as", "martha"),
        ("assign", "chat-2", "--to", "martha", "--as", "martha"),
        ("assign", "chat-2", "--to", "jane", "--as", "mark"),
        ("accept", pending, "--as", "omar"),
        ("accept", "2", "--as", "martha"),
        ("reject", pending, "--as", "mark"),
        ("withdraw", pending, "--reason", "x", "--as", "mark"),
        ("bulk-assign", "chat-1", "gone", "--to", "mark", "--as", "maria"),
        ("bulk-assign", "chat-1", "--to", "mark", "--to", "jane", "--as", "maria"),
        ("undo", "1", "--as", "maria"),
        ("user", "add", "mark"),
        ("user", "set", "gone", "--role", "user"),
        ("user", "deactivate", "mark"),
        ("user", "away", "mark", "--until", "2020-01-01T00:00:00Z"),
        ("chat", "add", "chat-1", "--customer", "Ann", "--owner", "mark"),
        ("chat", "close", "gone"),
        ("import", "chats", "bad.csv"),
        ("config", "set", "assign_discuss.request_timeout", "never"),
    ):
        team.refused(*words)
        assert team.snapshot() == before, words
