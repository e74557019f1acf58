"""Users: each column has the value that the last row about it tells."""

from collections.abc import Iterator

from assignchat.model import Event
from assignchat.store.database import Database
from assignchat.store.derived.rows import Derived, Difference, tells, told
from assignchat.store.sql import one_of
from assignchat.texts import folded

_COLUMNS = ("name", "role", "active", "away_until", "capacity", "aliases")


def rows(database: Database) -> str:
    """Write the SQL of the tracking rows about users, each with the id of its user: `of_users`."""
    events = one_of((Event.USER_ADDED, Event.USER_CHANGED, Event.USER_DEACTIVATED))
    return (
        "SELECT t.id, t.event, t.at, t.detail,"
        # Only a text is looked up by an index that is made for a join of texts.
        f" CAST({told(database, 't', 'id')} AS TEXT) AS user_id"
        f" FROM engagement_tracking t WHERE t.event IN {events}"
    )


def _is_about(database: Database, column: str) -> str:
    deactivated = " OR t.event = 'user_deactivated'" if column == "active" else ""
    return f"(t.event = 'user_added' OR {tells(database, 't', column)}{deactivated})"


def newest_rows(database: Database) -> str:
    """Write the SQL of the last row about each column of each user, and when they were added."""
    newest = ", ".join(
        f"max(CASE WHEN {_is_about(database, column)} THEN t.id END) AS {column}_row"
        for column in _COLUMNS
    )
    return (
        f"SELECT t.user_id, min(t.at) AS added_at, {newest} FROM of_users t"
        " WHERE t.user_id IS NOT NULL GROUP BY t.user_id"
    )


def _value(database: Database, row: str, column: str) -> str:
    return (
        f"CASE {row}.event WHEN 'user_added' THEN {told(database, row, column)}"
        f" WHEN 'user_changed' THEN {told(database, row, f'{column}[1]')} END"
    )


def derived(database: Database) -> Derived:
    """Return the users, each beside the last row about each of its columns."""
    told_of = {c: _value(database, f"{c}_told", c) for c in _COLUMNS}
    texts = {c: f"CAST({told_of[c]} AS TEXT)" for c in _COLUMNS}
    aliases = database.json_list("alias", "FROM user_aliases a WHERE a.user_id = u.id")
    joins = "".join(
        f" LEFT JOIN engagement_tracking {column}_told ON {column}_told.id = newest.{column}_row"
        for column in _COLUMNS
    )
    return Derived(
        "users",
        "known.id",
        "(SELECT id FROM users UNION SELECT user_id FROM newest) AS known"
        " LEFT JOIN users u ON u.id = known.id"
        f" LEFT JOIN newest ON newest.user_id = known.id{joins}",
        {
            "id": "u.id IS NULL OR newest.user_id IS NULL",
            "name": f"u.name IS DISTINCT FROM {told_of['name']}",
            "role": f"u.role IS DISTINCT FROM {told_of['role']}",
            "active": "CASE WHEN u.active = 1 THEN 1 ELSE 0 END IS DISTINCT FROM"
            f" CASE WHEN {texts['active']} IN ('1', 'true') THEN 1 ELSE 0 END",
            "away_until": f"u.away_until IS DISTINCT FROM {told_of['away_until']}",
            "capacity": f"CAST(u.capacity AS TEXT) IS DISTINCT FROM {texts['capacity']}",
            "created_at": "u.created_at IS DISTINCT FROM newest.added_at",
            "aliases": f"{database.json_spelled(aliases)} IS DISTINCT FROM"
            f" coalesce({told_of['aliases']}, '[]')",
        },
    )


def values(database: Database, column: str) -> str:
    """Write the SQL of the values of a column of users, each from one tracking row to another."""
    return (
        f"SELECT t.user_id, {_value(database, 't', column)} AS {column}, t.id AS since,"
        " lead(t.id) OVER (PARTITION BY t.user_id ORDER BY t.id) AS until FROM of_users t"
        f" WHERE {_is_about(database, column)}"
    )


def value_at(values: str, row: str, user: str, *, alias: str = "") -> str:
    """Write the SQL that joins the value that a user had when a tracking row was appended.

    `values` is the name of the subquery of `values`.
    """
    name = alias or values
    return (
        f" LEFT JOIN {values} {alias} ON {name}.user_id = {user} AND {name}.since < {row}"
        f" AND ({name}.until IS NULL OR {name}.until > {row})"
    )


def wrongly_folded(database: Database) -> Iterator[Difference]:
    """Yield the aliases that are not stored in the form in which they are compared."""
    stored = database.tuples(
        "SELECT alias, user_id, folded FROM user_aliases ORDER BY user_id, alias", many=True
    )
    for alias, user_id, form in stored:
        if not isinstance(alias, str) or folded(alias) != form:
            yield Difference("user_aliases", user_id, "folded")
