"""The config file: its keys, where it is found, what is refused, and changing one key."""

import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from assignchat.errors import (
    AssignchatError,
    ConfigInvalid,
    ConfigKeyUnknown,
    ConfigNotWritable,
    ConfigValueInvalid,
    InvalidValue,
)
from assignchat.files import sync_folder
from assignchat.model import check_text, parse_duration, parse_timeout

FILE_NAME = "config.toml"
MAX_FILE_BYTES = 65_536
MAX_DOTS_IN_LINE = 1_000  # tomllib takes the square of a key's length in memory
MAX_BUSY_SECONDS = 600

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
    return check_text(value, "path", limit=4_000)


def _busy_timeout(value: Any) -> int:  # noqa: ANN401
    seconds = parse_duration(_duration_text(value))
    if seconds > MAX_BUSY_SECONDS:
        raise InvalidValue("it is at most 10m")
    return seconds


def _request_timeout(value: Any) -> int | None:  # noqa: ANN401
    return parse_timeout(_duration_text(value))


def _duration_text(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, int) and not isinstance(value, bool):
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
    folder = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(folder).expanduser() / "assignchat" / FILE_NAME, False


def load(named: str | None, *, must_exist: bool = True) -> Config:
    """The config in force; without a file at the default places, the defaults.

    Raises `ConfigInvalid` for a named file that is missing (if it `must_exist`), and for one
    that is broken, unsafe, or has a key or value that is not understood.
    """
    path, was_named = find(named)
    text = _read_safely(path, was_named=was_named)
    if text is None:
        if was_named and must_exist:
            raise ConfigInvalid(
                f"No config file at {path}", hint="Make one with: assignchat --config FILE init"
            )
        return Config(path, False, {}, _settings({}, path))
    values = _parse(text, path)
    return Config(path, True, values, _settings(values, path))


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


def change(config: Config, name: str, value: Value | None) -> tuple[Config, str, Path | None]:
    """The config with one key set, or unset for None: what it will be, and its file's text.

    Nothing is written. Comments and order are kept; where the way the file is written does
    not allow that, the third value is the name under which `write` keeps the old file.
    Raises `ConfigValueInvalid` where the values would contradict each other.
    """
    values = {key: old for key, old in config.values.items() if key != name}
    if value is not None:
        values[name] = value
    try:
        settings = _settings(values, config.path)
    except ConfigInvalid as error:
        raise ConfigValueInvalid(error.message, error.hint) from None
    # As bytes: reading as text would change the ends of the lines.
    old_text = config.path.read_bytes().decode("utf-8") if config.exists else ""
    text = _edited(old_text, name, value)
    backup = None
    if _flattened(text) != values:
        text = _written_anew(values)
        backup = config.path.with_name(config.path.name + ".bak")
    return Config(config.path, True, values, settings), text, backup


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others who would change the file waiting while the block reads and changes it."""
    import fcntl  # noqa: PLC0415  # only `config set` writes

    folder = path.resolve().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise ConfigNotWritable(f"The folder {folder} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write(path: Path, text: str, *, keep_as: Path | None = None) -> None:
    """Replace a config file whole: after a crash there is the old one or the new one.

    Its permissions and a symbolic link to it are kept; a new file is its owner's alone.
    With `keep_as`, the old file stays under that name. Raises `ConfigNotWritable`.
    """
    path = path.resolve()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.stat() if path.exists() else None
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            if old is not None:
                os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
                if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(descriptor, old.st_uid, old.st_gid)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        if keep_as is not None:
            keep_as.resolve().unlink(missing_ok=True)
            os.link(path, keep_as.resolve())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise ConfigNotWritable(
            f"The config file {path} cannot be written: {error.strerror}",
            hint="It is as it was. Its folder must be writable.",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _read_safely(path: Path, *, was_named: bool) -> str | None:
    """The text of the file, or None where there is none; refuses what a stranger may have set."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO would wait for ever
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise ConfigInvalid(f"The config file {path} cannot be read: {error}") from error
    with _as_file(descriptor, path) as file:
        status = os.fstat(descriptor)
        if status.st_mode & stat.S_IWOTH:
            raise ConfigInvalid(
                f"Everyone may write the config file {path}", hint=f"chmod o-w {path}"
            )
        if not was_named and status.st_uid not in (0, os.getuid()):
            raise ConfigInvalid(
                f"The config file {path.absolute()} belongs to another user",
                hint="Name it with --config if it is the one that you mean.",
            )
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ConfigInvalid(f"The config file {path} is larger than {MAX_FILE_BYTES} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigInvalid(f"The config file {path} is not UTF-8: {error}") from None


def _as_file(descriptor: int, path: Path) -> BinaryIO:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ConfigInvalid(f"The config file {path} is not a file")
    return os.fdopen(descriptor, "rb")


def _parse(text: str, path: Path) -> dict[str, Value]:
    import tomllib  # noqa: PLC0415  # not needed where there is no file

    if any(line.count(".") > MAX_DOTS_IN_LINE for line in text.splitlines()):
        raise ConfigInvalid(f"The config file {path} has a key that is nested too deep")
    try:
        return _flat(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "nested too deep"
        raise ConfigInvalid(f"The config file {path} is not TOML: {reason}") from None


def _flat(document: dict[str, Any], prefix: str = "") -> dict[str, Value]:
    """The document with `table.key` names. What is no table of ours is left to be refused."""
    flat: dict[str, Value] = {}
    for name, value in document.items():
        full = f"{prefix}{name}"
        if isinstance(value, dict) and any(key.startswith(f"{full}.") for key in KEYS):
            flat |= _flat(value, f"{full}.")
        else:
            flat[full] = value
    return flat


def _settings(values: dict[str, Value], path: Path) -> Settings:
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
            + (f", not {value!r}" if wrong.message.startswith("it ") else ""),
            hint=wrong.hint or f"Its default is {key.default!r}.",
        ) from None


def _edited(text: str, name: str, value: Value | None) -> str:
    """The text with one assignment replaced, added or removed, if it is written plainly.

    The caller reads the result back: where it does not say what it should, it is not used.
    """
    table, _, key = name.rpartition(".")
    lines = text.splitlines(keepends=True)
    start, end = _table_span(lines, table)
    for index in range(start, end):
        if re.match(rf"\s*{re.escape(key)}\s*=", lines[index]):
            stop = _assignment_end(lines, index, end)
            old = lines[index:stop]
            # A key that is unset stays as a comment, so that what is said about it keeps its place.
            lines[index:stop] = (
                [f"# {line}" for line in old]
                if value is None
                else [_assignment(key, value, "".join(old))]
            )
            return "".join(lines)
    if value is None:
        return text
    for index in range(start, min(end, len(lines))):
        if re.match(rf"# {re.escape(key)} = .*[^\[\s]\s*$", lines[index]):
            lines[index] = _assignment(key, value, lines[index].removeprefix("# "))
            return "".join(lines)
    if start > len(lines):  # there is no such table yet
        return f"{text.rstrip()}\n\n[{table}]\n{_assignment(key, value)}".lstrip()
    # Above the blank lines at the table's end, and above a comment on the table that follows.
    while end > start and end < len(lines) and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    if end and not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    lines.insert(end, _assignment(key, value))
    return "".join(lines)


def _table_span(lines: list[str], table: str) -> tuple[int, int]:
    """The lines of a table, without its header; beyond the end where there is none."""
    headers = [index for index, line in enumerate(lines) if re.match(r"\s*\[", line)]
    # A line inside a list of several lines may look like a header; the caller checks the result.
    if not table:
        return 0, headers[0] if headers else len(lines)
    for number, index in enumerate(headers):
        if re.match(rf"\s*\[\s*{re.escape(table)}\s*\]\s*(#|$)", lines[index]):
            return index + 1, headers[number + 1] if number + 1 < len(headers) else len(lines)
    return len(lines) + 1, len(lines) + 1


def _assignment_end(lines: list[str], start: int, end: int) -> int:
    """The line after an assignment whose value may go over several lines."""
    for stop in range(start + 1, end + 1):
        if _flattened("".join(lines[start:stop])) is not None:
            return stop
    return start + 1


def _assignment(key: str, value: Value, old: str = "") -> str:
    """An assignment, with the comment that stands at the end of the old one."""
    import tomli_w  # noqa: PLC0415  # only `config set` writes

    return tomli_w.dumps({key: value}).rstrip("\n") + _comment_after(old) + "\n"


def _comment_after(assignment: str) -> str:
    """The comment at the end of an assignment, with the white space before it."""
    meaning = _flattened(assignment)
    for found in re.finditer("#", assignment):
        before = assignment[: found.start()]
        if _flattened(before) == meaning:
            return assignment[len(before.rstrip()) :].rstrip()
    return ""


def _written_anew(values: dict[str, Value]) -> str:
    import tomli_w  # noqa: PLC0415  # only `config set` writes

    document: dict[str, Any] = {}
    for name, value in values.items():
        table, _, key = name.rpartition(".")
        (document.setdefault(table, {}) if table else document)[key] = value
    return tomli_w.dumps(document)


def _flattened(text: str) -> dict[str, Value] | None:
    """The values in a text, or None where it is not TOML."""
    import tomllib  # noqa: PLC0415  # see _parse

    try:
        return _flat(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
