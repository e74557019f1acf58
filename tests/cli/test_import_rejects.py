"""import --rejects: each refused row is in a form in which it can be mended and imported."""

import csv
import json
from pathlib import Path

import pytest

from tests.support.team import Team

HEAD = "id,customer,owner_id\n"
REFUSED = {
    "a cell too many": (HEAD + "c-1,Nair, Priya,mark\n", ["c-1", "Nair", " Priya"], ["mark"]),
    "a quote in a cell": (
        HEAD + 'c-1,"Tom "T" Webb",mark\nc-2,Ann,mark\n',
        ["", "", ""],
        ['c-1,"Tom "T" Webb",mark'],
    ),
    "a quote that is never closed": (
        HEAD + 'c-1,"Tom Webb,mark\nc-2,Ann,mark\n',
        ["", "", ""],
        ['c-1,"Tom Webb,mark\nc-2,Ann,mark'],
    ),
    "a backslash on a later line": (
        HEAD + 'c-0,Ann,mark\nc-1,"Tom\nof \\"Webb",mark\n',
        ["", "", ""],
        ['c-1,"Tom\nof \\"Webb",mark'],
    ),
    "a row after a footer": (
        HEAD + "c-0,Ann,mark\n\nAs of today,,\nc-1,Tom,mark\n",
        ["c-1", "Tom", "mark"],
        [],
    ),
    "what is no object": (
        '[{"id": "c-0", "owner_id": "nobody"},\n"c-1"]',
        ["", ""],
        ['"c-1"'],
    ),
    "JSON that is cut off": (
        '{"id": "c-0", "owner_id": "nobody"}\n{"id": "c-1", "own\n',
        ["", ""],
        ['{"id": "c-1", "own'],
    ),
}


def _rejects(team: Team, text: str) -> list[list[str]]:
    """Import a file that is refused. Returns the rejects."""
    Path("export").write_text(text, encoding="utf-8")
    command = ("import", "chats", "export", "--rejects", "bad.csv", "--json")
    assert team.run(*command).exit_code == 2
    return list(csv.reader(Path("bad.csv").read_text(encoding="utf-8").splitlines(keepends=True)))


@pytest.mark.parametrize("name", REFUSED)
def test_a_row_that_cannot_be_read_is_told_with_all_that_is_in_it(team: Team, name: str) -> None:
    text, cells, others = REFUSED[name]
    heading, *rows = _rejects(team, text)
    row = rows[-1]
    place = heading.index("problem")
    assert (row[:place], row[place + 1 :]) == (cells, others)
    assert row[place]


@pytest.mark.parametrize("name", [name for name in REFUSED if REFUSED[name][2]])
def test_what_was_not_mended_is_refused_again(team: Team, name: str) -> None:
    _rejects(team, REFUSED[name][0])
    again = team.run("import", "chats", "bad.csv", "--any-id", "--json")
    assert again.exit_code == 2


def test_mended_rejects_are_imported(team: Team) -> None:
    heading, row = _rejects(team, HEAD + "c-1,Nair, Priya,mark\nc-2,Ann,mark\n")
    with Path("mended.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([heading, ["c-1", "Nair, Priya", "mark", row[3]]])
    assert team.ok("import", "chats", "mended.csv")["created"] == 1


def test_of_many_objects_on_one_line_only_the_bad_one_is_rejected(team: Team) -> None:
    objects = [{"id": f"c-{number}", "owner_id": "mark"} for number in range(100)]
    objects[76]["owner_id"] = "ghost"
    heading, row = _rejects(team, json.dumps(objects))
    assert dict(zip(heading, row, strict=True))["id"] == "c-76"
    refused = team.run("import", "chats", "export", "--json")
    (problem,) = json.loads(refused.err)["error"]["problems"]
    assert (problem["line"], problem["item"], problem["id"]) == (1, 77, "c-76")
    assert "line 1, item 77: no user 'ghost'" in team.run("import", "chats", "export").err
    twice = json.dumps([*objects[:2], objects[0]])
    Path("export").write_text(twice, encoding="utf-8")
    assert (
        "line 1, item 3: the same id stands on line 1" in team.run("import", "chats", "export").err
    )


def test_a_row_of_several_pieces_of_a_long_file_is_told_whole(team: Team) -> None:
    good = "".join(f"c-{number},Ann,mark\n" for number in range(5_000))
    long = "\n".join(f"line {number} of the customer" for number in range(10_000))
    bad = f'x-1,"{long}" of,mark'
    _heading, *rows = _rejects(team, f"{HEAD}{good}{bad}\n")
    assert rows[-1][-1] == bad


def test_a_time_that_comes_twice_can_be_written_as_it_is_offered(team: Team) -> None:
    Path("crm.csv").write_text("id,opened_at\nchat-1,25.10.2026 02:30\n", encoding="utf-8")
    how = ("--time-zone", "Europe/Berlin", "--time-format", "%d.%m.%Y %H:%M")
    told = team.run("import", "chats", "crm.csv", "--rejects", "bad.csv", *how).err
    assert "is it 2026-10-25T00:30:00Z or 2026-10-25T01:30:00Z?" in told
    rejects = Path("bad.csv").read_text(encoding="utf-8")
    mended = rejects.replace("25.10.2026 02:30", "2026-10-25T01:30:00Z")
    Path("bad.csv").write_text(mended, encoding="utf-8")
    assert team.ok("import", "chats", "bad.csv", *how)["updated"] == 1
    assert team.ok("chat", "show", "chat-1")["opened_at"] == "2026-10-25T01:30:00.000Z"


def test_standard_input_is_called_so_with_rejects_too(team: Team) -> None:
    """Rejects are read from a copy of it, whose name would say nothing to anybody."""
    for text, why in ((" ", "Standard input is empty"), ("<x/>", "Standard input is XML")):
        result = team.process("import", "chats", "-", "--rejects", "bad.csv", stdin=text)
        assert why in result.err
    (team.folder / "crm.csv").write_text(HEAD)
    more = ("import", "chats", "-", "crm.csv", "--rejects", "bad.csv")
    assert "-: Not used: note" in team.process(*more, stdin="id,note\n").err
