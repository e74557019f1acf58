"""What the tests and their processes start from: the same, whoever starts them and from where."""

import os
import signal
import time
from types import FrameType

KEPT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "CI", "ALL_FAULTS")
KEPT_THAT_BEGIN = ("PYTEST_", "ASSIGNCHAT_FUZZ")
SETTINGS = {
    "LC_ALL": "C.UTF-8",
    "PAGER": "cat",
    "TERM": "xterm-256color",
    "TZ": "UTC",
    "XDG_CONFIG_HOME": "/nonexistent",
}


def make_usual() -> None:
    """Let environment, time zone, umask and signals be as this page says, and not as inherited."""
    for name in set(os.environ):
        if name not in KEPT and not name.startswith(KEPT_THAT_BEGIN):
            del os.environ[name]
    os.environ.update(SETTINGS)
    time.tzset()
    os.umask(0o022)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - {signal.SIGPIPE, signal.SIGXFSZ}:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, _pass_by)


def _pass_by(_number: int, _frame: FrameType | None) -> None:
    """Ignore a signal as we were told to, by nohup say, but let no process inherit that.

    Python ignores SIGPIPE and SIGXFSZ by itself, and gives them back to what it starts.
    """
