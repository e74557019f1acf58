"""What a picture shows, before it is drawn: on a terminal, as SVG or as HTML.

Text here is exact; whoever draws makes it safe to show.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Bar(NamedTuple):
    """One bar from zero to `value`, thinner up to `beyond`, with its value as text beside it.

    `under` is said below the label, where there is more to say.
    """

    label: str
    value: float
    shown: str
    beyond: float | None = None
    under: str | None = None

    @property
    def end(self) -> float:
        """Where the whole bar ends."""
        return self.value if self.beyond is None else max(self.value, self.beyond)


class BarChart(NamedTuple):
    """Bars that share one scale; `more` says what was left out, `empty` that there are none."""

    title: str
    about: str
    bars: Sequence[Bar]
    empty: str
    more: str | None = None

    @property
    def longest(self) -> float:
        """The end of the scale, at least 1."""
        return max((bar.end for bar in self.bars), default=0) or 1


class HourChart(NamedTuple):
    """A count for each of the 24 hours of the day."""

    title: str
    about: str
    counts: Sequence[int]

    def step(self, count: int, steps: int) -> int:
        """How dark a count is, of so many steps: none for zero, the last for the most."""
        most = max(self.counts)
        return -(-count * steps // most) if most else 0


Chart = BarChart | HourChart


class Tile(NamedTuple):
    """One number that stands large at the top."""

    label: str
    shown: str


class Number(NamedTuple):
    """A number in a table: exact, and as people read it; None where there is none."""

    value: float | None
    shown: str


Cell = str | Number


class Table(NamedTuple):
    """All of what a chart may show only the first of: columns of words, then of numbers."""

    title: str
    words: Sequence[str]
    numbers: Sequence[str]
    rows: Sequence[Sequence[Cell]]


class Picture(NamedTuple):
    """A page: a title, what it covers, the large numbers, charts, and tables of everything."""

    title: str
    about: str
    tiles: Sequence[Tile]
    charts: Sequence[Chart]
    tables: Sequence[Table]
