"""assign: a request is sent, or refused for a reason that can be acted on."""

import json
import os
import pwd

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
