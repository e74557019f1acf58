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
            heading = range(1, width + 1)  # no row is equal to it, as one may be to a list
            return Table(heading, chain([(line, record)], remaining), line)
    return Table([], remaining)


def _widest(records: Sequence[tuple[int, Record]]) -> Record:
    return max((cells for _, cells in records), key=_filled_cells, default=[])


def body(found: Table, note: Note) -> Iterator[NumberedRecord]:
    """Yield the rows of a table, each as wide as its heading. See `body_in_parts`."""
    return chain.from_iterable(body_in_parts(found, note))


def body_in_parts(found: Table, note: Note) -> Iterator[Sequence[NumberedRecord]]:
    """Yield the rows of a table, each as wide as its heading, several at a time.

    Blank rows are skipped. At the end of a row, missing cells are added and blank ones too many
    are cut. `note` is told of lines above the heading, a repeated heading, and a footer below a
    blank row. A row that does not fit is an `InvalidValue` in its place.
    """
    if found.above:
        note(f"The heading is on line {found.line}; not read: {_lines(found.above)} above it")
    rows = _Body(found.heading, note)
    for records in _in_parts(found.records):
        found_here = records if rows.are(records) else list(rows.among(records))
        if found_here:
            yield found_here
        if rows.is_over:
            return
    rows.end()


_MANY = 1000
_LONG = 128 * _MANY  # characters of all of them


def _in_parts(records: Iterable[NumberedRecord]) -> Iterator[list[NumberedRecord]]:
    """Yield many records at a time, but few of those that are long: one may have megabytes."""
    part, left = list[NumberedRecord](), _LONG
    try:
        for record in records:
            part.append(record)
            left -= _length(record[1])
            if left < 0 or len(part) == _MANY:
                yield part
                part, left = [], _LONG
    except Exception:  # a record above may end the table, and what is wrong below does not matter
        yield part
        raise
    if part:
        yield part


def _length(cells: Any) -> int:
    try:
        return len("".join(cells))
    except TypeError:  # cells of workbooks are not all text
        return len(str(cells))


class _Body:
    """What is a row among the records below a heading.

    `is_over` is true where nothing more can be told: then the last row was an `InvalidValue`.
    """

    def __init__(self, heading: Record, note: Note) -> None:
        self._heading = heading
        self._width = len(heading)
        self._note = note
        self._blank = 0  # rows just above
        self._may_end = False  # at a blank row; not where every row has one above it
        self._footer = list[int]()
        self.is_over = False

    def are(self, records: Sequence[NumberedRecord]) -> bool:
        """Return whether it is clear at a glance that all of the records are rows, as most are."""
        if self._blank or self._footer:
            return False
        rows: list[Any] = [cells for _, cells in records]
        try:
            begin = "".join([cells[0][:1] for cells in rows])
        except (TypeError, IndexError):
            return False
        are_filled = len(begin) == len(rows) and begin.isalnum()
        if not are_filled or {*map(len, rows)} != {self._width} or self._heading in rows:
            return False
        self._may_end = True
        return True

    def among(self, records: Iterable[NumberedRecord]) -> Iterator[NumberedRecord]:
        """Yield the rows among some records."""
        for line, cells in records:
            row = self._row(line, cells)
            if row is not None:
                yield line, row
            if self.is_over:
                return

    def end(self) -> None:
        """Tell which lines stand below the table."""
        if self._footer:
            self._note(f"Not read: {_lines(self._footer)} below the table")

    def _row(self, line: int, cells: Record | InvalidValue) -> Record | InvalidValue | None:
        """Return the row on a line. Returns None if what stands there is not one."""
        is_below_blank = self._blank > 0 and not isinstance(cells, InvalidValue)
        if not isinstance(cells, InvalidValue):
            if _is_blank_row(cells):
                return self._blank_row(cells)
            self._blank = 0
            cells = cells if len(cells) == self._width else _fitted(cells, self._width)
        if self._footer or (is_below_blank and self._may_end and _is_footer(cells)):
            return self._below(line, cells)
        self._may_end = self._may_end or not is_below_blank
        if cells == self._heading:
            self._note(f"Not read: line {line}, which repeats the heading")
        elif _is_ruler(cells):
            self._note(f"Not read: line {line}, which is drawn")
        else:
            return cells
        return None

    def _blank_row(self, cells: Record) -> InvalidValue | None:
        self._blank += 1
        if self._blank <= MAX_BLANK_ROWS:
            return None
        return self._refused(cells, f"stands below {MAX_BLANK_ROWS:,} blank rows")

    def _below(self, line: int, cells: Record | InvalidValue) -> InvalidValue | None:
        """Take a line that stands below the table, the first of which is text alone.

        In a table of one column it cannot be told from a row, and is refused. A line after it that
        looks like a row of the table is refused too.
        """
        if self._width == 1:
            return self._refused(
                cells,
                "stands below a blank row in a table of one column: it may be a row or a footer;"
                " delete one or the other",
            )
        if isinstance(cells, InvalidValue) or _filled_cells(cells) * 2 > self._width:
            message = (
                f"stands below line {self._footer[0]}, which looks like a footer below the table"
            )
            return self._refused(cells, message)
        self._footer.append(line)
        return None

    def _refused(self, cells: Record | InvalidValue, message: str) -> InvalidValue:
        self.is_over = True
        return Unreadable(message, original_of(cells))


def _is_blank_row(cells: Record) -> bool:
    # Quick for what nearly every row is: its first cell is filled.
    return not cells or ((not cells[0] or is_blank(cells[0])) and all(map(is_blank, cells)))


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
