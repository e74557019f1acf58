"""init: makes the database and the config file, whole or not at all, and replaces nothing."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from assignchat.config.keys import default_text
from tests.support.team import Team, together


@pytest.fixture
def permissive() -> Iterator[None]:
    """A shell in which new files are everybody's."""
    umask = os.umask(0)
    yield
    os.umask(umask)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("permissive")
def test_init_makes_a_database_and_a_config_file_for_their_owner_only(empty_team: Team) -> None:
    made = empty_team.ok("init")
    assert made["database"] == str(empty_team.database)
    assert names(empty_team.folder) == ["assignchat.db", "config.toml"]
    for path in (empty_team.database, empty_team.config):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert empty_team.config.read_text() == default_text()
    assert empty_team.ok("user", "list") == []
    assert empty_team.ok("check")["sound"] is True


def test_repeating_it_is_harmless(team: Team) -> None:
    team.config.write_text("# ours\nbusy_timeout = 5\n")
    before = team.snapshot()
    team.ok("init")
    team.ok("init")
    assert team.snapshot() == before
    assert team.config.read_text() == "# ours\nbusy_timeout = 5\n"
    assert names(team.folder) == ["assignchat.db", "config.toml"]


def test_demo_fills_an_empty_database(empty_team: Team) -> None:
    empty_team.ok("init")
    empty_team.ok("init", "--demo")
    assert {"mark", "martha"} < {user["id"] for user in empty_team.ok("user", "list")}
    assert empty_team.ok("chat", "list", "--owner", "mark")
    assert empty_team.ok("check")["sound"] is True


def test_demo_fills_no_other(empty_team: Team) -> None:
    empty_team.ok("init")
    empty_team.ok("user", "add", "eve")
    before = empty_team.snapshot()
    assert "not empty, so nothing was added" in empty_team.run("init", "--demo").err
    assert empty_team.snapshot() == before


def test_a_database_that_was_named_gets_no_config_file(
    empty_team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_team.ok("--db", "one.db", "init")
    monkeypatch.setenv("ASSIGNCHAT_DB", "two.db")
    empty_team.ok("init")
    assert names(empty_team.folder) == ["one.db", "two.db"]


def test_a_config_file_that_was_named_is_written_with_the_database_beside_it(
    empty_team: Team, tmp_path: Path
) -> None:
    (tmp_path / "sales").mkdir()
    empty_team.ok("--config", "../sales/team.toml", "init")
    assert names(tmp_path / "sales") == ["assignchat.db", "team.toml"]
    assert names(empty_team.folder) == []
    assert (tmp_path / "sales" / "team.toml").read_text() == default_text()


def test_a_config_file_that_is_in_use_is_left_alone(empty_team: Team, tmp_path: Path) -> None:
    in_use = tmp_path / "xdg" / "assignchat" / "config.toml"
    in_use.parent.mkdir(parents=True)
    in_use.write_text("database = 'sales.db'\n")
    empty_team.ok("init")
    assert names(in_use.parent) == ["config.toml", "sales.db"]
    assert in_use.read_text() == "database = 'sales.db'\n"
    assert names(empty_team.folder) == []


@pytest.mark.parametrize("content", ["", "not a database", "x" * 5000])
def test_a_file_that_is_something_else_is_never_replaced(empty_team: Team, content: str) -> None:
    empty_team.database.write_text(content)
    assert empty_team.refused("init") == (6, "database_foreign")
    assert empty_team.database.read_text() == content


def test_a_config_file_that_is_something_else_is_never_replaced(empty_team: Team) -> None:
    empty_team.config.write_text("[tool.other]\nkey = 1\n")
    assert empty_team.refused("init") == (7, "config_invalid")
    assert empty_team.config.read_text() == "[tool.other]\nkey = 1\n"
    assert names(empty_team.folder) == ["config.toml"]


def test_an_init_that_is_refused_writes_nothing(empty_team: Team) -> None:
    empty_team.database.write_text("not a database")
    assert empty_team.refused("init") == (6, "database_foreign")
    assert names(empty_team.folder) == ["assignchat.db"]


@pytest.mark.parametrize("path", ["no/such/team.db", "file/team.db", "x" * 300, "file/"])
def test_where_no_database_can_be_none_is_made(empty_team: Team, path: str) -> None:
    (empty_team.folder / "file").touch()
    done = empty_team.process("--db", path, "init", "--json")
    assert done.exit_code == 6, done.err
    assert names(empty_team.folder) == ["file"]


def test_eight_at_once_make_one_database(empty_team: Team) -> None:
    results = together(empty_team, *[("init", "--demo", "--json")] * 8)
    assert [result.exit_code for result in results] == [0] * 8, results
    assert sorted(result.json["created"] for result in results) == [False] * 7 + [True]
    left = set(names(empty_team.folder)) - {"assignchat.db-queue"}  # of those who came later
    assert left == {"assignchat.db", "config.toml"}
    assert len(empty_team.ok("user", "list")) == 4
    assert empty_team.ok("check")["sound"] is True
