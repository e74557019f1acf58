"""reject: a request is turned down for a reason, and the owner keeps the chat."""

import json

import pytest

from tests.support.team import Team


def test_rejecting_leaves_the_chat_with_its_owner(team: Team, request_id: str) -> None:
    rejected = team.ok("reject", request_id, "--reason", "In a meeting", "--as", "martha")
    assert (rejected["status"], rejected["reason"]) == ("rejected", "In a meeting")
    assert rejected["resolved_at"] == "2026-11-22T14:05:10.000Z"
    assert team.owner("chat-1") == "mark"


def test_rejecting_appends_exactly_one_row_with_the_reason(team: Team, request_id: str) -> None:
    team.ok("reject", request_id, "--reason", "In a meeting", "--as", "martha")
    rejected = ("rejected", "martha", "mark", "martha", "rejected")
    assert team.history(request_id=int(request_id))[1:] == [rejected]
    assert team.history(reason="In a meeting") == [rejected]


def test_the_requester_is_told(team: Team, request_id: str) -> None:
    team.ok("reject", request_id, "--reason", "In a meeting", "--as", "martha")
    texts = [notice["text"] for notice in team.ok("inbox", "--as", "mark")["notifications"]]
    assert texts == ["Martha has rejected your chat assignment request."]


def test_the_owner_is_not_told_of_a_managers_request(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "maria")
    team.ok("reject", "1", "--reason", "In a meeting", "--as", "martha")
    assert team.ok("inbox", "--as", "mark")["notifications"] == []
    assert len(team.ok("inbox", "--as", "maria")["notifications"]) == 1


def test_nobody_but_the_recipient_may_reject(team: Team, request_id: str) -> None:
    for other in ("mark", "omar", "maria"):
        words = (request_id, "--reason", "In a meeting", "--as", other)
        assert team.refused_leaving_no_trace("reject", *words) == (5, "not_recipient")


def test_a_blank_reason_is_none(team: Team, request_id: str) -> None:
    for reason in ("", " ", "\t\n"):
        words = (request_id, "--reason", reason, "--as", "martha")
        assert team.refused_leaving_no_trace("reject", *words) == (2, "reason_required")


def test_off_a_terminal_a_missing_reason_is_named_by_its_option(
    team: Team, request_id: str
) -> None:
    assert team.refused_leaving_no_trace("reject", request_id, "--as", "martha") == (
        2,
        "reason_required",
    )
    result = team.run("reject", request_id, "--as", "martha")
    assert "--reason" in result.err
    assert "Handling priority issue" in result.err


def test_the_option_is_named_even_if_no_reasons_are_configured(team: Team, request_id: str) -> None:
    team.config.write_text("[assign_discuss]\nrejection_reasons = []\n")
    assert "--reason" in team.run("reject", request_id, "--as", "martha").err


@pytest.mark.parametrize("reason", ["In a meeting", "Not available", "Handling priority issue"])
def test_the_reasons_of_the_list_are_always_allowed(
    team: Team, request_id: str, reason: str
) -> None:
    team.ok("config", "set", "assign_discuss.allow_other_reasons", "false")
    rejected = team.ok("reject", request_id, "--reason", reason, "--as", "martha")
    assert rejected["reason"] == reason


def test_other_reasons_may_be_forbidden(team: Team, request_id: str) -> None:
    team.ok("config", "set", "assign_discuss.allow_other_reasons", "false")
    for reason in ("At lunch", "in a meeting", " In a meeting", "No longer needed"):
        words = (request_id, "--reason", reason, "--as", "martha")
        assert team.refused_leaving_no_trace("reject", *words) == (2, "reason_not_allowed")


def test_a_forbidden_reason_comes_with_those_to_choose_from(team: Team, request_id: str) -> None:
    team.ok("config", "set", "assign_discuss.allow_other_reasons", "false")
    team.ok("config", "set", "assign_discuss.rejection_reasons", "Training", "Night shift")
    words = ("reject", request_id, "--reason", "In a meeting", "--as", "martha", "--json")
    hint = json.loads(team.run(*words).err)["error"]["hint"]
    assert "Training" in hint
    assert "Night shift" in hint


@pytest.mark.parametrize(
    "reason",
    ["x" * 1000, "🙂" * 1000, "one\ntwo", "[red]no[/red]", "\x1b[31mno", " spaced ", "=1+1", "-1"],
)
def test_any_other_reason_is_kept_exactly_as_given(
    team: Team, request_id: str, reason: str
) -> None:
    rejected = team.ok("reject", request_id, "--reason", reason, "--as", "martha")
    assert rejected["reason"] == reason
    assert team.rows("SELECT reason FROM engagement_tracking WHERE event = 'rejected'") == [
        (reason,)
    ]


def test_a_reason_has_at_most_1000_characters(team: Team, request_id: str) -> None:
    words = (request_id, "--reason", "x" * 1001, "--as", "martha")
    assert team.refused_leaving_no_trace("reject", *words) == (2, "invalid_value")


def test_a_reason_holds_no_nul(team: Team, request_id: str) -> None:
    words = (request_id, "--reason", "a\0b", "--as", "martha")
    assert team.refused_leaving_no_trace("reject", *words) == (2, "invalid_value")


def test_the_chat_may_stand_for_its_request(team: Team, request_id: str) -> None:
    words = ("--chat", "chat-1", "--reason", "In a meeting", "--as", "martha")
    assert team.ok("reject", *words)["id"] == int(request_id)


def test_either_the_request_or_the_chat_is_named(team: Team, request_id: str) -> None:
    words = ("--reason", "In a meeting", "--as", "martha")
    assert team.refused_leaving_no_trace("reject", *words) == (2, "usage")
    assert team.refused_leaving_no_trace("reject", request_id, "--chat", "chat-1", *words) == (
        2,
        "usage",
    )


MISNAMED = {
    ("7",): (3, "request_not_found"),
    ("--chat", "chat-2"): (3, "request_not_found"),
    ("--chat", "chat-9"): (3, "chat_not_found"),
    ("chat-1",): (2, "usage"),
    ("0",): (2, "usage"),
    ("99999999999999999999",): (2, "usage"),
}


def test_what_does_not_exist_is_not_found(team: Team) -> None:
    for named, refusal in MISNAMED.items():
        words = (*named, "--reason", "In a meeting", "--as", "martha")
        assert team.refused_leaving_no_trace("reject", *words) == refusal, named


def test_at_the_deadline_it_is_too_late_and_that_is_recorded(team: Team, request_id: str) -> None:
    team.advance(120)
    words = ("reject", request_id, "--reason", "In a meeting", "--as", "martha")
    assert team.refused(*words) == (4, "request_timed_out")
    assert team.history(request_id=int(request_id))[1:] == [
        ("timed_out", "system", "mark", "martha", "timed_out")
    ]
    assert team.ok("requests")[0]["reason"] is None
