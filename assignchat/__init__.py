"""Hand WhatsApp chats over to colleagues, by request or in bulk, over one SQLite file.

What the command line does can be called from Python::

    import assignchat

    with assignchat.open_database("assignchat.db") as database:
        request = assignchat.assign(database, "chat-1", to="martha", actor="mark")

Each function is one transaction, returns plain values, and raises one of
`assignchat.errors` where it refuses.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assignchat.service.batches import bulk_assign, list_batches, undo
    from assignchat.service.chats import add_chat, close_chat, list_chats, reopen_chat, show_chat
    from assignchat.service.check import check
    from assignchat.service.imports import import_chats, import_users
    from assignchat.service.inbox import inbox, status
    from assignchat.service.lifecycle import sweep_timeouts
    from assignchat.service.requests import (
        accept,
        assign,
        list_requests,
        reject,
        withdraw,
    )
    from assignchat.service.stats import stats
    from assignchat.service.tracking import list_records, list_tracking
    from assignchat.service.users import (
        activate_user,
        add_user,
        deactivate_user,
        list_users,
        set_away,
        set_back,
        set_user,
    )
    from assignchat.store.database import Database
    from assignchat.store.engines import copy_database, create_database

__version__ = "0.1.0"

_WHERE = {
    "assignchat.service.requests": (
        "accept",
        "assign",
        "list_requests",
        "reject",
        "withdraw",
    ),
    "assignchat.service.batches": ("bulk_assign", "list_batches", "undo"),
    "assignchat.service.chats": (
        "add_chat",
        "close_chat",
        "list_chats",
        "reopen_chat",
        "show_chat",
    ),
    "assignchat.service.check": ("check",),
    "assignchat.service.imports": ("import_chats", "import_users"),
    "assignchat.service.inbox": ("inbox", "status"),
    "assignchat.service.tracking": ("list_records", "list_tracking"),
    "assignchat.service.stats": ("stats",),
    "assignchat.service.users": (
        "activate_user",
        "add_user",
        "deactivate_user",
        "list_users",
        "set_away",
        "set_back",
        "set_user",
    ),
    "assignchat.service.lifecycle": ("sweep_timeouts",),
    "assignchat.store.database": ("Database",),
    "assignchat.store.engines": ("copy_database", "create_database"),
}

__all__ = [
    "Database",
    "accept",
    "activate_user",
    "add_chat",
    "add_user",
    "assign",
    "bulk_assign",
    "check",
    "close_chat",
    "copy_database",
    "create_database",
    "deactivate_user",
    "import_chats",
    "import_users",
    "inbox",
    "list_batches",
    "list_chats",
    "list_records",
    "list_requests",
    "list_tracking",
    "list_users",
    "open_database",
    "reject",
    "reopen_chat",
    "set_away",
    "set_back",
    "set_user",
    "show_chat",
    "stats",
    "status",
    "sweep_timeouts",
    "undo",
    "withdraw",
]


def open_database(path: Path | str, *, busy_seconds: float = 10.0) -> "Database":
    """Open the database at `path` for the functions of this module, by the machine's clock.

    Use it as a context manager, or `close` it. `busy_seconds` is how long to wait for
    another writer. Raises one of the `DatabaseUnusable` errors of `assignchat.errors`.
    """
    from assignchat.store.engines import engine_of
    from assignchat.system.identity import who_am_i  # see __getattr__

    engine, location = engine_of(str(path)), str(path)
    os_user = who_am_i(engine.owner_id(location)).os_user
    return engine.open(location, os_user=os_user, busy_seconds=busy_seconds)


def __getattr__(name: str) -> Any:
    """Import a function when it is asked for: a command must not load what it does not use."""
    for module, names in _WHERE.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The functions too, which are not here until they are asked for."""
    return sorted({*globals(), *__all__})
