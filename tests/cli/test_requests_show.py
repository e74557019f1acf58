"""requests show: a request, and the story of its chain."""

import re

import pytest

from tests.support.team import Team

CHAIN = ("chat-1", "--to", "martha", "--then", "omar", "--then", "maria", "--as", "mark")
REASON = ("--reason", "Not available")


@pytest.fixture
def chain(team: Team) -> Team:
    """1: Martha has rejected, omar was passed over, 2: maria is asked; and 3 is on chat-2."""
    team.ok("assign", *CHAIN)
    team.ok("user", "away", "omar")
    team.ok("reject", "1", *REASON, "--as", "martha")
    team.ok("assign", "chat-2", "--to", "martha", "--as", "mark")
    return team


@pytest.mark.parametrize("number", ["1", "2"])
def test_any_request_of_a_chain_is_shown_with_all_of_it_in_order(chain: Team, number: str) -> None:
    listed = chain.ok("requests", "--chat", "chat-1")
    shown = chain.ok("requests", "show", number)
    assert shown.pop("chain") == listed
    assert shown == listed[int(number) - 1]


def test_a_request_alone_is_a_chain_of_one(chain: Team) -> None:
    assert [request["id"] for request in chain.ok("requests", "show", "3")["chain"]] == [3]


def test_an_earlier_request_on_the_chat_is_another_chain(chain: Team) -> None:
    chain.ok("withdraw", "2", *REASON, "--as", "mark")
    chain.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    assert [request["id"] for request in chain.ok("requests", "show", "4")["chain"]] == [4]
    assert [request["id"] for request in chain.ok("requests", "show", "1")["chain"]] == [1, 2]


def test_people_read_it_as_a_story(chain: Team) -> None:
    card, story = chain.run("requests", "show", "1").out.split("\n\n", 1)
    assert card.splitlines()[0] == "Request 1: Rejected"
    assert [line.split("Z  ")[-1].strip() for line in story.splitlines()] == [
        "What happened in its chain:",
        "requested request 1 mark -> martha (by mark)",
        "rejected request 1 mark -> martha (by martha): Not available",
        "requested request 2 mark -> maria (by system); passed over: omar (away)",
        "",
        "maria is asked now.",
    ]


@pytest.mark.parametrize("words", [("requests", "show", "2"), ("chat", "show", "chat-1")])
def test_who_was_asked_before_is_named(chain: Team, words: tuple[str, ...]) -> None:
    assert re.search("Asked before +martha, by request 1\n", chain.run(*words).out)


OUTCOMES = {
    ("accept", "2", "--as", "maria"): "maria has taken the chat.",
    ("reject", "2", *REASON, "--as", "maria"): "Nobody has taken the chat.",
    ("sweep-timeouts",): "Nobody has taken the chat.",
    ("withdraw", "2", *REASON, "--as", "mark"): "It ended as Withdrawn.",
    ("chat", "close", "chat-1"): "It ended as Cancelled.",
}


@pytest.mark.parametrize("words", OUTCOMES, ids=" ".join)
def test_the_story_ends_with_what_came_of_it(chain: Team, words: tuple[str, ...]) -> None:
    if words == ("sweep-timeouts",):
        chain.advance(120)
    chain.ok(*words)
    assert chain.run("requests", "show", "1").out.splitlines()[-1] == OUTCOMES[words]


def test_a_passed_deadline_is_recorded_so_that_the_chain_is_as_it_is_now(team: Team) -> None:
    team.ok("assign", *CHAIN)
    team.advance(120)
    shown = team.ok("requests", "show", "1")
    assert [request["status"] for request in shown["chain"]] == ["timed_out", "pending"]
    assert team.history(request_id=1)[-1] == ("timed_out", "system", "mark", "martha", "timed_out")


def test_what_does_not_exist_is_not_found(team: Team) -> None:
    assert team.refused_leaving_no_trace("requests", "show", "7") == (3, "request_not_found")
    assert team.refused_leaving_no_trace("requests", "show") == (2, "usage")


def test_an_option_of_the_list_has_no_place_before_show(chain: Team) -> None:
    assert chain.refused("requests", "--chat", "chat-1", "show", "1") == (2, "usage")
