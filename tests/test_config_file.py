"""The config file: where it is found, and what is refused in it."""

import os
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from assignchat.config import load
from assignchat.config.keys import default_text
from tests.support.processes import ROOT, run
from tests.support.team import Team

NOBODY = 65534
SHIPPED = ROOT / "config.toml"


def shipped_values() -> dict[str, Any]:
    """Every key with the value that the file at the top of the repository gives it."""
    tables = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    discuss = tables.pop("assign_discuss")
    return tables | {f"assign_discuss.{name}": value for name, value in discuss.items()}


def write(path: Path, busy_timeout: str) -> Path:
    """A config file that can be told from others by one value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'busy_timeout = "{busy_timeout}"\n')
    return path


def in_force(team: Team, *before: str) -> str:
    """The value of `busy_timeout`."""
    return str(team.ok(*before, "config", "get", "busy_timeout")["value"])


def message(team: Team, *words: str) -> str:
    """What a command that finds its config invalid says on standard error."""
    assert team.refused(*words) == (7, "config_invalid")
    return team.run(*words).err


def test_the_file_is_looked_for_in_order(
    empty_team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_force(empty_team) == "10s"
    write(tmp_path / "xdg" / "assignchat" / "config.toml", "4s")
    assert in_force(empty_team) == "4s"
    write(empty_team.config, "3s")
    assert in_force(empty_team) == "3s"
    monkeypatch.setenv("ASSIGNCHAT_CONFIG", str(write(tmp_path / "team.toml", "2s")))
    assert in_force(empty_team) == "2s"
    named = str(write(tmp_path / "mine.toml", "1s"))
    assert in_force(empty_team, "--config", named) == "1s"


def test_without_a_file_everything_is_as_the_shipped_file_says(empty_team: Team) -> None:
    assert empty_team.ok("config", "list") == shipped_values()


def test_the_users_config_folder_is_in_their_home(
    empty_team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    found = write(tmp_path / "home" / ".config" / "assignchat" / "config.toml", "4s")
    assert in_force(empty_team) == "4s"
    assert empty_team.ok("config", "path")["path"] == str(found)


def test_a_config_folder_that_depends_on_the_working_directory_is_none(
    empty_team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "etc")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write(empty_team.folder / "etc" / "assignchat" / "config.toml", "3s")
    assert in_force(empty_team) == "10s"
    write(tmp_path / "home" / ".config" / "assignchat" / "config.toml", "4s")
    assert in_force(empty_team) == "4s"


def test_a_file_that_was_named_must_be_there(
    empty_team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "nowhere.toml" in message(empty_team, "--config", "nowhere.toml", "config", "list")
    assert "nowhere.toml" in message(empty_team, "--config", "nowhere.toml", "requests")
    monkeypatch.setenv("ASSIGNCHAT_CONFIG", "elsewhere.toml")
    assert "elsewhere.toml" in message(empty_team, "accept", "1", "--as", "martha")


@pytest.mark.parametrize("words", [("set", "busy_timeout", "5s"), ("unset", "busy_timeout")])
def test_no_file_is_made_for_a_change_under_a_name_that_was_mistyped(
    empty_team: Team, words: tuple[str, ...]
) -> None:
    assert empty_team.refused("--config", "no/where.toml", "config", *words) == (
        7,
        "config_invalid",
    )
    assert list(empty_team.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("busy_timout = 5", "busy_timout"),
        ("[assign_discuss]\ntimeout = 5", "assign_discuss.timeout"),
        ("[other]\nkey = 5", "other"),
        ("database = 5", "database"),
        ('database = ""', "database"),
        ("busy_timeout = true", "busy_timeout"),
        ('busy_timeout = "soon"', "busy_timeout"),
        ("busy_timeout = 1.5", "busy_timeout"),
        ('identity = "root"', "identity"),
        ("identity = []", "identity"),
        ('operators = "ann"', "operators"),
        ("operators = [1]", "operators"),
        ("assign_discuss = 5", "assign_discuss"),
        ("[[assign_discuss]]\nrequest_timeout = 5", "assign_discuss"),
        ("[assign_discuss]\nrequest_timeout = 0", "assign_discuss.request_timeout"),
        ('[assign_discuss]\nrequest_timeout = "31d"', "assign_discuss.request_timeout"),
        ('[assign_discuss]\nrequest_timeout = "never"', "assign_discuss.request_timeout"),
        ("[assign_discuss]\nrejection_reasons = [[]]", "assign_discuss.rejection_reasons"),
        ('[assign_discuss]\nrejection_reasons = [" "]', "assign_discuss.rejection_reasons"),
        ("[assign_discuss]\nallow_other_reasons = 1", "assign_discuss.allow_other_reasons"),
        ("busy_timeout = 5\nidentity = = 5", "line 2"),
        ("busy_timeout = 5\nbusy_timeout = 6\n[assign_discuss]", "line 2"),
    ],
)
def test_what_is_wrong_in_it_is_named(empty_team: Team, text: str, named: str) -> None:
    empty_team.config.write_text(text)
    said = message(empty_team, "requests")
    assert "config.toml" in said
    assert named in said
    assert len(said) < 500


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("busy_timout = 5", "busy_timeout"),
        ("busy_timeout = true", "90s"),
        ('identity = "root"', "login"),
        ("operators = [1]", "list"),
        ("[assign_discuss]\nallow_other_reasons = 1", "true or false"),
        ('[assign_discuss]\nrequest_timeout = "31d"', "30d"),
    ],
)
def test_an_invalid_config_comes_with_what_would_be_right(
    empty_team: Team, text: str, right: str
) -> None:
    empty_team.config.write_text(text)
    assert right in message(empty_team, "requests")


def test_nobody_can_be_left_without_a_reason_to_give(empty_team: Team) -> None:
    empty_team.config.write_text(
        "[assign_discuss]\nrejection_reasons = []\nallow_other_reasons = false\n"
    )
    message(empty_team, "requests")


@pytest.mark.parametrize(
    "text",
    [
        "database = " + "[" * 100_000,
        "database = " + "[" * 100_000 + "]" * 100_000,
        "database = " + "{a=" * 100_000,
        "database" + ".a" * 2_000 + " = 1",
        "[database" + ".a" * 2_000 + "]",
        "other" + ".a" * 2_000 + " = 1",
        "# " + "x" * 2_000_000,
    ],
    ids=["open lists", "lists", "tables", "dotted key", "header", "unknown key", "huge"],
)
def test_a_file_made_to_exhaust_us_is_refused_at_once(empty_team: Team, text: str) -> None:
    empty_team.config.write_text(text)
    before = time.monotonic()
    said = message(empty_team, "requests")
    assert time.monotonic() - before < 4  # it was read twice
    assert len(said) < 500


@pytest.mark.parametrize("content", [b'busy_timeout = "\xff"', b"\xff\xfeb\0u\0", b"a = 1\0"])
def test_what_is_not_utf_8_text_is_refused(empty_team: Team, content: bytes) -> None:
    empty_team.config.write_bytes(content)
    assert "config.toml" in message(empty_team, "requests")


@pytest.mark.parametrize("name", ["folder", "fifo", "/dev/null"])
def test_what_is_no_file_is_refused_at_once(empty_team: Team, name: str) -> None:
    (empty_team.folder / "folder").mkdir()
    os.mkfifo(empty_team.folder / "fifo")
    for command in ("requests", "init"):
        before = time.monotonic()
        done = empty_team.process("--config", name, command, "--json")
        assert time.monotonic() - before < 2
        assert (done.exit_code, done.error) == (7, "config_invalid")
        assert name in done.err


def test_the_hint_for_an_unsafe_config_can_be_pasted_whatever_the_path(team: Team) -> None:
    unsafe = team.folder / "of the team.toml"
    unsafe.write_bytes(team.config.read_bytes())
    unsafe.chmod(0o666)
    result = team.run("--config", str(unsafe), "requests")
    hint = result.err.splitlines()[-1]
    assert run(team.folder, "sh", "-c", hint.removeprefix("Hint: ")).exit_code == 0
    assert team.run("--config", str(unsafe), "requests").exit_code == 0


def test_a_file_that_everyone_may_write_is_refused(team: Team) -> None:
    team.config.chmod(0o666)
    assert "chmod o-w" in message(team, "requests")
    team.config.chmod(0o664)
    team.ok("requests")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_counts_only_if_it_was_named(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.chown(team.config, NOBODY, NOBODY)
    assert "another user" in message(team, "requests")
    team.ok("--config", "config.toml", "requests")
    monkeypatch.setenv("ASSIGNCHAT_CONFIG", "config.toml")
    team.ok("requests")
    os.chown(team.config, 0, 0)


@pytest.mark.parametrize("text", ["busy_timeout = ", "busy_timout = 5", "operators = 1"])
def test_a_file_that_cannot_be_read_is_never_overwritten(empty_team: Team, text: str) -> None:
    empty_team.config.write_text(text)
    for words in (("init",), ("set", "busy_timeout", "5s"), ("unset", "busy_timeout")):
        command = words if words == ("init",) else ("config", *words)
        assert empty_team.refused(*command) == (7, "config_invalid")
    assert empty_team.config.read_text() == text
    assert list(empty_team.folder.iterdir()) == [empty_team.config]


def test_the_database_stands_beside_the_config_file(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(team.ok("--config", "team/config.toml", "user", "list")) == 4
    monkeypatch.setenv("ASSIGNCHAT_CONFIG", str(team.config))
    assert len(team.ok("user", "list")) == 4


def test_the_config_may_name_a_database_anywhere(team: Team, tmp_path: Path) -> None:
    team.ok("--db", str(tmp_path / "other.db"), "init")
    team.config.write_text(f"database = '{tmp_path}/other.db'")
    assert team.ok("user", "list") == []
    team.config.write_text("database = '../other.db'")
    assert team.ok("user", "list") == []


def test_db_comes_before_the_environment_and_that_before_the_config(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one.db", "two.db"):
        team.ok("--db", str(tmp_path / name), "init")
    team.ok("--db", "../one.db", "user", "add", "one")
    team.ok("--db", "../two.db", "user", "add", "two")
    assert len(team.ok("user", "list")) == 4
    monkeypatch.setenv("ASSIGNCHAT_DB", "../one.db")  # relative to where we are
    assert [user["id"] for user in team.ok("user", "list")] == ["one"]
    assert [user["id"] for user in team.ok("--db", "../two.db", "user", "list")] == ["two"]


def test_durations_may_be_plain_numbers_and_a_deadline_may_be_off(team: Team) -> None:
    ask = ("assign", "chat-1", "--to", "martha", "--as", "mark", "--json")
    team.config.write_text("[assign_discuss]\nrequest_timeout = 90\n")
    asked = team.ok(*ask)
    assert asked["expires_at"] == "2026-11-22T14:06:40.000Z"
    team.ok("withdraw", str(asked["id"]), "--reason", "No longer needed", "--as", "mark")
    team.config.write_text('[assign_discuss]\nrequest_timeout = "off"\n')
    assert team.ok(*ask)["expires_at"] is None


def test_the_default_file_says_what_holds_without_it(empty_team: Team) -> None:
    without = empty_team.ok("config", "list")
    empty_team.config.write_text(default_text())
    assert empty_team.ok("config", "list") == without


def test_the_config_file_of_the_repository_is_the_default_file() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == default_text()


def test_a_file_as_init_wrote_it_means_what_is_written_in_it(team: Team) -> None:
    team.config.write_text(default_text())
    untouched = load.load(str(team.config))
    team.config.write_text(default_text() + "\n# parsed\n")
    assert load.load(str(team.config)) == untouched
