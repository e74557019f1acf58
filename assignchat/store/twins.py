"""Ids and aliases that look alike, of users and chats: what may be compared, found in SQL."""

from collections.abc import Callable, Iterator

from assignchat.store.database import Database
from assignchat.store.sql import like_text
from assignchat.texts import folded

Canonical = Callable[[str], str]
"""Turns an id into the form that all ids share that look like it."""

_LONG = 15  # characters; so long an id may stand inside another form of itself, such as in braces


def of(database: Database, table: str, new_id: str, canonical: Canonical) -> str | None:
    """Find an id that looks like a new one. Returns None if there is none but the new one."""
    form = canonical(new_id)
    pattern = like_text(form.lower())
    alike = database.tuples(
        f"SELECT id FROM {table} WHERE lower(id) LIKE :pattern ESCAPE '!'"
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


def aliases(database: Database) -> Iterator[tuple[str, str, str]]:
    """Yield the aliases that are the ids of other users, but perhaps for case or width.

    Each with the user who has it, and the user whose id it is.
    """
    not_ascii = database.not_ascii("u.id")
    yield from database.tuples(
        "SELECT a.alias, a.user_id, u.id FROM users u JOIN user_aliases a ON a.folded = lower(u.id)"
        f" WHERE a.user_id <> u.id AND NOT ({not_ascii}) ORDER BY a.folded"
    )
    # Of other letters, engines make different ones.
    others = database.column(f"SELECT u.id FROM users u WHERE {not_ascii} ORDER BY u.id")
    forms = {folded(one): one for one in others}
    if forms:
        every = "SELECT alias, user_id, folded FROM user_aliases ORDER BY folded"
        for alias, user_id, form in database.tuples(every, many=True):
            if forms.get(form, user_id) != user_id:
                yield alias, user_id, forms[form]


def _odd(database: Database) -> str:
    """Return the condition for ids that may look like another that differs by more than case."""
    return f"({database.not_ascii('id')} OR id LIKE '%  %')"
