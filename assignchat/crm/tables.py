"""Finding a table in its records: heading, rows, and lines that are neither."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from itertools import chain, islice
from typing import Any

from assignchat.errors import InvalidValue
from assignchat.namedtuples import NamedTuple

Cell = str | int | float | bool | datetime | date | time | None
Record = Sequence[Any]
NumberedRecord = tuple[int, Record | InvalidValue]
Note = Callable[[str], None]

MAX_COLUMNS = 16_384
"""As many as the columns of a spreadsheet."""

HEADING_WITHIN = 200
"""The heading is one of so many first records."""

MAX_BLANK_ROWS = 2**20
"""As many as the rows of a spreadsheet; after more there is nothing to come."""


def is_blank(cell: object) -> bool:
    """Return whether a cell is empty, or only white space."""
    return cell is None or (isinstance(cell, str) and (not cell or cell.isspace()))


class Unreadable(InvalidValue):
    """A row that cannot be read. The `original` is all of its cells, or its text."""

    def __init__(self, message: str, original: Sequence[object] | str) -> None:
        super().__init__(message)
        self.original = original


class Table(NamedTuple):
    """A heading and the records below it; those above it are named by their lines."""

    heading: Record
    records: Iterator[NumberedRecord]
    line: int = 1
    above: Sequence[int] = ()


def table(records: Iterable[NumberedRecord], is_heading: Callable[[Record], bool]) -> Table:
    """Find the table in the records: its heading is the first record that `is_heading`.

    If none is, it is the record with most cells, so that a message can say which columns it
    lacks.
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
    """Make a table of records that are all rows. Its heading is their numbers, from 1."""
    remaining = iter(records)
    for line, record in remaining:
        if isinstance(record, InvalidValue) or not all(map(is_blank, record)):
            width = 0 if isinstance(record, InvalidValue) else len(record)
            heading = [str(number) for number in range(1, width + 1)]
            return Table(heading, chain([(line, record)], remaining), line)
    return Table([], remaining)


def _widest(records: Sequence[tuple[int, Record]]) -> Record:
    return max((cells for _, cells in records), key=_filled_cells, default=[])


def body(found: Table, note: Note) -> Iterator[NumberedRecord]:
    """Yield the rows of a table, each as wide as its heading.

    Blank rows are skipped. At the end of a row, missing cells are added and blank ones too many
    are cut. `note` is told of lines above the heading, a repeated heading, and a footer below a
    blank row. A row that does not fit is an `InvalidValue` in its place.
    """
    heading, width = found.heading, len(found.heading)
    if found.above:
        note(f"The heading is on line {found.line}; not read: {_lines(found.above)} above it")
    may_end = False  # at a blank row; not where every row has one above it
    rows = _filled(found.records, width)
    for line, cells, is_below_blank in rows:
        if is_below_blank and may_end and _is_footer(cells):
            yield from _footer((line, cells), rows, width, note)
            return
        may_end = may_end or not is_below_blank
        if cells == heading:
            note(f"Not read: line {line}, which repeats the heading")
        elif _is_ruler(cells):
            note(f"Not read: line {line}, which is drawn")
        else:
            yield line, cells


def _filled(
    records: Iterable[NumberedRecord], width: int
) -> Iterator[tuple[int, Record | InvalidValue, bool]]:
    """Yield the rows that are not blank, as wide as the heading, and whether one above is blank."""
    blank = 0
    for line, cells in records:
        if isinstance(cells, InvalidValue):
            yield line, cells, False
        # Quick for what nearly every row is: its first cell is filled.
        elif not cells or ((not cells[0] or is_blank(cells[0])) and all(map(is_blank, cells))):
            blank += 1
            if blank > MAX_BLANK_ROWS:
                message = f"stands below {MAX_BLANK_ROWS:,} blank rows"
                yield line, Unreadable(message, cells), False
                return
        else:
            yield line, cells if len(cells) == width else _fitted(cells, width), blank > 0
            blank = 0


def _is_ruler(cells: Record | InvalidValue) -> bool:
    """Return whether a row is a line that is drawn below a heading, such as `---+---`."""
    if isinstance(cells, InvalidValue) or type(cells[0]) is not str or cells[0][:1] not in "-+=: ":
        return False
    return _RULER.fullmatch("".join(map(str, cells))) is not None


_RULER = re.compile(r"\s*[-+=:|]{3,}[-+=:|\s]*")


def _filled_cells(cells: Record) -> int:
    return sum(not is_blank(cell) for cell in cells)


def _fitted(cells: Record, width: int) -> Record | InvalidValue:
    """Make a row as wide as the heading, if only blank cells are missing or too many."""
    if len(cells) < width:
        return [*cells, *[""] * (width - len(cells))]
    if all(map(is_blank, cells[width:])):
        return cells[:width]
    filled = max(at for at, cell in enumerate(cells, 1) if not is_blank(cell))
    return Unreadable(f"{filled} cells under {width} headings", cells)


def _is_footer(cells: Record | InvalidValue) -> bool:
    """Return whether a row below a blank one is a line of text and no row of the table."""
    return not isinstance(cells, InvalidValue) and _filled_cells(cells) == 1


def _footer(
    begin: tuple[int, Record | InvalidValue],
    rows: Iterator[tuple[int, Record | InvalidValue, bool]],
    width: int,
    note: Note,
) -> Iterator[NumberedRecord]:
    """Read the lines below the table, from a first line of text on.

    In a table of one column it cannot be told from a row, and is refused. A line after it that
    looks like a row of the table is refused too.
    """
    first = begin[0]
    if width == 1:
        message = (
            "stands below a blank row in a table of one column: it may be a row or a footer;"
            " delete one or the other"
        )
        yield first, _refused(begin[1], message)
        return
    lines = [first]
    for line, cells, _ in rows:
        if isinstance(cells, InvalidValue) or _filled_cells(cells) * 2 > width:
            message = f"stands below line {first}, which looks like a footer below the table"
            yield line, _refused(cells, message)
            return
        lines.append(line)
    note(f"Not read: {_lines(lines)} below the table")


def _refused(cells: Record | InvalidValue, message: str) -> InvalidValue:
    return Unreadable(message, original_of(cells))


def original_of(row: Record | InvalidValue) -> Sequence[object] | str:
    """Return the cells of a row, or its text if it could not be split."""
    if isinstance(row, Unreadable):
        return row.original
    return "" if isinstance(row, InvalidValue) else row


def _lines(numbers: Sequence[int]) -> str:
    """Put lines into words, such as `lines 6 to 10`."""
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    return f"lines {numbers[0]} to {numbers[-1]}"
