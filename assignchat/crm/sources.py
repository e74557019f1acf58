"""A CRM as `import` knows it: its headings, its words and its times."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from assignchat.namedtuples import NamedTuple

USER_COLUMNS = ("id", "name", "role", "active", "alias", "capacity")
CHAT_COLUMNS = ("id", "customer", "owner_id", "status", "opened_at", "closed_at")
COLUMNS = {"users": USER_COLUMNS, "chats": CHAT_COLUMNS}

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Source(NamedTuple):
    """How to read the files of one CRM. Values that are not given are found in the file.

    `columns` names the headings of a column, in the order in which they are tried; `values` the
    meaning of a column's words; `defaults` the meaning of a blank cell. `owners` is the heading
    in the file of users under which owners are named in the CRM.
    """

    columns: Mapping[str, Sequence[str]] = MappingProxyType({})
    values: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    defaults: Mapping[str, str] = _NOTHING
    time_zone: str | None = None
    time_format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    rows: str | None = None
    has_headings: bool = True
    owners: str | None = None

    def with_given(self, given: "Source") -> "Source":
        """Replace values of a source by given ones. Returns the source."""
        values = {
            column: _with_words(self.values.get(column, {}), given.values.get(column, {}))
            for column in (*self.values, *given.values)
        }
        others = {
            field: value
            for field, value in given._asdict().items()
            if field not in ("columns", "values", "defaults", "has_headings") and value is not None
        }
        return self._replace(
            columns={**self.columns, **given.columns},
            values=values,
            defaults={**self.defaults, **given.defaults},
            has_headings=self.has_headings and given.has_headings,
            **others,
        )


def _with_words(words: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the words with those that are given, in the spelling that they have already."""
    spelt = {word.casefold(): word for word in words}
    return {**words, **{spelt.get(word.casefold(), word): of for word, of in given.items()}}
