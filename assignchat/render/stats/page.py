"""The picture as one HTML file: charts, and tables of every number in them."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from assignchat.namedtuples import NamedTuple
from assignchat.render.stats.charts import BarChart, Chart, HourChart, drawn_bars, drawn_hours
from assignchat.render.stats.picture import Cell, Picture, Table, Tile
from assignchat.render.text import duration
from assignchat.texts import visible

_LONGEST_BAR = 24
_HOURS_IN_A_ROW = 12


class Colour(NamedTuple):
    """A colour on a light page, and on a dark one."""

    light: str
    dark: str


COLOURS = {
    "page": Colour("#ffffff", "#0d1117"),
    "card": Colour("#f6f8fa", "#161b22"),
    "line": Colour("#d1d9e0", "#3d444d"),
    "ink": Colour("#1f2328", "#e6edf3"),
    "soft": Colour("#57606a", "#a4aeb9"),
    "bar": Colour("#2f6fdb", "#4c8dff"),
}


def picture_html(picture: Picture) -> Iterator[str]:
    """Yield the file part by part, in which nothing is fetched or run: a team may be large."""
    yield _head(picture)
    yield f"<h1>{_safe(picture.title)}</h1>\n"
    yield f'<p class="about">{_safe(picture.about)}</p>\n'
    yield f'{_tiles(picture.tiles)}\n<div class="charts">\n'
    for chart in picture.charts:
        yield f"{_figure(chart)}\n"
    yield "</div>\n"
    for table in picture.tables:
        yield from _table(table)
    yield "</main>\n</body>\n</html>\n"


def _head(picture: Picture) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        # Or a telephone would make links of numbers and addresses in names.
        '<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">\n'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{_safe(picture.title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n"
        "<body>\n<main>\n"
    )


def _safe(text: str) -> str:
    """Return text from data as HTML may have it: visible, and escaped."""
    return escape(visible(text))


def _tiles(tiles: Sequence[Tile]) -> str:
    texts = (f"<div><dt>{_safe(t.label)}</dt><dd>{_safe(t.shown)}</dd></div>" for t in tiles)
    return f'<dl class="tiles">{"".join(texts)}</dl>'


def _figure(chart: Chart) -> str:
    drawn = _bars(chart) if isinstance(chart, BarChart) else _hours(chart)
    return (
        f"<figure><figcaption><h2>{_safe(chart.title)}</h2>"
        f'<p class="about">{_safe(chart.about)}</p></figcaption>\n{drawn}</figure>'
    )


def _bars(chart: BarChart) -> str:
    """Make a row for each bar, whose label goes over several lines before a value is cut."""
    if not chart.bars:
        return f"<p>{_safe(chart.empty)}</p>"
    rows = []
    for bar, drawn in zip(chart.bars, drawn_bars(chart.bars, _LONGEST_BAR), strict=True):
        under = f"<small><bdi>{_safe(bar.under)}</bdi></small>" if bar.under else ""
        rows.append(
            f'<tr><th scope="row"><bdi>{_safe(bar.label)}</bdi>{under}</th>'
            f'<td><span class="bar" aria-hidden="true">{drawn}</span> {_safe(bar.shown)}</td></tr>'
        )
    more = "" if chart.more is None else f"<p>{_safe(chart.more)}</p>"
    return _chart_table("bars", rows) + more


def _hours(chart: HourChart) -> str:
    """Make a column for each hour: the hour, its block, and the count."""
    blocks = drawn_hours(chart.counts)
    rows: list[str] = []
    for start in range(0, 24, _HOURS_IN_A_ROW):
        hours = range(start, start + _HOURS_IN_A_ROW)
        rows += [
            _row("th", (f"{hour:02}" for hour in hours)),
            _row("td", (f'<span class="bar">{blocks[hour]}</span>' for hour in hours)),
            _row("td", (f"{chart.counts[hour]:,}" for hour in hours)),
        ]
    return _chart_table("hours", rows)


def _chart_table(kind: str, rows: Iterable[str]) -> str:
    return "\n".join([f'<table class="{kind}">', *rows, "</table>"])


def _row(element: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{element}>{cell}</{element}>' for cell in cells)}</tr>"


def _table(table: Table) -> Iterator[str]:
    """Yield a table with a caption, which scrolls if the page is too narrow for it."""
    title = _safe(table.title)
    headings = "".join(
        [
            *(f'<th scope="col">{_safe(heading)}</th>' for heading in table.words),
            *(f'<th scope="col" class="n">{_safe(heading)}</th>' for heading in table.numbers),
        ]
    )
    yield (
        f'<div class="table" role="region" aria-label="{title}" tabindex="0"><table>\n'
        f"<caption>{title}</caption>\n<thead><tr>{headings}</tr></thead>\n<tbody>\n"
    )
    rows = (f"<tr>{''.join(_cells(row))}</tr>\n" for row in table.rows)
    columns = len(table.words) + len(table.numbers)
    yield next(rows, f'<tr><td colspan="{columns}">None.</td></tr>\n')
    yield from rows
    yield "</tbody></table></div>\n"


def _cells(row: Sequence[Cell]) -> list[str]:
    first, *rest = row
    return [f'<th scope="row">{_cell(first)}</th>', *map(_td, rest)]


def _td(cell: Cell) -> str:
    return (
        f"<td>{_cell(cell)}</td>" if isinstance(cell, str) else f'<td class="n">{_cell(cell)}</td>'
    )


def _cell(cell: Cell) -> str:
    """Make a cell: a number with its exact value, or text that keeps to its own direction."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"<bdi>{_safe(cell)}</bdi>"
    shown = f"{cell:,}" if isinstance(cell, int) else duration(cell)
    return f'<data value="{cell}">{shown}</data>'


def _variables(theme: str) -> str:
    return "".join(f"--{name}:{getattr(colour, theme)};" for name, colour in COLOURS.items())


_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif"
_STYLE = f"""\
:root{{{_variables("light")}}}
@media (prefers-color-scheme:dark){{:root{{{_variables("dark")}}}}}
body{{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 {_FONT}}}
main{{max-width:70rem;margin:0 auto;padding:2rem 1.25rem 4rem}}
h1{{font-size:1.9rem;line-height:1.2;margin:0}}
h2{{font-size:1.1rem;margin:0}}
.about{{color:var(--soft);margin:.1rem 0 0}}
figcaption .about{{font-size:.875rem;margin-bottom:.5rem}}
.tiles{{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:1rem}}
.tiles{{margin:1.5rem 0}}
.tiles div{{display:flex;flex-direction:column-reverse;justify-content:flex-end}}
dd{{margin:0;font-size:1.75rem;font-weight:600;line-height:1.2}}
dt{{color:var(--soft);font-size:.875rem}}
.charts{{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr))}}
.charts{{gap:1.25rem}}
figure{{margin:0;padding:1.25rem;background:var(--card);border:1px solid var(--line)}}
figure{{border-radius:10px;overflow-x:auto}}
figure p{{margin:.3rem 0 0;color:var(--soft);font-size:.875rem}}
.bar{{color:var(--bar);font-family:monospace;line-height:1;white-space:nowrap}}
.bars th,.bars td,.hours th,.hours td{{border:0;font-size:.875rem}}
.bars th{{font-weight:400;min-width:6rem;overflow-wrap:anywhere}}
.bars td{{max-width:none}}
.bars small{{display:block;color:var(--soft)}}
.hours th,.hours td{{min-width:2ch;padding:0 .3rem;text-align:center}}
.hours th{{color:var(--soft);font-weight:400}}
.hours .bar{{font-size:1.5rem}}
.table{{margin-top:2.5rem;overflow-x:auto}}
table{{border-collapse:collapse;font-size:.8125rem;font-variant-numeric:tabular-nums}}
caption{{text-align:left;font-size:1.1rem;font-weight:600;padding-bottom:.5rem}}
th,td{{text-align:left;vertical-align:top;padding:.3rem .55rem .3rem 0}}
th,td{{border-bottom:1px solid var(--line)}}
thead th{{color:var(--soft);font-weight:600;vertical-align:bottom}}
tbody th{{font-weight:400;min-width:9rem;max-width:22rem;overflow-wrap:anywhere}}
td{{min-width:9ch;max-width:22rem;overflow-wrap:anywhere}}
th.n,td.n{{text-align:right}}
td.n{{min-width:0;white-space:nowrap}}
@media (max-width:30rem){{.bars .bar{{font-size:.75rem}}figure{{padding:1rem}}}}
@media (max-width:30rem){{.hours th,.hours td{{padding:0 .15rem}}}}
@media print{{figure{{break-inside:avoid}}.table{{overflow:visible}}}}"""
