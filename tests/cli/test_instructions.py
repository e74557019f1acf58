"""What a command does besides its work, in instructions: they repeat, times do not."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from benchmark.floors import TYPER

from tests.support.needs import needs
from tests.support.processes import ROOT, run
from tests.support.team import Team

COUNTING = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
COMPILED = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": "compiled"}  # as pip does it
OURS = (sys.executable, "-c", "from assignchat.__main__ import run; run()")
SMALL = (sys.executable, "small.py")


class Job(NamedTuple):
    """A command, with how many times the instructions of a small program it may take."""

    ours: tuple[str, ...]
    small: tuple[str, ...]
    bound: float
    env: Mapping[str, str] = {}


# Some 2 % more than they took when this was written.
JOBS = {
    "accept": Job(("accept", "REQUEST", "--as", "martha"), ("accept", "REQUEST"), 1.13),
    "--help": Job(("--help",), ("--help",), 1.0),
    "a completion": Job(
        (),
        ("--help",),
        1.15,
        {
            "_ASSIGNCHAT_COMPLETE": "complete_bash",
            "COMP_WORDS": "assignchat accept --as martha ",
            "COMP_CWORD": "4",
        },
    ),
}


def instructions(folder: Path, argv: tuple[str, ...], env: Mapping[str, str]) -> int:
    """How many a process takes."""
    env = {**COMPILED, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", **env}
    # Once to have the modules compiled; a request is accepted but once.
    for before, request in (((), "1"), (COUNTING, "2")):
        words = [request if word == "REQUEST" else word for word in argv]
        done = run(folder, *before, *words, env=env)
        assert done.exit_code == 0, done.err
    counted = re.search(r"I\s+refs:\s+([\d,]+)", done.err)
    assert counted, done.err
    return int(counted[1].replace(",", ""))


@pytest.mark.parametrize("name", JOBS)
def test_a_command_takes_little_more_than_the_smallest_program_of_its_kind(
    team: Team, name: str
) -> None:
    needs("valgrind")
    job = JOBS[name]
    Path("small.py").write_text(TYPER)
    team.ok("assign", "chat-1", "chat-2", "--to", "martha", "--timeout", "off", "--as", "mark")
    before = team.database.read_bytes()
    small = instructions(team.folder, (*SMALL, *job.small), {})
    team.database.write_bytes(before)
    ours = instructions(team.folder, (*OURS, *job.ours), job.env)
    assert ours / small <= job.bound, f"{ours:,} instructions; the smallest program {small:,}"
