"""Everything in, everything out, and a look at all of it."""

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmark.floors import CSV_FLOOR, CSV_OF_RECORDS, FLOOR_STATS
from benchmark.measuring import FUTURE, MILLION, Job, Team, expect, seconds


def streams(folder: Path, size: int) -> Iterator[Job]:
    """Everything in, everything out."""
    team = Team(folder / "streams")
    team.write_chats(size)
    (team.folder / "floor.py").write_text(CSV_FLOOR)
    kept = team.copy()

    def floor() -> tuple[float, float]:
        kept.restore()
        return seconds([sys.executable, "floor.py"], team.folder)

    ours = kept.ours("import", "chats", "chats.csv")
    yield Job(f"import chats, {size:,} rows", "csv module and executemany", ours, floor, 1.5, 3)
    ours()
    expect(team, "SELECT count(*) FROM chats", size)
    shell = ["sqlite3", "-json", "assignchat.db", "SELECT * FROM engagement_tracking"]
    yield Job(
        f"tracking --jsonl, {size:,} rows",
        "sqlite3 shell, .mode json",
        lambda: team.run("tracking", "--jsonl"),
        lambda: seconds(shell, team.folder),
        1.9,
        3,
    )


def everything(folder: Path, size: int) -> Iterator[Job]:
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

    yield Job(
        f"export, {size:,} chats",
        "csv module, its slowest part",
        export,
        lambda: seconds([sys.executable, "records.py"], team.folder),
        2.0,
        3,
    )
    for options in ([], ["--full"]):
        yield Job(
            f"{' '.join(['check', *options])}, {size:,} chats",
            "integrity_check",
            partial(team.run, "check", *options),
            lambda: seconds(integrity, team.folder),
            3.0,
            3,
        )


def numbers(folder: Path, size: int) -> Iterator[Job]:
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
    goal = 1.3 if size >= MILLION else None
    yield Job(job, against, lambda: team.run("stats", "--json"), floor, goal)
