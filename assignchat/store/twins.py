"""Ids that look alike, in the tables of users and chats: what may be compared, found in SQL."""

from collections.abc import Callable, Iterator

from assignchat.store.database import Database
from assignchat.store.sql import like_text

Canonical = Callable[[str], str]
"""What makes of an id the form that all ids have in common that look the same."""

_LONG = 15  # characters; so long an id may stand inside another form of itself, such as in braces


def of(database: Database, table: str, new_id: str, canonical: Canonical) -> str | None:
    """Find an id that another one looks like. Returns None if there is none, or itself."""
    form = canonical(new_id)
    pattern = like_text(form.lower())
    alike = database.tuples(
        f"SELECT id FROM {table} WHERE lower(id) LIKE :pattern ESCAPE '\\'"
        f" OR {_odd(database)} ORDER BY id",
        {"pattern": f"%{pattern}%" if len(form) >= _LONG else pattern},
        many=True,
    )
    return next((i for (i,) in alike if canonical(i) == form and i != new_id), None)


def among(database: Database, table: str, canonical: Canonical) -> Iterator[tuple[str, str]]:
    """Yield pairs of ids that differ only by case, width, blanks, or what cannot be seen."""
    by_case = database.tuples(  # sorted only if one has a capital letter, as one of two must
        f"SELECT min(id), max(id) FROM {table}"
        f" WHERE EXISTS (SELECT 1 FROM {table} WHERE id <> lower(id))"
        " GROUP BY lower(id) HAVING count(*) > 1 ORDER BY 1"
    )
    yield from ((one, other) for one, other in by_case if canonical(one) == canonical(other))
    odd = database.column(f"SELECT id FROM {table} WHERE {_odd(database)} ORDER BY id")
    forms: dict[str, str] = {}
    for one in odd:
        other = forms.setdefault(canonical(one), one)
        if other != one:
            yield other, one
    if any(map(str.isascii, forms)):
        for (one,) in database.tuples(f"SELECT id FROM {table} ORDER BY id", many=True):
            other = forms.get(canonical(one), one)
            if one.isascii() and one != other:
                yield one, other


def _odd(database: Database) -> str:
    """Return the condition for ids that may look like another that differs by more than case."""
    return f"({database.not_ascii('id')} OR id LIKE '%  %')"
