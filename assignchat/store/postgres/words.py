"""Statements as PostgreSQL has them: parameters, types, and rows as text for COPY."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")


@cache
def prepared(sql: str) -> str:
    """Return a statement with its parameters as psycopg2 writes them."""
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))


def bound(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as they are stored: true is 1."""
    return {
        name: int(value) if isinstance(value, bool) else value for name, value in params.items()
    }


def typed(columns: str) -> str:
    """Return definitions of columns, with numbers of any size and text ordered by its bytes."""
    return columns.replace("INTEGER", "BIGINT").replace(" TEXT", ' TEXT COLLATE "C"')


_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def copied(rows: Iterable[tuple[Any, ...]], *, blank: str = "") -> str:
    """Return rows in the text format of COPY, with `blank` for each empty text."""
    return "".join("\t".join(_copied(value) or blank for value in row) + "\n" for row in rows)


def _copied(value: Any) -> str:
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    return r"\N" if value is None else str(int(value) if isinstance(value, bool) else value)
