"""assign --then: who is asked next when nobody took the chat, and when the chain ends."""

import csv
import io
import re

import pytest

from tests.support.team import Team

CHAIN = ("chat-1", "--to", "martha", "--then", "omar", "--then", "maria", "--as", "mark")


def asked(team: Team) -> list[tuple[str, str]]:
    return team.rows("SELECT recipient_id, status FROM requests ORDER BY id")


def test_after_a_rejection_the_next_is_asked_with_the_same_duration_anew(team: Team) -> None:
    team.ok("assign", *CHAIN, "--timeout", "10m", "--note", "Wants a quote")
    team.advance(60)
    team.ok("reject", "1", "--reason", "Not available", "--as", "martha")
    first, second = team.ok("requests")
    assert (first["status"], first["previous_request_id"]) == ("rejected", None)
    assert (
        second.items()
        >= {
            "recipient_id": "omar",
            "requester_id": "mark",
            "status": "pending",
            "note": "Wants a quote",
            "requested_at": "2026-11-22T14:06:10.000Z",
            "expires_at": "2026-11-22T14:16:10.000Z",
            "previous_request_id": 1,
        }.items()
    )


def test_after_a_time_out_the_next_is_asked(team: Team) -> None:
    team.ok("assign", *CHAIN)
    for step, user in enumerate(("martha", "omar", "maria"), start=1):
        assert asked(team)[-1] == (user, "pending")
        team.advance(120)
        assert team.ok("sweep-timeouts")["request_ids"] == [step]
    assert asked(team) == [(user, "timed_out") for user in ("martha", "omar", "maria")]
    assert [row["previous_request_id"] for row in team.ok("requests")] == [None, 1, 2]


def test_the_next_is_asked_whichever_command_meets_the_deadline(team: Team) -> None:
    team.ok("assign", *CHAIN)
    team.advance(120)
    assert team.refused("accept", "1", "--as", "martha") == (4, "request_timed_out")
    assert asked(team) == [("martha", "timed_out"), ("omar", "pending")]


def test_the_next_is_told_who_is_asking(team: Team) -> None:
    team.ok("assign", *CHAIN)
    team.ok("reject", "1", "--reason", "Not available", "--as", "martha")
    texts = [request["text"] for request in team.ok("inbox", "--as", "omar")["requests"]]
    assert texts == ["Mark has sent you a chat assignment request."]


def test_each_step_of_a_chain_has_a_history_of_its_own(team: Team) -> None:
    team.ok("assign", *CHAIN)
    team.ok("reject", "1", "--reason", "Not available", "--as", "martha")
    team.ok("accept", "2", "--as", "omar")
    steps = [(row[0], row[3], row[4]) for row in team.history(chat_id="chat-1")]
    assert steps[1:] == [
        ("requested", "martha", "pending"),
        ("rejected", "martha", "rejected"),
        ("requested", "omar", "pending"),
        ("accepted", "omar", "accepted"),
    ]
    assert team.owner("chat-1") == "omar"


def test_a_chat_shows_who_is_asked_next(team: Team) -> None:
    team.ok("assign", *CHAIN)
    assert team.ok("chat", "show", "chat-1")["fallbacks"] == ["omar", "maria"]
    assert re.search("Asked next +omar, then maria\n", team.run("chat", "show", "chat-1").out)
    team.ok("reject", "1", "--reason", "Not available", "--as", "martha")
    assert team.ok("chat", "show", "chat-1")["fallbacks"] == ["maria"]
    team.ok("withdraw", "2", "--reason", "No longer needed", "--as", "mark")
    assert team.ok("chat", "show", "chat-1")["fallbacks"] == []


def test_a_request_tells_who_is_asked_next_wherever_it_is_printed(team: Team) -> None:
    printed = [team.ok("assign", *CHAIN)]
    printed += team.ok("requests")
    printed += team.ok("inbox", "--as", "martha")["requests"]
    status = team.ok("status", "--as", "mark")
    printed += status["sent"]
    printed.append(team.ok("chat", "show", "chat-1")["pending_request"])
    printed.append(team.ok("reject", "1", "--reason", "Not available", "--as", "martha"))
    assert [request["fallbacks"] for request in printed] == [["omar", "maria"]] * 6
    assert team.ok("accept", "2", "--as", "omar")["fallbacks"] == ["maria"]
    assert team.ok("assign", "chat-2", "--to", "omar", "--as", "mark")["fallbacks"] == []
    in_csv = csv.DictReader(io.StringIO(team.run("requests", "--csv").out))
    assert [row["fallbacks"] for row in in_csv] == ['["omar", "maria"]', '["maria"]', "[]"]


def test_people_see_who_is_asked_next_while_that_is_to_come(team: Team) -> None:
    assert re.search("Asked next +omar, then maria\n", team.run("assign", *CHAIN).out)
    shown = team.run("status", "--as", "mark").out
    assert "martha, then omar, then maria" in shown
    rejected = team.run("reject", "1", "--reason", "Not available", "--as", "martha").out
    assert "Asked next" not in rejected
    assert "martha, then" not in team.run("status", "--as", "mark").out


def test_the_history_tells_who_was_to_be_asked_next(team: Team) -> None:
    team.ok("assign", *CHAIN)
    team.ok("reject", "1", "--reason", "Not available", "--as", "martha")
    team.ok("reject", "2", "--reason", "Not available", "--as", "omar")
    asked_next = [
        row["detail"].get("fallbacks") for row in team.ok("tracking", "--event", "requested")
    ]
    assert asked_next == [["omar", "maria"], ["maria"], None]


def test_withdrawing_ends_the_chain(team: Team) -> None:
    team.ok("assign", *CHAIN)
    team.ok("reject", "1", "--reason", "Not available", "--as", "martha")
    team.ok("withdraw", "2", "--reason", "No longer needed", "--as", "mark")
    assert asked(team) == [("martha", "rejected"), ("omar", "withdrawn")]


def test_accepting_ends_the_chain(team: Team) -> None:
    team.ok("assign", *CHAIN)
    team.ok("accept", "1", "--as", "martha")
    team.advance(3600)
    assert team.ok("sweep-timeouts")["timed_out"] == 0
    assert asked(team) == [("martha", "accepted")]


def test_closing_the_chat_ends_the_chain(team: Team) -> None:
    team.ok("assign", *CHAIN)
    team.ok("chat", "close", "chat-1")
    assert asked(team) == [("martha", "cancelled")]


def test_closing_a_chat_past_the_deadline_leaves_nothing_pending(team: Team) -> None:
    team.ok("assign", *CHAIN)
    team.advance(120)
    team.ok("chat", "close", "chat-1")
    assert asked(team)[0] == ("martha", "timed_out")
    assert team.ok("requests", "--status", "pending") == []


@pytest.mark.parametrize(
    "absence", [("away", "omar"), ("deactivate", "omar", "--reassign-to", "mark")]
)
def test_who_cannot_be_asked_any_more_is_passed_over(team: Team, absence: tuple[str, ...]) -> None:
    team.ok("assign", *CHAIN)
    team.ok("user", *absence)
    team.ok("reject", "1", "--reason", "Not available", "--as", "martha")
    assert asked(team) == [("martha", "rejected"), ("maria", "pending")]
    assert team.ok("requests")[-1]["previous_request_id"] == 1


def test_a_chain_ends_quietly_when_nobody_is_left_to_ask(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--then", "omar", "--as", "mark")
    team.ok("user", "away", "omar")
    team.ok("reject", "1", "--reason", "Not available", "--as", "martha")
    assert asked(team) == [("martha", "rejected")]


def test_a_chain_ends_with_the_right_of_who_began_it(team: Team) -> None:
    chain = ("chat-1", "--to", "martha", "--then", "omar", "--as", "maria")
    team.ok("user", "add", "ann", "--role", "manager")
    team.ok("assign", *chain)
    team.ok("user", "set", "maria", "--role", "user")
    team.ok("reject", "1", "--reason", "Not available", "--as", "martha")
    assert asked(team) == [("martha", "rejected")]
    assert team.owner("chat-1") == "mark"


@pytest.mark.parametrize("then", [("martha",), ("omar", "omar")])
def test_nobody_is_asked_twice(team: Team, then: tuple[str, ...]) -> None:
    chain = [word for user in then for word in ("--then", user)]
    words = ("chat-1", "--to", "martha", *chain, "--as", "mark")
    assert team.refused_leaving_no_trace("assign", *words) == (2, "invalid_value")


def test_a_chain_names_no_stranger_and_not_the_owner(team: Team) -> None:
    words = ("chat-1", "--to", "martha", "--as", "mark", "--then")
    assert team.refused_leaving_no_trace("assign", *words, "nobody") == (3, "user_not_found")
    assert team.refused_leaving_no_trace("assign", *words, "mark") == (4, "already_owner")


def test_a_step_and_the_next_happen_together_or_not_at_all(team: Team) -> None:
    team.ok("assign", *CHAIN)
    (last,) = team.sqlite("SELECT seq FROM sqlite_sequence WHERE name = 'requests'")
    set_last = "UPDATE sqlite_sequence SET seq = ? WHERE name = 'requests'"
    team.sqlite(set_last, 2**63 - 1)  # the second request cannot be written
    before = team.snapshot()
    assert team.refused("reject", "1", "--reason", "Not available", "--as", "martha")[0] == 6
    team.advance(120)
    assert team.refused("sweep-timeouts")[0] == 6
    assert team.snapshot() == before
    team.sqlite(set_last, *last)


def test_several_recipients_are_not_asked_at_once_and_none_is_passed_over(team: Team) -> None:
    words = ("chat-1", "--to", "martha", "--to", "omar", "--as", "mark")
    assert team.refused_leaving_no_trace("assign", *words) == (2, "usage")
    assert "--then" in team.run("assign", *words).err


def test_at_most_a_hundred_users_are_asked_in_turn(team: Team) -> None:
    for number in range(101):
        team.ok("user", "add", f"u{number}")
    then = [word for number in range(100) for word in ("--then", f"u{number}")]
    asked = ("assign", "chat-1", "--to", "martha", "--as", "mark", *then)
    assert team.refused_leaving_no_trace(*asked, "--then", "u100") == (2, "invalid_value")
    assert len(team.ok(*asked)["fallbacks"]) == 100
