"""Every table and view as it stands, for export."""

from collections.abc import Iterator
from typing import Any

from assignchat.store.database import Database


def names(database: Database) -> list[str]:
    """The project's own tables and views, by name."""
    return database.column(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_%' ESCAPE '\\'"
        " ORDER BY name"
    )


def columns(database: Database, name: str) -> list[str]:
    """The columns of one of `names`, in order."""
    return database.column("SELECT name FROM pragma_table_info(:name) ORDER BY cid", {"name": name})


def rows(database: Database, name: str) -> Iterator[tuple[Any, ...]]:
    """The rows of one of `names`, one at a time, the oldest first where they are numbered."""
    first = columns(database, name)[0]
    return database.tuples(f'SELECT * FROM "{name}" ORDER BY "{first}"')
