"""Ratios measured side by side: assignchat against the least that could do the same.

Absolute times say little on a shared machine, so each row is a ratio of medians of runs
taken in turn. `--quick` leaves the sizes above 100,000 out; `--only` and `--job` choose rows.
"""

import argparse
import resource
import shutil
import sys
import tempfile
from pathlib import Path

from benchmark.bulk import bulk, guids
from benchmark.crowds import beside, crowd
from benchmark.growth import growth
from benchmark.measuring import Group, Job, Row
from benchmark.peers import peers
from benchmark.single import script, single
from benchmark.sizes import every_command
from benchmark.streams import everything, numbers, streams
from benchmark.sweeps import at_once, notify, sweep


def groups(*, quick: bool) -> dict[str, Group]:
    """Return the groups of jobs by name."""
    sizes = [10_000, 100_000] if quick else [10_000, 100_000, 1_000_000]
    largest = sizes[-1]
    return {
        "single": lambda folder: single(folder, 15 if quick else 25),
        "script": lambda folder: script(folder, 1_000, 5 if quick else 9),
        "bulk": lambda folder: bulk(folder, sizes),
        "guids": lambda folder: guids(folder, 100_000 if quick else 300_000),
        "sweep": lambda folder: sweep(folder, sizes[1:]),
        "at-once": lambda folder: at_once(folder, 100_000),
        "notify": lambda folder: notify(folder, 100_000, 3),
        "everything": lambda folder: everything(folder, largest),
        "growth": lambda folder: growth(folder, 200_000 if quick else 5_000_000, 9),
        "streams": lambda folder: streams(folder, largest),
        "numbers": lambda folder: numbers(folder, largest),
        "beside": lambda folder: beside(folder, largest),
        "crowd": lambda folder: crowd(folder, 25 if quick else 200),
        "sizes": lambda folder: every_command(folder, largest // 5, largest),
        "peers": lambda folder: peers(folder, 5),
    }


def show(row: Row) -> None:
    """Print one line of the table."""
    bounds = ((row.figure, row.goal), (row.peak_mib or 0, row.most_mib))
    held = [figure <= most for figure, most in bounds if most is not None]
    verdict = "" if not held else "held" if all(held) else "SHORT"
    goal = "" if row.goal is None else f"<= {row.goal:.2f}"
    peak = "" if row.peak_mib is None else f"{row.peak_mib:.0f} MiB"
    print(
        f"{row.job:<46} {row.against:<28} {row.figure:>7.3f}  {goal:<8} {verdict:<6} {peak:>8}",
        flush=True,
    )


def main() -> None:
    """Run what is asked for and print the table as it comes."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="nothing above 100,000")
    parser.add_argument("--only", default="", help="only groups whose name contains this")
    parser.add_argument("--job", default="", help="only rows whose job contains this")
    parser.add_argument("--postgres", action="store_true", help="the jobs on a server instead")
    options = parser.parse_args()
    if not shutil.which("sqlite3"):
        sys.exit("bench: the sqlite3 shell is needed for comparison (Debian package sqlite3)")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if options.postgres:
        from benchmark import postgres  # whose driver only developers have

        chosen = postgres.groups(quick=options.quick)
    else:
        chosen = groups(quick=options.quick)
    for name, group in chosen.items():
        if options.only in name:
            with tempfile.TemporaryDirectory() as folder:
                for job in group(Path(folder)):
                    if options.job in job.job:
                        show(job.measure() if isinstance(job, Job) else job)


if __name__ == "__main__":
    main()
