"""The tables of the config file that describe CRMs: `[sources.NAME]`."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from assignchat.config import SOURCES
from assignchat.crm.sources import COLUMNS, Source
from assignchat.errors import InvalidValue, SourceNotFound
from assignchat.namedtuples import NamedTuple

_TEXTS = ("time_zone", "time_format", "encoding", "delimiter", "sheet", "rows", "owners")
_NAME = re.compile("[A-Za-z0-9_-]{1,100}")

Table = Mapping[str, Any]


class Setting(NamedTuple):
    """One key of a source: the table in which it stands, its name there, and its value."""

    table: tuple[str, ...]
    key: str
    value: Any


def check_name(name: str) -> str:
    """Check that a text can be the name of a source. Returns it. Raises `InvalidValue`."""
    if not _NAME.fullmatch(name):
        raise InvalidValue(
            f"{name!r} is no name of a source", hint="It has letters, digits, - and _ alone."
        )
    return name


def source_named(sources: Table, name: str, kind: str) -> Source:
    """Find the source of this name, for files of `users` or `chats`. Raises `SourceNotFound`."""
    if name not in sources:
        known = ", ".join(sources) or "none"
        raise SourceNotFound(
            f"No source {name!r} in the config",
            hint=f"There are: {known}. import --save-source makes one; see also"
            " scripts/samples/sources.toml.",
        )
    table = sources[name]
    of_kind = table.get(kind, {})
    return Source(
        columns={
            column: [found] if isinstance(found, str) else found
            for column, found in of_kind.get("columns", {}).items()
        },
        values=of_kind.get("values", {}),
        defaults=of_kind.get("defaults", {}),
        has_headings=table.get("header", True),
        **{key: table[key] for key in _TEXTS if key in table},
    )


def settings_of_source(source: Source, kind: str) -> list[Setting]:
    """List the keys to write for files of one kind, in the order of the file."""
    found = [
        Setting((), key, getattr(source, key)) for key in _TEXTS if getattr(source, key) is not None
    ]
    if not source.has_headings:
        found.append(Setting((), "header", False))
    for column, headings in source.columns.items():
        value = headings[0] if len(headings) == 1 else list(headings)
        found.append(Setting((kind, "columns"), column, value))
    for column, words in source.values.items():
        found += [
            Setting((kind, "values", column), word, meaning) for word, meaning in words.items()
        ]
    found += [Setting((kind, "defaults"), *item) for item in source.defaults.items()]
    return found


def check_sources(sources: object) -> None:
    """Raise `InvalidValue` for a value that is not a table of sources, naming its place."""
    for name, table in _table(sources, SOURCES).items():
        check_name(name)
        where = f"{SOURCES}.{name}"
        for key, value in _table(table, where).items():
            if key in COLUMNS:
                _check_kind(value, f"{where}.{key}", COLUMNS[key])
            elif key == "header":
                _check(isinstance(value, bool), f"{where}.{key}", "is true or false")
            else:
                _check(key in _TEXTS, f"{where}.{key}", "is no key of a source")
                _check(_is_text(value), f"{where}.{key}", "is text")


def _check_kind(table: object, where: str, columns: Sequence[str]) -> None:
    checks: dict[str, Callable[[object, str], None]] = {
        "columns": _check_headings,
        "values": _check_words,
        "defaults": _check_text,
    }
    for part, content in _table(table, where).items():
        _check(part in checks, f"{where}.{part}", f"is none of {', '.join(checks)}")
        for column, value in _table(content, f"{where}.{part}").items():
            place = f"{where}.{part}.{column}"
            _check(column in columns, place, f"is none of {', '.join(columns)}")
            checks[part](value, place)


def _check_headings(value: object, where: str) -> None:
    headings = value if isinstance(value, list) else [value]
    _check(bool(headings) and all(map(_is_text, headings)), where, "is a heading, or a list")


def _check_words(value: object, where: str) -> None:
    _check(all(isinstance(meaning, str) for meaning in _table(value, where).values()), where, _OF)


_OF = "says of each word what it means, as text"


def _check_text(value: object, where: str) -> None:
    _check(_is_text(value), where, "is text")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _table(value: object, where: str) -> Table:
    _check(isinstance(value, dict), where, "is a table")
    return cast("Table", value)


def _check(is_so: object, where: str, what: str) -> None:
    if not is_so:
        raise InvalidValue(f"{where} {what}")
