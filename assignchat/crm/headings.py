"""Comparing headings without case, and with every kind of white space as one space."""

from collections.abc import Iterable, Sequence

from assignchat.crm.tables import is_blank
from assignchat.errors import InvalidValue

Way = tuple[int, ...]
"""Where a value stands in a row: in one place, or in several that are joined by a space."""

_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad"))


def folded(heading: object) -> str:
    """Return a heading in the form in which it is compared."""
    return " ".join(str(heading).translate(_INVISIBLE).split()).casefold()


class Headings:
    """The heading of a table, in which the places of columns are found."""

    def __init__(self, record: Iterable[object]) -> None:
        self._exact = dict[str, list[int]]()
        self._folded = dict[str, list[int]]()
        for place, heading in enumerate(record):
            if not is_blank(heading):
                self._exact.setdefault(str(heading).strip(), []).append(place)
                self._folded.setdefault(folded(heading), []).append(place)

    def has(self, text: str) -> bool:
        """Return whether there is such a heading, see `way`."""
        return bool(self._called(text)) or self._described(text) is not None

    def way(self, text: str) -> Way | None:
        """Find the place of the values under a heading. Returns None if there is no such heading.

        `Name#2` is the second heading Name, `First+Last` is two joined, unless a heading has that
        very text. Raises `InvalidValue` if several headings could be meant.
        """
        places = self._called(text)
        if len(places) > 1:
            raise InvalidValue(
                f"{len(places)} columns are called {text!r}",
                hint=f"Say which one is meant, for example: --column 'NAME={text}#2'",
            )
        return tuple(places) or self._described(text)

    def _described(self, text: str) -> Way | None:
        name, separator, number = text.rpartition("#")
        if separator and number.isdecimal() and 0 < int(number) <= len(self._called(name)):
            return (self._called(name)[int(number) - 1],)
        parts = [self._called(part) for part in text.split("+")]
        if len(parts) > 1 and all(len(places) == 1 for places in parts):
            return tuple(places[0] for places in parts)
        return None

    def _called(self, text: str) -> Sequence[int]:
        """Find the places of headings with exactly this text, else with the same folded text."""
        return self._exact.get(text.strip()) or self._folded.get(folded(text)) or ()


def different(record: Iterable[object]) -> list[str]:
    """Return the headings of a record as names that all differ: the second Name is `Name#2`."""
    counts = dict[str, int]()
    names = []
    for heading in record:
        name = str(heading)
        counts[name] = counts.get(name, 0) + 1
        names.append(name if counts[name] == 1 else f"{name}#{counts[name]}")
    return names
