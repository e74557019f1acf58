"""Elements of SVG, self-contained: no scripts, no fonts, nothing else from outside.

Every shape has its colour for a light page as an attribute, for programs that know no style
sheets, and a class by which `STYLE` gives it the colour for a dark one.
"""

from typing import NamedTuple
from unicodedata import category, east_asian_width

from assignchat.render.text import visible


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
    "more": Colour("#b6cdf5", "#2a4a80"),
    "heat0": Colour("#e7ecf1", "#22282f"),
    "heat1": Colour("#cfe0fb", "#12305c"),
    "heat2": Colour("#9cc0f6", "#1a4b94"),
    "heat3": Colour("#2a66c8", "#79b0ff"),
    "heat4": Colour("#123f87", "#cfe3ff"),
    "onheat0": Colour("#57606a", "#a4aeb9"),
    "onheat1": Colour("#1f2328", "#e6edf3"),
    "onheat2": Colour("#1f2328", "#e6edf3"),
    "onheat3": Colour("#ffffff", "#0d1117"),
    "onheat4": Colour("#ffffff", "#0d1117"),
}
"""What is drawn in which colour; `onheat…` is the text on that step of the heat strip."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif"


def style(theme: str) -> str:
    """The rules that colour every class as on a `light` or a `dark` page."""
    return "".join(f".{name}{{fill:{getattr(c, theme)}}}" for name, c in COLOURS.items())


STYLE = f"{style('light')}@media (prefers-color-scheme:dark){{{style('dark')}}}"


def safe(text: str) -> str:
    """Text from data as XML and HTML may have it: visible, and escaped."""
    shown = visible(text)
    for char, escape in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        shown = shown.replace(char, escape)
    return shown.replace("'", "&#39;")


def text_at(
    x: float,
    y: float,
    text: str,
    colour: str,
    size: int,
    *,
    anchor: str | None = None,
    bold: bool = False,
) -> str:
    """One line of text from data or not, in one of the `COLOURS`; `anchor` as SVG has it."""
    more = (f' text-anchor="{anchor}"' if anchor else "") + (' font-weight="600"' if bold else "")
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="{size}" {_fill(colour)}{more}>'
        f"{safe(text)}</text>"
    )


def rect(
    x: float, y: float, width: float, height: float, colour: str, *, round_by: float = 2
) -> str:
    """A rectangle in one of the `COLOURS`, its corners rounded by so much."""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}"'
        f' height="{number(height)}" rx="{round_by}" {_fill(colour)}/>'
    )


def _fill(colour: str) -> str:
    return f'class="{colour}" fill="{COLOURS[colour].light}"'


def number(value: float) -> str:
    """A coordinate as text, to a hundredth."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def cut(text: str, room: float) -> str:
    """The text, as it will be shown, cut with a `…` where it is longer than `room` ems."""
    shown = visible(text)
    if ems(shown) <= room:
        return shown
    return shown[: _fitting(shown, room - 1)].rstrip() + "…"


def _fitting(text: str, room: float) -> int:
    """How many characters fit; a mark stays with the letter that it stands on."""
    taken, fit = 0.0, 0
    for place, char in enumerate(text):
        taken += _em(char)
        if taken > room:
            break
        if place + 1 == len(text) or not _is_mark(text[place + 1]):
            fit = place + 1
    return fit


def ems(text: str) -> float:
    """About how wide a text is, in sizes of its font."""
    return sum(map(_em, text))


def _em(char: str) -> float:
    """About how wide a character is in most fonts without serifs, rather too wide."""
    if _is_mark(char):
        return 0.3 if category(char) == "Mc" else 0
    if east_asian_width(char) in "WF":
        return 1
    if char in "MWmw@%—…":
        return 0.92
    if char in "iljtfrI.,:;|!'()[] ":
        return 0.36
    return 0.7 if char.isupper() else 0.58


def _is_mark(char: str) -> bool:
    """Whether a character stands on the one before it: accents, vowel signs, joiners."""
    return category(char).startswith("M") or char in "\u200c\u200d"
