"""assign: a request is sent, or refused for a reason that can be acted on."""

import csv
import io
import json
import os
import pwd
import re

import pytest

from tests.support.team import Team


def test_assigning_prints_the_pending_request(team: Team) -> None:
    request = team.ok("assign", "chat-1", "--to", "maria", "--as", "mark")
    assert (
        request.items()
        >= {
            "id": 1,
            "chat_id": "chat-1",
            "customer": "Priya Nair",
            "requester_id": "mark",
            "recipient_id": "maria",
            "recipient_role": "manager",
            "status": "pending",
            "note": None,
            "reason": None,
            "requested_at": "2026-11-22T14:05:10.000Z",
            "expires_at": "2026-11-22T14:07:10.000Z",
            "resolved_at": None,
        }.items()
    )


def test_the_chat_stays_with_its_owner_until_it_is_accepted(team: Team, request_id: str) -> None:
    assert team.owner("chat-1") == "mark"
    team.ok("accept", request_id, "--as", "martha")
    assert team.owner("chat-1") == "martha"


def test_assigning_appends_exactly_one_row(team: Team, request_id: str) -> None:
    row = ("requested", "mark", "mark", "martha", "pending")
    assert team.history(request_id=int(request_id)) == [row]


@pytest.mark.usefixtures("request_id")
def test_the_recipient_is_told_in_these_words_and_nobody_else_is_told(team: Team) -> None:
    assert team.rows("SELECT recipient_id, text, request_id FROM notifications") == [
        ("martha", "Mark has sent you a chat assignment request.", 1)
    ]


def test_a_manager_may_assign_anybodys_chat(team: Team) -> None:
    request = team.ok("assign", "chat-5", "--to", "mark", "--as", "maria")
    assert (request["requester_id"], team.owner("chat-5")) == ("maria", "omar")
    row = ("requested", "maria", "omar", "mark", "pending")
    assert team.history(request_id=request["id"]) == [row]


def test_a_manager_may_ask_for_a_chat_to_come_to_herself(team: Team) -> None:
    request = team.ok("assign", "chat-1", "--to", "maria", "--as", "maria")
    team.ok("accept", str(request["id"]), "--as", "maria")
    assert team.owner("chat-1") == "maria"


REFUSALS = {
    ("chat-9", "--to", "martha", "--as", "mark"): (3, "chat_not_found"),
    ("chat-1", "--to", "nobody", "--as", "mark"): (3, "user_not_found"),
    ("chat-1", "--to", "Martha", "--as", "mark"): (3, "user_not_found"),
    ("chat-1", "--to", "mark", "--as", "mark"): (4, "already_owner"),
    ("chat-1", "--to", "mark", "--as", "maria"): (4, "already_owner"),
    ("chat-4", "--to", "omar", "--as", "mark"): (5, "not_owner"),
    ("chat-1", "--to", "martha", "--as", "stranger"): (2, "actor_unknown"),
    ("chat-1", "--as", "mark"): (2, "usage"),
    ("--to", "martha", "--as", "mark"): (2, "usage"),
    ("chat-1", "--to", "martha", "--to-type", "boss", "--as", "mark"): (2, "usage"),
}


def test_what_cannot_be_asked_is_refused(team: Team) -> None:
    for words, refusal in REFUSALS.items():
        assert team.refused_leaving_no_trace("assign", *words) == refusal, words


def test_who_is_not_named_is_the_login(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    login = pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setenv("LOGNAME", "mark")
    monkeypatch.setenv("USER", "mark")
    words = ("chat-1", "--to", "martha")
    assert team.refused_leaving_no_trace("assign", *words) == (2, "actor_unknown")
    team.ok("user", "add", login, "--role", "manager")
    assert team.ok("assign", *words)["requester_id"] == login


def test_off_a_terminal_a_missing_recipient_is_named_by_its_option(team: Team) -> None:
    result = team.run("assign", "chat-1", "--as", "mark")
    assert (result.exit_code, result.out) == (2, "")
    assert "--to" in result.err


def test_an_unknown_recipient_comes_with_who_may_have_been_meant(team: Team) -> None:
    result = team.run("assign", "chat-1", "--to", "marta", "--as", "mark", "--json")
    assert "martha" in json.loads(result.err)["error"]["hint"]
    result = team.run("assign", "chat-1", "--to", "marta", "--as", "mark")
    assert result.err.startswith("Error: ")
    assert "Hint: Did you mean martha" in result.err


@pytest.mark.parametrize(("user", "its_type"), [("martha", "user"), ("maria", "manager")])
def test_the_type_that_is_named_must_be_the_recipients(
    team: Team, user: str, its_type: str
) -> None:
    other = {"user": "manager", "manager": "user"}[its_type]
    words = ("chat-1", "--to", user, "--as", "mark", "--to-type")
    assert team.refused_leaving_no_trace("assign", *words, other) == (2, "wrong_user_type")
    assert team.ok("assign", *words, its_type)["recipient_role"] == its_type


def test_nobody_inactive_is_asked(team: Team) -> None:
    team.ok("user", "deactivate", "martha", "--reassign-to", "omar")
    words = ("chat-1", "--to", "martha", "--as", "mark")
    assert team.refused_leaving_no_trace("assign", *words) == (4, "user_inactive")
    assert team.refused_leaving_no_trace("assign", *words, "--anyway") == (4, "user_inactive")


def test_nobody_inactive_asks(team: Team) -> None:
    team.ok("user", "deactivate", "mark", "--reassign-to", "omar")
    words = ("chat-1", "--to", "martha", "--as", "mark")
    assert team.refused_leaving_no_trace("assign", *words) == (4, "user_inactive")


def test_who_is_away_is_asked_only_anyway(team: Team) -> None:
    team.ok("user", "away", "martha")
    words = ("chat-1", "--to", "martha", "--as", "mark")
    assert team.refused_leaving_no_trace("assign", *words) == (4, "user_away")
    assert team.ok("assign", *words, "--anyway")["recipient_id"] == "martha"


def test_instead_of_who_is_away_the_least_loaded_are_named_first(team: Team) -> None:
    team.ok("user", "away", "martha")
    result = team.run("assign", "chat-1", "--to", "martha", "--as", "mark", "--json")
    hint = json.loads(result.err)["error"]["hint"]
    assert "martha" not in hint
    assert hint.index("maria") < hint.index("omar")


def test_who_was_away_until_now_is_back(team: Team) -> None:
    team.ok("user", "away", "martha", "--until", "2026-11-22T15:00:00Z")
    words = ("assign", "chat-1", "--to", "martha", "--as", "mark")
    assert team.refused(*words) == (4, "user_away")
    team.advance(3600)
    assert team.ok(*words)["status"] == "pending"


@pytest.mark.usefixtures("request_id")
def test_only_one_request_is_pending_on_a_chat(team: Team) -> None:
    for sender in ("mark", "maria"):
        words = ("chat-1", "--to", "omar", "--as", sender)
        assert team.refused_leaving_no_trace("assign", *words) == (4, "request_exists")


def test_a_settled_request_does_not_stand_in_the_way(team: Team, request_id: str) -> None:
    team.ok("reject", request_id, "--reason", "In a meeting", "--as", "martha")
    assert team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")["status"] == "pending"


def test_a_closed_chat_is_assigned_to_nobody(team: Team) -> None:
    team.ok("chat", "close", "chat-1")
    words = ("chat-1", "--to", "martha", "--as", "mark")
    assert team.refused_leaving_no_trace("assign", *words) == (4, "chat_closed")
    team.ok("chat", "reopen", "chat-1")
    assert team.ok("assign", *words)["status"] == "pending"


def test_an_overdue_request_is_timed_out_first_and_assigning_goes_on(
    team: Team, request_id: str
) -> None:
    team.advance(120)
    assert team.ok("assign", "chat-1", "--to", "omar", "--as", "mark")["id"] == 2
    timed_out = ("timed_out", "system", "mark", "martha", "timed_out")
    assert team.history(request_id=int(request_id))[1:] == [timed_out]


def test_an_overdue_request_is_recorded_even_if_assigning_is_refused(
    team: Team, request_id: str
) -> None:
    team.advance(120)
    assert team.refused("assign", "chat-1", "--to", "nobody", "--as", "mark")[0] == 3
    timed_out = ("timed_out", "system", "mark", "martha", "timed_out")
    assert team.history(request_id=int(request_id))[1:] == [timed_out]


def test_a_config_change_never_moves_a_deadline(team: Team, request_id: str) -> None:
    team.ok("config", "set", "assign_discuss.request_timeout", "1h")
    assert team.ok("requests")[0]["expires_at"] == "2026-11-22T14:07:10.000Z"
    later = team.ok("assign", "chat-2", "--to", "martha", "--as", "mark")
    assert later["expires_at"] == "2026-11-22T15:05:10.000Z"
    team.advance(120)
    assert team.refused("accept", request_id, "--as", "martha") == (4, "request_timed_out")


def test_without_a_configured_timeout_a_request_waits_for_ever(team: Team) -> None:
    team.ok("config", "set", "assign_discuss.request_timeout", "off")
    assert team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")["expires_at"] is None
    team.advance(365 * 86_400)
    assert team.ok("accept", "1", "--as", "martha")["status"] == "accepted"


@pytest.mark.parametrize(
    ("timeout", "expires_at"),
    [
        ("1", "2026-11-22T14:05:11.000Z"),
        ("90s", "2026-11-22T14:06:40.000Z"),
        ("2m", "2026-11-22T14:07:10.000Z"),
        ("1h30m", "2026-11-22T15:35:10.000Z"),
        ("30d", "2026-12-22T14:05:10.000Z"),
        ("off", None),
    ],
)
def test_the_sender_may_set_the_deadline(team: Team, timeout: str, expires_at: str | None) -> None:
    request = team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", timeout)
    assert request["expires_at"] == expires_at


def test_a_timeout_is_a_duration_from_1_second_to_30_days(team: Team) -> None:
    for timeout in ("0", "0s", "31d", "abc", "", "-5", "1.5h", "2m3", "٣"):
        words = ("chat-1", "--to", "martha", "--as", "mark", "--timeout", timeout)
        assert team.refused_leaving_no_trace("assign", *words) == (2, "invalid_value"), timeout


@pytest.mark.parametrize(
    "note",
    [
        "one\ntwo\r\n",
        "🧑‍🔧 नमस्ते",
        "[red]stop[/red]",
        "\x1b[31mred\x1b[0m",
        "  both ends  ",
        "--to",
        "=1+1",
    ],
)
def test_a_note_is_kept_exactly_as_given(team: Team, note: str) -> None:
    request = team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--note", note)
    assert request["note"] == note
    assert team.ok("inbox", "--as", "martha")["requests"][0]["note"] == note
    assert team.rows("SELECT note FROM requests") == [(note,)]


def test_people_see_a_hostile_note_harmless_and_on_one_line(team: Team) -> None:
    words = ("chat-1", "--to", "martha", "--as", "mark", "--note", "a\x1b[31mb\n\u202ec")
    result = team.run("assign", *words)
    assert r"a\x1b[31mb\n\u202ec" in result.out


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
