"""The database file: what cannot be used is refused at once and left as it is."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from assignchat.store.opening import open_database
from tests.conftest import START, Result, Team
from tests.test_races import together


def unprivileged(team: Team, *words: str) -> Result:
    """Run a command without root's power over permissions."""
    program = [sys.executable, "-m", "assignchat"]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write everything, and there is no setpriv to change that")
        program = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *program]
    done = subprocess.run(
        [*program, *words],
        cwd=team.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@contextmanager
def held(path: Path, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
    """Somebody else in the middle of a transaction."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(begin)
        yield other


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


def foreign(path: Path) -> None:
    """Another program's database."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE users (id TEXT PRIMARY KEY)")
        connection.commit()


def newer(path: Path) -> None:
    """A database of an assignchat that is yet to come."""
    shutil.copy("assignchat.db", path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1000000")


def truncated(path: Path) -> None:
    """What is left of a database after half a copy."""
    content = Path("assignchat.db").read_bytes()
    path.write_bytes(content[: len(content) // 2])


def overwritten(path: Path) -> None:
    """A database with the page of its requests, or of their index, full of something else."""
    with closing(sqlite3.connect("assignchat.db")) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        pages = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE tbl_name IN ('requests', 'users')"
        ).fetchall()
    content = bytearray(Path("assignchat.db").read_bytes())
    for (page,) in pages:
        content[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(content)


UNUSABLE: list[tuple[str, Callable[[Path], object], str]] = [
    ("empty", Path.touch, "database_foreign"),
    ("text", lambda path: path.write_text("id,name\n" * 1000), "database_foreign"),
    ("short text", lambda path: path.write_text("id"), "database_foreign"),
    ("foreign", foreign, "database_foreign"),
    ("newer", newer, "database_newer"),
    ("truncated", truncated, "database_damaged"),
    ("overwritten", overwritten, "database_damaged"),
    ("folder", Path.mkdir, "database_foreign"),
    ("fifo", os.mkfifo, "database_foreign"),
    ("device", lambda path: path.symlink_to("/dev/null"), "database_foreign"),
    ("dangling link", lambda path: path.symlink_to("gone.db"), "database_missing"),
    ("loop of links", lambda path: path.symlink_to(path), "database_missing"),
]


@pytest.mark.parametrize(
    ("make", "code"), [row[1:] for row in UNUSABLE], ids=[row[0] for row in UNUSABLE]
)
def test_what_cannot_be_used_is_refused_at_once_and_left_alone(
    team: Team, make: Callable[[Path], object], code: str
) -> None:
    path = team.folder / "other.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    listed, seen = sorted(os.listdir(team.folder)), path.lstat()  # noqa: PTH208
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
    assert (path.read_bytes() if path.is_file() else None) == before
    assert sorted(os.listdir(team.folder)) == listed  # noqa: PTH208
    assert path.lstat().st_mtime_ns == seen.st_mtime_ns


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
    assert team.sql("PRAGMA journal_mode") == [("wal",)]
    with open_database(team.database, os_user="tester") as database:
        assert database.value("PRAGMA synchronous") == 2
        assert database.value("PRAGMA foreign_keys") == 1


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_the_files_beside_it_are_its_owners_alone(team: Team, mask: int) -> None:
    umask = os.umask(mask)
    try:
        with (
            open_database(team.database, os_user="tester", clock=lambda: START) as database,
            database.write(),
        ):
            files = sorted(team.folder.glob("assignchat.db*"))
            assert [file.name[13:] for file in files] == ["", "-shm", "-wal"]
            assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    finally:
        os.umask(umask)


def test_many_may_bring_an_old_database_up_to_date_at_once(team: Team) -> None:
    (current,) = team.sql("PRAGMA user_version")
    team.sql("PRAGMA user_version = 0")
    results = together(team, *(("user", "add", f"user-{n}") for n in range(4)))
    assert [result.exit_code for result in results] == [0] * 4, results
    assert team.sql("PRAGMA user_version") == [current]
    assert len(team.ok("user", "list")) == 8


def test_no_connection_is_left_behind(team: Team) -> None:
    team.ok("user", "add", "eve")
    assert [file.name for file in team.folder.glob("assignchat.db*")] == ["assignchat.db"]


def test_where_a_file_may_not_grow_the_database_is_full_and_as_it_was(team: Team) -> None:
    with (team.folder / "chats.csv").open("w") as file:
        file.write("id,customer,owner_id\n")
        file.writelines(f"new-{number},Customer {number},mark\n" for number in range(20_000))
    before = team.snapshot()
    program = [sys.executable, "-m", "assignchat", "import", "chats", "chats.csv", "--json"]
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 400; exec "$@"', "bash", *program],
        cwd=team.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    result = Result(done.returncode, done.stdout, done.stderr)
    assert (result.exit_code, result.error, result.out) == (6, "database_full", "")
    assert team.snapshot() == before
    assert team.ok("import", "chats", "chats.csv")["created"] == 20_000
