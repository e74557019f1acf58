"""Lists for pipes: bare ids for the next command, and chats found by a customer's name."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.support.processes import pipe, program, read, result, start, wait_until
from tests.support.team import Team
from tests.support.terminal import at_terminal


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (("chat", "list", "--owner", "mark"), ["chat-1", "chat-2", "chat-3"]),
        (("chat", "list", "--owner", "mark", "--limit", "2"), ["chat-1", "chat-2"]),
        (("user", "list"), ["maria", "mark", "martha", "omar"]),
        (("requests", "--status", "pending"), ["1", "2"]),
        (("batches",), ["1"]),
        (("requests", "--status", "rejected"), []),
    ],
    ids=" ".join,
)
def test_with_ids_a_list_is_its_ids_one_a_line(
    team: Team, words: tuple[str, ...], ids: list[str]
) -> None:
    team.ok("bulk-assign", "chat-4", "--to", "omar", "--as", "maria")
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    team.ok("assign", "chat-2", "--to", "omar", "--as", "mark")
    result = team.run(*words, "--ids")
    assert (result.exit_code, result.out, result.err.count("Error")) == (
        0,
        "".join(f"{one}\n" for one in ids),
        0,
    )


def test_ids_are_exact_in_a_pipe_and_harmless_on_a_terminal(team_now: Team) -> None:
    hostile = "c\u202e 1"
    team_now.ok("chat", "add", hostile, "--customer", "Ann", "--owner", "mark")
    listed = team_now.process("chat", "list", "--owner", "mark", "--ids").out
    assert listed.splitlines()[-1] == hostile
    done = team_now.process(
        "bulk-assign", "--ids-from", "-", "--to", "omar", "--as", "maria", "--json", stdin=listed
    )
    assert done.json["assigned"] == 4
    assert r"c\u202e 1" in at_terminal(team_now, "chat", "list", "--ids").out


def test_the_ids_of_a_long_list_are_all_of_them_at_a_terminal_too(team_now: Team) -> None:
    for number in range(51):
        team_now.ok("user", "set", "mark", "--name", f"Mark {number}")
        team_now.ok("chat", "add", f"c{number}", "--customer", "Ann", "--owner", "mark")
    assert at_terminal(team_now, "chat", "list", "--ids").out.count("\n") == 56


@pytest.mark.parametrize("other", ["--json", "--jsonl", "--csv"])
def test_ids_are_a_form_of_their_own(team: Team, other: str) -> None:
    assert team.run("chat", "list", "--ids", other).exit_code == 2


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("quist", ["n1", "n2"]),
        ("A QUI", ["n1"]),
        ("ÜN", ["t1"]),
        ("ünal", ["t1"]),
        ("strasse", ["s1"]),
        ("%", ["p1"]),
        ("nobody", []),
    ],
)
def test_chats_are_found_by_a_part_of_the_customers_name(
    team: Team, part: str, found: list[str]
) -> None:
    for chat, customer in (
        ("n1", "Ada Quist"),
        ("n2", "quist & sons"),
        ("t1", "Ünal"),
        ("s1", "Straße"),
        ("p1", "100 %"),
    ):
        team.ok("chat", "add", chat, "--customer", customer, "--owner", "mark")
        team.advance(1)
    words = ("chat", "list", "--customer", part)
    assert [chat["id"] for chat in team.ok(*words)] == found
    assert [chat["id"] for chat in team.ok(*words, "--limit", "1")] == found[:1]
    assert team.ok(*words, "--owner", "omar") == []
    assert team.run(*words).out.count("\n") == len(found)


def is_held_open(team: Team) -> bool:
    """Whether somebody reads an older state of the database than the newest."""
    with closing(sqlite3.connect(team.database, timeout=0)) as other:
        with other:
            other.execute("CREATE TABLE passing (id)")
            other.execute("DROP TABLE passing")
        busy, pages, moved = other.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
    assert pages > 0  # or nothing was asked
    return bool(busy) or pages != moved


@pytest.mark.parametrize("words", [("--jsonl",), ("--json",), ("--csv",), ()], ids=str)
def test_a_list_whose_reader_has_stopped_keeps_nothing_open_and_is_whole(
    team: Team, words: tuple[str, ...]
) -> None:
    rows = [{"id": f"c{n}", "customer": "Ann" * 50, "owner_id": "mark"} for n in range(4_000)]
    (team.folder / "chats.json").write_text(json.dumps(rows))
    team.ok("import", "chats", "chats.json")
    whole = team.run("tracking", *words).out
    with pipe() as (reader, writer):
        listing = start(team.folder, *program("tracking", *words), stdout=writer)
        writer.close()
        begun = read(reader, 10)  # and then the reader stops
        wait_until(lambda: not is_held_open(team))
        assert listing.poll() is None
        rest = b"".join(iter(lambda: read(reader), b""))
        assert result(listing).exit_code == 0
    assert (begun + rest).decode() == whole


def test_a_reader_who_goes_away_later_ends_it_silently(team: Team) -> None:
    rows = [{"id": f"c{n}", "customer": "Ann" * 50, "owner_id": "mark"} for n in range(2_000)]
    (team.folder / "chats.json").write_text(json.dumps(rows))
    team.ok("import", "chats", "chats.json")
    with pipe() as (reader, writer):
        listing = start(team.folder, *program("chat", "list", "--jsonl"), stdout=writer)
        writer.close()
        assert read(reader, 10)
        wait_until(lambda: not is_held_open(team))
    ended = result(listing)
    assert (ended.exit_code, ended.err) == (1, "")
