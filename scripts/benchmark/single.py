"""One change as a whole process, and many in one."""

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmark.floors import BARE, MANY, TYPER
from benchmark.measuring import ASSIGNCHAT, Job, Team, chat_ids, expect, seconds

COMPLETE = (
    "_ASSIGNCHAT_COMPLETE=complete_bash",
    "COMP_WORDS=assignchat accept --as martha ",
    "COMP_CWORD=4",
)
BARE_PROGRAM = [sys.executable, "bare.py"]
SMALL = [sys.executable, "small.py"]


def single(folder: Path, runs: int) -> Iterator[Job]:
    """One change, help and completion."""
    team = Team(folder / "single")
    team.add_chats(12 * runs)
    team.send_requests(chat_ids(8 * runs))
    (team.folder / "bare.py").write_text(BARE)
    (team.folder / "small.py").write_text(TYPER)
    # Each run answers a request, or asks for a chat, of its own.
    requests = map(str, range(1, 8 * runs + 1))
    chats = iter(chat_ids(4 * runs, 8 * runs))
    for action, words in (
        ("accept", ["--as", "martha"]),
        ("assign", ["--to", "martha", "--as", "mark"]),
        ("reject", ["--reason", "In a meeting", "--as", "martha"]),
    ):
        about = chats if action == "assign" else requests
        ours = partial(_change, team, ASSIGNCHAT, action, about, words)
        bare = partial(_change, team, BARE_PROGRAM, action, about)
        small = partial(_change, team, SMALL, action, about)
        yield Job(action, "bare Python, same SQL", ours, bare, 3.75, runs)
        yield Job(action, "smallest Typer program", ours, small, 1.05, runs)
    help_of_small = partial(seconds, [*SMALL, "--help"], team.folder)
    for name, command in (
        ("--help", [*ASSIGNCHAT, "--help"]),
        ("--version", [*ASSIGNCHAT, "--version"]),
        ("completion of a request", ["env", *COMPLETE, *ASSIGNCHAT]),
    ):
        run = partial(seconds, command, team.folder)
        yield Job(name, "that program's --help", run, help_of_small, 1.1, runs)


def _change(
    team: Team, program: list[str], action: str, about: Iterator[str], words: Sequence[str] = ()
) -> tuple[float, float]:
    return seconds([*program, action, next(about), *words], team.folder)


def script(folder: Path, size: int, runs: int) -> Iterator[Job]:
    """Many changes in one process. The figure is the time; its inverse is the rate."""
    team = Team(folder / "script")
    team.add_chats(size)
    team.send_requests(chat_ids(size))
    (team.folder / "many.py").write_text(MANY)
    lines = [f"accept {number} --as martha\n" for number in range(1, size + 1)]
    (team.folder / "lines.txt").write_text("".join(lines))
    kept = team.copy()
    for option, rate in (("--keep-going", 0.8), ("--atomic", 0.6)):

        def floor(option: str = option) -> tuple[float, float]:
            kept.restore()
            return seconds([sys.executable, "many.py", str(size), option], team.folder)

        job = f"run{' --atomic' if option == '--atomic' else ''}, {size:,} accepts"
        ours = kept.ours("run", "lines.txt", option)
        yield Job(job, "bare sqlite3 in one process", ours, floor, 1 / rate, runs)
        ours()
        expect(team, "SELECT count(*) FROM requests WHERE status = 'accepted'", size)
