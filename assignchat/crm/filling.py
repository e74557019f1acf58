"""Filling cells of a CRM's own workbook, with everything else in it left as it is.

openpyxl would lose the parts that it does not know. So the parts of the workbook are copied byte
by byte, except the rows of one sheet in which a cell changes.
"""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from zipfile import ZipFile

from assignchat.crm import kinds, rows, tables, workbooks
from assignchat.crm.columns import Columns
from assignchat.crm.headings import Headings
from assignchat.crm.outgoing import Outgoing, Told
from assignchat.errors import FileUnreadable, InvalidValue
from assignchat.namedtuples import NamedTuple
from assignchat.system.textfile import opened_bytes

Cells = Mapping[int, Mapping[int, str]]
"""What is to stand in a sheet, by the number of the row and of the column, both from 1."""


class Filled(NamedTuple):
    """A workbook with its cells filled, the ids of the chats in it, and if it has statuses."""

    content: bytes
    found: set[str]
    cells: int
    has_statuses: bool


def filled(path: Path, outgoing: Outgoing, told: Iterable[Told]) -> Filled:
    """Fill the cells of owners and statuses that differ. The file itself is not written.

    Returns the new workbook. Raises `FileUnreadable` and `InvalidValue` if the file is none.
    """
    source = outgoing.source
    with opened_bytes(str(path)) as stream:
        opened = kinds.opened(stream, str(path))
        if opened.kind is not kinds.Kind.WORKBOOK or not opened.head.startswith(b"PK"):
            raise InvalidValue(f"{path} is no workbook", hint="It is the .xlsx that the CRM gave.")
        content = opened.stream.read()
    wanted = Columns(source, ("id", "owner_id"), ["id"])  # a status need not be there
    records = workbooks.records(io.BytesIO(content), source.sheet, str(path))
    table = tables.table(records, wanted.is_heading)
    places = _places(table.heading, outgoing)
    found, cells = _planned(tables.body(table, lambda _: None), places, outgoing, told)
    sheet = workbooks.sheet_part(io.BytesIO(content), source.sheet, str(path))
    count = sum(map(len, cells.values()))
    written = _rewritten(content, sheet, cells) if count else content
    return Filled(written, found, count, "status" in places)


def _places(heading: Sequence[object], outgoing: Outgoing) -> dict[str, int]:
    """Find the columns of ids, owners and statuses in the sheet, counted from 0."""
    headings, found = Headings(heading), dict[str, int]()
    for column in ("id", "owner_id", "status"):
        for text in outgoing.source.columns.get(column, [column]):
            way = headings.way(text)
            if way is not None and len(way) > 1:
                raise InvalidValue(f"{text!r} are several columns, and cannot be filled")
            if way is not None:
                found.setdefault(column, way[0])
    if "owner_id" not in found:
        name = outgoing.source.columns.get("owner_id", ["owner_id"])[0]
        raise InvalidValue(f"No column {name!r} in the workbook", hint="Name it in the source.")
    return found


def _planned(
    body: Iterable[tables.NumberedRecord],
    places: Mapping[str, int],
    outgoing: Outgoing,
    told: Iterable[Told],
) -> tuple[set[str], Cells]:
    by_id = {chat.id: chat for chat in told}
    found, cells = set[str](), dict[int, dict[int, str]]()
    for number, record in body:
        if isinstance(record, InvalidValue):
            continue
        chat = by_id.get(rows.id_in({"id": record[places["id"]]}) or "")
        if chat is None:
            continue
        found.add(chat.id)
        changes = {"owner_id": outgoing.owner(chat.owner_id)} if chat.owner_changes else {}
        if chat.status_changes:
            changes["status"] = outgoing.status(chat.status)
        cells[number] = {
            places[column] + 1: text
            for column, text in changes.items()
            if column in places and record[places[column]] != text
        }
    return found, cells


def _rewritten(content: bytes, sheet: str, cells: Cells) -> bytes:
    written = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(written, "w") as new:
        shared = _Shared(old)
        parts = {sheet: _with_cells(old.read(sheet), cells, shared)}
        if shared.added and shared.part is not None:
            parts[shared.part] = shared.content()
        for part in old.infolist():
            new.writestr(part, parts.get(part.filename) or old.read(part))
    return written.getvalue()


_ROW = re.compile(rb"<((?:\w+:)?)row(\s[^<>]*?)?(?:/>|>(.*?)</\1row>)", re.DOTALL)
_CELL = re.compile(rb"<((?:\w+:)?)c(\s[^<>]*?)?(?:/>|>.*?</\1c>)", re.DOTALL)
_PLACE = re.compile(rb'\sr="([A-Z]*)(\d+)"')
_TYPE = re.compile(rb'\st="(\w*)"')


def _with_cells(xml: bytes, cells: Cells, shared: "_Shared") -> bytes:
    """Return the XML of a sheet with other cells in it."""
    if not xml.lstrip(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise FileUnreadable("The sheet of the workbook is not UTF-8", hint="Save it anew.")
    number = 0

    def row(found: re.Match[bytes]) -> bytes:
        nonlocal number
        place = _PLACE.search(found[2] or b"")
        number = int(place[2]) if place else number + 1
        wanted = cells.get(number)
        if not wanted or found[3] is None:
            return found[0]
        start, end = found.start(3) - found.start(), found.end(3) - found.start()
        body = _with_cells_in_row(found[3], number, found[1], wanted, shared)
        return found[0][:start] + body + found[0][end:]

    return _ROW.sub(row, xml)


def _with_cells_in_row(
    body: bytes, number: int, prefix: bytes, wanted: Mapping[int, str], shared: "_Shared"
) -> bytes:
    left, written, column, end = dict(wanted), list[bytes](), 0, 0
    for cell in _CELL.finditer(body):
        attributes = cell[2] or b""
        place = _PLACE.search(attributes)
        column = _column_number(place[1]) if place else column + 1
        written.append(body[end : cell.start()])
        for missing in sorted(at for at in left if at < column):
            written.append(_cell(prefix, _where(missing, number), left.pop(missing), None))
        if column in left:
            kept = _TYPE.sub(b"", attributes)
            was = _TYPE.search(attributes)
            is_shared = was is not None and was[1] == b"s"
            text = left.pop(column)
            written.append(_cell(prefix, kept, text, shared if is_shared else None))
        else:
            written.append(cell[0])
        end = cell.end()
    written += [_cell(prefix, _where(at, number), left[at], None) for at in sorted(left)]
    return b"".join([*written, body[end:]])


def _cell(prefix: bytes, attributes: bytes, text: str, shared: "_Shared | None") -> bytes:
    if shared is not None:
        value = b"%d" % shared.place_of(text)
        return b'<%bc%b t="s"><%bv>%b</%bv></%bc>' % (
            *(prefix, attributes, prefix, value, prefix, prefix),
        )
    return b'<%bc%b t="inlineStr"><%bis>%b</%bis></%bc>' % (
        *(prefix, attributes, prefix, _text(prefix, text), prefix, prefix),
    )


def _text(prefix: bytes, text: str) -> bytes:
    kept = b' xml:space="preserve"' if text != text.strip() else b""
    return b"<%bt%b>%b</%bt>" % (prefix, kept, escape(text, quote=False).encode(), prefix)


def _where(column: int, row: int) -> bytes:
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f' r="{letters}{row}"'.encode()


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


class _Shared:
    """The strings that the cells of a workbook share, and new ones."""

    def __init__(self, archive: ZipFile) -> None:
        names = (name for name in archive.namelist() if name.lower() == "xl/sharedstrings.xml")
        self.part = next(names, None)
        self._xml = b"" if self.part is None else archive.read(self.part)
        self._known = len(re.findall(rb"<(?:\w+:)?si[\s/>]", self._xml))
        self.added = dict[str, int]()

    def place_of(self, text: str) -> int:
        """Return the number by which cells refer to a text. Adds the text if it is new."""
        return self.added.setdefault(text, self._known + len(self.added))

    def content(self) -> bytes:
        """Return the part with the new strings."""
        end = re.search(rb"</((?:\w+:)?)sst>\s*$", self._xml)
        if end is None:
            raise FileUnreadable("The strings of the workbook cannot be read", hint="Save it anew.")
        items = [b"<%bsi>%b</%bsi>" % (end[1], _text(end[1], text), end[1]) for text in self.added]
        count = b'uniqueCount="%d"' % (self._known + len(self.added))
        head = re.sub(rb'uniqueCount="\d+"', count, self._xml[: end.start()], count=1)
        return b"".join([head, *items, self._xml[end.start() :]])
