"""The addresses of notifications: `notify.toml` beside the config file, and Apprise, which sends.

The URLs in that file are secrets; none of them is ever printed or recorded.
"""

import logging
import os
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

from assignchat.config.load import parse_toml, read_safely
from assignchat.errors import ConfigInvalid, Usage
from assignchat.system.sandbox import succeeds_in_time
from assignchat.texts import inert

FILE_NAME = "notify.toml"
_EXAMPLE = 'users.martha.urls = ["mailtos://…"]'

SECONDS_FOR_ONE = 30.0
"""How long one address may take; Apprise itself gives up after 4 to 15 seconds of silence."""

SECONDS_FOR_ALL = 120.0
"""How long all addresses of a user may take together."""


_MOST_PIECES = 12
"""In how many messages an address is told at most; services take about one in a second."""

_SECONDS_BETWEEN_PIECES = 1.0

_LIMITS = {"ntfy": 4_096 // 4, "tgram": 4_096 // 2, "": 32_768}
"""Of services that count bytes, or UTF-16, at worst 4 and 2 for a character; and of all."""

_LINE_LENGTHS = (4_000, 2_000, 1_000, 500, 250, 120)


class _Server(Protocol):
    """The part of a plugin of Apprise that is used here: one place to send to."""

    body_maxlen: int
    notify_format: object
    overflow_mode: object
    request_rate_per_sec: float

    def schemas(self) -> Iterable[str]: ...


class _Channel(Protocol):
    """The part of an Apprise object that is used here."""

    def add(self, servers: str) -> bool: ...
    def notify(self, *, body: str, title: str, body_format: object) -> object: ...
    def __iter__(self) -> Iterator[_Server]: ...


class Addresses:
    """The URLs of each user, and the team's for users without their own.

    `tell` is called for an address that did not take a message, with its number in the file.
    """

    def __init__(
        self, team: list[str], users: dict[str, list[str]], tell: Callable[[str], None]
    ) -> None:
        self._team = team
        self._users = users
        self._tell = tell

    def tell_of_strangers(self, user_ids: Container[str]) -> None:
        """Report tables whose name is none of these user ids, such as a typing error."""
        # Not by name: an address may have been written in its place.
        for number, user in enumerate(self._users, start=1):
            if user not in user_ids:
                self._tell(f"{FILE_NAME}: table {number} of users is no user of the database")

    def reaches(self, user_id: str) -> bool:
        """Return whether there is an address for this user."""
        return bool(self._users.get(user_id, self._team))

    def send(self, user_id: str, text: str) -> bool:
        """Deliver a text. Returns whether at least one of the addresses took it.

        If all had to take it, one that never does would make the others get it for ever. Raises
        `Usage` if Apprise is not installed, and `ConfigInvalid` for a URL that it does not
        understand.
        """
        own = user_id in self._users
        title = "assignchat" if own else inert(f"assignchat, for {user_id}")
        until = time.monotonic() + SECONDS_FOR_ALL
        arrived = False
        channels = self._users_channels[user_id] if own else self._team_channels
        for number, channel in enumerate(channels, start=1):
            seconds = min(SECONDS_FOR_ONE, until - time.monotonic())
            if succeeds_in_time(partial(_notify, channel, text, title), seconds):
                arrived = True
            else:
                whose = f"users.{user_id}" if own else "team"
                self._tell(f"{FILE_NAME}: url {number} of {whose} has not taken a message")
        return arrived

    # Apprise takes a second to import; most rounds have nothing to send.

    @cached_property
    def _team_channels(self) -> list[_Channel]:
        return _channels(self._team, "team")

    @cached_property
    def _users_channels(self) -> dict[str, list[_Channel]]:
        return {user: _channels(urls, f"users.{user}") for user, urls in self._users.items()}


def file_beside(config: Path) -> Path:
    """Return the place of the addresses that belong to a config file."""
    return config.parent / FILE_NAME


def load(beside: Path, tell: Callable[[str], None]) -> Addresses:
    """Read the addresses in the `notify.toml` beside a config file.

    Raises `ConfigInvalid` for a file that is missing, open to others, or not understood.
    """
    path = file_beside(beside)
    # The owner of the config file may have set the addresses too.
    owners = {0, os.getuid(), *([beside.stat().st_uid] if beside.exists() else [])}
    text = read_safely(path, owners=owners, secret=True)
    if text is None:
        raise ConfigInvalid(f"No addresses at {path}", hint=f"Write there, mode 0600: {_EXAMPLE}")
    document = parse_toml(text, path)
    team, users = document.get("team", {"urls": []}), document.get("users", {})
    # Not which key: an address may have been written in its place.
    if document.keys() - {"team", "users"} or not isinstance(users, dict):
        raise ConfigInvalid(f"{path}: at its top there are only the tables team and users")
    return Addresses(
        _urls(team, f"{path}: team"),
        {
            user: _urls(table, f"{path}: table {number} of users")
            for number, (user, table) in enumerate(users.items(), start=1)
        },
        tell,
    )


def _urls(table: object, where: str) -> list[str]:
    urls = table.get("urls") if isinstance(table, dict) else None
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ConfigInvalid(f"{where} needs a list of urls", hint='urls = ["mailtos://…"]')
    return urls


def _notify(channel: _Channel, text: str, title: str) -> bool:
    room = min(map(_room, channel), default=len(text)) or len(text)
    parts = pieces(cut_to_fit(text, _MOST_PIECES * room), room)
    for number, part in enumerate(parts, start=1):
        counted = f"{title} ({number}/{len(parts)})" if len(parts) > 1 else title
        as_such = _apprise().NotifyFormat.TEXT
        if not channel.notify(body=part, title=counted, body_format=as_such):
            return False
    return True


def _room(server: _Server) -> int:
    """Return how long a text a server takes beside a title and escapes, 0 for any length."""
    apprise = _apprise()
    if server.overflow_mode != apprise.OverflowMode.SPLIT:  # its URL says so
        return 0
    limit = min(_LIMITS[schema] for schema in {*server.schemas(), ""} if schema in _LIMITS)
    formats = server.notify_format if isinstance(server.notify_format, tuple) else ()
    is_html = apprise.NotifyFormat.HTML in (server.notify_format, *formats[:1])
    # Apprise measures HTML in which each blank is an entity.
    return min(limit * 4, server.body_maxlen * (2 if is_html else 4)) // 5


def pieces(text: str, room: int, at: Sequence[str] = ("\n\n", "\n", " ")) -> list[str]:
    """Split a text into pieces that are no longer than `room`.

    That is done between paragraphs, in a longer one between lines, in a longer line between
    words, and in a longer word anywhere.
    """
    if len(text) <= room:
        return [text]
    if not at:
        return [text[start : start + room] for start in range(0, len(text), room)]
    made = [""]
    for part in text.split(at[0]):
        for piece in pieces(part, room, at[1:]):
            together = f"{made[-1]}{at[0]}{piece}" if made[-1] else piece
            if len(together) <= room:
                made[-1] = together
            else:
                made.append(piece)
    return made


def cut_to_fit(text: str, most: int) -> str:
    """Return a text with no more than so many characters, unless it has only short lines.

    Its longest lines, such as notes, are cut. If that is not enough, the first of its paragraphs
    are left out, which are about the oldest notifications, and counted.
    """
    for length in _LINE_LENGTHS:
        if len(text) > most:
            text = "\n".join(_cut(line, length) for line in text.split("\n"))
    paragraphs = text.split("\n\n")
    kept = list(paragraphs)
    while len(text) > most and len(kept) > 1:
        del kept[0]
        left_out = len(paragraphs) - len(kept)
        text = "\n\n".join([f"{left_out} more, see assignchat inbox", *kept])
    return text


def _cut(line: str, length: int) -> str:
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _apprise() -> Any:
    try:
        import apprise  # an extra, and large
    except ImportError:
        raise Usage(
            "Apprise, which delivers notifications, is not installed",
            hint="pip install 'assignchat[notify]'",
        ) from None
    # It warns of what it could not reach, addresses included.
    logging.getLogger("apprise").disabled = True
    return apprise


def _channels(urls: list[str], whose: str) -> list[_Channel]:
    return [
        _channel(url, f"{FILE_NAME}: url {number} of {whose}")
        for number, url in enumerate(urls, start=1)
    ]


def _channel(url: str, where: str) -> _Channel:
    apprise = _apprise()
    asset = apprise.AppriseAsset(async_mode=False)
    # Elsewhere is not where it was to go, and a page there that answers 200 has not taken it.
    asset.http_redirects = False
    channel: _Channel = apprise.Apprise(asset=asset)
    try:
        understood = channel.add(url)
    except Exception:  # noqa: BLE001  # its plugins raise what they like, the address in it
        understood = False
    if not understood:
        raise ConfigInvalid(
            f"{where} is none that Apprise understands",
            hint="Its documentation lists the kinds of URL that it sends to.",
        )
    for server in channel:
        if not _says_what_if_too_long(url):
            server.overflow_mode = apprise.OverflowMode.SPLIT
        server.request_rate_per_sec = min(server.request_rate_per_sec, _SECONDS_BETWEEN_PIECES)
    return channel


def _says_what_if_too_long(url: str) -> bool:
    """Return whether a URL has the option for what is too long. A password may look like it."""
    from urllib.parse import parse_qs  # only for who sends

    return "overflow" in parse_qs(url.partition("?")[2].lower())
