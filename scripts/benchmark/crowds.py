"""Processes beside each other on one file."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmark.measuring import ASSIGNCHAT, Row, Team, chat_ids, expect

ACCEPT_MANY = """
import subprocess, sys, time
for number in range(int(sys.argv[1]), int(sys.argv[2])):
    started = time.perf_counter()
    done = subprocess.run([sys.argv[3], "accept", str(number), "--as", "martha"],
                          stdout=subprocess.DEVNULL)
    print(done.returncode, time.perf_counter() - started)
"""


def crowd(folder: Path, each: int) -> Iterator[Row]:
    """Processes that accept on one file, one after the other, with others beside them."""
    for processes, accepts, goal in ((8, each, 10.0), (64, 20, 3.0)):
        team = Team(folder / f"crowd-{processes}")
        team.add_chats(processes * accepts)
        team.send_requests(chat_ids(processes * accepts))
        script = [sys.executable, "-c", ACCEPT_MANY]
        workers = [
            subprocess.Popen(
                [*script, str(1 + n * accepts), str(1 + (n + 1) * accepts), *ASSIGNCHAT],
                cwd=team.folder,
                stdout=subprocess.PIPE,
                text=True,
            )
            for n in range(processes)
        ]
        printed = [line.split() for one in workers for line in one.communicate()[0].splitlines()]
        times = [float(taken) for _, taken in printed]
        refused = sum(code != "0" for code, _ in printed)
        expect(
            team, "SELECT count(*) FROM requests WHERE status = 'accepted'", len(times) - refused
        )
        job = f"accept, {processes} processes x {accepts}"
        slowest = max(times) / statistics.median(times)
        yield Row(f"{job}, slowest", "their median", slowest, goal)
        yield Row(f"{job}, refused", "all of them", refused / len(times), 0.0)


BUSY_TIMEOUT = 30


def beside(folder: Path, size: int) -> Iterator[Row]:
    """Accepting while a bulk assignment holds the lock: the wait, and what accept adds to it."""
    team = Team(folder / "beside")
    team.add_chats(size)
    team.add_chats(1, "martha", size)
    team.run("config", "set", "busy_timeout", f"{BUSY_TIMEOUT}s")
    team.send_requests(chat_ids(1, size), sender="martha", to="omar")
    move = ("bulk-assign", "--from", "mark", "--to", "jane", "--as", "maria", "--yes")
    started = time.perf_counter()
    bulk = subprocess.Popen([*ASSIGNCHAT, *move], cwd=team.folder, stdout=subprocess.DEVNULL)
    queue = team.folder / "assignchat.db-queue"
    while b"bulk-assign" not in queue.read_bytes():
        time.sleep(0.001)
    waited, _ = team.run("accept", "1", "--as", "omar")
    bulk.wait()
    held = time.perf_counter() - started
    yield Row(f"accept beside a bulk-assign of {size:,}", "that bulk-assign", waited / held, 1.1)
