"""Hand WhatsApp chats over to colleagues, by request or in bulk, over one SQLite file.

What the command line does can be called from Python::

    import assignchat

    with assignchat.open_database("assignchat.db") as database:
        request = assignchat.assign(database, "chat-1", to="martha", actor="mark")

Each function is one transaction, returns plain values, and raises one of
`assignchat.errors` where it refuses.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assignchat.api import *  # noqa: F403  # what __getattr__ gives

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Find a name in `api`, which is imported only now: a command must not load it all."""
    if name.startswith("_") or find_spec(f"{__name__}.{name}"):  # a module that is being imported
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from assignchat import api

    return getattr(api, name)


def __dir__() -> list[str]:
    """List the names of the package, with those in `api`."""
    from assignchat import api

    return sorted({*globals(), *vars(api)})
