"""Many chats at once: selecting, moving and giving back, in set-based SQL.

A batch moves in slices of some thousand chats inside one transaction, so that a progress
bar can move and Ctrl-C is heard; each slice is one INSERT of tracking rows and one UPDATE
of the chats that it names.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from assignchat.model import Batch
from assignchat.store import seals, tracking
from assignchat.store.database import Database
from assignchat.store.sql import Params, Which, page

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


class Holding(NamedTuple):
    """How many of the selected chats a user owns, of one status."""

    owner_id: str
    status: str
    chats: int


class Move(NamedTuple):
    """A number of selected chats, of one status, to move between two users, in order of id."""

    from_user: str
    to_user: str
    status: str
    chats: int


def get(database: Database, batch_id: int) -> BatchRow | None:
    """Find a batch by its id. Returns None if there is none."""
    sql = f"SELECT {_COLUMNS} FROM batches WHERE id = :id"
    return database.one(BatchRow, sql, {"id": batch_id})


def every(
    database: Database, *, limit: int | None = None, newest_first: bool = False
) -> Iterator[BatchRow]:
    """Yield all batches."""
    order = page("id", limit, newest_first=newest_first)
    return database.rows(BatchRow, f"SELECT {_COLUMNS} FROM batches {order}")


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
    database.execute(
        "INSERT INTO batch_recipients (batch_id, user_id, role, assigned)"
        " VALUES (:batch, :user, :role, :assigned)",
        {"batch": batch_id, "user": user_id, "role": role, "assigned": assigned},
    )


def mark_undone(database: Database, batch_id: int) -> None:
    """Record that the batch has been undone."""
    database.execute(
        "UPDATE batches SET undone_at = :now WHERE id = :id", {"id": batch_id, "now": database.now}
    )


class Selection:
    """The chats that one command works on, given by their ids or by their owner."""

    def __init__(
        self, database: Database, source: str, restriction: str, params: dict[str, str | None]
    ) -> None:
        self._database = database
        self._source = source  # what to select id, owner_id and status from
        self._restriction = restriction  # what chats must meet as well, where they are updated
        self._params = params
        # Up to which id the chats of an owner and status have been dealt out.
        self._dealt_out: dict[tuple[str, str], str] = {}

    @classmethod
    def of_owner(cls, database: Database, owner_id: str, status: str | None) -> "Selection":
        """Select all chats of one owner, or those of one status."""
        only = "" if status is None else " AND status = :only"
        return cls(
            database,
            f"(SELECT id, owner_id, status FROM chats WHERE owner_id = :owner{only})",
            "",
            {"owner": owner_id, "only": status},
        )

    @classmethod
    def of_ids(cls, database: Database, chat_ids: Iterable[str]) -> "Selection":
        """Select the chats with these ids. `unknown` lists the ids that no chat has."""
        database.make_temporary("given", "id TEXT", key="id")
        database.stage("given", ((chat_id,) for chat_id in chat_ids))
        database.make_temporary(
            "selected", "owner_id TEXT, status TEXT, id TEXT", key="owner_id, status, id"
        )
        database.stage_selected(
            "selected",
            "SELECT c.owner_id, c.status, c.id FROM given g CROSS JOIN chats c WHERE c.id = g.id"
            " ORDER BY 1, 2, 3",
        )
        restriction = f" AND id IN (SELECT id FROM selected WHERE {_IN_SLICE})"
        return cls(database, "selected", restriction, {})

    def unknown(self, limit: int) -> list[str]:
        """List up to `limit` of the given ids that no chat has."""
        by_owner = bool(self._params)
        if by_owner or self._count("given") == self._count("selected"):
            return []
        return self._database.column(
            "SELECT id FROM given g WHERE NOT EXISTS (SELECT 1 FROM chats c WHERE c.id = g.id)"
            " ORDER BY id LIMIT :limit",
            {"limit": limit},
        )

    def _count(self, table: str) -> int:
        return int(self._database.value(f"SELECT count(*) FROM {table}"))

    def holdings(self) -> list[Holding]:
        """Count the selected chats by owner and status."""
        return list(
            self._database.rows(
                Holding,
                f"SELECT owner_id, status, count(*) FROM {self._source}"
                " GROUP BY owner_id, status ORDER BY owner_id, status",
                self._params,
            )
        )

    def not_owned_by(self, user_id: str, limit: int) -> list[str]:
        """List up to `limit` of the selected chats that another user owns."""
        return self._database.column(
            f"SELECT id FROM {self._source} WHERE owner_id <> :user ORDER BY id LIMIT :limit",
            {**self._params, "user": user_id, "limit": limit},
        )

    @property
    def requests(self) -> Which:
        """Return the condition for the requests on these chats."""
        # From the few requests to their chats, not from a million chats to their requests.
        condition = (
            f"EXISTS (SELECT 1 FROM chats c JOIN {self._source} s ON s.owner_id = c.owner_id"
            " AND s.status = c.status AND s.id = c.id WHERE c.id = r.chat_id)"
        )
        return Which(condition, self._params)

    def move(self, move: Move, *, batch_id: int, actor: str, reason: str | None) -> Iterator[int]:
        """Carry a move out, slice by slice. Yields how many chats each slice moved.

        A slice is a range of ids, so that both statements walk the same index in its order.
        """
        bound = {
            **self._params,
            **move._asdict(),
            "now": self._database.now,
            "actor": actor,
            "os_user": self._database.os_user,
            "batch_id": batch_id,
            "reason": reason,
        }
        left = move.chats
        after = self._dealt_out.get((move.from_user, move.status), "")
        while left:
            last = self._end_of_slice(move, after, min(left, SLICE))
            moved = self._move_slice(bound | {"after": after, "last": last})
            self._dealt_out[move.from_user, move.status] = after = last
            left -= moved
            yield moved

    def _end_of_slice(self, move: Move, after: str, chats: int) -> str:
        """Return the last id of a slice of so many chats, which begins `after` an id."""
        return str(
            self._database.value(
                f"SELECT id FROM {self._source}"
                " WHERE owner_id = :from_user AND status = :status AND id > :after"
                " ORDER BY id LIMIT 1 OFFSET :others",
                {**self._params, **move._asdict(), "after": after, "others": chats - 1},
            )
        )

    def _move_slice(self, bound: Params) -> int:
        with seals.rows_varying_in(self._database, "chat_id"):
            moved = self._database.execute(
                "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id,"
                " batch_id, from_user, to_user, reason)"
                " SELECT :now, 'assigned', :actor, :os_user, id,"
                " :batch_id, owner_id, :to_user, :reason"
                f" FROM {self._source} WHERE {_IN_SLICE} ORDER BY id",
                bound,
            )
        self._database.execute(
            f"UPDATE chats SET owner_id = :to_user WHERE {_IN_SLICE}{self._restriction}", bound
        )
        return moved


_IN_SLICE = "owner_id = :from_user AND status = :status AND id > :after AND id <= :last"


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


def undo(database: Database, batch_id: int, actor: str) -> Iterator[int]:
    """Give the chats of a batch back, slice by slice. Yields how many each slice gave back.

    A chat whose owner has changed since the batch stays with its owner, even if that is the
    recipient of the batch again: somebody decided so in between.
    """
    first, last = (
        database.value(
            f"SELECT {end}(id) FROM engagement_tracking"
            " WHERE batch_id = :batch AND event = 'assigned'",
            {"batch": batch_id},
        )
        for end in ("min", "max")
    )
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
    database.execute(
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


def inactive_owners(database: Database, batch_id: int) -> list[str]:
    """List the users who got chats of an undone batch back and are not active, by id."""
    return database.column(
        "SELECT id FROM users WHERE active = 0 AND id IN (SELECT to_user FROM engagement_tracking"
        " WHERE batch_id = :batch AND event = 'undone') ORDER BY id",
        {"batch": batch_id},
    )
