"""Reading the files of a CRM as rows: the stages one after another."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from gzip import BadGzipFile
from itertools import chain
from typing import Any

from assignchat.crm import encodings, kinds, separated, tables, times, words, workbooks
from assignchat.crm.columns import Columns
from assignchat.crm.headings import different
from assignchat.crm.objects import NumberedObject, begins_json, objects
from assignchat.crm.pages import Page, check_complete
from assignchat.crm.parts import Rows
from assignchat.crm.paths import flat
from assignchat.crm.sources import Source
from assignchat.crm.tables import Note
from assignchat.errors import FileUnreadable, InvalidValue
from assignchat.namedtuples import NamedTuple
from assignchat.system.textfile import opened_bytes

LINES_OF_A_FILE = 2**40
"""A row's place among several files is its line, and so much for each file before its own."""

_ITEMS = 2**39
"""JSON often has all rows on line 1. The place of one that is not the first is its number there,
and so much."""


class Place(NamedTuple):
    """Where a row stands. An `item` is its number among those on its line, from 1 on."""

    file: int
    line: int
    item: int | None = None

    def __str__(self) -> str:
        item = "" if self.item is None else f", item {self.item}"
        of_file = f" of file {self.file + 1}" if self.file else ""
        return f"line {self.line}{item}{of_file}"


def place_of(place: int) -> Place:
    """Find where a row with this place stands. Its file is counted from 0."""
    file, line = divmod(place, LINES_OF_A_FILE)
    return Place(file, line) if line < _ITEMS else Place(file, 1, line - _ITEMS)


def _numbered(found: Iterator[NumberedObject]) -> Iterator[NumberedObject]:
    """Yield objects with places that differ, also if several stand on line 1."""
    number = 0
    for line, value in found:
        if line == 1:
            number += 1
        yield (_ITEMS + number if line == 1 and number > 1 else line), value


def read(
    files: Sequence[str],
    columns: Sequence[str],
    required: Sequence[str],
    source: Source,
    note: Note = lambda _: None,
    names: Sequence[str] | None = None,
) -> Iterator[Rows]:
    """Read files, `-` being standard input. Yields the rows, their lines being their places.

    A row has those of the `columns` that its file has. `note` is told of parts of a file that
    are not used. The files are called by their `names`, if they are copies of others. Only some
    rows are held at a time. Raises `FileUnreadable` for a kind of file that is not read, and
    `InvalidValue` if a column that is required or named is missing.
    """
    wanted = Columns(source, columns, required)
    pages: list[Page] = []
    names = names or files
    for number, (file, name) in enumerate(zip(files, names, strict=True)):
        before = number * LINES_OF_A_FILE
        tell = note if len(files) == 1 else _about(name, note)
        with _found_in(file, name, wanted, source, pages, tell) as found:
            for rows in _rows(found, wanted, source, tell):
                lines = [before + line for line in rows.lines] if before else rows.lines
                yield rows._replace(lines=lines)
    check_complete(pages, names)


def rejected(
    files: Sequence[str],
    columns: Sequence[str],
    required: Sequence[str],
    source: Source,
    bad: Mapping[int, str],
) -> tuple[list[str], list[list[Any]]]:
    """Read files again for the rows at the `bad` places, as they stand in their files.

    Returns the headings and the rows, each with a message below the last heading. Behind it
    stand cells that have no heading, or the text of a row that cannot be split into cells: an
    import refuses that until it is mended.
    """
    wanted = Columns(source, columns, required)
    found = list[tuple[Mapping[str, Any], Sequence[object]]]()
    headings = dict[str, None]()
    for number, file in enumerate(files):
        before = number * LINES_OF_A_FILE
        for names, line, row, others in _originals(file, wanted, source):
            if before + line in bad:
                headings |= dict.fromkeys([*names, *row])
                found.append((row, [bad[before + line], *others]))
    rows = [[*(row.get(name, "") for name in headings), *rest] for row, rest in found]
    return [*headings, "problem"], rows


_Original = tuple[Sequence[str], int, Mapping[str, Any], Sequence[object]]


def _originals(file: str, wanted: Columns, source: Source) -> Iterator[_Original]:
    """Yield the headings, the place of each row, its cells by heading, and other cells."""
    with _found_in(file, file, wanted, source, [], lambda _: None) as found:
        if found.objects is not None:
            for line, value in found.objects:
                if isinstance(value, InvalidValue):
                    text = value.original if isinstance(value, tables.Unreadable) else ""
                    yield (), line, *_split((), text)
                else:
                    yield (), line, flat(value), ()
            return
        names = different(found.table.heading)
        for line, cells in tables.body(found.table, lambda _: None):
            yield names, line, *_split(names, tables.original_of(cells))


def _split(
    names: Sequence[str], original: Sequence[object] | str
) -> tuple[Mapping[str, Any], Sequence[object]]:
    """Split a row. Returns its cells by heading, and the others."""
    if isinstance(original, str):
        return {}, [original]
    return dict(zip(names, original, strict=False)), original[len(names) :]


def _about(file: str, note: Note) -> Note:
    return lambda text: note(f"{file}: {text}")


def _rows(found: "_Found", wanted: Columns, source: Source, note: Note) -> Iterator[Rows]:
    if found.objects is not None:
        rows = wanted.rows_of_objects(found.objects, note)
    else:
        body = tables.body_in_parts(found.table, note)
        rows = wanted.rows_of_table(found.table.heading, body, note)
    rows = words.translated(rows, source)
    yield from times.in_time(rows, source, numbers_are_epoch=found.objects is not None)


class _Found(NamedTuple):
    """The contents of a file: a table, or objects."""

    table: tables.Table
    objects: Iterator[NumberedObject] | None = None


@contextmanager
def _found_in(
    file: str, name: str, wanted: Columns, source: Source, pages: list[Page], note: Note
) -> Iterator[_Found]:
    name = "Standard input" if name == "-" else name
    with opened_bytes(file) as stream, _told(name):
        opened = kinds.opened(stream, name)
        if opened.kind is kinds.Kind.WORKBOOK:
            yield _Found(_table(workbooks.records(opened.stream, source.sheet, name), wanted))
            return
        begin, text = _begun(_text(opened, source, name, note), name)
        if begins_json(begin):
            found = objects(text, wanted.is_row, source.rows, pages)
            yield _Found(tables.Table([], iter(())), _numbered(found))
        else:
            records = separated.records(text, wanted.is_heading, source.delimiter)
            yield _Found(_table(records, wanted))


def _text(opened: kinds.Opened, source: Source, name: str, note: Note) -> Iterator[str]:
    encoding = encodings.encoding_of(opened.head, source.encoding, name)
    return encodings.decoded(opened.stream, encoding, name, note)


def _begun(text: Iterator[str], name: str) -> tuple[str, Iterator[str]]:
    """Read the beginning of a text. Returns it and the whole text.

    Raises `FileUnreadable` for XML and HTML.
    """
    read = list[str]()
    for piece in text:
        read.append(piece)
        if not piece.isspace():
            break
        if len(read) > _BLANK_PIECES:
            raise InvalidValue(f"{name} begins with white space alone")
    begin = read[-1].lstrip() if read else ""
    if not begin:
        raise InvalidValue(f"{name} is empty")
    if begin.startswith("<"):
        raise _markup(begin[:1000].lower(), name)
    return begin, chain(read, text)


_BLANK_PIECES = 64


def _markup(begin: str, name: str) -> FileUnreadable:
    if "html" in begin or begin.startswith(("<table", "<body", "<div")):
        return FileUnreadable(
            f"{name} is HTML, as a web page is",
            hint="It may be the page on which one logs in, or a table that only looks like a"
            " workbook: open it, and save it as .xlsx or as CSV UTF-8.",
        )
    if "spreadsheet" in begin:
        return FileUnreadable(
            f"{name} is an XML spreadsheet of Excel 2003",
            hint="Open it in Excel, and save it as .xlsx or as CSV UTF-8.",
        )
    return FileUnreadable(f"{name} is XML", hint="Export it as JSON, as CSV UTF-8 or as .xlsx.")


def _table(records: Iterator[tables.NumberedRecord], wanted: Columns) -> tables.Table:
    """Find the table in records, wherever its heading stands."""
    if wanted.has_headings:
        return tables.table(records, wanted.is_heading)
    return tables.table_without_heading(records)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Report a damaged gzipped file."""
    try:
        yield
    except (EOFError, BadGzipFile, zlib.error) as error:
        raise FileUnreadable(
            f"{name} is damaged or cut off: {error}", hint="Export or download it again."
        ) from None
