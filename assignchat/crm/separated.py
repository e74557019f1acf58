"""Reading text with separated values as records: CSV and its relatives, with any separator."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from assignchat.crm.tables import NumberedRecord, Record, Unreadable
from assignchat.errors import InvalidValue, Usage
from assignchat.namedtuples import NamedTuple
from assignchat.system.textfile import MAX_ROW_LENGTH, too_long

if TYPE_CHECKING:
    import _csv

_DELIMITERS = ",;\t|^~\x1f"
_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_HEAD_LINES = 200
_HEAD_LENGTH = 1024 * 1024
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


class Dialect(NamedTuple):
    """How the cells of a text are separated."""

    delimiter: str
    skips_spaces: bool = False


def delimiter_named(name: str) -> str:
    """Find the delimiter of this name: the character itself, or `tab`.

    Raises `Usage` if it cannot be one.
    """
    delimiter = _NAMES.get(name.lower(), name)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise Usage(f"--delimiter {name!r} is not one character", hint="For a tab write: tab")
    return delimiter


def records(
    text: Iterable[str], is_heading: Callable[[Record], bool], delimiter: str | None = None
) -> Iterator[NumberedRecord]:
    """Yield the records of a text, each with its first line.

    The delimiter is the one with which a record near the beginning `is_heading`. An unreadable
    record is an `InvalidValue` in its place and ends the records, because the ones after it
    cannot be told apart. Raises `InvalidValue` if no line ends.
    """
    lines = Lines(text)
    ahead = iter(lines)
    head = _head(ahead)
    first = 0
    separator = _SEPARATOR_LINE.fullmatch(head[0].rstrip(",;\t\r\n")) if head else None
    separator = separator or (_SEPARATOR_LINE.fullmatch(head[0]) if head else None)
    if separator is not None:
        delimiter, first = delimiter or separator[1], 1
    dialect = dialect_of(head[first:], is_heading, delimiter)
    return _read(head[first:], ahead, lines, dialect, first)


def dialect_of(
    head: Sequence[str], is_heading: Callable[[Record], bool], delimiter: str | None
) -> Dialect:
    """Find the dialect in which these first lines have a heading, the earliest and widest."""
    best, found = Dialect(delimiter or ","), (1, _HEAD_LINES, 0)
    text = "".join(head)
    candidates = [sign for sign in _DELIMITERS if sign == "," or sign in text]
    for candidate in [delimiter] if delimiter else candidates:
        rows = _parsed(head, Dialect(candidate, skips_spaces=True))
        place = next((at for at, row in enumerate(rows) if is_heading(row)), None)
        widest = max(map(len, rows), default=0) if place is None else len(rows[place])
        rank = (place is None, place or 0, -widest)
        if rank < found:
            best, found = Dialect(candidate), rank
    skips = not found[0] and _has_spaces_after(head, best, found[1], is_heading)
    return best._replace(skips_spaces=skips)


def _has_spaces_after(
    head: Sequence[str], dialect: Dialect, place: int, is_heading: Callable[[Record], bool]
) -> bool:
    """Return whether a space follows each delimiter of the heading, and so is no part of a cell."""
    rows = _parsed(head, dialect)
    if place >= len(rows) or not is_heading(rows[place]):
        return True  # only what is quoted after a space can be the reason
    cells = rows[place][1:]
    return bool(cells) and all(cell.startswith(" ") for cell in cells)


def _parsed(head: Sequence[str], dialect: Dialect) -> list[list[str]]:
    """Parse the first lines, up to one that is not of this dialect. Returns the rows."""
    rows = list[list[str]]()
    with suppress(csv.Error):
        rows.extend(_reader(head, dialect))
    return rows


def _reader(lines: Iterable[str], dialect: Dialect) -> "_csv.Reader":
    csv.field_size_limit(MAX_ROW_LENGTH)
    return csv.reader(
        lines, delimiter=dialect.delimiter, skipinitialspace=dialect.skips_spaces, strict=True
    )


def _head(lines: Iterator[str]) -> list[str]:
    """Read the first lines, in which the heading must be."""
    head, left = list[str](), _HEAD_LENGTH
    for line in lines:
        head.append(line)
        left -= len(line)
        if left < 0 or len(head) == _HEAD_LINES:
            break
    return head


class Lines:
    """The lines of a text, with a limit on the length of a row of several lines."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = text
        self._given = io.StringIO()
        self._before = list[str]()  # pieces since the row began that is being read
        self.left = MAX_ROW_LENGTH

    def __iter__(self) -> Iterator[str]:
        """Yield the lines with their ends. Raises `InvalidValue` for a row that is too long."""
        rest = ""
        for piece in self._text:
            rest += piece
            if self.left == MAX_ROW_LENGTH:
                self._before.clear()
            self.left -= len(piece)
            if self.left < 0:
                raise too_long()
            # A \r at the very end may be half of a \r\n.
            end = max(rest.rfind("\n"), rest.rfind("\r", 0, -1)) + 1
            if end:
                yield from self._give(rest[:end])
                rest = rest[end:]
        yield from self._give(rest)

    def _give(self, text: str) -> Iterable[str]:
        self._before.append(self._given.getvalue())
        self._given = io.StringIO(text, newline="")
        return self._given

    def last(self, count: int) -> str:
        """Return the text of the lines of a row that were read last, so many of them."""
        read = "".join(self._before) + self._given.getvalue()[: self._given.tell()]
        return "".join(list(io.StringIO(read, newline=""))[-count:]) if count > 0 else ""


def _read(
    head: Sequence[str], ahead: Iterator[str], lines: Lines, dialect: Dialect, before: int
) -> Iterator[NumberedRecord]:
    """Yield the records of the lines in the head and of those ahead, below those `before`."""
    reader = _reader(chain(head, ahead), dialect)
    start = before + 1
    try:
        for cells in reader:
            yield start, cells
            start = before + reader.line_num + 1
            lines.left = MAX_ROW_LENGTH
    except (csv.Error, InvalidValue) as error:
        first, last = start - before - 1, reader.line_num
        text = "".join(head[first:last]) + lines.last(last - max(first, len(head)))
        line = text.rstrip("\r\n").rpartition("\n")[2]
        message = f"not readable as CSV: {_reason(error, line)}"
        yield start, Unreadable(message, text.rstrip("\r\n"))


def _reason(error: Exception, line: str) -> str:
    """Say what is wrong with a row, in words that name its contents."""
    message = str(error)
    if '\\"' in line:
        return 'a quote is written \\" in it, where CSV writes it twice: ""'
    if "unexpected end of data" in message:
        return 'a quote (") is opened here and never closed'
    if "expected after" in message:
        return 'a quote (") stands inside a quoted cell, where it is to be written twice: ""'
    if "field larger" in message:
        return too_long().message
    return message
