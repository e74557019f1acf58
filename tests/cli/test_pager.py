"""What is longer than the screen goes through a pager at a terminal, and nothing else does."""

import pytest

from tests.support.team import Team
from tests.support.terminal import at_terminal

MARKED = "sed 's/^/paged: /'"


@pytest.fixture
def many(team_now: Team) -> Team:
    """Thirty chats more than there are, on a screen of 24 lines."""
    for number in range(30):
        team_now.ok("chat", "add", f"c{number}", "--customer", "Ann Ex", "--owner", "mark")
    return team_now


@pytest.mark.parametrize(
    "words",
    [
        ("chat", "list"),
        ("chat", "list", "--jsonl"),
        ("tracking",),
        ("tracking", "--limit", "0"),
        ("help", "config"),
    ],
    ids=" ".join,
)
def test_what_is_longer_than_the_screen_goes_through_the_pager(
    many: Team, words: tuple[str, ...]
) -> None:
    plain = at_terminal(many, *words, env={"ASSIGNCHAT_PAGER": ""})
    paged = at_terminal(many, *words, env={"ASSIGNCHAT_PAGER": MARKED})
    assert (plain.exit_code, paged.exit_code) == (0, 0)
    shown = [line for line in plain.out.splitlines() if not line.startswith("There are")]
    assert paged.out.splitlines()[: len(shown)] == [f"paged: {line}" for line in shown]


@pytest.mark.parametrize("more", [(), ("--json",)], ids=("for people", "json"))
@pytest.mark.parametrize(
    "command",
    [
        "chat show chat-1",
        "check",
        "config list",
        "help",
        "inbox --as mark",
        "requests show 1",
        "stats",
        "status --as mark",
    ],
)
def test_whatever_is_only_looked_at_may_be_longer_than_the_screen(
    team_now: Team, command: str, more: tuple[str, ...]
) -> None:
    team_now.ok("assign", "chat-1", "--to", "martha", "--timeout", "off", "--as", "mark")
    env = {"ASSIGNCHAT_PAGER": MARKED}
    assert (
        "paged" not in at_terminal(team_now, *command.split(), *more, env=env | {"LINES": "99"}).out
    )
    shown = at_terminal(team_now, *command.split(), *more, env=env | {"LINES": "1"})
    assert shown.exit_code == 0
    assert shown.out.startswith("paged: ")


@pytest.mark.parametrize("words", [("user", "list"), ("chat", "list", "--limit", "3")])
def test_what_fits_the_screen_does_not(many: Team, words: tuple[str, ...]) -> None:
    assert "paged" not in at_terminal(many, *words, env={"ASSIGNCHAT_PAGER": MARKED}).out


def test_a_line_takes_as_many_lines_as_it_is_wide(team_now: Team) -> None:
    team_now.ok("user", "set", "mark", "--name", "M" * 900)
    env = {"ASSIGNCHAT_PAGER": MARKED}
    assert "paged" in at_terminal(team_now, "user", "list", "--json", columns=40, env=env).out
    assert "paged" not in at_terminal(team_now, "user", "list", "--json", columns=200, env=env).out


@pytest.mark.parametrize(
    ("env", "paged"),
    [
        ({"PAGER": MARKED}, True),
        ({"PAGER": MARKED, "ASSIGNCHAT_PAGER": "cat"}, False),
        ({"PAGER": MARKED, "ASSIGNCHAT_PAGER": ""}, False),
        ({"PAGER": "cat", "ASSIGNCHAT_PAGER": MARKED}, True),
        ({"PAGER": MARKED, "TERM": "dumb"}, False),
        ({"PAGER": MARKED, "SUDO_UID": "1000"}, False),
        ({"PAGER": MARKED, "SUDO_USER": "mark"}, False),
    ],
)
def test_which_pager_it_is_as_with_git_but_none_under_sudo(
    many: Team, env: dict[str, str], paged: bool
) -> None:
    shown = at_terminal(many, "chat", "list", env=env)
    assert ("paged: " in shown.out) == paged
    assert "c29" in shown.out


def test_a_pager_that_is_not_there_costs_nothing(many: Team) -> None:
    shown = at_terminal(many, "chat", "list", env={"ASSIGNCHAT_PAGER": "no-such-pager --x"})
    assert (shown.exit_code, shown.out.count("Ann Ex")) == (0, 30)


def test_a_reader_who_leaves_early_is_no_error(many: Team) -> None:
    shown = at_terminal(many, "chat", "list", env={"ASSIGNCHAT_PAGER": "head -n 3"})
    assert shown.exit_code == 0
    assert "Error" not in shown.out


WRITER = """
import sqlite3
database = sqlite3.connect("assignchat.db", timeout=0)
database.executescript("BEGIN; CREATE TABLE passing (id); DROP TABLE passing; COMMIT")
busy, pages, moved = database.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
print("free" if pages and (busy, moved) == (0, pages) else "held")
"""


def test_nothing_is_held_open_while_somebody_reads(many: Team) -> None:
    (many.folder / "pager.py").write_text(WRITER)
    env = {"ASSIGNCHAT_PAGER": "python3 pager.py"}
    assert "free" in at_terminal(many, "chat", "list", "--limit", "0", env=env).out.splitlines()


def test_in_a_pipe_there_is_no_pager(many: Team) -> None:
    assert "paged" not in many.process("chat", "list", env={"ASSIGNCHAT_PAGER": MARKED}).out
