"""Statements as PostgreSQL has them: parameters, types, and rows as text for COPY."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")


@cache
def prepared(sql: str) -> str:
    """Return a statement with its parameters as psycopg2 writes them."""
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))


def bound(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return parameters as they are stored: true is 1."""
    if bool not in map(type, params.values()):  # as nearly always
        return params
    return {
        name: int(value) if isinstance(value, bool) else value for name, value in params.items()
    }


def typed(columns: str) -> str:
    """Return definitions of columns, with numbers of any size and text ordered by its bytes."""
    return columns.replace("INTEGER", "BIGINT").replace(" TEXT", ' TEXT COLLATE "C"')


_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_ESCAPED = tuple(map(chr, _ESCAPES))


def copied(columns: Iterable[Sequence[Any]], null: str) -> str:
    """Return columns as rows in the text format of COPY, with `null` for None."""
    texts = [_copied_column(values, null) for values in columns]
    return "\n".join([*map("\t".join, zip(*texts, strict=True)), ""])


def _copied_column(values: Sequence[Any], null: str) -> Iterable[str]:
    # In most columns no value needs a look of its own.
    try:
        together = "".join(values)
    except TypeError:
        are_numbers = set(map(type, values)) == {int}
        return map(repr, values) if are_numbers else [_copied(value, null) for value in values]
    if any(map(together.__contains__, _ESCAPED)):
        return [_copied(value, null) for value in values]
    return values


def _copied(value: Any, null: str) -> str:
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    return null if value is None else str(int(value) if isinstance(value, bool) else value)
