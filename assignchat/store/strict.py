"""Strict reading: no row is believed which a tool has spoilt.

Every row that becomes a named tuple passes `made` first, by what `columns` says that it holds.
Damage is named by table, row and column.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from assignchat.errors import AssignchatError, DatabaseDamaged
from assignchat.namedtuples import NamedTuple
from assignchat.store.columns import kinds_of, place_of

R = TypeVar("R", bound=NamedTuple)


class _Shape:
    """How the rows of one type are read: what each field holds, and which values to look at.

    `known` are the types of whole rows that are right: nearly all rows have those of another.
    """

    def __init__(self, row_type: type[NamedTuple]) -> None:
        self.kinds = list(kinds_of(row_type))
        rights = [kind.is_right if kind is not None else None for kind in self.kinds]
        self.looked_at = [(place, right) for place, right in enumerate(rights) if right is not None]
        self.known: set[tuple[type, ...]] = set()

    def fits(self, rows: list[tuple[Any, ...]]) -> bool:
        """Return whether all values of some rows are right, each different one looked at once."""
        columns = list(zip(*rows, strict=True))
        for kind, column in zip(self.kinds, columns, strict=True):
            if kind is not None and not kind.types.issuperset(map(type, column)):
                return False
        return all(all(map(right, set(columns[place]))) for place, right in self.looked_at)


_shape = cache(_Shape)


_MOST_AT_ONCE = 512


def made(row_type: type[R], rows: Iterable[tuple[Any, ...]], location: str) -> Iterator[R]:
    """Yield rows as `row_type`. Raises `DatabaseDamaged` for the first value that cannot be."""
    shape = _shape(row_type)
    left = iter(rows)
    at_once = 1  # a caller who wants one row does not wait for others
    while block := list(islice(left, at_once)):
        if at_once == 1 or not shape.fits(block):
            yield from map(row_type._make, _checked(row_type, block, location))
        else:
            yield from map(row_type._make, block)
        at_once = min(2 * at_once, _MOST_AT_ONCE)


def _checked(
    row_type: type[NamedTuple], rows: Iterable[tuple[Any, ...]], location: str
) -> Iterator[tuple[Any, ...]]:
    shape = _shape(row_type)
    for row in rows:
        if tuple(map(type, row)) not in shape.known:
            _check_types(row_type, row, location)
        for place, is_right in shape.looked_at:
            if not is_right(row[place]):
                raise _damage(row_type, row, place, location)
        yield row


def _check_types(row_type: type[NamedTuple], row: tuple[Any, ...], location: str) -> None:
    shape = _shape(row_type)
    types = tuple(map(type, row))
    for place, kind in enumerate(shape.kinds):
        if kind is not None and types[place] not in kind.types:
            raise _damage(row_type, row, place, location)
    shape.known.add(types)


def _damage(
    row_type: type[NamedTuple], row: tuple[Any, ...], place: int, location: str
) -> DatabaseDamaged:
    kind = _shape(row_type).kinds[place]
    table, column, key = place_of(row_type, row_type._fields[place])
    what = "readable" if kind is None else kind.what
    if not table:
        return DatabaseDamaged(f"The database {location} is damaged: {column} is not {what}")
    return damage(location, table, row[row_type._fields.index(key)], column, row[place], what)


def may_come_of_damage(error: Exception) -> bool:
    """Return whether to look for a spoilt value: one can lead to any error that is not ours."""
    if isinstance(error, DatabaseDamaged):
        return error.is_of_rows and error.place is None
    return not isinstance(error, (AssignchatError, OSError))


@contextmanager
def damage_named(first_damage: Callable[[], DatabaseDamaged | None]) -> Iterator[None]:
    """Run the block. If a spoilt value may have made it fail, raises the error that names it."""
    try:
        yield
    except Exception as error:
        if may_come_of_damage(error):
            found = first_damage()
            if found is not None:
                raise found from error
        raise


_MOST_SHOWN = 60  # characters of a spoilt value


def damage(
    location: str, table: str, row: object, column: str, value: object, what: str
) -> DatabaseDamaged:
    """Return the error for a value that its column cannot hold."""
    text = repr(value)
    shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
    error = DatabaseDamaged(
        f"The database {location} is damaged: in table {table}, row {row!r}, column {column} "
        f"has {shown}, which is not {what}",
        hint="Correct that value with an SQL tool, or restore the last backup.",
    )
    error.place = (table, row, column)
    return error


def not_changed(location: str, changed: int, rows: int) -> DatabaseDamaged:
    """Return the error for a statement that did not change as many rows as it must."""
    error = DatabaseDamaged(
        f"The database {location} is damaged: {rows} rows were to change, and {changed} did",
        hint="Nothing was changed. A trigger of somebody else may be in the way: assignchat check",
    )
    error.is_of_rows = False
    return error
