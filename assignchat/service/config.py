"""Comparing the config with tracking, and tracking its changes."""

import json
from collections.abc import Mapping
from contextlib import suppress

from assignchat.model import Event
from assignchat.store import tracking
from assignchat.store.database import Database
from assignchat.texts import without_password


def record_change(database: Database, key: str, old: object, new: object, *, actor: str) -> None:
    """Append the row that says that a key was changed, inside the caller's transaction."""
    change = {"key": key, "old": without_password(old), "new": without_password(new)}
    detail = json.dumps(change, ensure_ascii=False)
    tracking.append(database, Event.CONFIG_CHANGED, actor, detail=detail)


def keys_that_differ(database: Database, values: Mapping[str, object]) -> list[str]:
    """Compare the config's values with tracking. Returns the keys last set to another value.

    That is what an edit by hand leaves, or a `config set` that was killed after its row and
    before its file. Call it inside a transaction.
    """
    last: dict[object, object] = {}
    for row in tracking.rows(database, {"events": (Event.CONFIG_CHANGED,)}):
        with suppress(ValueError, TypeError, KeyError):  # a row that was changed by hand
            change = json.loads(row.detail or "")
            last[change["key"]] = change["new"]
    known = {key: without_password(value) for key, value in values.items()}
    return [key for key, value in known.items() if last.get(key, value) != value]
