"""Ratios measured side by side: assignchat against the least that could do the same.

Absolute times say little on a shared machine, so each row is a ratio of medians of runs
taken in turn. `--quick` leaves the sizes above 100,000 out; `--only` and `--job` choose rows.
"""

import argparse
import json
import math
import os
import resource
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
from typing import NamedTuple

ASSIGNCHAT = [str(Path(sys.executable).with_name("assignchat"))]
NOW = "2026-11-22T14:05:10.000Z"
PAST = "2026-11-22T14:03:10.000Z"
FUTURE = "2999-01-01T00:00:00.000Z"
MILLION = 1_000_000
CHOSEN = ""  # in the name of each job that is run


class Row(NamedTuple):
    """One line of the table."""

    job: str
    against: str
    figure: float
    goal: float | None
    peak_mib: float | None = None


def seconds(command: Sequence[str], folder: Path, stdin: str | None = None) -> tuple[float, float]:
    """Wall seconds and peak MiB of one run, which must succeed."""
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
        if process.returncode:
            errors.seek(0)
            sys.exit(f"bench: {' '.join(command[:6])} failed: {errors.read()}")
    return elapsed, usage.ru_maxrss / 1024


Run = Callable[[], tuple[float, float]]


def compare(
    job: str, against: str, ours: Run, theirs: Run, goal: float | None, runs: int = 5
) -> Row:
    """The median of the ratios of runs taken in turn; nothing of jobs that were not asked for."""
    ratios, peaks = [], []
    if CHOSEN not in job:
        return Row(job, against, math.nan, goal)
    for _ in range(runs):
        (mine, peak), (other, _) = ours(), theirs()
        ratios.append(mine / other)
        peaks.append(peak)
    return Row(job, against, statistics.median(ratios), goal, max(peaks))


class Team:
    """A folder with a database of a chosen size, made in SQL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "assignchat.db"
        folder.mkdir()
        self.run("init")
        with self.connect() as connection:
            connection.executemany(
                "INSERT INTO users (id, name, role, active, created_at) VALUES (?, ?, ?, 1, ?)",
                [
                    (name, name.title(), "manager" if name == "maria" else "user", NOW)
                    for name in ("mark", "martha", "omar", "jane", "maria")
                ],
            )

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """The database, behind assignchat's back, in one transaction."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            yield connection

    def run(self, *words: str) -> tuple[float, float]:
        """Run assignchat; seconds and peak MiB."""
        return seconds([*ASSIGNCHAT, *words], self.folder)

    def value(self, sql: str) -> int:
        """One number."""
        with self.connect() as connection:
            return int(connection.execute(sql).fetchone()[0])

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
        """A request of mark's to martha on each of the first chats."""
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
                (datetime_now(),),
            )

    def copy(self) -> "Copy":
        """The database put aside, to be restored before each run."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        kept = self.folder / "kept.db"
        shutil.copyfile(self.database, kept)
        return Copy(self, kept)


def datetime_now() -> str:
    """The time as it is stored."""
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


FLOOR_BULK = f"""
PRAGMA synchronous = FULL;
BEGIN IMMEDIATE;
INSERT INTO batches (at, actor) VALUES ('{NOW}', 'maria');
INSERT INTO engagement_tracking
    (at, event, actor, os_user, chat_id, batch_id, from_user, to_user)
    SELECT '{NOW}', 'assigned', 'maria', 'bench', id, 1, owner_id, 'martha'
    FROM chats WHERE owner_id = 'mark';
UPDATE chats SET owner_id = 'martha' WHERE owner_id = 'mark';
COMMIT;
"""

FLOOR_SWEEP = f"""
PRAGMA synchronous = FULL;
BEGIN IMMEDIATE;
INSERT INTO engagement_tracking
    (at, event, actor, os_user, chat_id, request_id, from_user, to_user, status)
    SELECT '{NOW}', 'timed_out', 'system', 'bench', chat_id, id, from_user, recipient_id,
    'timed_out' FROM requests WHERE status = 'pending' AND expires_at <= '{NOW}';
INSERT INTO notifications (at, recipient_id, text, request_id)
    SELECT '{NOW}', recipient_id, 'The chat assignment request has timed out.', id
    FROM requests WHERE status = 'pending' AND expires_at <= '{NOW}';
INSERT INTO notifications (at, recipient_id, text, request_id)
    SELECT '{NOW}', requester_id, 'Your chat assignment request has timed out.', id
    FROM requests WHERE status = 'pending' AND expires_at <= '{NOW}';
UPDATE requests SET status = 'timed_out', resolved_at = expires_at
    WHERE status = 'pending' AND expires_at <= '{NOW}';
COMMIT;
"""

SAME_SQL = """
def connected():
    import sqlite3
    connection = sqlite3.connect("assignchat.db", timeout=10, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection

def act(action, number):
    connection = connected()
    connection.execute("BEGIN IMMEDIATE")
    print(*change(connection, action, number))
    connection.execute("COMMIT")

def change(connection, action, number):
    now = "2026-11-22T14:05:10.000Z"
    if action == "assign":
        (owner,) = connection.execute(
            "SELECT owner_id FROM chats WHERE id = ?", (number,)).fetchone()
        (request,) = connection.execute(
            "INSERT INTO requests (chat_id, requester_id, recipient_id, recipient_role, status,"
            " requested_at, expires_at, from_user) VALUES (?, 'mark', 'martha', 'user', 'pending',"
            " ?, '2999-01-01T00:00:00.000Z', ?) RETURNING id", (number, now, owner)).fetchone()
        chat, recipient, status, event = number, "martha", "pending", "requested"
    else:
        status = event = {"accept": "accepted", "reject": "rejected"}[action]
        request, chat, recipient, owner = connection.execute(
            "UPDATE requests SET status = ?, resolved_at = ? WHERE id = ? AND status = 'pending'"
            " AND (expires_at IS NULL OR expires_at > ?)"
            " RETURNING id, chat_id, recipient_id, from_user",
            (status, now, number, now)).fetchone()
    if action == "accept":
        connection.execute("UPDATE chats SET owner_id = ? WHERE id = ?", (recipient, chat))
    connection.execute(
        "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, request_id,"
        " from_user, to_user, status) VALUES (?, ?, 'martha', 'bench', ?, ?, ?, ?, ?)",
        (now, event, chat, request, owner, recipient, status))
    connection.execute(
        "INSERT INTO notifications (at, recipient_id, text, request_id) VALUES (?, 'mark', ?, ?)",
        (now, "Martha has answered.", request))
    return request, chat, status
"""

COMPLETE = (
    "_ASSIGNCHAT_COMPLETE=complete_bash",
    "COMP_WORDS=assignchat accept --as martha ",
    "COMP_CWORD=4",
)

BARE = SAME_SQL + "\nimport sys\nact(sys.argv[1], sys.argv[2])\n"

MANY = (
    SAME_SQL
    + """
import sys
connection = connected()
whole = sys.argv[2] == "--atomic"
if whole:
    connection.execute("BEGIN IMMEDIATE")
for number in range(1, int(sys.argv[1]) + 1):
    if not whole:
        connection.execute("BEGIN IMMEDIATE")
    done = change(connection, "accept", number)
    if not whole:
        connection.execute("COMMIT")
    print(*done, flush=True)
if whole:
    connection.execute("COMMIT")
"""
)

TYPER = (
    "import typer\nfrom typing import Annotated\n"
    + SAME_SQL
    + """
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
for name in ("accept", "assign", "reject"):
    def command(number: str, as_user: Annotated[str, typer.Option("--as")] = "",
                action: Annotated[str, typer.Option(hidden=True)] = name) -> None:
        act(action, number)
    app.command(name)(command)
app()
"""
)


def single_commands(folder: Path, runs: int) -> list[Row]:
    """One change as a whole process."""
    team = Team(folder / "single")
    team.add_chats(20_000)
    (team.folder / "bare.py").write_text(BARE)
    (team.folder / "small.py").write_text(TYPER)
    rows = []
    for action in ("accept", "assign", "reject"):
        if action != "assign":
            with team.connect() as connection:
                connection.execute(
                    "UPDATE requests SET status = 'cancelled', resolved_at = ?"
                    " WHERE status = 'pending'",
                    (NOW,),
                )
            team.add_requests(10 * runs, FUTURE)
        pending = iter(_pending(team) if action != "assign" else _chat_ids())
        times: dict[str, list[float]] = {"ours": [], "bare": [], "small": []}
        extra = ["--reason", "In a meeting"] if action == "reject" else []
        extra += ["--to", "martha"] if action == "assign" else []
        who = "mark" if action == "assign" else "martha"
        for _ in range(runs):
            commands = {
                "ours": [*ASSIGNCHAT, action, next(pending), *extra, "--as", who],
                "bare": [sys.executable, "bare.py", action, next(pending)],
                "small": [sys.executable, "small.py", action, next(pending)],
            }
            for name, command in commands.items():
                times[name].append(seconds(command, team.folder)[0])
        for name, text, goal in (
            ("bare", "bare Python, same SQL", 3.5),
            ("small", "smallest Typer program", 1.15),
        ):
            ratio = statistics.median(
                a / b for a, b in zip(times["ours"], times[name], strict=True)
            )
            rows.append(Row(action, text, ratio, goal))
    small = [sys.executable, "small.py", "--help"]
    for option in ("--help", "--version"):

        def ours(option: str = option) -> tuple[float, float]:
            return team.run(option)

        def theirs() -> tuple[float, float]:
            return seconds(small, team.folder)

        rows += [compare(option, "that program's --help", ours, theirs, 1.2, runs)]

    def complete() -> tuple[float, float]:
        return seconds(["env", *COMPLETE, *ASSIGNCHAT], team.folder)

    rows += [
        compare("completion of a request", "that program's --help", complete, theirs, 1.2, runs)
    ]
    return rows


def _pending(team: Team) -> list[str]:
    with team.connect() as connection:
        found = connection.execute("SELECT id FROM requests WHERE status = 'pending' ORDER BY id")
        return [str(row[0]) for row in found]


def _chat_ids() -> list[str]:
    return [f"chat-{number:08d}" for number in range(19_999, 0, -1)]


def script(folder: Path, size: int, runs: int) -> list[Row]:
    """Many changes in one process. The figure is the time; its inverse is the rate."""
    team = Team(folder / "script")
    team.add_chats(size)
    team.add_requests(size, FUTURE)
    (team.folder / "many.py").write_text(MANY)
    lines = [f"accept {number} --as martha\n" for number in range(1, size + 1)]
    (team.folder / "lines.txt").write_text("".join(lines))
    kept = team.copy()
    rows = []
    for option, goal in (("--keep-going", 0.8), ("--atomic", 0.6)):

        def floor(option: str = option) -> tuple[float, float]:
            kept.restore()
            return seconds([sys.executable, "many.py", str(size), option], team.folder)

        job = f"run{' --atomic' if option == '--atomic' else ''}, {size:,} accepts"
        ours = kept.ours("run", "lines.txt", option)
        rows.append(compare(job, "bare sqlite3 in one process", ours, floor, 1 / goal, runs))
        ours()
        _expect(team, "SELECT count(*) FROM requests WHERE status = 'accepted'", size)
    return rows


def bulk(folder: Path, sizes: Sequence[int]) -> list[Row]:
    """Many chats at once, against the sqlite3 shell."""
    rows = []
    for size in sizes:
        team = Team(folder / f"bulk-{size}")
        team.add_chats(size)
        rows += _bulk(team, size)
        shutil.rmtree(team.folder)
    return rows


def _bulk(team: Team, size: int) -> list[Row]:
    def row(job: str, ours: Run, floor: Run, goal: float, least: int = MILLION) -> Row:
        """One job, with its goal for sizes of at least so many."""
        shell = "sqlite3 shell, plain SQL"
        runs = 5 if size <= 100_000 else 3  # noqa: PLR2004
        return compare(
            f"{job}, {size:,}", shell, ours, floor, goal if size >= least else None, runs
        )

    kept = team.copy()
    floor = kept.shell(FLOOR_BULK)
    move = ("bulk-assign", "--from", "mark", "--to", "martha", "--as", "maria", "--yes")
    goal = 1.0 if size >= MILLION else 1.1
    rows = [row("bulk-assign --from", kept.ours(*move), floor, goal, least=100_000)]
    kept.ours(*move)()
    _expect(team, "SELECT count(*) FROM chats WHERE owner_id = 'martha'", size)
    with (team.folder / "ids.txt").open("w") as ids:
        ids.writelines(f"chat-{number:08d}\n" for number in range(size))
    by_ids = ("bulk-assign", "--ids-from", "ids.txt", *move[3:])
    rows.append(row("bulk-assign --ids-from", kept.ours(*by_ids), floor, 1.35))
    recipients = ("--reassign-to", "martha", "--reassign-to", "omar", "--reassign-to", "jane")
    leave = ("user", "deactivate", "mark", "--yes", *recipients)
    rows.append(row("user deactivate", kept.ours(*leave), floor, 1.5))
    kept.ours(*move)()
    undo = team.copy().ours("undo", "1", "--as", "maria", "--yes")
    rows.append(row("undo", undo, floor_on(team, FLOOR_BULK), 1.4))
    return rows


def guids(folder: Path, size: int) -> list[Row]:
    """Ids in no order, of chats that lie in the order of their ids, as an import leaves them."""
    ordered, random = (Team(folder / f"{kind}-{size}") for kind in ("ordered", "guids"))
    ordered.add_chats(size)
    random.add_chats(size)
    with random.connect() as connection:
        connection.execute("CREATE TEMP TABLE anew AS SELECT * FROM chats")
        connection.execute("DELETE FROM chats")
        guid = (
            "printf('%08x-%04x', id * 2654435761 % 4294967296, id) || substr(hex(id * id), 1, 24)"
        )
        connection.execute(
            "INSERT INTO chats (id, customer, owner_id, status, opened_at)"
            f" SELECT {guid.replace('id', 'rowid')}, customer, owner_id, status, opened_at"
            " FROM anew ORDER BY 1"
        )
    runs = []
    for team, order in ((random, "substr(id, 10)"), (ordered, "id")):
        with team.connect() as connection, (team.folder / "ids.txt").open("w") as ids:
            found = connection.execute(f"SELECT id FROM chats ORDER BY {order}")
            ids.writelines(f"{row[0]}\n" for row in found)
        words = ("bulk-assign", "--ids-from", "ids.txt", "--to", "martha", "--as", "maria", "--yes")
        runs.append(team.copy().ours(*words))
    ours, theirs = runs
    job = f"bulk-assign --ids-from, {size:,} GUIDs"
    return [compare(job, "ids in order", ours, theirs, 1.25, 3)]


def floor_on(team: Team, sql: str) -> Run:
    """The floor on a database of its own, while ours has the one after the bulk."""
    fresh = Team(team.folder / "floor")
    fresh.add_chats(team.value("SELECT count(*) FROM chats"))
    return fresh.copy().shell(sql)


def sweep(folder: Path, sizes: Sequence[int]) -> list[Row]:
    """Deadlines that have passed, and a sweep with nothing to do."""
    rows = []
    total = max(sizes)
    for size in sizes:
        team = Team(folder / f"sweep-{size}")
        team.add_chats(total)
        team.add_requests(total, FUTURE)
        with team.connect() as connection:
            # Requests wait for different times: their deadlines come in another order.
            connection.execute(
                "UPDATE requests SET expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', ?,"
                " '-' || (id * 7919 % 86400) || ' seconds') WHERE id <= ?",
                (PAST, size),
            )
        kept = team.copy()
        rows.append(
            compare(
                f"sweep-timeouts, {size:,} due of {total:,}",
                "sqlite3 shell, obvious SQL",
                kept.ours("sweep-timeouts", "--quiet"),
                kept.shell(FLOOR_SWEEP),
                0.45 if size >= MILLION else 1.0,
                3,
            )
        )
        kept.ours("sweep-timeouts", "--quiet")()
        _expect(team, "SELECT count(*) FROM requests WHERE status = 'timed_out'", size)
        shutil.rmtree(team.folder)
    return rows


def sweep_at_once(folder: Path, size: int) -> list[Row]:
    """Deadlines of one second, on half of the requests."""
    team = Team(folder / f"sweep-at-once-{size}")
    team.add_chats(2 * size)
    team.add_requests(2 * size, FUTURE)
    with team.connect() as connection:
        connection.execute("UPDATE requests SET expires_at = ? WHERE id % 2 = 0", (PAST,))
    kept = team.copy()
    return [
        compare(
            f"sweep-timeouts, {size:,} of {2 * size:,} at once",
            "sqlite3 shell, obvious SQL",
            kept.ours("sweep-timeouts", "--quiet"),
            kept.shell(FLOOR_SWEEP),
            1.0,
        )
    ]


def notify(folder: Path, size: int, runs: int) -> list[Row]:
    """Messages to many users, which are dropped instead of sent."""
    teams = []
    for users in (200, 5):
        team = Team(folder / f"notify-{users}")
        with team.connect() as connection:
            connection.executemany(
                "INSERT INTO users (id, name, role, active, created_at)"
                " VALUES (?, 'User', 'user', 1, ?)",
                [(f"user-{number}", NOW) for number in range(users)],
            )
            connection.executemany(
                "INSERT INTO notifications (at, recipient_id, text) VALUES (?, ?, 'Hello')",
                [(datetime_now(), f"user-{number % users}") for number in range(size)],
            )
        (team.folder / "notify.py").write_text(NOTIFY)
        teams.append(team)
    kept = [team.copy() for team in teams]

    def run(copy: Copy) -> tuple[float, float]:
        copy.restore()
        return seconds([sys.executable, "notify.py"], copy.team.folder)

    job = f"notify, {size:,} for 200 users"
    ours, theirs = (lambda: run(kept[0])), (lambda: run(kept[1]))
    return [compare(job, "itself for 5", ours, theirs, 1.3, runs)]


NOTIFY = """
from assignchat.service.notifications import notify
from assignchat.store.engines import open_database
class Dropped:
    def reaches(self, user_id): return True
    def send(self, user_id, text): return True
with open_database("assignchat.db") as database:
    print(notify(database, Dropped()))
"""

CSV_OF_RECORDS = """
import csv, sqlite3
connection = sqlite3.connect("assignchat.db")
with open("records.csv", "w", newline="") as file:
    csv.writer(file).writerows(connection.execute("SELECT * FROM engagement_records"))
"""


def everything(folder: Path, size: int) -> list[Row]:
    """All tables out, and a look at all of them. Each chat was imported, and assigned once."""
    team = Team(folder / "everything")
    with (team.folder / "chats.csv").open("w") as file:
        file.write("id,customer,owner_id\n")
        file.writelines(f"chat-{number:08d},Customer {number},mark\n" for number in range(size))
    team.run("import", "chats", "chats.csv")
    team.run("bulk-assign", "--from", "mark", "--to", "martha", "--as", "maria", "--yes")
    (team.folder / "records.py").write_text(CSV_OF_RECORDS)
    integrity = ["sqlite3", "assignchat.db", "PRAGMA integrity_check"]

    def export() -> tuple[float, float]:
        shutil.rmtree(team.folder / "out", ignore_errors=True)
        return team.run("export", "out")

    return [
        compare(
            f"export, {size:,} chats",
            "csv module, its slowest part",
            export,
            lambda: seconds([sys.executable, "records.py"], team.folder),
            2.0,
            3,
        ),
        compare(
            f"check, {size:,} chats",
            "integrity_check",
            lambda: team.run("check"),
            lambda: seconds(integrity, team.folder),
            3.0,
            3,
        ),
    ]


def growth(folder: Path, large: int, runs: int) -> list[Row]:
    """What must not cost more because tracking is long."""
    small_team, large_team = (Team(folder / f"growth-{size}") for size in (10_000, large))
    for team, size in ((small_team, 10_000), (large_team, large)):
        team.add_chats(size // 2)
        team.add_requests(size // 2, PAST, "timed_out")
        with team.connect() as connection:
            connection.execute(
                "UPDATE requests SET status = 'pending', expires_at = ?,"
                " resolved_at = NULL WHERE id <= 20",
                (FUTURE,),
            )
            connection.execute("ANALYZE")
    reads: list[tuple[str, float]] = [
        ("sweep-timeouts", 1.05),
        ("inbox --as martha", 1.1),
        ("chat show chat-00000100", 1.1),
        ("requests --status pending", 1.1),
        ("tracking --chat chat-00000100", 1.1),
    ]
    return [
        compare(
            f"{words}, {large:,} rows",
            "itself at 10,000",
            lambda words=words: large_team.run(*words.split()),  # type: ignore[misc]
            lambda words=words: small_team.run(*words.split()),  # type: ignore[misc]
            goal,
            runs,
        )
        for words, goal in reads
    ]


FLOOR_STATS = """
SELECT owner_id, status, count(*) FROM chats GROUP BY owner_id, status;
SELECT requester_id, count(*) FROM requests GROUP BY requester_id;
SELECT recipient_id, count(*), sum(status = 'accepted'), sum(status = 'rejected'),
    sum(status = 'timed_out') FROM requests GROUP BY recipient_id;
SELECT user_id, avg(CASE WHEN place IN ((total + 1) / 2, (total + 2) / 2) THEN seconds END),
    max(CASE WHEN place = (9 * total + 9) / 10 THEN seconds END)
    FROM (SELECT user_id, seconds, count(*) OVER (PARTITION BY user_id) AS total,
        row_number() OVER (PARTITION BY user_id ORDER BY seconds) AS place
        FROM (SELECT recipient_id AS user_id,
            round((julianday(resolved_at) - julianday(requested_at)) * 86400, 3) AS seconds
            FROM requests WHERE status IN ('accepted', 'rejected'))) GROUP BY user_id;
SELECT reason, count(*) FROM requests WHERE reason IS NOT NULL
    AND status IN ('rejected', 'withdrawn') GROUP BY reason ORDER BY 2 DESC, 1;
SELECT substr(at, 1, 13), count(*) FROM engagement_tracking
    WHERE event IN ('accepted', 'assigned') GROUP BY 1;
SELECT chat_id, count(*) FROM (SELECT chat_id, from_user, to_user,
        lag(from_user) OVER chat AS gave, lag(to_user) OVER chat AS got
        FROM engagement_tracking WHERE event IN ('accepted', 'assigned')
        WINDOW chat AS (PARTITION BY chat_id ORDER BY id))
    WHERE from_user = got AND to_user = gave GROUP BY chat_id;
"""

CSV_FLOOR = """
import csv, sqlite3
connection = sqlite3.connect("assignchat.db", isolation_level=None)
connection.execute("PRAGMA foreign_keys = ON")
connection.execute("BEGIN IMMEDIATE")
now = "2026-11-22T14:05:10.000Z"
with open("chats.csv", newline="") as file:
    rows = csv.DictReader(file)
    def chats():
        for row in rows:
            yield row["id"], row["customer"], row["owner_id"], row["status"], row["opened_at"]
    connection.executemany("INSERT INTO chats (id, customer, owner_id, status, opened_at)"
                           " VALUES (?, ?, ?, ?, ?)", chats())
with open("chats.csv", newline="") as file:
    connection.executemany(
        "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, to_user)"
        f" VALUES ('{now}', 'imported', 'bench', 'bench', ?, ?)",
        ((row["id"], row["owner_id"]) for row in csv.DictReader(file)))
connection.execute("COMMIT")
"""


def numbers(folder: Path, size: int) -> list[Row]:
    """The team in numbers."""
    team = Team(folder / "numbers")
    team.add_chats(size)
    team.add_requests(size, FUTURE, "accepted")
    with team.connect() as connection:
        connection.execute(
            "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, request_id,"
            " from_user, to_user, status) SELECT resolved_at, 'accepted', recipient_id, 'bench',"
            " chat_id, id, from_user, recipient_id, 'accepted' FROM requests"
        )

    def floor() -> tuple[float, float]:
        return seconds(["sqlite3", "assignchat.db"], team.folder, FLOOR_STATS)

    job, against = f"stats, {size:,} requests", "its SQL in the sqlite3 shell"
    return [
        compare(
            job,
            against,
            lambda: team.run("stats", "--json"),
            floor,
            1.3 if size >= MILLION else None,
        )
    ]


def streams(folder: Path, size: int) -> list[Row]:
    """Everything in, everything out."""
    team = Team(folder / "streams")
    with (team.folder / "chats.csv").open("w") as file:
        file.write("id,customer,owner_id,status,opened_at\n")
        file.writelines(
            f"chat-{number:08d},Customer {number},mark,open,{NOW}\n" for number in range(size)
        )
    (team.folder / "floor.py").write_text(CSV_FLOOR)
    kept = team.copy()

    def floor() -> tuple[float, float]:
        kept.restore()
        return seconds([sys.executable, "floor.py"], team.folder)

    rows = [
        compare(
            f"import chats, {size:,} rows",
            "csv module and executemany",
            kept.ours("import", "chats", "chats.csv"),
            floor,
            1.5,
            3,
        )
    ]
    _expect(team, "SELECT count(*) FROM chats", size)
    rows.append(
        compare(
            f"tracking --jsonl, {size:,} rows",
            "sqlite3 shell, .mode json",
            lambda: team.run("tracking", "--jsonl"),
            lambda: seconds(
                ["sqlite3", "-json", "assignchat.db", "SELECT * FROM engagement_tracking"],
                team.folder,
            ),
            1.9,
            3,
        )
    )
    return rows


ACCEPT_MANY = """
import subprocess, sys, time
for number in range(int(sys.argv[1]), int(sys.argv[2])):
    started = time.perf_counter()
    done = subprocess.run([sys.argv[3], "accept", str(number), "--as", "martha"],
                          stdout=subprocess.DEVNULL)
    print(done.returncode, time.perf_counter() - started)
"""


def crowd(folder: Path, each: int) -> list[Row]:
    """Processes that accept on one file, one after the other, with others beside them."""
    rows = []
    for processes, accepts, goal in ((8, each, 10.0), (64, 20, 3.0)):
        team = Team(folder / f"crowd-{processes}")
        team.add_chats(processes * accepts)
        team.add_requests(processes * accepts, FUTURE)
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
        _expect(
            team, "SELECT count(*) FROM requests WHERE status = 'accepted'", len(times) - refused
        )
        job = f"accept, {processes} processes x {accepts}"
        slowest = max(times) / statistics.median(times)
        rows.append(Row(f"{job}, slowest", "their median", slowest, goal))
        rows.append(Row(f"{job}, refused", "all of them", refused / len(times), 0.0))
    return rows


BUSY_TIMEOUT = 30


def beside(folder: Path, size: int) -> list[Row]:
    """Accepting while a bulk assignment holds the lock: the wait, and what accept adds to it."""
    team = Team(folder / "beside")
    team.add_chats(size)
    team.add_chats(1, "martha", size)
    team.run("config", "set", "busy_timeout", f"{BUSY_TIMEOUT}s")
    with team.connect() as connection:
        connection.execute(
            "INSERT INTO requests (chat_id, requester_id, recipient_id, recipient_role, status,"
            " requested_at, expires_at, from_user) SELECT id, 'martha', 'omar', 'user', 'pending',"
            " ?, ?, owner_id FROM chats WHERE owner_id = 'martha'",
            (NOW, FUTURE),
        )
    move = ("bulk-assign", "--from", "mark", "--to", "jane", "--as", "maria", "--yes")
    started = time.perf_counter()
    bulk = subprocess.Popen([*ASSIGNCHAT, *move], cwd=team.folder, stdout=subprocess.DEVNULL)
    queue = team.folder / "assignchat.db-queue"
    while b"bulk-assign" not in queue.read_bytes():
        time.sleep(0.001)
    waited, _ = team.run("accept", "1", "--as", "omar")
    bulk.wait()
    held = time.perf_counter() - started
    return [Row(f"accept beside a bulk-assign of {size:,}", "that bulk-assign", waited / held, 1.1)]


def peers(folder: Path, runs: int) -> list[Row]:
    """What somebody would use instead; where it is installed. Below 1 we are faster."""
    team = Team(folder / "peers")
    team.add_chats(1_000)
    team.add_requests(500, FUTURE)
    pending = iter(_pending(team))
    rows = []
    utils = Path(sys.executable).with_name("sqlite-utils")
    if utils.exists():
        statements = (
            "UPDATE requests SET status = 'accepted', resolved_at = 'now' WHERE id = 1",
            "UPDATE chats SET owner_id = 'martha' WHERE id = 'chat-00000000'",
            "INSERT INTO engagement_tracking (at, event, actor, os_user) VALUES ('', '', '', '')",
        )

        def by_hand() -> tuple[float, float]:
            taken = [
                seconds([str(utils), "query", "assignchat.db", sql], team.folder)
                for sql in statements
            ]
            return sum(second for second, _ in taken), 0.0

        rows.append(
            compare(
                "accept",
                "three sqlite-utils commands",
                lambda: team.run("accept", next(pending), "--as", "martha"),
                by_hand,
                None,
                runs,
            )
        )
    if shutil.which("task"):
        rows += _taskwarrior(team, pending, runs)
    return rows


def _taskwarrior(team: Team, pending: Iterator[str], runs: int) -> list[Row]:
    data = team.folder / "tasks"
    data.mkdir()
    task = ["task", f"rc.data.location={data}", "rc.confirmation=no", "rc.bulk=0", "rc.hooks=0"]
    (team.folder / "tasks.json").write_text(
        json.dumps([{"description": f"chat {n}", "project": "mark"} for n in range(1_000)])
    )
    os.environ["TASKRC"] = "/dev/null"
    seconds([*task, "import", "tasks.json"], team.folder)
    kept = team.copy()
    owners = iter(["martha", "mark"] * 10)
    return [
        compare(
            "accept",
            "Taskwarrior, one change",
            lambda: team.run("accept", next(pending), "--as", "martha"),
            lambda: seconds([*task, "1", "modify", "project:omar"], team.folder),
            None,
            runs,
        ),
        compare(
            "bulk-assign, 1,000",
            "Taskwarrior, modify 1,000",
            kept.ours("bulk-assign", "--from", "mark", "--to", "omar", "--as", "maria", "--yes"),
            lambda: seconds(
                [*task, "status:pending", "modify", f"project:{next(owners)}"], team.folder
            ),
            None,
            2,
        ),
    ]


def _expect(team: Team, sql: str, count: int) -> None:
    found = team.value(sql)
    if found != count:
        sys.exit(f"bench: expected {count}, found {found}: {sql}")


def show(row: Row) -> None:
    """Print one line of the table."""
    if math.isnan(row.figure):
        return
    verdict = "" if row.goal is None else "held" if row.figure <= row.goal else "SHORT"
    goal = "" if row.goal is None else f"<= {row.goal:.2f}"
    peak = "" if row.peak_mib is None else f"{row.peak_mib:.0f} MiB"
    print(
        f"{row.job:<46} {row.against:<28} {row.figure:>7.3f}  {goal:<8} {verdict:<6} {peak:>8}",
        flush=True,
    )


def main() -> None:
    """Run what is asked for and print the table as it comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="nothing above 100,000")
    parser.add_argument("--only", help="only groups whose name contains this")
    parser.add_argument("--job", default="", help="only rows whose job contains this")
    options = parser.parse_args()
    global CHOSEN  # noqa: PLW0603
    CHOSEN = options.job
    quick = options.quick
    if not shutil.which("sqlite3"):
        sys.exit("bench: the sqlite3 shell is needed for comparison (Debian package sqlite3)")
    sizes = [10_000, 100_000] if quick else [10_000, 100_000, 1_000_000]
    groups: dict[str, Callable[[Path], list[Row]]] = {
        "single": lambda folder: single_commands(folder, 15 if quick else 25),
        "script": lambda folder: script(folder, 1_000, 5 if quick else 9),
        "bulk": lambda folder: bulk(folder, sizes),
        "guids": lambda folder: guids(folder, 100_000 if quick else 300_000),
        "sweep": lambda folder: sweep(folder, [100_000] if quick else [100_000, 1_000_000]),
        "at-once": lambda folder: sweep_at_once(folder, 100_000),
        "notify": lambda folder: notify(folder, 100_000, 3),
        "everything": lambda folder: everything(folder, 100_000 if quick else 1_000_000),
        "growth": lambda folder: growth(folder, 200_000 if quick else 5_000_000, 9),
        "streams": lambda folder: streams(folder, 100_000 if quick else 1_000_000),
        "numbers": lambda folder: numbers(folder, 100_000 if quick else 1_000_000),
        "beside": lambda folder: beside(folder, 100_000 if quick else 1_000_000),
        "crowd": lambda folder: crowd(folder, 25 if quick else 200),
        "peers": lambda folder: peers(folder, 5),
    }
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        for name, group in groups.items():
            if options.only is None or options.only in name:
                for row in group(Path(folder)):
                    show(row)


if __name__ == "__main__":
    main()
