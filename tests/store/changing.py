"""A change as small as any, what changes have left, and how they end early."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from assignchat.errors import InvalidValue
from assignchat.model import Role, User
from assignchat.store import users
from assignchat.store.database import Database


def add(database: Database, user_id: str) -> None:
    """A change as small as any."""
    users.add(database, User(user_id, user_id.title(), Role.USER, True, None))


def names(database: Database) -> list[str]:
    """What the changes have left."""
    return database.column("SELECT id FROM users ORDER BY id")


REFUSED = InvalidValue("no")


@contextmanager
def ending_in(error: BaseException) -> Iterator[None]:
    """See to it that this error comes out of the block as it is."""
    with pytest.raises(type(error)) as found:
        yield
    assert found.value is error


class Stopped(BaseException):
    """What may come at any point, as Ctrl-C does."""
