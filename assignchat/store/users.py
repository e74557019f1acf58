"""The table of users."""

from collections.abc import Iterator

from assignchat.model import User
from assignchat.store.database import Database
from assignchat.store.sql import Params

_COLUMNS = "id, name, role, active, away_until"


def _users(database: Database, sql: str, params: Params | None = None) -> Iterator[User]:
    for user in database.rows(User, f"SELECT {_COLUMNS} FROM users {sql}", params):
        yield user._replace(active=bool(user.active))


def get(database: Database, user_id: str) -> User | None:
    """The user with this id, or None."""
    return next(_users(database, "WHERE id = :id", {"id": user_id}), None)


def every(database: Database) -> list[User]:
    """All users, by id."""
    return list(_users(database, "ORDER BY id"))


def active(
    database: Database,
    *,
    role: str | None = None,
    away_too: bool = False,
    least_loaded_first: bool = False,
) -> list[User]:
    """The active users who are present, or `away_too`; of one role if given.

    They come by name, or the least loaded first.
    """
    load = "(SELECT count(*) FROM chats WHERE owner_id = users.id AND status = 'open')"
    return list(
        _users(
            database,
            "WHERE active = 1 AND (:away_too OR away_until IS NULL OR away_until <= :now)"
            " AND (:role IS NULL OR role = :role)"
            f" ORDER BY {load + ',' if least_loaded_first else ''} name, id",
            {"role": role, "away_too": away_too, "now": database.now},
        )
    )


def add(database: Database, user: User) -> None:
    """Insert a user."""
    database.execute(
        "INSERT INTO users (id, name, role, active, created_at, away_until)"
        " VALUES (:id, :name, :role, :active, :now, :away_until)",
        user._asdict() | {"now": database.now},
    )


def update(database: Database, user: User) -> None:
    """Store the user as it is now."""
    database.execute(
        "UPDATE users SET name = :name, role = :role, active = :active, away_until = :away_until"
        " WHERE id = :id",
        user._asdict(),
    )


def open_chats(database: Database, user_id: str) -> int:
    """How many open chats the user owns."""
    return int(
        database.value(
            "SELECT count(*) FROM chats WHERE owner_id = :id AND status = 'open'", {"id": user_id}
        )
    )
