"""Opening a database file, and seeing from outside whether it has changed."""

import os
import sqlite3
import stat
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from assignchat.errors import (
    AssignchatError,
    DatabaseForeign,
    DatabaseMissing,
    DatabaseNewer,
    DatabaseReadOnly,
    DatabaseReplaced,
)
from assignchat.namedtuples import NamedTuple
from assignchat.shell import quoted
from assignchat.store.columns import OWN
from assignchat.store.sql import one_of
from assignchat.store.sqlite import APPLICATION_ID, SCHEMA_MARK, SCHEMA_VERSION
from assignchat.store.sqlite.errors import Translated, foreign, in_the_way, missing
from assignchat.system.files import is_unfinished

Identity = tuple[int, int]
"""The device and the inode of a file, which no other one has while this one is open."""


class FileState(NamedTuple):
    """A value that differs once a process has written to a database file, or replaced it."""

    file: Identity
    modified_ns: int
    size: int
    log_size: int | None
    """Of the -wal file; None if there is none, as when nobody has the database open."""


def file_state(path: Path) -> FileState:
    """Look at a database file without opening it. Raises `DatabaseMissing`."""
    found = _found_at(path)
    log_size = None
    with suppress(OSError):
        log_size = files_beside(path)[0].stat().st_size
    return FileState(_identity(found), found.st_mtime_ns, found.st_size, log_size)


def check_in_place(path: Path, file: Identity) -> None:
    """Raise `DatabaseMissing` unless this file is under the name, or at the end of the link."""
    if _identity(_found_at(path)) != file:
        raise DatabaseMissing(
            f"Another database was put in the place of {path} meanwhile",
            hint="Before a backup is restored, stop all programs that use the database.",
        )


def identities_beside(path: Path) -> dict[str, Identity]:
    """Find the files that SQLite uses beside a database that is open, the -wal file first.

    Returns an empty dict for a closed copy, beside which there is no -wal file.
    """
    # By names, because each transaction looks at them, and paths would take twice as long.
    found = {file: _seen(file) for file in map(str, files_beside(path))}
    if next(iter(found.values())) is None:
        return {}
    return {file: seen for file, seen in found.items() if seen is not None}


def check_beside(beside: Mapping[str, Identity]) -> None:
    """Raise `DatabaseReplaced` unless what SQLite uses beside a database still has its name.

    Others write to the files that have these names. A -shm file is in use as memory: if it was
    cut to nothing, the system ends a process that reads that memory.
    """
    for file, identity in beside.items():
        if _seen(file) != identity:
            raise DatabaseReplaced(
                f"The file {file} was removed, replaced or cut off while it was in use",
                hint="Begin again. Beside a database in use, nothing may be moved: stop all "
                "programs that use it before.",
            )


def close(connection: sqlite3.Connection, beside: Mapping[str, Identity]) -> None:
    """Close a database, unless others have put files of theirs in the place of those beside it.

    SQLite would move what is in the old files into the database, and remove the others'.
    """
    if all(_seen(file) in (None, identity) for file, identity in beside.items()):
        connection.close()
    else:
        _left_open.append(connection)


_left_open: list[sqlite3.Connection] = []


def _seen(file: str) -> Identity | None:
    """Return which file has a name; not itself if it is the -shm file and was cut off."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    is_cut = not found.st_size and file.endswith("-shm")
    return (0, 0) if is_cut else _identity(found)


def replaced(error: AssignchatError, file: Identity) -> DatabaseReplaced:
    """Return the error for a change to a file that was not in its place any more."""
    return DatabaseReplaced(
        f"{error.message}, and the change went into {_name_now(file)}",
        hint="See whether it is in the database that is there now, and make it again if not.",
    )


def _found_at(path: Path) -> os.stat_result:
    try:
        return os.stat(path)
    except FileNotFoundError:
        raise missing(path) from None


def _identity(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino


def _name_now(file: Identity) -> str:
    """Find the name that an open file has now, for people."""
    descriptors = Path("/proc/self/fd")
    with suppress(OSError):  # not every system has it
        for descriptor in descriptors.iterdir():
            with suppress(OSError):
                if _identity(descriptor.stat()) == file:
                    return str(descriptor.readlink())
    return f"a file with the inode {file[1]}"


def files_beside(path: Path) -> list[Path]:
    """List the files that SQLite makes beside a database, and trusts if they are there.

    The -wal file comes first. SQLite follows links before it names them.
    """
    real = os.path.realpath(path)
    return [Path(real + suffix) for suffix in ("-wal", "-journal", "-shm")]


def connect(
    path: Path, busy_seconds: float, *, immutable: bool = False, read_only: bool = False
) -> sqlite3.Connection:
    """Connect to a file that exists. Transactions begin and end only where the caller says so."""
    mode = "mode=ro&immutable=1" if immutable else "mode=ro" if read_only else "mode=rw"
    name = os.path.join(os.curdir, path)  # SQLite keeps :memory: for itself
    with Translated(path):
        return sqlite3.connect(
            f"file:{quote(name)}?{mode}",
            uri=True,
            timeout=busy_seconds,
            isolation_level=None,
            factory=_Connection,
        )


class _Connection(sqlite3.Connection):
    """A connection that closes without making others wait."""

    def close(self) -> None:
        """Move the contents of the -wal file into the database file, then release both.

        The last connection to close does that under a lock that readers wait for too, and on a
        slow disk it takes long. Done before, nothing is left to do under the lock.
        """
        with suppress(sqlite3.Error):  # what is committed stands in the -wal file as well
            if self.total_changes and not self.in_transaction:
                self.execute("PRAGMA wal_checkpoint(PASSIVE)")
        super().close()


def is_closed_copy(path: Path, state: FileState) -> bool:
    """Return whether we may only read this file and no process uses it, as with a backup.

    Opened like any other, it would get -wal and -shm files that cannot be written either, and
    that stay in the way. It is read without locks, so each read checks afterwards that its state
    is still the same.
    """
    return not os.access(path, os.W_OK) and state.log_size is None


def check_is_file(path: Path) -> None:
    """Raise one of the `DatabaseUnusable` errors unless the path is a file with one name.

    Also for what is beside it, under a name that SQLite would take for its own.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        raise missing(path) from None
    except PermissionError:
        raise DatabaseReadOnly(f"The folder of {path} may not be read by this user") from None
    except (OSError, ValueError) as error:  # a loop of links, a name too long, a NUL
        raise DatabaseMissing(f"No database can be at {path}: {error}") from error
    if not stat.S_ISREG(found.st_mode):
        raise DatabaseForeign(f"Not a file: {path}")
    if found.st_nlink > 1 and _has_other_names(path):
        raise DatabaseReadOnly(
            f"The database {path} has a second name (a hard link), and each name would get a "
            "-wal file of its own, which damages it",
            hint=f"Nothing was changed. find / -xdev -samefile {quoted(path)} lists the names; "
            "remove all but one, or replace this one by a copy.",
        )
    _check_beside(path, found)


def _check_beside(path: Path, database: os.stat_result) -> None:
    """Raise `DatabaseDamaged` if a file is beside a database that SQLite must not open.

    It would write any journal into the database, and wait for a FIFO for ever. A database in WAL
    mode has no journal. Its other files belong to those who may write it.
    """
    own = {database.st_uid, os.geteuid(), 0}
    for file in files_beside(path):
        try:
            found = os.lstat(file)
        except OSError:
            continue
        if file.name.endswith("-journal"):
            raise in_the_way(path, file, "which is of another database, or of an SQL tool")
        if not stat.S_ISREG(found.st_mode):
            raise in_the_way(path, file, "which is not a file")
        if found.st_uid not in own and not database.st_mode & _WRITABLE_BY_OTHERS:
            raise in_the_way(path, file, "which belongs to somebody else")


_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def _has_other_names(path: Path) -> bool:
    """Return whether a file has more names than `path` and those under which it was built.

    A database gets its name by a second link, so for a moment, or until the rest of a killed
    process is removed, it has both. They are looked at in this order, because a name that it was
    built under may go, but none comes.
    """
    real = Path(os.path.realpath(path))
    with suppress(OSError):
        built_under = [
            name
            for name in os.listdir(real.parent)  # no pattern, the name may have any characters
            if is_unfinished(name, real)
        ]
        same = sum(_is_same(real, real.with_name(name)) for name in built_under)
        return real.stat().st_nlink - same > 1
    return True


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except FileNotFoundError:
        return False


def prepare(connection: sqlite3.Connection, path: Path) -> int:
    """Refuse a database that is not ours before anything else is read from it. Returns its version.

    References are checked from then on, and a committed change survives a power cut.
    """
    connection.execute("PRAGMA trusted_schema = OFF")
    if _header(connection, "application_id") != APPLICATION_ID:
        raise foreign(path)
    version = _header(connection, "user_version")
    if version > SCHEMA_VERSION:
        raise DatabaseNewer(
            f"The database {path} was written by a newer assignchat "
            f"(schema {version}; this one knows {SCHEMA_VERSION})",
            hint="Upgrade assignchat.",
        )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    # Or the -wal file would keep the size of the largest change for as long as anybody is there.
    connection.execute(f"PRAGMA journal_size_limit = {_USUAL_LOG_SIZE}")
    return version


_USUAL_LOG_SIZE = 64 * 1024 * 1024  # bytes


def begin_to_write(connection: sqlite3.Connection, usual: float, seconds: float) -> bool:
    """Begin a transaction with SQLite's lock for writing.

    Waits at most so many seconds; statements after it wait as long as is `usual`. Returns whether
    it has the lock.
    """
    try:
        connection.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
        # A deferred BEGIN fails at once if another writes between its read and its write.
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
            return False
        raise
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(usual * 1000)}")
    return True


def _header(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def overwrite_log(connection: sqlite3.Connection) -> None:
    """Take back a commit that was written whole but could not be synced.

    SQLite forgets it, but its pages stay in the -wal file until the next ones overwrite them.
    If all processes that have the file open were killed before that, the next one to open it
    would take the commit for a good one.
    """
    with suppress(sqlite3.Error):
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("COMMIT")


def own_objects() -> str:
    """Return the SQL that selects our tables and views, and all that acts when they are written.

    These are their indexes and triggers, whose makers may have written the name of the table in
    another case, and the tables of others that refer to ours.
    """
    own = one_of((*OWN, MIGRATIONS))
    refers = f"""
        SELECT 1 FROM pragma_foreign_key_list(o.name) AS f WHERE f."table" COLLATE NOCASE IN {own}
    """
    return f"""
        SELECT type, name, tbl_name, sql FROM sqlite_master AS o WHERE sql <> ''
        AND (tbl_name COLLATE NOCASE IN {own} OR type = 'table' AND EXISTS ({refers}))
    """


MIGRATIONS = "_sqlite_migrations"
"""The table in which sqlite_utils keeps the names of the migrations that have run."""

# How sqlite_utils and SQLite make their own tables is their business.
_OF_OTHERS = f"""
    tbl_name IN ('{MIGRATIONS}', 'sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4')
    AND sql NOT LIKE '%TRIGGER%'
"""


def is_as_made(connection: sqlite3.Connection) -> bool:
    """Return whether our tables are as the migrations make them, and nothing acts on them."""
    if schema_mark(connection, "sqlite_master") == SCHEMA_MARK:
        return True
    return schema_mark(connection, f"({own_objects()})") == SCHEMA_MARK  # without others' tables


def schema_mark(connection: sqlite3.Connection, source: str) -> int:
    """Return the checksum of a part of the schema, in whatever order it is. Returns 0 for none."""
    from zlib import crc32

    found, is_migrated = connection.execute(
        f"SELECT group_concat(CASE WHEN {_OF_OTHERS} THEN NULL ELSE name || sql END, char(1)),"
        f" max(type = 'table' AND name = '{MIGRATIONS}') FROM {source}"
    ).fetchone()
    return crc32("".join(sorted(found.split("\1"))).encode()) if found and is_migrated else 0


def close_untouched(connection: sqlite3.Connection, path: Path) -> None:
    """Close a database that is refused, and move nothing of a -wal file into it.

    The last connection to close does that, so the last one is one that may not write.
    """
    with suppress(sqlite3.Error), closing(connect(path, 0, read_only=True)) as last:
        with suppress(sqlite3.Error):
            last.execute("PRAGMA application_id").fetchone()
        connection.close()
