"""Capacity: nobody is given more open chats than they take, unless --anyway."""

import pytest

from tests.support.team import Team
from tests.support.terminal import ENTER, at_terminal


@pytest.fixture
def full(team: Team) -> Team:
    """The demo team; martha takes 1 open chat and has it, omar takes 3 and has 1."""
    team.ok("user", "set", "martha", "--capacity", "1")
    team.ok("user", "set", "omar", "--capacity", "3")
    return team


def _owned(team: Team) -> dict[str, int]:
    rows = team.rows("SELECT owner_id, count(*) FROM chats WHERE status = 'open' GROUP BY owner_id")
    return dict(rows)


def test_a_capacity_is_given_changed_and_taken_away(team: Team) -> None:
    assert team.ok("user", "add", "jane", "--capacity", "5")["capacity"] == 5
    assert team.ok("user", "set", "jane", "--capacity", "0")["capacity"] == 0
    assert "0 open chats" in team.run("user", "set", "jane", "--name", "Jane").out
    assert team.ok("user", "set", "jane", "--no-capacity")["capacity"] is None
    (*_, row) = team.ok("tracking", "--user", "jane")
    assert row["detail"] == {"id": "jane", "capacity": [0, None]}


@pytest.mark.parametrize(
    "options", [("--capacity", "-1"), ("--capacity", "many"), ("--capacity", "1", "--no-capacity")]
)
def test_what_is_no_capacity_is_refused(team: Team, options: tuple[str, ...]) -> None:
    assert team.refused_leaving_no_trace("user", "set", "mark", *options) == (2, "usage")


def test_who_has_as_many_as_they_take_is_not_asked_unless_anyway(full: Team) -> None:
    words = ("assign", "chat-1", "--to", "martha", "--as", "mark")
    assert full.refused_leaving_no_trace(*words) == (4, "user_full")
    refused = full.run(*words).err
    assert "Martha has as many open chats as they take, 1" in refused
    assert "Present, least loaded first: maria, omar." in refused
    assert full.ok(*words, "--anyway")["status"] == "pending"
    assert full.ok("accept", "1", "--as", "martha")["status"] == "accepted"


def test_closing_a_chat_makes_room(full: Team) -> None:
    full.ok("chat", "close", "chat-4")
    words = ("assign", "chat-1", "--to", "martha", "--as", "mark")
    assert full.ok(*words)["status"] == "pending"


def test_a_chain_passes_over_who_is_full_by_then(full: Team) -> None:
    then = ("--then", "martha", "--then", "maria")
    full.ok("assign", "chat-1", "--to", "omar", *then, "--as", "mark")
    full.ok("reject", "1", "--reason", "Busy", "--as", "omar")
    assert full.ok("requests", "--status", "pending")[0]["recipient_id"] == "maria"


def test_a_batch_that_does_not_fit_is_refused_whole_naming_the_room(full: Team) -> None:
    words = ("bulk-assign", "--from", "mark", "--as", "maria", "--to")
    assert full.refused_leaving_no_trace(*words, "omar") == (4, "user_full")
    refused = full.run(*words, "omar").err
    assert "No room for 3 open chats; there is room for: 2 with omar" in refused
    assert full.refused_leaving_no_trace(*words, "omar", "--dry-run") == (4, "user_full")
    both = full.run(*words, "omar", "--to", "martha", "--split", "least-loaded").err
    assert "No room for 3 open chats; there is room for: 2 with omar, 0 with martha" in both
    assert "Name others too, or add --anyway." in both
    assert full.ok(*words, "omar", "--anyway")["recipients"] == {"omar": 3}


def test_closed_chats_need_no_room(full: Team) -> None:
    full.ok("chat", "close", "chat-1")
    words = ("bulk-assign", "chat-1", "--to", "martha", "--as", "maria")
    assert full.ok(*words)["assigned"] == 1


def test_what_one_holds_of_the_selection_already_is_no_load_more(full: Team) -> None:
    words = ("bulk-assign", "chat-4", "--to", "martha", "--as", "maria")
    assert full.ok(*words)["unchanged"] == 1


def test_least_loaded_fills_up_to_the_capacity_and_even_does_not_look(full: Team) -> None:
    words = ("bulk-assign", "--from", "mark", "--as", "maria")
    to = ("--to", "martha", "--to", "omar", "--to", "maria")
    assert full.refused_leaving_no_trace(*words, *to, "--split", "even") == (4, "user_full")
    hint = "Nothing was assigned. Share them out by --split least-loaded, or add --anyway."
    assert hint in full.run(*words, *to).err
    shown = full.run(*words, *to, "--split", "least-loaded", "--dry-run").out
    assert "omar   1 chat, 1 -> 2 open chats\n" in shown
    assert "martha" not in shown  # gets none
    done = full.ok(*words, *to, "--split", "least-loaded")
    assert done["recipients"] == {"martha": 0, "omar": 1, "maria": 2}
    assert _owned(full) == {"martha": 1, "omar": 2, "maria": 2}


def test_who_leaves_gives_nobody_more_than_they_take(full: Team) -> None:
    words = ("user", "deactivate", "mark", "--reassign-to", "omar")
    assert full.refused_leaving_no_trace(*words) == (4, "user_full")
    assert full.ok(*words, "--anyway")["batch"]["recipients"] == {"omar": 3}


def test_one_may_take_more_oneself(full: Team) -> None:
    full.ok("user", "add", "sales", "--role", "queue")
    full.ok("chat", "add", "chat-9", "--customer", "Ann", "--owner", "sales")
    assert full.ok("take", "chat-9", "--as", "martha")["assigned"] == 1


def test_on_a_terminal_open_chats_are_shown_before_and_after(team_now: Team) -> None:
    words = ("bulk-assign", "--from", "mark", "--to", "omar", "--as", "maria")
    answers = [("Assign 3 chats: 3 chats to omar, 1 -> 4 open chats? [y/N]", f"y{ENTER}")]
    result = at_terminal(team_now, *words, answers=answers)
    assert result.exit_code == 0
    assert "3 chats, 1 -> 4 open chats" in result.out
    assert "Unchanged" not in result.out


def test_closed_chats_are_counted_in_one_form_in_question_trial_and_result(team_now: Team) -> None:
    team_now.ok("chat", "close", "chat-2")
    to = ("--to", "omar", "--to", "martha")
    words = ("bulk-assign", "--from", "mark", *to, "--as", "maria")
    question = (
        "Assign 3 chats (1 closed): 2 chats (1 closed) to omar, 1 -> 2 open chats;"
        " 1 chat to martha, 1 -> 2 open chats? [y/N]"
    )
    tried = team_now.run(*words, "--dry-run").out
    done = at_terminal(team_now, *words, answers=[(question, f"y{ENTER}")], columns=150).out
    for shown in (tried, done):
        assert ": 3 chats (1 closed) assigned" in shown
        assert "omar    2 chats (1 closed), 1 -> 2 open chats" in shown
        assert "martha  1 chat, 1 -> 2 open chats" in shown


def test_on_a_terminal_who_is_left_out_of_the_choice_is_named(team_now: Team) -> None:
    team_now.ok("user", "set", "martha", "--capacity", "1")
    team_now.ok("user", "away", "omar")
    team_now.ok("user", "add", "jane", "--name", "Jane")
    answers = [("1-2:", f"1{ENTER}")]
    result = at_terminal(team_now, "assign", "chat-1", "--as", "mark", answers=answers)
    assert result.exit_code == 0
    assert "Left out: Martha (martha), full" in result.out
    assert "Left out: Omar (omar), away indefinitely" in result.out
    assert team_now.ok("requests")[0]["recipient_id"] == "jane"
