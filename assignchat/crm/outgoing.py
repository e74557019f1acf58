"""Rows for the CRM in its own words: its headings, its statuses, its names of owners."""

from collections.abc import Mapping

from assignchat.crm.sources import Source
from assignchat.crm.words import folded_word
from assignchat.namedtuples import NamedTuple


class Told(NamedTuple):
    """The part of a chat that the CRM is told. `owner_changes` if it has another owner there."""

    id: str
    customer: str
    owner_id: str
    status: str
    owner_changes: bool = True
    status_changes: bool = True


class Outgoing:
    """The words of one source. `owners` are its names for users, by their ids."""

    def __init__(self, source: Source, owners: Mapping[str, str]) -> None:
        self.source = source
        self._owners = owners
        self._names = {folded_word(name): user_id for user_id, name in owners.items()}
        columns = ("id", "customer", "owner_id", "status")
        self._columns = [
            column for column in columns if column in source.columns or column in ("id", "owner_id")
        ]
        self.headings = [source.columns.get(column, [column])[0] for column in self._columns]

    @property
    def has_statuses(self) -> bool:
        """Whether rows have a column for the status."""
        return "status" in self._columns

    def row(self, told: Told) -> list[str]:
        """Return one chat as a row under `headings`."""
        values = {
            "id": told.id,
            "customer": told.customer,
            "owner_id": self.owner(told.owner_id),
            "status": self.status(told.status),
        }
        return [values[column] for column in self._columns]

    def owner(self, user_id: str) -> str:
        """Find the CRM's name for a user: a word of the source, else one of `owners`."""
        name = self._owners.get(user_id, user_id)
        return self._word("owner_id", {user_id, name}, name)

    def status(self, status: str) -> str:
        """Find the CRM's word for a status: the first of its words that means it."""
        return self._word("status", {status}, status)

    def _word(self, column: str, meanings: set[str], otherwise: str) -> str:
        meant = set(map(folded_word, meanings))
        for word, meaning in self.source.values.get(column, {}).items():
            if folded_word(meaning) in meant:
                return word
        default = self.source.defaults.get(column)
        is_blank = default is not None and folded_word(default) in meant
        return "" if is_blank else otherwise
