"""Charts on a terminal: bars and a heat strip in characters, without any colour.

Each bar begins at zero, all of a chart are to one scale, and the value stands beside it.
"""

import shutil

from assignchat.render.output import say, terminal_is_dumb
from assignchat.render.stats.figures import Bar, BarChart, Chart, HourChart
from assignchat.render.text import visible

_LONGEST_BAR = 60
_LONGEST_LABEL = 40
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "·▁▂▃▄▅▆▇█"
_PLAIN_HEIGHTS = ".:-=+*#%@"


def say_chart(chart: Chart) -> None:
    """Print a chart to the width of the terminal."""
    columns = max(20, shutil.get_terminal_size().columns)
    about = [f"  {line}" for line in _wrapped(chart.about, columns - 2)]
    drawn = _bars(chart, columns) if isinstance(chart, BarChart) else _hours(chart, columns)
    say(chart.title, *about, *drawn, "")


def _bars(chart: BarChart, columns: int) -> list[str]:
    if not chart.bars:
        return [f"  {chart.empty}"]
    labels = [visible(bar.label) for bar in chart.bars]
    label_width = min(max(map(_width, labels)), _LONGEST_LABEL, columns * 2 // 5)
    shown_width = max(len(bar.shown) for bar in chart.bars)
    room = max(4, min(columns - label_width - shown_width - 5, _LONGEST_BAR))
    lines = []
    for label, bar in zip(labels, chart.bars, strict=True):
        drawn = _bar(bar, room / chart.longest)
        lines.append(f"  {_fitted(label, label_width)}  {drawn}{' ' if drawn else ''}{bar.shown}")
        if bar.under:
            lines += [f"    {line}" for line in _wrapped(visible(bar.under), columns - 4)]
    return lines if chart.more is None else [*lines, f"  {chart.more}"]


def _bar(bar: Bar, scale: float) -> str:
    """The characters of one bar; what is more than nothing is seen."""
    if terminal_is_dumb():
        solid = _cells(bar.value, scale)
        return "#" * solid + "-" * (_cells(bar.end, scale) - solid)
    eighths = max(round(bar.value * scale * 8), 1 if bar.value else 0)
    full, rest = divmod(eighths, 8)
    solid_part = "█" * full + (_EIGHTHS[rest] if rest else "")
    return solid_part + "░" * (_cells(bar.end, scale) - len(solid_part))


def _cells(value: float, scale: float) -> int:
    return max(round(value * scale), 1 if value else 0)


def _hours(chart: HourChart, columns: int) -> list[str]:
    """A column for each hour: the hour, how much as the height of a block, and the count."""
    counts = [f"{count:,}" for count in chart.counts]
    width = max(2, *map(len, counts)) + 1
    together = next(n for n in (24, 12, 8, 6, 4, 3, 2, 1) if n * width + 2 <= columns or n == 1)
    heights = _PLAIN_HEIGHTS if terminal_is_dumb() else _HEIGHTS
    blocks = [heights[chart.step(count, 8)] * min(2, width - 1) for count in chart.counts]
    lines = []
    for start in range(0, 24, together):
        hours = range(start, start + together)
        for cells in ([f"{hour:02}" for hour in hours], blocks, counts):
            row = cells if len(cells) == together else cells[start : start + together]
            lines.append(" " + "".join(f"{cell:>{width}}" for cell in row))
    return lines


def _width(text: str) -> int:
    from rich.cells import cell_len  # rich takes longer than a command may

    return cell_len(text)


def _fitted(text: str, width: int) -> str:
    """The text in exactly so many columns: with spaces after it, or cut."""
    from rich.cells import set_cell_size  # see _width

    if _width(text) > width:
        end = "..." if terminal_is_dumb() else "…"
        return set_cell_size(text, width - len(end)) + end
    return set_cell_size(text, width)


def _wrapped(text: str, width: int) -> list[str]:
    from rich.console import Console
    from rich.text import Text  # see _width

    return [str(line).rstrip() for line in Text(text).wrap(Console(), width, overflow="fold")]
