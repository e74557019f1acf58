"""What is wrong with the tables of a database, as a whole: found when it is opened.

Tables that are not as the migrations make them are not used at all. A trigger or an index of
somebody else acts when a row is written, so nothing is written. Only a check may look.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from assignchat.errors import DatabaseDamaged
from assignchat.namedtuples import NamedTuple
from assignchat.store.columns import OWN
from assignchat.store.database import Kind
from assignchat.store.inspection import SchemaDifference
from assignchat.store.sqlite.opening import MIGRATIONS, own_objects


class Fault(NamedTuple):
    """Why a database cannot be used, and whether it can still be read."""

    error: DatabaseDamaged
    is_readable: bool

    def check(self, kind: Kind, *, checking: bool) -> None:
        """Raise the error unless a transaction of this kind may begin."""
        may_read = self.is_readable or checking
        if kind == "write" or (kind == "read" and not may_read):
            raise self.error


def find(connection: sqlite3.Connection, path: Path, mode: str) -> Fault | None:
    """Find the gravest fault of a database, which is in this journal mode. Returns None for none.

    That takes longer than a whole command may take, and is asked if a checksum differs.
    """
    from assignchat.store.sqlite.schema import expected_objects

    objects = connection.execute(own_objects()).fetchall()
    found = {name: sql for what, name, _, sql in objects if what in ("table", "view")}
    unreadable = (*_journal(mode), *_tables(connection, found, expected_objects()))
    for wrong, hint in unreadable:
        return Fault(_error(path, wrong, hint), is_readable=False)
    added = find_added(connection, path)
    return None if added is None else Fault(added, is_readable=True)


def find_added(connection: sqlite3.Connection, path: Path) -> DatabaseDamaged | None:
    """Find something of somebody else that acts when we write, also in an older database.

    Returns the error that names it, or None.
    """
    from assignchat.store.sqlite.schema import expected_objects

    expected = expected_objects()
    for what, name, table, sql in connection.execute(own_objects()).fetchall():
        is_ours = what in ("table", "view") and name in (*OWN, MIGRATIONS)
        if is_ours or expected.get(name) == sql:
            continue
        if table == MIGRATIONS and what == "index":  # sqlite_utils names it in its own way
            continue
        acts = (
            "refers to one of its tables" if what == "table" else "acts whenever a row is written"
        )
        wrong = f"the {what} {name} is not assignchat's, and {acts}"
        quoted = name.replace('"', '""')
        drop = f'DROP {what.upper()} "{quoted}"'
        return _error(path, wrong, f"Nothing was changed. Remove it with an SQL tool: {drop}")
    return None


_Wrong = tuple[str, str]
"""What is wrong, and what to do."""

_RESTORE = "Restore the last backup. assignchat check tells more."


def _error(path: Path, wrong: str, hint: str) -> DatabaseDamaged:
    error = DatabaseDamaged(f"The database {path} is damaged: {wrong}", hint)
    error.is_of_rows = False
    return error


def _journal(mode: str) -> Iterator[_Wrong]:
    if mode != "wal":
        yield (
            f"its journal mode is {mode}, in which readers and writers keep each other waiting",
            "Stop all that uses it, and set it back with an SQL tool: PRAGMA journal_mode = WAL",
        )


def _tables(
    connection: sqlite3.Connection, found: dict[str, str], expected: dict[str, str]
) -> Iterator[_Wrong]:
    if "_sqlite_migrations" not in found:
        yield "the table _sqlite_migrations is missing, which says how old its tables are", _RESTORE
    for what in ("table", "view"):
        for name, sql in expected.items():
            if not sql.startswith(f"CREATE {what.upper()}"):
                continue
            if name not in found:
                yield f"the {what} {name} is missing", _RESTORE
            elif found[name] != sql:
                yield _difference(connection, what, name, expected_columns(name))


def _difference(
    connection: sqlite3.Connection, what: str, name: str, expected: Sequence[str]
) -> _Wrong:
    """Say in what a table or view differs from the one that was made."""
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", (name,))
    columns = [column for (column,) in rows]
    missing = [column for column in expected if column not in columns]
    added = [column for column in columns if column not in expected]
    if missing:
        return f"the {what} {name} lacks the column {missing[0]}", _RESTORE
    if added:
        drop = f"ALTER TABLE {name} DROP COLUMN {added[0]}"
        return (
            f"the {what} {name} has the column {added[0]}, which is not assignchat's",
            f"Remove it with an SQL tool: {drop}. Keep such data in a table of its own.",
        )
    return f"the {what} {name} is declared otherwise than assignchat declares it", _RESTORE


def expected_columns(name: str) -> list[str]:
    """Return the columns of a table or view of a database that was just made."""
    from assignchat.store.sqlite.schema import migrate

    with closing(sqlite3.connect(":memory:")) as connection:
        migrate(connection)
        return [c for (c,) in connection.execute("SELECT name FROM pragma_table_info(?)", (name,))]


# All but what SQLite makes by itself, with the table of each. A trigger may be called like a table.
_PARTS = (
    "SELECT type || ' ' || name, sql, tbl_name FROM sqlite_master WHERE sql <> '' AND"
    " type || ' ' || name"
    " NOT IN ('table sqlite_sequence', 'table sqlite_stat1', 'table sqlite_stat4') ORDER BY 1"
)
_GUARDS = ("CREATE TRIGGER", "CREATE UNIQUE INDEX")


def differences(connection: sqlite3.Connection) -> list[SchemaDifference]:
    """Compare the schema with that of a new database. Returns the differences."""
    from assignchat.store.sqlite.schema import migrate

    with closing(sqlite3.connect(":memory:")) as other:
        migrate(other)
        ours = _parts(other)
    found = _parts(connection)
    acting = {f"{what} {name}" for what, name, *_ in connection.execute(own_objects())}
    return [
        SchemaDifference(
            name,
            is_guard=sql.startswith(_GUARDS) if name in ours else name in acting,
            is_added=name not in ours,
        )
        for name, (sql, _) in {**found, **ours}.items()
        # sqlite_utils keeps its list of migrations there, in its own way.
        if found.get(name) != ours.get(name) and name not in _OF_MIGRATIONS
    ]


def _parts(connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    return {name: (sql, table) for name, sql, table in connection.execute(_PARTS)}


_OF_MIGRATIONS = ["table _sqlite_migrations", "index idx__sqlite_migrations_migration_set_name"]
