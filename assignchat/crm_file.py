"""Reading what a CRM exports: CSV, TSV, JSON and newline-delimited JSON.

The standard library reads them, because only it tells on which line a row stands.
"""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from assignchat.errors import InvalidValue

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
    read comes as an `InvalidValue` in its place. Raises `InvalidValue` where the whole file
    cannot be read or a required column is missing.
    """
    wanted = Wanted(columns, required, headers, note)
    with _opened(source) as file:
        try:
            begin = list(_up_to_text(file))
            first = begin[-1].strip() if begin else ""
            if not first:
                raise InvalidValue(f"{source} is empty")
            lines = chain(begin, file)
            if first[0] == "[":
                yield from _picked(_json_array("".join(lines)), wanted)
            elif first[0] == "{":
                yield from _picked(_json_lines("".join(lines)), wanted)
            else:
                delimiter = max("\t,;", key=first.count)
                yield from _separated(csv.reader(lines, delimiter=delimiter, strict=True), wanted)
        except UnicodeDecodeError as error:
            raise InvalidValue(
                f"{source} is not UTF-8: {error}",
                hint="Export it as UTF-8, or convert it with iconv.",
            ) from None


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
        twice = [heading for heading in found if heading and found.count(heading) > 1]
        if twice:
            raise InvalidValue(f"Two columns are called {twice[0]!r}")
        needed = self._named + (self._required if table else [])
        missing = [heading for heading in needed if heading not in found]
        if missing:
            raise InvalidValue(
                f"No column {missing[0]!r} in the file",
                hint=f"Its columns are {', '.join(found)}; map one with --column NAME=HEADER.",
            )
        unused = [heading for heading in found if heading not in self.headings.values()]
        if unused:
            self._note(f"Not used: {', '.join(unused)}")


@contextmanager
def _opened(source: str) -> Iterator[TextIO]:
    """The file as text, read as it is needed: a CRM's export may be large."""
    try:
        # Closed below; standard input is not ours to close.
        raw = sys.stdin.buffer if source == "-" else Path(source).open("rb")  # noqa: SIM115
    except OSError as error:
        raise InvalidValue(f"{source} cannot be read: {error.strerror}") from None
    except ValueError as error:  # a NUL in the name
        raise InvalidValue(f"{source} cannot be read: {error}") from None
    file = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    try:
        yield file
    except OSError as error:
        raise InvalidValue(f"{source} cannot be read: {error.strerror}") from None
    finally:
        file.detach()
        if source != "-":
            raw.close()


def _up_to_text(file: TextIO) -> Iterator[str]:
    """The lines up to and with the first that is not blank."""
    for line in file:
        yield line
        if line.strip():
            return


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


def _separated(reader: Any, wanted: Wanted) -> Iterator[NumberedRow]:  # noqa: ANN401
    """Rows below a line of headings."""
    width, places, start = 0, list[tuple[str, int]](), 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            # What follows cannot be told apart any more, as after a quote that never ends.
            yield start, InvalidValue(f"not readable as CSV: {error}")
            return
        if cells is None:
            return
        line, start = start, reader.line_num + 1
        if not any(cells):
            continue
        if not width:
            found = [cell.strip() for cell in cells]
            wanted.check(found, table=True)
            width = len(found)
            places = [
                (column, found.index(heading))
                for column, heading in wanted.headings.items()
                if heading in found
            ]
        elif len(cells) != width:
            yield line, InvalidValue(f"{len(cells)} cells under {width} headings")
        else:
            yield line, {column: cells[place] for column, place in places}


def _json_array(text: str) -> Iterator[NumberedRow]:
    """The objects of one array, each with the line that it begins on."""
    decoder = json.JSONDecoder()
    start = _after_space(text, text.index("[") + 1)
    if text[start : start + 1] == "]":
        yield from _rest_of_array(text, start)
        return
    line, counted = 1, 0
    while True:
        line, counted = line + text.count("\n", counted, start), start
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            yield line, InvalidValue(f"not readable as JSON: {_reason(error)}")
            return
        yield line, _object(value)
        end = _after_space(text, end)
        if text[end : end + 1] != ",":
            yield from _rest_of_array(text, end)
            return
        start = _after_space(text, end + 1)


def _rest_of_array(text: str, position: int) -> Iterator[NumberedRow]:
    """Nothing, where the array ends as it should and nothing follows it."""
    end = _after_space(text, position + 1)
    if text[position : position + 1] != "]" or end != len(text):
        line = 1 + text.count("\n", 0, position)
        yield line, InvalidValue("not readable as JSON: the array does not end as it should")


def _json_lines(text: str) -> Iterator[NumberedRow]:
    """One object a line; or a single object over several lines."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        pass
    else:
        yield 1, _object(whole)
        return
    for number, line in enumerate(text.split("\n"), start=1):  # U+2028 may stand in a value
        if line.strip():
            try:
                yield number, _object(json.loads(line))
            except (ValueError, RecursionError) as error:
                yield number, InvalidValue(f"not readable as JSON: {_reason(error)}")


def _object(value: Any) -> Row | InvalidValue:  # noqa: ANN401
    return value if isinstance(value, dict) else InvalidValue("not a JSON object")


def _after_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _reason(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error)
