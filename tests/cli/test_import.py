"""import: what a CRM exports comes in whole or not at all, and a second time changes nothing."""

import csv
import json
from pathlib import Path

import pytest

from tests.support.importing import HEADINGS, bad_lines, file_of, imported
from tests.support.processes import ROOT
from tests.support.team import Team

SAMPLE = ROOT / "scripts" / "crm-export"


# The forms of a file

CSV = """\
id,customer,owner_id,status,opened_at
c-1,"Lee, Ann",mark,open,2026-11-01T10:00:00+05:30
c-2,Боб,omar,closed,2026-11-02T10:00:00Z
"""
OBJECTS = [
    {"id": "c-1", "customer": "Lee, Ann", "owner_id": "mark", "opened_at": "2026-11-01T04:30:00Z"},
    {
        "id": "c-2",
        "customer": "Боб",
        "owner_id": "omar",
        "status": "closed",
        "opened_at": "2026-11-02T10:00:00.000Z",
    },
]
FORMS = {
    "CSV": CSV,
    "CSV of Excel": "\ufeff" + CSV.replace("\n", "\r\n"),
    "semicolons": CSV.replace(",", ";").replace("Lee;", "Lee,"),
    "TSV": CSV.replace(",", "\t").replace("Lee\t", "Lee,"),
    "other columns too": CSV.replace("_at\n", "_at,lead\n")
    .replace("05:30\n", "05:30,Web\n")
    .replace("Z\n", "Z,Ad\n"),
    "blank lines": CSV.replace("\n", "\n\n"),
    "no newline at the end": CSV.rstrip(),
    "capital letters": CSV.replace("open,", "Open,").replace("closed", " CLOSED "),
    "a JSON array": json.dumps(OBJECTS),
    "a JSON array over several lines": "\ufeff" + json.dumps(OBJECTS, indent=2, ensure_ascii=False),
    "JSON with nulls": json.dumps([OBJECTS[0] | {"status": None}, OBJECTS[1]]),
    "newline-delimited JSON": "".join(json.dumps(row) + "\n" for row in OBJECTS),
    "newline-delimited JSON of Windows": "\r\n\r\n".join(json.dumps(row) for row in OBJECTS),
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_every_form_of_a_file_says_the_same(team: Team, text: str) -> None:
    assert imported(team, "chats", text) == (2, 0, 0)
    chats = team.ok("chat", "list")[:2]
    columns = ("id", "customer", "owner_id", "status", "opened_at")
    assert [tuple(chat[name] for name in columns) for chat in chats] == [
        ("c-1", "Lee, Ann", "mark", "open", "2026-11-01T04:30:00.000Z"),
        ("c-2", "Боб", "omar", "closed", "2026-11-02T10:00:00.000Z"),
    ]


def test_a_single_json_object_is_one_row(team: Team) -> None:
    text = json.dumps({"id": 7, "customer": "Ann", "owner_id": "mark"}, indent=2)
    assert imported(team, "chats", text) == (1, 0, 0)
    assert team.owner("7") == "mark"


@pytest.mark.parametrize("separator", ["\u2028", "\u0085"])
def test_only_a_newline_ends_a_row_of_newline_delimited_json(team: Team, separator: str) -> None:
    customer = f"Ann{separator}Lee"
    rows = [{"id": f"c-{n}", "customer": customer, "owner_id": "mark"} for n in (1, 2)]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    assert imported(team, "chats", text) == (2, 0, 0)
    assert team.ok("chat", "show", "c-1")["customer"] == customer


def test_a_cell_may_have_newlines_and_quotes_in_it(team: Team) -> None:
    text = 'id,customer,owner_id\nc-1,"Ann\r\n""Annie""\nLee",mark\n'
    assert imported(team, "chats", text) == (1, 0, 0)
    assert team.ok("chat", "show", "c-1")["customer"] == 'Ann\r\n"Annie"\nLee'


def test_a_file_may_come_through_a_pipe(team: Team) -> None:
    result = team.process("import", "chats", "-", "--json", stdin=CSV)
    assert (result.exit_code, result.err) == (0, "")
    assert result.json["created"] == 2
    assert team.owner("c-1") == "mark"


def test_other_headings_are_mapped_to_columns(team: Team) -> None:
    text = "Chat ID,Name of=Customer,Agent\nc-1,Ann,mark\n"
    columns = ("id=Chat ID", "customer=Name of=Customer", "owner_id=Agent")
    options = [word for column in columns for word in ("--column", column)]
    assert imported(team, "chats", text, *options) == (1, 0, 0)
    assert team.ok("chat", "show", "c-1")["customer"] == "Ann"


def test_a_mapping_that_is_none_is_a_usage_error(team: Team) -> None:
    for mapping in ("id", "agent=Agent", "=Agent"):
        words = ("import", "chats", file_of(CSV), "--column", mapping)
        assert team.refused(*words) == (2, "usage")


def test_a_file_without_ids_is_refused_and_its_columns_are_named(team: Team) -> None:
    words = ("import", "chats", file_of("Chat ID,customer\nc-1,Ann\n"))
    assert team.refused(*words)[0] == 2
    told = team.run(*words).err
    assert "'id'" in told
    assert "Chat ID" in told


def test_new_chats_without_an_owner_come_with_how_to_name_one(team: Team) -> None:
    words = ("import", "chats", file_of("ID,Agent\nc-1,mark\n"))
    assert "Hint: Name its column with --column owner_id=HEADER, or" in team.run(*words).err
    assert team.ok(*words, "--column", "owner_id=Agent")["created"] == 1


def test_a_file_that_is_not_utf_8_is_refused_and_its_line_named(team: Team) -> None:
    Path("crm.csv").write_bytes("id,customer\nchat-1,Tom\nchat-2,Zoë\n".encode("latin-1"))
    assert team.refused_leaving_no_trace("import", "chats", "crm.csv") == (2, "file_unreadable")
    told = team.run("import", "chats", "crm.csv").err
    assert "not UTF-8: line 3" in told
    assert "--encoding windows-1252" in told
    assert team.ok("import", "chats", "crm.csv", "--encoding", "latin-1")["updated"] == 2
    assert team.ok("chat", "show", "chat-2")["customer"] == "Zoë"


def test_a_file_that_cannot_be_read_is_refused(team: Team) -> None:
    assert team.refused("import", "chats", "missing.csv")[0] == 2
    assert team.refused("import", "users", str(team.folder))[0] == 2


def test_a_file_without_rows_is_no_mistake(team: Team) -> None:
    before = team.snapshot()
    for text in ("id,customer,owner_id\n", "[]", "[\n]\n"):
        assert imported(team, "chats", text) == (0, 0, 0)
    assert team.snapshot() == before


# What is wrong with a file


def test_a_bad_row_is_named_by_its_line_and_nothing_comes_in(team: Team) -> None:
    team.ok("user", "add", "gone")
    team.ok("user", "deactivate", "gone")
    for row, why in (
        ("c-1,Ann,mark,shut,", "shut"),
        ("c-1,Ann,nobody,open,", "nobody"),
        ("c-0,Ann,mark,open,", "line 2"),
        ("c-1,Ann,mark,open,,Web", "6 cells under 5 headings"),
        ("c-1,Ann,mark,open,2026-11-01T10:00:00", "zone"),
        ("c-1,Ann,mark,open,yesterday", "opened_at: Not a time: 'yesterday'"),
        ("c-1,Ann,,open,", "owner_id"),
        (",Ann,mark,open,", "id"),
        ("c\x1b1,Ann,mark,open,", "control"),
        ("c" * 201 + ",Ann,mark,open,", "200"),
        ("chat-4,Ann,gone,open,", "not active"),
        ('c-1,"Ann,mark,open,\n', "CSV"),
    ):
        assert bad_lines(team, "chats", HEADINGS + "c-0,Ann,mark,open,\n" + row) == [3], row
        assert why in team.run("import", "chats", "crm.txt").err


def test_every_bad_row_is_named(team: Team) -> None:
    rows = ["c-1,Ann,mark,shut,", "c-2,Ann,mark,open,", "c-3,Ann,mark,,,1", "c-4,Ann,nobody,open,"]
    assert bad_lines(team, "chats", HEADINGS + "\n".join(rows)) == [2, 4, 5]


def test_lines_are_counted_as_an_editor_counts_them(team: Team) -> None:
    text = HEADINGS + '\nc-1,"Ann\n\nLee",mark,open,\nc-2,Ann,mark,shut,\n'
    assert bad_lines(team, "chats", text) == [6]


def test_rows_of_json_are_named_by_the_line_that_they_begin_on(team: Team) -> None:
    text = '[\n  {"id": "c-1", "customer": "Ann",\n   "owner_id": "mark"},\n\n  {"id": ""},\n 7\n]'
    assert bad_lines(team, "chats", text) == [5, 6]
    assert bad_lines(team, "chats", '{"id": "chat-1"}\n\n{"id": "chat-2"}\n[]\n{') == [4, 5]


def test_the_same_id_twice_on_one_line_is_refused(team: Team) -> None:
    row = {"id": "c-1", "customer": "Ann", "owner_id": "mark"}
    assert bad_lines(team, "chats", json.dumps([row, row])) == [1]
    assert bad_lines(team, "users", json.dumps([{"id": "ann"}, {"id": "ann"}])) == [1]


def test_json_that_cannot_be_read_is_named_by_its_line(team: Team) -> None:
    for text in (
        '[{"id": "chat-1"},',
        '[{"id": "chat-1"}',
        '[{"id": chat-1}]',
        "[" * 100_000,
        '[{"id": ' + "[" * 100_000,
        '{"id": ' + "[" * 100_000,
        '[{"id": 1.5}]',
        '[{"id": ["chat-1"]}]',
        '[{"id": "\\ud800"}]',
        '[{"id": "chat-1", "customer": "A\\u0000"}]',
        '[{"id": ' + "9" * 5_000 + "}]",
    ):
        assert bad_lines(team, "chats", text) == [1], text[:30]


def test_what_follows_a_json_array_is_not_passed_over(team: Team) -> None:
    before = team.snapshot()
    for rest in ('[{"id": "c-2"}]', '{"id": "c-2"}', "Error: timeout"):
        words = ("import", "chats", file_of('[{"id": "chat-1", "owner_id": "omar"}]\n' + rest))
        assert team.refused(*words)[0] == 2, rest
    assert team.snapshot() == before


def test_an_empty_file_changes_nothing(team: Team) -> None:
    before = team.snapshot()
    for text in ("", "\n", "\ufeff"):
        assert team.run("import", "chats", file_of(text)).exit_code in (0, 2)
    assert team.snapshot() == before


def test_a_bad_user_is_named_by_its_line_and_nobody_comes_in(team: Team) -> None:
    for row, why in (
        ("jane,Jane,boss,yes", "boss"),
        ("jane,Jane,user,perhaps", "perhaps"),
        ("mark,Mark,user,no", "open chats"),
        ("ann,Ann,user,yes", "line 2"),
        (",Jane,user,yes", "id"),
    ):
        text = "id,name,role,active\nann,Ann,user,yes\n" + row
        assert bad_lines(team, "users", text) == [3], row
        assert why in team.run("import", "users", "crm.txt").err


# What an import does


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
