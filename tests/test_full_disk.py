"""On a disk that is full, or may only be read, all can be read, and copied to another."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.disks import fill, mounted, remount
from tests.support.processes import program, run

READING = (
    ("requests",),
    ("chat", "list"),
    ("user", "list"),
    ("batches",),
    ("tracking", "--records"),
    ("stats",),
    ("inbox", "--as", "martha"),
    ("status", "--as", "mark"),
    ("chat", "show", "chat-1"),
    ("wait", "1"),
    ("check", "--full"),
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for a team, which is on it, and for a -wal file."""
    place = tmp_path / "disk"
    place.mkdir()
    with mounted(place, "size=2m"):
        for words in (
            ("init", "--demo"),
            ("assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", "1s"),
        ):
            assert run(place, *program(*words)).exit_code == 0
        yield place


def all_reads_work(disk: Path) -> None:
    for words in READING:
        done = run(disk, *program(*words, "--json"))
        # A request past its deadline is timed out, though that cannot be recorded.
        assert done.exit_code == (12 if words[0] == "wait" else 0), (words, done)
    backup, export = disk.parent / "backup.db", disk.parent / "export"
    for words in (("backup", str(backup)), ("export", str(export))):
        assert run(disk, *program(*words)) == (0, "", "")
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("SELECT count(*) FROM requests").fetchone() == (1,)
    assert (export / "requests.csv").exists()


@pytest.mark.parametrize("leftover", ["", "-wal"])
def test_on_a_full_disk_all_can_be_read_and_copied_to_another(disk: Path, leftover: str) -> None:
    if leftover:  # empty, as after a command that found no room
        (disk / f"assignchat.db{leftover}").touch()
    fill(disk, room=0)
    all_reads_work(disk)
    assert run(disk, *program("accept", "1", "--as", "martha", "--json")).error == "database_full"
    (disk / "filler").unlink()
    assert run(disk, *program("chat", "close", "chat-1")).exit_code == 0
    assert run(disk, *program("check")).exit_code == 0


def test_also_while_somebody_else_has_it_open(disk: Path) -> None:
    with closing(sqlite3.connect(disk / "assignchat.db")) as other:
        other.execute("UPDATE chats SET customer = 'Eve' WHERE id = 'chat-2'")
        other.commit()  # which stands in the -wal file alone
        fill(disk, room=0)
        chats = run(disk, *program("chat", "list", "--json")).json
        assert [chat["customer"] for chat in chats if chat["id"] == "chat-2"] == ["Eve"]


def test_what_stands_in_the_log_alone_is_not_left_out(disk: Path) -> None:
    """Without it the old state would be shown; an error says that there is no room instead."""
    with closing(sqlite3.connect(disk / "assignchat.db")) as other:
        other.execute("UPDATE chats SET customer = 'Eve' WHERE id = 'chat-2'")
        other.commit()
        log = (disk / "assignchat.db-wal").read_bytes()
        database = (disk / "assignchat.db").read_bytes()
    (disk / "assignchat.db").write_bytes(database)
    (disk / "assignchat.db-wal").write_bytes(log)  # as after a power cut
    fill(disk, room=0)
    assert run(disk, *program("chat", "list", "--json")).error == "database_full"
    (disk / "filler").unlink()
    assert "Eve" in run(disk, *program("chat", "list")).out


def test_on_a_disk_that_may_only_be_read_too(disk: Path) -> None:
    remount(disk, "ro")
    all_reads_work(disk)
    remount(disk, "rw")
