"""Many chats at once."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmark.floors import FLOOR_BULK
from benchmark.measuring import MILLION, Job, Run, Team, chat_ids, expect


def bulk(folder: Path, sizes: Sequence[int]) -> Iterator[Job]:
    """Many chats at once, against the sqlite3 shell."""
    for size in sizes:
        team = Team(folder / f"bulk-{size}")
        team.add_chats(size)
        yield from _bulk(team, size)
        shutil.rmtree(team.folder)


def _bulk(team: Team, size: int) -> Iterator[Job]:
    def job(name: str, ours: Run, floor: Run, goal: float, least: int = MILLION) -> Job:
        """One job, with its goal for sizes of at least so many."""
        runs = 5 if size <= 100_000 else 3  # noqa: PLR2004
        against = "sqlite3 shell, plain SQL"
        return Job(f"{name}, {size:,}", against, ours, floor, goal if size >= least else None, runs)

    kept = team.copy()
    floor = kept.shell(FLOOR_BULK)
    move = ("bulk-assign", "--from", "mark", "--to", "martha", "--as", "maria", "--yes")
    goal = 1.0 if size >= MILLION else 1.1
    yield job("bulk-assign --from", kept.ours(*move), floor, goal, least=100_000)
    kept.ours(*move)()
    expect(team, "SELECT count(*) FROM chats WHERE owner_id = 'martha'", size)
    (team.folder / "ids.txt").write_text("\n".join(chat_ids(size)))
    by_ids = ("bulk-assign", "--ids-from", "ids.txt", *move[3:])
    yield job("bulk-assign --ids-from", kept.ours(*by_ids), floor, 1.35)
    recipients = ("--reassign-to", "martha", "--reassign-to", "omar", "--reassign-to", "jane")
    leave = ("user", "deactivate", "mark", "--yes", *recipients)
    yield job("user deactivate", kept.ours(*leave), floor, 1.5)
    kept.ours(*move)()
    undo = team.copy().ours("undo", "1", "--as", "maria", "--yes")
    yield job("undo", undo, _floor_on(team, FLOOR_BULK), 1.4)


def guids(folder: Path, size: int) -> Iterator[Job]:
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
    runs: list[Run] = []
    for team, order in ((random, "substr(id, 10)"), (ordered, "id")):
        with team.connect() as connection, (team.folder / "ids.txt").open("w") as ids:
            found = connection.execute(f"SELECT id FROM chats ORDER BY {order}")
            ids.writelines(f"{row[0]}\n" for row in found)
        words = ("bulk-assign", "--ids-from", "ids.txt", "--to", "martha", "--as", "maria", "--yes")
        runs.append(team.copy().ours(*words))
    ours, theirs = runs
    job = f"bulk-assign --ids-from, {size:,} GUIDs"
    yield Job(job, "ids in order", ours, theirs, 1.25, 3)


def _floor_on(team: Team, sql: str) -> Run:
    """The floor on a database of its own, while ours has the one after the bulk."""
    fresh = Team(team.folder / "floor")
    fresh.add_chats(team.value("SELECT count(*) FROM chats"))
    return fresh.copy().shell(sql)
