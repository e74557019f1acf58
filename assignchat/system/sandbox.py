"""Running code of others with limits on its time, its memory and its output."""

import contextlib
import os
import resource
import select
import signal
from collections.abc import Callable

from assignchat.system import limits

_MOST_BYTES = 512 * 1024 * 1024


def succeeds_in_time(work: Callable[[], bool], seconds: float) -> bool:
    """Run `work` in a process of its own. Returns whether it returned true within so many seconds.

    The timeouts of a library are for single steps: a peer that sends a byte now and then never
    exceeds one, and an exception does not interrupt a silent name server. So the process is
    ended. Its memory is limited, and its output is dropped.
    """
    here, there = os.pipe()
    try:
        child = os.fork()
    except BlockingIOError:
        raise limits.error(limits.PROCESSES) from None
    if child == 0:
        _work(work, there)
    os.close(there)
    try:
        ready, _, _ = select.select([here], [], [], max(seconds, 0))
        return bool(ready) and os.read(here, 1) == b"1"
    finally:
        os.close(here)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _work(work: Callable[[], bool], report: int) -> None:
    """Do the work in the child and end it, without closing the files of its parent."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to answer
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _set_limits()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        with contextlib.suppress(Exception):
            os.write(report, b"1" if work() else b"0")
    finally:
        os._exit(0)


def _set_limits() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # there are secrets in its memory
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most in (resource.RLIM_INFINITY, -1) or most > _MOST_BYTES:
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))
