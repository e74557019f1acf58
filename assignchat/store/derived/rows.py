"""The rows of a table beside what tracking tells of them."""

from collections.abc import Iterator, Mapping

from assignchat.namedtuples import NamedTuple
from assignchat.store.database import Database


class Difference(NamedTuple):
    """A column of a row that is not as tracking tells, with the id of the row."""

    table: str
    key: object
    column: str


class Derived(NamedTuple):
    """The rows of a table beside what tells of them, and when each column differs."""

    table: str
    key: str
    source: str
    differs: Mapping[str, str]

    def sql(self, number: int) -> str:
        """Write the SQL of a number, each row's id, and a power of two for each difference."""
        marks = " + ".join(
            f"CASE WHEN {differs} THEN {2**place} ELSE 0 END"
            for place, differs in enumerate(self.differs.values())
        )
        return (
            f"SELECT number, row_key, marks FROM (SELECT {number} AS number,"
            f" CAST({self.key} AS TEXT) AS row_key, {marks} AS marks FROM {self.source})"
            " AS compared WHERE marks > 0"
        )

    def differences(self, key: object, marks: int) -> Iterator[Difference]:
        """Yield the differences of a row that this selected."""
        for place, column in enumerate(self.differs):
            if marks & 2**place:
                yield Difference(self.table, key, column)


def told(database: Database, row: str, path: str) -> str:
    """Write the SQL of a value in the detail of a tracking row, or of NULL."""
    # What was changed by hand need not be JSON.
    return database.json_at(database.json_if_valid(f"{row}.detail"), path)


def tells(database: Database, row: str, key: str) -> str:
    """Write the SQL of the condition that the detail of a tracking row has a key."""
    return database.json_has(database.json_if_valid(f"{row}.detail"), key)
