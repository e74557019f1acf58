"""Whether somebody has written to a database, seen from outside, without opening it."""

import os
from pathlib import Path
from typing import NamedTuple


class FileState(NamedTuple):
    """What shows whether somebody has written to a database."""

    modified_ns: int
    size: int
    being_written: bool


def file_state(path: Path) -> FileState:
    """The state of a database file that is there."""
    found = path.stat()
    wal = f"{os.path.realpath(path)}-wal"  # SQLite follows links before it names it
    return FileState(found.st_mtime_ns, found.st_size, os.path.exists(wal))  # noqa: PTH110
