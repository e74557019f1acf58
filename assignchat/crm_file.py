"""Reading what a CRM exports: CSV, TSV, JSON and newline-delimited JSON.

The standard library reads them, because only it tells on which line a row stands.
"""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

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
    read comes as an `InvalidValue` in its place.
    Raises `InvalidValue` where the whole file cannot be read or a required column is missing.
    """
    text = _text(source)
    headings = {column: headers.get(column, column) for column in columns}
    first = text.lstrip()[:1]
    if not first:
        raise InvalidValue(f"{source} is empty")
    if first == "[":
        rows = _json_array(text)
    elif first == "{":
        rows = _json_lines(text)
    else:
        # A heading that somebody named must be there as well.
        rows = _separated(text, [headings[column] for column in (*required, *headers)])
    if first in "[{":
        rows = _with_keys(rows, headers)
    return (_picked(numbered, headings) for numbered in _noting_unused(rows, headings, note))


def _noting_unused(
    rows: Iterator[NumberedRow], headings: Mapping[str, str], note: Callable[[str], None]
) -> Iterator[NumberedRow]:
    for number, (line, row) in enumerate(rows):
        if not number and not isinstance(row, InvalidValue):
            unused = [heading for heading in row if heading not in headings.values()]
            if unused:
                note(f"Not used: {', '.join(unused)}")
        yield line, row


def _text(source: str) -> str:
    try:
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise InvalidValue(f"{source} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidValue(f"{source} cannot be read: {error}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValue(
            f"{source} is not UTF-8: {error}", hint="Export it as UTF-8, or convert it with iconv."
        ) from None


def _picked(numbered: NumberedRow, headings: Mapping[str, str]) -> NumberedRow:
    line, row = numbered
    if isinstance(row, InvalidValue):
        return numbered
    return line, {column: row.get(heading) for column, heading in headings.items()}


def _separated(text: str, required: Sequence[str]) -> Iterator[NumberedRow]:
    """Rows below a line of headings, with whichever of tab, comma and semicolon it uses most."""
    heading_line = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max("\t,;", key=heading_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    headings: list[str] | None = None
    start = 1
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
        if headings is None:
            headings = _checked_headings(cells, required)
        elif len(cells) != len(headings):
            yield line, InvalidValue(f"{len(cells)} cells under {len(headings)} headings")
        else:
            yield line, dict(zip(headings, cells, strict=True))


def _checked_headings(cells: list[str], required: Sequence[str]) -> list[str]:
    headings = [cell.strip() for cell in cells]
    twice = [heading for heading in headings if heading and headings.count(heading) > 1]
    if twice:
        raise InvalidValue(f"Two columns are called {twice[0]!r}")
    missing = [heading for heading in required if heading not in headings]
    if missing:
        raise InvalidValue(
            f"No column {missing[0]!r} in the file",
            hint=f"Its columns are {', '.join(headings)}; map one with --column NAME=HEADER.",
        )
    return headings


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


def _with_keys(rows: Iterator[NumberedRow], headers: Mapping[str, str]) -> Iterator[NumberedRow]:
    """The rows; raises `InvalidValue` where the first lacks a key that somebody named."""
    for number, (line, row) in enumerate(rows):
        if not number and not isinstance(row, InvalidValue):
            _checked_headings(list(row), list(headers.values()))
        yield line, row


def _object(value: Any) -> Row | InvalidValue:  # noqa: ANN401
    return value if isinstance(value, dict) else InvalidValue("not a JSON object")


def _after_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _reason(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error)
