"""reject and withdraw: a request ends for a reason, and the owner keeps the chat."""

import json
from typing import NamedTuple

import pytest

from tests.support.team import Team


class Refusal(NamedTuple):
    """One of the two commands, as the one who may give it gives it."""

    command: str
    status: str
    by: str
    others: tuple[str, ...]  # whoever else takes part
    error_of_others: str
    told: str
    news: str
    reasons: tuple[str, ...]  # those of the list
    other_reasons: tuple[str, ...]

    def words(self, *named: str, reason: str | None = None, by: str = "") -> tuple[str, ...]:
        """The command line that names a request or a chat, and unless told the first reason."""
        given = self.reasons[0] if reason is None else reason
        return (self.command, *named, "--reason", given, "--as", by or self.by)


REJECT = Refusal(
    command="reject",
    status="rejected",
    by="martha",
    others=("mark", "omar", "maria"),
    error_of_others="not_recipient",
    told="mark",
    news="Martha has rejected your chat assignment request.",
    reasons=("In a meeting", "Not available", "Handling priority issue"),
    other_reasons=("At lunch", " In a meeting", "No longer needed"),
)
WITHDRAW = Refusal(
    command="withdraw",
    status="withdrawn",
    by="mark",
    others=("martha", "omar"),
    error_of_others="not_requester",
    told="martha",
    news="Mark has withdrawn the chat assignment request.",
    reasons=("No longer needed", "I resolved it myself"),
    other_reasons=("Changed my mind", "In a meeting"),
)


@pytest.fixture(params=[REJECT, WITHDRAW], ids=lambda refusal: refusal.command)
def refusal(request: pytest.FixtureRequest) -> Refusal:
    """Each of the two commands."""
    found: Refusal = request.param
    return found


def test_the_chat_stays_with_its_owner(team: Team, request_id: str, refusal: Refusal) -> None:
    ended = team.ok(*refusal.words(request_id))
    assert (ended["status"], ended["reason"]) == (refusal.status, refusal.reasons[0])
    assert ended["resolved_at"] == "2026-11-22T14:05:10.000Z"
    assert team.owner("chat-1") == "mark"


def test_exactly_one_row_is_appended_with_the_reason(
    team: Team, request_id: str, refusal: Refusal
) -> None:
    team.ok(*refusal.words(request_id))
    row = (refusal.status, refusal.by, "mark", "martha", refusal.status)
    assert team.history(request_id=int(request_id))[1:] == [row]
    assert team.history(reason=refusal.reasons[0]) == [row]


def test_the_other_side_is_told_and_nobody_is_asked_any_longer(
    team: Team, request_id: str, refusal: Refusal
) -> None:
    team.ok(*refusal.words(request_id))
    told = team.ok("inbox", "--as", refusal.told)["notifications"]
    assert told[-1]["text"] == refusal.news
    inbox = team.ok("inbox", "--as", refusal.by)
    assert inbox["requests"] == []
    assert refusal.news not in [notice["text"] for notice in inbox["notifications"]]


def test_a_managers_request_is_not_the_owners(team: Team) -> None:
    """The owner is not told that it was rejected, and may not withdraw it."""
    team.ok("assign", "chat-1", "--to", "martha", "--as", "maria")
    not_the_owner = team.refused_leaving_no_trace(*WITHDRAW.words("1"))
    assert not_the_owner == (5, "not_requester")
    team.ok(*REJECT.words("1"))
    assert team.ok("inbox", "--as", "mark")["notifications"] == []
    assert len(team.ok("inbox", "--as", "maria")["notifications"]) == 1
    team.ok("assign", "chat-1", "--to", "martha", "--as", "maria")
    assert team.ok(*WITHDRAW.words("2", by="maria"))["status"] == "withdrawn"


def test_nobody_else_may_do_it(team: Team, request_id: str, refusal: Refusal) -> None:
    for other in refusal.others:
        words = refusal.words(request_id, by=other)
        assert team.refused_leaving_no_trace(*words) == (5, refusal.error_of_others)


def test_a_blank_reason_is_none(team: Team, request_id: str, refusal: Refusal) -> None:
    for reason in ("", " ", "\t\n"):
        words = refusal.words(request_id, reason=reason)
        assert team.refused_leaving_no_trace(*words) == (2, "reason_required")


def test_off_a_terminal_a_missing_reason_is_named_by_its_option(
    team: Team, request_id: str, refusal: Refusal
) -> None:
    words = (refusal.command, request_id, "--as", refusal.by)
    assert team.refused_leaving_no_trace(*words) == (2, "reason_required")
    said = team.run(*words).err
    assert "--reason" in said
    assert refusal.reasons[-1] in said


def test_the_option_is_named_even_if_no_reasons_are_configured(team: Team, request_id: str) -> None:
    team.config.write_text("[assign_discuss]\nrejection_reasons = []\n")
    assert "--reason" in team.run("reject", request_id, "--as", "martha").err


def test_the_reasons_of_the_list_are_always_allowed(team: Team, refusal: Refusal) -> None:
    team.ok("config", "set", "assign_discuss.allow_other_reasons", "false")
    for reason in refusal.reasons:
        team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
        ended = team.ok(*refusal.words("--chat", "chat-1", reason=reason))
        assert ended["reason"] == reason


def test_a_reason_of_the_list_may_be_written_in_other_letters(team: Team, refusal: Refusal) -> None:
    team.ok("config", "set", "assign_discuss.allow_other_reasons", "false")
    for reason in refusal.reasons:
        team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
        ended = team.ok(*refusal.words("--chat", "chat-1", reason=reason.upper()))
        assert ended["reason"] == reason


def test_other_reasons_may_be_forbidden_even_those_of_the_other_command(
    team: Team, request_id: str, refusal: Refusal
) -> None:
    team.ok("config", "set", "assign_discuss.allow_other_reasons", "false")
    for reason in refusal.other_reasons:
        words = refusal.words(request_id, reason=reason)
        assert team.refused_leaving_no_trace(*words) == (2, "reason_not_allowed")


def test_a_forbidden_reason_comes_with_those_to_choose_from(team: Team, request_id: str) -> None:
    team.ok("config", "set", "assign_discuss.allow_other_reasons", "false")
    team.ok("config", "set", "assign_discuss.rejection_reasons", "Training", "Night shift")
    hint = json.loads(team.run(*REJECT.words(request_id), "--json").err)["error"]["hint"]
    assert "Training" in hint
    assert "Night shift" in hint


@pytest.mark.parametrize(
    "reason",
    ["x" * 1000, "🙂" * 1000, "one\ntwo", "[red]no[/red]", "\x1b[31mno", " spaced ", "=1+1", "-1"],
)
def test_any_other_reason_is_kept_exactly_as_given(
    team: Team, request_id: str, refusal: Refusal, reason: str
) -> None:
    assert team.ok(*refusal.words(request_id, reason=reason))["reason"] == reason
    assert team.ok("requests")[0]["reason"] == reason
    assert len(team.history(event=refusal.status, reason=reason)) == 1


@pytest.mark.parametrize("reason", ["x" * 1001, "a\0b"], ids=["too long", "NUL"])
def test_a_reason_has_at_most_1000_characters_and_no_nul(
    team: Team, request_id: str, refusal: Refusal, reason: str
) -> None:
    words = refusal.words(request_id, reason=reason)
    assert team.refused_leaving_no_trace(*words) == (2, "invalid_value")


def test_the_chat_may_stand_for_its_request(team: Team, request_id: str, refusal: Refusal) -> None:
    assert team.ok(*refusal.words("--chat", "chat-1"))["id"] == int(request_id)


def test_a_chat_stands_for_its_pending_request_not_for_older_ones(
    team: Team, request_id: str, refusal: Refusal
) -> None:
    by_chat = refusal.words("--chat", "chat-1")
    team.ok(*refusal.words(request_id))
    assert team.refused_leaving_no_trace(*by_chat) == (4, "request_not_pending")
    again = team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    assert team.ok(*by_chat)["id"] == again["id"]


def test_afterwards_another_may_be_asked(team: Team, request_id: str, refusal: Refusal) -> None:
    team.ok(*refusal.words(request_id))
    assert team.ok("assign", "chat-1", "--to", "omar", "--as", "mark")["status"] == "pending"


MISNAMED = {
    ("1", "--chat", "chat-1"): (2, "usage"),
    ("7",): (3, "request_not_found"),
    ("--chat", "chat-2"): (3, "request_not_found"),
    ("--chat", "chat-9"): (3, "chat_not_found"),
    ("chat-1",): (2, "usage"),
    ("0",): (2, "usage"),
    ("99999999999999999999",): (2, "usage"),
}


@pytest.mark.usefixtures("request_id")
def test_either_the_request_or_the_chat_is_named_and_exists(team: Team, refusal: Refusal) -> None:
    for named, refused in MISNAMED.items():
        assert team.refused_leaving_no_trace(*refusal.words(*named)) == refused, named


def test_at_the_deadline_it_is_too_late_and_that_is_recorded(
    team: Team, request_id: str, refusal: Refusal
) -> None:
    team.advance(120)
    assert team.refused(*refusal.words(request_id)) == (4, "request_timed_out")
    assert team.history(request_id=int(request_id))[1:] == [
        ("timed_out", "system", "mark", "martha", "timed_out")
    ]
    assert team.ok("requests")[0]["reason"] is None
