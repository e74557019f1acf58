"""The keys of the config file: names, defaults, meanings, and the values that they take."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assignchat.config import SOURCES
from assignchat.errors import (
    AssignchatError,
    ConfigInvalid,
    ConfigKeyUnknown,
    ConfigValueInvalid,
    InvalidValue,
)
from assignchat.model import Rules
from assignchat.namedtuples import NamedTuple
from assignchat.texts import check_id, check_location, check_text
from assignchat.times import parse_duration, parse_timeout

MAX_BUSY_SECONDS = 600
MAX_MISSES = 100
MAX_NUMBER = 10**12  # larger ones are no duration, and may not even be printed

Value = str | bool | int | list[str] | dict[str, Any] | None


class Settings(NamedTuple):
    """The values in force, ready for use. Durations are in seconds."""

    database: str
    busy_timeout: int
    identity: str
    operators: list[str]
    request_timeout: int | None
    rejection_reasons: list[str]
    withdrawal_reasons: list[str]
    allow_other_reasons: bool
    fallback: list[str]
    tell_when_nobody_took: list[str]
    away_after_misses: int

    @property
    def rules(self) -> Rules:
        """What holds for all requests."""
        return Rules(self.fallback, self.tell_when_nobody_took, self.away_after_misses)


class Key(NamedTuple):
    """One key of the file. `read` turns its value into the one in `Settings`, or raises."""

    name: str
    default: Value
    meaning: str
    read: Callable[[Any], Any]

    @property
    def setting(self) -> str:
        """The field of `Settings` that holds the value: the name without its table."""
        return self.name.rpartition(".")[2]

    @property
    def is_of_users(self) -> bool:
        """Whether the value is a list of users."""
        return self.read is _users


def _path(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValue("it is text, the path of a file")
    if at_home(check_text(check_location(value), "path", limit=4_000)) is None:
        raise InvalidValue(f"nobody's home is meant by {value!r}")
    return value


def at_home(path: str) -> Path | None:
    """Resolve a leading `~` in a path. Returns None if it is nobody's home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return None


def _busy_timeout(value: Any) -> int:
    seconds = parse_duration(_duration_text(value))
    if seconds > MAX_BUSY_SECONDS:
        raise InvalidValue("it is at most 10m")
    return seconds


def _request_timeout(value: Any) -> int | None:
    return parse_timeout(_duration_text(value))


def _duration_text(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < MAX_NUMBER:
        return str(value)
    if not isinstance(value, str):
        raise InvalidValue('it is a duration such as "90s", "2m" or "1h30m"')
    return value


def _identity(value: Any) -> str:
    if value not in ("claim", "login", "database"):
        raise InvalidValue('it is "claim", "login" or "database"')
    return str(value)


def _texts(value: Any, what: str = "reason or login") -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidValue("it is a list of texts")
    if len(set(value)) != len(value):
        raise InvalidValue("it names something twice")
    return [check_text(item, what) for item in value]


def _users(value: Any) -> list[str]:
    return [check_id(user_id, "user id") for user_id in _texts(value, "user id")]


def _misses(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_MISSES:
        raise InvalidValue(f"it is a number from 0 to {MAX_MISSES}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue("it is true or false")
    return value


KEYS = {
    key.name: key
    for key in (
        Key(
            "database",
            "assignchat.db",
            "The SQLite file, relative to the folder of this file, or the URL of a server.",
            _path,
        ),
        Key(
            "busy_timeout",
            "10s",
            "How long a command waits for another one that is writing.",
            _busy_timeout,
        ),
        Key(
            "identity",
            "claim",
            'The actor: "claim" accepts --as, "login" is always the login, "database" that at the'
            " server.",
            _identity,
        ),
        Key(
            "operators",
            [],
            'Logins that may use --as even if identity is "login", and close chats of others.',
            _texts,
        ),
        Key(
            "assign_discuss.request_timeout",
            "2m",
            'How long a request can be answered: 1s to 30d, or "off" for no deadline.',
            _request_timeout,
        ),
        Key(
            "assign_discuss.rejection_reasons",
            ["In a meeting", "Not available", "Handling priority issue"],
            "Reasons to choose from when rejecting a request.",
            _texts,
        ),
        Key(
            "assign_discuss.withdrawal_reasons",
            ["No longer needed", "I resolved it myself"],
            "Reasons to choose from when withdrawing a request.",
            _texts,
        ),
        Key(
            "assign_discuss.allow_other_reasons",
            True,
            "Whether other reasons are allowed.",
            _flag,
        ),
        Key(
            "assign_discuss.fallback",
            [],
            "Users who are asked after the last --then, in this order, if they are present.",
            _users,
        ),
        Key(
            "assign_discuss.tell_when_nobody_took",
            [],
            "Users who are told when all were asked and nobody has taken the chat.",
            _users,
        ),
        Key(
            "assign_discuss.away_after_misses",
            0,
            "After so many requests in a row that timed out, the user is set away. 0: never.",
            _misses,
        ),
    )
}
"""Every key. A new setting is one entry here and one field of `Settings`."""


def default_text() -> str:
    """Write a config file with every key at its default, below a line that explains it."""
    lines = ["# assignchat config set KEY VALUE changes a key and keeps these comments."]
    table = ""
    for key in KEYS.values():
        section, _, name = key.name.rpartition(".")
        if section != table:
            table = section
            lines += ["", f"[{table}]"]
        # Text, flags and lists of text are written the same in TOML as in JSON.
        lines += ["", f"# {key.meaning}", f"{name} = {json.dumps(key.default)}"]
    return "\n".join(lines) + "\n"


def key_named(name: str) -> Key:
    """Find the key of this name. Raises `ConfigKeyUnknown`."""
    if name in KEYS:
        return KEYS[name]
    from difflib import get_close_matches  # only when something is wrong

    by_word = {word: key for key in KEYS for word in (key, key.rpartition(".")[2])}
    close = get_close_matches(name, by_word, n=1)
    raise ConfigKeyUnknown(
        f"No config key {name!r}",
        hint=f"Did you mean {by_word[close[0]]}?"
        if close
        else "assignchat config list shows them all; import --save-source makes sources.",
    )


def value_from_words(key: Key, words: Sequence[str]) -> Value:
    """Read the value that `config set KEY WORD…` gives. Raises `ConfigValueInvalid`."""
    value: Value
    if isinstance(key.default, list):
        value = list(words)
    elif len(words) != 1:
        raise ConfigValueInvalid(f"{key.name} takes one value, not {len(words)}")
    elif isinstance(key.default, bool):
        if words[0] not in ("true", "false"):
            raise ConfigValueInvalid(f"{key.name}: it is true or false, not {words[0]!r}")
        value = words[0] == "true"
    elif isinstance(key.default, int):
        value = int(words[0]) if re.fullmatch(r"\d{1,9}", words[0], re.ASCII) else words[0]
    else:
        value = words[0]
    _read_value(key, value, ConfigValueInvalid, key.name)
    return value


def flat(document: dict[str, Any], prefix: str = "") -> dict[str, Value]:
    """Name the values of a document as `table.key`. A table that is not ours stays a value."""
    values: dict[str, Value] = {}
    for name, value in document.items():
        full = f"{prefix}{name}"
        if isinstance(value, dict) and any(key.startswith(f"{full}.") for key in KEYS):
            values |= flat(value, f"{full}.")
        else:
            values[full] = value
    return values


def settings_of(values: dict[str, Value], path: Path) -> Settings:
    """Read all values. Returns the settings. Raises `ConfigInvalid`, naming `path`."""
    for name, value in values.items():
        try:
            if name == SOURCES:
                from assignchat.config.sources import check_sources  # few configs have them

                check_sources(value)
            else:
                key_named(name)
        except (ConfigKeyUnknown, InvalidValue) as error:
            raise ConfigInvalid(f"{path}: {error.message}", error.hint) from None
    settings = Settings(
        **{
            key.setting: _read_value(
                key, values.get(name, key.default), ConfigInvalid, f"{path}: {name}"
            )
            for name, key in KEYS.items()
        }
    )
    if not settings.allow_other_reasons and not (
        settings.rejection_reasons and settings.withdrawal_reasons
    ):
        raise ConfigInvalid(
            f"{path}: allow_other_reasons is false, and a list of reasons is empty",
            hint="Nobody could reject or withdraw: list reasons, or allow others.",
        )
    return settings


def _read_value(key: Key, value: Value, error: type[AssignchatError], where: str) -> Any:
    try:
        return key.read(value)
    except InvalidValue as wrong:
        raise error(
            f"{where}: {wrong.message}"
            + (f", not {_shown(value)}" if wrong.message.startswith("it ") else ""),
            hint=wrong.hint or f"Its default is {key.default!r}.",
        ) from None


def _shown(value: object) -> str:
    """Return a wrong value as a message shows it: a list may be deep, and a number endless."""
    if isinstance(value, int) and abs(value) >= MAX_NUMBER:
        return "a number so large"
    try:
        return repr(value)
    except (RecursionError, ValueError):
        return "what is there"
