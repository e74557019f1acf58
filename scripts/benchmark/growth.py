"""What must not cost more because tracking is long."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmark.measuring import FUTURE, PAST, Job, Team


def growth(folder: Path, large: int, runs: int) -> Iterator[Job]:
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
        ("inbox --as martha", 1.05),
        ("chat show chat-00000100", 1.05),
        ("requests --status pending", 1.05),
        ("tracking --chat chat-00000100", 1.05),
    ]
    for words, goal in reads:
        ours, theirs = (partial(team.run, *words.split()) for team in (large_team, small_team))
        yield Job(f"{words}, {large:,} rows", "itself at 10,000", ours, theirs, goal, runs)
