"""The tables of users and of their aliases."""

import json
from collections.abc import Iterator

from assignchat.model import Alias, Event, User
from assignchat.store import tracking
from assignchat.store.database import Database
from assignchat.store.sql import Params, insert_into
from assignchat.texts import folded

_STORED = tuple(name for name in User._fields if name != "aliases")
_COLUMNS = ", ".join(name if name != "aliases" else "{aliases}" for name in User._fields)
_CHANGES = ", ".join(f"{name} = :{name}" for name in _STORED if name != "id")


def _users(database: Database, sql: str, params: Params | None = None) -> Iterator[User]:
    aliases = database.json_list("alias", "FROM user_aliases WHERE user_id = users.id")
    columns = _COLUMNS.format(aliases=aliases)
    for user in database.rows(User, f"SELECT {columns} FROM users {sql}", params):
        names = json.loads(str(user.aliases))
        yield user._replace(active=bool(user.active), aliases=tuple(names))


def get(database: Database, user_id: str) -> User | None:
    """Find the user with this id. Returns None if there is none."""
    return next(_users(database, "WHERE id = :id", {"id": user_id}), None)


def of_alias(database: Database, alias: str) -> User | None:
    """Find the user who has this alias, in upper or lower case. Returns None if nobody has it."""
    whose = "WHERE id = (SELECT user_id FROM user_aliases WHERE folded = :folded)"
    return next(_users(database, whose, {"folded": folded(alias)}), None)


def every(database: Database) -> list[User]:
    """List all users, by id."""
    return list(_users(database, "ORDER BY id"))


def ids(database: Database) -> list[str]:
    """List the ids of all users."""
    return database.column("SELECT id FROM users ORDER BY id")


def similar(database: Database, word: str) -> dict[str, str]:
    """Return names, aliases and ids to compare with a mistyped word, each with its user's id.

    If there are more than 200, they are up to 200 of those that begin as the word does.
    """
    words = "SELECT 2 * (SELECT count(*) FROM users) + (SELECT count(*) FROM user_aliases)"
    are_few = database.value(words) <= _MOST_COMPARED
    beginning = "" if are_few else word[: max(1, len(word) // 2)]
    found = database.tuples(
        "SELECT word, user_id FROM (SELECT 1 AS kind, name AS word, id AS user_id FROM users"
        " UNION ALL SELECT 2, alias, user_id FROM user_aliases"
        " UNION ALL SELECT 3, id, id FROM users) AS words"
        " WHERE substr(lower(word), 1, length(:beginning)) = lower(:beginning)"
        " ORDER BY kind, word, user_id LIMIT :limit",
        {"beginning": beginning, "limit": _MOST_COMPARED},
    )
    return {str(word): str(user_id) for word, user_id in found}


_MOST_COMPARED = 200


def active(
    database: Database,
    *,
    role: str | None = None,
    away_too: bool = False,
    least_loaded_first: bool = False,
) -> list[User]:
    """List the active users who are present, or also `away_too`, and of one role if given.

    They come by name, or the least loaded first.
    """
    load = "(SELECT count(*) FROM chats WHERE owner_id = users.id AND status = 'open')"
    return list(
        _users(
            database,
            "WHERE active = 1 AND (:away_too = 1 OR away_until IS NULL OR away_until <= :now)"
            " AND (:role IS NULL OR role = :role)"
            f" ORDER BY {load + ',' if least_loaded_first else ''} name, id",
            {"role": role, "away_too": away_too, "now": database.now},
        )
    )


def add(database: Database, user: User) -> None:
    """Insert a user, without their aliases."""
    database.change(
        1,
        insert_into("users", (*_STORED, "created_at")),
        _stored(user) | {"created_at": database.now},
    )


def update(database: Database, user: User) -> None:
    """Store the user as they are now, without their aliases."""
    database.change(1, f"UPDATE users SET {_CHANGES} WHERE id = :id", _stored(user))


def change(
    database: Database,
    old: User,
    new: User,
    actor: str,
    *,
    request_id: int | None = None,
    reason: str | None = None,
) -> None:
    """Store the changed user, without aliases, and a tracking row with the changes.

    `request_id` is the request that caused the change.
    """
    update(database, new)
    changes = {
        key: [before, after]
        for key, before, after in zip(User._fields, old, new, strict=True)
        if before != after
    }
    detail = json.dumps({"id": new.id, **changes}, ensure_ascii=False)
    tracking.append(
        database,
        Event.USER_CHANGED,
        actor,
        request_id=request_id,
        reason=reason,
        detail=detail,
    )


def _stored(user: User) -> dict[str, object]:
    values = user._asdict()
    del values["aliases"]
    return values


def put_alias(database: Database, alias: Alias) -> None:
    """Store an alias of a user. A stored one keeps its origin unless a new origin is given."""
    database.execute(
        "INSERT INTO user_aliases (alias, user_id, source, heading, folded)"
        " VALUES (:alias, :user_id, :source, :heading, :folded)"
        " ON CONFLICT (folded) DO UPDATE SET alias = excluded.alias,"
        " source = coalesce(excluded.source, user_aliases.source),"
        " heading = coalesce(excluded.heading, user_aliases.heading)",
        alias._asdict() | {"folded": folded(alias.alias)},
    )


def aliases(database: Database) -> list[Alias]:
    """List every alias, in order."""
    columns = ", ".join(Alias._fields)
    return list(database.rows(Alias, f"SELECT {columns} FROM user_aliases ORDER BY user_id, alias"))


def owner_names(database: Database, source: str) -> dict[str, str]:
    """Return how a source named each owner last."""
    return dict(
        database.tuples(
            "SELECT user_id, name FROM owner_names WHERE source = :source", {"source": source}
        )
    )


def remove_alias(database: Database, alias: str) -> None:
    """Remove an alias."""
    database.execute("DELETE FROM user_aliases WHERE folded = :folded", {"folded": folded(alias)})


def open_chats(database: Database, user_id: str) -> int:
    """Count the open chats that the user owns."""
    return int(
        database.value(
            "SELECT count(*) FROM chats WHERE owner_id = :id AND status = 'open'", {"id": user_id}
        )
    )
