"""withdraw: a request is taken back for a reason, and the owner keeps the chat."""

import pytest

from tests.support.team import Team


def test_withdrawing_leaves_the_chat_with_its_owner(team: Team, request_id: str) -> None:
    withdrawn = team.ok("withdraw", request_id, "--reason", "No longer needed", "--as", "mark")
    assert (withdrawn["status"], withdrawn["reason"]) == ("withdrawn", "No longer needed")
    assert withdrawn["resolved_at"] == "2026-11-22T14:05:10.000Z"
    assert team.owner("chat-1") == "mark"


def test_withdrawing_appends_exactly_one_row_with_the_reason(team: Team, request_id: str) -> None:
    team.ok("withdraw", request_id, "--reason", "No longer needed", "--as", "mark")
    withdrawn = ("withdrawn", "mark", "mark", "martha", "withdrawn")
    assert team.history(request_id=int(request_id))[1:] == [withdrawn]
    assert team.history(reason="No longer needed") == [withdrawn]


def test_the_recipient_is_told_and_is_no_longer_asked(team: Team, request_id: str) -> None:
    team.ok("withdraw", request_id, "--reason", "No longer needed", "--as", "mark")
    inbox = team.ok("inbox", "--as", "martha")
    assert inbox["requests"] == []
    assert inbox["notifications"][-1]["text"] == ("Mark has withdrawn the chat assignment request.")
    assert team.ok("inbox", "--as", "mark")["notifications"] == []


def test_nobody_but_the_requester_may_withdraw(team: Team, request_id: str) -> None:
    for other in ("martha", "omar", "maria"):
        words = (request_id, "--reason", "No longer needed", "--as", other)
        assert team.refused_leaving_no_trace("withdraw", *words) == (5, "not_requester")


def test_not_even_the_owner_may_withdraw_a_managers_request(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "maria")
    words = ("1", "--reason", "No longer needed", "--as")
    assert team.refused_leaving_no_trace("withdraw", *words, "mark") == (5, "not_requester")
    assert team.ok("withdraw", *words, "maria")["status"] == "withdrawn"


def test_a_blank_reason_is_none(team: Team, request_id: str) -> None:
    for reason in ("", " ", "\t\n"):
        words = (request_id, "--reason", reason, "--as", "mark")
        assert team.refused_leaving_no_trace("withdraw", *words) == (2, "reason_required")


def test_off_a_terminal_a_missing_reason_is_named_by_its_option(
    team: Team, request_id: str
) -> None:
    assert team.refused_leaving_no_trace("withdraw", request_id, "--as", "mark") == (
        2,
        "reason_required",
    )
    result = team.run("withdraw", request_id, "--as", "mark")
    assert "--reason" in result.err
    assert "I resolved it myself" in result.err


@pytest.mark.parametrize("reason", ["No longer needed", "I resolved it myself"])
def test_the_reasons_of_the_list_are_always_allowed(
    team: Team, request_id: str, reason: str
) -> None:
    team.ok("config", "set", "assign_discuss.allow_other_reasons", "false")
    withdrawn = team.ok("withdraw", request_id, "--reason", reason, "--as", "mark")
    assert withdrawn["reason"] == reason


def test_other_reasons_may_be_forbidden_even_those_for_rejecting(
    team: Team, request_id: str
) -> None:
    team.ok("config", "set", "assign_discuss.allow_other_reasons", "false")
    for reason in ("Changed my mind", "In a meeting"):
        words = (request_id, "--reason", reason, "--as", "mark")
        assert team.refused_leaving_no_trace("withdraw", *words) == (2, "reason_not_allowed")


@pytest.mark.parametrize("reason", ["x" * 1000, "one\ntwo", "[red]no[/red]", "\x1b[31mno", " 🙂 "])
def test_any_other_reason_is_kept_exactly_as_given(
    team: Team, request_id: str, reason: str
) -> None:
    assert team.ok("withdraw", request_id, "--reason", reason, "--as", "mark")["reason"] == reason
    assert team.ok("requests")[0]["reason"] == reason


def test_a_reason_has_at_most_1000_characters(team: Team, request_id: str) -> None:
    words = (request_id, "--reason", "x" * 1001, "--as", "mark")
    assert team.refused_leaving_no_trace("withdraw", *words) == (2, "invalid_value")


def test_the_chat_may_stand_for_its_request(team: Team, request_id: str) -> None:
    words = ("--chat", "chat-1", "--reason", "No longer needed", "--as", "mark")
    assert team.ok("withdraw", *words)["id"] == int(request_id)


def test_a_chat_stands_for_its_pending_request_not_for_older_ones(
    team: Team, request_id: str
) -> None:
    words = ("--chat", "chat-1", "--reason", "No longer needed", "--as", "mark")
    team.ok("withdraw", request_id, *words[2:])
    assert team.refused_leaving_no_trace("withdraw", *words) == (4, "request_not_pending")
    again = team.ok("assign", "chat-1", "--to", "omar", "--as", "mark")
    assert team.ok("withdraw", *words)["id"] == again["id"]


def test_after_withdrawing_another_may_be_asked(team: Team, request_id: str) -> None:
    team.ok("withdraw", request_id, "--reason", "No longer needed", "--as", "mark")
    assert team.ok("assign", "chat-1", "--to", "omar", "--as", "mark")["status"] == "pending"


def test_at_the_deadline_it_is_too_late_and_that_is_recorded(team: Team, request_id: str) -> None:
    team.advance(120)
    words = ("withdraw", request_id, "--reason", "No longer needed", "--as", "mark")
    assert team.refused(*words) == (4, "request_timed_out")
    assert team.history(request_id=int(request_id))[1:] == [
        ("timed_out", "system", "mark", "martha", "timed_out")
    ]
