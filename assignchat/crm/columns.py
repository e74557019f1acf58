"""Finding our columns under the headings of a file, in a table or in objects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from assignchat.crm.formulas import unguarded
from assignchat.crm.headings import Headings, Way
from assignchat.crm.objects import NumberedObject, Object
from assignchat.crm.parts import NumberedRow, Rows, by_column
from assignchat.crm.paths import Paths
from assignchat.crm.sources import Source
from assignchat.crm.tables import MAX_COLUMNS, Note, NumberedRecord, Record, is_blank
from assignchat.errors import InvalidValue, Usage, shortened

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
        self, heading: Record, parts: Iterable[Sequence[NumberedRecord]], note: Note
    ) -> Iterator[Rows]:
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
        return chain.from_iterable(_picked(records, ways, titles) for records in parts)

    def rows_of_objects(self, objects: Iterable[NumberedObject], note: Note) -> Iterator[Rows]:
        """Yield objects as rows. Raises `InvalidValue` at the end if none had a column."""
        return by_column(self._rows_of_objects(objects, note))

    def _rows_of_objects(
        self, objects: Iterable[NumberedObject], note: Note
    ) -> Iterator[NumberedRow]:
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
    records: Sequence[NumberedRecord],
    ways: Mapping[str, Sequence[Way]],
    titles: Mapping[str, Sequence[str]],
) -> Iterator[Rows]:
    """Yield records, all as wide as the heading, as rows of our columns."""
    places = [at for found in ways.values() for way in found for at in way]
    get = itemgetter(*places, places[0])  # one more, so that it always gives a tuple
    rows: list[Any] = [cells for _, cells in records]
    try:
        picked = zip(*map(get, rows), strict=True)
    except TypeError:  # an `InvalidValue` has no cells
        yield from _picked_singly(records, ways, titles)
        return
    cells = dict(zip(places, map(_unguarded, picked), strict=False))
    columns = {
        name: _of_ways(name, [_joined([cells[at] for at in way]) for way in found], titles[name])
        for name, found in ways.items()
    }
    yield Rows([line for line, _ in records], columns)


def _picked_singly(
    records: Sequence[NumberedRecord],
    ways: Mapping[str, Sequence[Way]],
    titles: Mapping[str, Sequence[str]],
) -> Iterator[Rows]:
    for line, cells in records:
        if isinstance(cells, InvalidValue):
            yield Rows.unreadable(line, cells)
        else:
            yield from _picked([(line, cells)], ways, titles)


def _of_ways(
    column: str, values: Sequence[Sequence[Any]], headings: Sequence[str]
) -> Sequence[Any]:
    """Return the values of a column, which stand under one heading or under several."""
    if len(values) == 1 and column not in SEVERAL:
        return values[0]
    return [_of_column(column, of_row, headings) for of_row in zip(*values, strict=True)]


def _joined(columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
    if len(columns) == 1:
        return columns[0]
    return [
        " ".join(str(part).strip() for part in parts if not is_blank(part))
        for parts in zip(*columns, strict=True)
    ]


def _unguarded(values: Sequence[Any]) -> Sequence[Any]:
    """Return the values of a column without the guard against formulas."""
    try:
        if "'" not in "".join(values):  # as in nearly every column
            return values
    except TypeError:  # cells of workbooks are not all text
        pass
    return [unguarded(value) if isinstance(value, str) else value for value in values]
