"""Selecting many chats, and moving them in set-based SQL.

A batch moves in slices of some thousand chats inside one transaction, so that a progress
bar can move and Ctrl-C is heard; each slice is one INSERT of tracking rows and one UPDATE
of the chats that it names.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from assignchat.namedtuples import NamedTuple
from assignchat.store import seals, tracking
from assignchat.store.database import Database
from assignchat.store.sql import Params, Which

SLICE = seals.SLICE

_AT_ONCE = 100_000  # ids, sorted before they are staged: a table grows much faster in order


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


class StagedChats:
    """Chats given by their ids, staged and looked up before the lock for working on them is taken.

    There is one at a time for each open database.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._looked_up_at: int | None = None  # what was the newest tracking row then
        database.make_temporary("given", "id TEXT", key="id")

    def add(self, chat_ids: Iterable[str]) -> Iterator[None]:
        """Stage ids without holding them all. Yields between parts, so that the caller can stop."""
        rest = iter(chat_ids)
        while together := sorted(islice(rest, _AT_ONCE)):
            self.database.stage_texts("given", together)
            if len(together) == _AT_ONCE:
                yield

    def look_up(self) -> None:
        """Find the owner and the status of each chat."""
        newest = tracking.last_id(self.database)
        self._select()
        self._looked_up_at = newest

    def look_up_again(self) -> None:
        """Find them again in a transaction that writes, if anything has happened since."""
        if tracking.last_id(self.database) != self._looked_up_at:
            self._select()  # which may be rolled back

    def _select(self) -> None:
        self.database.make_temporary(
            "selected", "owner_id TEXT, status TEXT, id TEXT", key="owner_id, status, id"
        )
        self.database.stage_selected(
            "selected",
            "SELECT c.owner_id, c.status, c.id FROM given g CROSS JOIN chats c WHERE c.id = g.id",
        )

    def more_than_there_are(self) -> bool:
        """Return whether more different ids were staged than there are chats."""
        return self._count("given") > self._count("chats")

    def unknown(self, limit: int) -> list[str]:
        """List up to `limit` of the staged ids that no chat has."""
        if self._looked_up_at is not None and self._count("given") == self._count("selected"):
            return []
        return self.database.column(
            "SELECT id FROM given g WHERE NOT EXISTS (SELECT 1 FROM chats c WHERE c.id = g.id)"
            " ORDER BY id LIMIT :limit",
            {"limit": limit},
        )

    def _count(self, table: str) -> int:
        return int(self.database.value(f"SELECT count(*) FROM {table}"))


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
        """Select the chats with these ids, which are few."""
        staged = StagedChats(database)
        for _ in staged.add(chat_ids):
            pass
        staged.look_up()
        return cls.of_staged(staged)

    @classmethod
    def of_staged(cls, staged: StagedChats) -> "Selection":
        """Select chats that were staged, as they are now."""
        staged.look_up_again()
        restriction = f" AND id IN (SELECT id FROM selected WHERE {_IN_SLICE})"
        return cls(staged.database, "selected", restriction, {})

    def holdings(self) -> list[Holding]:
        """Count the selected chats by owner and status."""
        return list(
            self._database.rows(
                Holding,
                f"SELECT owner_id, status, count(*) FROM {self._source} AS s"
                " GROUP BY owner_id, status ORDER BY owner_id, status",
                self._params,
            )
        )

    def not_owned_by(self, user_id: str, limit: int) -> list[str]:
        """List up to `limit` of the selected chats that another user owns."""
        return self._database.column(
            f"SELECT id FROM {self._source} AS s WHERE owner_id <> :user ORDER BY id LIMIT :limit",
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
            moved = min(left, SLICE)
            after = self._move_slice(bound | {"after": after, "chats": moved})
            self._dealt_out[move.from_user, move.status] = after
            left -= moved
            yield moved

    def _move_slice(self, bound: Params) -> str:
        """Move the first `chats` with an id `after` another. Returns the id of the last of them."""
        chats = bound["chats"]
        with seals.rows_varying_in(self._database, "chat_id"):
            self._database.change(
                chats,
                "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id,"
                " batch_id, from_user, to_user, reason)"
                " SELECT :now, 'assigned', :actor, :os_user, id,"
                " :batch_id, owner_id, :to_user, :reason"
                f" FROM {self._source} AS s WHERE {_DEALT} AND id > :after"
                " ORDER BY id LIMIT :chats",
                bound,
            )
        last = self._database.value(
            "SELECT chat_id FROM engagement_tracking"
            " WHERE id = (SELECT max(id) FROM engagement_tracking)"
        )
        bound = {**bound, "last": last}
        others = self._restriction and chats < self._database.value(
            f"SELECT count(*) FROM chats WHERE {_IN_SLICE}", bound
        )
        restriction = self._restriction if others else ""
        self._database.change(
            chats, f"UPDATE chats SET owner_id = :to_user WHERE {_IN_SLICE}{restriction}", bound
        )
        return str(last)


_DEALT = "owner_id = :from_user AND status = :status"
_IN_SLICE = f"{_DEALT} AND id > :after AND id <= :last"
