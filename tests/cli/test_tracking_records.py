"""Engagement Tracking Records: a view that any SQLite tool reads, a row for each assignment."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.team import Team

COLUMNS = (
    "kind, request_id, batch_id, chat_id, customer, requester_id, from_user, to_user, to_role,"
    " status, note, reason, requested_at, expires_at, resolved_at, response_seconds"
)


def _records(team: Team, columns: str) -> list[tuple[Any, ...]]:
    return team.rows(
        f"SELECT {columns} FROM engagement_records"
        " ORDER BY requested_at, coalesce(request_id, 0), chat_id"
    )


def test_any_sqlite_tool_reads_the_record_of_a_request(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--note", "By noon", "--as", "mark")
    team.advance(30.5)
    team.ok("accept", "1", "--as", "martha")
    assert _records(team, COLUMNS) == [
        (
            "request",
            1,
            None,
            "chat-1",
            "Priya Nair",
            "mark",
            "mark",
            "martha",
            "user",
            "accepted",
            "By noon",
            None,
            "2026-11-22T14:05:10.000Z",
            "2026-11-22T14:07:10.000Z",
            "2026-11-22T14:05:40.500Z",
            30.5,
        )
    ]
    names = [name for _, name, *_ in team.sqlite("PRAGMA table_info(engagement_records)")]
    assert names == COLUMNS.split(", ")


def test_any_sqlite_tool_reads_the_record_of_a_direct_assignment(team: Team) -> None:
    words = ("chat-4", "--to", "maria", "--reason", "On leave", "--as", "maria")
    team.ok("bulk-assign", *words)
    now = "2026-11-22T14:05:10.000Z"
    assert _records(team, COLUMNS) == [
        (
            "direct",
            None,
            1,
            "chat-4",
            "Лариса Петрова",
            "maria",
            "martha",
            "maria",
            "manager",
            "assigned",
            None,
            "On leave",
            now,
            None,
            now,
            None,
        )
    ]


def test_the_command_prints_the_columns_of_the_view(team: Team, request_id: str) -> None:
    (record,) = team.ok("tracking", "--records")
    assert record["request_id"] == int(request_id)
    assert ", ".join(record) == COLUMNS


@pytest.mark.parametrize(
    ("words", "status", "seconds"),
    [
        (("inbox", "--as", "martha"), "pending", None),
        (("accept", "1", "--as", "martha"), "accepted", 60.0),
        (("reject", "1", "--reason", "Busy", "--as", "martha"), "rejected", 60.0),
        (("withdraw", "1", "--reason", "Solved", "--as", "mark"), "withdrawn", None),
        (("chat", "close", "chat-1"), "cancelled", None),
    ],
)
def test_only_the_recipients_own_answer_has_a_time_to_respond(
    team: Team, request_id: str, words: tuple[str, ...], status: str, seconds: float | None
) -> None:
    team.advance(60)
    team.ok(*words)
    assert _records(team, "request_id, status, response_seconds") == [
        (int(request_id), status, seconds)
    ]


def test_a_request_that_nobody_answered_timed_out_at_its_deadline(
    team: Team, request_id: str
) -> None:
    team.advance(600)
    columns = ("status", "resolved_at", "response_seconds")
    (unswept,) = team.ok("tracking", "--records")
    team.ok("sweep-timeouts")
    (swept,) = team.ok("tracking", "--records")
    assert swept == unswept
    assert [swept[name] for name in columns] == ["timed_out", "2026-11-22T14:07:10.000Z", None]
    assert swept["request_id"] == int(request_id)


def test_a_chat_given_back_is_undone_in_its_record(team: Team) -> None:
    team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "maria")
    team.advance(60)
    team.ok("undo", "1", "--as", "maria")
    assert _records(team, "kind, status, from_user, to_user") == [
        ("direct", "undone", "mark", "omar")
    ]


def test_each_batch_has_records_of_its_own_for_the_same_chat(team: Team) -> None:
    for user in ("omar", "martha", "omar"):
        team.ok("bulk-assign", "chat-1", "--to", user, "--as", "maria")
    team.ok("undo", "3", "--as", "maria")
    assert team.rows("SELECT batch_id, status FROM engagement_records ORDER BY batch_id") == [
        (1, "assigned"),
        (2, "assigned"),
        (3, "undone"),
    ]


def test_a_role_stays_what_it_was_on_the_day(team: Team, request_id: str) -> None:
    team.ok("bulk-assign", "chat-2", "--to", "martha", "--as", "maria")
    team.ok("user", "set", "martha", "--role", "manager")
    team.ok("bulk-assign", "chat-3", "--to", "martha", "--as", "maria")
    assert _records(team, "chat_id, to_role") == [
        ("chat-2", "user"),
        ("chat-3", "manager"),
        ("chat-1", "user"),
    ]
    assert request_id == "1"


def test_fifty_chats_moved_are_fifty_records(team: Team) -> None:
    rows = "".join(f"c-{n},A,omar\n" for n in range(49))
    Path("chats.csv").write_text("id,customer,owner_id\n" + rows, encoding="utf-8")
    team.ok("import", "chats", "chats.csv")
    words = ("--from", "omar", "--to", "mark", "--to", "martha", "--as", "maria")
    assert team.ok("bulk-assign", *words)["assigned"] == 50
    assert team.rows(
        "SELECT count(*), count(DISTINCT chat_id) FROM engagement_records"
        " WHERE kind = 'direct' AND from_user = 'omar'"
    ) == [(50, 50)]


def test_what_is_no_assignment_has_no_record(team: Team) -> None:
    Path("chats.csv").write_text("id,owner_id\nchat-1,omar\n", encoding="utf-8")
    team.ok("import", "chats", "chats.csv")
    team.ok("chat", "close", "chat-2")
    assert _records(team, "kind") == []
