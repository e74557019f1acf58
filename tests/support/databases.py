"""Database files that cannot be used, each made on purpose; and files looked at from outside."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def held(path: Path, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
    """Somebody else in the middle of a transaction."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(begin)
        yield other


@contextmanager
def without_guards(path: Path) -> Iterator[sqlite3.Connection]:
    """A file as its owner can change it: without its triggers, which stand again afterwards."""
    with closing(sqlite3.connect(path)) as connection, connection:
        guards = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in guards:
            connection.execute(sql)


def is_held_open(path: Path) -> bool:
    """Whether somebody reads an older state of the database than the newest."""
    with closing(sqlite3.connect(path, timeout=0)) as other:
        with other:
            other.execute("CREATE TABLE passing (id)")
            other.execute("DROP TABLE passing")
        busy, pages, moved = other.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
    assert pages > 0  # or nothing was asked
    return bool(busy) or pages != moved


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


def twice_named(path: Path) -> None:
    """A database with two names, of which each would get a journal of its own."""
    shutil.copy("assignchat.db", "first.db")
    path.hardlink_to("first.db")


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
    ("two hard links", twice_named, "database_read_only"),
]


def look(path: Path) -> tuple[object, ...]:
    """All that there is to see of a file."""
    seen = path.lstat()
    content = path.read_bytes() if path.is_file() else None
    return seen.st_ino, seen.st_mode, seen.st_nlink, seen.st_size, seen.st_mtime_ns, content
