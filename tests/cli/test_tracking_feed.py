"""tracking for integrators: from a row on, and on with new ones; none left out and none twice."""

import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import (
    PATIENCE,
    Process,
    pipe,
    program,
    read,
    result,
    start,
    wait_until,
)
from tests.support.team import Team
from tests.support.terminal import CTRL_C, at_terminal

FEED = ("tracking", "--cursor", "told")


def ids(text: str) -> list[int]:
    return [json.loads(line)["id"] for line in text.splitlines()]


def all_ids(team: Team) -> list[int]:
    return [number for (number,) in team.rows("SELECT id FROM engagement_tracking ORDER BY id")]


def change(team: Team, name: str) -> None:
    """Append a tracking row."""
    team.ok("user", "set", "mark", "--name", name)


@pytest.fixture
def cursor(team: Team) -> Path:
    """Where the reader of tracking got to."""
    return team.folder / "told"


# From a row on


def test_after_an_id_come_the_rows_with_larger_ones_oldest_first(team: Team) -> None:
    *_, before, last = all_ids(team)
    assert [row["id"] for row in team.ok("tracking", "--after", str(before - 1))] == [before, last]
    assert [row["id"] for row in team.ok("tracking", "--after", "0")] == all_ids(team)
    assert team.ok("tracking", "--after", str(last)) == []
    for_people = team.run("tracking", "--after", str(before - 1)).out.splitlines()
    assert [line.split("\t")[2] for line in for_people] == ["chat-4", "chat-5"]
    few = team.ok("tracking", "--after", "2", "--limit", "3")
    assert [row["id"] for row in few] == [3, 4, 5]


def test_a_cursor_gives_each_row_once(team: Team, cursor: Path) -> None:
    first = [row["id"] for row in team.ok(*FEED, "--limit", "4")]
    assert (first, cursor.read_text()) == (all_ids(team)[:4], "4\n")
    assert [row["id"] for row in team.ok(*FEED)] == all_ids(team)[4:]
    written = cursor.stat().st_ino
    assert team.ok(*FEED) == []
    assert cursor.stat().st_ino == written  # nothing was told, so nothing is noted
    change(team, "Marc")
    assert ids(team.run(*FEED, "--jsonl").out) == all_ids(team)[-1:]
    assert cursor.read_text() == f"{all_ids(team)[-1]}\n"


def test_a_cursor_is_its_owners_alone_and_is_replaced_whole(team: Team, cursor: Path) -> None:
    team.ok(*FEED, "--limit", "1")
    assert stat.S_IMODE(cursor.stat().st_mode) == 0o600
    inode = cursor.stat().st_ino
    team.ok(*FEED)
    assert cursor.stat().st_ino != inode
    beside = {"told", "told.row"}  # the id alone, and a mark of the row; nothing half written
    assert {file.name for file in team.folder.iterdir() if "told" in file.name} == beside
    assert {stat.S_IMODE((team.folder / name).stat().st_mode) for name in beside} == {0o600}


def test_filters_go_with_a_cursor(team: Team, cursor: Path) -> None:
    assert [row["chat_id"] for row in team.ok(*FEED, "--chat", "chat-4")] == ["chat-4"]
    assert team.ok(*FEED, "--chat", "chat-4") == []
    assert cursor.read_text() == "8\n"


def test_output_that_was_not_delivered_is_not_noted(team: Team, cursor: Path) -> None:
    team.ok(*FEED, "--limit", "1")
    with Path("/dev/full").open("w") as full:
        failed = result(start(team.folder, *program(*FEED, "--csv"), stdout=full))
    assert failed.exit_code == 1
    assert cursor.read_text() == "1\n"


def test_a_row_is_noted_once_its_reader_has_taken_it_and_not_before(
    team: Team, cursor: Path
) -> None:
    with pipe() as (reader, writer):
        feed = start(team.folder, *program(*FEED, "--jsonl"), stdout=writer)
        writer.close()
        assert read(reader, 10)  # and not the rest
        reader.close()
        assert result(feed).exit_code == 1
    assert not cursor.exists()
    again = result(start(team.folder, *program(*FEED, "--jsonl")))
    assert ids(again.out) == all_ids(team)
    assert cursor.exists()


@pytest.mark.parametrize("content", ["", "x", "-1", "1.5", "9" * 50, "1 2", "\u0661"])
def test_a_cursor_without_an_id_is_refused_and_left_alone(
    team: Team, cursor: Path, content: str
) -> None:
    cursor.write_text(content)
    assert team.refused(*FEED) == (2, "invalid_value")
    assert cursor.read_text() == content


def test_a_cursor_ahead_of_the_history_is_of_another_database(team: Team, cursor: Path) -> None:
    cursor.write_text("99\n")
    assert team.refused(*FEED) == (2, "invalid_value")


@pytest.mark.sqlite_only("restores a backup of the file")
@pytest.mark.parametrize("follow", [(), ("--follow",)])
def test_a_cursor_is_refused_after_a_restore_once_the_history_has_grown_past_it(
    team: Team, cursor: Path, follow: tuple[str, ...]
) -> None:
    team.ok("backup", "saved.db")
    for name in "abc":
        change(team, name)
    team.ok(*FEED)
    told = int(cursor.read_text())
    team.database.unlink()
    (team.folder / "saved.db").rename(team.database)
    for name in "defghijk":
        change(team, name)
    assert all_ids(team)[-1] > told
    assert team.refused(*FEED, *follow) == (2, "invalid_value")
    assert f"row {told} is not the one that was told" in team.run(*FEED, *follow).err
    assert cursor.read_text() == f"{told}\n"  # and left alone
    cursor.write_text(f"{told - 3}\n")  # the newest row of the backup
    assert [row["id"] for row in team.ok(*FEED)] == list(range(told - 2, all_ids(team)[-1] + 1))
    assert team.ok(*FEED) == []


def test_a_cursor_that_holds_an_id_alone_is_read(team: Team, cursor: Path) -> None:
    for beside in (None, "", f"2 {'5c' * 32}\n"):  # of another row than 3
        cursor.write_text("3\n")
        if beside is not None:
            (team.folder / "told.row").write_text(beside)
        assert [row["id"] for row in team.ok(*FEED)] == all_ids(team)[3:]


def test_a_file_beside_the_cursor_that_is_another_one_is_left_alone(
    team: Team, cursor: Path
) -> None:
    beside = team.folder / "told.row"
    beside.write_text("precious\n")
    assert team.refused(*FEED) == (2, "invalid_value")
    assert beside.read_text() == "precious\n"
    beside.unlink()
    os.mkfifo(beside)
    assert team.refused(*FEED) == (2, "invalid_value")
    assert not cursor.exists()


def test_a_cursor_that_cannot_be_written_is_refused_before_rows_are_printed(team: Team) -> None:
    assert team.refused("tracking", "--cursor", "missing/told") == (2, "invalid_value")


@pytest.mark.sqlite_only("names the database's files")
def test_what_is_no_file_of_the_readers_own_is_no_cursor(team: Team) -> None:
    for name in ("assignchat.db", "assignchat.db-queue", "config.toml", "/dev/null", "."):
        assert team.refused("tracking", "--cursor", name) == (2, "invalid_value"), name


@pytest.mark.parametrize(
    "options",
    [
        ("--after", "1", "--cursor", "told"),
        ("--records", "--after", "1"),
        ("--records", "--follow"),
        ("--records", "--cursor", "told"),
        ("--follow", "--until", "1h"),
        ("--follow", "--limit", "3"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(team: Team, options: tuple[str, ...]) -> None:
    assert team.refused("tracking", *options) == (2, "usage")


# On with new rows


@pytest.fixture
def follower(team: Team) -> Process:
    """A process that follows, and has printed what there was."""
    process = start(team.folder, *program(*FEED, "--follow", "--jsonl"))
    assert process.stdout is not None
    for number in all_ids(team):
        assert json.loads(process.stdout.readline())["id"] == number
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_new_rows_follow_in_the_order_of_their_ids_until_a_signal(
    team: Team, follower: Process, cursor: Path, number: signal.Signals
) -> None:
    before = len(all_ids(team))
    for name in ("Marc", "Marco"):
        change(team, name)
    team.ok("bulk-assign", "--from", "mark", "--to", "martha", "--as", "maria")
    assert follower.stdout is not None
    told = [json.loads(follower.stdout.readline())["id"] for _ in all_ids(team)[before:]]
    assert told == all_ids(team)[before:]
    wait_until(lambda: cursor.exists() and cursor.read_text() == f"{told[-1]}\n")
    follower.send_signal(number)
    assert result(follower) == (0, "", "")
    change(team, "Mark")
    assert [row["id"] for row in team.ok(*FEED)] == all_ids(team)[-1:]


def test_beside_many_writers_no_row_is_left_out_or_told_twice(team_now: Team) -> None:
    following = start(team_now.folder, *program("tracking", "--follow", "--csv"))
    rows = [{"id": f"c{n}", "customer": "Ann", "owner_id": "mark"} for n in range(3_000)]
    (team_now.folder / "chats.json").write_text(json.dumps(rows))
    writers = [
        start(team_now.folder, *program(*words))
        for words in (
            ("import", "chats", "chats.json"),
            *(("user", "set", "mark", "--name", f"Mark {n}") for n in range(4)),
            ("bulk-assign", "--from", "mark", "--to", "omar", "--as", "maria"),
        )
    ]
    assert {result(writer).exit_code for writer in writers} == {0}
    assert following.stdout is not None
    heading = following.stdout.readline()
    assert heading.startswith("id,at,event,")
    told = [int(following.stdout.readline().split(",")[0]) for _ in all_ids(team_now)]
    assert told == all_ids(team_now)
    following.send_signal(signal.SIGTERM)
    assert result(following) == (0, "", "")


def test_it_ends_when_its_reader_goes_though_nothing_happens(follower: Process) -> None:
    assert follower.stdout is not None
    follower.stdout.close()
    assert follower.wait(PATIENCE) == 0


def test_it_ends_though_its_reader_has_stopped_and_notes_nothing_that_was_not_taken(
    team: Team, cursor: Path
) -> None:
    team.ok("user", "set", "mark", "--name", "M" * 900)
    for number in range(100):
        team.ok("user", "set", "mark", "--name", f"{number}" * 300)
    with pipe() as (reader, writer):
        feed = start(team.folder, *program(*FEED, "--follow", "--jsonl"), stdout=writer)
        writer.close()
        blocked = Path(f"/proc/{feed.pid}/wchan")
        wait_until(lambda: "pipe" in blocked.read_text())
        feed.send_signal(signal.SIGTERM)
        assert result(feed).exit_code == 0
        taken = b"".join(iter(lambda: os.read(reader.fileno(), 65_536), b""))
    assert taken
    assert not cursor.exists()


def test_with_json_each_row_is_a_document_on_its_own_line(team: Team) -> None:
    feed = start(team.folder, *program("tracking", "--follow", "--json", "--chat", "chat-1"))
    assert feed.stdout is not None
    row: dict[str, Any] = json.loads(feed.stdout.readline())
    assert row == team.ok("tracking", "--chat", "chat-1")[0]
    feed.send_signal(signal.SIGTERM)
    assert result(feed).exit_code == 0


def test_at_a_terminal_people_see_the_newest_few_and_what_comes(team_now: Team) -> None:
    for number in range(50):
        change(team_now, f"Mark {number}")
    team_now.ok("chat", "add", "c-new", "--customer", "Ann", "--owner", "mark")
    words = ("tracking", "--follow")
    shown = at_terminal(team_now, *words, columns=200, answers=[("c-new", CTRL_C)])
    assert shown.exit_code == 0
    assert shown.out.count("user changed") == 49
    assert "user added" not in shown.out
    assert "Ctrl-C ends this" in shown.out


def test_it_tells_if_the_database_is_taken_away(team: Team, follower: Process) -> None:
    team.database.unlink()
    ended = result(follower)
    assert (ended.exit_code, "Traceback" in ended.err) == (6, False)
