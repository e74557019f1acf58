"""Making and replacing files safely, and finding who else may write them."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

_MOST_LINKS = 40  # as many as Linux follows


def replace_file(path: Path, content: Iterable[bytes]) -> None:
    """Replace a file whole, as `replacement` does, and sync it. Raises `OSError`."""
    with replacement(path, content) as replace:
        replace()
    sync_folder(path.resolve().parent)


@contextmanager
def replacement(path: Path, content: Iterable[bytes]) -> Iterator[Callable[[], None]]:
    """Write a file beside the one that it is to replace. Yields the function that replaces it.

    Steps that fail for want of space or rights are done by then: the function only renames. A
    crash leaves the old file or the new one. A symbolic link to the file and its permissions are
    kept. Only its owner can read a new file. Raises `OSError`.
    """
    path = path.resolve()
    building = unfinished(path)
    try:
        building.unlink(missing_ok=True)
        descriptor = create_own(building)
        with os.fdopen(descriptor, "wb") as file:
            _make_as_readable(descriptor, path)
            file.writelines(content)
            file.flush()
            os.fsync(descriptor)
        yield partial(os.replace, building, path)
    finally:
        with suppress(OSError):
            building.unlink(missing_ok=True)


def unfinished(path: Path) -> Path:
    """Return the name, beside `path`, under which this process builds a file for it."""
    return path.with_name(f"{_unfinished_start(path)}{os.getpid()}.new")


def is_unfinished(name: str, path: Path) -> bool:
    """Return whether `name` is one under which some process builds a file for `path`."""
    return name.startswith(_unfinished_start(path)) and name.endswith(".new")


def _unfinished_start(path: Path) -> str:
    return f".{path.name.removeprefix('.')}."


def _make_as_readable(descriptor: int, like: Path) -> None:
    if like.exists():
        seen = like.stat()
        os.fchmod(descriptor, stat.S_IMODE(seen.st_mode))
        if (seen.st_uid, seen.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(descriptor, seen.st_uid, seen.st_gid)


def sync_folder(folder: Path) -> None:
    """Make sure that a new or replaced name in `folder` survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_own(path: Path) -> int:
    """Make a file that only its owner may read and write, whatever the umask.

    Returns its descriptor. Raises `FileExistsError` if there is a file already.
    """
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    os.fchmod(descriptor, 0o600)  # a umask may have taken the owner's own rights away
    return descriptor


def make_own_folder(path: Path) -> None:
    """Make a folder, and missing ones above it, that only their owner may use."""
    if path.is_dir():
        return
    make_own_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)


def links_from(path: Path) -> Iterator[Path]:
    """Yield the path, and then each path that it links to."""
    yield path
    for _ in range(_MOST_LINKS):
        if not path.is_symlink():
            return
        path = path.parent / path.readlink()
        yield path


def is_open_to_all(path: Path) -> bool:
    """Return whether everyone may write this file, or make files in this folder."""
    return bool(path.stat().st_mode & stat.S_IWOTH)


def is_sticky(folder: Path) -> bool:
    """Return whether only the owner of a file there may remove or replace it, as in /tmp."""
    return bool(folder.stat().st_mode & stat.S_ISVTX)


def folders_open_to_all(path: Path) -> list[Path]:
    """Find the folders of a file, and of its links, in which everyone may make files.

    Strangers may put files beside it, such as a database's -wal, and unless the folder is sticky
    another file in its place.
    """
    folders = dict.fromkeys(name.absolute().parent for name in links_from(path))
    return [folder for folder in folders if is_open_to_all(folder)]
