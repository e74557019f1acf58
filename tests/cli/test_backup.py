"""backup: one moment of the database, whole or not at all, and what it is good for."""

import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assignchat import assign
from assignchat.store.sqlite.database import SqliteDatabase
from tests.support.databases import UNUSABLE, held, look
from tests.support.needs import needs
from tests.support.processes import Process, program, result, run, start
from tests.support.team import Team, unprivileged
from tests.support.terminal import at_terminal


def dump(path: Path) -> list[str]:
    """The whole content of a database."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_the_copy_holds_what_the_database_holds_and_is_its_owners_alone(
    team: Team, request_id: str
) -> None:
    umask = os.umask(0)
    try:
        made = team.ok("backup", "monday.db")
    finally:
        os.umask(umask)
    copy = team.folder / "monday.db"
    assert made == {"file": "monday.db", "bytes": copy.stat().st_size}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert dump(copy) == team.snapshot()
    assert team.ok("--db", "monday.db", "check")["sound"] is True
    assert team.ok("--db", "monday.db", "accept", request_id, "--as", "martha")
    assert team.owner("chat-1") == "mark"  # a copy is a database of its own
    assert not list(team.folder.glob(".*"))


def test_cron_hears_nothing_of_what_went_well(team: Team) -> None:
    assert team.process("backup", "monday.db") == (0, "", "")
    assert team.process("export", "monday") == (0, "", "")
    assert "Copied to tuesday.db" in at_terminal(team, "backup", "tuesday.db").out
    assert "files in tuesday" in at_terminal(team, "export", "tuesday").out


def test_a_file_that_is_there_is_replaced_only_if_told(team: Team) -> None:
    copy = team.folder / "monday.db"
    copy.write_text("precious")
    assert team.refused("backup", "monday.db") == (2, "invalid_value")
    assert copy.read_text() == "precious"
    team.ok("backup", "monday.db", "--force")
    assert dump(copy) == team.snapshot()


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])
def test_the_database_is_never_replaced_by_its_own_copy(team: Team, force: tuple[str]) -> None:
    (team.folder / "link.db").symlink_to("assignchat.db")
    for name in ("assignchat.db", "link.db", "./assignchat.db"):
        before = look(team.database)
        assert team.refused("backup", name, *force) == (2, "invalid_value")
        assert look(team.database) == before


@pytest.mark.parametrize(
    "words",
    [
        ("backup", "{}"),
        ("backup", "{}", "--force"),
        ("stats", "--html", "{}"),
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        "assignchat.db",
        "assignchat.db-wal",
        "assignchat.db-shm",
        "assignchat.db-journal",
        "assignchat.db-queue",
        "config.toml",
        "notify.toml",
        "link.db",
        "second.toml",
    ],
)
def test_no_result_is_written_over_a_file_of_our_own(
    team: Team, words: tuple[str, ...], name: str
) -> None:
    (team.folder / "notify.toml").write_text('[team]\nurls = ["json://secret@localhost"]\n')
    (team.folder / "link.db").symlink_to("assignchat.db")
    (team.folder / "second.toml").hardlink_to(team.config)
    before = {path: path.read_bytes() for path in team.folder.iterdir()}
    assert team.refused(*(word.format(name) for word in words)) == (2, "invalid_value")
    assert {path: path.read_bytes() for path in team.folder.iterdir()} == before


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "fifo"])
def test_only_a_file_is_replaced(team: Team, make: Callable[[Path], None]) -> None:
    make(team.folder / "monday.db")
    seen = (team.folder / "monday.db").lstat()
    for force in ((), ("--force",)):
        refused = team.run("backup", "monday.db", *force)
        assert (refused.exit_code, refused.err) == (2, "Error: Not a file: monday.db\n")
    assert (team.folder / "monday.db").lstat() == seen


def test_no_device_is_replaced(team: Team) -> None:
    """By root it could be: the folder of /dev/null may be written."""
    for name in ("/dev/null", "null"):
        if name == "null":
            (team.folder / name).symlink_to("/dev/null")
        assert team.refused("backup", name, "--force") == (2, "invalid_value")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_no_copy_goes_where_a_database_is_in_use(team: Team) -> None:
    """What that one has yet to carry over would be written into the copy."""
    team.ok("--db", "other.db", "init", "--demo")
    with held(team.folder / "other.db") as other:
        other.execute("UPDATE users SET name = 'Nobody'")
        assert team.refused("backup", "other.db", "--force") == (2, "invalid_value")
        (team.folder / "other.db").unlink()
        assert team.refused("backup", "other.db") == (2, "invalid_value")
    assert not (team.folder / "other.db").exists()


@pytest.mark.parametrize(
    "path", ["no/such/copy.db", "assignchat.db/copy.db", "x" * 300, "x" * 5000]
)
def test_where_no_copy_can_be_none_is_made(team: Team, path: str) -> None:
    listed = sorted(team.folder.iterdir())
    done = team.process("backup", path, "--json")
    assert (done.exit_code, done.out) in ((2, ""), (6, "")), done
    assert done.error in ("invalid_value", "database_read_only")
    assert sorted(team.folder.iterdir()) == listed


def test_a_folder_that_may_not_be_entered_gets_no_copy(team: Team) -> None:
    folder = team.folder / "closed"
    folder.mkdir(mode=0)
    done = unprivileged(team, "backup", "closed/copy.db", "--json")
    assert (done.exit_code, done.error, done.out) == (6, "database_read_only", "")


@pytest.mark.parametrize(
    ("make", "code"), [row[1:] for row in UNUSABLE], ids=[row[0] for row in UNUSABLE]
)
def test_of_what_is_no_sound_database_no_copy_is_made(
    team: Team, make: Callable[[Path], object], code: str
) -> None:
    make(team.folder / "other.db")
    (team.folder / "monday.db").write_text("precious")
    for words in (("tuesday.db",), ("monday.db", "--force")):
        assert team.refused("--db", "other.db", "backup", *words) == (6, code)
    assert not (team.folder / "tuesday.db").exists()
    assert (team.folder / "monday.db").read_text() == "precious"
    assert not list(team.folder.glob(".*"))


def test_who_writes_is_not_waited_for_and_what_is_not_committed_is_not_copied(team: Team) -> None:
    with held(team.database) as writer:
        writer.execute("UPDATE users SET name = 'Nobody'")
        team.ok("backup", "monday.db")
    assert dump(team.folder / "monday.db") == team.snapshot()


# One process that asks for its own chats and takes the requests back until it is told to stop.
WRITER = """
import os, sys
from assignchat.cli import main
chat = sys.argv[1]
while not os.path.exists("enough"):
    assert main(["assign", chat, "--to", "martha", "--as", "maria", "--json"]) == 0
    assert main(["withdraw", "--chat", chat, "--reason", "Busy", "--as", "maria", "--json"]) == 0
"""


def four_writers(team: Team) -> list[Process]:
    """Four processes that write all the time."""
    chats = [f"busy-{number}" for number in range(4)]
    for chat in chats:
        team.ok("chat", "add", chat, "--customer", "Priya Nair", "--owner", "mark")
    return [
        start(team.folder, sys.executable, "-c", WRITER, chat, stdout=subprocess.DEVNULL)
        for chat in chats
    ]


def test_while_four_write_each_copy_shows_one_moment(empty_team: Team) -> None:
    team = empty_team
    team.now = datetime.now(UTC)
    team.ok("init", "--demo")
    copies: list[Path] = []
    lengths: list[tuple[int, int]] = []
    writers = four_writers(team)
    while len(copies) < 5:
        name = f"copy-{len(copies)}.db"
        (before,) = team.rows("SELECT count(*) FROM engagement_tracking")[0]
        done = team.process("backup", name, "--json")
        (after,) = team.rows("SELECT count(*) FROM engagement_tracking")[0]
        assert done.exit_code == 0, done.err
        assert [writer.poll() for writer in writers] == [None] * 4
        if before < after:  # they wrote meanwhile
            copies.append(team.folder / name)
            lengths.append((before, after))
        else:
            (team.folder / name).unlink()
    (team.folder / "enough").touch()
    assert [result(writer).exit_code for writer in writers] == [0] * 4
    whole = team.rows("SELECT * FROM engagement_tracking ORDER BY id")
    for copy, (before, after) in zip(copies, lengths, strict=True):
        assert team.ok("--db", copy.name, "check")["sound"] is True
        with closing(sqlite3.connect(copy)) as connection:
            rows = connection.execute("SELECT * FROM engagement_tracking ORDER BY id").fetchall()
        assert before <= len(rows) <= after
        assert rows == whole[: len(rows)]


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["new", "force"])
def test_the_copy_takes_its_name_in_one_step(team: Team, force: tuple[str, ...]) -> None:
    """Nobody opens the name to write: it is given to a file that is whole, in a single call."""
    needs("strace")
    copy, log = team.folder / "monday.db", team.folder / "calls.log"
    if force:
        copy.write_text("last week's")
    trace = ("strace", "-q", f"--output={log}", "--trace=file", "--string-limit=1000")
    done = run(team.folder, *trace, *program("backup", str(copy), *force))
    assert done.exit_code == 0, done.err
    calls = [line for line in log.read_text().splitlines() if f'"{copy}"' in line]
    naming = [call for call in calls if call.startswith(("rename", "link"))]
    # With --force the file that is replaced gets a second name before, to go back to.
    assert [re.findall('"([^"]*)"', call)[-1] for call in naming].count(str(copy)) == 1, calls
    assert not [call for call in calls if "O_WRONLY" in call or "O_RDWR" in call]
    assert dump(copy) == team.snapshot()


# Calls that make a copy, by their number; the process is killed right after one of them.
FATAL = [("pwrite64", 1), ("pwrite64", 15), ("pwrite64", 31), ("fdatasync", 1), ("fdatasync", 2)]
FATAL += [("link", 1), ("rename", 1), ("fsync", 1), ("unlink", 2)]


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["new", "force"])
def test_killed_in_the_middle_nothing_half_done_has_the_name(
    team: Team, force: tuple[str, ...]
) -> None:
    needs("strace")
    copy = team.folder / "monday.db"
    log, killed = team.folder / "calls.log", 0
    for call, number in FATAL:
        copy.unlink(missing_ok=True)
        if force:
            copy.write_text("last week's")
        kill = ("strace", "-q", f"--output={log}", f"--inject={call}:signal=KILL:when={number}")
        done = run(team.folder, *kill, *program("backup", "monday.db", *force))
        killed += done.exit_code == -signal.SIGKILL
        if not copy.exists():
            assert not force, (call, number)
        elif copy.stat().st_size > len("last week's"):
            assert dump(copy) == team.snapshot(), (call, number)
        else:
            assert copy.read_text() == "last week's"
        team.ok("backup", "monday.db", "--force")  # and the next one works
    assert killed > len(FATAL) / 2


def test_what_is_left_of_a_backup_that_was_killed_is_its_owners_alone(team: Team) -> None:
    needs("strace")
    kill = ("strace", "-q", "--output=/dev/null", "--inject=pwrite64:signal=KILL:when=9")
    run(team.folder, *kill, *program("backup", "monday.db"), umask=0)
    left = [path for path in team.folder.iterdir() if path.name.startswith(".monday.db.")]
    assert left
    assert {stat.S_IMODE(path.stat().st_mode) for path in left} == {0o600}


def laid_waste(path: Path) -> None:
    """The database full of something else."""
    path.write_bytes(os.urandom(path.stat().st_size))


def cut_off(path: Path) -> None:
    """Half of the database."""
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("disaster", [laid_waste, cut_off, Path.unlink])
def test_restored_from_a_backup_everything_is_there_and_work_goes_on(
    team: Team, request_id: str, disaster: Callable[[Path], None]
) -> None:
    """The drill of the README, after a disaster in the middle of a write."""
    team.ok("backup", "monday.db")
    before = team.snapshot()
    with held(team.database) as writer:  # so that there are -wal and -shm files
        writer.execute("UPDATE users SET name = 'Nobody'")
        for end in ("-wal", "-shm"):
            shutil.copy(f"assignchat.db{end}", f"left{end}")
    disaster(team.database)
    for end in ("-wal", "-shm"):
        shutil.move(f"left{end}", f"assignchat.db{end}")
    exit_code, _ = team.refused("accept", request_id, "--as", "martha")
    assert exit_code == 6

    restore = "rm -f assignchat.db-wal assignchat.db-shm; cp -p monday.db assignchat.db"
    assert run(team.folder, "sh", "-ec", restore).exit_code == 0
    assert team.snapshot() == before
    assert team.ok("check")["sound"] is True
    assert stat.S_IMODE(team.database.stat().st_mode) == 0o600
    assert team.ok("accept", request_id, "--as", "martha")["status"] == "accepted"
    assert team.owner("chat-1") == "martha"


def test_why_a_copy_by_cp_is_wrong(team: Team) -> None:
    """While somebody looks at the database, what was committed stands beside it, not in it."""
    with SqliteDatabase.open(str(team.database), os_user="tester") as reader, reader.read():
        reader.value("SELECT count(*) FROM users")
        with SqliteDatabase.open(str(team.database), os_user="tester") as database:
            asked = assign(database, "chat-1", to="martha", actor="mark", timeout_seconds=None)
        shutil.copy("assignchat.db", "by-cp.db")
        team.ok("backup", "by-backup.db")
    listed = [team.ok("--db", name, "requests") for name in ("by-cp.db", "by-backup.db")]
    assert [[request["id"] for request in requests] for requests in listed] == [[], [asked.id]]
