"""A table is found in separated values, whatever the dialect and whatever stands around it."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from assignchat.crm import separated, tables
from assignchat.crm.headings import Headings, different, folded
from assignchat.errors import FileUnreadable, InvalidValue, Usage

WANTED = {"id", "name"}
NAMED = list[tuple[int, list[str]]]


def is_heading(record: tables.Record) -> bool:
    """Whether a record has the headings that these tests want."""
    return set(map(folded, record)) >= WANTED


def rows_of(text: str, delimiter: str | None = None, piece: int = 7) -> tuple[NAMED, list[str]]:
    """The rows of a text that comes in small pieces, and what is told of it."""
    pieces = (text[at : at + piece] for at in range(0, len(text), piece))
    told: list[str] = []
    records = separated.records(pieces, is_heading, delimiter)
    rows = list(tables.body(tables.table(records, is_heading), told.append))
    return [(line, list(row)) for line, row in rows if not isinstance(row, InvalidValue)], told


def problem_in(text: str) -> tuple[int, str]:
    """The first row that is a problem."""
    pieces = (text[at : at + 1000] for at in range(0, len(text), 1000))
    records = separated.records(pieces, is_heading)
    rows = tables.body(tables.table(records, is_heading), lambda _: None)
    return next((line, row.message) for line, row in rows if isinstance(row, InvalidValue))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "\x1f"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_the_one_that_gives_the_headings(delimiter: str, end: str) -> None:
    other = ";" if delimiter == "," else ","
    lines = [["id", f'"more{other}{other}{other}"', "name"], ["a", "x", "Ann"]]
    assert rows_of(end.join(map(delimiter.join, lines)))[0] == [(2, ["a", "x", "Ann"])]


def test_a_delimiter_that_is_named_is_the_only_one() -> None:
    assert rows_of("id:name\na:Ann\n", ":")[0] == [(2, ["a", "Ann"])]
    assert separated.delimiter_named("tab") == "\t"
    for wrong in ("", "ab", '"', "\n"):
        with pytest.raises(Usage):
            separated.delimiter_named(wrong)


@pytest.mark.parametrize("begin", ["sep=;\n", '"sep=;"\n', "SEP=;\r\n"])
def test_a_line_for_excel_names_the_delimiter(begin: str) -> None:
    assert rows_of(f"{begin}id;name\na;Ann\n")[0] == [(3, ["a", "Ann"])]


def test_spaces_after_each_delimiter_of_the_heading_belong_to_no_cell() -> None:
    assert rows_of('id, name\na, "Berg, Ann"\n')[0] == [(2, ["a", "Berg, Ann"])]
    assert rows_of("id,name\na, Ann\n")[0] == [(2, ["a", " Ann"])]


def test_titles_blank_rows_repeated_headings_and_footers_are_told() -> None:
    text = "Team\n\nid,name,at\n\na,Ann,1\nid,name,at\nb,Bob,2\n,,\n , ,\nTotal 2\nPage 1\n"
    rows, told = rows_of(text)
    assert rows == [(5, ["a", "Ann", "1"]), (7, ["b", "Bob", "2"])]
    assert told == [
        "The heading is on line 3; not read: line 1 above it",
        "Not read: line 6, which repeats the heading",
        "Not read: lines 10 to 11 below the table",
    ]


def test_a_blank_row_above_every_row_ends_no_table() -> None:
    rows, told = rows_of("id,name\n\na,Ann\n\nb,\n\nc,\n")
    assert [row[0] for _, row in rows] == ["a", "b", "c"]
    assert told == []


def test_what_looks_like_a_row_below_a_footer_is_not_passed_over() -> None:
    line, why = problem_in("id,name\na,Ann\n\nOther team\nb,Bob\n")
    assert (line, "line 4" in why) == (5, True)


def test_without_headings_even_numbers_from_1_on_are_a_row() -> None:
    records = [(1, ["1", "2"]), (2, ["5", "6"]), (3, ["1", "2"])]
    told: list[str] = []
    assert list(tables.body(tables.table_without_heading(records), told.append)) == records
    assert told == []


def test_rows_are_as_wide_as_the_heading() -> None:
    rows, _ = rows_of("id,name,at\na\nb,Bob,1,,,\n")
    assert [row for _, row in rows] == [["a", "", ""], ["b", "Bob", "1"]]
    assert problem_in("id,name\na,Ann,,x\n") == (2, "4 cells under 2 headings")


MANY = (0, 1, 15, 16, 17, 999, 1000, 1001, 1500)


@pytest.mark.parametrize("many", MANY)
def test_what_is_no_row_is_found_however_many_rows_are_above_and_below_it(many: int) -> None:
    def lines(name: str) -> str:
        return "".join(f"{name}{number},Ann,1\n" for number in range(many))

    odd = "---,---,---\n,,\n b,Bob\n"
    parts = ["x,Ann,1\n", lines("a"), "id,name,at\n", lines("c"), odd, lines("d"), "\nTotal\n"]
    rows, told = rows_of("id,name,at\n" + "".join(parts), piece=100)
    names = [[f"{name}{number}" for number in range(many)] for name in "acd"]
    assert [row[0] for _, row in rows] == ["x", *names[0], *names[1], " b", *names[2]]
    assert [row[1:] for _, row in rows if row[0] == " b"] == [["Bob", ""]]
    assert told == [
        f"Not read: line {many + 3}, which repeats the heading",
        f"Not read: line {2 * many + 4}, which is drawn",
        f"Not read: line {3 * many + 8} below the table",
    ]
    assert rows[-1][0] == 3 * many + 6


@pytest.mark.parametrize("length", [1_000, 200_000, 4_000_000])
def test_long_rows_are_handed_on_before_many_are_read(length: int) -> None:
    """Where each has megabytes, one more that is held is seen in the memory of an import."""
    read: list[int] = []

    def records() -> Iterator[tables.NumberedRecord]:
        for number in range(1000):
            read.append(number)
            yield number, ["x" * length, "Ann"]

    next(tables.body_in_parts(tables.Table(["id", "name"], records()), print))
    assert len(read) <= max(1, 200_000 // length)


def test_what_cannot_be_read_is_met_after_the_rows_above_it() -> None:
    def records(*below: list[str]) -> Iterator[tables.NumberedRecord]:
        yield from enumerate([["a", "Ann"], *below])
        raise FileUnreadable("The file is cut off")

    rows = tables.body(tables.Table(["id", "name"], records()), print)
    assert next(rows) == (0, ["a", "Ann"])
    with pytest.raises(FileUnreadable):
        next(rows)
    below_footer = records([], ["Total"], ["b", "Bob"])
    *_, (line, refused) = tables.body(tables.Table(["id", "name"], below_footer), print)
    assert (line, isinstance(refused, InvalidValue)) == (3, True)


@pytest.mark.parametrize("many", MANY)
def test_a_row_that_does_not_fit_is_named_however_many_fit(many: int) -> None:
    fit = "x,Ann\n" * many
    assert problem_in(f"id,name\n{fit}y,Bob,1\n{fit}") == (many + 2, "3 cells under 2 headings")
    line, why = problem_in(f"id,name\nx,Ann\n{fit}\nTotal\n{fit}y,Bob\n")
    assert (line, f"line {many + 4}" in why) == (many + 5, True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('id,name\na,"Ann\nb,Bob\n', "never closed"),
        ('id,name\na,"An\\"n"\n', 'written \\"'),
        ('id,name\na,"An"n"\n', "inside a quoted cell"),
    ],
)
def test_what_is_not_readable_as_csv_is_named_with_its_line(text: str, why: str) -> None:
    line, told = problem_in(text)
    assert line == 2
    assert why in told


def test_headings_are_found_without_case_and_white_space() -> None:
    headings = Headings(["Chat\n ID", "Name", "name ", "First", "Last", "a+b", "", "\u200bOwner"])
    assert headings.way("chat id") == (0,)
    assert headings.way("Name") == (1,)
    assert headings.way("NAME#2") == (2,)
    assert headings.way("first+LAST") == (3, 4)
    assert headings.way("a+b") == (5,)
    assert headings.way("owner") == (7,)
    assert headings.way("Nobody") is headings.way("name#3") is None
    with pytest.raises(InvalidValue, match="2 columns are called 'NAME'"):
        headings.way("NAME")
    assert different(["a", "b", "a"]) == ["a", "b", "a#2"]


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
TABLE = st.lists(st.tuples(CELL, CELL, CELL), max_size=5)


@given(
    TABLE,
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["", "\ufeff", "sep"]),
    st.integers(1, 50),
)
@example([("a", "\r", "\n")], ",", "\r\n", csv.QUOTE_ALL, "", 1)
def test_any_table_in_any_dialect_is_read_back_the_same(
    table: list[tuple[str, str, str]], delimiter: str, end: str, quoting: int, begin: str, size: int
) -> None:
    rows = [row for row in table if not all(map(tables.is_blank, row))]
    assume(("id", "name", "more") not in rows)
    assume(not any(set("".join(row)) <= set("-+=:| ") for row in rows))  # a line that is drawn
    written = io.StringIO(newline="")
    # A lone carriage return ends a row for a reader, so writers quote all where there is one.
    is_plain = not any("\r" in cell or "\n" in cell for row in rows for cell in row)
    writer = csv.writer(
        written,
        delimiter=delimiter,
        lineterminator=end,
        quoting=quoting if is_plain else csv.QUOTE_ALL,  # type: ignore[arg-type]
    )
    writer.writerows([("id", "name", "more"), *rows])
    start = f"sep={delimiter}{end}" if begin == "sep" else ""
    read, told = rows_of(start + written.getvalue(), piece=size)
    assert [tuple(row) for _, row in read] == rows
    assert told == []
