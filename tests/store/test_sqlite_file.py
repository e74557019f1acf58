"""The database file: what cannot be used is refused at once and left as it is."""

import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assignchat.store.sqlite.database import SqliteDatabase
from tests.support.databases import UNUSABLE, held, look, overwritten
from tests.support.processes import program, run
from tests.support.team import START, Team, together, unprivileged


def test_only_init_makes_a_database(empty_team: Team) -> None:
    for words in (
        ("assign", "chat-1", "--to", "martha", "--as", "mark"),
        ("sweep-timeouts",),
        ("user", "add", "mark"),
        ("check",),
        ("requests",),
    ):
        assert empty_team.refused("--db", "typo.db", *words) == (6, "database_missing")
        assert "typo.db" in empty_team.run("--db", "typo.db", *words).err
    assert list(empty_team.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "code"), [row[1:] for row in UNUSABLE], ids=[row[0] for row in UNUSABLE]
)
def test_what_cannot_be_used_is_refused_at_once_and_left_alone(
    team: Team, make: Callable[[Path], object], code: str
) -> None:
    path = team.folder / "other.db"
    make(path)
    listed, before = set(os.listdir(team.folder)), look(path)
    for words in (
        ("accept", "1", "--as", "martha"),
        ("user", "list"),
        ("user", "add", "eve"),
        ("init",),
    ):
        started = time.monotonic()
        if words == ("init",) and code == "database_damaged":
            continue  # it looks no further than the header
        assert team.refused("--db", "other.db", *words) == (6, code)
        assert time.monotonic() - started < 2
        assert "other.db" in team.run("--db", "other.db", *words).err
    new = set(os.listdir(team.folder)) - listed
    # A writer that gets so far as to find its pages damaged has asked for its turn.
    assert new <= ({"other.db-queue"} if code == "database_damaged" else set())
    assert look(path) == before


def assert_nobody_is_misled(team: Team, right: object) -> None:
    """`check` names the damage of other.db; other commands work or name it, and change nothing."""
    other, path = ("--db", "other.db"), team.folder / "other.db"
    before = path.read_bytes()
    found = team.run(*other, "check", "--json")
    if found.exit_code == 8:
        assert found.json["problems"][0]["code"] == "file_damaged"
        assert r"\n" not in team.run(*other, "check").out
    else:  # not even the schema can be read
        assert (found.exit_code, found.error in BROKEN) == (6, True), found
    listed = team.run(*other, "requests", "--json")
    if listed.exit_code == 0:
        assert listed.json == right
    else:
        assert (listed.exit_code, listed.error in BROKEN) == (6, True), listed
    assert path.read_bytes() == before
    written = team.run(*other, "accept", "1", "--as", "martha", "--json")
    if written.exit_code:
        assert (written.exit_code, written.error in BROKEN) == (6, True), written
        assert path.read_bytes() == before


BROKEN = ("database_damaged", "database_foreign")  # foreign where its first page is gone


@pytest.mark.usefixtures("request_id")
def test_a_cut_off_database_is_refused_wherever_it_was_cut(team: Team) -> None:
    whole, path = team.database.read_bytes(), team.folder / "other.db"
    size = team.sqlite("PRAGMA page_size")[0][0]
    for cut in [*range(size, len(whole), size), *range(size - 1, len(whole) - size, size)]:
        path.write_bytes(whole[:cut])
        before = look(path)
        for words in (("requests",), ("accept", "1", "--as", "martha"), ("check",)):
            exit_code, error = team.refused("--db", "other.db", *words)
            assert exit_code == 6, cut
            assert error == "database_damaged" or (error == "database_foreign" and cut < size)
        assert look(path) == before, cut


@pytest.mark.usefixtures("request_id")
def test_any_page_may_be_overwritten_and_nobody_is_misled(team: Team) -> None:
    whole, right = team.database.read_bytes(), team.ok("requests")
    size = team.sqlite("PRAGMA page_size")[0][0]
    for start in range(0, len(whole), size):
        broken = whole[:start] + b"\xa5" * size + whole[start + size :]
        (team.folder / "other.db").write_bytes(broken)
        assert_nobody_is_misled(team, right)


def test_a_name_too_many_is_refused_under_either_name_until_it_is_gone(team: Team) -> None:
    second = team.folder / "second.db"
    second.hardlink_to(team.database)
    for name in ("assignchat.db", "second.db"):
        for words in (("requests",), ("user", "add", "eve"), ("check",), ("init",)):
            result = team.run("--db", name, *words, "--json")
            assert (result.exit_code, result.error) == (6, "database_read_only")
            assert "hard link" in result.err
    second.unlink()
    team.ok("user", "add", "eve")


def test_a_name_left_by_who_was_killed_while_making_it_is_no_name_too_many(team: Team) -> None:
    (team.folder / ".assignchat.db.4711.new").hardlink_to(team.database)
    team.ok("user", "add", "eve")
    (team.folder / "link.db").symlink_to("assignchat.db")
    team.ok("--db", "link.db", "user", "list")
    second = team.folder / ".another.db.4711.new"
    second.hardlink_to(team.database)
    assert team.refused("user", "list") == (6, "database_read_only")
    second.unlink()


def killed_after_writing(team: Team, *words: str) -> None:
    """Run a command that is killed before it closes the database, so that a -wal file stays."""
    program = (
        "import os, sys; from assignchat.cli import main;"
        "from assignchat.store.sqlite import opening;"
        "opening._Connection.close = lambda self: os.kill(os.getpid(), 9); main(sys.argv[1:])"
    )
    assert run(team.folder, sys.executable, "-c", program, *words).exit_code == -9


def test_no_database_is_made_where_the_journal_of_another_is_left(team: Team) -> None:
    killed_after_writing(team, "user", "add", "eve")
    journal = team.folder / "assignchat.db-wal"
    left = journal.read_bytes()
    team.database.rename("elsewhere.db")
    assert team.refused("init") == (6, "database_damaged")
    assert "assignchat.db-wal" in team.run("init").err
    assert (team.database.exists(), journal.read_bytes()) == (False, left)
    Path("elsewhere.db").rename(team.database)  # as the hint says
    team.ok("init")
    assert "eve" in [user["id"] for user in team.ok("user", "list")]


def test_who_may_only_read_a_link_sees_what_was_written_last(team: Team, closed: Path) -> None:
    """What SQLite has yet to carry over stands beside the file, not beside the link to it."""
    (team.folder / "link.db").symlink_to(closed)
    with held(closed, "BEGIN") as reader:
        reader.execute("SELECT * FROM users").fetchall()  # so that nothing is carried over
        team.ok("--db", "closed/assignchat.db", "user", "add", "eve")
        closed.chmod(0o400)
        done = unprivileged(team, "--db", "link.db", "user", "list", "--json")
    assert "eve" in [user["id"] for user in done.json]


def test_check_names_the_damage_of_a_page(team: Team) -> None:
    overwritten(team.folder / "other.db")
    found = team.run("--db", "other.db", "check", "--json")
    assert found.exit_code == 8, found.err
    assert found.json["sound"] is False
    assert found.json["problems"]


def test_a_link_to_a_database_is_as_good_as_the_file(team: Team) -> None:
    (team.folder / "link.db").symlink_to("assignchat.db")
    team.ok("--db", "link.db", "user", "add", "eve")
    assert "eve" in [user["id"] for user in team.ok("user", "list")]


def test_a_path_may_have_any_characters(team: Team) -> None:
    name = "100% ä?mode=memory#x.db"
    team.ok("--db", name, "init")
    team.ok("--db", name, "user", "add", "eve")
    assert (team.folder / name).is_file()
    assert team.refused("--db", "x" * 5000, "requests") == (6, "database_missing")


@pytest.fixture
def closed(team: Team) -> Iterator[Path]:
    """A database in a folder of its own, to take permissions away from."""
    folder = team.folder / "closed"
    folder.mkdir()
    yield Path(shutil.copy(team.database, folder))
    folder.chmod(0o700)


@pytest.mark.parametrize(("mode", "folder_mode"), [(0o400, 0o700), (0o600, 0o500), (0, 0o700)])
def test_a_database_without_permission_is_refused_and_left_alone(
    team: Team, closed: Path, mode: int, folder_mode: int
) -> None:
    before = closed.read_bytes()
    closed.chmod(mode)
    closed.parent.chmod(folder_mode)
    done = unprivileged(team, "--db", "closed/assignchat.db", "user", "add", "eve", "--json")
    assert (done.exit_code, done.error, done.out) == (6, "database_read_only", "")
    assert "closed/assignchat.db" in done.err
    closed.chmod(0o600)
    closed.parent.chmod(0o700)
    assert closed.read_bytes() == before
    # Nor is anything left beside it that stands in the way once there is permission.
    done = unprivileged(team, "--db", "closed/assignchat.db", "user", "add", "eve", "--json")
    assert done.exit_code == 0, done.err


def test_a_folder_that_may_not_be_entered_is_refused(team: Team, closed: Path) -> None:
    closed.parent.chmod(0)
    for words in (("user", "list"), ("init",)):
        done = unprivileged(team, "--db", "closed/assignchat.db", *words, "--json")
        assert (done.exit_code, done.error) == (6, "database_read_only")


def test_a_folder_that_may_not_be_written_gets_no_database(team: Team, closed: Path) -> None:
    closed.parent.chmod(0o500)
    done = unprivileged(team, "--db", "closed/new.db", "init", "--json")
    assert (done.exit_code, done.error) == (6, "database_read_only")
    assert list(closed.parent.iterdir()) == [closed]


@pytest.mark.parametrize("patience", ["0s", "1s"])
def test_a_writer_waits_for_another_as_long_as_the_config_says(team: Team, patience: str) -> None:
    team.ok("config", "set", "busy_timeout", patience)
    before = team.snapshot()
    with held(team.database):
        started = time.monotonic()
        assert team.refused("user", "add", "eve") == (6, "database_locked")
        assert int(patience[0]) - 0.1 <= time.monotonic() - started < 2
    assert team.snapshot() == before
    team.ok("user", "add", "eve")


@pytest.mark.usefixtures("request_id")
def test_readers_do_not_wait_for_a_writer(team: Team) -> None:
    with held(team.database) as writer:
        writer.execute("UPDATE users SET name = 'Nobody'")
        started = time.monotonic()
        assert len(team.ok("requests")) == 1
        assert team.ok("user", "list")[0]["name"] == "Maria"
        for words in (
            ("inbox", "--as", "martha"),
            ("status", "--as", "mark"),
            ("chat", "show", "chat-1"),
            ("tracking",),
            ("check",),
            ("sweep-timeouts",),  # nothing is due
        ):
            team.ok(*words)
        assert time.monotonic() - started < 2


def test_a_writer_does_not_wait_for_readers(team: Team, request_id: str) -> None:
    with held(team.database, "BEGIN") as reader:
        assert reader.execute("SELECT owner_id FROM chats WHERE id = 'chat-1'").fetchone() == (
            "mark",
        )
        started = time.monotonic()
        team.ok("accept", request_id, "--as", "martha")
        assert time.monotonic() - started < 2


def test_what_is_committed_survives_a_power_cut(team: Team) -> None:
    assert team.sqlite("PRAGMA journal_mode") == [("wal",)]
    with SqliteDatabase.open(str(team.database), os_user="tester") as database:
        assert database.value("PRAGMA synchronous") == 2
        assert database.value("PRAGMA foreign_keys") == 1


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_the_files_beside_it_are_its_owners_alone(team: Team, mask: int) -> None:
    umask = os.umask(mask)
    try:
        with (
            SqliteDatabase.open(
                str(team.database), os_user="tester", clock=lambda: START
            ) as database,
            database.write(),
        ):
            files = sorted(team.folder.glob("assignchat.db*"))
            assert [file.name[13:] for file in files] == ["", "-queue", "-shm", "-wal"]
            assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    finally:
        os.umask(umask)


def test_many_may_bring_an_old_database_up_to_date_at_once(team: Team) -> None:
    (current,) = team.sqlite("PRAGMA user_version")
    team.sqlite("PRAGMA user_version = 0")
    results = together(team, *(("user", "add", f"user-{n}") for n in range(4)))
    assert [result.exit_code for result in results] == [0] * 4, results
    assert team.sqlite("PRAGMA user_version") == [current]
    assert len(team.ok("user", "list")) == 8


def test_no_connection_is_left_behind(team: Team) -> None:
    team.ok("user", "add", "eve")
    files = sorted(file.name for file in team.folder.glob("assignchat.db*"))
    assert files == ["assignchat.db", "assignchat.db-queue"]


def test_where_a_file_may_not_grow_the_database_is_full_and_as_it_was(team: Team) -> None:
    with (team.folder / "chats.csv").open("w") as file:
        file.write("id,customer,owner_id\n")
        file.writelines(f"new-{number},Customer {number},mark\n" for number in range(20_000))
    before = team.snapshot()
    command = program("import", "chats", "chats.csv", "--json")
    result = run(team.folder, "bash", "-c", 'ulimit -f 400; exec "$@"', "bash", *command)
    assert (result.exit_code, result.error, result.out) == (6, "database_full", "")
    assert team.snapshot() == before
    assert team.ok("import", "chats", "chats.csv")["created"] == 20_000


KILLED_AMONG_MANY_ROWS = """
import os, signal, sys
from assignchat.model import Event
from assignchat.store import tracking
from assignchat.store.sqlite.database import SqliteDatabase
with SqliteDatabase.open(sys.argv[1], os_user="") as database, database.write(bulk=True):
    database.expect_tracking_rows(100_000)
    tracking.append(database, Event.CONFIG_CHANGED, "mark")
    print([found.name for found in database.schema_differences()], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_guard_against_replacing_is_down_for_many_rows_and_stands_after_a_kill(
    team: Team,
) -> None:
    before = team.snapshot()
    done = run(team.folder, sys.executable, "-c", KILLED_AMONG_MANY_ROWS, str(team.database))
    assert (done.exit_code, done.err) == (-signal.SIGKILL, "")
    assert done.out == "['trigger engagement_tracking_no_replace']\n"
    assert team.snapshot() == before
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        team.sqlite("INSERT OR REPLACE INTO engagement_tracking SELECT * FROM engagement_tracking")
