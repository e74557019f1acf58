"""A picture as one SVG document: the large numbers, and the charts in three columns."""

from collections.abc import Sequence

from assignchat.render.stats.charts import WIDTH, Drawing, draw
from assignchat.render.stats.figures import Chart, Picture, Tile
from assignchat.render.stats.svg import FONT, STYLE, cut, number, rect, safe, text_at

_COLUMNS = 3
_MARGIN = 36
_PADDING = 22
_BETWEEN = 20
_HEAD = 176
_CARD_HEAD = 62
_CARD = WIDTH + 2 * _PADDING
_WHOLE = 2 * _MARGIN + _COLUMNS * _CARD + (_COLUMNS - 1) * _BETWEEN


def picture_svg(picture: Picture) -> str:
    """A picture as one SVG document: the large numbers, and the charts in three columns."""
    body, height = _cards(picture.charts)
    title, about = safe(picture.title), safe(picture.about)
    head = (
        text_at(_MARGIN, 58, picture.title, "ink", 30, bold=True)
        + text_at(_MARGIN, 86, picture.about, "soft", 15)
        + _tiles(picture.tiles)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WHOLE}" height="{number(height)}"'
        f' viewBox="0 0 {_WHOLE} {number(height)}" role="img" aria-labelledby="title about"'
        f' font-family="{FONT}">\n<title id="title">{title}</title>\n'
        f'<desc id="about">{about}</desc>\n<style>{STYLE}</style>\n'
        f"{rect(0, 0, _WHOLE, height, 'page', round_by=0)}\n{head}\n{body}\n</svg>\n"
    )


def _tiles(tiles: Sequence[Tile]) -> str:
    width = (_WHOLE - 2 * _MARGIN) / max(len(tiles), 1)
    return "".join(
        text_at(_MARGIN + place * width, 130, tile.shown, "ink", 28, bold=True)
        + text_at(_MARGIN + place * width, 152, tile.label, "soft", 14)
        for place, tile in enumerate(tiles)
    )


def _cards(charts: Sequence[Chart]) -> tuple[str, float]:
    """The charts in rows of cards of equal height, and where the page ends."""
    parts, top = [], float(_HEAD)
    for start in range(0, len(charts), _COLUMNS):
        row = [(chart, draw(chart)) for chart in charts[start : start + _COLUMNS]]
        height = _CARD_HEAD + max(drawing.height for _, drawing in row) + _PADDING
        for column, (chart, drawing) in enumerate(row):
            left = _MARGIN + column * (_CARD + _BETWEEN)
            parts.append(_card(chart, drawing, left, top, height))
        top += height + _BETWEEN
    return "\n".join(parts), top - _BETWEEN + _MARGIN


def _card(chart: Chart, drawing: Drawing, left: float, top: float, height: float) -> str:
    about = cut(chart.about, (WIDTH + 8) / 13)
    return (
        f'<g transform="translate({number(left)} {number(top)})">'
        + rect(0, 0, _CARD, height, "card", round_by=10)
        + text_at(_PADDING, 30, chart.title, "ink", 17, bold=True)
        + text_at(_PADDING, 50, about, "soft", 13)
        + f'<g transform="translate({_PADDING} {_CARD_HEAD})">{drawing.elements}</g></g>'
    )
