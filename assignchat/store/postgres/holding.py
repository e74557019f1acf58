"""What the server tells others of a writer: the name of its connection, of 63 bytes at most."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assignchat.errors import DatabaseLocked
from assignchat.store.database import Database
from assignchat.store.postgres import LOCK

if TYPE_CHECKING:
    from assignchat.store.holder import Holder

_PROGRAM = "assignchat"
_LONGEST_HOST = 16


def name(command: str, actor: str, percent: int | None = None) -> str:
    """Return the name for the connection of a writer, which the server cuts off if it is long."""
    host = os.uname().nodename.partition(".")[0][:_LONGEST_HOST]
    return "/".join((_PROGRAM, host, str(os.getpid()), command, str(percent or ""), actor))


def holder(connection_name: str, login: str, since: str | None) -> "Holder":
    """Return the writer who has the lock, by the name of its connection, which may be any.

    This login may not be told the name, nor since when.
    """
    from assignchat.store.holder import Holder  # only for who waits

    try:
        program, host, process, command, percent, actor = connection_name.split("/", 5)
        done = int(percent) if percent else None
        if program == _PROGRAM:
            return Holder(command, actor, int(process), login, since, done, host)
    except ValueError:
        pass
    return Holder(os_user=login, since=since)


@contextmanager
def alone(database: Database) -> Iterator[bool]:
    """Have a second lock during the block. Yields whether it was given in time."""
    try:
        database.value(f"SELECT pg_advisory_lock({LOCK + 1})")
    except DatabaseLocked:
        yield False
        return
    try:
        yield True
    finally:
        database.value(f"SELECT pg_advisory_unlock({LOCK + 1})")
