"""import: what a file may look like, and how the lines are named in which something is wrong."""

import json
from pathlib import Path

import pytest

from tests.support.importing import HEADINGS, bad_lines, file_of, imported
from tests.support.team import Team

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


def test_utf_8_that_is_read_as_something_else_is_told(team: Team) -> None:
    words = ("import", "chats", "crm.csv", "--dry-run", "--encoding")
    for name, encoding, read_as, is_told in (
        ("Żaneta", "utf-8", "cp1252", True),
        ("Żaneta", "utf-8", "UTF8", False),
        ("Zoë", "latin-1", "latin-1", False),
        ("Ann", "ascii", "latin-1", False),
    ):
        Path("crm.csv").write_bytes(f"id,customer\nchat-1,{name}\n".encode(encoding))
        assert ("right as UTF-8 too" in team.run(*words, read_as).err) == is_told, name


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


def test_an_empty_file_is_refused(team: Team) -> None:
    for text in ("", "\n", "\ufeff"):
        words = ("import", "chats", file_of(text))
        assert team.refused_leaving_no_trace(*words) == (2, "invalid_value")


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
