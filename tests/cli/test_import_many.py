"""Of many rows that are read together, each is taken or named as it is alone."""

import json

import pytest

from tests.support.team import Team

HEADINGS = "id,customer,owner_id,status,opened_at\n"
PLAIN = "c-{},Ann,mark,open,2026-11-01T10:00:00.000Z\n"
AT = (0, 15, 16, 999, 1000, 1199)


def write(team: Team, odd: str, at: int) -> None:
    """Write a file of 1,200 rows, one of which is odd."""
    rows = [PLAIN.format(number) for number in range(1200)]
    rows[at] = f"{odd}\n"
    (team.folder / "crm.csv").write_text(HEADINGS + "".join(rows), encoding="utf-8")


@pytest.mark.parametrize("at", AT)
def test_one_bad_row_among_many_is_named_by_its_line(team: Team, at: int) -> None:
    for odd, chat, why in (
        ("odd,Ann,mark,shut,", "odd", "shut"),
        ("odd,Ann,nobody,open,", "odd", "nobody"),
        ("odd,Ann,mark,open,yesterday", "odd", "opened_at: Not a time"),
        ("odd,Ann,mark,open,1969-11-01T10:00:00.000Z", "odd", "out of range"),
        ("odd,#N/A,mark,open,", "odd", "error of a spreadsheet"),
        (",Ann,mark,open,", None, "id"),
        ("9.1E+11,Ann,mark,open,", "9.1E+11", "rounded"),
        ("odd,Ann,mark,open,,Web", None, "6 cells under 5 headings"),
    ):
        write(team, odd, at)
        told = json.loads(team.run("import", "chats", "crm.csv", "--json").err)["error"]
        (problem,) = told["problems"]
        assert (problem["line"], why in problem["message"]) == (at + 2, True), problem
        assert problem["id"] == chat


@pytest.mark.parametrize("at", AT)
def test_a_row_that_cannot_be_read_is_not_made_of_defaults(team: Team, at: int) -> None:
    write(team, "odd,Ann,mark,open,,Web", at)
    options = ("--default", "id=new", "--default", "opened_at=never", "--value", "status:=open")
    told = json.loads(team.run("import", "chats", "crm.csv", *options, "--json").err)["error"]
    (problem,) = told["problems"]
    assert (problem["line"], problem["message"]) == (at + 2, "6 cells under 5 headings")


@pytest.mark.parametrize("at", AT)
def test_one_odd_row_among_many_is_taken_for_what_it_means(team: Team, at: int) -> None:
    write(team, "' odd ,' Ann , mark ,Closed,2026-11-01T10:00:00+01:00", at)
    team.ok("import", "chats", "crm.csv")
    chats = {chat["id"]: chat for chat in team.ok("chat", "list", "--owner", "mark")}
    assert {f"c-{number}" for number in range(1200) if number != at} < set(chats)
    assert chats["' odd"]["customer"] == "' Ann "
    assert chats["' odd"]["status"] == "closed"
    assert chats["' odd"]["opened_at"] == "2026-11-01T09:00:00.000Z"


@pytest.mark.parametrize(
    "written", ["2026-11-01T10:00:00,000Z", "2026-11-01T100000.00000Z", "2026-11-01T10:00:00Z"]
)
def test_every_spelling_of_a_time_is_stored_in_one_form(team: Team, written: str) -> None:
    for at in (0, 1199):
        write(team, f'"odd-{at}",Ann,mark,open,"{written}"', at)
        team.ok("import", "chats", "crm.csv")
        assert team.ok("chat", "show", f"odd-{at}")["opened_at"] == "2026-11-01T10:00:00.000Z"
    assert team.ok("check", "--full")["problems"] == []
