"""The commands that write, each with what must be there before it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.support.team import made_demo, old_database

MANY = 2_000


class Writing(NamedTuple):
    """A command that writes."""

    name: str
    words: list[str]
    again: list[str]
    """A command of the same kind that works before it and after it."""
    before: Callable[[Path], None]
    on_opening: bool = False
    """Whether the change is made by opening the database, and stands whatever comes of the rest."""
    delivers: bool = False
    """Whether its output comes before the change: it may have arrived, and nothing be changed."""
    writes_config: str = ""
    """`first` or `last`, if the command writes the config file too: a crash may come between."""


def done(*commands: str) -> Callable[[Path], None]:
    """What makes a demo team in which these commands were run, an hour ago."""

    def prepare(folder: Path) -> None:
        made_demo(folder, datetime.now(UTC) - timedelta(hours=1), *commands)

    return prepare


def many_chats(folder: Path) -> None:
    """A demo team in which mark has very many chats."""
    with (folder / "chats.csv").open("w") as file:
        file.write("id,customer,owner_id\n")
        file.writelines(f"c{number:05},Customer {number},mark\n" for number in range(MANY))
    done("import chats chats.csv")(folder)


def an_export(folder: Path) -> None:
    """A demo team, and a file of new chats and of some that change their owner."""
    done("assign chat-1 --to martha --as mark --timeout off")(folder)
    with (folder / "chats.csv").open("w") as file:
        file.write("id,customer,owner_id\nchat-1,Priya Nair,omar\nchat-2,José,mark\n")
        file.writelines(f"c{number},Customer {number},martha\n" for number in range(40))


def an_old_team(folder: Path) -> None:
    """A team whose database was made and used by the first release, of the first schema."""
    old_database(folder / "assignchat.db")
    (folder / "config.toml").touch(0o600)


def nothing(_folder: Path) -> None:
    """An empty folder."""


ASKED = done(
    "assign chat-1 --to martha --as mark --timeout off",
    "assign chat-2 --to martha --as mark --timeout off",
)
DEMO = done()
HANDED_OVER = done("changes --told", "bulk-assign chat-1 chat-2 --to martha --as maria --yes")
DUE = done(*(f"assign chat-{n} --to martha --as mark --timeout 1s" for n in (1, 2, 3)))
BATCHES = done(
    "bulk-assign chat-1 chat-2 chat-3 --to martha --as maria --yes",
    "bulk-assign chat-5 --to mark --as maria --yes",
)


def _writing(name: str, before: Callable[[Path], None], words: str, again: str) -> Writing:
    return Writing(name, [*words.split(), "--json"], [*again.split(), "--json"], before)


MIGRATION = Writing(
    "a migration", ["user", "list", "--json"], ["user", "add", "eve"], an_old_team, on_opening=True
)

ASSIGN = _writing(
    "assign",
    DEMO,
    "assign chat-1 --to martha --as mark",
    "assign chat-4 --to omar --as martha",
)

COMMANDS = [
    MIGRATION,
    ASSIGN,
    _writing("accept", ASKED, "accept 1 --as martha", "accept 2 --as martha"),
    _writing(
        "reject",
        ASKED,
        "reject 1 --reason later --as martha",
        "reject 2 --reason later --as martha",
    ),
    _writing(
        "withdraw",
        ASKED,
        "withdraw 1 --reason mistake --as mark",
        "withdraw 2 --reason mistake --as mark",
    ),
    _writing(
        "bulk-assign",
        many_chats,
        "bulk-assign --from mark --to martha --to omar --as maria --yes",
        "bulk-assign chat-4 chat-5 --to maria --as maria --yes",
    ),
    _writing("undo", BATCHES, "undo 1 --as maria --yes", "undo 2 --as maria --yes"),
    _writing("sweep-timeouts", DUE, "sweep-timeouts", "sweep-timeouts"),
    _writing("import", an_export, "import chats chats.csv", "import chats chats.csv"),
    _writing(
        "config set", DEMO, "config set busy_timeout 5s", "config set busy_timeout 6s"
    )._replace(writes_config="last"),
    _writing("init", nothing, "init --demo", "init --demo")._replace(writes_config="first"),
    _writing(
        "user deactivate",
        ASKED,
        "user deactivate mark --reassign-to martha --reassign-to omar --as maria --yes",
        "user add eve",
    ),
    _writing("changes --told", HANDED_OVER, "changes --told", "user add eve")._replace(
        delivers=True
    ),
    _writing("backup", DEMO, "backup copy.db", "backup copy.db --force"),
    _writing(
        "backup over another",
        done("backup copy.db", "user add eve"),
        "backup copy.db --force",
        "backup copy.db --force",
    ),
]
