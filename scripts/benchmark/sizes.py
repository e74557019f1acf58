"""Every command beside 200,000 users, 1,000,000 chats and a config as large as it may be."""

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from assignchat.cli.commands import COMMANDS
from assignchat.config.load import MAX_FILE_BYTES
from benchmark.measuring import ASSIGNCHAT, Row, Team, chat_ids, seconds

MOST_SECONDS = 2.0
MOST_MIB = 200.0

# One change each, or one look.
SHORT = """
status --as mark
inbox --as martha
inbox --as martha --json
assign chat-00000010 --to martha --then omar --as maria
assign chat-00000011 --to-type manager --as maria
accept 1 --as martha
reject 3 --reason Busy --as martha
reject 4 --reason Bussy --as martha
withdraw 5 --reason Mistake --as maria
wait 1
take --from sales --as mark
take chat-00000013 --as maria
away --as omar
back --as omar
bulk-assign chat-00000020 chat-00000021 --to omar --as maria --yes
bulk-assign --from user-000007 --to user-000008 --to user-000009 --as maria --yes
bulk-assign --from user-000010 --to mark --to martha --split least-loaded --as maria --yes
undo --last --as maria --yes
run lines.txt
batches
requests
requests --status pending --json
requests --chat chat-00000010
requests show 1
tracking --limit 50
tracking --chat chat-00000010
tracking --batch 1
tracking --user mark --limit 50
tracking --event accepted
tracking --since 1s
tracking --records --limit 50
user add ann --name Ann
user set ann --alias ann@crm.example
user away ann
user back ann
user deactivate user-000011 --reassign-to ann --as maria --yes
user activate user-000011
chat add c-1 --customer Ann --owner mark
chat list --limit 50
chat list --owner user-000013
chat list --customer 999999
chat show chat-00000010
chat close chat-00000014
chat reopen chat-00000014
import chats one.csv
import users one-user.csv
changes
changes --told
config list
config get busy_timeout
config set busy_timeout 5s
config set assign_discuss.rejection_reasons Busy Late
config unset busy_timeout
config path
sweep-timeouts
help assign
--help
--db other.db init
""".strip().splitlines()

# With hints for what is wrong. Without addresses notify sends nothing.
REFUSED = """
assign chat-0000001x --to martha --as maria
assign chat-00000012 --to user-000012x --as maria
accept 999999 --as martha
accept 2 --as user-000012x
bulk-assign chat-0000002x --to omar --as maria --yes
undo 999 --as maria --yes
user deactivate user-000012x
chat show chat-0000001x
config set busy_tiemout 5s
notify
""".strip().splitlines()

# All that there is, in or out: as long as it takes, in the same memory.
STREAMS = """
check
check --full
backup copy.db
export out
chat list
chat list --json
user list --csv
stats
stats --json
stats --html stats.html
tracking --jsonl
tracking --records --csv
import users users.csv
import chats chats.csv
bulk-assign --from mark --to martha --as maria --yes
""".strip().splitlines()


def every_command(folder: Path, users: int, chats: int) -> Iterator[Row]:
    """The table of commands: wall seconds and peak MiB. What is refused is refused in time."""
    team = _large_team(folder / "sizes", users, chats)
    given = {word for line in (*SHORT, *STREAMS) for word in line.split()}
    if left := COMMANDS.keys() - given - {"notify"}:
        sys.exit(f"bench: not among the commands of sizes: {', '.join(left)}")
    beside = f"{users:,} users, {chats:,} chats"
    for line in (*REFUSED, *SHORT, *STREAMS):
        command = [*ASSIGNCHAT, *line.split()]
        taken, peak = seconds(command, team.folder, refused=line in REFUSED)
        goal = None if line in STREAMS else MOST_SECONDS
        yield Row(line, beside, taken, goal, peak, MOST_MIB)


def _large_team(folder: Path, users: int, chats: int) -> Team:
    """Make a team by our own import: what SQL puts in has no seal, and gives no rights.

    Little is kept in memory, because that of each command begins with ours.
    """
    team = Team(folder)
    people = (
        f"user-{n:06d},Person {n},{'user' if n % 50 else 'manager'},p{n}@crm.example"
        for n in range(users)
    )
    _write(folder / "users.csv", "id,name,role,alias", people)
    owned = (
        f"chat-{n:08d},Customer {n},{'mark' if n < _FEW else f'user-{n % users:06d}'}"
        for n in range(chats)
    )
    _write(folder / "chats.csv", "id,customer,owner_id", owned)
    few = chat_ids(_FEW)
    _write(folder / "one.csv", "id,customer,owner_id", ["c-2,Zoe,mark", f"{few[30]},Zoe,omar"])
    _write(folder / "one-user.csv", "id,name", ["zoe,Zoe", "user-000001,Eve"])
    _write(folder / "lines.txt", f"chat show {few[30]}", [f"chat close {few[31]}"])
    team.run("import", "users", "users.csv")
    team.run("import", "chats", "chats.csv")
    team.run("user", "add", "sales", "--role", "queue")
    team.run("bulk-assign", *few[100:200], "--to", "sales", "--as", "maria", "--yes")
    team.send_requests(few[200:])
    (folder / "config.toml").write_text(_large_config())
    return team


_FEW = 1_200
"""The chats that mark has, and those below hand over."""


def _write(path: Path, heading: str, lines: Iterable[str]) -> None:
    with path.open("w") as file:
        file.writelines(f"{line}\n" for line in chain([heading], lines))


def _large_config() -> str:
    """A list as long as a config may be, with comments, of which config set keeps what it can."""
    text, number = "[assign_discuss]\nrejection_reasons = [\n", 0
    while len(text) < MAX_FILE_BYTES - _LEFT:
        number += 1
        text += f'    "Reason number {number} of very many", # why {number}\n'
    return f"{text}]\n"


_LEFT = 2_000  # bytes for what config set adds
