"""What somebody would use instead."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmark.measuring import Job, Run, Team, chat_ids, seconds


def peers(folder: Path, runs: int) -> Iterator[Job]:
    """What somebody would use instead; where it is installed. Below 1 we are faster."""
    team = Team(folder / "peers")
    team.add_chats(1_000)
    team.send_requests(chat_ids(500))
    requests = map(str, range(1, 501))

    def accept() -> tuple[float, float]:
        return team.run("accept", next(requests), "--as", "martha")

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

        yield Job("accept", "three sqlite-utils commands", accept, by_hand, runs=runs)
    if shutil.which("task"):
        yield from _taskwarrior(team, accept, runs)


def _taskwarrior(team: Team, accept: Run, runs: int) -> Iterator[Job]:
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
    modify = partial(seconds, [*task, "1", "modify", "project:omar"], team.folder)
    yield Job("accept", "Taskwarrior, one change", accept, modify, runs=runs)
    move = ("bulk-assign", "--from", "mark", "--to", "omar", "--as", "maria", "--yes")

    def modify_all() -> tuple[float, float]:
        words = ("status:pending", "modify", f"project:{next(owners)}")
        return seconds([*task, *words], team.folder)

    against = "Taskwarrior, modify 1,000"
    yield Job("bulk-assign, 1,000", against, kept.ours(*move), modify_all, runs=2)
