"""Bringing a CRM's chats in: rows are staged, judged as a whole, then merged, in SQL."""

from collections.abc import Iterable
from typing import NamedTuple

from assignchat.model import folded
from assignchat.store import seals
from assignchat.store.database import Database
from assignchat.store.sql import Params, Which

_OWNER_CHANGES = "c.owner_id <> coalesce(i.owner_id, c.owner_id)"
_STATUS_CHANGES = "c.status <> coalesce(i.status, c.status)"
_CHANGES = (
    f"({_OWNER_CHANGES} OR {_STATUS_CHANGES}"
    " OR c.customer <> coalesce(i.customer, c.customer)"
    " OR c.opened_at <> coalesce(i.opened_at, c.opened_at))"
)


class ImportedChat(NamedTuple):
    """One row of the file; what it leaves out is null."""

    line: int
    id: str
    customer: str | None
    owner_id: str | None
    status: str | None
    opened_at: str | None


class Merged(NamedTuple):
    """How many chats an import made, changed, and found as they were."""

    created: int
    updated: int
    unchanged: int


class OwnerChange(NamedTuple):
    """A chat that an import gives to somebody else."""

    chat_id: str
    from_user: str
    to_user: str


def stage(database: Database, rows: Iterable[ImportedChat]) -> None:
    """Put the rows of a file beside the chats."""
    database.execute("DROP TABLE IF EXISTS temp.incoming")
    database.execute(
        "CREATE TEMP TABLE incoming (place INTEGER PRIMARY KEY, line INTEGER, id TEXT,"
        " customer TEXT, owner_id TEXT, status TEXT, opened_at TEXT, new INTEGER)"
    )
    database.execute_many(
        "INSERT INTO temp.incoming (line, id, customer, owner_id, status, opened_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )
    database.execute("CREATE INDEX temp.incoming_by_id ON incoming (id)")


def resolve_owners(database: Database) -> None:
    """Name the staged rows' owners by their ids where they are named by an alias."""
    if not database.value("SELECT EXISTS (SELECT 1 FROM user_aliases)"):
        return
    database.execute(
        "CREATE TEMP TABLE IF NOT EXISTS named (name TEXT PRIMARY KEY, folded TEXT) WITHOUT ROWID"
    )
    database.execute("DELETE FROM temp.named")
    names = database.column(
        "SELECT DISTINCT owner_id FROM temp.incoming"
        " WHERE owner_id IS NOT NULL AND owner_id NOT IN (SELECT id FROM users)"
    )
    database.execute_many(
        "INSERT INTO temp.named (name, folded) VALUES (?, ?)",
        ((name, folded(name)) for name in names),
    )
    database.execute(
        "UPDATE temp.incoming SET owner_id = a.user_id"
        " FROM temp.named n JOIN user_aliases a ON a.folded = n.folded WHERE n.name = owner_id"
    )


def mark_new(database: Database) -> None:
    """Tell the staged rows that are new from those that change a chat."""
    database.execute("UPDATE temp.incoming SET new = id NOT IN (SELECT id FROM chats)")


def problems(database: Database, at_most: int) -> list[tuple[int, str]]:
    """What is wrong with the staged rows: line and message, in the order of the lines.

    Of each kind of problem come the first, so many `at_most`.
    """
    found: list[tuple[int, str]] = []
    for sql, message in _PROBLEMS:
        rows = database.tuples(f"{sql} ORDER BY 1 LIMIT :at_most", {"at_most": at_most})
        found += [(line, message.format(value=value)) for line, value in rows]
    return sorted(found)


_PROBLEMS = (
    (
        (
            "SELECT i.line, (SELECT min(f.line) FROM temp.incoming f WHERE f.id = i.id)"
            " FROM temp.incoming i"  # by place, because JSON may have all rows on one line
            " WHERE i.place > (SELECT min(f.place) FROM temp.incoming f WHERE f.id = i.id)"
        ),
        "the same id stands on line {value}",
    ),
    (
        (
            "SELECT i.line, i.owner_id FROM temp.incoming i"
            " WHERE i.owner_id IS NOT NULL AND i.owner_id NOT IN (SELECT id FROM users)"
        ),
        "no user {value!r}",
    ),
    (
        (
            "SELECT line, substr(id, 2) FROM temp.incoming WHERE new AND id LIKE '''%'"
            " AND substr(id, 2) IN (SELECT id FROM chats)"
        ),
        "is this the chat {value!r}, with the ' that CSV for spreadsheets puts before a sign?",
    ),
    (
        "SELECT line, NULL FROM temp.incoming WHERE new AND customer IS NULL",
        "a new chat needs a customer",
    ),
    (
        "SELECT line, NULL FROM temp.incoming WHERE new AND owner_id IS NULL",
        "a new chat needs an owner_id",
    ),
    # The first import tells how things stand in the CRM, former colleagues included; a change
    # is an assignment, and nobody inactive takes part in one.
    (
        (
            "SELECT i.line, u.id FROM temp.incoming i JOIN chats c ON c.id = i.id"
            " JOIN users u ON u.id = coalesce(i.owner_id, c.owner_id)"
            " WHERE u.active = 0"
            f" AND ({_OWNER_CHANGES} OR ({_STATUS_CHANGES} AND i.status = 'open'))"
        ),
        "user {value!r} is not active",
    ),
)


def losing_their_request() -> Which:
    """The requests that a merge leaves without an object."""
    return Which(
        "r.chat_id IN (SELECT c.id FROM temp.incoming i JOIN chats c ON c.id = i.id"
        f" WHERE {_OWNER_CHANGES} OR ({_STATUS_CHANGES} AND i.status = 'closed'))",
        {},
    )


def chats_by_new_owner(database: Database) -> dict[str, int]:
    """How many chats a merge will take from others, for each user who gets some."""
    found = database.tuples(
        "SELECT i.owner_id, count(*) FROM temp.incoming i JOIN chats c ON c.id = i.id"
        f" WHERE {_OWNER_CHANGES} GROUP BY i.owner_id"
    )
    return dict(found)


def chats_by_former_owner(database: Database) -> dict[str, int]:
    """How many chats a merge will give to others, for each user who loses some."""
    found = database.tuples(
        "SELECT c.owner_id, count(*) FROM temp.incoming i JOIN chats c ON c.id = i.id"
        f" WHERE {_OWNER_CHANGES} GROUP BY c.owner_id"
    )
    return dict(found)


def owner_changes(database: Database, at_most: int) -> list[OwnerChange]:
    """The first chats that a merge will give to somebody else, in the order of the file."""
    return list(
        database.rows(
            OwnerChange,
            "SELECT c.id, c.owner_id, i.owner_id FROM temp.incoming i JOIN chats c ON c.id = i.id"
            f" WHERE {_OWNER_CHANGES} ORDER BY i.place LIMIT :at_most",
            {"at_most": at_most},
        )
    )


def merge(database: Database, actor: str) -> Merged:
    """Insert and update chats from the staged rows, one tracking row for each that changes."""
    bound = {"now": database.now, "actor": actor, "os_user": database.os_user}
    staged = int(database.value("SELECT count(*) FROM temp.incoming"))
    updated = _update(database, bound)
    created = _insert(database, bound)
    return Merged(created, updated, staged - created - updated)


def _update(database: Database, bound: Params) -> int:
    """Change the chats that the staged rows change; how many."""
    updated = database.execute(
        "INSERT INTO engagement_tracking"
        " (at, event, actor, os_user, chat_id, from_user, to_user, detail)"
        " SELECT :now, 'imported', :actor, :os_user, c.id,"
        " c.owner_id, coalesce(i.owner_id, c.owner_id),"
        " nullif(json_patch('{}', json_object("
        f" 'status', CASE WHEN {_STATUS_CHANGES} THEN json_array(c.status, i.status) END,"
        " 'customer', CASE WHEN c.customer <> i.customer"
        " THEN json_array(c.customer, i.customer) END,"
        " 'opened_at', CASE WHEN c.opened_at <> i.opened_at"
        " THEN json_array(c.opened_at, i.opened_at) END)), '{}')"
        " FROM temp.incoming i JOIN chats c ON c.id = i.id"
        f" WHERE {_CHANGES} ORDER BY i.line",
        bound,
    )
    database.execute(
        "UPDATE chats AS c SET"
        " customer = coalesce(i.customer, c.customer),"
        " owner_id = coalesce(i.owner_id, c.owner_id),"
        " opened_at = coalesce(i.opened_at, c.opened_at),"
        " closed_at = CASE WHEN coalesce(i.status, c.status) = c.status THEN c.closed_at"
        " WHEN i.status = 'closed' THEN :now END,"
        " status = coalesce(i.status, c.status)"
        f" FROM temp.incoming i WHERE i.id = c.id AND {_CHANGES}",
        bound,
    )
    return updated


def _insert(database: Database, bound: Params) -> int:
    """Make the chats that are new; how many."""
    # The tracking rows refer to the chats: these first, then the rows, in the file's order.
    created = database.execute(
        "INSERT INTO chats (id, customer, owner_id, status, opened_at)"
        " SELECT i.id, i.customer, i.owner_id, coalesce(i.status, 'open'),"
        " coalesce(i.opened_at, :now)"
        " FROM temp.incoming i WHERE i.new ORDER BY i.id",
        bound,
    )
    with seals.rows_varying_in(database, "chat_id", "to_user", "detail"):
        database.execute(
            "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, to_user, detail)"
            " SELECT :now, 'imported', :actor, :os_user, i.id, i.owner_id,"
            " json_object('status', json_array(NULL, coalesce(i.status, 'open')))"
            " FROM temp.incoming i WHERE i.new ORDER BY i.line",
            bound,
        )
    return created
