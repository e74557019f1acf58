"""What a seal, an export, a backup and a check ask, of an SQLite file."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assignchat.errors import DatabaseDamaged
from assignchat.model import TrackingRow
from assignchat.store.columns import OWN, TABLES
from assignchat.store.database import Database
from assignchat.store.inspection import SchemaDifference
from assignchat.store.sql import Params, one_of
from assignchat.store.sqlite.expressions import Expressions
from assignchat.store.strict import damage

if TYPE_CHECKING:
    from assignchat.store.sqlite.faults import Fault


_HIGHEST = 2**52  # far from it, and half of what a column holds

# Where SQLite keeps the last id that it gave, for tables that never give one again. The names
# stand last: SQLite makes a table of them before it compares the first one.
WRONG_SEQUENCES = f"""
    SELECT name, seq FROM sqlite_sequence
    WHERE (typeof(seq) <> 'integer' OR seq NOT BETWEEN 0 AND {_HIGHEST})
    AND name IN {one_of(TABLES)}
"""


class SqliteInspection(Expressions, Database):
    """A part of the engine."""

    connection: sqlite3.Connection
    _fault: "Fault | None" = None

    def tables(self) -> list[str]:
        return self.column(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            f" AND name IN {one_of(OWN)} ORDER BY name"
        )

    def columns(self, table: str) -> list[str]:
        sql = "SELECT name FROM pragma_table_info(:table) ORDER BY cid"
        return self.column(sql, {"table": table})

    def whole_columns(
        self, columns: Sequence[str], source: str, params: Params
    ) -> list[Sequence[Any]]:
        # SQLite makes one text of a column in less time than Python needs to fetch its values.
        arrays = ", ".join(f"json_group_array({name})" for name in columns)
        try:
            (texts,) = self.tuples(f"SELECT {arrays} {source}", params)
        except sqlite3.OperationalError:  # JSON cannot hold what was put there by hand
            rows = self.tuples(f"SELECT {', '.join(columns)} {source}", params)
            return list(zip(*rows, strict=True))
        return [json.loads(text) for text in texts]

    def integrity(self) -> list[str]:
        return [line for line in self.column("PRAGMA integrity_check") if line != "ok"]

    def orphans(self) -> list[str]:
        has_orphans = "SELECT EXISTS (SELECT 1 FROM pragma_foreign_key_check(:table))"
        return [table for table in sorted(TABLES) if self.value(has_orphans, {"table": table})]

    def highest_id(self, table: str) -> int:
        self.check_sequences()
        sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = :table"
        return int(self.value(sql, {"table": table}))

    def check_sequences(self) -> None:
        """Raise `DatabaseDamaged` if the ids that SQLite gives next would not be valid."""
        for name, last in self.tuples(WRONG_SEQUENCES):
            what = f"a number from 0 to {_HIGHEST}"
            error = damage(self.location, "sqlite_sequence", name, "seq", last, what)
            error.is_of_rows = False  # no other row fares better
            raise error

    def tracking_blocks(self, select: str, params: Params) -> Iterator[str | list[TrackingRow]]:
        from assignchat.store.sqlite.lines import blocks  # only for very many rows

        return blocks(self, select, params)

    def schema_differences(self) -> list[SchemaDifference]:
        from assignchat.store.sqlite.faults import differences  # only needed to check

        return differences(self.connection)

    def fault(self) -> DatabaseDamaged | None:
        return None if self._fault is None or self._fault.is_readable else self._fault.error

    def first_damage(self) -> DatabaseDamaged | None:
        from assignchat.store.damage import first_damage  # only needed when something is wrong

        return first_damage(self)

    def as_stored(
        self, table: str, columns: Sequence[str], which: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        self.connection.text_factory = lambda text: text.decode(errors="surrogateescape")
        try:
            yield from self.tuples(f"SELECT {', '.join(columns)} FROM {table} {which}")
        finally:
            self.connection.text_factory = str
