"""What members of a team on a server can do through the program, and cannot."""

import shlex

import pytest

import assignchat
from assignchat.errors import IdentityFixed
from tests.support.members import LOGINS, Members
from tests.support.processes import run
from tests.support.team import Team, rows_of


@pytest.fixture
def held(members: Members) -> Members:
    """Members whose config says that the actor is the login."""
    members.team.config.write_text('identity = "database"\n', encoding="utf-8")
    members.team.config.chmod(0o600)
    return members


def test_what_stands_twice_because_of_a_change_by_hand_is_damage(held: Members) -> None:
    held.ok("martha", "reject", "1", "--reason", "In a meeting")
    held.ok("mark", "assign", "chat-1", "--to", "omar")
    held.ok("omar", "reject", "2", "--reason", "In a meeting")
    change = "UPDATE requests SET status = '{}', reason = {}, resolved_at = {} WHERE id = 1"
    held.sql("owner", change.format("pending", "NULL", "NULL"))
    try:
        asked = held.refused("mark", "assign", "chat-1", "--to", "omar")
    finally:
        held.sql("owner", change.format("rejected", "'In a meeting'", "requested_at"))
    assert asked == (6, "database_damaged")


def test_the_whole_work_of_a_day_goes_through_as_members(held: Members) -> None:
    held.ok("martha", "accept", "1")
    held.ok("mark", "assign", "chat-2", "--to", "martha", "--then", "omar", "--timeout", "1m")
    held.team.advance(90)
    assert held.ok("omar", "sweep-timeouts")["request_ids"] == [2]
    held.ok("omar", "reject", "3", "--reason", "In a meeting")  # asked by the chain
    held.ok("mark", "assign", "chat-2", "--to", "omar", "--timeout", "1m")
    held.team.advance(90)
    late = held.team.refused("--db", held.at("omar"), "accept", "--chat", "chat-2")
    assert late == (4, "request_timed_out")
    held.ok("mark", "assign", "chat-2", "--to", "omar")
    held.ok("mark", "withdraw", "--chat", "chat-2", "--reason", "x")
    held.ok("mark", "bulk-assign", "chat-2", "chat-3", "--to", "omar", "--yes")
    held.ok("mark", "undo", "--last", "--yes")
    held.ok("mark", "bulk-assign", "--from", "mark", "--to", "omar", "--yes")
    held.ok("mark", "inbox", "--mark-read")
    held.ok("mark", "away")
    held.ok("mark", "back")
    held.ok("omar", "chat", "close", "chat-5")
    held.ok("omar", "chat", "reopen", "chat-5")
    held.ok("maria", "user", "add", "support", "--role", "queue", "--alias", "Support")
    held.ok("maria", "bulk-assign", "--from", "omar", "--to", "support", "--yes")
    held.ok("mark", "take", "--from", "support")
    held.ok("maria", "chat", "add", "chat-9", "--customer", "Ana", "--owner", "martha")
    held.ok("maria", "user", "deactivate", "mark", "--reassign-to", "omar", "--yes")
    chats = held.team.folder / "chats.csv"
    chats.write_text("id,customer,owner_id\nchat-1,Priya,omar\nchat-8,New,martha\n")
    held.ok("maria", "import", "chats", "chats.csv")
    held.ok("maria", "changes", "--told")
    held.ok("martha", "user", "set", "support", "--no-alias", "Support")
    assert held.findings() == set()
    actors = rows_of(held.url, "SELECT DISTINCT actor FROM engagement_tracking ORDER BY 1")
    owner = held.ok("owner", "tracking", "--limit", "1")[0]["actor"]
    assert {actor for (actor,) in actors} == {owner, *LOGINS, "system"}


def test_deadlines_that_a_refused_command_meets_are_sealed(held: Members) -> None:
    held.ok("mark", "assign", "chat-2", "chat-3", "--to", "martha", "--timeout", "1m")
    held.team.advance(90)
    words = ("--db", held.at("mark"), "bulk-assign", "--from", "mark", "--to", "nobody")
    assert held.team.refused(*words) == (3, "user_not_found")
    timed_out = {request["id"] for request in held.ok("mark", "requests", "--status", "timed_out")}
    assert timed_out >= {2, 3}
    assert held.findings() == set()


def test_a_member_who_misses_too_much_is_set_away_by_whoever_sees_it(held: Members) -> None:
    with held.team.config.open("a", encoding="utf-8") as config:
        config.write("[assign_discuss]\naway_after_misses = 1\n")
    held.team.advance(3600)
    held.ok("omar", "sweep-timeouts")
    (martha,) = [one for one in held.ok("omar", "user", "list") if one["id"] == "martha"]
    assert martha["away_until"] is not None
    assert held.findings() == set()


def test_a_login_without_rights_is_told_what_to_ask_for(members: Members) -> None:
    members.run_sql('CREATE ROLE "new.er" LOGIN')
    refused = members.team.run("--db", members.at("new.er"), "inbox", "--json")
    members.run_sql('DROP ROLE "new.er"')
    assert (refused.exit_code, refused.error) == (6, "database_unreachable")
    assert 'GRANT assignchat_member TO \\"new.er\\"' in refused.err


def test_a_backup_that_a_member_makes_has_all_when_it_is_restored(members: Members) -> None:
    team, server = members.team, members.server
    hint = team.run("--db", members.at("mark"), "backup", "team.dump").err.partition("Hint: ")[2]
    dump, *words = shlex.split(hint)
    made = run(team.folder, server.programs / dump, *words)
    assert made.exit_code == 0, made.err
    with server.database() as url:
        words = ["--exit-on-error", f"--dbname={url}", "team.dump"]
        restored = run(team.folder, server.programs / "pg_restore", *words)
        assert restored.exit_code == 0, restored.err
        assert team.ok("--db", url, "check", "--full") == members.ok("eve", "check", "--full")


def test_nobody_acts_for_another_through_the_program(
    held: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed = (5, "identity_fixed")
    for command in ("accept 1", "inbox", "user add zoe", "sweep-timeouts"):
        for name in ("martha", "mark"):
            assert held.refused("mark", *command.split(), "--as", name) == fixed
    lines = held.team.folder / "lines"
    lines.write_text("accept 1 --as martha\n")
    done = held.team.run("--db", held.at("mark"), "run", "lines", "--json")
    assert (done.exit_code, '"identity_fixed"' in done.out) == (5, True)
    done = held.team.run("--db", held.at("mark"), "run", "lines", "--as", "martha")
    assert (done.exit_code, '"identity_fixed"' in done.out) == (5, True)
    monkeypatch.setenv("ASSIGNCHAT_USER", "martha")
    assert held.refused("mark", "accept", "1") == fixed
    monkeypatch.delenv("ASSIGNCHAT_USER")
    assert held.refused("mark", "accept", "1") == (5, "not_recipient")
    with held.team.config.open("a", encoding="utf-8") as config:
        config.write('operators = ["mark"]\n')
    assert held.refused("mark", "accept", "1", "--as", "martha") == fixed
    held.ok("martha", "accept", "1")


def test_a_login_that_is_no_user_is_told_how_it_becomes_one(held: Members) -> None:
    refused = held.team.run("--db", held.at("eve"), "inbox").err
    assert "user add eve" in refused
    assert "--as" not in refused


def test_nobody_acts_for_another_whatever_their_config_says(members: Members) -> None:
    fixed = (5, "identity_fixed")
    assert members.refused("mark", "accept", "1", "--as", "martha") == fixed
    assert members.refused("mark", "assign", "chat-4", "--to", "omar", "--as", "martha") == fixed
    claim = "bulk-assign --from mark --to omar --as maria --yes"
    assert members.refused("mark", *claim.split()) == fixed
    with (
        assignchat.open_database(members.at("mark")) as database,
        pytest.raises(IdentityFixed),
    ):
        assignchat.assign(database, "chat-4", actor="martha", to="omar")
    assert members.findings() == set()


def test_a_login_that_is_called_system_is_not_the_system(held: Members) -> None:
    held.run_sql("CREATE ROLE system LOGIN; GRANT assignchat_member TO system")
    try:
        added = held.refused(
            "system", "chat", "add", "chat-9", "--customer", "x", "--owner", "mark"
        )
    finally:
        held.run_sql("DROP ROLE system")
    assert added == (5, "identity_fixed")


def test_closing_the_chat_of_another_is_for_operators(held: Members) -> None:
    assert held.refused("mark", "chat", "close", "chat-4") == (5, "not_owner")
    with held.team.config.open("a", encoding="utf-8") as config:
        config.write('operators = ["mark"]\n')
    held.ok("mark", "chat", "close", "chat-4")


def test_a_file_has_no_logins(empty_team: Team) -> None:
    assert empty_team.refused("init", "--roles") == (2, "usage")
    assert list(empty_team.folder.iterdir()) == []
    empty_team.ok("init", "--demo")
    refused = empty_team.refused("config", "set", "identity", "database")
    assert refused == (7, "config_value_invalid")
    text = empty_team.config.read_text(encoding="utf-8")
    empty_team.config.write_text(text.replace('"claim"', '"database"'), encoding="utf-8")
    for command in ("inbox", "inbox --as mark", "user list", "user add zoe", "sweep-timeouts"):
        expected = (5, "identity_fixed") if "--as" in command else (7, "config_invalid")
        assert empty_team.refused(*command.split()) == expected
