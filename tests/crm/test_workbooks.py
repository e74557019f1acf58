"""Workbooks are read row by row, with the values that they show; one that is a trap is refused."""

import io
import re
import resource
import time
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import openpyxl
import pytest

from assignchat.crm import kinds, workbooks
from assignchat.crm.formulas import NO_VALUE
from assignchat.errors import FileUnreadable

MIB = 1024 * 1024


def made(*sheets: tuple[str, str, Sequence[Sequence[Any]]]) -> bytes:
    """A workbook with these sheets: name, state and rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, state, rows in sheets:
        sheet = book.create_sheet(name)
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def with_parts(content: bytes, **parts: Callable[[str], str]) -> bytes:
    """The workbook with parts changed: sheet1, workbook, styles."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            change = parts.get(re.sub(r".*/|\.xml$", "", name))
            text = old.read(name)
            new.writestr(name, change(text.decode()).encode() if change else text)
    return written.getvalue()


def read(content: bytes, sheet: str | None = None) -> list[list[Any]]:
    """The rows of a workbook."""
    rows = []
    for _, record in workbooks.records(io.BytesIO(content), sheet, "book.xlsx"):
        assert not isinstance(record, Exception)
        rows.append(list(record))
    return rows


TABLE: list[list[Any]] = [["id", "n"], ["a", 1]]


def test_the_first_visible_sheet_is_read_or_the_one_that_is_named() -> None:
    book = made(
        ("Lists", "veryHidden", [["x"]]),
        ("Old", "hidden", [["y"]]),
        ("Chats", "visible", TABLE),
        ("More", "visible", [["z"]]),
    )
    assert read(book) == TABLE
    assert read(book, "More") == [["z"]]
    assert read(book, "Old") == [["y"]]
    with pytest.raises(FileUnreadable, match="no sheet 'Any'") as refused:
        read(book, "Any")
    assert refused.value.hint == "Its sheets are: Lists, Old, Chats, More"


def test_dates_and_whole_numbers_are_kept() -> None:
    nine = datetime(2026, 11, 21, 9, 30)  # noqa: DTZ001  # workbooks know no zones
    rows = [[919876543210, 2.0, 1.5, nine, True, None, "x"], [9.19876543210e11, "", "007"]]
    assert read(made(("A", "visible", rows))) == [
        [919876543210, 2, 1.5, nine, True, "", "x"],
        [919876543210, "", "007"],
    ]


def test_rows_have_the_numbers_that_the_spreadsheet_shows() -> None:
    book = made(("A", "visible", [["id"], [None], ["a"]]))
    lines = [line for line, _ in workbooks.records(io.BytesIO(book), None, "b")]
    assert lines[-1] == 3


def test_formulas_come_as_the_values_that_were_saved() -> None:
    def formula(text: str) -> str:
        cells = '<c r="A2" t="str"><f>"x"</f><v>shown</v></c><c r="B2"><f>1+1</f></c>'
        return re.sub('<row r="2".*?</row>', f'<row r="2">{cells}</row>', text)

    assert read(with_parts(made(("A", "visible", TABLE)), sheet1=formula))[1] == ["shown", NO_VALUE]


def test_a_sheet_that_says_that_it_is_small_or_large_is_read_as_it_is() -> None:
    for size in ('<dimension ref="A1:A1"/>', '<dimension ref="A1:XFD1048576"/>', ""):
        says = re.compile("<dimension[^>]*>").sub
        book = with_parts(made(("A", "visible", TABLE)), sheet1=partial(says, size))
        assert read(book) == TABLE


def body(rows: str) -> Callable[[str], str]:
    """A sheet with other rows below the heading."""
    return lambda text: re.sub("</sheetData>", lambda _: f"{rows}</sheetData>", text)


LAUGHS = (
    "<!DOCTYPE l [<!ENTITY a 'ha'>"
    + "".join(
        f"<!ENTITY {'abcdefghij'[n]} '{('&' + 'abcdefghij'[n - 1] + ';') * 10}'>"
        for n in range(1, 10)
    )
    + "]>"
)
TRAPS: dict[str, dict[str, Callable[[str], str]]] = {
    "a far row": {"sheet1": body('<row r="1048576"><c r="A1048576"><v>1</v></c></row>')},
    "a row that no sheet has": {"sheet1": body('<row r="9999999999"><c><v>1</v></c></row>')},
    "rows that go back": {"sheet1": body('<row r="1"><c r="A1"><v>1</v></c></row>')},
    "a column that no sheet has": {"sheet1": body('<row r="3"><c r="ZZZ3"><v>1</v></c></row>')},
    "a column without end": {"sheet1": body('<row r="3"><c r="ZZZZZZ3"><v>1</v></c></row>')},
    "laughs": {
        "sheet1": lambda text: (
            LAUGHS
            + text.replace("</sheetData>", '<row><c t="str"><v>&j;</v></c></row></sheetData>')
        )
    },
    "laughs in the workbook": {"workbook": lambda text: LAUGHS + text},
    "spaces": {"sheet1": body(" " * (200 * MIB))},
    "nested deep": {"sheet1": body("<row>" + "<a>" * MIB)},
    "a row of millions of cells": {"sheet1": body("<row>" + "<c/>" * 3 * MIB + "</row>")},
    "many cells in little room": {"sheet1": body(f"<row>{'<c/>' * 100_000}</row>")},
    "styles": {"styles": lambda text: text.replace("</cellXfs>", "<xf/>" * 3 * MIB + "</cellXfs>")},
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_workbook_that_is_a_trap_is_refused_quickly_in_little_room(name: str) -> None:
    book = with_parts(made(("A", "visible", TABLE)), **TRAPS[name])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    with pytest.raises(FileUnreadable) as refused:
        read(book)
    assert time.process_time() - start < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
    assert len(refused.value.message) < MIB


@pytest.mark.parametrize("end", [100, 1000, -10])
def test_a_workbook_that_is_cut_off_is_refused(end: int) -> None:
    with pytest.raises(FileUnreadable, match="damaged or cut off"):
        kinds.opened(io.BytesIO(made(("A", "visible", TABLE))[:end]), "book.xlsx")


@pytest.mark.parametrize("part", ["sheet1", "workbook", "styles"])
def test_a_part_that_is_damaged_is_refused(part: str) -> None:
    book = with_parts(made(("A", "visible", TABLE)), **{part: lambda text: text[:200]})
    with pytest.raises(FileUnreadable, match="cannot be read"):
        read(book)
