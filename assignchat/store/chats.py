"""The table of chats, one at a time; many at once are in `batches`."""

from collections.abc import Iterator
from itertools import islice

from assignchat.model import Chat
from assignchat.store.database import Database
from assignchat.store.sql import insert_into, like_text, page, where
from assignchat.texts import MAX_TEXT_LENGTH

_COLUMNS = ", ".join(Chat._fields)


def get(database: Database, chat_id: str) -> Chat | None:
    """Find the chat with this id. Returns None if there is none."""
    return database.one(Chat, f"SELECT {_COLUMNS} FROM chats WHERE id = :id", {"id": chat_id})


def matching(
    database: Database,
    *,
    owner: str | None = None,
    status: str | None = None,
    customer: str | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> Iterator[Chat]:
    """Yield the chats of one owner, of one status, in the order in which they were opened.

    If `customer` is given, only those with this text in the customer's name, in upper or lower
    case.
    """
    part = None if customer is None else customer.casefold()
    # Of a longer text than a customer can have, SQLite may refuse the pattern.
    like = f"%{like_text(part)}%" if part and len(part) <= MAX_TEXT_LENGTH else None
    given = {"owner": owner, "status": status, "like": like}
    filters = {
        "owner": "owner_id = :owner",
        "status": "status = :status",
        # Engines fold case for ASCII alone, or as their locale says, so this leaves some in.
        "like": f"(lower(customer) LIKE :like ESCAPE '!' OR {database.not_ascii('customer')})",
    }
    at_once = limit if part is None else None
    order = page("opened_at", "id", limit=at_once, newest_first=newest_first)
    select = f"SELECT {_COLUMNS} FROM chats {where(filters, given)} {order}"
    rows = database.rows(Chat, select, given, many=at_once is None)
    if part is None:
        return rows
    return islice((chat for chat in rows if part in chat.customer.casefold()), limit)


def oldest_open(database: Database, owner: str, limit: int) -> list[str]:
    """List the ids of an owner's open chats, those opened first."""
    return database.column(
        "SELECT id FROM chats WHERE owner_id = :owner AND status = 'open'"
        " ORDER BY opened_at, id LIMIT :limit",
        {"owner": owner, "limit": limit},
    )


def ids_of(database: Database, owner: str, status: str) -> list[str]:
    """List the ids of an owner's chats of one status, in order."""
    return database.column(
        "SELECT id FROM chats WHERE owner_id = :owner AND status = :status ORDER BY id",
        {"owner": owner, "status": status},
    )


def similar_ids(database: Database, chat_id: str) -> list[str]:
    """List ids that begin as this one does, for a hint after a typing error."""
    found: list[str] = []
    for written in dict.fromkeys((chat_id, chat_id.lower(), chat_id.upper())):
        found += beginning_with(database, written[: max(1, len(written) // 2)], _MOST_COMPARED)
    return found


_MOST_COMPARED = 200


def open_beginning_with(database: Database, prefix: str, owner: str, limit: int) -> list[str]:
    """List up to `limit` ids of an owner's open chats that begin with `prefix`."""
    return database.column(
        "SELECT id FROM chats WHERE owner_id = :owner AND status = 'open'"
        " AND id >= :prefix AND id < :end ORDER BY id LIMIT :limit",
        {"owner": owner, "prefix": prefix, "end": prefix + "\U0010ffff", "limit": limit},
    )


def beginning_with(database: Database, prefix: str, limit: int) -> list[str]:
    """List up to `limit` ids that begin with `prefix`."""
    return database.column(
        "SELECT id FROM chats WHERE id >= :prefix AND id < :end ORDER BY id LIMIT :limit",
        {"prefix": prefix, "end": prefix + "\U0010ffff", "limit": limit},
    )


def add(database: Database, chat: Chat) -> None:
    """Insert a chat."""
    database.change(1, insert_into("chats", Chat._fields), chat._asdict())


def hand_over(database: Database, chat_id: str, from_user: str, to_user: str) -> bool:
    """Give the chat of one user to another. Returns whether it was theirs."""
    changed = database.execute(
        "UPDATE chats SET owner_id = :to_user WHERE id = :id AND owner_id = :from_user",
        {"id": chat_id, "from_user": from_user, "to_user": to_user},
    )
    return changed == 1


def set_status(database: Database, chat_id: str, status: str, closed_at: str | None) -> None:
    """Open or close the chat."""
    database.change(
        1,
        "UPDATE chats SET status = :status, closed_at = :closed_at WHERE id = :id",
        {"id": chat_id, "status": status, "closed_at": closed_at},
    )
