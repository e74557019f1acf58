"""Sources: how a CRM writes, kept under a name in the config."""

import json
import tomllib
from pathlib import Path

import pytest

from tests.support.team import Team

SOURCE = """
# Our CRM, as of May.
[sources.crm]
time_zone = "Asia/Kolkata"
time_format = "%d/%m/%Y %H:%M"

[sources.crm.users]
columns = { id = "Login", alias = ["E-mail", "Full Name"] }

[sources.crm.chats.columns]
id = "GUID"  # not the number
owner_id = ["Agent", "Owner"]
status = "State"
opened_at = "Created"

[sources.crm.chats.values.status]
Active = "open"
Resolved = "closed"

[sources.crm.chats.defaults]
owner_id = "omar"
"""
CHATS = """\
GUID,Agent,State,Created
a-1,Mark@Team.example,Active,21/11/2026 09:30
a-2,,resolved,22/11/2026 14:05
"""


@pytest.fixture
def sourced(team: Team) -> Team:
    """A team whose config has a source, and whose users have aliases by it."""
    team.config.write_text(SOURCE, encoding="utf-8")
    _write("users.csv", "Login,E-mail,Full Name\nmark,mark@team.example,Mark Smith\n")
    team.ok("import", "users", "users.csv", "--from", "crm")
    return team


def _write(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def _chats(team: Team) -> dict[str, tuple[str, str, str]]:
    return {
        chat["id"]: (chat["owner_id"], chat["status"], chat["opened_at"])
        for chat in team.ok("chat", "list")
    }


def test_a_source_says_how_its_files_are_to_be_read(sourced: Team) -> None:
    assert sourced.ok("import", "chats", _write("c.csv", CHATS), "--from", "crm")["created"] == 2
    assert _chats(sourced)["a-1"] == ("mark", "open", "2026-11-21T04:00:00.000Z")
    assert _chats(sourced)["a-2"] == ("omar", "closed", "2026-11-22T08:35:00.000Z")


def test_options_go_before_the_source(sourced: Team) -> None:
    words = ("--time-zone", "UTC", "--value", "status:Active=closed", "--default", "owner_id=maria")
    sourced.ok("import", "chats", _write("c.csv", CHATS), "--from", "crm", *words)
    assert _chats(sourced)["a-1"] == ("mark", "closed", "2026-11-21T09:30:00.000Z")
    assert _chats(sourced)["a-2"][:2] == ("maria", "closed")


def test_aliases_keep_the_source_and_the_heading_that_they_came_by(sourced: Team) -> None:
    kept = sourced.rows("SELECT alias, source, heading FROM user_aliases WHERE user_id = 'mark'")
    assert sorted(kept) == [
        ("Mark Smith", "crm", "Full Name"),
        ("mark@team.example", "crm", "E-mail"),
    ]


def test_a_source_that_is_not_there_is_named_with_those_that_are(sourced: Team) -> None:
    words = ("import", "chats", _write("c.csv", CHATS), "--from", "crn")
    assert sourced.refused_leaving_no_trace(*words) == (3, "source_not_found")
    assert "There are: crm" in sourced.run(*words).err


SAVED = ("--column", "id=GUID", "--column", "owner_id=Agent", "--column", "status=State")
WORDS = ("--value", "status:Active=open", "--value", "status:Very long word.=closed")


def test_what_was_given_is_saved_as_a_source_and_does_it_again(team: Team) -> None:
    team.config.write_text('# Ours.\nbusy_timeout = "7s"  # long\n', encoding="utf-8")
    file = _write("c.csv", "GUID,Agent,State\na-1,mark,active\n")
    team.ok("import", "chats", file, *SAVED, *WORDS, "--save-source", "crm")
    text = team.config.read_text()
    assert text.startswith('# Ours.\nbusy_timeout = "7s"  # long\n')
    assert tomllib.loads(text)["sources"] == {
        "crm": {
            "chats": {
                "columns": {"id": "GUID", "owner_id": "Agent", "status": "State"},
                "values": {"status": {"Active": "open", "Very long word.": "closed"}},
            }
        }
    }
    assert team.ok("import", "chats", file, "--from", "crm")["unchanged"] == 1
    (row,) = team.ok("tracking", "--event", "config_changed")
    assert row["detail"]["key"] == "sources.crm"
    assert team.ok("check")["warnings"] == []


def test_a_source_is_changed_where_it_stands_and_its_comments_stay(sourced: Team) -> None:
    words = ("--value", "status:active=closed", "--time-zone", "UTC", "--save-source", "crm")
    sourced.ok("import", "chats", _write("c.csv", CHATS), "--from", "crm", *words)
    text = sourced.config.read_text()
    assert text == SOURCE.replace("Asia/Kolkata", "UTC").replace(
        'Active = "open"', 'Active = "closed"'
    )
    assert tomllib.loads(text)["sources"]["crm"]["users"]["columns"]["id"] == "Login"


def test_nothing_is_saved_of_an_import_that_is_refused_or_only_tried(team: Team) -> None:
    before = team.config.read_bytes()
    file = _write("c.csv", "GUID,Agent\na-1,nobody\n")
    words = ("import", "chats", file, *SAVED[:4], "--save-source", "crm")
    assert team.refused_leaving_no_trace(*words) == (2, "import_invalid")
    _write("c.csv", "GUID,Agent\na-1,mark\n")
    team.ok(*words, "--dry-run")
    assert team.refused(*words[:-1], "a b") == (2, "invalid_value")
    assert team.config.read_bytes() == before


def test_config_shows_sources_and_changes_other_keys_beside_them(sourced: Team) -> None:
    assert sourced.ok("config", "list")["sources.crm"]["time_zone"] == "Asia/Kolkata"
    shown = sourced.ok("config", "get", "sources.crm")["value"]
    assert shown == tomllib.loads(SOURCE)["sources"]["crm"]
    assert json.loads(sourced.run("config", "get", "sources.crm").out) == shown
    sourced.ok("config", "set", "busy_timeout", "7s")
    assert sourced.config.read_text().replace('busy_timeout = "7s"\n', "") == SOURCE
    assert "sources.crm" in sourced.run("config", "list").out


@pytest.mark.parametrize(
    ("wrong", "named"),
    {
        "sources = 3": "sources is a table",
        "[sources.crm]\ncolour = 'red'": "sources.crm.colour is no key of a source",
        "[sources.crm]\ntime_zone = 5": "sources.crm.time_zone is text",
        "[sources.crm.chats]\ncolumn = {}": "sources.crm.chats.column is none of",
        "[sources.crm.chats.columns]\nowner = 'X'": "sources.crm.chats.columns.owner is none of",
        "[sources.crm.chats.columns]\nid = []": "sources.crm.chats.columns.id is a heading",
        "[sources.crm.users.values.role]\nBoss = 1": "sources.crm.users.values.role says",
        "[sources.'a b']\nrows = 'x'": "'a b' is no name of a source",
    }.items(),
)
def test_what_is_no_source_is_refused_by_its_place(team: Team, wrong: str, named: str) -> None:
    team.config.write_text(wrong, encoding="utf-8")
    assert team.refused("chat", "list") == (7, "config_invalid")
    assert named in team.run("chat", "list").err
    team.config.write_text("", encoding="utf-8")
