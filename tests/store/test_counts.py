"""What users are told is what was written: a change that misses rows is none."""

from collections.abc import Callable

import pytest

from assignchat.errors import DatabaseDamaged
from assignchat.service import batches, chats, demo, requests, settle, users
from assignchat.store.database import Database

ENGINE = "sqlite"  # has triggers of a connection's own

CHANGES: dict[str, tuple[str, Callable[[Database], object]]] = {
    "bulk-assign": (
        "UPDATE OF owner_id ON chats",
        lambda d: batches.bulk_assign(d, to=["omar"], actor="maria", chat_ids=["chat-1", "chat-2"]),
    ),
    "undo": ("UPDATE OF owner_id ON chats", lambda d: batches.undo(d, 1, actor="maria")),
    "undo, marked": ("UPDATE ON batches", lambda d: batches.undo(d, 1, actor="maria")),
    "accept": ("UPDATE ON requests", lambda d: settle.accept(d, 1, actor="martha")),
    "accept, handed over": ("UPDATE ON chats", lambda d: settle.accept(d, 1, actor="martha")),
    "reject": (
        "UPDATE ON requests",
        lambda d: settle.reject(d, 1, reason="Busy", actor="martha"),
    ),
    "a tracking row": (
        "INSERT ON engagement_tracking",
        lambda d: settle.accept(d, 1, actor="martha"),
    ),
    "chat close": ("UPDATE ON chats", lambda d: chats.close_chat(d, "chat-2", actor="t")),
    "user set": ("UPDATE ON users", lambda d: users.set_user(d, "omar", actor="t", capacity=5)),
}


@pytest.mark.parametrize(("event", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_that_somebody_keeps_from_some_rows_is_undone(
    database: Database, event: str, change: Callable[[Database], object]
) -> None:
    demo.fill(database, actor="t")
    requests.assign(database, "chat-1", to="martha", actor="mark")
    batches.bulk_assign(database, to=["omar"], actor="maria", chat_ids=["chat-3", "chat-4"])
    # It is in no schema that is compared when a database is opened.
    database.execute(f"CREATE TEMP TRIGGER eats BEFORE {event} BEGIN SELECT RAISE(IGNORE); END")
    before = _rows(database)
    with pytest.raises(DatabaseDamaged):
        change(database)
    assert _rows(database) == before
    database.execute("DROP TRIGGER eats")
    change(database)


def _rows(database: Database) -> list[tuple[object, ...]]:
    with database.read():
        return [row for table in database.tables() for row in database.table(table)]
