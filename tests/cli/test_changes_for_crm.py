"""changes --from and --into: what was changed here, in the words of the CRM and in its workbook."""

import shutil
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from tests.support.needs import needs
from tests.support.processes import ROOT, run
from tests.support.team import Team

CONFIG = """
[sources.crm]
time_zone = "Asia/Kolkata"

[sources.crm.users]
columns = { id = "Login", name = "Full Name", alias = ["Full Name", "E-mail"] }

[sources.crm.chats]
columns = { id = "GUID", customer = "Customer", owner_id = ["Agent", "Owner"], status = "State" }
values = { status = { Active = "open", "Wrap up" = "open", Resolved = "closed" } }
"""
USERS = """\
Login,Full Name,E-mail
mark,Mark Sorel,mark@team.example
martha,"Okafor, Martha",martha@team.example
"""
CHATS = """\
GUID,Customer,Agent,State
a-1,Priya Nair,Mark Sorel,Active
a-2,Tom Webb,mark@team.example,Active
a-3,Mei Tanaka,omar,Active
"""


@pytest.fixture
def synced(team: Team) -> Team:
    """A team whose chats a-1 to a-3 the CRM knows, as its source in the config says."""
    team.config.write_text(CONFIG, encoding="utf-8")
    team.ok("changes", "--told")
    for kind, text in (("users", USERS), ("chats", CHATS)):
        Path(f"{kind}.csv").write_text(text, encoding="utf-8")
        team.ok("import", kind, f"{kind}.csv", "--from", "crm")
    return team


def _hand_over(team: Team, *chats: str, to: str = "martha") -> None:
    team.ok("bulk-assign", *chats, "--to", to, "--yes", "--as", "maria")


def _owners(team: Team) -> list[str]:
    """How the owners of the chats to be told are called in a file for the CRM."""
    lines = team.run("changes", "--from", "crm", "--csv").out.splitlines()[1:]
    return [line.split(",")[2] for line in lines]


def test_a_file_for_the_crm_has_its_headings_and_words(synced: Team) -> None:
    _hand_over(synced, "a-1")
    synced.ok("chat", "close", "a-3")
    assert synced.run("changes", "--from", "crm", "--csv").out == (
        "GUID,Customer,Agent,State\n"
        'a-1,Priya Nair,"Okafor, Martha",Active\n'
        "a-3,Mei Tanaka,omar,Resolved\n"
    )
    assert len(synced.ok("changes", "--from", "crm", "--told")) == 2
    assert synced.ok("changes") == []


def test_what_is_told_to_the_crm_changes_nothing_when_it_comes_back(synced: Team) -> None:
    _hand_over(synced, "a-1", "a-3")
    told = synced.run("changes", "--from", "crm", "--csv").out
    Path("back.csv").write_text(told, encoding="utf-8")
    assert synced.ok("import", "chats", "back.csv", "--from", "crm")["unchanged"] == 2
    assert synced.ok("changes") == []


def test_an_owner_is_called_as_the_owner_column_did_last(synced: Team) -> None:
    _hand_over(synced, "a-3", to="mark")
    assert _owners(synced) == ["mark@team.example"]
    Path("c.csv").write_text("GUID,Customer,Agent,State\na-1,,MARK SOREL,\n", encoding="utf-8")
    synced.ok("import", "chats", "c.csv", "--from", "crm")
    assert _owners(synced) == ["MARK SOREL"]


@pytest.mark.parametrize(
    ("heading", "name"),
    [("E-mail", "mark@team.example"), ("full  NAME", "Mark Sorel"), ("Login", "mark")],
)
def test_an_owner_is_called_as_under_the_heading_that_the_source_names(
    synced: Team, heading: str, name: str
) -> None:
    text = CONFIG.replace("[sources.crm]", f'[sources.crm]\nowners = "{heading}"')
    synced.config.write_text(text, encoding="utf-8")
    _hand_over(synced, "a-3", to="mark")
    assert _owners(synced) == [name]


def test_an_owner_without_another_name_is_called_by_the_id(synced: Team) -> None:
    _hand_over(synced, "a-1", to="omar")
    assert _owners(synced) == ["omar"]


def test_a_source_that_is_not_there_is_refused(synced: Team) -> None:
    assert synced.refused("changes", "--from", "crn") == (3, "source_not_found")
    assert synced.refused("changes", "--in-place") == (2, "usage")


# The CRM's own workbook


def _workbook(path: str) -> None:
    """A workbook with what openpyxl keeps, and a part that it does not know."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Chats of the team", None, None, None, None])
    sheet.append(["GUID", "Customer", "Agent", "State", "Since"])
    for row in (
        ["a-1", "Priya & <Nair>", "Mark Sorel", "Active", datetime(2026, 11, 21, 9, 30)],  # noqa: DTZ001
        ["a-2", "Tom Webb", "Mark Sorel", "Active", datetime(2026, 11, 22, 14, 5)],  # noqa: DTZ001
        ["a-3", "Mei Tanaka", None, "Active", None],
    ):
        sheet.append(row)
    sheet["C3"].fill = PatternFill("solid", fgColor="FFFF00")
    sheet["C3"].comment = Comment("Ask first", "maria")
    sheet["F3"] = '=CONCATENATE("c", B3)'
    sheet.add_data_validation(DataValidation("list", '"Active,Resolved"', sqref="D3:D5"))
    book.create_sheet("hiddenSheet").sheet_state = "veryHidden"
    book.save("plain.xlsx")
    shutil.copy("plain.xlsx", path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("customXml/item1.xml", "<crm checksum='q1Zt0b'/>")


def _cells(path: str) -> Iterator[tuple[str, Any, Any]]:
    """Every cell of every sheet: where it is, its value, and how it looks."""
    for sheet in load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                look = (
                    cell.number_format,
                    cell.fill.fgColor.rgb,
                    cell.comment and cell.comment.text,
                )
                yield f"{sheet.title}!{cell.coordinate}", cell.value, look


def _differing(one: str, other: str) -> dict[str, Any]:
    before = {where: (value, look) for where, value, look in _cells(one)}
    after = {where: (value, look) for where, value, look in _cells(other)}
    assert [look for _, look in before.values()] == [look for _, look in after.values()]
    return {where: value for where, (value, _) in after.items() if before[where][0] != value}


def test_only_the_cells_that_changed_are_filled_in_a_copy_of_the_workbook(synced: Team) -> None:
    _workbook("chats.xlsx")
    before = Path("chats.xlsx").read_bytes()
    _hand_over(synced, "a-1", "a-3")
    synced.ok("chat", "close", "a-2")
    told = synced.ok("changes", "--from", "crm", "--into", "chats.xlsx", "--told")
    assert sorted(row["id"] for row in told) == ["a-1", "a-2", "a-3"]
    assert Path("chats.xlsx").read_bytes() == before
    assert _differing("chats.xlsx", "chats-changed.xlsx") == {
        "Sheet!C3": "Okafor, Martha",
        "Sheet!D4": "Resolved",
        "Sheet!C5": "Okafor, Martha",
    }
    assert synced.ok("changes") == []


def test_every_other_part_of_the_workbook_is_the_same_to_the_byte(synced: Team) -> None:
    _workbook("chats.xlsx")
    _hand_over(synced, "a-1")
    synced.ok("changes", "--from", "crm", "--into", "chats.xlsx")
    with zipfile.ZipFile("chats.xlsx") as old, zipfile.ZipFile("chats-changed.xlsx") as new:
        assert old.namelist() == new.namelist()
        differing = [name for name in old.namelist() if old.read(name) != new.read(name)]
    assert differing == ["xl/worksheets/sheet1.xml"]


SHARED = ("GUID", "Agent", "State", "a-1", "Mark Sorel", "Active")
PARTS = {
    "[Content_Types].xml": """<Types xmlns="{package}/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Override PartName="/xl/workbook.xml" ContentType="{type}.sheet.main+xml"/>\
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{type}.worksheet+xml"/>\
<Override PartName="/xl/sharedStrings.xml" ContentType="{type}.sharedStrings+xml"/></Types>""",
    "_rels/.rels": """<Relationships xmlns="{package}/relationships"><Relationship Id="rId1"\
 Type="{office}/relationships/officeDocument" Target="/xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": """<x:workbook xmlns:x="{main}" xmlns:r="{office}/relationships">\
<x:sheets><x:sheet name="Chats" sheetId="1" r:id="rId1"/></x:sheets></x:workbook>""",
    "xl/_rels/workbook.xml.rels": """<Relationships xmlns="{package}/relationships">\
<Relationship Id="rId1" Type="{office}/relationships/worksheet" Target="worksheets/sheet1.xml"/>\
<Relationship Id="rId2" Type="{office}/relationships/sharedStrings" Target="sharedStrings.xml"/>\
</Relationships>""",
    "xl/worksheets/sheet1.xml": """<x:worksheet xmlns:x="{main}"><x:cols><x:col min="1" max="1"\
 width="9" hidden="1"/></x:cols><x:sheetData>\
<x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c><x:c t="s"><x:v>2</x:v></x:c>\
</x:row><x:row><x:c t="s"><x:v>3</x:v></x:c><x:c t="s"><x:v>4</x:v></x:c><x:c t="s"><x:v>5</x:v>\
</x:c></x:row></x:sheetData></x:worksheet>""",
    "xl/sharedStrings.xml": '<x:sst xmlns:x="{main}" count="6" uniqueCount="6">'
    + "".join(f"<x:si><x:t>{text}</x:t></x:si>" for text in SHARED)
    + "</x:sst>",
}
NAMES = {
    "package": "http://schemas.openxmlformats.org/package/2006",
    "office": "http://schemas.openxmlformats.org/officeDocument/2006",
    "main": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "type": "application/vnd.openxmlformats-officedocument.spreadsheetml",
}


def test_strings_that_cells_share_stay_shared_whatever_the_prefix_of_the_names(
    synced: Team,
) -> None:
    with zipfile.ZipFile("sdk.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text.format(**NAMES))
    _hand_over(synced, "a-1")
    synced.ok("chat", "close", "a-1")
    synced.ok("changes", "--from", "crm", "--into", "sdk.xlsx")
    assert _differing("sdk.xlsx", "sdk-changed.xlsx") == {
        "Chats!B2": "Okafor, Martha",
        "Chats!C2": "Resolved",
    }
    with zipfile.ZipFile("sdk-changed.xlsx") as archive:
        assert b"inlineStr" not in archive.read("xl/worksheets/sheet1.xml")
        assert b'uniqueCount="8"' in archive.read("xl/sharedStrings.xml")


def test_a_workbook_is_filled_in_place_if_it_is_to_be(synced: Team) -> None:
    _workbook("chats.xlsx")
    _hand_over(synced, "a-1")
    synced.ok("changes", "--from", "crm", "--into", "chats.xlsx", "--in-place")
    assert _differing("plain.xlsx", "chats.xlsx") == {"Sheet!C3": "Okafor, Martha"}
    assert not Path("chats-changed.xlsx").exists()


def test_a_chat_that_is_not_in_the_workbook_is_still_to_be_told(synced: Team) -> None:
    _workbook("chats.xlsx")
    synced.ok("chat", "add", "a-9", "--customer", "Eve", "--owner", "omar")
    _hand_over(synced, "a-1")
    done = synced.run("changes", "--from", "crm", "--into", "chats.xlsx", "--told", "--ids")
    assert (done.exit_code, done.out) == (0, "a-1\n")
    assert "Not in chats.xlsx, and not told: 1 chat: a-9" in done.err
    assert synced.run("changes", "--ids").out == "a-9\n"


def test_a_status_without_a_column_in_the_workbook_is_still_to_be_told(synced: Team) -> None:
    _workbook("chats.xlsx")
    book = load_workbook("chats.xlsx")
    book["Sheet"]["D2"] = "Stage"
    book.save("chats.xlsx")
    _hand_over(synced, "a-1")
    synced.ok("chat", "close", "a-1", "a-2")
    done = synced.run("changes", "--from", "crm", "--into", "chats.xlsx", "--told", "--ids")
    assert done.exit_code == 0
    assert "No column for the status in chats.xlsx, and not told: 2 chats: a-1, a-2" in done.err
    assert "Not in" not in done.err
    _closings_are_kept_and_told_later(synced)


def test_a_status_without_a_column_in_the_source_is_still_to_be_told(synced: Team) -> None:
    synced.ok("chat", "add", "a-9", "--customer", "Eve", "--owner", "omar")
    without = CONFIG.replace(', status = "State"', "").replace("values =", "# values =")
    synced.config.write_text(without, encoding="utf-8")
    _hand_over(synced, "a-1")
    synced.ok("chat", "close", "a-1", "a-2")
    done = synced.run("changes", "--from", "crm", "--csv", "--told", "--limit", "2")
    assert done.out == 'GUID,Customer,Agent\na-1,Priya Nair,"Okafor, Martha"\na-9,Eve,omar\n'
    assert "No column for the status in the source, and not told: 2 chats: a-1, a-2" in done.err
    synced.config.write_text(CONFIG, encoding="utf-8")
    _closings_are_kept_and_told_later(synced)


def _closings_are_kept_and_told_later(team: Team) -> None:
    """Of a-1, whose owner was told, and a-2, an import changes nothing until they are told."""
    assert [row["id"] for row in team.ok("changes")] == ["a-1", "a-2"]
    assert team.ok("changes")[0]["crm_owner_id"] == "martha"
    owners_told = CHATS.replace("Nair,Mark Sorel", 'Nair,"Okafor, Martha"')
    Path("chats.csv").write_text(owners_told, encoding="utf-8")
    team.ok("import", "chats", "chats.csv", "--from", "crm")
    closed = team.rows("SELECT id FROM chats WHERE status = 'closed' AND id LIKE 'a-%' ORDER BY 1")
    assert closed == [("a-1",), ("a-2",)]
    assert len(team.ok("changes", "--from", "crm", "--told")) == 2
    assert team.ok("changes") == []


def test_nothing_to_tell_writes_no_workbook(synced: Team) -> None:
    _workbook("chats.xlsx")
    assert synced.ok("changes", "--from", "crm", "--into", "chats.xlsx") == []
    assert not Path("chats-changed.xlsx").exists()


def test_what_is_no_workbook_is_refused_and_nothing_is_told(synced: Team) -> None:
    _hand_over(synced, "a-1")
    Path("chats.csv").write_text(CHATS, encoding="utf-8")
    for file in ("chats.csv", "missing.xlsx"):
        words = ("changes", "--from", "crm", "--into", file, "--told")
        assert synced.refused_leaving_no_trace(*words)[0] == 2
    assert len(synced.ok("changes")) == 1


D365 = ROOT / "tests" / "data" / "crm" / "d365-chats.xlsx"
DYNAMICS = (ROOT / "scripts" / "samples" / "sources.toml").read_text(encoding="utf-8")
ONE, TWO = "6f1d2c3a-0b1e-4c57-9a10-2f6f0c7d1a01", "6f1d2c3a-0b1e-4c57-9a10-2f6f0c7d1a02"
TEAM = """\
User Name,Full Name,Primary Email,Status
raj,Raj Patel,raj@contoso.example,Enabled
martha,Martha Okafor,martha@contoso.example,Enabled
omar,Omar Haddad,omar@contoso.example,Enabled
"""


def test_a_week_with_dynamics(empty_team: Team) -> None:
    team = empty_team
    team.ok("init")
    team.config.write_text(DYNAMICS, encoding="utf-8")
    Path("team.csv").write_text(TEAM, encoding="utf-8")
    shutil.copy(D365, "monday.xlsx")
    team.ok("import", "users", "team.csv", "--from", "dynamics")
    team.ok("user", "add", "maria", "--role", "manager")
    assert team.ok("import", "chats", "monday.xlsx", "--from", "dynamics")["created"] == 2
    assert team.ok("changes") == []

    # Tuesday: one is handed over by request, and yesterday's file comes once more.
    request = team.ok("assign", ONE, "--to", "omar", "--as", "raj")
    team.ok("accept", str(request["id"]), "--as", "omar")
    again = team.ok("import", "chats", "monday.xlsx", "--from", "dynamics")
    assert (again["unchanged"], again["conflicts"], team.owner(ONE)) == (2, [], "omar")

    # Wednesday: the workbook goes back to Dynamics.
    told = team.ok("changes", "--from", "dynamics", "--into", "monday.xlsx")
    assert [row["id"] for row in told] == [ONE]
    assert _differing("monday.xlsx", "monday-changed.xlsx") == {
        "My Active Chat Sessions!E2": "Omar Haddad"
    }

    # Thursday: it has been imported there, and what Dynamics shows is what we have.
    team.ok("import", "chats", "monday-changed.xlsx", "--from", "dynamics")
    assert team.ok("changes") == []

    # Friday: both sides give the same chat to somebody else.
    team.ok("bulk-assign", ONE, "--to", "martha", "--as", "maria")
    shutil.copy("monday-changed.xlsx", "friday.xlsx")
    book = load_workbook("friday.xlsx")
    book["My Active Chat Sessions"]["E2"] = "Raj Patel"
    book.save("friday.xlsx")
    done = team.ok("import", "chats", "friday.xlsx", "--from", "dynamics")
    conflict = {"chat": ONE, "base": "omar", "ours": "martha", "theirs": "raj"}
    assert done["conflicts"] == [conflict]
    team.ok("changes", "--from", "dynamics", "--into", "friday.xlsx", "--in-place", "--told")
    assert load_workbook("friday.xlsx")["My Active Chat Sessions"]["E2"].value == "Martha Okafor"
    assert team.ok("changes") == []
    assert team.ok("check", "--full")["problems"] == []


def test_libreoffice_reads_the_workbook_that_was_filled(synced: Team) -> None:
    needs("soffice")
    _workbook("chats.xlsx")
    _hand_over(synced, "a-1")
    synced.ok("changes", "--from", "crm", "--into", "chats.xlsx")
    home = f"-env:UserInstallation=file://{synced.folder}/office"
    text = {}
    for name in ("chats", "chats-changed"):
        done = run(
            *(synced.folder, "soffice", home, "--headless", "--convert-to", "csv", f"{name}.xlsx")
        )
        assert done.exit_code == 0, done.err
        text[name] = Path(f"{name}.csv").read_text(encoding="utf-8")
    assert text["chats-changed"] != text["chats"]
    filled = text["chats"].replace("Mark Sorel", '"Okafor, Martha"', 1)
    assert text["chats-changed"] == filled
