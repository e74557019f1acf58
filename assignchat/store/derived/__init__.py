"""The columns of tables that tracking tells: each derived from it, and compared.

A tracking row that an older version has appended tells less. What it lacks is not compared.
"""

from collections.abc import Iterator

from assignchat.store.database import Database
from assignchat.store.derived import batches, chats, imports, notices, requests, users
from assignchat.store.derived.rows import Derived, Difference
from assignchat.store.sql import with_named


def differences(database: Database) -> Iterator[Difference]:
    """Yield each column of each row that is not as tracking tells, table by table."""
    every = derivations(database)
    arms = " UNION ALL ".join(derived.sql(place) for place, derived in enumerate(every))
    found = database.tuples(
        f"{_named_subqueries(database)} SELECT number, row_key, marks FROM ({arms}) AS differing"
        " ORDER BY number, length(row_key), row_key, marks",
        many=True,
    )
    doubted: set[object] = set()
    for number, key, marks in found:
        for difference in every[number].differences(key, marks):
            if difference.table == "requests" and difference.column in notices.JUDGED_BY:
                doubted.add(key)
            if difference.table != "notifications" or not notices.is_about(database, key, doubted):
                yield difference
    yield from users.wrongly_folded(database)
    yield from imports.differences(database)


def derivations(database: Database) -> list[Derived]:
    """List what is derived and compared."""
    return [
        users.derived(database),
        chats.owners(),
        chats.derived(database),
        requests.derived(database),
        batches.derived(),
        batches.recipients(),
        notices.of_requests(),
        notices.of_batches(),
    ]


def _named_subqueries(database: Database) -> str:
    subqueries = {
        "of_users": users.rows(database),
        "newest": users.newest_rows(database),
        "roles": users.values(database, "role"),
        "names": users.values(database, "name"),
        **batches.SUBQUERIES,
    }
    return with_named(subqueries)
