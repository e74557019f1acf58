"""One command as a real process, in which one call of the kernel goes wrong.

strace does it. Only calls count that concern the files of the team, so that the N-th call is
the same one in every run, whatever the interpreter reads while it starts.
"""

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.processes import ROOT, Process, Result, pipe, read, result, start, wait_until
from tests.support.stopping import Point, calls

# By their names on every machine; strace leaves out those that this one lacks.
CALLS = ["openat", "write", "writev", "pwrite64", "pwritev", "fsync", "fdatasync", "ftruncate"]
CALLS += ["fallocate", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat"]
# $$ becomes the number of the command's own process, which is in the names of unfinished files.
FILES = [
    "",  # the folder itself
    *(f"assignchat.db{end}" for end in ("", "-wal", "-shm", "-journal", "-queue")),
    *(f".assignchat.db.$$.new{end}" for end in ("", "-wal", "-shm", "-journal", "-queue")),
    *(f"copy.db{end}" for end in ("", "-wal", "-shm", "-journal")),
    *(f".copy.db.$$.new{end}" for end in ("", "-wal", "-shm", "-journal", "-old")),
    "config.toml",
    ".config.toml.$$.new",
]


class Fault(NamedTuple):
    """What goes wrong, and when."""

    effect: str
    """As strace says it: `signal=SIGKILL`, `error=EIO`."""
    point: Point
    for_ever: bool = False
    then: signal.Signals = signal.SIGCONT
    """What a process gets that stands still because of the fault."""

    def __str__(self) -> str:
        """Such as `EIO at pwrite64 7, for ever`."""
        end = ", for ever" if self.for_ever else ""
        return f"{self.what}{self._then} at {self.point.call} {self.point.number}{end}"

    @property
    def _then(self) -> str:
        return "" if self.then == signal.SIGCONT else f", then {self.then.name}"

    @property
    def what(self) -> str:
        """The signal's or the error's name."""
        return self.effect.partition("=")[2]

    @property
    def kills(self) -> bool:
        """Whether the process ends at once, as when its terminal is closed."""
        return self.what in ("SIGKILL", "SIGHUP")

    @property
    def stops(self) -> bool:
        """Whether the process stands still, until it goes on or is killed."""
        return self.what in ("SIGTSTP", "SIGSTOP")

    @property
    def options(self) -> list[str]:
        """The fault as options of strace."""
        when = f"{self.point.number}{'+' if self.for_ever else ''}"
        inject = f"--inject={self.point.call}:{self.effect}:when={when}"
        # The faster way of tracing; signals are lost on it.
        return [inject] if self.effect.startswith("signal=") else ["--seccomp-bpf", inject]


class Traced(NamedTuple):
    """How a command ended under strace, and what strace wrote."""

    result: Result
    log: list[str]

    @property
    def struck(self) -> bool:
        """Whether the fault came to pass."""
        return any("(INJECTED)" in line or "--- SIG" in line for line in self.log) or any(
            "killed by SIG" in line for line in self.log
        )

    def points(self) -> list[Point]:
        """Every call that concerns the team's files, in order, each about one of them."""
        found = (point for point in calls(self.log) if point.call in CALLS)
        return [point._replace(about=_file(point.about)) for point in found]


def _file(arguments: str) -> str:
    """The name of the file that a call concerns: by its descriptor, or the last of its paths."""
    descriptor = re.match(r"\d+<([^>]+)>", arguments)
    paths = [descriptor[1]] if descriptor else re.findall(r'"([^"]*)"', arguments)
    return Path(paths[-1]).name


def run(folder: Path, words: Sequence[str], *options: str, everything: bool = False) -> Traced:
    """Run a command in a team's folder under strace with these further options.

    The log has the calls that concern the team's files, or all of them.
    """
    with _started(folder, _argv(folder, words, options, everything=everything)) as process:
        done = result(process)
    return Traced(done, _log(folder))


def run_standing_still(
    folder: Path, words: Sequence[str], fault: Fault, meanwhile: Callable[[], None]
) -> Traced:
    """Run a command that comes to stand still by a fault, `meanwhile` something else, and end it.

    It is a job of another process, because Ctrl-Z stops nobody whom no shell could wake.
    """
    argv = [sys.executable, "-ISc", _AS_A_JOB, *_argv(folder, words, fault.options)]
    with _started(folder, argv) as process, ThreadPoolExecutor(1) as reader:
        done = reader.submit(result, process)  # what waits for its reader goes on to the fault
        wait_until(lambda: done.done() or _standing(folder, fault) is not None)
        standing = _standing(folder, fault)
        if standing is not None:
            meanwhile()
            os.kill(standing, fault.then)
        return Traced(done.result(), _log(folder))


_AS_A_JOB = """
import os, sys
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.execvp(sys.argv[1], sys.argv[1:])
os._exit(os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]) % 256)
"""


def _standing(folder: Path, fault: Fault) -> int | None:
    """The number of the process that has come to stand still, if any."""
    stood = re.search(
        rf"^(\d+) +--- stopped by {fault.what}", "\n".join(_log(folder)), re.MULTILINE
    )
    return int(stood[1]) if stood else None


def _log(folder: Path) -> list[str]:
    log = folder.parent / "strace.log"
    return log.read_text(errors="replace").splitlines() if log.exists() else []


def _argv(
    folder: Path, words: Sequence[str], options: Sequence[str], *, everything: bool = False
) -> list[str]:
    names = [] if everything else FILES
    paths = [path for name in names for path in (name, f"{folder}/{name}")]
    # With -D it is strace that is the child, so that the command has the shell's number.
    strace = [
        "exec strace -D -f -y --quiet=path-resolution,attach -o ../strace.log",
        f"-e trace={','.join(f'?{call}' for call in CALLS)}",
        *options,
        *(f'-P "{path}"' for path in paths),
        '-- "$@"',
    ]
    # -P as the installed command has it: the working directory is no place to import from.
    command = [sys.executable, "-P", "-m", "assignchat", *words]
    return ["sh", "-c", " ".join(strace), "sh", *command]


@contextmanager
def _started(folder: Path, argv: Sequence[str]) -> Iterator[Process]:
    """Begin a command; in the end, wait until strace too has ended."""
    env = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    with pipe() as (end, held):
        process = start(folder, *argv, env=env, pass_fds=(held.fileno(),))
        held.close()
        yield process
        read(end)
