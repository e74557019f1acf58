"""Charts as SVG: bars from zero to one scale, and a heat strip of the hours of the day."""

from typing import NamedTuple

from assignchat.render.stats.figures import Bar, BarChart, Chart, HourChart
from assignchat.render.stats.svg import FONT, cut, ems, number, rect, safe, text_at
from assignchat.render.text import visible

WIDTH = 400
"""How wide a drawn chart is, in the units of its `viewBox`."""


class Drawing(NamedTuple):
    """A drawn chart: elements of SVG, and how high they are; they are `WIDTH` wide."""

    elements: str
    height: float


def svg(drawing: Drawing, title: str) -> str:
    """A drawn chart as an element of its own, to stand in a page that has `STYLE`."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {number(drawing.height)}" role="img"'
        f' aria-label="{safe(title)}" font-family="{FONT}">{drawing.elements}</svg>'
    )


def draw(chart: Chart) -> Drawing:
    """A chart without its title."""
    return _hours(chart) if isinstance(chart, HourChart) else _bars(chart)


_SIZE = 14
_SMALL = 12
_ROW = 28
_UNDER = 18
_LONGEST_LABEL = 170
_GAP = 10  # between a label and its bar
_BAR_HEIGHT = 14


def _bars(chart: BarChart) -> Drawing:
    if not chart.bars:
        return Drawing(text_at(0, 19, chart.empty, "soft", _SIZE), _ROW)
    label = min(max(ems(visible(bar.label)) for bar in chart.bars) * _SIZE, _LONGEST_LABEL)
    shown = max(ems(bar.shown) for bar in chart.bars) * _SIZE
    scale = max(WIDTH - label - shown - 2 * _GAP, 20) / chart.longest
    elements, top = [], 0.0
    for bar in chart.bars:
        elements.append(_one_bar(bar, top, label, scale))
        top += _ROW + (_UNDER if bar.under else 0)
    if chart.more:
        elements.append(text_at(0, top + 19, chart.more, "soft", _SMALL))
        top += _ROW
    return Drawing("".join(elements), top)


def _one_bar(bar: Bar, top: float, label: float, scale: float) -> str:
    start = label + _GAP
    above = top + (_ROW - _BAR_HEIGHT) / 2
    solid, whole = (_length(value, scale) for value in (bar.value, bar.end))
    parts = [
        f"<title>{safe(bar.label)}: {safe(bar.shown)}</title>",
        text_at(0, top + 19, cut(bar.label, label / _SIZE), "ink", _SIZE),
        rect(start, above + 3, whole, _BAR_HEIGHT - 6, "more") if whole > solid else "",
        rect(start, above, solid, _BAR_HEIGHT, "bar"),
        text_at(start + whole + _GAP, top + 19, bar.shown, "ink", _SIZE),
    ]
    if bar.under:
        parts.append(text_at(0, top + 38, cut(bar.under, WIDTH / _SMALL), "soft", _SMALL))
    return f"<g>{''.join(parts)}</g>"


def _length(value: float, scale: float) -> float:
    """How long a bar is; what is more than nothing is seen."""
    return max(value * scale, 1) if value else 0


_STEPS = 4  # of the heat strip, besides none
_CELL_WIDTH = 30
_CELL_HEIGHT = 46
_CELL_STEP = 33.6
_HOUR_ROW = 80


def _hours(chart: HourChart) -> Drawing:
    elements = [_one_hour(chart, hour) for hour in range(24)]
    return Drawing("".join(elements), 2 * _HOUR_ROW)


def _one_hour(chart: HourChart, hour: int) -> str:
    """The hour, and under it a cell with its count, the darker the more."""
    row, column = divmod(hour, 12)
    left, top = column * _CELL_STEP, row * _HOUR_ROW
    count = chart.counts[hour]
    step = chart.step(count, _STEPS)
    middle = left + _CELL_WIDTH / 2
    return (
        f"<g><title>{hour:02}:00 to {hour:02}:59: {count:,}</title>"
        + text_at(middle, top + 13, f"{hour:02}", "soft", 11, anchor="middle")
        + rect(left, top + 18, _CELL_WIDTH, _CELL_HEIGHT, f"heat{step}", round_by=4)
        + text_at(middle, top + 45, _short(count), f"onheat{step}", 11, anchor="middle")
        + "</g>"
    )


def _short(count: int) -> str:
    """A count in four characters at most: 999, 1.2k, 34k, 5.6M."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if count >= size:
            return f"{count / size:.1f}{unit}" if count < 10 * size else f"{count // size}{unit}"
    return str(count)
