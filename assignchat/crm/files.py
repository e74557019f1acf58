"""Reading what a CRM exports: CSV, TSV, JSON and newline-delimited JSON.

The standard library reads them, because only it tells on which line a row stands.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TextIO

from assignchat.errors import InvalidValue, shortened
from assignchat.system.textfile import MAX_ROW_LENGTH, Lines, opened_text, too_long

MAX_COLUMNS = 16_384  # as many as a spreadsheet has

Row = Mapping[str, Any]
NumberedRow = tuple[int, Row | InvalidValue]


def read(
    source: str,
    columns: Sequence[str],
    required: Sequence[str],
    headers: Mapping[str, str],
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[NumberedRow]:
    """The rows of a file, or of standard input for `-`, each with its line number.

    Only `columns` are read; `headers` names a column's heading where it is another than the
    column's own name. What of the file is not used is told to `note`. A row that cannot be
    read comes as an `InvalidValue` in its place. No more than a few rows are held at a time.
    Raises `InvalidValue` where the whole file cannot be read or a required column is missing.
    """
    wanted = Wanted(columns, required, headers, note)
    with opened_text(source) as file:
        begin = _up_to_text(file)
        first = begin[-1].strip() if begin else ""
        if not first:
            raise InvalidValue(f"{source} is empty")
        if first[0] == "[":
            yield from _picked(_json_array(_Text("".join(begin), file)), wanted)
        elif first[0] == "{":
            yield from _picked(_json_lines(_Text("".join(begin), file)), wanted)
        else:
            yield from _separated(begin, Lines(file), wanted)


class Wanted:
    """Which columns are read, and under which headings of the file they stand."""

    def __init__(
        self,
        columns: Sequence[str],
        required: Sequence[str],
        headers: Mapping[str, str],
        note: Callable[[str], None],
    ) -> None:
        self.headings = {column: headers.get(column, column) for column in columns}
        self._required = [self.headings[column] for column in required]
        self._named = list(headers.values())
        self._note = note

    def check(self, found: Sequence[str], *, table: bool) -> None:
        """Refuse headings without a needed one, and tell of those that are not used.

        What somebody has named must be there; in a `table` so must what is required, which
        an object of JSON may leave out in one row only.
        """
        if len(set(found)) < len(found):
            named = [heading for heading in found if heading]
            twice = next((name for name, count in Counter(named).items() if count > 1), None)
            if twice is not None:
                raise InvalidValue(f"Two columns are called {twice!r}")
        needed = self._named + (self._required if table else [])
        missing = [heading for heading in needed if heading not in found]
        if missing:
            raise InvalidValue(
                f"No column {missing[0]!r} in the file",
                hint=f"Its columns are {', '.join(found)}; map one with --column NAME=HEADER.",
            )
        unused = [heading for heading in found if heading not in self.headings.values()]
        if unused:
            self._note(shortened(f"Not used: {', '.join(unused)}"))


def _up_to_text(file: TextIO) -> list[str]:
    """The lines up to and with the first that is not blank, of which the end may be missing."""
    begin, left = list[str](), MAX_ROW_LENGTH
    while left and (line := file.readline(left)):
        begin.append(line)
        left -= len(line)
        if line.strip():
            break
    return begin


def _picked(rows: Iterator[NumberedRow], wanted: Wanted) -> Iterator[NumberedRow]:
    """Of objects of JSON the columns that are wanted."""
    checked = False
    for line, row in rows:
        if isinstance(row, InvalidValue):
            yield line, row
            continue
        if not checked:
            wanted.check(list(row), table=False)
            checked = True
        yield line, {column: row.get(heading) for column, heading in wanted.headings.items()}


def _separated(begin: Sequence[str], lines: Lines, wanted: Wanted) -> Iterator[NumberedRow]:
    """Rows below a line of headings."""
    if sum(map(len, begin)) >= MAX_ROW_LENGTH:
        raise too_long()
    csv.field_size_limit(MAX_ROW_LENGTH)
    delimiter = max("\t,;", key=begin[-1].count)
    reader = csv.reader(chain(begin, lines), delimiter=delimiter, strict=True)
    width, places, start = 0, list[tuple[str, int]](), 1
    while True:
        try:
            cells = next(reader, None)
        except (csv.Error, InvalidValue) as error:
            # What follows cannot be told apart any more, as after a quote that never ends.
            yield start, InvalidValue(f"not readable as CSV: {error}")
            return
        if cells is None:
            return
        line, start = start, reader.line_num + 1
        if not any(cells):
            continue
        lines.new_row()
        if not width:
            places = _places(cells, wanted)
            width = len(cells)
        elif len(cells) != width:
            yield line, InvalidValue(f"{len(cells)} cells under {width} headings")
        else:
            yield line, {column: cells[place] for column, place in places}


def _places(headings: Sequence[str], wanted: Wanted) -> list[tuple[str, int]]:
    """Where in a row the wanted columns are. Raises `InvalidValue` where one is missing."""
    if len(headings) > MAX_COLUMNS:
        raise InvalidValue(f"{len(headings)} columns are more than {MAX_COLUMNS}")
    found = [heading.strip() for heading in headings]
    wanted.check(found, table=True)
    return [
        (column, found.index(heading))
        for column, heading in wanted.headings.items()
        if heading in found
    ]


class _Text:
    """A text that is read as it is needed, so that a whole row lies ahead of `position`."""

    def __init__(self, begin: str, file: TextIO) -> None:
        self.text = begin
        self.position = 0
        self.line = 1
        self._file = file
        self._ended = False

    def fill(self) -> None:
        """Read on where less than a row lies ahead, and forget what lies behind."""
        while not self._ended and len(self.text) - self.position <= MAX_ROW_LENGTH:
            more = self._file.read(_READ_AT_ONCE)
            self._ended = not more
            self.text = self.text[self.position :] + more
            self.position = 0

    def go_to(self, position: int) -> None:
        """Go on from there."""
        self.line += self.text.count("\n", self.position, position)
        self.position = position

    def skip_space(self) -> str:
        """Go to the next character that is no white space; that character, none at the end."""
        while True:
            self.fill()
            self.go_to(_end_of(_SPACE.match(self.text, self.position)))
            if self.position < len(self.text):
                return self.text[self.position]
            if self._ended:
                return ""

    def take_line(self) -> str | None:
        """The rest of the line, None where it is too long."""
        self.fill()
        end = self.text.find("\n", self.position)
        if end < 0 and not self._ended:
            return None
        line = self.text[self.position :] if end < 0 else self.text[self.position : end]
        self.go_to(len(self.text) if end < 0 else end + 1)
        return line

    @property
    def is_all(self) -> bool:
        """Whether the text ends with what has been read."""
        return self._ended


_READ_AT_ONCE = 1024 * 1024
_SPACE = re.compile("[ \t\r\n]*")


def _end_of(match: re.Match[str] | None) -> int:
    assert match is not None  # noqa: S101  # white space may be none at all
    return match.end()


def _json_array(text: _Text) -> Iterator[NumberedRow]:
    """The objects of one array, each with the line that it begins on."""
    text.skip_space()
    text.go_to(text.position + 1)
    if text.skip_space() == "]":
        yield from _end_of_array(text)
        return
    while True:
        text.skip_space()
        line = text.line
        try:
            value, end = _DECODER.raw_decode(text.text, text.position)
        except (ValueError, RecursionError) as error:
            yield line, InvalidValue(f"not readable as JSON: {_reason(error, text)}")
            return
        yield line, _object(value)
        text.go_to(end)
        if text.skip_space() != ",":
            yield from _end_of_array(text)
            return
        text.go_to(text.position + 1)


def _end_of_array(text: _Text) -> Iterator[NumberedRow]:
    """Nothing, where the array ends as it should and nothing follows it."""
    line = text.line
    if text.skip_space() == "]":
        text.go_to(text.position + 1)
        if not text.skip_space():
            return
    yield line, InvalidValue("not readable as JSON: the array does not end as it should")


def _json_lines(text: _Text) -> Iterator[NumberedRow]:
    """One object a line; or a single object over several lines."""
    text.fill()
    if text.is_all:
        try:
            whole = _DECODER.decode(text.text)
        except (ValueError, RecursionError):
            pass
        else:
            yield 1, _object(whole)
            return
    while text.skip_space():
        number, line = text.line, text.take_line()
        if line is None:
            yield number, too_long()
            return
        try:
            yield number, _object(_DECODER.decode(line))
        except (ValueError, RecursionError) as error:
            yield number, InvalidValue(f"not readable as JSON: {_reason(error)}")


def _once(pairs: list[tuple[str, Any]]) -> Row:
    """An object, in which each name stands once: of two values neither is to be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_once)


def _object(value: Any) -> Row | InvalidValue:
    return value if isinstance(value, dict) else InvalidValue("not a JSON object")


def _reason(error: Exception, text: _Text | None = None) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    if not isinstance(error, json.JSONDecodeError):
        return "a number is too long" if "digits" in str(error) else str(error)
    if text is not None and not text.is_all and _is_cut_off(error):
        return too_long().message
    return error.msg


def _is_cut_off(error: json.JSONDecodeError) -> bool:
    """Whether the text only ends too early, in a string or elsewhere."""
    near_the_end = error.pos > len(error.doc) - _LONGEST_TOKEN
    return near_the_end or error.msg.startswith("Unterminated")


_LONGEST_TOKEN = len("\\uD83D\\uDE00")
"""What is cut off is told of where it begins: the escapes of one character are the longest."""
