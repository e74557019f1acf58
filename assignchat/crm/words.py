"""Translating the words of a CRM: Active means open, and a blank owner the team's queue."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from assignchat.crm.columns import SEVERAL
from assignchat.crm.parts import Rows
from assignchat.crm.sources import Source
from assignchat.crm.tables import is_blank


def translated(parts: Iterable[Rows], source: Source) -> Iterator[Rows]:
    """Yield the rows with the meaning of each word, and of blank cells.

    A word without a meaning stays as it is.
    """
    meanings = {column: _Meanings(words) for column, words in source.values.items()}
    defaults = {name: of for name, of in source.defaults.items() if name not in SEVERAL}
    if not meanings and not defaults:
        yield from parts
        return
    for part in parts:
        if part.error is not None:  # it has no cells, not even blank ones
            yield part
            continue
        columns = dict(part.columns)
        for column, words in meanings.items():
            columns[column] = list(map(words.of, _values(part, column)))
        for column, default in defaults.items():
            values = columns.get(column) or _values(part, column)
            columns[column] = [default if is_blank(value) else value for value in values]
        yield part._replace(columns=columns)


def _values(part: Rows, column: str) -> Sequence[Any]:
    return part.columns.get(column) or [None] * len(part.lines)


def folded_word(word: Any) -> str:
    """Return a word in the form in which it is compared: without case and outer white space."""
    if isinstance(word, bool):
        return "true" if word else "false"
    return str(word).strip().casefold()


class _Meanings:
    """The meanings of the words of a column. What was looked up is kept, because words repeat."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = {folded_word(word): meaning for word, meaning in words.items()}
        self._known = dict[str, str]()

    def of(self, value: Any) -> Any:
        """Return the meaning of a cell, or the cell itself if it is none of the words."""
        if type(value) is not str:
            is_word = value is not None and not isinstance(value, (dict, list))
            return self._words.get(folded_word(value), value) if is_word else value
        meaning = self._known.get(value)
        if meaning is None:
            meaning = self._words.get(folded_word(value), value)
            if len(self._known) < _KEPT and len(value) < _LONGEST_KEPT:
                self._known[value] = meaning
        return meaning


_KEPT = 1000
_LONGEST_KEPT = 100
