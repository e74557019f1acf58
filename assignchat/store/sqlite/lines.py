"""Tracking rows as JSON lines that SQLite makes itself, where they are right at a glance."""

from collections.abc import Iterator
from types import NoneType

from assignchat.model import TrackingRow
from assignchat.store.columns import DETAIL, Kind, is_time, kinds_of
from assignchat.store.database import Database
from assignchat.store.sql import Params

_ROWS_AT_ONCE = 512

# Python reads no JSON that is nested very deeply. SQLite stops at a NUL, which is found later.
_IS_OBJECT = "{0} BETWEEN '{{' AND '|' AND length({0}) < 500 AND json_valid({0})"


def blocks(database: Database, select: str, params: Params) -> Iterator[str | list[TrackingRow]]:
    """Yield the rows of a SELECT, in the order of ids: some at a time, as lines if they can be."""
    part = f"FROM ({select}) AS chosen WHERE id > :told ORDER BY id LIMIT {_ROWS_AT_ONCE}"
    told: float = float("-inf")
    while True:
        given = {**params, "told": told}
        told, lines = _lines(database, part, given)
        if lines is not None:
            yield lines
            continue
        rows = list(database.rows(TrackingRow, f"SELECT * {part}", given))
        if not rows:
            return
        told = rows[-1].id
        yield rows


def _lines(database: Database, part: str, given: Params) -> tuple[int, str | None]:
    """Make the lines of some rows. Returns the last id, and None if Python has to look at them."""
    found = database.tuples(
        "SELECT max(id), count(*), group_concat(line, char(10)), min(at), max(at)"
        f" FROM (SELECT id, at, {_LINE} AS line {part}) AS block",
        given,
    )
    last, count, lines, first_at, last_at = next(found)
    if lines is None or not _are_whole(lines, count):
        return 0, None
    times = {first_at, last_at}
    if len(times) > 1:
        times.update(database.column(f"SELECT DISTINCT at FROM (SELECT at {part}) AS block", given))
    is_right = all(type(time) is str and is_time(time) for time in times)
    return last, lines if is_right else None


def _are_whole(lines: str, count: int) -> bool:
    """Return whether each row has a line, and no detail has a NUL, or an escape that may be wrong.

    Looking for one character is much quicker than for two.
    """
    is_plain = "\0" not in lines and not ("\\" in lines and "\\u" in lines)
    return is_plain and lines.count("\n") == count - 1


def _condition(name: str, kind: Kind) -> str | None:
    """Return the condition that a value is right, if it is neither a BLOB nor a wrong time."""
    if kind is DETAIL:
        condition = _IS_OBJECT.format(name)
    elif kind.sql is not None:
        condition = kind.sql.format(name)
    else:
        return None if NoneType in kind.types else f"{name} IS NOT NULL"
    if int in kind.types:
        condition += f" AND {name} | 0 = {name}"  # quicker than typeof
    return f"({name} IS NULL OR {condition})" if NoneType in kind.types else condition


def _member(name: str, kind: Kind) -> tuple[str, str]:
    """Return how a column stands in a line: a format, and what it is filled with."""
    stands, null = f'"{name}": %s', NoneType in kind.types
    if int in kind.types:
        return stands, f"coalesce({name}, 'null')" if null else name
    if kind.is_right is None:  # of a BLOB SQLite makes an error
        quoted = f"json_quote({name})"
        return stands, f"CASE WHEN {name} IS NULL THEN 'null' ELSE {quoted} END" if null else quoted
    # What is one of a few words, or a time, has nothing to escape.
    if null:
        return stands, f"coalesce('\"' || {name} || '\"', 'null')"
    return f'"{name}": "%s"', name


def _line() -> str:
    """Write the SQL of a row's line, or of a NUL if Python has to look at the row."""
    kinds = [kind for kind in kinds_of(TrackingRow) if kind is not None]
    columns = list(zip(TrackingRow._fields, kinds, strict=True))
    right = " AND ".join(filter(None, (_condition(*column) for column in columns)))
    formats, values = zip(*(_member(*column) for column in columns[:-1]), strict=True)
    begun = f"printf('{{{', '.join(formats)}, \"detail\": ', {', '.join(values)})"
    line = f"{begun} || coalesce(detail, 'null') || '}}'"  # printf stops at a NUL
    return f"CASE WHEN {right} THEN {line} ELSE char(0) END"


_LINE = _line()
