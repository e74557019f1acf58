"""Paragraphs and tables of a manual page as plain text, folded to a width."""

import textwrap
from collections.abc import Iterator, Sequence

from assignchat.namedtuples import NamedTuple


class Table(NamedTuple):
    """Rows of text under headings."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


Block = str | Table


def lines(block: Block, width: int) -> Iterator[str]:
    """Format a paragraph or a table as lines of at most `width` characters if its words allow."""
    if isinstance(block, str):
        yield from _wrapped(block.replace("`", ""), width, "")
        return
    rows = [[cell.replace("`", "") for cell in row] for row in block.rows]
    columns = list(zip(*rows, strict=True))
    widths = [
        max(map(len, (heading, *cells)))
        for heading, cells in zip(block.headings, columns, strict=True)
    ]
    left = sum(widths[:-1]) + 2 * len(widths)
    if left + min(widths[-1], width // 2) <= width:
        yield from _aligned([block.headings, *rows], widths, left, width)
    elif widths[0] <= _NARROW:
        yield from _stacked(rows, widths[0], width)
    else:
        yield from _labelled(block.headings, rows, width)


def _aligned(
    rows: Sequence[Sequence[str]], widths: Sequence[int], left: int, width: int
) -> Iterator[str]:
    """Format a table whose last column may be folded."""
    for row in rows:
        cells = (f"{cell:<{space}}" for cell, space in zip(row[:-1], widths, strict=False))
        start = "  " + "".join(f"{cell}  " for cell in cells)
        yield from _wrapped(f"{start}{row[-1]}".rstrip(), width, " " * left)


def _stacked(rows: Sequence[Sequence[str]], space: int, width: int) -> Iterator[str]:
    """Format each row as a short first cell with the other cells beside it, below each other."""
    for first, *others in rows:
        for start, cell in zip((first, *("" for _ in others)), filter(None, others), strict=False):
            yield from _wrapped(f"  {start:<{space}}  {cell}", width, " " * (space + 4))


_NARROW = 10


def _labelled(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Format each row as its first cell with the other cells below it, with their headings."""
    space = max(map(len, headings[1:]))
    for row in rows:
        yield f"  {row[0]}"
        for heading, cell in zip(headings[1:], row[1:], strict=True):
            if cell:
                yield from _wrapped(f"    {heading:<{space}}  {cell}", width, " " * (space + 6))


def _wrapped(line: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
