"""Batches, and giving their chats back in set-based SQL, in slices as `selections` has them."""

from collections.abc import Iterable, Iterator

from assignchat.model import Batch
from assignchat.namedtuples import NamedTuple
from assignchat.store import seals, tracking
from assignchat.store.database import Database
from assignchat.store.sql import Params, Which, page
from assignchat.store.strict import damage

SLICE = seals.SLICE


class BatchRow(NamedTuple):
    """A batch without its users: these are counted in its tracking rows, maybe a million."""

    id: int
    at: str
    actor: str
    reason: str | None
    undone_at: str | None
    assigned: int


_COLUMNS = (
    "id, at, actor, reason, undone_at,"
    " (SELECT coalesce(sum(assigned), 0) FROM batch_recipients WHERE batch_id = batches.id)"
)


def get(database: Database, batch_id: int) -> BatchRow | None:
    """Find a batch by its id. Returns None if there is none."""
    sql = f"SELECT {_COLUMNS} FROM batches WHERE id = :id"
    return database.one(BatchRow, sql, {"id": batch_id})


def every(
    database: Database, *, limit: int | None = None, newest_first: bool = False
) -> Iterator[BatchRow]:
    """Yield all batches."""
    order = page("id", limit=limit, newest_first=newest_first)
    return database.rows(BatchRow, f"SELECT {_COLUMNS} FROM batches {order}", many=limit is None)


def newest_of(database: Database, actor: str) -> int | None:
    """Find the newest batch of an actor that is not undone. Returns its id, or None."""
    found: int | None = database.value(
        "SELECT max(id) FROM batches WHERE actor = :actor AND undone_at IS NULL", {"actor": actor}
    )
    return found


def with_users(database: Database, batch: BatchRow) -> Batch:
    """Count the chats of a batch by their owners before and after. Returns the whole batch."""
    from_users = (
        "SELECT from_user, count(*) FROM engagement_tracking"
        " WHERE batch_id = :id AND event = 'assigned' GROUP BY from_user ORDER BY from_user"
    )
    to_users = "SELECT user_id, assigned FROM batch_recipients WHERE batch_id = :id ORDER BY 1"
    counts = (dict(database.tuples(sql, {"id": batch.id})) for sql in (from_users, to_users))
    return Batch(*batch, *counts)


def add(database: Database, actor: str, reason: str | None) -> int:
    """Begin a batch. Returns its id."""
    return database.insert(
        "INSERT INTO batches (at, actor, reason) VALUES (:at, :actor, :reason) RETURNING id",
        {"at": database.now, "actor": actor, "reason": reason},
    )


def add_recipient(
    database: Database, batch_id: int, user_id: str, role: str, assigned: int
) -> None:
    """Record how many chats of the batch a user was given, and in which role."""
    database.change(
        1,
        "INSERT INTO batch_recipients (batch_id, user_id, role, assigned)"
        " VALUES (:batch, :user, :role, :assigned)",
        {"batch": batch_id, "user": user_id, "role": role, "assigned": assigned},
    )


def mark_undone(database: Database, batch_id: int) -> None:
    """Record that the batch has been undone."""
    bound = {"id": batch_id, "now": database.now}
    database.change(1, "UPDATE batches SET undone_at = :now WHERE id = :id", bound)


def requests_of(batch_id: int) -> Which:
    """Return the condition for the requests on chats of a batch."""
    return Which(
        "EXISTS (SELECT 1 FROM engagement_tracking t WHERE t.chat_id = r.chat_id"
        " AND +t.batch_id = :batch AND t.event = 'assigned')",
        {"batch": batch_id},
    )


def requests_moved_since(row_id: int) -> Which:
    """Return the condition for the requests on chats with a new owner since a tracking row."""
    return Which(
        "EXISTS (SELECT 1 FROM engagement_tracking t WHERE t.chat_id = r.chat_id"
        " AND t.id > :before AND t.event IN ('assigned', 'undone', 'imported')"
        " AND t.from_user <> t.to_user)",
        {"before": row_id},
    )


def _collect_moved_since(database: Database, batch_id: int, first: int, last: int) -> None:
    """Collect the chats of a batch that have got another owner since then."""
    database.make_temporary("moved_since", "id TEXT", key="id")
    changes_hands = (
        "later.event IN ('accepted', 'assigned', 'undone', 'imported')"
        " AND later.from_user <> later.to_user"
    )
    # Whichever is shorter: all that happened since, or what happened to each of the chats.
    if tracking.last_id(database) - last < last - first:
        later = f"engagement_tracking later WHERE later.id > :last AND {changes_hands}"
    else:
        later = (
            "engagement_tracking t CROSS JOIN engagement_tracking later"
            " WHERE later.chat_id = t.chat_id AND later.id > t.id"
            " AND t.id BETWEEN :first AND :last AND t.batch_id = :batch"
            f" AND t.event = 'assigned' AND {changes_hands}"
        )
    database.stage_selected(
        "moved_since",
        f"SELECT DISTINCT later.chat_id FROM {later}",
        {"batch": batch_id, "first": first, "last": last},
    )


class GivenBack(NamedTuple):
    """How many chats went from one user back to another by an undo."""

    from_user: str
    to_user: str
    chats: int


def check_as_told(database: Database, batch: BatchRow) -> None:
    """Check that a batch is the one that was made, before it is undone.

    Raises `DatabaseDamaged`, which names the first column that is not as tracking tells.
    """
    first, last = _ends(database, batch.id)
    bound = {"batch": batch.id, "first": first, "last": last}
    undone = "SELECT min(at) FROM engagement_tracking WHERE batch_id = :batch AND event = 'undone'"
    told = {
        "id": batch.id if first and _are_sealed(database, first, last) else None,
        "actor": database.value("SELECT actor FROM engagement_tracking WHERE id = :first", bound),
        "assigned": last - first + 1,  # nothing else happens between its first and its last
        "undone_at": batch.undone_at or database.value(f"{undone} AND id > :last", bound),
    }
    for column, value in told.items():
        found = getattr(batch, column)
        if found != value:
            table = "batch_recipients" if column == "assigned" else "batches"
            what = f"what tracking tells: {value!r}"
            raise damage(database.location, table, batch.id, column, found, what)


def _ends(database: Database, batch_id: int) -> tuple[int, int]:
    """Return the ids of the first and the last row of a batch, or zeros."""
    rows = "FROM engagement_tracking WHERE batch_id = :batch AND event = 'assigned'"
    first, last = (
        database.value(f"SELECT coalesce({end}(id), 0) {rows}", {"batch": batch_id})
        for end in ("min", "max")
    )
    return first, last


def _are_sealed(database: Database, first: int, last: int) -> bool:
    """Return whether each row of a range has a seal: one that was put there by hand has none."""
    sealed = database.value(
        "SELECT sum(CASE WHEN last_id < :last THEN last_id ELSE :last END"
        " - CASE WHEN first_id > :first THEN first_id ELSE :first END + 1) FROM seals"
        " WHERE last_id >= :first AND first_id <= :last AND last_id <="
        " coalesce((SELECT min(last_id) FROM seals WHERE last_id >= :last), :last)",
        {"first": first, "last": last},
    )
    return bool(sealed == last - first + 1)


def undo(database: Database, batch_id: int, actor: str) -> Iterator[int]:
    """Give the chats of a batch back, slice by slice. Yields how many each slice gave back.

    A chat whose owner has changed since the batch stays with its owner, even if that is the
    recipient of the batch again: somebody decided so in between.
    """
    first, last = _ends(database, batch_id)
    _collect_moved_since(database, batch_id, first, last)
    bound = {
        "now": database.now,
        "actor": actor,
        "os_user": database.os_user,
        "batch": batch_id,
    }
    for start in range(first, last + 1, SLICE):
        end = min(start + SLICE - 1, last)
        yield _undo_slice(database, bound | {"start": start, "end": end})


def _undo_slice(database: Database, bound: Params) -> int:
    """Undo the tracking rows from `start` to `end`. Returns how many chats it gave back."""
    before = tracking.last_id(database)
    with seals.rows_varying_in(database, "chat_id", "from_user", "to_user"):
        chats = database.execute(
            "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, batch_id,"
            " from_user, to_user)"
            " SELECT :now, 'undone', :actor, :os_user, t.chat_id, t.batch_id,"
            " t.to_user, t.from_user"
            " FROM engagement_tracking t JOIN chats c ON c.id = t.chat_id"
            " WHERE t.id BETWEEN :start AND :end AND t.batch_id = :batch"
            " AND t.event = 'assigned' AND c.owner_id = t.to_user"
            " AND NOT EXISTS (SELECT 1 FROM moved_since m WHERE m.id = t.chat_id) ORDER BY t.id",
            bound,
        )
    database.change(
        chats,
        "UPDATE chats SET owner_id = t.to_user FROM engagement_tracking t"
        " WHERE t.chat_id = chats.id AND t.id > :before",
        {"before": before},
    )
    return chats


def given_back(database: Database, batch_id: int) -> list[GivenBack]:
    """Count the chats of an undone batch by the user who lost them and the user who got them."""
    return list(
        database.rows(
            GivenBack,
            "SELECT from_user, to_user, count(*) FROM engagement_tracking"
            " WHERE batch_id = :batch AND event = 'undone' GROUP BY 1, 2 ORDER BY 1, 2",
            {"batch": batch_id},
        )
    )


def inactive_owners(database: Database, returned: Iterable[GivenBack]) -> list[str]:
    """List the users who got chats of an undone batch back and are not active, by id."""
    inactive = "SELECT id FROM users WHERE id = :id AND active = 0"
    owners = sorted({change.to_user for change in returned})
    return [owner for owner in owners if database.value(inactive, {"id": owner}) is not None]
