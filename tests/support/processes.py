"""Processes: a command, or another program, run to its end or begun. None outlives its test."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, Any, NamedTuple

ROOT = Path(__file__).parents[2]
"""The checkout."""

PATIENCE = 60
"""Seconds after which no process is waited for any longer."""

Process = subprocess.Popen[str]
Stream = int | IO[Any] | None

_started: list[Process] = []


class Result(NamedTuple):
    """How a command ended."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The code of the error that `--json` puts on standard error."""
        return str(json.loads(self.err)["error"]["code"])


def program(*words: str) -> list[str]:
    """How a command is run as a process of its own."""
    return [sys.executable, "-m", "assignchat", *words]


def start(
    folder: Path,
    *argv: str | bytes | Path,
    env: Mapping[str, str] | None = None,
    alone: bool = False,
    umask: int = -1,
    stdin: Stream = subprocess.DEVNULL,
    stdout: Stream = subprocess.PIPE,
    stderr: Stream = subprocess.PIPE,
    pass_fds: tuple[int, ...] = (),
) -> Process:
    """Begin a process in a folder, in a session of its own, and so out of reach of Ctrl-C.

    `env` is added to the environment, or if `alone` it is all there is.
    """
    process = subprocess.Popen(
        argv,
        cwd=folder,
        env={**({} if alone else os.environ), **(env or {})},
        umask=umask,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=pass_fds,
        text=True,
        start_new_session=True,
    )
    _started.append(process)
    return process


def serve(folder: Path, *argv: str | Path, log: IO[Any]) -> Process:
    """Begin a process that goes on beyond a test. Whoever begins it ends it."""
    return subprocess.Popen(
        argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True
    )


def result(process: Process, stdin: str | None = None) -> Result:
    """Wait for the end of a process. Returns how it ended."""
    out, err = process.communicate(stdin, timeout=PATIENCE)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 0)
        return Result(process.returncode, out, err)  # something that it began goes on
    _started.remove(process)  # its number may be another's soon
    return Result(process.returncode, out, err)


def run(
    folder: Path,
    *argv: str | bytes | Path,
    stdin: str | IO[Any] = "",
    env: Mapping[str, str] | None = None,
    alone: bool = False,
    umask: int = -1,
) -> Result:
    """Run a process, begun as by `start`, to its end; its input is empty unless told."""
    text, file = (stdin, subprocess.PIPE) if isinstance(stdin, str) else (None, stdin)
    return result(start(folder, *argv, env=env, alone=alone, umask=umask, stdin=file), text)


def end_all() -> None:
    """Kill every process that was begun and has not been seen to end, with all that it began."""
    while _started:
        process = _started.pop()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
        for file in (process.stdin, process.stdout, process.stderr):
            if file is not None:
                with suppress(BrokenPipeError):
                    file.close()


@contextmanager
def pipe() -> Iterator[tuple[FileIO, FileIO]]:
    """A pipe: where it is read and where it is written."""
    read_end, write_end = os.pipe()
    with FileIO(read_end, "r") as reader, FileIO(write_end, "w") as writer:
        yield reader, writer


@contextmanager
def full_pipe() -> Iterator[FileIO]:
    """Where a pipe is written that nobody reads and that takes no more."""
    with pipe() as (_nobody, full):
        os.set_blocking(full.fileno(), False)
        while full.write(b"x" * 4096):
            pass
        os.set_blocking(full.fileno(), True)
        yield full


def read(file: FileIO, most: int = 65_536) -> bytes:
    """What comes next from a pipe or a terminal, but not after long; nothing at its end."""
    ready, _, _ = select.select([file], [], [], PATIENCE)
    assert ready, "nothing comes"
    return file.read(most)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process or thread will do."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.005)
