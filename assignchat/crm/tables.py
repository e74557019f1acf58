"""A table is found in its records: heading, rows, and what is neither."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from itertools import chain, islice
from typing import Any, NamedTuple

from assignchat.errors import InvalidValue

Cell = str | int | float | bool | datetime | date | time | None
Record = Sequence[Any]
NumberedRecord = tuple[int, Record | InvalidValue]
Note = Callable[[str], None]

HEADING_WITHIN = 200
"""The heading is one of so many first records."""

MAX_BLANK_ROWS = 2**20
"""As many as the rows of a spreadsheet; after more there is nothing to come."""


def is_blank(cell: object) -> bool:
    """Whether nothing stands in a cell, or only white space."""
    return cell is None or (isinstance(cell, str) and (not cell or cell.isspace()))


class Table(NamedTuple):
    """A heading and the records below it; those above it are named by their lines."""

    heading: Record
    records: Iterator[NumberedRecord]
    line: int = 1
    above: Sequence[int] = ()


def table(records: Iterable[NumberedRecord], is_heading: Callable[[Record], bool]) -> Table:
    """The table in the records: its heading is the first record that `is_heading`.

    If none is, it is the one with most cells, so that it can be said what it lacks.
    """
    remaining = iter(records)
    above = list[tuple[int, Record]]()
    for line, record in islice(remaining, HEADING_WITHIN):
        if isinstance(record, InvalidValue):
            return Table(_widest(above), chain([(line, record)], remaining))
        if is_heading(record):
            titles = [number for number, cells in above if not all(map(is_blank, cells))]
            return Table(record, remaining, line, titles)
        above.append((line, record))
    return Table(_widest(above), remaining)


def table_without_heading(records: Iterable[NumberedRecord]) -> Table:
    """The table in records that are all rows. Its heading is their numbers, from 1."""
    remaining = iter(records)
    for line, record in remaining:
        if isinstance(record, InvalidValue) or not all(map(is_blank, record)):
            width = 0 if isinstance(record, InvalidValue) else len(record)
            heading = [str(number) for number in range(1, width + 1)]
            return Table(heading, chain([(line, record)], remaining), line)
    return Table([], remaining)


def _widest(records: Sequence[tuple[int, Record]]) -> Record:
    def filled(record: tuple[int, Record]) -> int:
        return sum(not is_blank(cell) for cell in record[1])

    return max(records, key=filled)[1] if records else []


def body(found: Table, note: Note) -> Iterator[NumberedRecord]:
    """The rows of a table, each as wide as its heading.

    Blank rows are passed over, blank cells that are missing or too many at the end of a row
    are made up for. What stands above the heading, a heading that is repeated, and a footer
    below a blank row are told to `note`. A row that does not fit comes as an `InvalidValue`
    in its place.
    """
    heading, width = found.heading, len(found.heading)
    if found.above:
        note(f"The heading is on line {found.line}; not read: {_lines(found.above)} above it")
    may_end = False  # at a blank row; not where every row has one above it
    rows = _filled(found.records, width)
    for line, cells, is_below_blank in rows:
        if is_below_blank and may_end and _is_footer(cells):
            yield from _footer(line, rows, width, note)
            return
        may_end = may_end or not is_below_blank
        if cells == heading:
            note(f"Not read: line {line}, which repeats the heading")
        else:
            yield line, cells


def _filled(
    records: Iterable[NumberedRecord], width: int
) -> Iterator[tuple[int, Record | InvalidValue, bool]]:
    """The rows that are not blank, as wide as the heading, and whether a blank one is above."""
    blank = 0
    for line, cells in records:
        if isinstance(cells, InvalidValue):
            yield line, cells, False
        # Quick for what nearly every row is: its first cell is filled.
        elif not cells or ((not cells[0] or is_blank(cells[0])) and all(map(is_blank, cells))):
            blank += 1
            if blank > MAX_BLANK_ROWS:
                yield line, InvalidValue(f"stands below {MAX_BLANK_ROWS:,} blank rows"), False
                return
        else:
            yield line, cells if len(cells) == width else _fitted(cells, width), blank > 0
            blank = 0


def _is_filled(cell: object) -> bool:
    return not is_blank(cell)


def _fitted(cells: Record, width: int) -> Record | InvalidValue:
    """The cells of a row as wide as its heading, if only blank ones are missing or too many."""
    if len(cells) < width:
        return [*cells, *[""] * (width - len(cells))]
    if all(map(is_blank, cells[width:])):
        return cells[:width]
    filled = max(at for at, cell in enumerate(cells, 1) if not is_blank(cell))
    return InvalidValue(f"{filled} cells under {width} headings")


def _is_footer(cells: Record | InvalidValue) -> bool:
    """Whether a row below a blank one is a line of text and no row of the table."""
    return not isinstance(cells, InvalidValue) and sum(map(_is_filled, cells)) == 1


def _footer(
    first: int, rows: Iterator[tuple[int, Record | InvalidValue, bool]], width: int, note: Note
) -> Iterator[NumberedRecord]:
    """What follows a first line of text below the table.

    In a table of one column it cannot be told from a row, and is refused; so is what looks
    like a row of the table again.
    """
    if width == 1:
        yield (
            first,
            InvalidValue(
                "stands below a blank row in a table of one column: it may be a row or a footer;"
                " delete one or the other"
            ),
        )
        return
    lines = [first]
    for line, cells, _ in rows:
        if isinstance(cells, InvalidValue) or sum(map(_is_filled, cells)) * 2 > width:
            yield (
                line,
                InvalidValue(
                    f"stands below line {first}, which looks like a footer below the table"
                ),
            )
            return
        lines.append(line)
    note(f"Not read: {_lines(lines)} below the table")


def _lines(numbers: Sequence[int]) -> str:
    """Lines in words, such as `lines 6 to 10`."""
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    return f"lines {numbers[0]} to {numbers[-1]}"
