"""Small disks of a test's own, that can be full, or read only."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import processes

KIB = 1024


@contextmanager
def mounted(place: Path, options: str) -> Iterator[None]:
    """Have a disk in memory at a place; skips a test that may not."""
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if os.geteuid() != 0 or processes.run(place, *mount).exit_code != 0:
        pytest.skip("only root may mount a disk")
    try:
        yield
    finally:
        processes.end_all()  # or it would be in use
        unmounted = processes.run(place.parent, "umount", str(place))
        assert unmounted.exit_code == 0, unmounted.err


def fill(disk: Path, *, room: int) -> Path:
    """A file that leaves so many KiB of room."""
    filler = disk / "filler"
    free = os.statvfs(disk)
    with filler.open("wb") as file:
        file.write(b"x" * (free.f_bavail * free.f_frsize - room * KIB))
    return filler


def remount(disk: Path, mode: str) -> None:
    """Let a disk be `ro` or `rw`."""
    done = processes.run(disk.parent, "mount", "-o", f"remount,{mode}", str(disk))
    assert done.exit_code == 0, done.err
