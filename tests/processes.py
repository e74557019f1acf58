"""Processes: a command, or another program, run to its end or begun."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE = 60


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


def run(
    folder: Path,
    *argv: str | bytes | Path,
    stdin: str | None = None,
    env: dict[str, str] | None = None,
    alone: bool = False,
    umask: int = -1,
) -> Result:
    """Run a process in a folder to its end; its input is empty unless told.

    `env` is added to the environment, or if `alone` it is all there is.
    """
    done = subprocess.run(
        argv,
        cwd=folder,
        env={**({} if alone else os.environ), **(env or {})},
        input=stdin or "",
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def start(folder: Path, *argv: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Begin a process in a folder."""
    return subprocess.Popen(
        argv,
        cwd=folder,
        env=os.environ | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result(process: subprocess.Popen[str]) -> Result:
    """How a process ends."""
    out, err = process.communicate(timeout=PATIENCE)
    return Result(process.returncode, out, err)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process or thread will do."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.005)
