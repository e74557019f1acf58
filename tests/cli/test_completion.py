"""Completion: after Tab the shell offers what the rest of the line could mean."""

import pytest

from tests.support.team import Team


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
        ("assignchat config set identity ", ["claim", "database", "login"]),
        ("assignchat bulk-assign --status ", ["open", "closed", "all"]),
        ("assignchat accept --as mark ", []),
        ("assignchat accept --as martha --chat ", ["chat-1"]),
        ("assignchat --config nowhere.toml accept --as martha ", []),
        ("assignchat requests --status pend", ["pending"]),
        ("assignchat tracking --event user", ["user_added", "user_changed", "user_deactivated"]),
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


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_only_ids_that_need_no_quotes_are_offered(team: Team, shell: str) -> None:
    plain = ["x-919876543210", "x+91/a_b.c,d=e@f%g", "xé-会話", "xwhatsapp:1"]
    for chat in (*plain, "x two", "x$(touch pwned)", "x`a`", "x*", "x;a", "x\u202eb", "x\u3164"):
        team.ok("chat", "add", chat, "--customer", "A", "--owner", "mark", "--any-id")
    line = "assignchat chat show x"
    env = {"COMP_WORDS": line, "COMP_CWORD": "3", "_TYPER_COMPLETE_ARGS": line}
    env |= {"_ASSIGNCHAT_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    out = team.process(env=env).out
    assert out.count("x") == len(plain)
    assert all(chat in out.replace("\\", "") for chat in plain)
