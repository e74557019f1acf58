"""Rows of a file, several at a time and column by column, because files have millions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, Self

from assignchat.errors import InvalidValue
from assignchat.namedtuples import NamedTuple

FEW = 16
"""So many rows are held at a time, whatever is in them: one may have megabytes."""

Row = Mapping[str, Any]
NumberedRow = tuple[int, Row | InvalidValue]


class Rows(NamedTuple):
    """Rows of a file that follow one another, by column: a value for each of the lines.

    A row that cannot be read stands alone, with what is wrong with it.
    """

    lines: Sequence[int]
    columns: Mapping[str, Sequence[Any]]
    error: InvalidValue | None = None

    @classmethod
    def unreadable(cls, line: int, error: InvalidValue) -> Self:
        """Return the row on a line, which cannot be read."""
        return cls([line], {}, error)

    def in_parts(self, size: int) -> Iterator["Rows"]:
        """Yield the same rows, so many at a time."""
        for at in range(0, len(self.lines), size):
            part = slice(at, at + size)
            columns = {name: values[part] for name, values in self.columns.items()}
            yield Rows(self.lines[part], columns, self.error)

    def singly(self) -> Iterator[tuple[int, Row]]:
        """Yield each row with its line. One that cannot be read has no columns, or only some."""
        for line, *values in zip(self.lines, *self.columns.values(), strict=True):
            yield line, dict(zip(self.columns, values, strict=True))


def by_column(numbered: Iterable[NumberedRow]) -> Iterator[Rows]:
    """Yield rows, each with its line, as those that follow one another with the same columns."""
    for names, alike in groupby(numbered, key=_names):
        while some := list(islice(alike, FEW)):
            lines, rows = zip(*some, strict=True)
            if names is None:
                yield from map(Rows.unreadable, lines, rows)
            else:
                yield Rows(lines, {name: [row[name] for row in rows] for name in names})


def _names(numbered: NumberedRow) -> Sequence[str] | None:
    _, row = numbered
    return None if isinstance(row, InvalidValue) else tuple(row)
