"""Changing one key of a config file and keeping its comments and order."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

from assignchat.config import SOURCES
from assignchat.config.keys import Value, flat, settings_of
from assignchat.config.load import (
    Config,
    check_size,
    parse_toml,
    read_safely,
)
from assignchat.config.sources import check_name, settings_of_source
from assignchat.crm.sources import Source
from assignchat.errors import (
    ConfigInvalid,
    ConfigNotWritable,
    ConfigValueInvalid,
    InvalidValue,
)
from assignchat.system import files, signals
from assignchat.system.files import make_own_folder, sync_folder

# Texts of several lines or of one, comments, brackets and the ends of lines.
_TOKENS = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[][{}\n]',
    re.DOTALL,
)


def change(config: Config, name: str, value: Value | None) -> tuple[Config, str, Path | None]:
    """Return the config with one key set, or unset for None: what it will be, and its file's text.

    Nothing is written. Comments and order are kept; where the way the file is written does not
    allow that, the third value is the name under which `replacement` keeps the old file. Raises
    `ConfigValueInvalid` where the values would contradict each other.
    """
    values = {key: old for key, old in config.values.items() if key != name}
    if value is not None:
        values[name] = value
    before = read_safely(config.path, owners=None) or ""
    table, _, key = name.rpartition(".")
    text = _placed(before.replace("\r\n", "\n"), table, key, value)
    return _changed(config, values, text, before)


def _changed(
    config: Config, values: dict[str, Value], text: str, before: str
) -> tuple[Config, str, Path | None]:
    """Return the config with other values, whose text is this one if it says them all."""
    try:
        settings = settings_of(values, config.path)
    except ConfigInvalid as error:
        raise ConfigValueInvalid(error.message, error.hint) from None
    backup = None
    if _flattened(text) != values:
        text = _written_anew(values)
        backup = config.path.with_name(config.path.name + ".bak")
    if "\r\n" in before:
        text = text.replace("\n", "\r\n")
    _check_can_be_read(text, config.path)
    return Config(config.path, True, values, settings), text, backup


def change_source(
    config: Config, name: str, kind: str, source: Source
) -> tuple[Config, str, Path | None]:
    """Set a source for files of a `kind`. Returns and raises as `change`, and `InvalidValue`."""
    sources = deepcopy(config.sources)
    given = settings_of_source(source, kind)
    if not given:
        raise InvalidValue("There is nothing to save", hint="Give --column, --value and the like.")
    before = read_safely(config.path, owners=None) or ""
    text = before.replace("\r\n", "\n")
    for place, key, value in given:
        table = sources.setdefault(check_name(name), {})
        for part in place:
            table = table.setdefault(part, {})
        if table.get(key) != value:
            table[key] = value
            text = _placed(text, ".".join((SOURCES, name, *place)), key, value)
    return _changed(config, {**config.values, SOURCES: sources}, text, before)


def _check_can_be_read(text: str, path: Path) -> None:
    """Refuse to write a file that could not be read again."""
    try:
        check_size(text.encode(), path)
        parse_toml(text, path)
    except ConfigInvalid as error:
        raise ConfigValueInvalid(f"With this value it would be so: {error.message}") from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Run the block, which changes the file, while other processes that would do so wait.

    Raises `ConfigNotWritable` if the folder cannot be used, or if another process does not end.
    """
    try:
        folder = path.resolve().parent
    except (RuntimeError, ValueError) as error:  # links in a circle, a NUL
        raise ConfigNotWritable(f"The config file {path} cannot be found: {error}") from None
    try:
        make_own_folder(folder)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise ConfigNotWritable(f"The folder {folder} cannot be used: {error.strerror}") from error
    with signals.not_suspended():
        try:
            _lock(descriptor, folder)
            yield
        finally:
            os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    import fcntl  # only `config set` writes

    try:
        with signals.given_up_after(_PATIENCE_SECONDS):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except TimeoutError:
        raise ConfigNotWritable(
            f"Another process has the folder {folder} locked, to change the config file",
            hint="Nothing was changed. Find a config set that was stopped, and end it.",
        ) from None


_PATIENCE_SECONDS = 10.0


@contextmanager
def replacement(
    path: Path, text: str, *, keep_as: Path | None = None
) -> Iterator[Callable[[], None]]:
    """Write a new config file beside the old one. Yields the function that replaces the old one.

    The block can record the change first, and little can fail after that. A crash leaves the old
    file or the new one. With `keep_as`, the old file stays under that name. Raises
    `ConfigNotWritable`.
    """
    path = path.resolve()
    with ExitStack() as stack:
        with _writing(path):
            make_own_folder(path.parent)
            rename = stack.enter_context(files.replacement(path, [text.encode()]))
        yield partial(_replace, path, keep_as, rename)


def _replace(path: Path, keep_as: Path | None, rename: Callable[[], None]) -> None:
    with _writing(path):
        if keep_as is not None:
            keep_as.resolve().unlink(missing_ok=True)
            os.link(path, keep_as.resolve())
        rename()
    with suppress(OSError):  # a power cut might bring the old file back, and `check` would tell
        sync_folder(path.parent)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigNotWritable(
            f"The config file {path} cannot be written: {error.strerror}",
            hint="The file is as it was. Its folder must be writable.",
        ) from error


def _placed(text: str, table: str, key: str, value: Value | None) -> str:
    """Return the text with one assignment replaced, added or removed, if it is written plainly.

    The caller reads the result back: where it does not say what it should, it is not used.
    """
    lines = re.findall("[^\n]*\n|[^\n]+", text)  # splitlines would end a line within a text
    start, end = _table_span(lines, table)
    written = re.escape(_assignment(key, "").removesuffix(' = ""\n'))
    found = _find(rf"\s*{written}\s*=", lines, start, end)
    commented = _find(rf"# {written} = .*[^\[\s]\s*$", lines, start, end)
    if found is not None:
        stop = _assignment_end(lines, found, end)
        old = lines[found:stop]
        # A key that is unset stays as a comment, so that what is said about it keeps its place.
        lines[found:stop] = (
            [f"# {line}" for line in old]
            if value is None
            else [_assignment(key, value, "".join(old))]
        )
    elif value is None:
        return text
    elif commented is not None:
        lines[commented] = _assignment(key, value, lines[commented].removeprefix("# "))
    elif start > len(lines):  # there is no such table yet
        return f"{text.rstrip()}\n\n[{table}]\n{_assignment(key, value)}".lstrip()
    else:
        _append(_assignment(key, value), lines, start, end)
    return "".join(lines)


def _find(pattern: str, lines: list[str], start: int, end: int) -> int | None:
    """Find the first of these lines that begins with a pattern. Returns its place, or None."""
    return next((index for index in range(start, end) if re.match(pattern, lines[index])), None)


def _append(assignment: str, lines: list[str], start: int, end: int) -> None:
    """Insert a line at the end of a table."""
    # Above the blank lines at the table's end, and above a comment on the table that follows.
    while start < end < len(lines) and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    while start < end and not lines[end - 1].strip():
        end -= 1
    if end and not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    lines.insert(end, assignment)


def _table_span(lines: list[str], table: str) -> tuple[int, int]:
    """Find the lines of a table, without its header; they start at the end if it is absent."""
    headers = [index for index, line in enumerate(lines) if re.match(r"\s*\[", line)]
    # A line inside a list of several lines may look like a header; the caller checks the result.
    if not table:
        return 0, headers[0] if headers else len(lines)
    for number, index in enumerate(headers):
        if re.match(rf"\s*\[\s*{re.escape(table)}\s*\]\s*(#|$)", lines[index]):
            return index + 1, headers[number + 1] if number + 1 < len(headers) else len(lines)
    return len(lines) + 1, len(lines) + 1


def _assignment_end(lines: list[str], start: int, end: int) -> int:
    """Find the line after an assignment, whose value may go over several lines."""
    length, _ = _scanned("".join(lines[start:end]))
    return start + length


def _scanned(text: str) -> tuple[int, str]:
    """Scan the assignment at the start of a text. Returns its lines and the comment at its end.

    The comment is with the white space before it.
    """
    depth, length, comment = 0, 1, ""
    for token in _TOKENS.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
        elif token[0] in ("]", "}"):
            depth -= 1
        elif depth == 0 and token[0] == "\n":
            break
        elif depth == 0 and token[0].startswith("#"):
            comment = text[len(text[: token.start()].rstrip()) : token.end()].rstrip()
        length += token[0].count("\n")
    return length, comment


def _assignment(key: str, value: Value, old: str = "") -> str:
    """Write an assignment, with the comment at the end of the old one."""
    import tomli_w  # only `config set` writes

    _, comment = _scanned(old)
    return tomli_w.dumps({key: value}).rstrip("\n") + comment + "\n"


def _written_anew(values: dict[str, Value]) -> str:
    import tomli_w  # only `config set` writes

    document: dict[str, Any] = {}
    for name, value in values.items():
        table, _, key = name.rpartition(".")
        (document.setdefault(table, {}) if table else document)[key] = value
    return tomli_w.dumps(document)


def _flattened(text: str) -> dict[str, Value] | None:
    """Return the values in a text, or None where it is not TOML."""
    import tomllib  # only `config set` writes

    try:
        return flat(tomllib.loads(text))
    except (ValueError, RecursionError):
        return None
