"""A page that fills the terminal and is drawn again and again."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from assignchat.namedtuples import NamedTuple
from assignchat.render.folding import folded, unjoined
from assignchat.texts import one_line, visible

_WIDEST_CELL = 24  # columns; the whole of a long id stands in the details
_MOST_DETAILS = 6  # lines


class Page(NamedTuple):
    """A page. Its text is raw, as in the data. `rows` are cells, and one row is `selected`."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    selected: int | None
    details: str
    notices: Sequence[str]
    choices: Sequence[str]
    prompt: str
    message: str
    keys: str


class LivePage:
    """The terminal while a page is on it."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def draw(self, page: Page) -> None:
        """Show a page in the size that the terminal has now."""
        try:
            columns, lines = os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            columns, lines = 0, 0
        width, height = columns or 80, lines or 24
        self._live.console.size = (width, height)
        self._live.update(Group(*page_lines(page, width, height)), refresh=True)

    def ring(self, times: int) -> None:
        """Sound the terminal's bell."""
        for _ in range(times):
            self._live.console.bell()


@contextmanager
def live_page() -> Iterator[LivePage]:
    """Take the whole terminal during the block, and restore its contents afterwards."""
    console = Console(force_terminal=True)  # NO_COLOR is heeded, and no colours are used
    with Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False) as live:
        yield LivePage(live)


def page_lines(page: Page, width: int, height: int) -> list[Text]:
    """Lay the page out. Returns lines of a terminal, with the important ones at the bottom."""
    bottom = [
        *(Text(visible(choice), no_wrap=True, overflow="ellipsis") for choice in page.choices),
        *(line for text in (page.prompt, page.message) if text for line in _folded(text, width)),
        *_folded(page.keys, width, "dim"),
    ]
    top = [*_folded(page.title, width, "bold"), Text()]
    details = [*_folded(page.details, width), Text()][: _MOST_DETAILS + 1] if page.details else []
    room = max(1, height - len(top) - len(details) - len(bottom) - 1)
    rows = _row_lines(page, max(1, (room * 2 // 3 if page.notices else room) - 1))
    lines = [*top, *rows, Text(), *details]
    for notice in page.notices:
        lines += _folded(notice, width)
    space = max(0, height - len(bottom))
    return [*lines[:space], *[Text()] * (space - len(lines)), *bottom][-height:]


def _row_lines(page: Page, most: int) -> list[Text]:
    """Choose as many rows as there is room for, the selected one among them."""
    middle = (page.selected or 0) - most // 2
    start = max(0, min(middle, len(page.rows) - most))
    if not page.rows:
        return []
    cells = [[unjoined(one_line(cell)) for cell in row] for row in page.rows[start : start + most]]
    columns = zip(page.headings, *cells, strict=True)
    widths = [min(max(map(cell_len, column)), _WIDEST_CELL) for column in columns]
    return [
        _row_line(page.headings, widths, "dim"),
        *(
            _row_line(row, widths, "reverse" if number == page.selected else "")
            for number, row in enumerate(cells, start)
        ),
    ]


def _row_line(row: Sequence[str], widths: Sequence[int], style: str) -> Text:
    sized = [set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)]
    text = ("> " if style == "reverse" else "  ") + "  ".join(sized)
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _folded(text: str, width: int, style: str = "") -> list[Text]:
    """Fold the text to as many lines as it needs, all but the first indented."""
    return [Text(line, style=style) for line in folded(visible(text), width).split("\n")]
