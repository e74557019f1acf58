"""The way back to the CRM: what it does not know yet, and that it was told."""

from collections.abc import Iterator
from contextlib import contextmanager

from assignchat.store import changes
from assignchat.store.changes import ChatChange
from assignchat.store.database import Database


def list_changes(
    database: Database, *, limit: int | None = None, newest_first: bool = False
) -> Iterator[ChatChange]:
    """Yield the chats whose owner or status is not what the CRM said last, one at a time."""
    with database.read():
        yield from changes.to_tell(database, limit=limit, newest_first=newest_first)


@contextmanager
def telling(
    database: Database, *, limit: int | None = None, newest_first: bool = False
) -> Iterator[Iterator[ChatChange]]:
    """Yield what the CRM is to be told, and mark it as known once the block has delivered it.

    Nobody waits for the block. What is changed meanwhile is still to be told afterwards.
    """
    with database.write_temporary():
        changes.stage(database, limit=limit, newest_first=newest_first)
    yield changes.staged(database)
    with database.write():
        changes.mark_told(database)
