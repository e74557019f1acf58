"""Jobs, their ratios, and databases of a chosen size."""

import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

ASSIGNCHAT = [str(Path(sys.executable).with_name("assignchat"))]


NOW = "2026-11-22T14:05:10.000Z"
"""The time of rows that are put in by SQL, with deadlines before and behind it."""
PAST = "2026-11-22T14:03:10.000Z"
FUTURE = "2999-01-01T00:00:00.000Z"
MILLION = 1_000_000

Run = Callable[[], tuple[float, float]]
"""Does something once. Returns wall seconds and peak MiB."""


class Row(NamedTuple):
    """One line of the table."""

    job: str
    against: str
    figure: float
    goal: float | None
    peak_mib: float | None = None
    most_mib: float | None = None


def seconds(
    command: Sequence[str], folder: Path, stdin: str | None = None, *, refused: bool = False
) -> tuple[float, float]:
    """Wall seconds and peak MiB of one run, which must succeed, or be `refused`."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
        )
        assert process.stdin is not None  # noqa: S101
        if stdin is not None:
            process.stdin.write(stdin.encode())
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        as_expected = process.returncode > 1 if refused else process.returncode == 0
        if not as_expected:
            errors.seek(0)
            sys.exit(f"bench: {' '.join(command[:6])} failed: {errors.read()}")
    return elapsed, usage.ru_maxrss / 1024


class Job(NamedTuple):
    """Two ways to do one thing, to be run in turn: ours, and the least that could do the same."""

    job: str
    against: str
    ours: Run
    theirs: Run
    goal: float | None = None
    runs: int = 5

    def measure(self) -> Row:
        """Return the median of the ratios, and our largest peak."""
        ratios, peaks = [], []
        for _ in range(self.runs):
            (mine, peak), (other, _) = self.ours(), self.theirs()
            ratios.append(mine / other)
            peaks.append(peak)
        return Row(self.job, self.against, statistics.median(ratios), self.goal, max(peaks))


Group = Callable[[Path], Iterator[Job | Row]]
"""Jobs that belong together, or rows of what is no job. It is given a folder that exists."""


class Team:
    """A folder with a database of a chosen size, made in SQL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "assignchat.db"
        folder.mkdir()
        self.run("init")
        lines = [f"user add {name}\n" for name in ("mark", "martha", "omar", "jane")]
        users = "".join([*lines, "user add maria --role manager\n"])
        seconds([*ASSIGNCHAT, "run", "-"], self.folder, users)

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """The database, behind assignchat's back, in one transaction."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            yield connection

    def run(self, *words: str) -> tuple[float, float]:
        """Run assignchat. Returns seconds and peak MiB."""
        return seconds([*ASSIGNCHAT, *words], self.folder)

    def value(self, sql: str) -> int:
        """The one number that a query finds."""
        with self.connect() as connection:
            return int(connection.execute(sql).fetchone()[0])

    def write_chats(self, count: int) -> None:
        """Make chats.csv, a file of so many chats that are not imported yet."""
        with (self.folder / "chats.csv").open("w") as file:
            file.write("id,customer,owner_id,status,opened_at\n")
            # One at a time: a process that we start counts our memory as its own.
            file.writelines(f"chat-{n:08d},Customer {n},mark,open,{NOW}\n" for n in range(count))

    def add_chats(self, count: int, owner: str = "mark", first: int = 0) -> None:
        """Chats with ordered ids, each with the tracking row that explains its owner."""
        numbers = f"WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n"
        numbers += f" WHERE i < {first + count - 1})"
        with self.connect() as connection:
            connection.execute(
                "INSERT INTO chats (id, customer, owner_id, status, opened_at) "
                f"{numbers} SELECT printf('chat-%08d', i), 'Customer ' || i, ?, 'open', ? FROM n",
                (owner, NOW),
            )
            connection.execute(
                "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, to_user) "
                f"{numbers} SELECT ?, 'imported', 'bench', 'bench', printf('chat-%08d', i), ?"
                " FROM n",
                (NOW, owner),
            )

    def add_requests(self, count: int, expires_at: str, status: str = "pending") -> None:
        """A request of mark's to martha on each of the first chats, which nobody can answer."""
        with self.connect() as connection:
            connection.execute(
                "INSERT INTO requests (chat_id, requester_id, recipient_id, recipient_role,"
                " status, requested_at, expires_at, resolved_at, from_user)"
                " SELECT id, 'mark', 'martha', 'user', ?, ?, ?, ?, owner_id FROM chats"
                " ORDER BY id LIMIT ?",
                (status, NOW, expires_at, None if status == "pending" else NOW, count),
            )
            connection.execute(
                "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, request_id,"
                " from_user, to_user, status) SELECT ?, 'requested', 'mark', 'bench', chat_id, id,"
                " from_user, recipient_id, 'pending' FROM requests",
                (machine_time(),),
            )

    def send_requests(self, chats: Sequence[str], sender: str = "mark", to: str = "martha") -> None:
        """Requests that can be answered: what SQL puts in has no seal, and gives no rights."""
        for start in range(0, len(chats), 1_000):
            words = ("--to", to, "--timeout", "off", "--as", sender)
            self.run("assign", *chats[start : start + 1_000], *words)

    def copy(self) -> "Copy":
        """The database put aside, to be restored before each run."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        kept = self.folder / "kept.db"
        shutil.copyfile(self.database, kept)
        return Copy(self, kept)


def chat_ids(count: int, first: int = 0) -> list[str]:
    """The ids of chats that a `Team` has made."""
    return [f"chat-{number:08d}" for number in range(first, first + count)]


def machine_time() -> str:
    """The time by the machine's clock, as it is stored."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


class Copy:
    """The state of a database before a measured command."""

    def __init__(self, team: Team, kept: Path) -> None:
        self.team = team
        self.kept = kept

    def restore(self) -> None:
        """Put it back."""
        for suffix in ("-wal", "-shm"):
            self.team.database.with_name(self.team.database.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.kept, self.team.database)

    def ours(self, *words: str) -> Run:
        """A run of assignchat on the restored database."""

        def run() -> tuple[float, float]:
            self.restore()
            return self.team.run(*words)

        return run

    def shell(self, sql: str) -> Run:
        """A run of the sqlite3 shell on the restored database."""

        def run() -> tuple[float, float]:
            self.restore()
            return seconds(["sqlite3", "-bail", "assignchat.db"], self.team.folder, sql)

        return run


class Asked(Protocol):
    """A database that can be asked for a number."""

    def value(self, sql: str) -> float:
        """The one number that a query finds."""


def expect(database: Asked, sql: str, number: int) -> None:
    """Stop unless a query has the result that a job is to leave."""
    found = database.value(sql)
    if found != number:
        sys.exit(f"bench: expected {number}, found {found:.0f}: {sql}")
