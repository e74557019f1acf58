"""The part of the protocol of an engine that tells an export and a check what is there."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from assignchat.errors import DatabaseDamaged
from assignchat.model import TrackingRow
from assignchat.namedtuples import NamedTuple
from assignchat.store.sql import Params


class SchemaDifference(NamedTuple):
    """A part of the schema that is missing or changed, or that was added and is not ours.

    A guard enforces a rule, or acts on what is written, as a foreign trigger on our tables does.
    A policy binds members of a server.
    """

    name: str
    is_guard: bool
    is_added: bool
    is_policy: bool = False


class Inspection(Protocol):
    """What an export and a check ask."""

    @property
    def only_reads(self) -> bool:
        """Return whether this is a standby, in which nothing can be made to compare with."""
        return False

    def tables(self) -> list[str]:
        """Return the names of the project's own tables and views, in order."""

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table or view, in order."""

    def integrity(self) -> list[str]:
        """List the faults that the engine finds in its file and its indexes."""

    def orphans(self) -> list[str]:
        """List the tables with rows that refer to missing rows."""

    def highest_id(self, table: str) -> int:
        """Return the highest id that a table has given, also to a row that is gone, or 0."""

    def tracking_blocks(self, select: str, params: Params) -> Iterator[str | list[TrackingRow]]:
        """Yield the tracking rows of a SELECT in the order of their ids, some hundred at a time.

        A block is a text of JSON lines where the engine makes them itself, and else a list.
        """

    def schema_differences(self) -> list[SchemaDifference]:
        """List the parts of the schema that are missing, changed or added."""

    def fault(self) -> DatabaseDamaged | None:
        """Return why no table can be used, as one is not as it was made, or None."""

    def first_damage(self) -> DatabaseDamaged | None:
        """Find the first spoilt value in any table: see `damage`."""

    def as_stored(
        self, table: str, columns: Sequence[str], which: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table, also texts that are not UTF-8: they have surrogates.

        `which` is a WHERE clause.
        """
