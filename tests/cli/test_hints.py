"""After a write a person is told the command that undoes it, which can be pasted."""

import re
import shlex
import sys
from pathlib import Path

import pytest

import assignchat
from tests.support.processes import run
from tests.support.team import Team
from tests.support.terminal import at_terminal

ODD = "a b'$(touch pwned)\""
DASHED = "--as=omar"


@pytest.fixture
def desk(team_now: Team) -> Team:
    """The demo team by the machine's clock, with Maria's batch and somebody of an odd name."""
    team_now.ok("user", "add", ODD, "--role", "manager")
    team_now.ok("chat", "add", ODD, "--customer", "A", "--owner", ODD)
    team_now.run("user", "add", "--role", "manager", "--", DASHED)
    team_now.run("chat", "add", "--customer", "A", "--owner", DASHED, "--", DASHED)
    return team_now


def stand(team: Team) -> list[object]:
    """Who holds what, who takes part, what is pending, and the config."""
    return [
        team.rows("SELECT id, owner_id, status FROM chats ORDER BY id"),
        team.rows("SELECT id, name, role, active, away_until FROM users ORDER BY id"),
        team.rows("SELECT id FROM requests WHERE status = 'pending' ORDER BY id"),
        team.ok("config", "list"),
    ]


def hinted(team: Team, *words: str) -> list[str]:
    """The commands in the last hint that a person at a terminal gets."""
    result = at_terminal(team, *words, columns=1000)
    assert result.exit_code == 0, result.out
    hints = re.findall(r"^Hint: [^:]*: (.*)$", result.out, re.MULTILINE)
    return re.split(r"; (?=assignchat )", hints[-1]) if hints else []


def paste(team: Team, command: str) -> None:
    """Run a command as a shell does into which it has been pasted."""
    program = f'assignchat() {{ {shlex.quote(sys.executable)} -m assignchat "$@"; }}'
    source = str(Path(assignchat.__file__).parents[1])
    done = run(team.folder, "bash", "-c", f"{program}; {command}", env={"PYTHONPATH": source})
    assert done.exit_code == 0, done.err


@pytest.mark.parametrize(
    "words",
    [
        ("assign", "chat-1", "--to", "martha", "--as", "mark"),
        ("assign", ODD, "--to", "martha", "--as", ODD),
        ("bulk-assign", "chat-1", "chat-2", "--to", "omar", "--as", "maria", "--yes"),
        ("bulk-assign", ODD, "--to", "omar", "--as", ODD),
        ("user", "set", "mark", "--name", "Marcus", "--role", "manager"),
        ("user", "deactivate", ODD, "--reassign-to", "omar", "--yes", "--as", "maria"),
        ("user", "deactivate", "maria"),
        ("user", "away", "martha"),
        ("user", "away", "martha", "--until", "3d"),
        ("chat", "close", "chat-1"),
        ("chat", "close", ODD, "--as", ODD),
        ("assign", "--to", "martha", "--as", DASHED, "--", DASHED),
        ("user", "deactivate", "--reassign-to", "omar", "--yes", "--as", "maria", "--", DASHED),
        ("user", "away", "--until", "3d", "--", DASHED),
        ("chat", "close", "--as", "maria", "--", "chat-1", DASHED),
        ("config", "set", "busy_timeout", "3s"),
        ("config", "set", "assign_discuss.rejection_reasons", "-no", "so there"),
        ("config", "set", "assign_discuss.allow_other_reasons", "false"),
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_the_command_in_the_hint_undoes_the_write(desk: Team, words: tuple[str, ...]) -> None:
    before = stand(desk)
    written = ("config", "set", words[2], "--", *words[3:]) if "-no" in words else words
    commands = hinted(desk, *written)
    assert stand(desk) != before
    for command in commands:
        paste(desk, command)
    assert stand(desk) == before
    assert not (desk.folder / "pwned").exists()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("user", "deactivate", "maria"), ("user", "activate", "maria")),
        (("user", "away", "martha"), ("user", "back", "martha")),
        (("user", "away", "martha", "--until", "3d"), ("user", "back", "martha")),
        (("chat", "close", "chat-1"), ("chat", "reopen", "chat-1")),
        (("config", "set", "busy_timeout", "3s"), ("config", "unset", "busy_timeout")),
        (("config", "set", "busy_timeout", "3s"), ("config", "set", "busy_timeout", "4s")),
        (
            ("config", "set", "assign_discuss.rejection_reasons", "--", "-no", "it's late"),
            ("config", "unset", "assign_discuss.rejection_reasons"),
        ),
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_what_undoes_a_write_can_be_undone_too(
    desk: Team, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    assert desk.run(*first).exit_code == 0
    before = stand(desk)
    for command in hinted(desk, *second):
        paste(desk, command)
    assert stand(desk) == before


def test_what_was_added_can_be_taken_out_of_the_way(desk: Team) -> None:
    for words in (("user", "add", "zoe"), ("chat", "add", "c", "--customer", "A", "--owner", ODD)):
        for command in hinted(desk, *words):
            paste(desk, command)
    assert desk.rows("SELECT active FROM users WHERE id = 'zoe'") == [(0,)]
    assert desk.rows("SELECT status FROM chats WHERE id = 'c'") == [("closed",)]


def test_who_accepts_is_told_how_to_ask_the_chat_back(desk: Team) -> None:
    desk.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    (command,) = hinted(desk, "accept", "1", "--as", "martha")
    paste(desk, command)
    assert desk.rows("SELECT requester_id, recipient_id FROM requests WHERE id = 2") == [
        ("martha", "mark")
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("assign", "--to", "martha", "--as", "maria", "--", "--all"),
        ("user", "deactivate", "--yes", "--", DASHED),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_the_hint_of_an_error_can_be_pasted_whatever_the_id_is(
    desk: Team, words: tuple[str, ...]
) -> None:
    desk.run("chat", "add", "--customer", "A", "--owner", "mark", "--", "--all")
    desk.run("chat", "close", "--", "--all")
    refused = desk.run(*words)
    assert refused.exit_code == 4
    (command,) = re.findall(r"assignchat .*", refused.err)
    paste(desk, command.replace("USER", "martha"))
    assert desk.run(*words).exit_code == 0


def test_who_withdraws_is_told_how_to_ask_again(desk: Team) -> None:
    desk.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    (command,) = hinted(desk, "withdraw", "1", "--reason", "No longer needed", "--as", "mark")
    paste(desk, command)
    assert desk.rows("SELECT status FROM requests ORDER BY id") == [
        ("withdrawn",),
        ("pending",),
    ]


def test_a_hint_names_the_database_and_the_config_that_were_named(desk: Team) -> None:
    desk.ok("--db", "other team.db", "init")
    desk.ok("--db", "other team.db", "user", "add", "zoe")
    (command,) = hinted(desk, "--db", "other team.db", "user", "away", "zoe")
    paste(desk, command)
    assert desk.ok("--db", "other team.db", "user", "list")[0]["away_until"] is None


@pytest.mark.parametrize(
    "words",
    [
        ("user", "set", "mark", "--name", "Mark"),
        ("user", "activate", "mark"),
        ("user", "back", "mark"),
        ("config", "unset", "busy_timeout"),
        ("bulk-assign", "chat-4", "--to", "martha", "--as", "maria"),
        ("user", "deactivate", "mark", "--reassign-to", "omar", "--dry-run"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_where_nothing_was_changed_nothing_can_be_undone(
    desk: Team, words: tuple[str, ...]
) -> None:
    assert hinted(desk, *words) == []


def test_who_waits_at_a_terminal_is_told_for_what(desk: Team) -> None:
    desk.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    waiting = "Hint: Waiting for martha to answer request 1"
    assert waiting in at_terminal(desk, "wait", "1", "--for", "1s").out
    assert waiting not in at_terminal(desk, "wait", "1", "--for", "0s").out
    assert waiting not in at_terminal(desk, "wait", "1", "--for", "1s", "--json").out
    desk.ok("accept", "1", "--as", "martha")
    assert waiting not in at_terminal(desk, "wait", "1").out


def test_with_json_and_in_a_pipe_there_are_no_hints(desk: Team) -> None:
    words = ("assign", "chat-1", "--to", "martha", "--as", "mark")
    assert "Hint" not in at_terminal(desk, *words, "--json").out
    assert desk.process("accept", "1", "--as", "martha").err == ""
