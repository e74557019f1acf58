"""Several operators at the same moment: one outcome, in real processes on one database."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.team import Team, together


@pytest.fixture
def team_today(empty_team: Team) -> Team:
    """The demo team, made ten minutes ago by the machine's clock."""
    empty_team.now = datetime.now(UTC) - timedelta(minutes=10)
    empty_team.ok("init", "--demo")
    return empty_team


def assert_sound(team: Team) -> None:
    found = team.process("check", "--json")
    assert found.exit_code == 0, found.out


def test_of_those_who_settle_a_request_at_once_exactly_one_does(team_today: Team) -> None:
    for chat in ("chat-1", "chat-2", "chat-3"):
        team_today.now = datetime.now(UTC)
        asked = team_today.ok("assign", chat, "--to", "martha", "--as", "mark")
        number = str(asked["id"])
        results = together(
            team_today,
            ("accept", number, "--as", "martha", "--json"),
            ("reject", number, "--reason", "In a meeting", "--as", "martha", "--json"),
            ("withdraw", number, "--reason", "No longer needed", "--as", "mark", "--json"),
            ("bulk-assign", chat, "--to", "maria", "--as", "maria", "--json"),
        )
        *answers, bulk = results
        settling = team_today.history(request_id=asked["id"])[1:]
        assert len(settling) == 1
        assert bulk.exit_code == 0, bulk.err  # it cancels what is pending, or comes after it
        assert team_today.owner(chat) == "maria"
        won = [answer for answer in answers if answer.exit_code == 0]
        lost = [answer for answer in answers if answer.exit_code != 0]
        assert bulk.json["cancelled_requests"] == (0 if won else 1)
        assert [answer.json["status"] for answer in won] == [settling[0][0]] * len(won)
        assert [(answer.exit_code, answer.error) for answer in lost] == [
            (4, "request_not_pending")
        ] * (len(answers) - len(won))
    assert_sound(team_today)


def test_of_eight_who_ask_for_one_chat_one_does(team_today: Team) -> None:
    ask = ("assign", "chat-1", "--as", "mark", "--json", "--to")
    results = together(
        team_today, *((*ask, user) for user in ("martha", "omar", "maria", "martha") * 2)
    )
    assert sorted(result.exit_code for result in results) == [0, *[4] * 7]
    assert {result.error for result in results if result.exit_code} == {"request_exists"}
    assert team_today.rows("SELECT count(*) FROM requests") == [(1,)]
    assert_sound(team_today)


def test_two_sweeps_at_once_time_each_request_out_once(team_today: Team) -> None:
    asked = [
        team_today.ok("assign", chat, "--to", "maria", "--as", owner)["id"]
        for chat, owner in (("chat-1", "mark"), ("chat-4", "martha"), ("chat-5", "omar"))
    ]
    sweep = ("sweep-timeouts", "--json")
    results = together(team_today, sweep, sweep)
    assert [result.exit_code for result in results] == [0, 0]
    reported = [number for result in results for number in result.json["request_ids"]]
    assert sorted(reported) == asked
    rows = team_today.rows("SELECT request_id FROM engagement_tracking WHERE event = 'timed_out'")
    assert sorted(rows) == [(number,) for number in asked]
    assert_sound(team_today)


def test_two_bulks_of_one_owner_share_no_chat(team_today: Team) -> None:
    bulk = ("bulk-assign", "--from", "mark", "--as", "maria", "--json", "--to")
    results = together(team_today, (*bulk, "martha"), (*bulk, "omar"))
    assert [result.exit_code for result in results] == [0, 0]
    assert sorted(result.json["assigned"] for result in results) == [0, 3]
    moved = team_today.rows(
        "SELECT chat_id FROM engagement_tracking WHERE event = 'assigned' ORDER BY chat_id"
    )
    assert moved == [("chat-1",), ("chat-2",), ("chat-3",)]
    assert_sound(team_today)


def test_of_two_who_undo_a_batch_at_once_one_does(team_today: Team) -> None:
    team_today.ok("bulk-assign", "--from", "mark", "--to", "martha", "--as", "maria")
    undo = ("undo", "1", "--as", "maria", "--json")
    results = together(team_today, undo, undo)
    assert sorted(result.exit_code for result in results) == [0, 4]
    assert len(team_today.history(event="undone")) == 3
    assert_sound(team_today)
