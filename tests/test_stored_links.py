"""Nobody gets a right or a chat by a link between rows that was changed by hand."""

import json

import pytest

from tests.support.databases import look
from tests.support.team import START, Team, old_database


@pytest.fixture
def team(empty_team: Team) -> Team:
    """Requests 1 of maria, 2 of mark, 3 rejected and 4 after it, and two batches of maria."""
    for words in (
        "init --demo",
        "assign chat-3 --to omar --as maria",
        "assign chat-1 --to martha --then omar --as mark",
        "assign chat-2 --to martha --then omar --as mark",
        "reject 3 --reason Busy --as martha",
        "bulk-assign chat-4 --to omar --as maria",
        "bulk-assign chat-5 --to martha --as maria",
        "undo 2 --as maria",
    ):
        empty_team.advance(1)
        empty_team.ok(*words.split())
    return empty_team


SENT_BY_HAND = (
    "INSERT INTO requests (id, chat_id, requester_id, recipient_id, recipient_role, status,"
    " requested_at, from_user) SELECT 5, 'chat-5', 'maria', 'mark', 'user', 'pending',"
    " requested_at, (SELECT owner_id FROM chats WHERE id = 'chat-5') FROM requests WHERE id = 1"
)
TOLD_BY_HAND = (
    "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, request_id, from_user,"
    " to_user, status, detail) SELECT r.requested_at, 'requested', r.requester_id, 'x', r.chat_id,"
    " r.id, r.from_user, r.recipient_id, 'pending', '{\"expires_at\": null, \"note\": null}'"
    " FROM requests r WHERE r.id = 5"
)
BATCH_BY_HAND = "INSERT INTO batches (id, at, actor) SELECT 9, at, 'mark' FROM batches WHERE id = 1"
MOVED_BY_HAND = (
    "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, batch_id, from_user,"
    " to_user) SELECT at, 'assigned', 'mark', 'x', 'chat-4', 9, 'mark', 'omar' FROM batches"
    " WHERE id = 1"
)
RECIPIENT_BY_HAND = "INSERT INTO batch_recipients VALUES (9, 'omar', 'user', 1)"

ATTACKS = {
    "a requester": (
        "UPDATE requests SET requester_id = 'mark' WHERE id = 1",
        ("withdraw 1 --reason Mine --as mark", "assign chat-3 --to martha --replace --as mark"),
        ("requests", 1, "requester_id"),
    ),
    "a predecessor, and its requester": (
        "UPDATE requests SET requester_id = 'mark', previous_request_id = 2 WHERE id = 1",
        ("withdraw 1 --reason Mine --as mark",),
        ("requests", 1, "previous_request_id"),
    ),
    "no predecessor": (
        "UPDATE requests SET previous_request_id = NULL WHERE id = 4",
        ("accept 4 --as omar",),
        ("requests", 4, "previous_request_id"),
    ),
    "a recipient": (
        "UPDATE requests SET recipient_id = 'mark' WHERE id = 1",
        ("accept 1 --as mark", "accept --chat chat-3 --as mark", "accept --all --as mark"),
        ("requests", 1, "recipient_id"),
    ),
    "a chat": (
        "UPDATE requests SET chat_id = 'chat-5' WHERE id = 1",
        ("accept 1 --as omar",),
        ("requests", 1, "chat_id"),
    ),
    "an owner": (
        "UPDATE requests SET from_user = 'omar' WHERE id = 2",
        ("accept 2 --as martha",),
        ("requests", 2, "from_user"),
    ),
    "who is asked next": (
        "UPDATE requests SET fallbacks = '[\"maria\"]' WHERE id = 2",
        ("reject 2 --reason Busy --as martha",),
        ("requests", 2, "fallbacks"),
    ),
    "a deadline": (
        "UPDATE requests SET expires_at = '2036-01-01T00:00:00.000Z' WHERE id = 2",
        ("accept 2 --as martha",),
        ("requests", 2, "expires_at"),
    ),
    "a settled request that is pending again": (
        (
            "UPDATE requests SET status = 'withdrawn', reason = 'x', resolved_at = requested_at"
            " WHERE id = 4;"
            "UPDATE requests SET status = 'pending', reason = NULL, resolved_at = NULL WHERE id = 3"
        ),
        ("accept 3 --as martha",),
        ("requests", 3, "status"),
    ),
    "a request that was never sent": (
        SENT_BY_HAND,
        ("accept 5 --as mark", "withdraw 5 --reason Mine --as maria"),
        ("requests", 5, "id"),
    ),
    "a request, and the row that sent it": (
        f"{SENT_BY_HAND};{TOLD_BY_HAND}",
        ("accept 5 --as mark",),
        ("requests", 5, "id"),
    ),
    "the actor of a batch": (
        "UPDATE batches SET actor = 'mark' WHERE id = 1",
        ("undo 1 --as mark", "undo --last --as mark"),
        ("batches", 1, "actor"),
    ),
    "a batch without rows": (BATCH_BY_HAND, ("undo 9 --as mark",), ("batches", 9, "id")),
    "a batch, and its rows": (
        f"{BATCH_BY_HAND};{MOVED_BY_HAND};{RECIPIENT_BY_HAND}",
        ("undo 9 --as mark", "undo 9 --as maria"),
        ("batches", 9, "id"),
    ),
    "a row more in a batch": (
        MOVED_BY_HAND.replace(" 9, ", " 1, "),
        ("undo 1 --as maria",),
        ("batches", 1, "id"),
    ),
    "how many chats a batch has": (
        "UPDATE batch_recipients SET assigned = 7 WHERE batch_id = 1",
        ("undo 1 --as maria",),
        ("batch_recipients", 1, "assigned"),
    ),
    "a batch that is not undone any more": (
        "UPDATE batches SET undone_at = NULL WHERE id = 2",
        ("undo 2 --as maria",),
        ("batches", 2, "undone_at"),
    ),
}


@pytest.mark.parametrize(("statements", "commands", "place"), ATTACKS.values(), ids=ATTACKS)
def test_what_was_forged_by_hand_gives_no_right(
    team: Team, statements: str, commands: tuple[str, ...], place: tuple[str, int, str]
) -> None:
    for statement in statements.split(";"):
        team.sqlite(statement)
    before = look(team.database)
    for words in commands:
        result = team.run(*words.split(), "--json")
        assert (result.exit_code, result.out, result.error) == (6, "", "database_damaged"), result
        table, row, column = place
        message = json.loads(result.err)["error"]["message"]
        assert f"in table {table}, row {row}, column {column} " in message
        assert look(team.database) == before


def test_a_sweep_asks_nobody_who_was_put_there_by_hand(team: Team) -> None:
    team.sqlite("UPDATE requests SET fallbacks = '[\"maria\"]' WHERE id = 2")
    team.advance(600)
    swept = team.ok("sweep-timeouts")
    assert swept["request_ids"] == [1, 4]
    assert [row["request_id"] for row in swept["passed_over"]] == [2]
    assert team.sqlite("SELECT status FROM requests WHERE id = 2") == [("pending",)]
    assert team.sqlite("SELECT count(*) FROM requests") == [(4,)]


@pytest.mark.parametrize(("schema", "exit_code"), [(1, 0), (2, 4)], ids=["in time", "too late"])
def test_what_an_older_version_has_sent_is_judged_by_what_it_recorded(
    empty_team: Team, schema: int, exit_code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIGNCHAT_DB", str(empty_team.database))
    old_database(empty_team.database, schema)
    empty_team.now = START.replace(day=21)
    empty_team.ok("requests")
    ((request, requester),) = empty_team.sqlite(
        "SELECT id, requester_id FROM requests WHERE status = 'pending'"
    )
    result = empty_team.run("withdraw", str(request), "--reason", "Done", "--as", requester)
    assert result.exit_code == exit_code, result
