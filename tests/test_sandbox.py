"""Others' code is kept from holding up, filling up or giving away anything."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from assignchat.system.sandbox import succeeds_in_time
from tests.support.processes import run


def end_badly() -> bool:
    raise SystemExit(3)


def die() -> bool:
    os.kill(os.getpid(), signal.SIGKILL)
    return True


def sleep() -> bool:
    time.sleep(60)
    return True


def test_a_sandbox_tells_what_the_work_came_to() -> None:
    assert succeeds_in_time(lambda: True, 10)
    assert not succeeds_in_time(lambda: False, 10)
    assert not succeeds_in_time(lambda: bool(1 // 0), 10)
    assert not succeeds_in_time(end_badly, 10)
    assert not succeeds_in_time(die, 10)


@pytest.mark.parametrize("seconds", [0.2, 0, -1])
def test_sandboxed_work_takes_no_longer_than_it_may(seconds: float) -> None:
    before = time.monotonic()
    assert not succeeds_in_time(sleep, seconds)
    assert time.monotonic() - before < 5


def test_sandboxed_work_has_limited_memory() -> None:
    code = (
        "from assignchat.system.sandbox import succeeds_in_time;"
        "print([succeeds_in_time(lambda: bool(bytearray(n)), 10)"
        " for n in (50_000_000, 2_000_000_000)])"
    )
    # What a process has counts too, and that of the tests may have much.
    assert run(Path.cwd(), sys.executable, "-c", code) == (0, "[True, False]\n", "")


def test_sandboxed_work_leaves_no_process_behind() -> None:
    code = (
        "import os, time; from assignchat.system.sandbox import succeeds_in_time as succeeds;"
        "done = succeeds(lambda: True, 10), succeeds(lambda: time.sleep(60) is None, 0.1);"
        "print(*done, flush=True);"
        "os.waitpid(-1, os.WNOHANG)"
    )
    ended = run(Path.cwd(), sys.executable, "-c", code)
    assert ended.out == "True False\n"
    assert "ChildProcessError" in ended.err


def test_what_sandboxed_work_prints_goes_nowhere() -> None:
    code = (
        "import os, sys; from assignchat.system.sandbox import succeeds_in_time;"
        "speak = lambda: not any((os.write(1, b's3cret'), os.write(2, b's3cret')) * 0);"
        "print('before', end=' '); print(succeeds_in_time(speak, 10))"
    )
    assert run(Path.cwd(), sys.executable, "-c", code) == (0, "before True\n", "")
