"""Tracking as a feed: from a row on, remembered in a file, and on with new rows."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from assignchat import render
from assignchat.cli import options
from assignchat.cli.hints import hint
from assignchat.cli.session import Session, refuse_to_overwrite_own_files
from assignchat.errors import InvalidValue
from assignchat.model import TrackingRow
from assignchat.render.copying import copied
from assignchat.render.pager import paged
from assignchat.service import tracking as service
from assignchat.store.database import Database
from assignchat.store.meanwhile import Patience
from assignchat.store.tracking import Filters
from assignchat.system import signals

_SECONDS_BETWEEN_LOOKS = 0.5
_MOST_AT_ONCE = 1_000  # rows
_LONGEST_CURSOR = 20  # characters
_MARK_LENGTH = 64
_LONGEST_MARK = 100  # with the id before it


class Feed:
    """The tracking rows that match, oldest first, after an id that is given or in a file."""

    def __init__(
        self,
        session: Session,
        form: render.Form,
        cells: render.Cells,
        sought: Filters,
        *,
        after: int | None,
        cursor: Path | None,
    ) -> None:
        self._database = session.database
        self._form, self._cells, self._sought = form, cells, sought
        self._cursor = cursor
        self._told = self._kept = after
        self._last: TrackingRow | None = None
        if cursor is not None:
            refuse_to_overwrite_own_files(session, cursor, _beside(cursor))
            self._told = self._kept = _read(cursor, session.database)

    def say(self, limit: int | None) -> None:
        """Print the rows so far, all or up to a limit, and note the last id."""
        found = service.list_tracking(
            self._database, limit=limit or None, **self._sought | {"after": self._told}
        )
        with paged(), copied():
            render.say_rows(self._form, self._noted(found), TrackingRow, self._cells)
        self._note()

    def follow(self) -> None:
        """Print the rows so far, for people only the newest, and then new ones.

        Ends with Ctrl-C, SIGTERM, or the end of the reader.
        """
        people = self._form == render.Form.PEOPLE and render.stdout_is_terminal()
        few = people and self._told is None
        if render.stdout_is_terminal():
            hint("Ctrl-C ends this")
        with render.for_a_reader(), signals.ending_the_block():
            for number, rows in enumerate(self._parts(few=few)):
                noted = self._noted(rows)
                render.say_lines(self._form, noted, TrackingRow, self._cells, heading=number == 0)
                self._note()

    def _parts(self, *, few: bool) -> Iterator[list[TrackingRow]]:
        """Yield the rows part by part, and new ones when they come, until the reader goes."""
        after, most = self._told, options.DEFAULT_LIMIT if few else _MOST_AT_ONCE
        patience = Patience()
        while True:
            wanted, all_read = self._sought | {"after": after}, True
            with patience.bearing():
                self._database.check_in_place()
                part = service.read_part(self._database, most=most, newest=few, **wanted)
            if not patience.lost:
                yield part.rows
                all_read = few or len(part.rows) < most
                after, most, few = part.complete_to, _MOST_AT_ONCE, False
            seconds = _SECONDS_BETWEEN_LOOKS if all_read else 0
            if self._database.wait_for_change(seconds, hang_ups=render.readers()):
                return

    def _noted(self, rows: Iterable[TrackingRow]) -> Iterator[TrackingRow]:
        for row in rows:
            self._told, self._last = row.id, row
            yield row

    def _note(self) -> None:
        """Wait until the rows have arrived, then store the id of the last one, and its mark."""
        if self._cursor is None or self._last is None or self._told == self._kept:
            render.flush()
            return
        render.deliver()
        with signals.held():
            render.write_file(_beside(self._cursor), [f"{self._told} {_mark(self._last)}\n"])
            render.write_file(self._cursor, [f"{self._told}\n"])
            self._kept = self._told


def _beside(cursor: Path) -> Path:
    """Return the file that shows which row it was: in the cursor programs find the id alone."""
    return Path(f"{cursor}.row")


def _mark(row: TrackingRow) -> str:
    """Return a mark that no other row has, the same if a later version adds a column."""
    values = {name: value for name, value in row._asdict().items() if value is not None}
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _read(cursor: Path, database: Database) -> int:
    """Read the id in a file, 0 if there is no file.

    Raises `InvalidValue` if there is no id in it, or the id of a row that does not exist, or that
    is another one than when it was told.
    """
    number, _, mark = (_text(_beside(cursor), _LONGEST_MARK) or "0 ").partition(" ")
    if not number.isdecimal() or (mark and len(mark) != _MARK_LENGTH):
        raise InvalidValue(
            f"{_beside(cursor)} is no part of --cursor {cursor}", hint="Name another file."
        )
    text = _text(cursor, _LONGEST_CURSOR)
    if text is None:
        return 0
    if not text.isdecimal() or len(text) > _LONGEST_CURSOR:
        raise InvalidValue(
            f"--cursor {cursor} has no id in it", hint="Remove it to begin with the first row."
        )
    # The mark of another row says nothing.
    _check_is_of(database, cursor, int(text), mark if number == text else "")
    return int(text)


def _check_is_of(database: Database, cursor: Path, told: int, mark: str) -> None:
    """Check that a cursor is of this history. Raises `InvalidValue`."""
    newest = service.newest_id(database)
    if told > newest:
        why = f"says {told}, and the newest row is {newest}"
    else:
        if not mark or mark in map(_mark, service.read_part(database, most=1, after=told - 1).rows):
            return
        why = f"says {told}, and row {told} is not the one that was told"
    raise InvalidValue(
        f"--cursor {cursor} {why}",
        hint="It is of another database, or of this one before a backup was restored."
        " Remove it to begin with the first row, or write another id into it.",
    )


def _text(file: Path, longest: int) -> str | None:
    """Read a short file, up to one character more. Returns None if there is none.

    Raises `InvalidValue`.
    """
    try:
        if not file.exists():
            if not file.parent.is_dir():  # found before the rows are printed, and not after
                raise InvalidValue(f"--cursor is in a folder that does not exist: {file.parent}")
            return None
        if not file.is_file():
            raise InvalidValue(f"--cursor {file} is not a file")
        with file.open("rb") as opened:
            return opened.read(longest + 1).decode("ascii", "replace").strip()
    except OSError as error:
        raise InvalidValue(f"--cursor {file} cannot be read: {error.strerror}") from error
