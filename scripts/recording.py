"""A terminal run as an SVG: commands as they are typed, and what they really print.

Drawn here and not by rich, whose SVG fetches its font from elsewhere and changes with rich.
The lines appear one after the other, once; where nothing moves, all of them are seen.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import count

from console import COLUMNS, transcript

COMMANDS = [
    'assignchat assign chat-1 --to martha --note "Wants a quote by noon" --as mark',
    "assignchat inbox --as martha",
    "assignchat accept 1 --as martha",
    "assignchat bulk-assign --from mark --to martha --to omar --as maria --yes",
]
CELL, LINE, MARGIN, BAR = 8.4, 18, 16, 46  # pixels
SECONDS_TO_TYPE, SECONDS_TO_READ = 1.0, 1.6
STYLE = """
.w{fill:#1b1f27} .b{fill:#2a303b}
text{font:14px ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d6dbe4}
.p{fill:#7fd18b} .c{fill:#ffffff;font-weight:bold} .h{font-weight:bold} .d{fill:#9aa4b5}
@media (prefers-reduced-motion:no-preference){
g[style]{animation:come .2s both} @keyframes come{from{opacity:0}}}
"""
PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"
 height="{height}" role="img">
<title>Mark asks Martha to take over a chat, she accepts, and Maria gives his others away</title>
<style>{style}</style>
<rect class="w" width="{width}" height="{height}" rx="8"/>
<rect class="b" width="{width}" height="30" rx="8"/>
<circle cx="22" cy="15" r="6" fill="#ff5f57"/>
<circle cx="42" cy="15" r="6" fill="#febc2e"/>
<circle cx="62" cy="15" r="6" fill="#28c840"/>
{lines}
</svg>
"""
BOLD = re.compile(r"(\x1b\[[\d;]*m)")


def svg() -> str:
    """The picture."""
    outputs = transcript(["assignchat init --demo", *COMMANDS])[1:]
    groups, rows = _groups(outputs)
    return PICTURE.format(
        width=round(COLUMNS * CELL + 2 * MARGIN),
        height=BAR + rows * LINE,
        style=STYLE,
        lines="\n".join(groups),
    )


def _groups(outputs: list[str]) -> tuple[list[str], int]:
    """What appears together, in order; and how many lines there are in all."""
    groups = []
    row = count()
    at = 0.5
    for command, output in zip(COMMANDS, outputs, strict=True):
        groups.append(_appearing(at, [_typed(next(row), command)]))
        at += SECONDS_TO_TYPE
        printed = [
            _printed(next(row), part, dim=line.startswith("Hint:"))
            for line in output.strip("\n").splitlines()
            for part in _folded(line.rstrip())
        ]
        groups.append(_appearing(at, printed))
        at += SECONDS_TO_READ
        next(row)
    return groups, next(row)


def _appearing(at: float, lines: list[str]) -> str:
    return f'<g style="animation-delay:{at:.1f}s">\n' + "\n".join(filter(None, lines)) + "\n</g>"


def _typed(row: int, command: str) -> str:
    shown = f'<tspan class="p">$</tspan> <tspan class="c">{escape(command, quote=False)}</tspan>'
    return _element(row, shown, len(command) + 2)


def _folded(line: str) -> list[str]:
    """The line as a terminal shows it, which goes on below at its edge; tables fit as they are."""
    if len(BOLD.sub("", line)) <= COLUMNS:
        return [line]
    return [line[start : start + COLUMNS] for start in range(0, len(line), COLUMNS)]


def _printed(row: int, line: str, *, dim: bool) -> str:
    plain = BOLD.sub("", line)
    if not plain.strip():
        return ""
    if dim:
        return _element(row, f'<tspan class="d">{escape(plain, quote=False)}</tspan>', len(plain))
    return _element(row, "".join(_spans(line)), len(plain))


def _spans(line: str) -> Iterator[str]:
    bold = False
    for part in BOLD.split(line):
        if part.startswith("\x1b"):
            bold = "1" in part[2:-1].split(";")
        elif part:
            text = escape(part, quote=False)
            yield f'<tspan class="h">{text}</tspan>' if bold else text


def _element(row: int, content: str, cells: int) -> str:
    """A line of text, as wide as its cells whatever the font is."""
    y = BAR + row * LINE + 12
    return (
        f'<text x="{MARGIN}" y="{y}" xml:space="preserve" textLength="{cells * CELL:.1f}">'
        f"{content}</text>"
    )
