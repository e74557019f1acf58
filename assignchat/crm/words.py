"""Translating the words of a CRM: Active means open, and a blank owner the team's queue."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from assignchat.crm.columns import SEVERAL, NumberedRow
from assignchat.crm.sources import Source
from assignchat.crm.tables import is_blank
from assignchat.errors import InvalidValue


def translated(rows: Iterable[NumberedRow], source: Source) -> Iterator[NumberedRow]:
    """Yield the rows with the meaning of each word, and of blank cells.

    A word without a meaning stays as it is.
    """
    meanings = {column: _Meanings(words) for column, words in source.values.items()}
    if not meanings and not source.defaults:
        yield from rows
        return
    for line, row in rows:
        if not isinstance(row, InvalidValue):
            for column, words in meanings.items():
                row[column] = words.of(row.get(column))
            for column, default in source.defaults.items():
                if column not in SEVERAL and is_blank(row.get(column)):
                    row[column] = default
        yield line, row


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
