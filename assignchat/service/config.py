"""The rows of the history that say how the config was changed."""

import json

from assignchat.model import Event
from assignchat.store import tracking
from assignchat.store.database import Database


def record_change(database: Database, key: str, old: object, new: object, *, actor: str) -> None:
    """Append the row that says that a key was changed, inside the caller's transaction."""
    detail = json.dumps({"key": key, "old": old, "new": new}, ensure_ascii=False)
    tracking.append(database, Event.CONFIG_CHANGED, actor, detail=detail)


def is_last_change(database: Database, key: str, old: object, new: object) -> bool:
    """Whether the newest row on a key says that it was changed like this."""
    with database.read():
        rows = tracking.rows(database, {"event": Event.CONFIG_CHANGED}, newest_first=True)
        details = (json.loads(row.detail or "{}") for row in rows)
        last = next((detail for detail in details if detail.get("key") == key), None)
    return last == {"key": key, "old": old, "new": new}
