"""Reading Excel workbooks as records, row by row, with openpyxl.

openpyxl's own `iter_rows` fills in every missing row and cell, and reads a sheet twice if it does
not say its size; so a small file could produce a huge result. Here its parser of cells is used on
rows of limited size.
"""

import warnings
from collections.abc import Iterator, Sequence
from typing import IO, Any
from zipfile import ZipFile, ZipInfo

from assignchat.crm.formulas import NO_VALUE
from assignchat.crm.tables import MAX_COLUMNS, NumberedRecord, Record
from assignchat.errors import FileUnreadable

MAX_ROWS = 1_048_576  # as many as Excel has
MAX_GAP = 10_000
"""So many rows without a cell end no table: somebody has made the sheet look large."""

_MIB = 1024 * 1024
_MAX_PART = 4 * _MIB
"""The largest part that describes the workbook, such as its styles; all of it is held."""

_MAX_STRINGS = 128 * _MIB
"""The largest table of strings; all of it is held."""

_MAX_ROW = 4 * _MIB
_MAX_ELEMENTS = 5 * MAX_COLUMNS
"""The XML of one row, and how many elements it has."""

_MAX_RATIO = 100
"""XML shrinks by less when it is packed, however alike its rows are; a bomb by more."""


def records(file: IO[bytes], sheet: str | None, name: str) -> Iterator[NumberedRecord]:
    """Yield the rows of the first visible sheet, or of the named one, with their numbers.

    Formulas come as the values that they had when the workbook was saved. Raises `FileUnreadable`
    if the workbook is damaged, or is made to be larger than it looks.
    """
    _check_sizes(file, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl would lose if it wrote the file
            yield from _rows(file, sheet, name)
    except FileUnreadable:
        raise
    except Exception as error:  # noqa: BLE001  # openpyxl raises whatever it stumbles over
        raise FileUnreadable(
            f"{name} is a workbook that cannot be read: {error}",
            hint="Open it and save it anew as .xlsx, or as CSV UTF-8.",
        ) from None


def sheet_part(file: IO[bytes], sheet: str | None, name: str) -> str:
    """Return the part of a workbook, which `records` has read, in which its rows stand."""
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    reader.read_manifest()
    reader.read_workbook()
    return _chosen(list(reader.parser.find_sheets()), sheet, name).lstrip("/")


def _check_sizes(file: IO[bytes], name: str) -> None:
    """Raise `FileUnreadable` for parts that are larger than a workbook needs."""
    with ZipFile(file) as archive:
        parts = archive.infolist()
    file.seek(0)
    for part in parts:
        if part.file_size > _allowed(part) and _is_read(part):
            raise FileUnreadable(
                f"{name} is a workbook that is made to be too large:"
                f" {part.filename} has {part.file_size:,} bytes, packed in {part.compress_size:,}",
                hint="Copy the table into a new workbook, or save it as CSV UTF-8.",
            )


def _is_read(part: ZipInfo) -> bool:
    return part.filename.lower().endswith((".xml", ".rels"))


def _allowed(part: ZipInfo) -> int:
    """Return the largest size that a part of a workbook may have, in bytes."""
    packed = max(part.compress_size * _MAX_RATIO, _MIB)
    if "worksheets/sheet" in part.filename.lower():
        return packed
    is_strings = part.filename.lower().endswith("sharedstrings.xml")
    return min(packed, _MAX_STRINGS if is_strings else _MAX_PART)


def _rows(file: IO[bytes], sheet: str | None, name: str) -> Iterator[NumberedRecord]:
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.worksheet._reader import WorkSheetParser

    reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    reader.read_manifest()
    reader.read_strings()
    reader.read_workbook()
    dates, durations = _formats(reader.archive)
    path = _chosen(list(reader.parser.find_sheets()), sheet, name)
    with reader.archive.open(path) as source:
        parser = WorkSheetParser(
            source,
            reader.shared_strings,
            data_only=True,
            epoch=reader.wb.epoch,
            date_formats=dates,
            timedelta_formats=durations,
        )
        yield from _cells(source, parser, name)


def _formats(archive: ZipFile) -> tuple[set[int], set[int]]:
    """Find the styles in which numbers are dates, and those in which they are durations.

    Only the formats of numbers are read: many programs write colours and borders that openpyxl
    refuses.
    """
    from openpyxl.styles.stylesheet import Stylesheet
    from openpyxl.xml.constants import ARC_STYLE
    from openpyxl.xml.functions import fromstring, localname

    if ARC_STYLE not in archive.namelist():
        return set(), set()
    styles = fromstring(archive.read(ARC_STYLE))
    for part in list(styles):
        if localname(part) not in ("numFmts", "cellXfs"):
            styles.remove(part)
        for style in part if localname(part) == "cellXfs" else ():
            style[:] = []
    found = Stylesheet.from_tree(styles)
    return found.date_formats, found.timedelta_formats


def _chosen(sheets: Sequence[Any], wanted: str | None, name: str) -> str:
    """Choose the sheet with the rows: the wanted one, else the first visible one."""
    tables = [
        (sheet, relation.target) for sheet, relation in sheets if "chartsheet" not in relation.Type
    ]
    for sheet, target in tables:
        is_wanted = sheet.state == "visible" if wanted is None else sheet.name == wanted
        if is_wanted:
            return str(target)
    names = ", ".join(sheet.name for sheet, _ in tables)
    which = "no visible sheet" if wanted is None else f"no sheet {wanted!r}"
    raise FileUnreadable(f"{name} has {which}", hint=f"Its sheets are: {names}")


def _cells(source: IO[bytes], parser: Any, name: str) -> Iterator[NumberedRecord]:
    """Yield the parsed rows, and forget each."""
    from openpyxl.worksheet._reader import DATA_TAG, ROW_TAG
    from openpyxl.xml.functions import iterparse

    counted = _Counted(source, name)
    elements, data, before = 0, None, 0
    for event, element in iterparse(counted, ("start", "end")):
        if event == "start":
            elements += 1
            if elements > _MAX_ELEMENTS:
                raise counted.too_large()
            if element.tag == DATA_TAG:
                data = element
        elif element.tag == ROW_TAG:
            number, cells = parser.parse_row(element)
            if not before < number <= MAX_ROWS or number - before > MAX_GAP:
                raise FileUnreadable(
                    f"{name}: row {number} does not follow row {before}",
                    hint="Delete what stands far below the table, and save it again.",
                )
            yield number, _record(cells, element, name)
            parser.row_dimensions.clear()
            if data is not None:
                data.clear()
            before, elements, counted.since_row = number, 0, 0
        elif element.tag == DATA_TAG:
            return


def _record(cells: Sequence[dict[str, Any]], row: Any, name: str) -> Record:
    """Return the values of a row, each in its column. Whole numbers are integers."""
    from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG

    if not cells:
        return []
    width = max(cell["column"] for cell in cells)
    if width > MAX_COLUMNS:
        raise FileUnreadable(f"{name} has a cell in column {width}")
    record: list[Any] = [""] * width
    for place, cell in enumerate(cells):
        value = cell["value"]
        if value is None:
            element = row[place]
            if element.find(FORMULA_TAG) is None or element.find(VALUE_TAG) is not None:
                continue
            value = NO_VALUE
        elif type(value) is float and value.is_integer():
            value = _whole(value)
        record[cell["column"] - 1] = value
    return record


def _whole(number: float) -> int:
    """Return a whole number with the digits that a spreadsheet keeps, and zeros for the others."""
    if abs(number) < _EXACT_BELOW:
        return int(number)
    from decimal import Decimal  # few numbers are so large

    return int(Decimal(f"{number:.15g}"))


_EXACT_BELOW = 1e15


class _Counted:
    """The XML of a sheet, with a limit on the length of a row."""

    def __init__(self, source: IO[bytes], name: str) -> None:
        self._source = source
        self._name = name
        self.since_row = 0

    def read(self, size: int = -1) -> bytes:
        """Read as from any file. Raises `FileUnreadable` if a row does not end."""
        piece = self._source.read(size)
        self.since_row += len(piece)
        if self.since_row > _MAX_ROW:
            raise self.too_large()
        return piece

    def too_large(self) -> FileUnreadable:
        """Make the error for a row that is too long."""
        return FileUnreadable(
            f"{self._name} is a workbook with a row that is made to be too large",
            hint="Copy the table into a new workbook, or save it as CSV UTF-8.",
        )
