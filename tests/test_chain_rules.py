"""What the config says of every chain: who else is asked, who is told, who is set away."""

import pytest

import assignchat
from tests.support.team import Team

ASK = ("assign", "chat-1", "--to", "martha", "--as", "mark")
REASON = ("--reason", "Not available")
NOBODY_TOOK = "Nobody has taken the chat about which Mark has asked."


def configure(team: Team, key: str, *values: str) -> None:
    team.ok("config", "set", f"assign_discuss.{key}", *values)


def with_ghost(team: Team) -> None:
    """Name somebody beside Maria who is no user, as an editor can."""
    team.config.write_text(team.config.read_text().replace('"maria"', '"ghost", "maria"'))


def away_until(team: Team, user: str) -> object:
    return {found["id"]: found["away_until"] for found in team.ok("user", "list")}[user]


def asked(team: Team) -> list[tuple[str, str]]:
    return team.rows("SELECT recipient_id, status FROM requests ORDER BY id")


def miss(team: Team, times: int = 1) -> None:
    """Let martha miss so many requests, one after the other."""
    for _ in range(times):
        team.ok(*ASK, "--anyway")
        team.advance(120)
        team.ok("sweep-timeouts")


def test_the_fallback_of_the_config_is_asked_after_those_who_are_named(team: Team) -> None:
    configure(team, "fallback", "martha", "maria", "mark", "omar")
    sent = team.ok(*ASK, "--then", "omar")
    assert sent["fallbacks"] == ["omar", "maria"]  # nobody twice, and not the owner
    for user in ("martha", "omar", "maria"):
        assert asked(team)[-1] == (user, "pending")
        team.ok("reject", "--chat", "chat-1", *REASON, "--as", user)
    assert len(asked(team)) == 3


def test_the_fallback_is_fixed_when_the_request_is_sent(team: Team) -> None:
    configure(team, "fallback", "omar")
    team.ok(*ASK)
    team.ok("config", "unset", "assign_discuss.fallback")
    team.ok("reject", "1", *REASON, "--as", "martha")
    assert asked(team)[-1] == ("omar", "pending")


def test_an_alias_is_good_enough_for_a_fallback(team: Team) -> None:
    team.ok("user", "set", "omar", "--alias", "omar@crm.example")
    configure(team, "fallback", "Omar@CRM.example")
    assert team.ok(*ASK)["fallbacks"] == ["omar"]


def test_who_is_passed_over_stands_in_the_row_of_the_next_request_with_why(team: Team) -> None:
    team.ok("user", "add", "jane")
    team.ok("user", "add", "busy", "--capacity", "0")
    team.ok("user", "add", "sales", "--role", "queue")
    configure(team, "fallback", "omar", "jane", "busy", "sales", "maria")
    with_ghost(team)
    team.ok(*ASK)
    team.ok("user", "away", "omar")
    team.ok("user", "deactivate", "jane")
    team.ok("reject", "1", *REASON, "--as", "martha")
    assert asked(team)[-1] == ("maria", "pending")
    first, second = team.ok("tracking", "--event", "requested")
    assert "passed_over" not in first["detail"]
    assert second["detail"]["passed_over"] == {
        "ghost": "unknown",
        "omar": "away",
        "jane": "inactive",
        "busy": "full",
        "sales": "queue",
    }


def test_who_is_to_know_is_told_when_nobody_took_the_chat(team: Team) -> None:
    configure(team, "tell_when_nobody_took", "maria")
    with_ghost(team)
    team.ok(*ASK, "--then", "omar")
    team.ok("reject", "1", *REASON, "--as", "martha")
    assert team.notices("maria") == []  # omar is asked yet
    team.advance(120)
    team.ok("sweep-timeouts")
    assert team.notices("maria") == [NOBODY_TOOK]
    notice = team.ok("inbox", "--as", "maria")["notifications"][0]
    assert (notice["chat_id"], notice["request_id"]) == ("chat-1", 2)


def test_the_requester_is_told_once(team: Team) -> None:
    configure(team, "tell_when_nobody_took", "mark", "maria")
    team.ok(*ASK)
    team.ok("reject", "1", *REASON, "--as", "martha")
    assert team.notices("mark") == ["Martha has rejected your chat assignment request."]
    assert team.notices("maria") == [NOBODY_TOOK]


@pytest.mark.parametrize(
    "words",
    [
        ("accept", "1", "--as", "martha"),
        ("withdraw", "1", *REASON, "--as", "mark"),
        ("chat", "close", "chat-1"),
        ("bulk-assign", "chat-1", "--to", "omar", "--as", "maria"),
    ],
    ids=" ".join,
)
def test_nobody_is_told_so_of_a_chain_that_ended_otherwise(
    team: Team, words: tuple[str, ...]
) -> None:
    configure(team, "tell_when_nobody_took", "maria")
    team.ok(*ASK)
    team.ok(*words)
    assert team.notices("maria") == []


def test_who_has_left_is_told_nothing(team: Team) -> None:
    configure(team, "tell_when_nobody_took", "maria")
    team.ok("user", "deactivate", "maria")
    team.ok(*ASK)
    team.ok("reject", "1", *REASON, "--as", "martha")
    assert team.rows("SELECT id FROM notifications WHERE recipient_id = 'maria'") == []


def test_after_so_many_misses_in_a_row_a_user_is_away_and_told(team: Team) -> None:
    configure(team, "away_after_misses", "3")
    miss(team, 2)
    assert away_until(team, "martha") is None
    miss(team)
    assert away_until(team, "martha") == "next answer"
    assert team.notices("martha")[-1] == (
        "You are away until you answer or come back: 3 requests timed out without an answer."
    )
    row = team.ok("tracking", "--event", "user_changed")[-1]
    assert (row["actor"], row["request_id"]) == ("system", 3)
    assert (row["reason"], row["detail"]["id"]) == ("3 requests in a row timed out", "martha")
    assert team.refused(*ASK) == (4, "user_away")
    shown = team.run("status", "--as", "martha").out
    assert "You are away until the next answer, and nobody asks you." in shown
    assert "next answer" in team.run("user", "list").out


def test_by_default_nobody_is_ever_set_away(team: Team) -> None:
    miss(team, 5)
    assert away_until(team, "martha") is None


@pytest.mark.parametrize("answer", [("accept",), ("reject", *REASON)], ids=["accept", "reject"])
def test_the_next_answer_ends_the_absence(team: Team, answer: tuple[str, ...]) -> None:
    configure(team, "away_after_misses", "1")
    miss(team)
    team.ok(*ASK, "--anyway")
    team.ok(*answer, "2", "--as", "martha")
    assert away_until(team, "martha") is None
    row = team.ok("tracking", "--event", "user_changed")[-1]
    assert (row["actor"], row["detail"]["away_until"]) == ("martha", ["next answer", None])


@pytest.mark.parametrize("missed_first", [True, False])
def test_who_has_gone_away_themselves_stays_away_after_an_answer(
    team: Team, missed_first: bool
) -> None:
    configure(team, "away_after_misses", "1")
    if missed_first:
        miss(team)
    team.ok("away", "--as", "martha")
    if not missed_first:
        miss(team)
    sent = team.ok(*ASK, "--anyway")
    team.ok("accept", str(sent["id"]), "--as", "martha")
    assert away_until(team, "martha") == "indefinite"


def test_passing_on_as_one_goes_is_no_answer_that_brings_one_back(team: Team) -> None:
    configure(team, "away_after_misses", "1")
    miss(team)
    team.ok(*ASK, "--anyway")
    team.ok("away", "--pass-on", "--as", "martha")
    assert away_until(team, "martha") == "indefinite"


def test_an_answer_begins_the_count_anew(team: Team) -> None:
    configure(team, "away_after_misses", "2")
    miss(team)
    sent = team.ok(*ASK)
    team.ok("reject", str(sent["id"]), *REASON, "--as", "martha")
    miss(team)
    assert away_until(team, "martha") is None
    miss(team)
    assert away_until(team, "martha") == "next answer"


def test_what_was_withdrawn_is_neither_an_answer_nor_a_miss(team: Team) -> None:
    configure(team, "away_after_misses", "2")
    miss(team)
    sent = team.ok(*ASK)
    team.ok("withdraw", str(sent["id"]), *REASON, "--as", "mark")
    assert away_until(team, "martha") is None
    miss(team)
    assert away_until(team, "martha") == "next answer"


def test_an_answer_counts_from_when_it_was_given_not_from_when_it_was_asked(team: Team) -> None:
    configure(team, "away_after_misses", "2")
    old = team.ok("assign", "chat-2", "--to", "martha", "--as", "mark", "--timeout", "1h")
    miss(team)
    team.advance(1)
    team.ok("reject", str(old["id"]), *REASON, "--as", "martha")
    miss(team)
    assert away_until(team, "martha") is None


def test_who_comes_back_has_as_many_misses_again(team: Team) -> None:
    configure(team, "away_after_misses", "2")
    miss(team, 2)
    team.ok("back", "--as", "martha")
    miss(team)
    assert away_until(team, "martha") is None
    miss(team)
    assert away_until(team, "martha") == "next answer"


def test_who_is_set_away_is_not_asked_next_in_the_same_sweep(team: Team) -> None:
    configure(team, "away_after_misses", "1")
    team.ok(*ASK)
    team.ok("assign", "chat-5", "--to", "maria", "--then", "martha", "--as", "omar")
    team.advance(120)
    team.ok("sweep-timeouts")
    assert asked(team) == [("martha", "timed_out"), ("maria", "timed_out")]


# Each way by which a passed deadline is met.

MEETINGS = {
    "sweep": ("sweep-timeouts",),
    "accept": ("accept", "1", "--as", "martha"),
    "reject": ("reject", "1", *REASON, "--as", "martha"),
    "withdraw": ("withdraw", "1", *REASON, "--as", "mark"),
    "wait": ("wait", "1"),
    "assign": ("assign", "chat-1", "--to", "omar", "--as", "mark"),
    "close": ("chat", "close", "chat-1"),
    "bulk-assign": ("bulk-assign", "chat-1", "--to", "omar", "--as", "maria"),
    "deactivate": ("user", "deactivate", "mark", "--reassign-to", "omar"),
    "away": ("away", "--as", "martha"),
}


@pytest.mark.parametrize("meeting", MEETINGS)
def test_the_rules_hold_whichever_command_meets_the_deadline(team: Team, meeting: str) -> None:
    configure(team, "away_after_misses", "1")
    configure(team, "tell_when_nobody_took", "maria")
    team.ok(*ASK)
    team.advance(120)
    team.run(*MEETINGS[meeting])
    assert NOBODY_TOOK in team.notices("maria")
    assert away_until(team, "martha") == ("indefinite" if meeting == "away" else "next answer")


def test_a_python_program_gives_the_rules_itself(team: Team) -> None:
    with assignchat.open_database(team.database) as database:
        database.rules = assignchat.Rules(fallback=["omar"], tell_when_nobody_took=["maria"])
        request = assignchat.assign(database, "chat-1", to="martha", actor="mark")
        assignchat.reject(database, request.id, reason="Busy", actor="martha")
    assert asked(team) == [("martha", "rejected"), ("omar", "pending")]


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("away_after_misses", ("-1",)),
        ("away_after_misses", ("101",)),
        ("away_after_misses", ("often",)),
        ("away_after_misses", ("1", "2")),
        ("fallback", (" maria",)),
        ("fallback", ("maria", "maria")),
        ("tell_when_nobody_took", ("",)),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(
    team: Team, key: str, values: tuple[str, ...]
) -> None:
    before = team.config.read_text()
    refused = team.run("config", "set", f"assign_discuss.{key}", "--json", "--", *values)
    assert (refused.exit_code, refused.error) == (7, "config_value_invalid")
    assert team.config.read_text() == before


@pytest.mark.parametrize("key", ["fallback", "tell_when_nobody_took"])
def test_a_user_who_is_not_there_is_refused_when_the_database_is(team: Team, key: str) -> None:
    name, before = f"assign_discuss.{key}", team.config.read_bytes()
    refusal = team.refused_leaving_no_trace("config", "set", name, "martha", "marhta")
    assert refusal == (3, "user_not_found")
    assert "martha" in team.run("config", "set", name, "marhta").err  # who may be meant
    assert team.config.read_bytes() == before
    team.database.unlink()
    assert team.ok("config", "set", name, "marhta")["value"] == ["marhta"]
