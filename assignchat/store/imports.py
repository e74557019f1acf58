"""Bringing a CRM's chats in: rows are staged, judged as a whole, then merged, in SQL."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

from assignchat.model import OWNERSHIP_EVENTS
from assignchat.namedtuples import NamedTuple
from assignchat.store import seals, strict
from assignchat.store.database import Database
from assignchat.store.sql import Params, Which, one_of

_OWNER_CHANGES = "c.owner_id <> coalesce(i.owner_id, c.owner_id)"
_STATUS_CHANGES = "c.status <> coalesce(i.status, c.status)"
_CLOSING_CHANGES = (
    "(coalesce(i.status, c.status) = 'closed' AND i.closed_at <> coalesce(c.closed_at, ''))"
)
_CHANGES = (
    f"({_OWNER_CHANGES} OR {_STATUS_CHANGES} OR {_CLOSING_CHANGES}"
    " OR c.customer <> coalesce(i.customer, c.customer)"
    " OR c.opened_at <> coalesce(i.opened_at, c.opened_at))"
)
CRM_CHANGES = (
    "(coalesce(i.owner_id, c.crm_owner_id) IS DISTINCT FROM c.crm_owner_id"
    " OR coalesce(i.status, c.crm_status) IS DISTINCT FROM c.crm_status)"
)
"""Whether the CRM names another owner or status of a known chat than before."""

DIFFERS = "i.place IN (SELECT place FROM differing)"

IS_NEW = "NOT EXISTS (SELECT 1 FROM known k WHERE k.place = i.place)"

KNOWN = f"FROM incoming i JOIN chats c ON c.id = i.id AND {DIFFERS}"
"""The staged rows that differ from their chats, see `find_differing`."""


class ImportedChat(NamedTuple):
    """One row of a file of chats. A value that is not in the file is blank.

    `crm_owner_id` and `crm_status` count if `says_crm` is 1, as in files that we exported.
    Otherwise the owner and the status of the row are the CRM's.
    """

    line: int
    id: str
    customer: str = ""
    owner_id: str = ""
    status: str = ""
    opened_at: str = ""
    closed_at: str = ""
    crm_owner_id: str = ""
    crm_status: str = ""
    says_crm: int = 0


class Fault(StrEnum):
    """A kind of fault of a staged row."""

    SAME_ID = "the same id stands on {value}"
    NO_USER = "no user {value!r}"
    NO_OWNER = "a new chat needs an owner_id"
    NOT_ACTIVE = "user {value!r} is not active"
    TWIN = "is it another form of the chat {value!r}?"


class Found(NamedTuple):
    """A staged row with a fault, and the value that is wrong."""

    line: int
    id: str
    value: Any
    fault: Fault


class Change(NamedTuple):
    """The change of one user or chat by an import."""

    id: str
    column: str
    old: Any
    new: Any


class Merged(NamedTuple):
    """How many chats an import created, changed, and left as they were."""

    created: int
    updated: int
    unchanged: int


class OwnerChange(NamedTuple):
    """A chat that gets another owner by an import."""

    chat_id: str
    from_user: str
    to_user: str


def stage(database: Database, parts: Iterable[Sequence[Sequence[Any]]]) -> None:
    """Copy the rows of a file into a table beside the chats.

    Each part is some rows, as the columns of an `ImportedChat`.
    """
    database.make_temporary(
        "incoming",
        "line INTEGER, id TEXT, customer TEXT, owner_id TEXT, status TEXT, opened_at TEXT,"
        " closed_at TEXT, crm_owner_id TEXT, crm_status TEXT, says_crm INTEGER,"
        " place INTEGER PRIMARY KEY",
    )
    database.stage_columns("incoming", _placed(parts))
    database.execute("CREATE INDEX incoming_by_id ON incoming (id)")


def _placed(parts: Iterable[Sequence[Sequence[Any]]]) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield the parts with the places of their rows, which are counted from 1, as a column."""
    place = 1
    for columns in parts:
        after = place + len(columns[0])
        yield [*columns, list(range(place, after))]
        place = after


def find_known(database: Database) -> None:
    """Collect the staged rows whose chats exist already; the others are new."""
    database.make_temporary("known", "place INTEGER PRIMARY KEY")
    database.stage_selected(
        "known", "SELECT i.place FROM incoming i WHERE i.id IN (SELECT id FROM chats)"
    )


def find_differing(database: Database) -> None:
    """Collect the staged rows of known chats that are not as they are here, or as the CRM said.

    There are few of them in most files, and only they can change anything.
    """
    database.make_temporary("differing", "place INTEGER")
    database.execute(
        "INSERT INTO differing SELECT i.place FROM incoming i JOIN chats c ON c.id = i.id"
        f" WHERE {_CHANGES} OR {CRM_CHANGES}"
    )


def problems(database: Database, at_most: int) -> list[Found]:
    """Find the faults of the staged rows, up to `at_most` of each kind."""
    found: list[Found] = []
    for fault, sql in _PROBLEMS.items():
        rows = database.tuples(f"{sql} ORDER BY +i.place LIMIT :at_most", {"at_most": at_most})
        found += [Found(line, chat_id, value, fault) for line, chat_id, value in rows]
    return found


_PROBLEMS = {
    Fault.SAME_ID: (
        "SELECT i.line, i.id, (SELECT min(f.line) FROM incoming f WHERE f.id = i.id)"
        " FROM incoming i"  # by place, because JSON may have all rows on one line
        " WHERE i.id IN (SELECT id FROM incoming GROUP BY id HAVING count(*) > 1)"
        " AND i.place > (SELECT min(f.place) FROM incoming f WHERE f.id = i.id)"
    ),
    Fault.NO_USER: (
        "SELECT i.line, i.id, i.owner_id FROM incoming i"
        " WHERE i.owner_id IS NOT NULL AND i.owner_id NOT IN (SELECT id FROM users)"
    ),
    Fault.NO_OWNER: (
        f"SELECT i.line, i.id, NULL FROM incoming i WHERE i.owner_id IS NULL AND {IS_NEW}"
    ),
    # The first import tells how things stand in the CRM, former colleagues included; a change
    # is an assignment, and nobody inactive takes part in one.
    Fault.NOT_ACTIVE: (
        f"SELECT i.line, i.id, u.id {KNOWN} JOIN users u ON u.id = coalesce(i.owner_id, c.owner_id)"
        " WHERE u.active = 0"
        f" AND ({_OWNER_CHANGES} OR ({_STATUS_CHANGES} AND i.status = 'open'))"
    ),
}


def opened_after(database: Database, time: str) -> tuple[int, str | None]:
    """Count the staged rows opened after a time. Returns the count and the first id."""
    found = database.tuples(
        "SELECT count(*), min(id) FROM incoming WHERE opened_at > :time", {"time": time}
    )
    count, first = next(iter(found))
    return count, first


def changes(database: Database) -> list[Change]:
    """List the changes that a merge will make to known chats: owners first, then the rest."""
    columns = {
        "owner_id": _OWNER_CHANGES,
        "status": _STATUS_CHANGES,
        "customer": "c.customer <> i.customer",
        "opened_at": "c.opened_at <> i.opened_at",
        "closed_at": _CLOSING_CHANGES,
    }
    return [
        change
        for column, differs in columns.items()
        for change in database.rows(
            Change,
            f"SELECT c.id, '{column}', c.{column}, i.{column} {KNOWN}"
            f" WHERE {differs} ORDER BY i.place",
        )
    ]


def losing_their_request() -> Which:
    """Return the condition for the requests that a merge will cancel."""
    return Which(
        f"r.chat_id IN (SELECT c.id {KNOWN}"
        f" WHERE {_OWNER_CHANGES} OR ({_STATUS_CHANGES} AND i.status = 'closed'))",
        {},
    )


def chats_by_new_owner(database: Database) -> dict[str, int]:
    """Count the chats that a merge will take from others, by the user who gets them."""
    found = database.tuples(
        f"SELECT i.owner_id, count(*) {KNOWN} WHERE {_OWNER_CHANGES} GROUP BY 1 ORDER BY 1"
    )
    return dict(found)


def chats_by_former_owner(database: Database) -> dict[str, int]:
    """Count the chats that a merge will give to others, by the user who loses them."""
    found = database.tuples(
        f"SELECT c.owner_id, count(*) {KNOWN} WHERE {_OWNER_CHANGES} GROUP BY 1 ORDER BY 1"
    )
    return dict(found)


def owner_changes(database: Database, at_most: int) -> list[OwnerChange]:
    """List the first chats that a merge will give to another owner, in the order of the file."""
    return list(
        database.rows(
            OwnerChange,
            f"SELECT c.id, c.owner_id, i.owner_id {KNOWN}"
            f" WHERE {_OWNER_CHANGES} ORDER BY i.place LIMIT :at_most",
            {"at_most": at_most},
        )
    )


def taken_back(database: Database, at_most: int) -> list[str]:
    """List the first chats that a merge will give back to the users who handed them over here."""
    giver = (
        "SELECT CASE WHEN t.event <> 'imported' THEN t.from_user END FROM engagement_tracking t"
        f" WHERE t.chat_id = c.id AND t.event IN {one_of(OWNERSHIP_EVENTS)}"
        " AND t.from_user IS DISTINCT FROM t.to_user ORDER BY t.id DESC LIMIT 1"
    )
    return database.column(
        f"SELECT c.id {KNOWN} WHERE {_OWNER_CHANGES} AND i.owner_id = ({giver})"
        " ORDER BY i.place LIMIT :at_most",
        {"at_most": at_most},
    )


def merge(database: Database, actor: str) -> Merged:
    """Insert and update chats from the staged rows, and track each. Returns the counts."""
    bound = {"now": database.now, "actor": actor, "os_user": database.os_user}
    staged = int(database.value("SELECT count(*) FROM incoming"))
    database.expect_tracking_rows(staged)
    updated = _update(database, bound)
    created = _insert(database, bound, staged)
    return Merged(created, updated, staged - created - updated)


def _update(database: Database, bound: Params) -> int:
    """Change the chats of the staged rows. Returns how many changed."""
    updated = database.execute(
        "INSERT INTO engagement_tracking"
        " (at, event, actor, os_user, chat_id, from_user, to_user, detail)"
        " SELECT :now, 'imported', :actor, :os_user, c.id,"
        " c.owner_id, coalesce(i.owner_id, c.owner_id),"
        f" {_changes_as_json(database)}"
        f" {KNOWN} WHERE {_CHANGES} ORDER BY i.place",
        bound,
    )
    database.change(
        updated,
        "UPDATE chats AS c SET"
        " customer = coalesce(i.customer, c.customer),"
        " owner_id = coalesce(i.owner_id, c.owner_id),"
        " opened_at = coalesce(i.opened_at, c.opened_at),"
        " closed_at = CASE WHEN coalesce(i.status, c.status) = 'closed' THEN"
        " coalesce(i.closed_at, CASE WHEN c.status = 'closed' THEN c.closed_at ELSE :now END) END,"
        " status = coalesce(i.status, c.status)"
        f" FROM incoming i WHERE i.id = c.id AND {DIFFERS} AND {_CHANGES}",
        bound,
    )
    return updated


def _changes_as_json(database: Database) -> str:
    """Write the SQL of the changes of a chat but for its owner, column by column, or of NULL."""
    columns = {
        "status": _STATUS_CHANGES,
        "customer": "c.customer <> i.customer",
        "opened_at": "c.opened_at <> i.opened_at",
        "closed_at": _CLOSING_CHANGES,
    }
    changes = {
        name: f"CASE WHEN {changes} THEN {database.json_array(f'c.{name}', f'i.{name}')} END"
        for name, changes in columns.items()
    }
    return database.json_without_nulls(database.json_object(changes))


def _first_values_as_json(database: Database) -> str:
    """Write the SQL of the values of a new chat, but for its owner.

    What is not told is null, or the time of the row if it is when the chat was opened.
    """
    opened, closed = "i.opened_at IS NOT NULL", "i.status = 'closed' AND i.closed_at IS NOT NULL"
    values = {
        "status": "coalesce(i.status, 'open')",
        "customer": "coalesce(i.customer, i.id)",
        "opened_at": "i.opened_at",
        "closed_at": "i.closed_at",
    }

    def told(*but: str) -> str:
        pairs = {name: value for name, value in values.items() if name not in but}
        return database.json_object({n: database.json_array("NULL", v) for n, v in pairs.items()})

    return (
        f"CASE WHEN {opened} AND {closed} THEN {told()}"
        f" WHEN {opened} THEN {told('closed_at')}"
        f" WHEN {closed} THEN {told('opened_at')}"
        f" ELSE {told('opened_at', 'closed_at')} END"
    )


def _insert(database: Database, bound: Params, staged: int) -> int:
    """Insert the chats that are new. Returns how many there were."""
    # The tracking rows refer to the chats: these first, then the rows, in the file's order.
    created = database.execute(
        "INSERT INTO chats (id, customer, owner_id, status, opened_at, closed_at,"
        " crm_owner_id, crm_status)"
        " SELECT i.id, coalesce(i.customer, i.id), i.owner_id, coalesce(i.status, 'open'),"
        " coalesce(i.opened_at, :now), CASE WHEN i.status = 'closed' THEN i.closed_at END,"
        " CASE WHEN i.says_crm = 1 THEN (SELECT id FROM users WHERE id = i.crm_owner_id)"
        " ELSE i.owner_id END,"
        " CASE WHEN i.says_crm = 1 THEN i.crm_status ELSE coalesce(i.status, 'open') END"
        f" FROM incoming i WHERE {IS_NEW} ORDER BY i.id",
        bound,
    )
    tracked = _track_new(database, bound, staged) if created else 0
    if tracked != created:
        raise strict.not_changed(database.location, tracked, created)
    return created


def _track_new(database: Database, bound: Params, staged: int) -> int:
    """Append a tracking row for each new chat, in slices of the file. Returns how many."""
    varying = ("chat_id", "to_user", "detail")
    tracked = 0
    with seals.rows_varying_in(database, *varying):
        for start in range(0, staged, seals.SLICE):
            tracked += database.execute(
                "INSERT INTO engagement_tracking"
                " (at, event, actor, os_user, chat_id, to_user, detail)"
                " SELECT :now, 'imported', :actor, :os_user, i.id, i.owner_id,"
                f" {_first_values_as_json(database)} FROM incoming i"
                f" WHERE {IS_NEW} AND i.place > :start AND i.place <= :end ORDER BY i.place",
                {**bound, "start": start, "end": start + seals.SLICE},
            )
            # While a server inserts the next.
            seals.seal_new_rows(database, varying, only_whole=True)
    return tracked
