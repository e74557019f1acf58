"""The config file: its keys, where it is found, and what is refused."""

import json
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from assignchat.errors import (
    AssignchatError,
    ConfigInvalid,
    ConfigKeyUnknown,
    ConfigValueInvalid,
    InvalidValue,
    quoted,
)
from assignchat.files import links_from
from assignchat.model import check_text, parse_duration, parse_timeout

FILE_NAME = "config.toml"
MAX_FILE_BYTES = 65_536
MAX_DOTS_IN_LINE = 1_000  # tomllib takes the square of a key's length in memory
MAX_BUSY_SECONDS = 600
MAX_NUMBER = 10**12  # larger ones are no duration, and may not even be printed

Value = str | bool | list[str]


class Settings(NamedTuple):
    """The values in force, ready for use; durations in seconds."""

    database: str
    busy_timeout: int
    identity: str
    operators: list[str]
    request_timeout: int | None
    rejection_reasons: list[str]
    withdrawal_reasons: list[str]
    allow_other_reasons: bool


class Key(NamedTuple):
    """One key of the file: `read` turns its value into the one in `Settings`, or raises."""

    name: str
    default: Value
    meaning: str
    read: Callable[[Any], Any]


def _path(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise InvalidValue("it is text, the path of a file")
    if _at_home(check_text(value, "path", limit=4_000)) is None:
        raise InvalidValue(f"nobody's home is meant by {value!r}")
    return value


def _at_home(path: str) -> Path | None:
    """The path with a leading `~` resolved, or None where that is nobody's home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return None


def _busy_timeout(value: Any) -> int:  # noqa: ANN401
    seconds = parse_duration(_duration_text(value))
    if seconds > MAX_BUSY_SECONDS:
        raise InvalidValue("it is at most 10m")
    return seconds


def _request_timeout(value: Any) -> int | None:  # noqa: ANN401
    return parse_timeout(_duration_text(value))


def _duration_text(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < MAX_NUMBER:
        return str(value)
    if not isinstance(value, str):
        raise InvalidValue('it is a duration such as "90s", "2m" or "1h30m"')
    return value


def _identity(value: Any) -> str:  # noqa: ANN401
    if value not in ("claim", "login"):
        raise InvalidValue('it is "claim" or "login"')
    return str(value)


def _texts(value: Any) -> list[str]:  # noqa: ANN401
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidValue("it is a list of texts")
    if len(set(value)) != len(value):
        raise InvalidValue("it names something twice")
    return [check_text(item, "reason or login") for item in value]


def _flag(value: Any) -> bool:  # noqa: ANN401
    if not isinstance(value, bool):
        raise InvalidValue("it is true or false")
    return value


KEYS = {
    key.name: key
    for key in (
        Key(
            "database",
            "assignchat.db",
            "The SQLite file, relative to the folder of this file.",
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
            'Who acts: "claim" believes --as; "login" takes the login of the real user.',
            _identity,
        ),
        Key(
            "operators",
            [],
            'Logins that may still use --as when identity is "login".',
            _texts,
        ),
        Key(
            "assign_discuss.request_timeout",
            "2m",
            'How long a request waits for its answer, 1s to 30d, or "off" for ever.',
            _request_timeout,
        ),
        Key(
            "assign_discuss.rejection_reasons",
            ["In a meeting", "Not available", "Handling priority issue"],
            "Reasons offered to whoever rejects a request.",
            _texts,
        ),
        Key(
            "assign_discuss.withdrawal_reasons",
            ["No longer needed", "I resolved it myself"],
            "Reasons offered to whoever withdraws a request.",
            _texts,
        ),
        Key(
            "assign_discuss.allow_other_reasons",
            True,
            "Whether any other text is allowed as a reason.",
            _flag,
        ),
    )
}
"""Every key. A new setting is one entry here and one field of `Settings`."""


class Config(NamedTuple):
    """A config file as it was read; `path` is where it is, or where it would be made."""

    path: Path
    exists: bool
    values: dict[str, Value]
    settings: Settings

    @property
    def database(self) -> Path:
        """The database that the file names, beside it unless the path is absolute."""
        return self.path.parent / Path(self.settings.database).expanduser()

    def value(self, name: str) -> Value:
        """The value of a key, its default where the file has none."""
        return self.values.get(name, KEYS[name].default)


def find(named: str | None) -> tuple[Path, bool]:
    """Where the config file is, and whether somebody named it.

    `named`, else `$ASSIGNCHAT_CONFIG`, else `./config.toml` if there is one, else
    `config.toml` in the user's config folder.
    """
    named = named or os.environ.get("ASSIGNCHAT_CONFIG") or None
    if named:
        return Path(named), True
    if os.path.lexists(FILE_NAME):
        return Path(FILE_NAME), False
    folder = _config_folder()
    if folder is None:  # as in a container, for a bare number without a home
        return Path(FILE_NAME), False
    return folder / "assignchat" / FILE_NAME, False


def _config_folder() -> Path | None:
    """The user's config folder; `$XDG_CONFIG_HOME` counts, as its standard says, if absolute.

    Else it would be another one, somebody else's perhaps, in each working directory.
    """
    named = _at_home(os.environ.get("XDG_CONFIG_HOME") or "~/.config")
    if named is None or named.is_absolute():
        return named
    return _at_home("~/.config")


def load(named: str | None, *, must_exist: bool = True) -> Config:
    """The config in force; without a file at the default places, the defaults.

    Raises `ConfigInvalid` for a named file that is missing (if it `must_exist`), and for one
    that is broken, unsafe, or has a key or value that is not understood.
    """
    path, was_named = find(named)
    text = read_safely(path, owners=None if was_named else {0, os.getuid()})
    if text is None:
        if was_named and must_exist:
            raise ConfigInvalid(
                f"No config file at {path}", hint="Make one with: assignchat --config FILE init"
            )
        return Config(path, False, {}, settings_of({}, path))
    values = _parse(text, path)
    return Config(path, True, values, settings_of(values, path))


def old_beside(path: Path) -> Path:
    """Where the old file stands while a config file is being changed."""
    return path.with_name(f".{path.name}.old")


def is_half_changed(path: Path) -> bool:
    """Whether a change of a config file is under way, or was when its process was killed.

    The new file is then of the very time of the old one beside it, so that a file that
    somebody has edited since is left alone, and so is one beside what a stranger put there.
    """
    real = os.path.realpath(path)
    try:
        old, new = os.lstat(old_beside(Path(real))), os.lstat(real)
    except OSError:
        return False
    trusted = stat.S_ISREG(old.st_mode) and old.st_uid in (0, os.geteuid(), new.st_uid)
    return trusted and old.st_mtime_ns == new.st_mtime_ns


def default_text() -> str:
    """A config file with every key at its default and a line that explains it."""
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
    """The key of this name. Raises `ConfigKeyUnknown`."""
    if name in KEYS:
        return KEYS[name]
    from difflib import get_close_matches  # noqa: PLC0415  # only when something is wrong

    by_word = {word: key for key in KEYS for word in (key, key.rpartition(".")[2])}
    close = get_close_matches(name, by_word, n=1)
    raise ConfigKeyUnknown(
        f"No config key {name!r}",
        hint=f"Did you mean {by_word[close[0]]}?"
        if close
        else "assignchat config list shows them all.",
    )


def value_from_words(key: Key, words: Sequence[str]) -> Value:
    """The value that `config set KEY WORD…` gives. Raises `ConfigValueInvalid`."""
    value: Value
    if isinstance(key.default, list):
        value = list(words)
    elif len(words) != 1:
        raise ConfigValueInvalid(f"{key.name} takes one value, not {len(words)}")
    elif isinstance(key.default, bool):
        if words[0] not in ("true", "false"):
            raise ConfigValueInvalid(f"{key.name}: it is true or false, not {words[0]!r}")
        value = words[0] == "true"
    else:
        value = words[0]
    _read_value(key, value, ConfigValueInvalid, key.name)
    return value


def read_safely(path: Path, *, owners: set[int] | None, secret: bool = False) -> str | None:
    """The text of the file, or None where there is none; refuses what a stranger may have set.

    The file, and any link to it, must belong to one of the `owners`, by uid, unless they are
    None. Nobody but its owner may read a `secret` one.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO would wait for ever
        with _as_file(descriptor, path) as file:
            status = os.fstat(descriptor)
            _check_open_to_nobody(path, status.st_mode, secret=secret)
            _check_owners(path, {status.st_uid}, owners)
            content = file.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        _check_owners(path, set(), owners)  # of a link that leads nowhere, yet
        return None
    except (OSError, ValueError) as error:
        raise ConfigInvalid(f"The config file {path} cannot be read: {error}") from error
    check_size(content, path)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigInvalid(f"The config file {path} is not UTF-8: {error}") from None


def _check_open_to_nobody(path: Path, mode: int, *, secret: bool) -> None:
    if secret and mode & 0o077:
        raise ConfigInvalid(
            f"Others may read the addresses in {path}", hint=f"chmod 600 {quoted(path)}"
        )
    if mode & stat.S_IWOTH:
        raise ConfigInvalid(
            f"Everyone may write the config file {path}", hint=f"chmod o-w {quoted(path)}"
        )


def _check_owners(path: Path, found: set[int], allowed: set[int] | None) -> None:
    """Refuse a stranger's file, and their link too: it leads to what they chose."""
    if allowed is None:
        return
    links = {link.lstat().st_uid for link in links_from(path) if os.path.lexists(link)}
    if (found | links) - allowed:
        raise ConfigInvalid(
            f"The config file {path.absolute()} belongs to another user",
            hint="A config.toml that you mean all the same is named with --config.",
        )


def check_size(content: bytes, path: Path) -> None:
    """Refuse a config file that nobody has written by hand."""
    if len(content) > MAX_FILE_BYTES:
        raise ConfigInvalid(f"The config file {path} is larger than {MAX_FILE_BYTES} bytes")


def _as_file(descriptor: int, path: Path) -> BinaryIO:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ConfigInvalid(f"The config file {path} is not a file")
    return os.fdopen(descriptor, "rb")


def _parse(text: str, path: Path) -> dict[str, Value]:
    return flat(parse_toml(text, path))


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """The document in a text. Raises `ConfigInvalid`, naming `path` and the line."""
    import tomllib  # noqa: PLC0415  # not needed where there is no file

    for number, line in enumerate(text.split("\n"), start=1):  # TOML knows no other ends of lines
        if line.count(".") > MAX_DOTS_IN_LINE:
            raise ConfigInvalid(
                f"The config file {path} has more than {MAX_DOTS_IN_LINE:,} dots on line {number}"
            )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
    except RecursionError:
        reason = "nested too deep"
    except ValueError:  # Python turns no text of thousands of digits into a number
        reason = "a number is too long"
    raise ConfigInvalid(f"The config file {path} is not TOML: {reason}") from None


def flat(document: dict[str, Any], prefix: str = "") -> dict[str, Value]:
    """The document with `table.key` names. What is no table of ours is left to be refused."""
    values: dict[str, Value] = {}
    for name, value in document.items():
        full = f"{prefix}{name}"
        if isinstance(value, dict) and any(key.startswith(f"{full}.") for key in KEYS):
            values |= flat(value, f"{full}.")
        else:
            values[full] = value
    return values


def settings_of(values: dict[str, Value], path: Path) -> Settings:
    """The values in force. Raises `ConfigInvalid` for one that does not fit, naming `path`."""
    for name in values:
        try:
            key_named(name)
        except ConfigKeyUnknown as error:
            raise ConfigInvalid(f"{path}: {error.message}", error.hint) from None
    settings = Settings(
        *(
            _read_value(key, values.get(name, key.default), ConfigInvalid, f"{path}: {name}")
            for name, key in KEYS.items()
        )
    )
    if not settings.allow_other_reasons and not (
        settings.rejection_reasons and settings.withdrawal_reasons
    ):
        raise ConfigInvalid(
            f"{path}: allow_other_reasons is false, and a list of reasons is empty",
            hint="Nobody could reject or withdraw: list reasons, or allow others.",
        )
    return settings


def _read_value(key: Key, value: Value, error: type[AssignchatError], where: str) -> Any:  # noqa: ANN401
    try:
        return key.read(value)
    except InvalidValue as wrong:
        raise error(
            f"{where}: {wrong.message}"
            + (f", not {_shown(value)}" if wrong.message.startswith("it ") else ""),
            hint=wrong.hint or f"Its default is {key.default!r}.",
        ) from None


def _shown(value: object) -> str:
    """A wrong value as its message quotes it: a list may be deep, and a number endless."""
    if isinstance(value, int) and abs(value) >= MAX_NUMBER:
        return "a number so large"
    try:
        return repr(value)
    except (RecursionError, ValueError):
        return "what is there"
