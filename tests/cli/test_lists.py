"""Lists for pipes: bare ids for the next command, and chats found by a customer's name."""

import json
from pathlib import Path

import pytest

from tests.support.databases import is_held_open
from tests.support.processes import pipe, program, read, result, start, wait_until
from tests.support.team import Team
from tests.support.terminal import (
    CTRL_Q,
    CTRL_S,
    CTRL_Z,
    FOREGROUND,
    STOPPED,
    as_a_job,
    at_terminal,
    on_terminal,
)


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
    team_now.ok("chat", "add", hostile, "--customer", "Ann", "--owner", "mark", "--any-id")
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
        ("_", []),
        ("\\", []),
        ("\u212aim", ["k1"]),
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
        ("k1", "Kim"),
    ):
        team.ok("chat", "add", chat, "--customer", customer, "--owner", "mark")
        team.advance(1)
    words = ("chat", "list", "--customer", part)
    assert [chat["id"] for chat in team.ok(*words)] == found
    assert [chat["id"] for chat in team.ok(*words, "--limit", "1")] == found[:1]
    assert team.ok(*words, "--owner", "omar") == []
    assert team.run(*words).out.count("\n") == len(found)


@pytest.fixture
def large(team: Team) -> Team:
    """A team with more than a pipe or a terminal takes."""
    rows = [{"id": f"c{n}", "customer": "Ann" * 50, "owner_id": "mark"} for n in range(4_000)]
    (team.folder / "chats.json").write_text(json.dumps(rows))
    team.ok("import", "chats", "chats.json")
    return team


@pytest.mark.parametrize("words", [("--jsonl",), ("--json",), ("--csv",), ()], ids=str)
def test_a_list_whose_reader_has_stopped_keeps_nothing_open_and_is_whole(
    large: Team, words: tuple[str, ...]
) -> None:
    whole = large.run("tracking", *words).out
    with pipe() as (reader, writer):
        listing = start(large.folder, *program("tracking", *words), stdout=writer)
        writer.close()
        begun = read(reader, 10)  # and then the reader stops
        wait_until(lambda: not is_held_open(large.database))
        assert listing.poll() is None
        rest = b"".join(iter(lambda: read(reader), b""))
        assert result(listing).exit_code == 0
    assert (begun + rest).decode() == whole


def test_a_list_whose_reader_is_slow_keeps_nothing_open_and_is_whole(large: Team) -> None:
    whole = large.run("tracking", "--jsonl").out
    with pipe() as (reader, writer):
        listing = start(large.folder, *program("tracking", "--jsonl"), stdout=writer)
        writer.close()
        begun = read(reader, 10)
        while is_held_open(large.database):
            begun += read(reader, 256)  # now and then, but never nothing
        assert len(begun) < len(whole) / 2
        assert listing.poll() is None
        rest = b"".join(iter(lambda: read(reader), b""))
        assert result(listing).exit_code == 0
    assert (begun + rest).decode() == whole


def test_a_list_on_a_terminal_that_stands_still_keeps_nothing_open(large: Team) -> None:
    words = ("tracking", "--jsonl")
    with on_terminal(large.folder, *program(*words), env={"PAGER": "cat"}) as terminal:
        terminal.type(CTRL_S)
        stalled = Path(f"/proc/{terminal.process.pid}/wchan")
        wait_until(lambda: stalled.read_text() == "wait_woken")
        assert not is_held_open(large.database)
        terminal.type(CTRL_Q)
        assert terminal.ends() == 0
    assert "c3999" in terminal.screen


def test_ctrl_z_stops_a_list_once_it_keeps_nothing_open(large: Team) -> None:
    unread = FOREGROUND.replace('"$@"', '"$@" | sleep 60')
    argv = as_a_job(*program("tracking", "--jsonl"), shell=unread)
    with on_terminal(large.folder, *argv) as terminal:
        wait_until(lambda: is_held_open(large.database))
        terminal.type(CTRL_Z)
        terminal.until(lambda: STOPPED in terminal.screen)
        assert not is_held_open(large.database)


def test_a_reader_who_goes_away_later_ends_it_silently(large: Team) -> None:
    with pipe() as (reader, writer):
        listing = start(large.folder, *program("chat", "list", "--jsonl"), stdout=writer)
        writer.close()
        assert read(reader, 10)
        wait_until(lambda: not is_held_open(large.database))
    ended = result(listing)
    assert (ended.exit_code, ended.err) == (1, "")


def test_very_many_rows_are_the_same_as_json_lines_in_a_file_and_in_the_database(
    empty_team: Team,
) -> None:
    team = empty_team  # whose rows need not be sealed
    team.ok("init")
    team.sqlite(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1700)"
        " INSERT INTO engagement_tracking (at, event, actor, os_user, reason, request_id, detail)"
        " SELECT '2026-11-22T14:05:10.000Z', 'timed_out', 'system', 'test',"
        " CASE WHEN i > 600 AND i % 3 = 0 THEN char(34, 10, 8238, 228, 127) || i END,"
        " CASE WHEN i > 1200 THEN i END, CASE WHEN i % 7 = 0 THEN '{\"n\": [' || i || ']}' END"
        " FROM n"
    )
    listed = team.run("tracking", "--jsonl").out
    assert {"\u202e", "\x7f"}.isdisjoint(listed)
    stored = team.sqlite("SELECT * FROM engagement_tracking ORDER BY id")
    rows = [json.loads(line) for line in listed.splitlines()]
    details = [row.pop("detail") for row in rows]
    assert [tuple(row.values()) for row in rows] == [row[:-1] for row in stored]
    assert details == [row[-1] and json.loads(row[-1]) for row in stored]
    team.ok("export", "out", "--format", "jsonl")
    exported = (team.folder / "out" / "engagement_tracking.jsonl").read_text().splitlines()
    assert [tuple(json.loads(line).values()) for line in exported] == stored
