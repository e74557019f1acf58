"""What the store, the config and pictures need to know of files and folders."""

import os
import stat
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
    wal = path.with_name(f"{path.name}-wal")
    return FileState(found.st_mtime_ns, found.st_size, os.path.exists(wal))  # noqa: PTH110


def replace_file(path: Path, text: str, *, keep_as: Path | None = None) -> None:
    """Replace a file whole: after a crash there is the old one or the new one.

    Its permissions and a symbolic link to it are kept; a new file is its owner's alone.
    With `keep_as`, the old file stays under that name. Raises `OSError`.
    """
    path = path.resolve()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        old = path.stat() if path.exists() else None
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            if old is not None:
                os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
                if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(descriptor, old.st_uid, old.st_gid)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        if keep_as is not None:
            keep_as.resolve().unlink(missing_ok=True)
            os.link(path, keep_as.resolve())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Return once a new or replaced name in `folder` survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
