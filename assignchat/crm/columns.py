"""Finding our columns under the headings of a file, in a table or in objects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from assignchat.crm.formulas import unguarded
from assignchat.crm.headings import Headings, Way
from assignchat.crm.objects import NumberedObject, Object
from assignchat.crm.paths import Paths
from assignchat.crm.sources import Source
from assignchat.crm.tables import MAX_COLUMNS, Note, NumberedRecord, Record, is_blank
from assignchat.errors import InvalidValue, Usage, shortened

Row = dict[str, Any]
NumberedRow = tuple[int, Row | InvalidValue]

SEVERAL = frozenset({"alias"})
"""Columns of which a row may have several values, one under each heading."""

_ALSO_CALLED = {"alias": ("aliases",)}


class Columns:
    """The wanted columns, and the headings under which each may stand.

    Raises `Usage` if the file has no headings and a column is not named by its number.
    """

    def __init__(self, source: Source, columns: Sequence[str], required: Sequence[str]) -> None:
        self.has_headings = source.has_headings
        self._named = [column for column in columns if column in source.columns]
        self._needed = list(dict.fromkeys([*required, *self._named]))
        self._required = required
        self._rows = dict[tuple[str, ...], bool]()
        self._headings = {
            column: tuple(source.columns.get(column, self._own_names(column))) for column in columns
        }
        if not self.has_headings:
            self._check_numbers()

    def _own_names(self, column: str) -> tuple[str, ...]:
        return (column, *_ALSO_CALLED.get(column, ())) if self.has_headings else ()

    def _check_numbers(self) -> None:
        numbers = [text for texts in self._headings.values() for text in texts]
        if not all(map(str.isdecimal, numbers)) or not all(map(self._headings.get, self._required)):
            raise Usage(
                "Without headings, columns are named by their numbers from 1 on",
                hint="For example: --no-header --column id=1 --column name=2",
            )

    def is_heading(self, record: Record) -> bool:
        """Return whether a record of a table has all required headings."""
        headings = self._of(record)
        return all(any(map(headings.has, self._headings[column])) for column in self._needed)

    def is_row(self, row: Object) -> bool:
        """Return whether an object has all values that a row needs."""
        names = tuple(row)
        if names not in self._rows:
            paths = Paths(names)
            is_row = all(any(map(paths.has, self._headings[name])) for name in self._required)
            self._rows = (self._rows if len(self._rows) < _PLANS_KEPT else {}) | {names: is_row}
        return self._rows[names]

    def rows_of_table(
        self, heading: Record, records: Iterable[NumberedRecord], note: Note
    ) -> Iterator[NumberedRow]:
        """Yield the rows below a heading. Raises `InvalidValue` if a column is missing."""
        if len(heading) > MAX_COLUMNS:
            raise InvalidValue(f"{len(heading)} columns are more than {MAX_COLUMNS}")
        headings = self._of(heading)
        ways = {
            column: found
            for column, texts in self._headings.items()
            if (found := [way for text in texts if (way := headings.way(text)) is not None])
        }
        titles = {
            column: [text for text in self._headings[column] if headings.has(text)]
            for column in ways
        }
        self._check_found(ways, [str(cell) for cell in heading if not is_blank(cell)])
        used = {place for found in ways.values() for way in found for place in way}
        if self.has_headings:
            _note_unused(note, (cell for at, cell in enumerate(heading) if at not in used))
        return _picked(records, ways, titles)

    def rows_of_objects(
        self, objects: Iterable[NumberedObject], note: Note
    ) -> Iterator[NumberedRow]:
        """Yield objects as rows. Raises `InvalidValue` at the end if none had a column."""
        plans = dict[tuple[str, ...], _Plan]()
        found = set[str]()
        for line, row in objects:
            if isinstance(row, InvalidValue):
                yield line, row
                continue
            names = tuple(row)
            plan = plans.get(names)
            if plan is None:
                plans = plans if len(plans) < _PLANS_KEPT else {}
                plan = plans[names] = _Plan(Paths(names), self._headings)
                found.update(plan.direct)
            picked = {column: row[name] for column, name in plan.direct.items()}
            for column, texts in plan.others.items():
                values = plan.paths.values(row, texts)
                picked[column] = _of_column(column, list(values.values()), list(values))
                if values:
                    found.add(column)
            yield line, picked
        if plans:
            all_names = dict.fromkeys(name for names in plans for name in names)
            self._check_found(found, list(all_names))
            used = Paths(all_names).used(self._headings)
            _note_unused(note, (name for name in all_names if name not in used))

    def _of(self, record: Record) -> Headings:
        return Headings(record if self.has_headings else range(1, len(record) + 1))

    def _check_found(self, columns: Iterable[str], headings: Sequence[str]) -> None:
        found = set(columns)
        missing = next((column for column in self._needed if column not in found), None)
        if missing is not None:
            raise InvalidValue(
                f"No column {self._headings[missing][0]!r} in the file",
                hint=f"Its columns are {', '.join(headings)}; map one with --column NAME=HEADER.",
            )


_PLANS_KEPT = 1000


class _Plan:
    """How to read objects with the same names.

    The columns in `direct` stand each under one name; the `others` at paths.
    """

    def __init__(self, paths: Paths, headings: Mapping[str, Sequence[str]]) -> None:
        self.paths = paths
        self.direct = dict[str, str]()
        self.others = dict[str, Sequence[str]]()
        for column, texts in headings.items():
            names = [name for text in texts if (name := paths.name(text)) is not None]
            if len(texts) == len(names) == 1 and column not in SEVERAL:
                self.direct[column] = names[0]
            elif any(map(paths.has, texts)):
                self.others[column] = texts


def _note_unused(note: Note, headings: Iterable[object]) -> None:
    unused = [str(heading).strip() for heading in headings if not is_blank(heading)]
    if unused:
        note(shortened(f"Not used: {', '.join(unused)}"))


class Titled(str):
    """One of several values of a column, with the heading under which it stood."""

    __slots__ = ("heading",)
    heading: str


def _titled(value: Any, heading: str) -> Any:
    if not isinstance(value, str):
        return value
    text = Titled(value)
    text.heading = heading
    return text


def _of_column(column: str, values: Sequence[Any], headings: Sequence[str]) -> Any:
    """Return the value of a column in a row: the first that is not blank, or all of them."""
    if column in SEVERAL:
        return [
            _titled(value, heading)
            for of, heading in zip(values, headings, strict=True)
            if not is_blank(of)
            for value in (of if isinstance(of, list) else [of])
        ]
    return next((value for value in values if not is_blank(value)), None)


def _picked(
    records: Iterable[NumberedRecord],
    ways: Mapping[str, Sequence[Way]],
    titles: Mapping[str, Sequence[str]],
) -> Iterator[NumberedRow]:
    """Yield the columns of each record, without the guard against formulas."""
    if all(
        len(found) == len(found[0]) == 1 and name not in SEVERAL for name, found in ways.items()
    ):
        return _picked_singly(records, {name: found[0][0] for name, found in ways.items()})
    return _picked_anyhow(records, ways, titles)


def _picked_singly(
    records: Iterable[NumberedRecord], places: Mapping[str, int]
) -> Iterator[NumberedRow]:
    """Yield the same as `_picked`, faster, if each column has one place."""
    names = tuple(places)
    get = itemgetter(*places.values(), 0)  # one more, so that it always gives a tuple
    for line, cells in records:
        if isinstance(cells, InvalidValue):
            yield line, cells
            continue
        values = get(cells)
        try:
            may_be_guarded = "'" in "".join(values)
        except TypeError:  # cells of workbooks are not all text
            may_be_guarded = True
        if may_be_guarded:
            values = tuple(map(_plain, values))
        yield line, dict(zip(names, values, strict=False))


def _picked_anyhow(
    records: Iterable[NumberedRecord],
    ways: Mapping[str, Sequence[Way]],
    titles: Mapping[str, Sequence[str]],
) -> Iterator[NumberedRow]:
    for line, cells in records:
        if isinstance(cells, InvalidValue):
            yield line, cells
            continue
        row = dict[str, Any]()
        for name, found in ways.items():
            values = [_joined([_plain(cells[at]) for at in way]) for way in found]
            row[name] = _of_column(name, values, titles[name])
        yield line, row


def _joined(parts: Sequence[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    return " ".join(str(part).strip() for part in parts if not is_blank(part))


def _plain(value: Any) -> Any:
    return unguarded(value) if isinstance(value, str) else value
