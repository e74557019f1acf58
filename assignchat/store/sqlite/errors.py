"""SQLite's errors as `assignchat.errors`: the database, what is wrong with it, and what to do."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from assignchat.errors import (
    AssignchatError,
    DatabaseDamaged,
    DatabaseForeign,
    DatabaseFull,
    DatabaseLocked,
    DatabaseMissing,
    DatabaseReadOnly,
)
from assignchat.shell import command_line
from assignchat.store.sqlite import APPLICATION_ID

if TYPE_CHECKING:
    from assignchat.store.holder import Holder


class Translated:
    """Raises the errors of SQLite in its block as `assignchat.errors`.

    Of a statement that was interrupted it raises what `interruption` returns, if that is given.
    It is a class because it stands around every statement, and a generator takes longer.
    """

    def __init__(self, path: Path, interruption: Callable[[], BaseException] | None = None) -> None:
        self._path, self._interruption = path, interruption

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if not isinstance(error, sqlite3.Error):
            return
        is_interrupted = getattr(error, "sqlite_errorname", None) == "SQLITE_INTERRUPT"
        if is_interrupted and self._interruption is not None:
            raise self._interruption() from None
        raise translate(error, self._path) from error


def translate(error: sqlite3.Error, path: Path) -> Exception:
    """Find the meaning of an error. Returns the error itself if only a bug of ours can cause it."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if any(sign in str(error) for sign in _SIGNS_OF_DAMAGE):
        return spoilt(path, str(error))
    for prefix, meaning in _MEANINGS.items():
        if name.startswith(prefix):
            return meaning(path, f"{error} ({name})")
    return error


_SIGNS_OF_DAMAGE = (
    "no such",  # a table or column is gone
    "has no column",
    "decode to UTF-8",
    "malformed JSON",
    "JSON cannot hold BLOB",
    "integer overflow",
)


def locked(path: Path, holder: "Holder | None" = None) -> DatabaseLocked:
    """Return the error for a database that another process, perhaps a known one, is writing."""
    return DatabaseLocked(
        f"The database {path} is held by {holder or 'another process'}",
        hint="Nothing was changed. Try again; busy_timeout in the config says how long to wait.",
    )


def full(path: Path, _error: str = "") -> DatabaseFull:
    """Return the error for a file that there is no room for."""
    return DatabaseFull(
        f"No room left to write the database {path}",
        hint="Nothing was changed. Make room on its file system and try again.",
    )


def _failing(path: Path, error: str) -> AssignchatError:
    if limit := _limit(error):
        return limit
    if not _has_room(path):  # SQLite has no word of its own for some ways of being full
        return full(path, error)
    return _unreadable(
        f"The system could not read or write the database {path}: {error}",
        hint="Nothing was changed. Look at the disk, its free space and the system's log.",
    )


def _limit(error: str) -> AssignchatError | None:
    """Find the limit of the process, if any, that SQLite does not name."""
    from assignchat.system import limits  # only needed when something is wrong

    if not limits.may_open(_FILES):
        return limits.error(limits.FILES)
    return limits.error(limits.MEMORY) if "SHMMAP" in error else None


def _has_room(path: Path) -> bool:
    """Return whether a file may still grow there: by file system, quota and `ulimit -f`."""
    import resource  # only needed when something is wrong

    limited = resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY
    free = os.statvfs(path.parent)
    # Not every file system counts its files, and one that does not says that it has none.
    files = not free.f_files or free.f_favail > 0
    return not limited and files and free.f_bavail * free.f_frsize > _LITTLE_ROOM


_FILES = 4  # that SQLite may open: the database, its -wal and -shm, and a temporary one
_LITTLE_ROOM = 1024 * 1024  # bytes; a -wal file grows in steps


def spoilt(path: Path, error: str) -> DatabaseDamaged:
    """Return the error for tables or values that are not as they were made."""
    return DatabaseDamaged(
        f"The database {path} is damaged: {error}",
        hint="Keep a copy of the file, and restore the last backup. assignchat check tells more.",
    )


def damaged(path: Path, error: str) -> DatabaseDamaged:
    """Return the error for a file that is damaged, or has another's -wal file beside it."""
    found = spoilt(path, f"{error}{_cut_off(path)}")
    found.is_of_rows = False
    wal = Path(os.path.realpath(path) + "-wal")
    if wal.exists() and wal.stat().st_size:
        found.hint = (
            f"If {wal.name} is left of another database, as where a backup was restored, move it "
            f"away. Otherwise: {found.hint}"
        )
    return found


def _unreadable(message: str, hint: str) -> DatabaseDamaged:
    error = DatabaseDamaged(message, hint)
    error.is_of_rows = False
    return error


def in_the_way(path: Path, file: Path, what: str) -> AssignchatError:
    """Return the error for something beside a database that has the name of a file of its own."""
    return _unreadable(
        f"Beside the database {path} there is {file.name}, {what}",
        hint=f"Nothing was changed. Stop all that uses the database, and move {file.name} away; "
        "if an SQL tool was killed while it changed the database, open it with that tool first.",
    )


_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"


def _header(path: Path) -> bytes:
    """Return the header of a database file, empty if it cannot be read."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(_HEADER_BYTES)
    return b""


def _cut_off(path: Path) -> str:
    """Say by how much a file is shorter than its header says, if it is."""
    header = _header(path)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        return ""
    page_size = int.from_bytes(header[16:18], "big")  # 1 stands for 65536
    wanted = (65_536 if page_size == 1 else page_size) * int.from_bytes(header[28:32], "big")
    found = path.stat().st_size
    return f"; it is cut off: {found} bytes are left of {wanted}" if found < wanted else ""


def foreign(path: Path, _error: str = "") -> AssignchatError:
    """Return the error for a file that is not a database of assignchat, saying what it is."""
    header = _header(path)
    if header[_APPLICATION] == APPLICATION_ID.to_bytes(4, "big"):
        wal = os.path.basename(os.path.realpath(path)) + "-wal"
        return _unreadable(
            f"The database {path} is damaged: {wal} beside it is of another database",
            hint=f"Nothing was changed. Move {wal} away, and the file that ends in -shm.",
        )
    if not header:
        what = "it is empty"
    elif not header.startswith(_MAGIC):
        what = "it is not an SQLite file"
    elif any(header[_APPLICATION]):
        what = "it is the database of another application"
    else:
        what = "it is an SQLite file without assignchat's mark in its header"
    return DatabaseForeign(
        f"Not an assignchat database: {path}: {what}",
        hint="Check the path. A new database is made with: assignchat --db FILE init",
    )


_APPLICATION = slice(68, 72)
"""The bytes of a header that name the application."""


def _read_only(path: Path, _error: str = "") -> DatabaseReadOnly:
    return DatabaseReadOnly(
        f"The database {path} cannot be written",
        hint="Nothing was changed. The file, its folder and its file system must be writable.",
    )


def _cannot_open(path: Path, error: str) -> AssignchatError:
    if not path.exists():
        return missing(path)
    if not os.access(path, os.R_OK):
        return DatabaseReadOnly(
            f"The database {path} may not be read by this user",
            hint="Its permissions say who may; run as a user who is allowed to.",
        )
    if limit := _limit(error):
        return limit
    # SQLite could not make the -wal and -shm files beside it.
    return _read_only(path, error) if _has_room(path) else full(path, error)


def _locked(path: Path, _error: str) -> DatabaseLocked:
    return locked(path)


_MEANINGS: dict[str, Callable[[Path, str], AssignchatError]] = {
    "SQLITE_BUSY": _locked,
    "SQLITE_LOCKED": _locked,
    "SQLITE_PROTOCOL": _locked,  # so many came and went that it gave up
    "SQLITE_READONLY": _read_only,
    "SQLITE_CANTOPEN": _cannot_open,
    "SQLITE_FULL": full,
    "SQLITE_NOTADB": foreign,
    "SQLITE_IOERR": _failing,
    "SQLITE_CORRUPT": damaged,
}
"""What SQLite's errors mean, by how their names begin."""


def missing(path: Path) -> DatabaseMissing:
    """Return the error for a path without a database."""
    return DatabaseMissing(
        f"No database at {path}",
        hint="Check the path, or make one there with: " + command_line("--db", str(path), "init"),
    )
