"""away, back: people say themselves that they are away, and what waits for them goes on."""

import pytest

from tests.support.team import Team
from tests.support.terminal import ENTER, at_terminal


@pytest.fixture
def asked(team: Team) -> Team:
    """Martha is asked to take two chats; for the first, omar comes after her."""
    team.ok("assign", "chat-1", "--to", "martha", "--then", "omar", "--as", "mark")
    team.ok("assign", "chat-5", "--to", "martha", "--as", "omar")
    return team


def _statuses(team: Team) -> list[tuple[object, ...]]:
    return team.rows("SELECT recipient_id, status, reason FROM requests ORDER BY id")


def test_one_is_away_until_a_time_or_until_one_is_back(team: Team) -> None:
    gone = team.ok("away", "--until", "2h", "--as", "martha")
    assert (gone["id"], gone["away_until"]) == ("martha", "2026-11-22T16:05:10.000Z")
    assert (gone["waiting"], gone["passed_on"], gone["asked_next"]) == ([], [], [])
    assert team.ok("away", "--as", "martha")["away_until"] == "indefinite"
    assert team.refused("assign", "chat-1", "--to", "martha", "--as", "mark") == (4, "user_away")
    assert team.ok("back", "--as", "martha")["away_until"] is None
    assert team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")["status"] == "pending"


def test_being_away_is_tracked_as_ones_own_doing_and_only_for_oneself(team: Team) -> None:
    team.ok("away", "--as", "martha")
    team.ok("back", "--as", "martha")
    rows = [row["actor"] for row in team.ok("tracking", "--user", "martha")]
    assert rows[-2:] == ["martha", "martha"]
    assert team.refused("away", "martha", "--as", "mark") == (2, "usage")
    assert team.refused("back", "martha", "--as", "mark") == (2, "usage")
    assert team.refused("away", "--as", "nobody") == (2, "actor_unknown")


def test_a_time_that_has_passed_is_refused(team: Team) -> None:
    words = ("away", "--until", "2026-11-22T14:00:00Z", "--as", "martha")
    assert team.refused_leaving_no_trace(*words) == (2, "invalid_value")


@pytest.mark.parametrize("command", [("away", "--as", "martha"), ("user", "away", "martha")])
def test_going_away_tells_which_requests_wait_and_leaves_them(
    asked: Team, command: tuple[str, ...]
) -> None:
    gone = asked.ok(*command)
    assert [request["id"] for request in gone["waiting"]] == [1, 2]
    assert _statuses(asked) == [("martha", "pending", None)] * 2
    shown = asked.run(*command).out
    assert "Waiting for the answer: 2 requests" in shown
    assert "Priya Nair" in shown
    assert "User martha: away" in shown
    assert "active" not in shown


def test_what_is_past_its_deadline_does_not_wait_any_more(asked: Team) -> None:
    asked.advance(120)
    gone = asked.ok("away", "--pass-on", "--as", "martha")
    assert gone["waiting"] == gone["passed_on"] == []
    assert _statuses(asked)[:2] == [("martha", "timed_out", None)] * 2


def test_passing_on_rejects_them_and_each_chain_goes_on(asked: Team) -> None:
    gone = asked.ok("away", "--pass-on", "In a meeting", "--until", "2h", "--as", "martha")
    assert [(r["id"], r["status"], r["reason"]) for r in gone["passed_on"]] == [
        (1, "rejected", "In a meeting"),
        (2, "rejected", "In a meeting"),
    ]
    assert gone["waiting"] == []
    (following,) = gone["asked_next"]
    assert (following["recipient_id"], following["previous_request_id"]) == ("omar", 1)
    assert asked.history(request_id=2)[1:] == [("rejected", "martha", "omar", "martha", "rejected")]
    assert "Martha has rejected your chat assignment request." in asked.notices("omar")


def test_people_see_who_is_asked_now(asked: Team) -> None:
    shown = asked.run("away", "--pass-on", "--as", "martha").out
    assert "Passed on: 2 requests" in shown
    rows = [line.split("\t") for line in shown.splitlines() if "\t" in line]
    assert [(row[0], row[-1]) for row in rows] == [("1", "omar"), ("2", "nobody")]


def test_nobody_passes_a_request_on_to_themselves(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--then", "omar", "--as", "mark")
    team.ok("assign", "chat-2", "--to", "omar", "--then", "martha", "--as", "mark")
    team.ok("away", "--pass-on", "--as", "martha")
    gone = team.ok("away", "--pass-on", "--as", "omar")
    assert [request["id"] for request in gone["passed_on"]] == [2, 3]
    assert gone["asked_next"] == []


def test_the_reason_is_away_unless_only_others_are_allowed(asked: Team) -> None:
    asked.ok("config", "set", "assign_discuss.allow_other_reasons", "false")
    words = ("away", "--pass-on", "--as", "martha")
    assert asked.refused_leaving_no_trace(*words) == (2, "reason_required")
    assert asked.refused_leaving_no_trace(*words, "Gone fishing") == (2, "reason_not_allowed")
    asked.ok("config", "set", "assign_discuss.allow_other_reasons", "true")
    assert asked.ok(*words)["passed_on"][0]["reason"] == "Away"


def test_a_reason_alone_is_no_wish_to_pass_on(asked: Team) -> None:
    assert asked.refused_leaving_no_trace("away", "Lunch", "--as", "martha") == (2, "usage")


@pytest.mark.parametrize(("answer", "status"), [("y", "rejected"), ("", "pending")])
def test_on_a_terminal_one_is_asked_whether_to_pass_on(
    team_now: Team, answer: str, status: str
) -> None:
    team_now.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    question = "1 request waiting for your answer: reject, so that others are asked?"
    answers = [(question, answer + ENTER)]
    result = at_terminal(team_now, "away", "--as", "martha", answers=answers)
    assert result.exit_code == 0
    assert "assignchat back --as martha" in result.out
    assert _statuses(team_now)[0][1] == status


def test_who_is_not_active_cannot_be_set_away(team: Team) -> None:
    team.ok("user", "deactivate", "omar", "--reassign-to", "mark")
    for until in ((), ("--until", "3d")):
        refusal = team.refused_leaving_no_trace("user", "away", "omar", *until)
        assert refusal == (4, "user_inactive")
