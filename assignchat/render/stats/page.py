"""A picture as one HTML file: charts, and tables of every number in them."""

from collections.abc import Sequence

from assignchat.render.stats.charts import WIDTH, draw, svg
from assignchat.render.stats.figures import Cell, Chart, Number, Picture, Table, Tile
from assignchat.render.stats.svg import COLOURS, FONT, STYLE, safe


def picture_html(picture: Picture) -> str:
    """The whole file; nothing in it is fetched or run."""
    parts = [
        f"<h1>{safe(picture.title)}</h1>",
        f'<p class="about">{safe(picture.about)}</p>',
        _tiles(picture.tiles),
        '<div class="charts">',
        *map(_figure, picture.charts),
        "</div>",
        *map(_table, picture.tables),
    ]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{safe(picture.title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _tiles(tiles: Sequence[Tile]) -> str:
    texts = (f"<div><dt>{safe(t.label)}</dt><dd>{safe(t.shown)}</dd></div>" for t in tiles)
    return f'<dl class="tiles">{"".join(texts)}</dl>'


def _figure(chart: Chart) -> str:
    return (
        f"<figure><figcaption><h2>{safe(chart.title)}</h2>"
        f'<p class="about">{safe(chart.about)}</p></figcaption>\n'
        f"{svg(draw(chart), chart.title)}</figure>"
    )


def _table(table: Table) -> str:
    """A table with a caption, which scrolls by itself where the page is too narrow for it."""
    title = safe(table.title)
    headings = "".join(
        [
            *(f'<th scope="col">{safe(heading)}</th>' for heading in table.words),
            *(f'<th scope="col" class="n">{safe(heading)}</th>' for heading in table.numbers),
        ]
    )
    rows = "\n".join(f"<tr>{''.join(_cells(row))}</tr>" for row in table.rows)
    if not rows:
        rows = f'<tr><td colspan="{len(table.words) + len(table.numbers)}">None.</td></tr>'
    return (
        f'<div class="table" role="region" aria-label="{title}" tabindex="0"><table>\n'
        f"<caption>{title}</caption>\n<thead><tr>{headings}</tr></thead>\n"
        f"<tbody>\n{rows}\n</tbody></table></div>"
    )


def _cells(row: Sequence[Cell]) -> list[str]:
    first, *rest = row
    return [f'<th scope="row">{_cell(first)}</th>', *(_td(cell) for cell in rest)]


def _td(cell: Cell) -> str:
    return (
        f'<td class="n">{_cell(cell)}</td>'
        if isinstance(cell, Number)
        else f"<td>{_cell(cell)}</td>"
    )


def _cell(cell: Cell) -> str:
    """A cell: the exact number behind what is shown, or text that keeps to its own direction."""
    if isinstance(cell, str):
        return f"<bdi>{safe(cell)}</bdi>"
    return "" if cell.value is None else f'<data value="{cell.value}">{safe(cell.shown)}</data>'


def _variables(theme: str) -> str:
    names = ("page", "card", "line", "ink", "soft")
    return "".join(f"--{name}:{getattr(COLOURS[name], theme)};" for name in names)


_STYLE = f"""{STYLE}
:root{{{_variables("light")}}}
@media (prefers-color-scheme:dark){{:root{{{_variables("dark")}}}}}
body{{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 {FONT}}}
main{{max-width:{2 * WIDTH + 300}px;margin:0 auto;padding:2rem 1.25rem 4rem}}
h1{{font-size:1.9rem;line-height:1.2;margin:0}}
h2{{font-size:1.1rem;margin:0}}
.about{{color:var(--soft);margin:.1rem 0 0}}
figcaption .about{{font-size:.875rem;margin-bottom:.5rem}}
.tiles{{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:1rem}}
.tiles{{margin:1.5rem 0}}
.tiles div{{display:flex;flex-direction:column-reverse;justify-content:flex-end}}
dd{{margin:0;font-size:1.75rem;font-weight:600;line-height:1.2}}
dt{{color:var(--soft);font-size:.875rem}}
.charts{{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}}
.charts{{gap:1.25rem}}
figure{{margin:0;padding:1.25rem;background:var(--card);border:1px solid var(--line)}}
figure{{border-radius:10px}}
figure svg{{display:block;width:100%;max-width:{WIDTH + 100}px;height:auto}}
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
@media print{{figure{{break-inside:avoid}}.table{{overflow:visible}}}}"""
