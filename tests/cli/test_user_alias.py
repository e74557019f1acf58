"""Aliases: wherever a user is named, another name that a CRM has for them will do."""

import csv
import io
from pathlib import Path

import pytest

from assignchat import accept, assign, open_database
from tests.support.team import Team

GUID = "7F3A9C1E-0B5D-4A60-9D2E-1C8F5E7A2B34"


@pytest.fixture
def named(team: Team) -> Team:
    """The demo team, whose users a CRM knows by other names."""
    team.ok("user", "set", "mark", "--alias", "Mark.Rossi@example.com", "--alias", GUID)
    team.ok("user", "set", "martha", "--alias", "Martha Weiß")
    team.ok("user", "set", "maria", "--alias", "boss@example.com")
    return team


def _aliases(team: Team, user_id: str) -> object:
    return next(user["aliases"] for user in team.ok("user", "list") if user["id"] == user_id)


# Having them


def test_a_user_is_added_with_aliases_and_given_more(team: Team) -> None:
    added = team.ok("user", "add", "jane", "--alias", "jane@example.com", "--alias", "Jane N.")
    assert added["aliases"] == ["Jane N.", "jane@example.com"]
    changed = team.ok("user", "set", "jane", "--alias", GUID)
    assert changed["aliases"] == [GUID, "Jane N.", "jane@example.com"]
    assert _aliases(team, "jane") == changed["aliases"]


def test_an_alias_is_kept_as_given_and_the_last_spelling_stands(team: Team) -> None:
    team.ok("user", "set", "mark", "--alias", "mark@example.com")
    changed = team.ok("user", "set", "mark", "--alias", "Mark@Example.com")
    assert changed["aliases"] == ["Mark@Example.com"]
    assert team.rows("SELECT alias, user_id, source, heading FROM user_aliases") == [
        ("Mark@Example.com", "mark", None, None)
    ]


def test_an_alias_is_taken_away_in_any_case(named: Team) -> None:
    changed = named.ok("user", "set", "mark", "--no-alias", GUID.lower())
    assert changed["aliases"] == ["Mark.Rossi@example.com"]
    words = ("user", "set", "mark", "--no-alias", GUID)
    assert named.refused_leaving_no_trace(*words) == (2, "invalid_value")


@pytest.mark.parametrize("spelling", ["martha weiss", "MARTHA WEISS", "\uff2dartha Weiß"])
def test_an_alias_belongs_to_one_user_in_every_spelling(named: Team, spelling: str) -> None:
    words = ("user", "set", "omar", "--alias", spelling)
    assert named.refused_leaving_no_trace(*words) == (4, "alias_exists")
    words = ("user", "add", "jane", "--alias", spelling)
    assert named.refused_leaving_no_trace(*words) == (4, "alias_exists")
    assert "assignchat user set martha --no-alias" in named.run(*words).err


@pytest.mark.parametrize("alias", ["", " x", "a\nb", "x" * 201])
def test_an_alias_is_written_as_an_id_is(team: Team, alias: str) -> None:
    words = ("user", "set", "mark", "--alias", alias)
    assert team.refused_leaving_no_trace(*words) == (2, "invalid_value")


def test_a_change_of_aliases_is_tracked_once_and_no_change_not_at_all(named: Team) -> None:
    (*_, row) = named.ok("tracking", "--user", "martha")
    assert row["detail"] == {"id": "martha", "aliases": [[], ["Martha Weiß"]]}
    before = named.snapshot()
    named.ok("user", "set", "martha", "--alias", "Martha Weiß")
    assert named.snapshot() == before


def test_in_csv_aliases_are_a_json_array_and_in_json_lines_they_are_one(named: Team) -> None:
    rows = list(csv.DictReader(io.StringIO(named.run("user", "list", "--csv").out)))
    assert [row["aliases"] for row in rows if row["id"] == "martha"] == ['["Martha Weiß"]']
    assert '"aliases": ["Martha Weiß"]' in named.run("user", "list", "--jsonl").out
    assert "Martha Weiß" in named.run("user", "set", "martha", "--role", "user").out


# Using them


def test_wherever_a_user_is_named_an_alias_will_do_and_the_id_is_recorded(named: Team) -> None:
    words = ("--to", "MARTHA WEISS", "--then", "boss@example.com")
    asked = named.ok("assign", "chat-1", *words, "--as", "mark.rossi@EXAMPLE.com")
    assert (asked["requester_id"], asked["recipient_id"]) == ("mark", "martha")
    assert named.rows("SELECT fallbacks FROM requests") == [('["maria"]',)]
    named.ok("reject", "1", "--reason", "Busy", "--as", "martha weiß")
    assert named.history(request_id=1) == [
        ("requested", "mark", "mark", "martha", "pending"),
        ("rejected", "martha", "mark", "martha", "rejected"),
    ]
    assert named.ok("requests", "--recipient", "martha weiss")[0]["id"] == 1
    assert named.ok("requests", "--requester", GUID)[0]["id"] == 1
    assert len(named.ok("chat", "list", "--owner", GUID)) == 3
    assert named.ok("tracking", "--user", "martha weiss", "--event", "rejected")
    assert named.ok("tracking", "--user", GUID, "--records")


def test_chats_are_handed_over_in_bulk_between_aliases(named: Team) -> None:
    done = named.ok(
        *("bulk-assign", "--from", GUID, "--to", "martha weiss", "--to", "martha"),
        *("--as", "BOSS@example.com"),
    )
    assert done["recipients"] == {"martha": 3}
    assert named.history(batch_id=1) == [("assigned", "maria", "mark", "martha", None)] * 3


def test_who_hands_over_their_own_chats_may_name_themselves_by_an_alias(named: Team) -> None:
    done = named.ok("bulk-assign", "--from", GUID.lower(), "--to", "martha", "--as", "mark")
    assert done["recipients"] == {"martha": 3}


def test_the_commands_on_a_user_take_an_alias(named: Team) -> None:
    for command in ("away", "back", "activate"):
        assert named.ok("user", command, GUID.lower())["id"] == "mark"
    assert named.ok("user", "set", GUID.lower(), "--name", "Marco")["id"] == "mark"
    leaving = ("user", "deactivate", GUID, "--reassign-to")
    assert named.refused(*leaving, "mark.rossi@example.com") == (2, "invalid_value")
    assert named.ok(*leaving, "martha weiss")["batch"]["recipients"] == {"martha": 3}


def test_operators_are_recorded_by_their_ids(named: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    named.ok(
        "chat", "add", "chat-9", "--customer", "Ann", "--owner", GUID, "--as", "BOSS@example.com"
    )
    assert named.history(chat_id="chat-9") == [("opened", "maria", None, "mark", None)]
    monkeypatch.setenv("ASSIGNCHAT_USER", "Boss@Example.com")
    named.ok("chat", "close", "chat-9")
    assert named.history(chat_id="chat-9")[1:] == [("closed", "maria", "mark", None, None)]
    assert named.ok("status")["user"] == "maria"


def test_an_id_goes_before_an_alias(named: Team) -> None:
    named.ok("user", "set", "mark", "--alias", "omar")
    assert named.ok("assign", "chat-1", "--to", "omar", "--as", "mark")["recipient_id"] == "omar"
    assert named.refused("assign", "chat-2", "--to", "Omar", "--as", "mark") == (4, "already_owner")


def test_a_new_user_takes_nobodys_alias_for_an_id(named: Team) -> None:
    spelling = "Boss@Example.com"
    assert named.refused("user", "add", spelling) == (2, "invalid_value")
    Path("users.csv").write_text(f"id,name\nnew,New\n{spelling},Boss\n", encoding="utf-8")
    assert named.refused("import", "users", "users.csv") == (2, "import_invalid")
    assert named.ok("assign", "chat-1", "--to", spelling, "--as", "mark")["recipient_id"] == "maria"
    assert named.ok("user", "add", spelling, "--any-id")["id"] == spelling


def test_nobody_is_not_found_and_a_similar_alias_suggests_whom(named: Team) -> None:
    words = ("assign", "chat-1", "--to", "martha.weiß", "--as", "mark")
    assert named.refused(*words) == (3, "user_not_found")
    assert "Did you mean martha?" in named.run(*words).err
    assert named.refused("inbox", "--as", "nobody@example.com") == (2, "actor_unknown")


def test_the_python_api_takes_them_too(team_now: Team) -> None:
    team_now.ok("user", "set", "mark", "--alias", GUID)
    with open_database(team_now.database) as database:
        asked = assign(database, "chat-4", to=GUID, actor="martha")
        assert accept(database, asked.id, actor=GUID.lower()).recipient_id == "mark"


# Importing them


def _import(team: Team, noun: str, text: str, *words: str) -> object:
    Path("file.csv").write_text(text, encoding="utf-8")
    return team.ok("import", noun, "file.csv", *words)


def test_users_come_with_an_alias_and_a_capacity(team: Team) -> None:
    _import(team, "users", "id,alias,capacity\nmark,Mark@example.com,5\njane,jane@example.com,\n")
    assert _aliases(team, "mark") == ["Mark@example.com"]
    assert _aliases(team, "jane") == ["jane@example.com"]
    assert team.rows("SELECT id, capacity FROM users WHERE capacity > 0") == [("mark", 5)]
    done = _import(team, "users", "id,alias,capacity\nmark,mark@example.com,\n")
    assert done["unchanged"] == 0  # type: ignore[index]
    assert _aliases(team, "mark") == ["mark@example.com"]


def test_what_the_list_of_users_writes_is_read_as_the_same(named: Team) -> None:
    team = named
    before = team.run("user", "list", "--csv").out
    for user in ("mark", "martha", "maria"):
        for alias in _aliases(team, user):  # type: ignore[attr-defined]
            team.ok("user", "set", user, "--no-alias", alias)
    assert team.run("user", "list", "--csv").out != before
    _import(team, "users", before, "--column", "alias=aliases")
    assert team.run("user", "list", "--csv").out == before


def test_rows_that_give_an_alias_of_somebody_else_or_no_number_are_named(named: Team) -> None:
    Path("file.csv").write_text("id,alias,capacity\nomar,MARTHA WEISS,\njane,,many\n")
    refused = named.run("import", "users", "file.csv")
    assert refused.exit_code == 2
    assert "line 2: Martha (martha) has the alias 'MARTHA WEISS' already" in refused.err
    assert "line 3: capacity is a number from 0 on, not 'many'" in refused.err


def test_chats_come_with_owners_by_id_or_alias(named: Team) -> None:
    rows = [
        "id,customer,owner_id",
        "chat-1,Priya Nair,MARTHA WEISS",
        f"chat-8,Ann,{GUID.lower()}",
        "chat-9,Ben,omar",
    ]
    _import(named, "chats", "\n".join(rows))
    assert [named.owner(f"chat-{n}") for n in (1, 8, 9)] == ["martha", "mark", "omar"]
    assert named.history(chat_id="chat-1")[1:] == [
        ("imported", named.history(chat_id="chat-1")[0][1], "mark", "martha", None)
    ]
    Path("file.csv").write_text("id,owner_id\nchat-1,Nobody Known\n")
    refused = named.run("import", "chats", "file.csv")
    assert "no user 'Nobody Known'" in refused.err


def test_in_a_team_of_many_a_name_that_begins_alike_is_suggested(
    named: Team, tmp_path: Path
) -> None:
    alike = "u" * 150
    rows = (f"{alike}-{number:04}-{'x' * 30},Person {number}\n" for number in range(2_000))
    many = tmp_path / "many.csv"
    many.write_text("id,name\n" + "".join(rows))
    named.ok("import", "users", str(many))
    mistyped = f"{alike}-0007-{'x' * 31}"
    for words in (("inbox", "--as", mistyped), ("user", "activate", mistyped)):
        assert f"Did you mean {alike}-0007-{'x' * 30}" in named.run(*words).err
    assert "Did you mean martha or " in named.run("inbox", "--as", "marthaa").err


@pytest.mark.parametrize(
    ("other", "alias"),
    [("martha", "Martha"), ("m.l", "m.l"), ("Zoé", "ZOÉ"), ("ｍax", "max"), ("Straße", "STRASSE")],  # noqa: RUF001
)
def test_check_warns_of_an_alias_that_is_the_id_of_another_user(
    named: Team, other: str, alias: str
) -> None:
    assert named.ok("check")["warnings"] == []
    named.ok("user", "set", "omar", "--alias", alias)
    if other != "martha":
        named.ok("user", "add", other, "--any-id")
    (found,) = named.ok("check")["warnings"]
    assert found["code"] == "users_alike"
    assert found["message"].endswith(f": {alias!r} of 'omar' and {other!r}")
    named.ok("user", "set", "omar", "--no-alias", alias)
    named.ok("user", "set", other, "--alias", alias)  # of their own id
    assert named.ok("check")["warnings"] == []
