"""Chats whose owner or status the CRM does not know yet, and marking them as told."""

from collections.abc import Iterable, Iterator

from assignchat.namedtuples import NamedTuple
from assignchat.store.database import Database
from assignchat.store.sql import page


class ChatChange(NamedTuple):
    """A chat that the CRM does not know as it is, with its last change and the actor of that."""

    id: str
    customer: str
    owner_id: str
    crm_owner_id: str | None
    status: str
    crm_status: str | None
    changed_at: str
    changed_by: str


_COLUMNS = ", ".join(ChatChange._fields)
_CHANGE_OWNER_OR_STATUS = "'opened', 'accepted', 'assigned', 'undone', 'closed', 'reopened'"


def to_tell(
    database: Database,
    *,
    limit: int | None = None,
    newest_first: bool = False,
    statuses: bool = True,
) -> Iterator[ChatChange]:
    """Yield the chats to tell the CRM about, in the order of their last change.

    Without `statuses`, they are those whose owner it does not know.
    """
    select = _to_tell(database, limit, newest_first=newest_first, statuses=statuses)
    return database.rows(ChatChange, select, many=limit is None)


def _to_tell(
    database: Database, limit: int | None, *, newest_first: bool = False, statuses: bool = True
) -> str:
    or_status = " OR c.status <> c.crm_status" if statuses else ""
    # The CRM has said nothing of the owner of a chat that was added here; of the status, it may
    # never say anything.
    return (
        "SELECT c.id, c.customer, c.owner_id, c.crm_owner_id, c.status, c.crm_status,"
        " l.at AS changed_at, l.actor AS changed_by"
        " FROM chats c LEFT JOIN engagement_tracking l ON l.id = (SELECT max(t.id)"
        " FROM engagement_tracking t WHERE t.chat_id = c.id"
        f" AND (t.event IN ({_CHANGE_OWNER_OR_STATUS}) OR (t.event = 'imported'"
        " AND (t.from_user IS DISTINCT FROM t.to_user"
        f" OR {database.json_at('t.detail', 'status')} IS NOT NULL))))"
        f" WHERE c.owner_id IS DISTINCT FROM c.crm_owner_id{or_status}"
        f" {page('changed_at', 'c.id', limit=limit, newest_first=newest_first)}"
    )


def stage(database: Database, *, limit: int | None = None, statuses: bool = True) -> None:
    """Collect the chats to tell the CRM about, as they are now. See `to_tell`."""
    texts = ", ".join(f"{name} TEXT" for name in ChatChange._fields)
    database.make_temporary("telling", texts)
    database.stage_selected("telling", _to_tell(database, limit, statuses=statuses))


def with_other_status(database: Database) -> Iterator[str]:
    """Yield the ids of the chats whose status is not what the CRM named last."""
    found = database.tuples("SELECT id FROM chats WHERE status <> crm_status ORDER BY id")
    return (chat_id for (chat_id,) in found)


def staged(database: Database) -> Iterator[ChatChange]:
    """Yield the collected chats, in the order of their last change."""
    select = f"SELECT {_COLUMNS} FROM telling ORDER BY changed_at, id"
    return database.rows(ChatChange, select, many=True)


def unstage(database: Database, chat_ids: Iterable[str]) -> None:
    """Remove chats from the collection: the CRM is not told about them."""
    database.execute_many(
        "DELETE FROM telling WHERE id = :id", ({"id": chat_id} for chat_id in chat_ids)
    )


def mark_told(database: Database, *, statuses: bool) -> None:
    """Record that the CRM knows the owners of the collected chats, and their `statuses`.

    A chat of which an import has said something in the meantime is left out.
    """
    database.execute(
        "UPDATE chats AS c SET crm_owner_id = t.owner_id,"
        " crm_status = CASE WHEN :statuses = 0 THEN c.crm_status"
        " WHEN c.crm_status IS NULL AND t.crm_owner_id IS NOT NULL THEN NULL ELSE t.status END"
        " FROM telling t WHERE t.id = c.id"
        " AND c.crm_owner_id IS NOT DISTINCT FROM t.crm_owner_id"
        " AND c.crm_status IS NOT DISTINCT FROM t.crm_status",
        {"statuses": int(statuses)},
    )
