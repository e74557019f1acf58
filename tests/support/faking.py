"""Another clock for a process, by libfaketime."""

import atexit
import os
from pathlib import Path

import pytest

from tests.support.needs import needs


def clock(time: str | Path) -> dict[str, str]:
    """The environment in which a process goes by another clock.

    It is so far off (`+1h`, `-10d`), stands at a time (`2026-10-25 01:30:00`, by the local
    time), begins at one (`@2026-10-25 01:30:00`), or is what a file says at each moment.
    """
    needs("faketime")
    libraries = sorted(Path("/usr/lib").glob("**/faketime/libfaketime.so.1"))
    if not libraries:
        pytest.fail("the library of faketime is not where it was looked for")
    said = {"FAKETIME": time} if isinstance(time, str) else {"FAKETIME_TIMESTAMP_FILE": str(time)}
    return {
        **said,
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # a jump of the clock is none of the time that passes
        "NO_FAKE_STAT": "1",
    }


def _clear_up() -> None:
    """Remove what libfaketime leaves of a process that ended without its leave."""
    for file in Path("/dev/shm").glob("*faketime_s*_*"):  # noqa: S108  # its place, not ours
        number = file.name.rpartition("_")[2]
        if not Path("/proc", number).exists() and file.stat().st_uid == os.getuid():
            file.unlink(missing_ok=True)


atexit.register(_clear_up)
