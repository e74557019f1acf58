"""Database files that appear whole or not at all: a new one, and a copy while others write."""

import errno
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from assignchat.errors import DatabaseDamaged, DatabaseReadOnly, DatabaseUnusable, InvalidValue
from assignchat.store.database import DEFAULT_BUSY_SECONDS
from assignchat.store.sqlite.errors import Translated, damaged, full
from assignchat.store.sqlite.opening import connect, files_beside
from assignchat.system.files import create_own, sync_folder, unfinished


def create_file(path: Path, fill: Callable[[Path], None]) -> bool:
    """Make a database file that only its owner can read, with the rows that `fill` inserts.

    Returns whether there was none before. The file appears whole or not at all: it is built
    beside its place and then linked to its name, which never replaces a file. Raises
    `DatabaseDamaged` if a journal of another database is left there, and `DatabaseReadOnly` if no
    file can be made.
    """
    from assignchat.store.sqlite import schema  # slow to import, see schema.py

    left = _journal_beside(path)  # looked for first: one that is in use comes after its database
    if os.path.exists(path):  # no error where a folder may not be entered
        return False
    if left is not None:
        raise DatabaseDamaged(
            f"There is no database at {path}, but {left.name}, with what was last written to one",
            hint="Put its database back, or move that file away.",
        )
    try:
        with _built_beside(path) as building:
            _make_schema(building, schema.migrate)
            fill(building)
            _complete(building)
            _link(building, path)
    except FileExistsError:  # another process was faster
        return False
    return True


def _journal_beside(path: Path) -> Path | None:
    """Find a file in which SQLite would expect changes to a database at `path`.

    SQLite cannot tell which database they belong to, and writes them into a new file of that
    name.
    """
    wal, journal, *_ = files_beside(path)
    return next((file for file in (wal, journal) if os.path.lexists(file)), None)


def _link(building: Path, path: Path) -> None:
    """Link a finished file to its name. After a power cut it is there whole, or not at all."""
    os.link(building, path)
    try:
        sync_folder(path.parent)
    except OSError:
        path.unlink()
        raise


def _replace(building: Path, path: Path) -> None:
    """Put a finished file in the place of another one. If that fails, put the old one back."""
    old = building.with_name(building.name + _OLD)
    with suppress(OSError):  # not every file system has such links; the copy is good without
        os.link(path, old)
    building.replace(path)
    try:
        sync_folder(path.parent)
    except OSError:
        with suppress(FileNotFoundError):
            old.replace(path)
        raise


_OLD = "-old"


@contextmanager
def _built_beside(path: Path) -> Iterator[Path]:
    """Make an empty file beside `path`, for the block to fill and to name."""
    building = unfinished(path)
    try:
        building.unlink(missing_ok=True)  # left by a process of the same number that was killed
        os.close(create_own(building))
        yield building
    except FileExistsError:
        raise
    except OSError as error:
        raise _no_place(path, error) from error
    finally:
        for suffix in ("", "-wal", "-shm", "-journal", "-queue", _OLD):
            with suppress(OSError):
                building.with_name(building.name + suffix).unlink()


def _no_place(path: Path, error: OSError) -> DatabaseUnusable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return full(path)
    return DatabaseReadOnly(
        f"No database can be made at {path}: {error.strerror}",
        hint="Its folder must exist and be writable.",
    )


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Connect to a file that is being built."""
    with closing(connect(path, DEFAULT_BUSY_SECONDS)) as connection, Translated(path):
        yield connection


def _make_schema(path: Path, migrate: Callable[[sqlite3.Connection], None]) -> None:
    with _connected(path) as connection:
        # Readers never wait for the writer, nor the writer for readers.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        migrate(connection)
        connection.execute("COMMIT")


def _complete(path: Path) -> None:
    """Move the contents of a -wal file that has no name into its database file.

    SQLite does so when a database is closed, but does not report a failure.
    """
    with _connected(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextmanager
def copied_beside(database: sqlite3.Connection, source: Path, path: Path) -> Iterator[Path]:
    """Copy an open database to a file beside `path`, for the block to name, and check it."""
    with _built_beside(path) as building:
        with _connected(building) as copy:
            database.backup(copy)
            damage = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if damage != "ok":
            raise damaged(source, damage)
        yield building


def name_copy(building: Path, path: Path, *, replace: bool) -> None:
    """Give a copy its name. Raises `InvalidValue` if it is taken."""
    if replace and path.exists():
        _replace(building, path)
        return
    try:
        _link(building, path)
    except FileExistsError:  # since we looked, or a link that leads nowhere
        raise InvalidValue(f"{path} is there already") from None


def check_place(database: Path, path: Path, *, replace: bool) -> None:
    """Raise `InvalidValue` if a copy would overwrite a file there, or be damaged by one."""
    try:
        found = path.stat()
    except FileNotFoundError:
        found = None
    except OSError as error:  # a name too long, a folder that may not be entered
        raise _no_place(path, error) from error
    if found is not None:
        if not stat.S_ISREG(found.st_mode):  # a folder, or a device, which none must replace
            raise InvalidValue(f"Not a file: {path}")
        if not replace:
            raise InvalidValue(f"{path} is there already", hint="Replace it with --force.")
        if os.path.samestat(found, database.stat()):
            raise InvalidValue(f"{path} is the database itself")
    if journal := _journal_beside(path):
        raise InvalidValue(
            f"Beside {path} there is {journal.name}: a database is in use there, or was",
            hint="Choose another name.",
        )
