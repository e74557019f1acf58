"""A terminal of its own for a program, on which somebody types and sees what is shown."""

import os
import pty
import re
import select
import signal
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from tests.support.processes import PATIENCE, Process, Result, Stream, program, start
from tests.support.team import Team

CTRL_C, CTRL_D, CTRL_Z, ENTER, TAB = "\x03", "\x04", "\x1a", "\r", "\t"
CTRL_Q, CTRL_S = "\x11", "\x13"
COLUMNS, LINES = 100, 24
STYLE = re.compile(r"\x1b\[([\d;]*)m")
"""How a terminal is told of colours."""

# Becomes the program, on a terminal that is the program's own, so that Ctrl-C reaches it; and
# without the signals that Python ignores.
_ON_ITS_TERMINAL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(2, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""

# Shells with one job, which tell of it when it stops or ends, and with Enter let it go on.
_GO_ON = 'while read -r _; do fg >/dev/null; echo "[$?]"; done'
FOREGROUND = f'set -m; "$@"; echo "[$?]"; {_GO_ON}'
BACKGROUND = f'set -m; "$@" & echo "job $!"; {_GO_ON}'
STOPPED = f"[{128 + signal.SIGTSTP}]"
"""What such a shell tells of a job that Ctrl-Z has stopped."""


class Terminal:
    """A terminal with a program on it. `screen` is all that has been shown."""

    def __init__(self, device: FileIO) -> None:
        self._modes_at_first = list(termios.tcgetattr(device))
        self.process: Process
        self.screen = ""
        self._device = device
        self._bytes = b""

    def type(self, keys: str) -> None:
        """Press keys."""
        self._device.write(keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        termios.tcsetwinsize(self._device, (lines, columns))

    def is_as_it_was(self) -> bool:
        """Whether the program has left the terminal as it found it, such as with an echo."""
        return termios.tcgetattr(self._device) == self._modes_at_first

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is true of what is shown."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"it does not come: {self.screen!r}"
            assert self._see(0.1), f"it has ended before: {self.screen!r}"

    def ends(self) -> int:
        """Wait for the end of the program. Returns its exit code."""
        end = time.monotonic() + PATIENCE
        while self._see(0.1):
            assert time.monotonic() < end, f"it does not end: {self.screen!r}"
        return self.process.wait(PATIENCE)

    def goes_on(self) -> int:
        """Let a job go on that has stopped, to its end. Returns its exit code."""
        told = len(self._told())
        self.type(ENTER)
        self.until(lambda: len(self._told()) > told)
        return int(self._told()[-1])

    def _told(self) -> list[str]:
        """What a shell has told of its job so far."""
        return re.findall(r"^\[(\d+)\]\r$", self.screen, re.MULTILINE)

    def _see(self, seconds: float) -> bool:
        """Take what is shown within this time. Returns whether the program has not ended."""
        if not select.select([self._device], [], [], seconds)[0]:
            return True
        try:
            more = os.read(self._device.fileno(), 65_536)
        except OSError:  # how Linux says that nobody is at the other end any more
            return False
        self._bytes += more
        self.screen = self._bytes.decode(errors="ignore")
        return bool(more)


def as_a_job(*argv: str, shell: str = FOREGROUND) -> list[str]:
    """How a shell with jobs is told to start one; without a shell, Ctrl-Z stops nothing."""
    return ["bash", "--norc", "-c", shell, "bash", *argv]


@contextmanager
def on_terminal(
    folder: Path,
    *argv: str,
    columns: int = COLUMNS,
    env: Mapping[str, str] | None = None,
    alone: bool = False,
    stdout: Stream = None,
) -> Iterator[Terminal]:
    """A program on a terminal; its standard output may go elsewhere."""
    here, there = pty.openpty()
    with FileIO(here, "r+") as device, FileIO(there, "r+") as its_end:
        termios.tcsetwinsize(here, (LINES, columns))
        terminal = Terminal(device)
        terminal.process = start(
            folder,
            sys.executable,
            "-ISc",
            _ON_ITS_TERMINAL,
            *argv,
            env=env,
            alone=alone,
            stdin=its_end,
            stdout=its_end if stdout is None else stdout,
            stderr=its_end,
        )
        its_end.close()
        yield terminal


def at_terminal(
    team: Team,
    *words: str,
    answers: Sequence[tuple[str, str]] = (),
    columns: int = COLUMNS,
    env: Mapping[str, str] | None = None,
    stdout: Stream = None,
    through: Sequence[str] = (),
) -> Result:
    """Run a command on a terminal to its end: each prompt is waited for, then answered.

    `out` is the whole screen, unless standard output goes elsewhere. The command may be
    started through another program.
    """
    argv = (*through, *program(*words))
    with on_terminal(team.folder, *argv, columns=columns, env=env, stdout=stdout) as terminal:
        position = 0
        for prompt, answer in answers:
            terminal.until(lambda: terminal.screen.find(prompt, position) >= 0)  # noqa: B023
            position = terminal.screen.find(prompt, position) + len(prompt)
            terminal.type(answer)
        exit_code = terminal.ends()
    return Result(exit_code, terminal.screen.replace("\r\n", "\n"), "")
