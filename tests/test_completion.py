"""Completion: after Tab the shell offers what the rest of the line could mean."""

import pytest

from tests.conftest import Team


def offered(team: Team, line: str) -> list[str]:
    words = line.split(" ")
    env = {
        "_ASSIGNCHAT_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = team.process(env=env)
    assert (done.exit_code, done.err) == (0, "")
    return done.out.splitlines() if done.out.strip() else []


HANDLING = "Handling priority issue"


@pytest.fixture
def asked(team: Team) -> Team:
    """A request of mark's to martha that waits for ever."""
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", "off")
    return team


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("assignchat acc", ["accept"]),
        ("assignchat accept --as martha ", ["1"]),
        ("assignchat withdraw --as mark ", ["1"]),
        ("assignchat accept --as omar ", []),
        ("assignchat assign chat-1 --to ma", ["maria", "mark", "martha"]),
        ("assignchat chat show chat-", [f"chat-{number}" for number in range(1, 6)]),
        ("assignchat config set busy", ["busy_timeout"]),
        ("assignchat config set identity ", ["claim", "login"]),
        ("assignchat bulk-assign --status ", ["open", "closed", "all"]),
        ("assignchat accept --as mark ", []),
        ("assignchat accept --as martha --chat ", ["chat-1"]),
        ("assignchat withdraw 1 --reason No", ["No longer needed"]),
        ("assignchat reject 1 --reason ", ["In a meeting", "Not available", HANDLING]),
        ("assignchat --config nowhere.toml reject 1 --reason ", []),
        ("assignchat requests --status pend", ["pending"]),
        ("assignchat --db nowhere.db chat show ", []),
        ("assignchat help ex", ["export", "exit-codes"]),
    ],
)
def test_a_line_is_completed(asked: Team, line: str, offers: list[str]) -> None:
    assert sorted(offered(asked, line)) == sorted(offers)


def test_to_assign_ones_own_open_chats_are_offered_and_else_all(team: Team) -> None:
    team.ok("chat", "close", "chat-3")
    assert offered(team, "assignchat assign --as mark chat-") == ["chat-1", "chat-2"]
    everything = [f"chat-{number}" for number in range(1, 6)]
    assert offered(team, "assignchat assign --as maria chat-") == everything
    assert offered(team, "assignchat assign --as mark chat-5") == ["chat-5"]


def test_batches_that_can_be_undone_are_offered(team: Team) -> None:
    for chat in ("chat-1", "chat-2"):
        team.ok("bulk-assign", chat, "--to", "omar", "--as", "maria")
    team.ok("undo", "1", "--as", "maria")
    assert offered(team, "assignchat undo ") == ["2"]


def test_what_is_offered_goes_with_the_database_of_the_line(team: Team) -> None:
    team.ok("--db", "other.db", "init")
    team.ok("--db", "other.db", "user", "add", "zoe")
    assert offered(team, "assignchat --db other.db user set z") == ["zoe"]
    assert offered(team, "assignchat user set z") == []


def asked_by_bash(team: Team, line: str) -> list[str]:
    env = {"_ASSIGNCHAT_COMPLETE": "offer_bash", "_ASSIGNCHAT_WORDBREAKS": " \t\n\"'@><=;|&(:"}
    done = team.process(line, env=env)
    assert (done.exit_code, done.err) == (0, "")
    return done.out.splitlines()


@pytest.mark.parametrize(
    ("typed", "offer"),
    [
        ("a", r"a\ b:c@d\(1\)"),
        ("a\\ b:", r"c@d\(1\)"),
        ("a\\ b:c@", r"@d\(1\)"),
        ("'a b:", "a b:c@d(1)"),
        ('"a b:c@d', "a b:c@d(1)"),
        ("a' b", " b:c@d(1)"),
    ],
)
def test_bash_gets_the_part_of_an_id_that_it_replaces(team: Team, typed: str, offer: str) -> None:
    team.ok("chat", "add", "a b:c@d(1)", "--customer", "A", "--owner", "mark")
    assert asked_by_bash(team, f"assignchat chat show {typed}") == [offer]


def test_what_a_terminal_would_not_show_as_it_is_is_not_offered(team: Team) -> None:
    team.ok("chat", "add", "evil\u202e-1", "--customer", "A", "--owner", "mark")
    team.ok("chat", "add", "evil-2", "--customer", "A", "--owner", "mark")
    assert asked_by_bash(team, "assignchat chat show evil") == ["evil-2"]


@pytest.mark.parametrize("shell", ["complete_bash", "complete_zsh"])
def test_scripts_that_do_not_quote_are_offered_only_what_needs_no_quotes(
    team: Team, shell: str
) -> None:
    team.ok("chat", "add", "evil-$(touch pwned)", "--customer", "A", "--owner", "mark")
    line = "assignchat chat show evil"
    env = {"COMP_WORDS": line, "COMP_CWORD": "3", "_TYPER_COMPLETE_ARGS": line}
    assert "pwned" not in team.process(env={"_ASSIGNCHAT_COMPLETE": shell} | env).out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed(team: Team, shell: str) -> None:
    shown = team.process(env={"_ASSIGNCHAT_COMPLETE": f"source_{shell}"})
    assert (shown.exit_code, shown.err) == (0, "")
    assert f"offer_{shell}" in shown.out
