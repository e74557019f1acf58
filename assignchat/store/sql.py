"""The parts of statements: conditions, filters, pages."""

from collections.abc import Iterable, Mapping
from typing import Any

from assignchat.namedtuples import NamedTuple

Params = Mapping[str, Any]


class Which(NamedTuple):
    """A set of requests: a condition on `requests r`, with its parameters.

    Only the store makes one. Its callers just pass it on.
    """

    sql: str
    params: Params

    def __and__(self, other: "Which") -> "Which":
        return Which(f"({self.sql}) AND {other.sql}", {**self.params, **other.params})


# A late sweep changes no outcome: past its deadline a request reads as timed out at that
# deadline, whether a sweep has been here or not. `:now` is the time of the transaction.

PAST_DEADLINE = Which("r.expires_at <= :now", {})
BEFORE_DEADLINE = "(r.expires_at IS NULL OR r.expires_at > :now)"
OVERDUE = f"r.status = 'pending' AND {PAST_DEADLINE.sql}"

COLUMNS_WITH_DEADLINE = {
    "status": f"CASE WHEN {OVERDUE} THEN 'timed_out' ELSE r.status END",
    "resolved_at": f"CASE WHEN {OVERDUE} THEN r.expires_at ELSE r.resolved_at END",
}
"""The columns of a request `r` in which its deadline shows, and how they read."""


def insert_into(table: str, columns: Iterable[str]) -> str:
    """Return the statement that inserts a row. Its parameters have the names of the columns."""
    names = tuple(columns)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES (:{', :'.join(names)})"


def one_of(words: Iterable[str]) -> str:
    """Return words of `model` as a list for IN. Never call it with text of a user."""
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"


def with_named(subqueries: Mapping[str, str]) -> str:
    """Return the WITH clause of subqueries by name, each of which is computed once."""
    written = (f"{name} AS MATERIALIZED ({sql})" for name, sql in subqueries.items())
    return f"WITH {', '.join(written)}"


def where(filters: Mapping[str, str], given: Params) -> str:
    """Return the WHERE clause of the filters, by name, for which a value is given."""
    clauses = [sql for name, sql in filters.items() if given.get(name) is not None]
    return "WHERE " + " AND ".join(clauses) if clauses else ""


def page(*columns: str, limit: int | None, newest_first: bool) -> str:
    """Return the ORDER BY and LIMIT of a list. A limit of None means all.

    No two rows may be alike in all of the columns: which comes first an engine chooses anew.
    """
    direction = " DESC" if newest_first else ""
    order = f"ORDER BY {', '.join(column + direction for column in columns)}"
    return order if limit is None else f"{order} LIMIT {int(limit)}"


def like_text(text: str) -> str:
    """Return a pattern for LIKE with ! as ESCAPE that stands for this text alone.

    Of a backslash in a literal, the settings of a server say what it means.
    """
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
