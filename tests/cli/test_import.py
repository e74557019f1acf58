"""import: what a CRM exports comes in whole or not at all, and a second time changes nothing."""

import csv
from pathlib import Path

import pytest

from tests.support.importing import HEADINGS, bad_lines, file_of, imported
from tests.support.processes import ROOT
from tests.support.team import Team

SAMPLE = ROOT / "scripts" / "crm-export"


def test_rows_are_created_updated_or_unchanged_and_a_second_time_all_unchanged(
    team: Team,
) -> None:
    text = HEADINGS + "c-1,Ann,mark,open,\nchat-1,Priya N.,mark,open,\nchat-2,,,,\n"
    assert imported(team, "chats", text) == (1, 1, 1)
    before = team.snapshot()
    assert imported(team, "chats", text) == (0, 0, 3)
    assert team.snapshot() == before


def test_users_are_created_updated_or_unchanged_and_a_second_time_all_unchanged(
    team: Team,
) -> None:
    text = "id,name,role,active\njane,Jane,user,yes\nmark,Mark L.,,\nmartha,,,\n"
    assert imported(team, "users", text) == (1, 1, 1)
    before = team.snapshot()
    assert imported(team, "users", text) == (0, 0, 3)
    assert team.snapshot() == before


def test_a_dry_run_says_the_same_and_writes_nothing(team: Team, request_id: str) -> None:
    text = HEADINGS + "c-1,Ann,mark,open,\nchat-1,,omar,,\n"
    before = team.snapshot()
    assert imported(team, "chats", text, "--dry-run") == (1, 1, 0)
    assert imported(team, "users", "id\njane\nmark\n", "--dry-run") == (1, 0, 1)
    assert team.snapshot() == before
    assert bad_lines(team, "chats", HEADINGS + "c-1,Ann,mark,shut,\n") == [2]
    assert imported(team, "chats", text) == (1, 1, 0)
    assert request_id == "1"


@pytest.mark.parametrize(
    ("word", "active"),
    [("yes", True), ("TRUE", True), ("1", True), ("", True), ("No", False), ("0", False)],
)
def test_users_come_in_active_or_not(team: Team, word: str, active: bool) -> None:
    assert imported(team, "users", f"id,active\njane,{word}\n") == (1, 0, 0)
    jane = next(user for user in team.ok("user", "list") if user["id"] == "jane")
    assert jane["active"] is active
    assert (jane["name"], jane["role"]) == ("jane", "user")


def test_a_new_chat_is_tracked_as_imported_to_its_owner(team: Team) -> None:
    team.ok("import", "chats", file_of(HEADINGS + "c-1,Ann,omar,,\n"), "--as", "maria")
    assert team.history(chat_id="c-1") == [("imported", "maria", None, "omar", None)]
    shown = team.ok("chat", "show", "c-1")
    assert (shown["status"], shown["opened_at"]) == ("open", "2026-11-22T14:05:10.000Z")


def test_a_change_of_owner_is_tracked_and_cancels_the_pending_request(
    team: Team, request_id: str
) -> None:
    team.ok("import", "chats", file_of("id,owner_id\nchat-1,omar\n"), "--as", "maria")
    assert team.owner("chat-1") == "omar"
    assert team.history(chat_id="chat-1", event="imported") == [
        ("imported", "maria", "mark", "omar", None)
    ]
    assert team.history(request_id=int(request_id))[1:] == [
        ("cancelled", "maria", "mark", "martha", "cancelled")
    ]
    assert team.notices("mark") == [
        "Your chat assignment request to Martha was cancelled.",
        "Maria has assigned 1 chat of yours to others by an import.",
    ]


def test_who_gets_chats_of_others_by_import_is_told_how_many(team: Team) -> None:
    rows = "id,customer,owner_id\nchat-1,,omar\nchat-2,,omar\nchat-3,,martha\nc-9,Tom,maria\n"
    team.ok("import", "chats", file_of(rows), "--as", "maria", "--dry-run")
    assert team.notices("omar") == []
    team.ok("import", "chats", file_of(rows), "--as", "maria")
    assert team.notices("omar") == ["Maria has assigned 2 chats to you by an import."]
    assert team.notices("martha") == ["Maria has assigned 1 chat to you by an import."]
    assert team.notices("maria") == []
    team.ok("import", "chats", file_of(rows), "--as", "maria")
    assert len(team.notices("omar")) == 1


def test_of_many_owner_changes_the_first_ten_are_named(team: Team) -> None:
    new = "".join(f"n-{number},Ann,mark\n" for number in range(12))
    team.ok("import", "chats", file_of("id,customer,owner_id\n" + new))
    moved = team.run(
        "import", "chats", file_of("id,customer,owner_id\n" + new.replace("mark", "omar"))
    )
    assert moved.out.endswith("  n-9: mark -> omar\n  and 2 more\n")


def test_closing_by_import_cancels_the_pending_request(team: Team, request_id: str) -> None:
    imported(team, "chats", "id,status\nchat-1,closed\n")
    assert team.ok("chat", "show", "chat-1")["closed_at"] == "2026-11-22T14:05:10.000Z"
    assert len(team.history(request_id=int(request_id), event="cancelled")) == 1
    imported(team, "chats", "id,status\nchat-1,open\n")
    assert team.ok("chat", "show", "chat-1")["closed_at"] is None


def test_a_change_of_the_customer_leaves_the_pending_request_alone(
    team: Team, request_id: str
) -> None:
    assert imported(team, "chats", "id,customer\nchat-1,Priya N.\n") == (0, 1, 0)
    assert team.ok("accept", request_id, "--as", "martha")["customer"] == "Priya N."


def test_a_request_past_its_deadline_has_timed_out_and_is_not_cancelled(
    team: Team, request_id: str
) -> None:
    team.advance(120)
    imported(team, "chats", "id,owner_id\nchat-1,omar\n")
    assert team.history(request_id=int(request_id))[1:] == [
        ("timed_out", "system", "mark", "martha", "timed_out")
    ]


def test_who_becomes_inactive_loses_pending_requests_both_ways(team: Team) -> None:
    team.ok("user", "add", "jane", "--role", "manager")
    sent = team.ok("assign", "chat-1", "--to", "martha", "--as", "jane")["id"]
    got = team.ok("assign", "chat-2", "--to", "jane", "--as", "mark")["id"]
    assert imported(team, "users", "id,active\njane,no\n") == (0, 1, 0)
    assert len(team.history(event="user_deactivated")) == 1
    for request in (sent, got):
        assert len(team.history(request_id=request, event="cancelled")) == 1


def test_a_request_past_its_deadline_has_timed_out_when_a_user_becomes_inactive(
    team: Team,
) -> None:
    team.ok("user", "add", "jane")
    request = team.ok("assign", "chat-1", "--to", "jane", "--as", "mark")["id"]
    team.advance(120)
    imported(team, "users", "id,active\njane,no\n")
    assert team.history(request_id=request)[1:] == [
        ("timed_out", "system", "mark", "jane", "timed_out")
    ]


def test_what_the_crm_exports_comes_in_and_a_second_time_changes_nothing(empty_team: Team) -> None:
    empty_team.ok("init")
    columns = {
        "users": "id=Login,name=Full Name,role=Type,active=Enabled",
        "chats": "id=Chat GUID,customer=Customer Name,owner_id=Assigned Agent,"
        "status=Session Status,opened_at=Created On",
    }
    for kind, name in (("users", "agents.csv"), ("chats", "chats.csv")):
        with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
            rows = len(list(csv.DictReader(file)))
        options = [word for column in columns[kind].split(",") for word in ("--column", column)]
        words = ("import", kind, str(SAMPLE / name), *options)
        assert empty_team.ok(*words)["created"] == rows > 0
        assert empty_team.ok(*words)["unchanged"] == rows
    assert empty_team.ok("check")["sound"] is True


def test_an_id_from_csv_for_spreadsheets_makes_no_second_chat(team: Team) -> None:
    team.ok("chat", "add", "=7", "--customer", "'+Pia", "--owner", "mark")
    team.ok("chat", "add", "@8", "--customer", "'Pia", "--owner", "mark")
    Path("chats.csv").write_text(team.run("chat", "list", "--csv").out)
    assert "'=7,''+Pia," in Path("chats.csv").read_text()
    assert team.ok("import", "chats", "chats.csv")["unchanged"] == 7


def test_how_many_chats_change_hands_is_said_before_and_after(team: Team) -> None:
    Path("chats.csv").write_text(
        "id,customer,owner_id\nchat-1,,omar\nchat-2,Pia,omar\nchat-3,Pia,mark\nc-9,Tom,omar\n"
    )
    moves = "  chat-1: mark -> omar\n  chat-2: mark -> omar\n"
    told = team.run("import", "chats", "chats.csv", "--dry-run").out
    assert f"2 chats would change hands:\n{moves}2 chats would get another customer:\n" in told
    told = team.run("import", "chats", "chats.csv").out
    assert told.endswith(f"2 chats changed hands:\n{moves}")
    assert team.ok("import", "chats", "chats.csv")["owner_changes"] == 0


def test_columns_that_are_not_used_are_named_and_never_beside_an_error_for_machines(
    team: Team,
) -> None:
    good, bad = "id,lead\njane,Ana\n", "id,lead\n,Ana\n"
    for option in ((), ("--json",)):
        assert "Not used: lead" in team.run("import", "users", file_of(good), *option).err
    assert "Not used: lead" in team.run("import", "users", file_of(bad)).err
    assert team.refused("import", "users", file_of(bad)) == (2, "import_invalid")
    assert len(team.run("import", "users", file_of(bad), "--json").err.splitlines()) == 1
