"""Charts drawn in characters, the same on a terminal and on a page.

Each bar begins at zero, and all bars of a chart have one scale. Text in a chart is raw; the
terminal and the page make it safe to show.
"""

import shutil
from collections.abc import Sequence

from assignchat.namedtuples import NamedTuple
from assignchat.render.output import say_page, terminal_is_dumb
from assignchat.texts import visible


class Bar(NamedTuple):
    """One bar from zero to `value`, paler up to `beyond`, with its value as text beside it.

    `under` stands below the label.
    """

    label: str
    value: float
    shown: str
    beyond: float | None = None
    under: str | None = None


class BarChart(NamedTuple):
    """Bars of one scale. `more` says how many were left out, `empty` that there are none."""

    title: str
    about: str
    bars: Sequence[Bar]
    empty: str
    more: str | None = None


class HourChart(NamedTuple):
    """A count for each of the 24 hours of the day."""

    title: str
    about: str
    counts: Sequence[int]


Chart = BarChart | HourChart

_EIGHTHS = ("", *"▏▎▍▌▋▊▉")
_HEIGHTS = "·▁▂▃▄▅▆▇█"
_PLAIN_HEIGHTS = ".:-=+*#%@"


def drawn_bars(bars: Sequence[Bar], room: int, *, plain: bool = False) -> list[str]:
    """Draw bars, the longest over `room` columns. With `plain`, in ASCII."""
    scale = room / (max((max(bar.value, bar.beyond or 0) for bar in bars), default=0) or 1)
    return [_drawn(bar, scale, plain=plain) for bar in bars]


def _drawn(bar: Bar, scale: float, *, plain: bool) -> str:
    if plain:
        solid = "#" * _columns(bar.value, scale)
    else:
        full, rest = divmod(max(round(bar.value * scale * 8), 1 if bar.value else 0), 8)
        solid = "█" * full + _EIGHTHS[rest]
    return solid.ljust(_columns(bar.beyond or 0, scale), "-" if plain else "░")


def _columns(value: float, scale: float) -> int:
    """Return how many columns a value takes, at least one if it is more than nothing."""
    return max(round(value * scale), 1 if value else 0)


def drawn_hours(counts: Sequence[int], *, plain: bool = False) -> list[str]:
    """Draw each count as a character of its height, the most as the highest."""
    heights, most = _PLAIN_HEIGHTS if plain else _HEIGHTS, max(counts) or 1
    return [heights[-(-count * (len(heights) - 1) // most)] for count in counts]


_LONGEST_BAR = 60
_LONGEST_LABEL = 40


def say_chart(chart: Chart) -> None:
    """Print a chart to the width of the terminal."""
    columns = max(20, shutil.get_terminal_size().columns)
    about = [f"  {line}" for line in _wrapped(chart.about, columns - 2)]
    lines = _bar_lines(chart, columns) if isinstance(chart, BarChart) else _hours(chart, columns)
    say_page(chart.title, *about, *lines, "")


def _bar_lines(chart: BarChart, columns: int) -> list[str]:
    if not chart.bars:
        return [f"  {chart.empty}"]
    labels = [visible(bar.label) for bar in chart.bars]
    label_width = min(max(map(_width, labels)), _LONGEST_LABEL, columns * 2 // 5)
    shown_width = max(len(bar.shown) for bar in chart.bars)
    room = max(4, min(columns - label_width - shown_width - 5, _LONGEST_BAR))
    drawn = drawn_bars(chart.bars, room, plain=terminal_is_dumb())
    lines = []
    for label, bar, characters in zip(labels, chart.bars, drawn, strict=True):
        fitted = _fitted(label, label_width)
        lines.append(f"  {fitted}  {characters}{' ' if characters else ''}{bar.shown}")
        if bar.under:
            lines += [f"    {line}" for line in _wrapped(visible(bar.under), columns - 4)]
    return lines if chart.more is None else [*lines, f"  {chart.more}"]


def _hours(chart: HourChart, columns: int) -> list[str]:
    """Return a column for each hour: the hour, its block, and the count."""
    counts = [f"{count:,}" for count in chart.counts]
    width = max(2, *map(len, counts)) + 1
    together = next(n for n in (24, 12, 8, 6, 4, 3, 2, 1) if n * width + 2 <= columns or n == 1)
    blocks = [block * 2 for block in drawn_hours(chart.counts, plain=terminal_is_dumb())]
    rows = ([f"{hour:02}" for hour in range(24)], blocks, counts)
    return [
        " " + "".join(f"{cell:>{width}}" for cell in row[start : start + together])
        for start in range(0, 24, together)
        for row in rows
    ]


def _width(text: str) -> int:
    from rich.cells import cell_len  # rich takes longer than a command may

    return cell_len(text)


def _fitted(text: str, width: int) -> str:
    """Return the text in exactly so many columns: with spaces after it, or cut."""
    from rich.cells import set_cell_size  # see _width

    if _width(text) > width:
        end = "..." if terminal_is_dumb() else "…"
        return set_cell_size(text, width - len(end)) + end
    return set_cell_size(text, width)


def _wrapped(text: str, width: int) -> list[str]:
    from rich.console import Console
    from rich.text import Text  # see _width

    return [str(line).rstrip() for line in Text(text).wrap(Console(), width, overflow="fold")]
