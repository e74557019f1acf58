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
    return done.out.split()


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
        ("assignchat requests --status pend", ["pending"]),
        ("assignchat --db nowhere.db chat show ", []),
        ("assignchat help ex", ["export", "exit-codes"]),
    ],
)
def test_a_line_is_completed(asked: Team, line: str, offers: list[str]) -> None:
    assert sorted(offered(asked, line)) == sorted(offers)


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
