"""What is stored is not believed: a spoilt value is named, and nothing moves on its ground."""

import json

import pytest

from tests.support.team import Team


@pytest.fixture
def team(empty_team: Team) -> Team:
    """The demo team, without the check that follows other tests."""
    empty_team.ok("init", "--demo")
    return empty_team


def spoil(team: Team, statement: str, *params: object) -> None:
    """Put something into the file as any tool can."""
    team.sqlite(statement, *params)


def named(team: Team, *words: str) -> str:
    """The message of a command that must end with `database_damaged`."""
    result = team.run(*words, "--json")
    assert (result.exit_code, result.out, result.error) == (6, "", "database_damaged"), result
    return str(json.loads(result.err)["error"]["message"])


SPOILT_REQUESTS = {
    "fallbacks that are no JSON": "fallbacks = 'omar'",
    "fallbacks that are no list": "fallbacks = '{\"omar\": 1}'",
    "fallbacks with half a character": "fallbacks = '[\"\\ud800\"]'",
    "fallbacks nested deep": f"fallbacks = '{'[' * 100_000}'",
    "fallbacks that are no text": "fallbacks = x'5b5d'",
    "fallbacks that are not UTF-8": "fallbacks = CAST(x'5b22ff225d' AS TEXT)",
    "a deadline that is no time": "expires_at = '2026-'",
    "a note that is not UTF-8, in a chain": "note = CAST(x'ff' AS TEXT), fallbacks = '[\"omar\"]'",
    "a requester who is nobody": "requester_id = 'nobody'",
    "a chat that is none": "chat_id = x'00'",
}


@pytest.mark.parametrize("change", SPOILT_REQUESTS.values(), ids=SPOILT_REQUESTS)
def test_a_sweep_passes_over_a_damaged_request_and_times_out_the_rest(
    team: Team, change: str
) -> None:
    for number in (1, 2, 3):
        team.ok("assign", f"chat-{number}", "--to", "martha", "--then", "omar", "--as", "mark")
    spoil(team, f"UPDATE requests SET {change} WHERE id = 2")
    before = team.sqlite("SELECT * FROM chats")
    team.advance(121)
    result = team.run("sweep-timeouts", "--json")
    assert result.exit_code == 0, result
    assert result.json["request_ids"] == [1, 3]
    assert [damaged["request_id"] for damaged in result.json["passed_over"]] == [2]
    assert "Request 2 was passed over" in result.err
    asked = "SELECT previous_request_id FROM requests WHERE status = 'pending' AND id <> 2"
    assert team.sqlite(asked) == [(1,), (3,)]
    assert team.sqlite("SELECT status FROM requests WHERE id = 2") == [("pending",)]
    assert team.sqlite("SELECT * FROM chats") == before


@pytest.mark.parametrize("previous", [1, 2])
@pytest.mark.parametrize("words", [("requests", "show", "1"), ("wait", "1", "--chain")])
def test_a_chain_that_would_never_end_is_named(
    team: Team, words: tuple[str, ...], previous: int
) -> None:
    for number in (1, 2):
        team.ok("assign", f"chat-{number}", "--to", "martha", "--as", "mark")
    spoil(team, f"UPDATE requests SET previous_request_id = {previous} WHERE id = 1")
    spoil(team, "UPDATE requests SET previous_request_id = 1 WHERE id = 2")
    told = named(team, *words)
    assert f"in table requests, row 1, column previous_request_id has {previous}, which" in told


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("event", "'nonsense'"),
        ("at", "'2026-02-30T00:00:00.000Z'"),
        ("request_id", "-1"),
        ("reason", "x'00'"),
        ("detail", "'[]'"),
        ("os_user", "CAST(x'ff' AS TEXT)"),
    ],
)
def test_one_spoilt_value_among_very_many_rows_is_named(
    team: Team, column: str, value: str
) -> None:
    spoil(
        team,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
        " INSERT INTO engagement_tracking (at, event, actor, os_user)"
        " SELECT '2026-11-22T14:05:10.000Z', 'timed_out', 'system', 'test' FROM n",
    )
    spoil(team, "DROP TRIGGER engagement_tracking_no_update")
    spoil(team, f"UPDATE engagement_tracking SET {column} = {value} WHERE id = 1500")
    result = team.run("tracking", "--jsonl")
    assert result.exit_code == 6, result
    assert f"row 1500, column {column}" in result.err
