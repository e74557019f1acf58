"""Datasette opens the database as it is, and our metadata file explains it."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import urlopen

import pytest

from tests.support.processes import ROOT, start
from tests.support.team import Team

METADATA = ROOT / "scripts" / "samples" / "datasette-metadata.json"
OF_SQLITE = {"_sqlite_migrations", "sqlite_sequence"}


class Site:
    """A running Datasette."""

    def __init__(self, address: str) -> None:
        self._address = address

    def page(self, path: str, **query: str) -> str:
        """A page of the database, which must be there."""
        asked = f"{self._address}/assignchat{path}?{urlencode(query)}"
        with urlopen(asked, timeout=20) as answer:  # noqa: S310  # our own loopback address
            return str(answer.read().decode())

    def rows(self, path: str, **query: str) -> list[dict[str, Any]]:
        """The rows of a table, a view or a query."""
        found = json.loads(self.page(f"{path}.json", _shape="array", **query))
        assert isinstance(found, list)
        return found


def datasette(database: Path, *options: str) -> Site:
    """Datasette on a loopback port of its own choice."""
    words = ("-m", "datasette", str(database), *options, "--host", "127.0.0.1", "--port", "0")
    process = start(database.parent, sys.executable, *words)
    assert process.stderr is not None
    running = next((line for line in process.stderr if "running on" in line), "")
    return Site(re.findall(r"http://127\.0\.0\.1:\d+", running)[0])


def a_day(team: Team, folder: Path) -> Path:
    """A database with something in every table that people look at; as Datasette finds it."""
    team.now = datetime.now(UTC) - timedelta(hours=1)  # the queries go by the machine's clock
    team.ok("init", "--demo")
    team.ok("assign", "chat-1", "--to", "martha", "--timeout", "off", "--as", "mark")
    team.ok("assign", "chat-2", "--to", "martha", "--timeout", "5s", "--as", "mark")
    team.ok("assign", "chat-3", "--to", "omar", "--as", "mark")
    team.ok("reject", "3", "--reason", "In a meeting", "--as", "omar")
    team.advance(10)
    team.ok("bulk-assign", "chat-3", "--to", "omar", "--as", "maria")
    return Path(shutil.copy(team.database, folder / "assignchat.db"))


@pytest.fixture
def site(empty_team: Team, tmp_path: Path) -> Iterator[Site]:
    """Datasette with the metadata file, on a day of the demo team."""
    database = a_day(empty_team, tmp_path)
    before = database.read_bytes()
    yield datasette(database, "--metadata", str(METADATA))
    assert database.read_bytes() == before


def described() -> dict[str, dict[str, Any]]:
    """What the metadata file says of the tables and views."""
    tables: dict[str, dict[str, Any]] = json.loads(METADATA.read_text("utf-8"))["databases"][
        "assignchat"
    ]["tables"]
    return tables


def test_every_table_and_view_is_explained_and_nothing_else(team: Team) -> None:
    kinds = team.sqlite("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    assert set(described()) == {name for (name,) in kinds}
    for name, about in described().items():
        if name in OF_SQLITE:
            continue
        columns = {column for _, column, *_ in team.sqlite(f'PRAGMA table_info("{name}")')}
        named = {*about.get("columns", ()), *about.get("facets", ()), *about.get("units", ())}
        named |= {about[key] for key in ("label_column", "sort", "sort_desc") if key in about}
        assert named <= columns, name


def test_each_page_opens_with_its_title_and_the_machinery_is_out_of_the_way(site: Site) -> None:
    first = site.page("")
    assert "Pending now" in first
    for name, about in described().items():
        if name in OF_SQLITE:
            assert f'/assignchat/{name}"' not in first
            continue
        shown = site.page(f"/{name}")
        assert re.search(rf"<h1[^>]*>\s*{about['title']}", shown), name
        for column, meaning in about.get("columns", {}).items():
            assert column in shown
            assert meaning.partition('"')[0] in shown.replace("&#39;", "'"), (name, column)


def test_references_are_shown_by_name(site: Site) -> None:
    shown = site.page("/requests")
    for table, key, label in (
        ("users", "martha", "Martha"),
        ("users", "mark", "Mark"),
        ("chats", quote("chat-1"), "Priya Nair"),
    ):
        assert f'<a href="/assignchat/{table}/{key}">{label}</a>' in shown
    history = site.page("/engagement_tracking")
    assert re.search(r'<a href="/assignchat/requests/3">rejected</a>', history)


def test_the_records_are_those_of_the_command(site: Site, empty_team: Team) -> None:
    rows = site.rows("/engagement_records", _sort="requested_at")
    ours = empty_team.ok("tracking", "--records")
    chats = [(row["kind"], row["chat_id"], row["to_user"]) for row in ours]
    assert sorted((row["kind"], row["chat_id"], row["to_user"]) for row in rows) == sorted(chats)
    assert len(rows) == 4


def test_the_queries_answer(site: Site) -> None:
    (waiting,) = site.rows("/pending")  # the other one's deadline has passed
    assert (waiting["request"], waiting["recipient"], waiting["seconds_left"]) == (
        1,
        "Martha",
        None,
    )
    load = {row["user"]: row["open_chats"] for row in site.rows("/load")}
    assert load == {"mark": 2, "martha": 1, "omar": 2, "maria": 0}
    told = [row["status"] for row in site.rows("/records_of_a_chat", chat="chat-3")]
    assert told == ["rejected", "assigned"]


def test_nobody_writes_through_datasette(site: Site) -> None:
    with pytest.raises(HTTPError) as refused:
        site.page(".json", sql="DELETE FROM users")
    assert refused.value.code == 400
    refused.value.close()


def test_datasette_works_at_once_without_the_metadata(empty_team: Team, tmp_path: Path) -> None:
    site = datasette(a_day(empty_team, tmp_path))
    assert '<a href="/assignchat/users/martha">Martha</a>' in site.page("/requests")
    assert len(site.rows("/engagement_records")) == 4
