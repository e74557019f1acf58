"""Where notifications go: `notify.toml` beside the config file, and Apprise, which sends.

The URLs in that file are secrets; none of them is ever printed or recorded.
"""

import logging
import re
import stat
from pathlib import Path
from typing import Any, Protocol

from assignchat.config import parse_toml, read_safely
from assignchat.errors import ConfigInvalid, Usage

FILE_NAME = "notify.toml"
_EXAMPLE = 'users.martha.urls = ["mailtos://…"]'


class _Channel(Protocol):
    """What of an Apprise object is used here."""

    def add(self, servers: str) -> bool: ...
    def notify(self, *, body: str, title: str) -> object: ...


class Addresses:
    """The channels of each user, and the team's for those who have none of their own."""

    def __init__(self, team: _Channel | None, users: dict[str, _Channel]) -> None:
        self._team = team
        self._users = users

    def send(self, user_id: str, text: str) -> bool | None:
        """Deliver a text; whether it arrived, None where the user has no address."""
        channel = self._users.get(user_id, self._team)
        if channel is None:
            return None
        title = "assignchat" if user_id in self._users else f"assignchat, for {user_id}"
        try:
            return bool(channel.notify(body=text, title=title))
        except Exception:  # noqa: BLE001  # Apprise's plugins raise what they like
            return False


def load(beside: Path) -> Addresses:
    """The addresses in the `notify.toml` beside a config file.

    Raises `Usage` where Apprise is not installed, and `ConfigInvalid` for a file that is
    missing, open to others, or not understood.
    """
    apprise = _apprise()
    path = beside.parent / FILE_NAME
    text = read_safely(path, was_named=True)
    if text is None:
        raise ConfigInvalid(f"No addresses at {path}", hint=f"Write there, mode 0600: {_EXAMPLE}")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigInvalid(f"Others may read the addresses in {path}", hint=f"chmod 600 {path}")
    document = parse_toml(text, path)
    for key in document.keys() - {"team", "users"}:
        # What is no word may be an address that has slipped, and is not to be printed.
        named = f"key {key!r}" if re.fullmatch(r"[\w-]{1,40}", key) else "and strange key"
        raise ConfigInvalid(f"{path}: unknown {named}", hint="There are team and users.")
    team, users = document.get("team"), document.get("users", {})
    if not isinstance(users, dict):
        raise ConfigInvalid(f"{path}: users is not a table")
    return Addresses(
        None if team is None else _channel(apprise, team, f"{path}: team"),
        {user: _channel(apprise, table, f"{path}: users.{user}") for user, table in users.items()},
    )


def _apprise() -> Any:  # noqa: ANN401
    try:
        import apprise  # noqa: PLC0415  # an extra, and large
    except ImportError:
        raise Usage(
            "Apprise, which delivers notifications, is not installed",
            hint="pip install 'assignchat[notify]'",
        ) from None
    # It warns of what it could not reach, addresses included.
    logging.getLogger("apprise").disabled = True
    return apprise


def _channel(apprise: Any, table: Any, where: str) -> _Channel:  # noqa: ANN401
    urls = table.get("urls") if isinstance(table, dict) else None
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ConfigInvalid(f"{where} needs a list of urls", hint='urls = ["mailtos://…"]')
    channel: _Channel = apprise.Apprise()
    for number, url in enumerate(urls, start=1):
        if not channel.add(url):
            raise ConfigInvalid(
                f"{where}: Apprise does not understand url {number}",
                hint="Its documentation lists the kinds of URL that it sends to.",
            )
    return channel
