"""Rows come in one order, whichever way a server takes to them, and in that of a file."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from assignchat.store.engines import engine_of
from tests.support.servers import Server
from tests.support.team import START, made_demo, run_here
from tests.test_days_on_server import rows

WAYS = {
    "its own": "",
    "nested loops": "enable_hashjoin=off enable_mergejoin=off",
    "hash joins": "enable_nestloop=off enable_mergejoin=off enable_indexscan=off",
    "merge joins": "enable_nestloop=off enable_hashjoin=off enable_hashagg=off",
    "no sorting": "enable_sort=off enable_seqscan=off",
    "hashing": "enable_sort=off enable_indexscan=off enable_indexonlyscan=off",
    "several at once": "parallel_setup_cost=0 parallel_tuple_cost=0"
    " min_parallel_table_scan_size=0 min_parallel_index_scan_size=0",
}
"""Settings of a database by which the server plans its queries in other ways."""

OWNERS = ("zoe", "mark", "omar", "adam", "martha")

ODD = ("z-1", "C-9", "1.5E+15", "\uff23-9", "1.5E+14", "a-1", "C-7", "c-7", "\uff23-7")
"""Ids of which some may be forms of others, all on one line of a file."""

BEGINNING = """
user add zoe --name Adam --alias ZZ --alias AA
user add adam --name Adam --alias Omar.X
user add sales --role queue
user add x1 --name Beatrice
user add y2 --name Beatrice
import chats chats.csv --column owner_id=owner_id --save-source crm
import chats chats.csv --from crm
bulk-assign c-7 c-3 c-12 c-9 c-1 c-30 --to martha --to omar --as maria
assign chat-1 --to martha --then omar --then zoe --as mark
assign c-4 --to adam --as maria
assign c-5 --to omar --as maria
assign c-6 --to zoe --as maria
accept 1 --as martha
reject 2 --reason Busy --as adam
bulk-assign --from zoe --to mark --to adam --reason Leave --as maria
undo 1 --as maria
chat close c-20
chat add new-1 --customer New --owner adam
chat add new-2 --customer New --owner adam
"""
"""What happens in a file, most of it at the same time."""

END = """
import chats later.csv --from crm
bulk-assign --from mark --to zoe --to omar --to martha --as maria
bulk-assign c-2 c-19 c-11 c-8 --to sales --as maria
undo 3 --as maria
sweep-timeouts
user deactivate adam --reassign-to omar --reassign-to zoe --as maria
"""
"""What happens in the file and on the server, which gives it ids."""

LISTS = """
requests
requests --status pending
requests --chat chat-1
requests show 1
batches
chat list
chat list --owner adam
chat list --status closed
chat list --customer cust
chat list --limit 7
chat show c-7
user list
changes
changes --limit 5
inbox --as martha
inbox --as adam
status --as omar
stats
check
check --full
tracking
tracking --limit 9
tracking --chat c-7
tracking --batch 1
tracking --user zoe
tracking --event assigned --event undone
tracking --records
tracking --records --limit 11
tracking --records --chat c-7
tracking --records --request 1
tracking --records --batch 1
tracking --records --batch 2
tracking --records --user mark
tracking --records --event assigned
tracking --records --event accepted --event undone
tracking --records --since 2026-11-22T14:05:10Z
tracking --records --until 2026-11-22T15:00:00Z
""".strip().splitlines()
"""Lists: for people, who read the newest first, and for machines."""


REFUSED = """
assign chat-1 --to a --as maria
assign chat-1 --to Beatric --as maria
chat show c
import chats faults.json
""".strip().splitlines()
"""What is refused with a list: of what is perhaps meant, or of what is wrong."""


class Story(NamedTuple):
    """A folder with a file, and the name of its copy on a server, where rows are in no order."""

    folder: Path
    template: str
    server: Server

    @contextmanager
    def on_server(self, way: str) -> Iterator[str]:
        """Let the server go one of the ways in the block. Yields the URL."""
        with self.server.database(self.template) as url:
            for setting in WAYS[way].split():
                self.server.run(f"ALTER DATABASE {name_in(url)} SET {setting}")
            yield url


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Story]:
    """A team with many rows of the same moment."""
    folder = made_demo(tmp_path_factory.mktemp("story"), START)
    write_chats(folder / "chats.csv", 0)
    write_chats(folder / "later.csv", 1)
    faults = [{"id": chat, "owner_id": owner} for chat in ODD for owner in ("nobody", "zoe")]
    (folder / "faults.json").write_text(f"\n{json.dumps(faults)}", encoding="utf-8")
    play(folder, BEGINNING, "assignchat.db")
    with server.database() as url:
        play(folder, "init --from assignchat.db", url)
        server.shuffle(name_in(url))
        yield Story(folder, name_in(url), server)


@pytest.fixture(scope="module")
def in_file(story: Story) -> dict[str, str]:
    """What the lists say of the file."""
    return shown(story.folder, "assignchat.db")


def name_in(url: str) -> str:
    return url.rpartition("=")[2]


def write_chats(path: Path, shift: int) -> None:
    """Write a file of chats. Two thirds have another owner in a file of another shift."""
    owners = [OWNERS[(number + shift * (number % 3)) % len(OWNERS)] for number in range(40)]
    lines = (f"c-{number},Customer {number % 7},{owner}" for number, owner in enumerate(owners))
    path.write_text("\n".join(["id,customer,owner_id", *lines, ""]), encoding="utf-8")


def play(folder: Path, commands: str, location: str, seconds: int = 0) -> None:
    """Run commands some time after the start."""
    for command in commands.strip().splitlines():
        said(folder, location, *command.split(), seconds=seconds)


def said(folder: Path, location: str, *words: str, seconds: int = 0) -> str:
    """Run a command that must succeed. Returns what it prints."""
    now = START + timedelta(seconds=seconds)
    done = run_here(folder, "--db", location, *words, clock=lambda: now)
    assert done.exit_code == 0, (words, done.err)
    return done.out


def shown(folder: Path, location: str) -> dict[str, str]:
    """Return what each list says, in each form, and each file of an export."""
    lists = {
        f"{listed} {form}": said(folder, location, *listed.split(), *form.split())
        for listed in LISTS
        for form in ("", "--json")
    }
    refusals = {
        refused: run_here(folder, "--db", location, *refused.split()).err for refused in REFUSED
    }
    said(folder, location, "export", "out")
    files = {path.name: path.read_text() for path in (folder / "out").iterdir()}
    shutil.rmtree(folder / "out")
    return lists | refusals | files


@pytest.mark.parametrize("way", WAYS)
def test_a_server_lists_what_it_has_as_a_file_does(
    story: Story, in_file: dict[str, str], way: str
) -> None:
    with story.on_server(way) as url:
        on_server = shown(story.folder, url)
    assert on_server.keys() == in_file.keys()
    for listed, text in in_file.items():
        assert on_server[listed] == text, listed


@pytest.mark.parametrize("way", WAYS)
def test_a_server_numbers_what_happens_as_a_file_does(story: Story, way: str) -> None:
    shutil.copy(story.folder / "assignchat.db", story.folder / "copy.db")
    with story.on_server(way) as url:
        for location in ("copy.db", url):
            play(story.folder, END, location, seconds=600)
        in_file, on_server = (kept(where) for where in (str(story.folder / "copy.db"), url))
    for table, found in in_file.items():
        assert on_server[table] == found, table


def kept(location: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of a database."""
    with engine_of(location).open(location, os_user="tester") as database:
        return rows(database)
