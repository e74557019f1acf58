"""Several requests or chats in one command: all of them, or none."""

import pytest

from tests.support.team import Team


@pytest.fixture
def asked(team: Team) -> Team:
    """Mark asks Martha to take chat-1 and chat-2 over, and Omar to take chat-3."""
    team.ok("assign", "chat-1", "chat-2", "--to", "martha", "--as", "mark")
    team.ok("assign", "chat-3", "--to", "omar", "--as", "mark")
    return team


def statuses(team: Team) -> list[str]:
    return [request["status"] for request in team.ok("requests")]


def test_assign_asks_about_each_chat_and_prints_an_array(team: Team) -> None:
    words = ("assign", "chat-1", "chat-2", "chat-1", "--to", "martha", "--note", "Busy")
    sent = team.ok(*words, "--as", "mark")
    assert [(one["id"], one["chat_id"], one["note"]) for one in sent] == [
        (1, "chat-1", "Busy"),
        (2, "chat-2", "Busy"),
    ]


def test_one_chat_that_cannot_be_assigned_refuses_all(team: Team) -> None:
    for wrong, refused in (
        ("chat-4", (5, "not_owner")),
        ("chat-9", (3, "chat_not_found")),
    ):
        words = ("assign", "chat-1", wrong, "--to", "omar", "--as", "mark")
        assert team.refused_leaving_no_trace(*words) == refused


def test_accept_takes_several_by_number_or_chat(asked: Team) -> None:
    accepted = asked.ok("accept", "1", "2", "--as", "martha")
    assert [one["id"] for one in accepted] == [1, 2]
    assert [asked.owner(chat) for chat in ("chat-1", "chat-2")] == ["martha", "martha"]


def test_a_chat_stands_for_its_request(asked: Team) -> None:
    accepted = asked.ok("accept", "--chat", "chat-2", "--chat", "chat-1", "--as", "martha")
    assert [one["id"] for one in accepted] == [2, 1]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("accept", "1", "3"), (5, "not_recipient")),
        (("reject", "1", "3", "--reason", "No"), (5, "not_recipient")),
        (("accept", "1", "99"), (3, "request_not_found")),
    ],
)
def test_one_that_is_refused_refuses_all(
    asked: Team, words: tuple[str, ...], refusal: tuple[int, str]
) -> None:
    assert asked.refused_leaving_no_trace(*words, "--as", "martha") == refusal


def test_all_is_what_waits_for_the_actor(asked: Team) -> None:
    rejected = asked.ok("reject", "--all", "--reason", "Off duty", "--as", "martha")
    assert [one["id"] for one in rejected] == [1, 2]
    withdrawn = asked.ok("withdraw", "--all", "--reason", "Done", "--as", "mark")
    assert [one["id"] for one in withdrawn] == [3]
    assert statuses(asked) == ["rejected", "rejected", "withdrawn"]


def test_all_of_nothing_is_an_empty_array(team: Team) -> None:
    assert team.ok("accept", "--all", "--as", "martha") == []


def test_without_a_name_the_only_one_that_waits_is_meant(asked: Team) -> None:
    assert asked.ok("accept", "--as", "omar")["id"] == 3
    assert asked.refused("accept", "--as", "omar") == (3, "request_not_found")
    assert asked.refused("accept", "--as", "martha") == (2, "usage")
    assert "--all" in asked.run("accept", "--as", "martha").err


def test_a_deadline_that_has_passed_refuses_all_and_is_recorded(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--timeout", "10s", "--as", "mark")
    team.ok("assign", "chat-2", "--to", "martha", "--as", "mark")
    team.advance(10)
    assert team.refused("accept", "2", "1", "--as", "martha") == (4, "request_timed_out")
    assert statuses(team) == ["timed_out", "pending"]
    assert team.owner("chat-2") == "mark"


def test_a_manager_withdraws_a_request_of_somebody_else_and_both_are_told(asked: Team) -> None:
    asked.ok("withdraw", "1", "--reason", "Mark is ill", "--as", "maria")
    for user, text in (
        ("martha", "Mark has withdrawn the chat assignment request."),
        ("mark", "Your chat assignment request to Martha was withdrawn."),
    ):
        told = asked.ok("inbox", "--as", user)["notifications"]
        assert (told[-1]["text"], told[-1]["reason"]) == (text, "Mark is ill")
    assert asked.refused("withdraw", "2", "--reason", "No", "--as", "omar") == (5, "not_requester")


def test_replace_sends_another_in_the_place_of_ones_own(asked: Team) -> None:
    again = ("assign", "chat-1", "--to", "omar")
    assert asked.refused(*again, "--as", "mark") == (4, "request_exists")
    assert asked.refused(*again, "--replace", "--as", "maria") == (4, "request_exists")
    new = asked.ok(*again, "--replace", "--as", "mark")
    assert (new["id"], new["recipient_id"]) == (4, "omar")
    old = asked.ok("requests")[0]
    assert (old["status"], old["reason"]) == ("withdrawn", "Replaced")
    assert asked.ok("assign", "chat-4", "--to", "omar", "--replace", "--as", "martha")["id"] == 5


def test_replace_gives_the_same_recipient_more_time(asked: Team) -> None:
    words = ("assign", "chat-1", "--to", "martha", "--timeout", "1h", "--replace")
    assert asked.ok(*words, "--as", "mark")["expires_at"] == "2026-11-22T15:05:10.000Z"


def test_a_type_alone_asks_who_is_present_and_has_the_fewest_open_chats(team: Team) -> None:
    team.ok("user", "add", "jane")
    words = ("assign", "chat-1", "--to-type", "user", "--as", "mark")
    assert team.ok(*words)["recipient_id"] == "jane"
    team.ok("user", "away", "jane")
    assert team.ok(*words, "--replace")["recipient_id"] == "martha"
    manager = ("assign", "chat-2", "--to-type", "manager", "--as", "mark")
    assert team.ok(*manager)["recipient_id"] == "maria"
    assert team.refused("assign", "chat-3", "--as", "mark") == (2, "usage")
    team.ok("user", "away", "maria")
    words = ("assign", "chat-3", "--to-type", "manager", "--as", "mark")
    assert team.refused(*words) == (3, "user_not_found")


@pytest.mark.parametrize(("action", "status"), [("close", "closed"), ("reopen", "open")])
def test_chats_are_closed_and_reopened_together(team: Team, action: str, status: str) -> None:
    team.ok("chat", "close", "chat-2")
    done = team.ok("chat", action, "chat-1", "chat-2")
    assert [(chat["id"], chat["status"]) for chat in done] == [
        ("chat-1", status),
        ("chat-2", status),
    ]
    words = ("chat", action, "chat-3", "chat-9")
    assert team.refused_leaving_no_trace(*words) == (3, "chat_not_found")
