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
    meanings = {
        column: {folded_word(word): meaning for word, meaning in words.items()}
        for column, words in source.values.items()
    }
    if not meanings and not source.defaults:
        yield from rows
        return
    for line, row in rows:
        if not isinstance(row, InvalidValue):
            for column, words in meanings.items():
                row[column] = _meaning(row.get(column), words)
            for column, default in source.defaults.items():
                if column not in SEVERAL and is_blank(row.get(column)):
                    row[column] = default
        yield line, row


def folded_word(word: Any) -> str:
    """Return a word in the form in which it is compared: without case and outer white space."""
    if isinstance(word, bool):
        return "true" if word else "false"
    return str(word).strip().casefold()


def _meaning(value: Any, words: Mapping[str, str]) -> Any:
    if value is None or isinstance(value, (dict, list)):
        return value
    return words.get(folded_word(value), value)
