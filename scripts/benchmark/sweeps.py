"""What cron does: deadlines and messages."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmark.floors import FLOOR_SWEEP
from benchmark.measuring import (
    FUTURE,
    MILLION,
    NOW,
    PAST,
    Copy,
    Job,
    Team,
    expect,
    machine_time,
    seconds,
)


def sweep(folder: Path, sizes: Sequence[int]) -> Iterator[Job]:
    """Deadlines that have passed, and a sweep with nothing to do."""
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
        yield Job(
            f"sweep-timeouts, {size:,} due of {total:,}",
            "sqlite3 shell, obvious SQL",
            kept.ours("sweep-timeouts", "--quiet"),
            kept.shell(FLOOR_SWEEP),
            0.45 if size >= MILLION else 1.0,
            3,
        )
        kept.ours("sweep-timeouts", "--quiet")()
        expect(team, "SELECT count(*) FROM requests WHERE status = 'timed_out'", size)
        shutil.rmtree(team.folder)


def at_once(folder: Path, size: int) -> Iterator[Job]:
    """Deadlines of one second, on half of the requests."""
    team = Team(folder / f"sweep-at-once-{size}")
    team.add_chats(2 * size)
    team.add_requests(2 * size, FUTURE)
    with team.connect() as connection:
        connection.execute("UPDATE requests SET expires_at = ? WHERE id % 2 = 0", (PAST,))
    kept = team.copy()
    yield Job(
        f"sweep-timeouts, {size:,} of {2 * size:,} at once",
        "sqlite3 shell, obvious SQL",
        kept.ours("sweep-timeouts", "--quiet"),
        kept.shell(FLOOR_SWEEP),
        1.0,
    )


NOTIFY = """
from assignchat.service.notifications import notify
from assignchat.store.engines import open_database
class Dropped:
    def reaches(self, user_id): return True
    def send(self, user_id, text): return True
with open_database("assignchat.db") as database:
    print(notify(database, Dropped()))
"""


def notify(folder: Path, size: int, runs: int) -> Iterator[Job]:
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
                [(machine_time(), f"user-{number % users}") for number in range(size)],
            )
        (team.folder / "notify.py").write_text(NOTIFY)
        teams.append(team)
    many, few = [partial(_notify, team.copy()) for team in teams]
    yield Job(f"notify, {size:,} for 200 users", "itself for 5", many, few, 1.3, runs)


def _notify(kept: Copy) -> tuple[float, float]:
    kept.restore()
    return seconds([sys.executable, "notify.py"], kept.team.folder)
