"""Every row of a table, for export."""

from collections.abc import Iterator
from typing import Any

from assignchat.store.database import Database


def rows(database: Database, name: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table or view, the oldest first where they are numbered."""
    first = database.columns(name)[0]
    return database.tuples(f'SELECT * FROM "{name}" ORDER BY "{first}"')
