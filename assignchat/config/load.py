"""Finding and reading the config file, and refusing one that is broken or unsafe."""

import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from assignchat.config import SOURCES
from assignchat.config.keys import KEYS, Settings, Value, at_home, default_text, flat, settings_of
from assignchat.errors import ConfigInvalid
from assignchat.namedtuples import NamedTuple
from assignchat.shell import quoted
from assignchat.system.files import links_from
from assignchat.texts import without_password

FILE_NAME = "config.toml"
MAX_FILE_BYTES = 65_536
MAX_DOTS_IN_LINE = 1_000  # tomllib takes the square of a key's length in memory


class Config(NamedTuple):
    """A config file as it was read. `path` is its place, also if it is not made yet."""

    path: Path
    exists: bool
    values: dict[str, Value]
    settings: Settings

    @property
    def database(self) -> str:
        """The location of the database that the file names, which may be relative to it."""
        return os.path.expanduser(self.settings.database)  # need not be a path

    @property
    def sources(self) -> dict[str, Any]:
        """The tables of the sources, by their names."""
        found = self.values.get(SOURCES, {})
        return found if isinstance(found, dict) else {}

    def value(self, name: str) -> Value:
        """Return the value of a key, or its default."""
        return self.values.get(name, KEYS[name].default)


def find(named: str | None) -> tuple[Path, bool]:
    """Find the place of the config file. Returns it, and whether it was named.

    It is `named`, else `$ASSIGNCHAT_CONFIG`, else `./config.toml` if there is one, else
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
    """Find the user's config folder. As its standard says, `$XDG_CONFIG_HOME` must be absolute.

    A relative one would be another folder, perhaps a stranger's, in each working directory.
    """
    named = at_home(os.environ.get("XDG_CONFIG_HOME") or "~/.config")
    if named is None or named.is_absolute():
        return named
    return at_home("~/.config")


def load(named: str | None, *, must_exist: bool = True, to_mend: str | None = None) -> Config:
    """Read the config in force. Returns the defaults if no file is at the default places.

    The value of the key `to_mend` may be wrong: then it is None, and its default holds. Raises
    `ConfigInvalid` for a named file that is missing (if it `must_exist`), and for one that is
    broken, unsafe, or has another key or value that is not understood.
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
    loaded = _read(path, values, to_mend)
    _check_password(loaded)
    return loaded


def _read(path: Path, values: dict[str, Value], to_mend: str | None) -> Config:
    try:
        settings = settings_of(values, path)
    except ConfigInvalid:
        if to_mend not in values:
            raise
        others = {name: value for name, value in values.items() if name != to_mend}
        values, settings = {**values, to_mend: None}, settings_of(others, path)
    return Config(path, True, values, settings)


def _check_password(loaded: Config) -> None:
    """Refuse a password that others may read."""
    has_one = without_password(loaded.database) != loaded.database
    if has_one and loaded.path.stat().st_mode & 0o077:
        raise ConfigInvalid(
            f"Others may read the password of the database in {loaded.path}",
            hint=f"chmod 600 {quoted(loaded.path)}, or better put it into ~/.pgpass",
        )


def state(path: Path) -> object:
    """Return a value that changes when a config file does, much quicker than to read it."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode, found.st_uid


def read_safely(path: Path, *, owners: set[int] | None, secret: bool = False) -> str | None:
    """Read the text of a file, or None if there is none. Refuse one that a stranger may have set.

    The file, and any link to it, must belong to one of the `owners`, by uid, unless they are
    None. Only its owner may be able to read a `secret` file.
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
    """Refuse a stranger's file, and a stranger's link, which leads to a file of their choice."""
    if allowed is None:
        return
    links = {link.lstat().st_uid for link in links_from(path) if os.path.lexists(link)}
    if (found | links) - allowed:
        raise ConfigInvalid(
            f"The config file {path.absolute()} belongs to another user",
            hint="A config.toml that you mean all the same is named with --config.",
        )


def check_size(content: bytes, path: Path) -> None:
    """Refuse a config file that is too large to be written by hand."""
    if len(content) > MAX_FILE_BYTES:
        raise ConfigInvalid(f"The config file {path} is larger than {MAX_FILE_BYTES} bytes")


def _as_file(descriptor: int, path: Path) -> BinaryIO:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ConfigInvalid(f"The config file {path} is not a file")
    return os.fdopen(descriptor, "rb")


def _parse(text: str, path: Path) -> dict[str, Value]:
    if text == default_text():  # as init wrote it: to parse it takes much longer
        return {name: key.default for name, key in KEYS.items()}
    return flat(parse_toml(text, path))


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """Parse a text. Returns the document. Raises `ConfigInvalid`, naming `path` and the line."""
    import tomllib  # not needed where there is no file

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
