"""What an export and a check ask of the server's catalogue."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from assignchat.errors import DatabaseDamaged, InvalidValue
from assignchat.model import TrackingRow
from assignchat.shell import quoted
from assignchat.store.columns import KEYS
from assignchat.store.database import Database
from assignchat.store.inspection import SchemaDifference
from assignchat.store.postgres import errors, statements
from assignchat.store.postgres.driver import Connection
from assignchat.store.postgres.expressions import Expressions
from assignchat.store.sql import Params

_ROWS_AT_ONCE = 512


class PostgresInspection(Expressions, Database):
    """A part of the engine."""

    _url: str
    connection: Connection

    def check_in_place(self) -> None:
        if self.value("SELECT to_regclass('assignchat._version')") is None:
            raise errors.missing(self.location)

    @property
    def own_files(self) -> Sequence[Path]:
        return ()

    def copy(self, path: Path, *, replace: bool = False) -> None:  # noqa: ARG002
        raise InvalidValue(
            f"A backup of {self.location} is made by the server's own tools",
            # By policies of ours a member reads every row, which pg_dump does not know.
            hint="pg_dump --format=custom --schema=assignchat --enable-row-security"
            f" --file={quoted(path)} {quoted(self.location)}",
        )

    # What an export and a check ask.

    @property
    def only_reads(self) -> bool:
        told = self.connection.info.parameter_status
        return "on" in (told("in_hot_standby"), told("default_transaction_read_only"))

    def tables(self) -> list[str]:
        return self.column(statements.TABLES)

    def columns(self, table: str) -> list[str]:
        return self.column(statements.COLUMNS, {"table": table})

    def table(self, name: str) -> Iterator[tuple[Any, ...]]:
        if name == "engagement_records":
            return self.tuples(statements.RECORDS, many=True)
        return super().table(name)

    def integrity(self) -> list[str]:
        return []  # pg_amcheck looks at the server's files

    def orphans(self) -> list[str]:
        return ["engagement_tracking"] if self.value(f"SELECT {statements.HAS_ORPHANS}") else []

    def highest_id(self, table: str) -> int:
        # A sequence can be set by hand; the newest seal cannot be removed.
        sealed = self.value("SELECT max(last_id) FROM seals") or 0
        found = self.value(f"SELECT max(id) FROM {table}") or 0
        return max(sealed, found) if table == "engagement_tracking" else int(found)

    def tracking_blocks(self, select: str, params: Params) -> Iterator[list[TrackingRow]]:
        rows = self.rows(TrackingRow, f"{select} ORDER BY id", params, many=True)
        while block := list(islice(rows, _ROWS_AT_ONCE)):
            yield block

    def schema_differences(self) -> list[SchemaDifference]:
        from assignchat.store.postgres import roles, schema

        policies = roles.POLICIES if self.value(roles.ARE_MADE) else ""
        found = list(self.tuples(schema.OBJECTS, {"space": "assignchat"}))
        # Everything is made anew as temporary objects of another connection, and compared.
        with self.open(self._url, os_user=self.os_user) as other:
            other.execute("BEGIN; SET LOCAL search_path = pg_temp")
            other.execute(schema.definitions("pg_temp") + policies)
            space = other.value("SELECT CAST(CAST(pg_my_temp_schema() AS regnamespace) AS text)")
            expected = list(other.tuples(schema.OBJECTS, {"space": space}))
        return schema.differences(expected, found)

    def fault(self) -> DatabaseDamaged | None:
        return None  # the server looks at its files

    def first_damage(self) -> DatabaseDamaged | None:
        from assignchat.store.damage import first_damage  # only needed when something is wrong

        return first_damage(self)

    def as_stored(
        self, table: str, columns: Sequence[str], which: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        select = f"SELECT {', '.join(columns)} FROM {table} {which} ORDER BY {KEYS.get(table, '1')}"
        return self.tuples(select, many=True)
