"""Rows for programs: ids, JSON, JSON lines and CSV, as fast as a million of them need."""

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import chain, islice
from json.encoder import encode_basestring
from pathlib import Path
from types import NoneType
from typing import Any, TextIO

from assignchat.crm.formulas import are_harmless, guarded
from assignchat.render.formats import Form, detail_text, escaped, is_inert
from assignchat.render.output import stdout_is_terminal, write, write_all
from assignchat.system.files import create_own
from assignchat.texts import visible

_PLAIN_TYPES = frozenset({str, int, float, NoneType})
_EQUAL_ALIKE = frozenset({str, NoneType})  # but 1 equals 1.0
_ROWS_AT_ONCE = 500


class FileFormat(StrEnum):
    """The form of an exported file, and the ending of its name."""

    CSV = "csv"
    JSONL = "jsonl"


def say_machine_rows(
    form: Form, rows: Iterable[Any], row_type: type[Any], *, heading: bool = True
) -> None:
    """Print rows of a named tuple for a program, or only their ids, without holding them."""
    if form == Form.IDS:
        at_terminal = stdout_is_terminal()
        write_all(f"{visible(str(row.id)) if at_terminal else row.id}\n" for row in rows)
        return
    if form == Form.CSV:
        columns = row_type._fields if heading else ()
        _csv_to(_Stdout(), columns, map(_seen, rows) if stdout_is_terminal() else rows)
        return
    texts = _row_texts(rows, row_type)
    if form == Form.JSONL:
        write_all(f"{text}\n" for text in texts)
        return
    first = next(texts, None)
    if first is None:
        write("[]\n")
        return
    write_all(chain([f"[{first}"], (f",\n {text}" for text in texts), ["]\n"]))


def say_json_lines(blocks: Iterable[str | list[Any]], row_type: type[Any]) -> None:
    """Print JSON lines: of each block of rows, or those that a text has already."""
    for block in blocks:
        if isinstance(block, str):
            write(block if is_inert(block) else "\n".join(map(escaped, block.split("\n"))))
            write("\n")
        else:
            say_machine_rows(Form.JSONL, block, row_type)


def say_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as CSV with a heading."""
    _csv_to(_Stdout(), columns, map(_seen, rows) if stdout_is_terminal() else rows)


def _seen(row: Sequence[Any]) -> Sequence[Any]:
    """Return a row made safe for a person's terminal."""
    return [_visible_cell(cell) for cell in row]


def _visible_cell(cell: Any) -> Any:
    if isinstance(cell, tuple):
        return tuple(map(visible, cell))
    if isinstance(cell, dict):
        return {visible(key): value for key, value in cell.items()}
    return visible(cell) if isinstance(cell, str) else cell


def _row_texts(rows: Iterable[Any], row_type: type[Any]) -> Iterator[str]:
    """Yield each row as a JSON object, the text that `json_text` returns, ten times as fast."""
    for texts in _texts_in_blocks(rows, row_type._fields, embedded="detail"):
        yield from texts if is_inert("".join(texts)) else map(escaped, texts)


def _texts_in_blocks(
    rows: Iterable[Sequence[Any]], names: Sequence[str], embedded: str | None = None
) -> Iterator[list[str]]:
    """Yield some rows at a time as JSON objects; a column may be JSON that is embedded in them."""
    template = "{" + ", ".join(f'"{name}": %s' for name in names) + "}"
    encoders = [detail_text if name == embedded else encode_basestring for name in names]
    left = iter(rows)
    while block := list(islice(left, _ROWS_AT_ONCE)):
        columns = map(_column_texts, encoders, zip(*block, strict=True))
        yield list(map(template.__mod__, zip(*columns, strict=True)))


def _column_texts(encode: Callable[[str], str], column: Sequence[Any]) -> Iterable[Any]:
    """Return the values of a column as they stand in JSON, texts as `encode` makes them."""
    types = set(map(type, column))
    if types == {str}:
        return map(encode, column)
    if types == {int}:
        return column
    return [
        "null" if value is None else encode(value) if type(value) is str else _encoded(value)
        for value in column
    ]


def _encoded(value: Any) -> str:
    return "[]" if value == () else json.dumps(value, ensure_ascii=False)


def write_csv_file(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows to a CSV file with a heading."""
    with _new_file(path) as file:
        _csv_to(file, columns, rows)


def write_jsonl_file(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows to a file with a JSON object a line."""
    with _new_file(path) as file:
        for texts in _texts_in_blocks(rows, columns):
            file.writelines(f"{text}\n" for text in texts)


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write rows as CSV with a heading. Returns the text."""
    text = io.StringIO(newline="")
    _csv_to(text, columns, rows)
    return text.getvalue()


def _new_file(path: Path) -> TextIO:
    return os.fdopen(create_own(path), "w", encoding="utf-8", newline="")


class _Stdout:
    """Standard output as a file that the csv module can write to."""

    def write(self, text: str) -> int:
        write(text)
        return len(text)


def _csv_to(file: TextIO | _Stdout, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    import csv  # only where it is asked for

    writer = csv.writer(file, lineterminator="\n")
    # A lone carriage return ends a row for many readers, and is not quoted by itself.
    quoting = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    if columns:
        writer.writerow(columns)
    left = iter(rows)
    while block := list(islice(left, _ROWS_AT_ONCE)):
        if (text := _csv_at_a_glance(block)) is not None:
            file.write(text)
            continue
        for row in block:
            cells = [_harmless(value) for value in row]
            carriage_return = any(isinstance(cell, str) and "\r" in cell for cell in cells)
            (quoting if carriage_return else writer).writerow(cells)


def _csv_at_a_glance(block: list[Sequence[Any]]) -> str | None:
    """Return the CSV of some rows, or None if it is not clear that no cell has to be guarded.

    Columns that are looked at together take half as long as what the csv module writes by rows.
    """
    if len(set(map(len, block))) > 1 or len(block[0]) <= 1:  # a lone blank cell is quoted
        return None
    columns = [_csv_cells(column) for column in zip(*block, strict=True)]
    if None in columns:
        return None
    return "\n".join(map(",".join, zip(*columns, strict=True))) + "\n"


def _csv_cells(column: Sequence[Any]) -> Sequence[str] | None:
    first = column[0]
    if len(column) > 1 and type(first) in _EQUAL_ALIKE and column.count(first) == len(column):
        cell = _csv_cells((first,))  # nearly all columns of nearly all blocks
        return cell and list(cell) * len(column)
    types = set(map(type, column))
    if not types <= _PLAIN_TYPES:
        return None
    cells: Sequence[str] = column
    if NoneType in types:
        cells = ["" if value is None else str(value) for value in column]
    elif types != {str}:
        cells = list(map(str, column))
    if str not in types:
        return cells
    texts = list(set(cells))
    if not are_harmless(texts):
        return None
    together = "".join(texts)
    return _quoted(cells) if "," in together or '"' in together else cells


def _quoted(cells: Sequence[str]) -> list[str]:
    doubled = "\n".join(cells).replace('"', '""').split("\n")  # harmless cells have one line
    return [f'"{cell}"' if "," in cell or '"' in cell else cell for cell in doubled]


def _harmless(value: Any) -> Any:
    """Return a CSV cell that no spreadsheet runs as a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (tuple, dict)):
        # Nor one that separates by these, for which part of the text would be a cell.
        return json.dumps(value, ensure_ascii=False).replace(";", r"\u003b").replace("|", r"\u007c")
    return guarded(value) if isinstance(value, str) else value
