"""Lines of a terminal: a long one is folded so that none of it looks like a line of its own."""

import os
import re
from collections.abc import Iterator

_HANG = 4  # columns; nothing of ours begins there
_USUAL_WIDTH = 80


def width_of(descriptor: int) -> int:
    """Return the columns of the terminal at a descriptor."""
    try:
        return os.get_terminal_size(descriptor).columns or _USUAL_WIDTH
    except OSError:
        return _USUAL_WIDTH


def folded(line: str, width: int) -> str:
    """Fold a line of visible text to a width, each run of white space after its start as one.

    What does not fit hangs further in than any line begins.
    """
    indent = len(line) - len(line.lstrip(" "))
    return hung(" " * indent, line[indent:], width, indent + _HANG)


def hung(before: str, text: str, width: int, hang: int | None = None) -> str:
    """Put visible text behind what stands `before` it, folded under its own beginning."""
    place = columns(before) if hang is None else hang
    if hang is None and place > width // 2:
        return hung("", f"{before}{text}", width, _HANG)
    return "\n".join(_lines(before, text, width, " " * min(place, width // 2)))


def columns(text: str) -> int:
    """Return the most columns that a terminal may need for a visible text."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        2 if east_asian_width(char) in "WF" else 0 if category(char) in ("Me", "Cf") else 1
        for char in text
        if category(char) != "Mn" or char == "\ufe0f"  # it makes an emoji of a sign, and wide
    )


def unjoined(text: str) -> str:
    """Return the text with each emoji apart, and so of one width on every terminal.

    Those that join them, or give them a skin, take no column where they are drawn as one.
    """
    if text.isascii():
        return text
    return re.sub(
        "[\ufe0f\U0001f3fb-\U0001f3ff]|\u200d(?=[\u2190-\u3299\U0001f000-\U0001faff])", "", text
    )


def _lines(before: str, text: str, width: int, hang: str) -> Iterator[str]:
    line, is_blank = before, True
    for word in text.split():
        if not is_blank and columns(line) + 1 + columns(word) > width:
            yield line
            line, is_blank = hang, True
        line, start = line if is_blank else f"{line} ", 0
        while (end := _fitting(word, start, width - columns(line))) < len(word):
            yield line + word[start:end]
            line, start = hang, end
        line += word[start:]
        is_blank = False
    yield line


def _fitting(word: str, start: int, room: int) -> int:
    """Return the end of what fits of a word from `start` on, one character at least."""
    used = 0
    for place in range(start, len(word)):
        used += columns(word[place])
        if used > room and place > start:
            return place
    return len(word)
