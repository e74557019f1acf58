"""What the program writes, it reads back as the same, whatever stands in it."""

from pathlib import Path

import pytest

from tests.support.hostile import TEXTS
from tests.support.team import Team

CUSTOMERS = [
    *TEXTS.values(),
    *("=1+1", "'=1+1", "''@x", "+91", "-", "'", " two spaces  ", 'a "b", c;\td', "a\r\nb\rc\n"),
    *("a;=1", "a;'=1", 'a;"=1', "a\n\n-b", "a\t'@b|=c", ";-)", "it's; -b", "a\r=b"),
    *("sep=;", "id", "NULL", "#hash", "\ufeffx", "\u200bx", "[1]", "{", "<b>", "Total"),
]


def listed(team: Team, form: str) -> tuple[str, str]:
    """The users and the chats, as they are printed."""
    return (team.run("user", "list", form).out, team.run("chat", "list", form).out)


@pytest.mark.parametrize("form", ["--csv", "--jsonl", "--json"])
def test_out_of_one_database_and_into_another_it_is_the_same(team: Team, form: str) -> None:
    aliases = (
        "--alias",
        "=Raj",
        "--alias",
        'Patel, "Raj";=1|+2',
        "--alias",
        "r@x",
        "--capacity",
        "3",
    )
    team.ok("user", "add", "raj", "--name", "=Raj;Patel", *aliases)
    for number, customer in enumerate(CUSTOMERS):
        owner = "raj" if number % 2 else "mark"
        chat_id = f"{'+=-@'[number % 4]}{number}"
        words = (f"--customer={customer}", "--owner", owner)
        assert team.run("chat", "add", *words, "--", chat_id).exit_code == 0
        team.advance(1)
    team.ok("chat", "close", "+0")
    before = listed(team, form)
    for path, text in zip(("users", "chats"), before, strict=True):
        Path(path).write_bytes(text.encode())
    team.database.unlink()
    team.ok("init")
    assert team.ok("import", "users", "users")["created"] == 5
    assert team.ok("import", "chats", "chats")["created"] == len(CUSTOMERS) + 5
    assert listed(team, form) == before
