"""The ids of an import: new ones, and other forms of those that are known."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from assignchat.store.database import Database
from assignchat.store.imports import IS_NEW, Fault, Found


def new_ids(database: Database) -> Iterator[tuple[Sequence[int], Sequence[str]]]:
    """Yield the lines and the ids of the staged rows that are new, many at a time."""
    last = int(database.value("SELECT coalesce(max(place), 0) FROM incoming"))
    for first in range(1, last + 1, _AT_ONCE):
        lines, found = database.whole_columns(
            ["line", "chat_id"],
            "FROM (SELECT place AS id, line, i.id AS chat_id FROM incoming i"  # in its order
            f" WHERE {IS_NEW} AND place BETWEEN :first AND :last) AS new",
            {"first": first, "last": first + _AT_ONCE - 1},
        )
        if found:
            yield lines, found


def are_new(database: Database) -> bool:
    """Return whether any of the staged rows is new."""
    return bool(database.value(f"SELECT EXISTS (SELECT 1 FROM incoming i WHERE {IS_NEW})"))


def ids_of_chats(database: Database) -> Iterator[Sequence[str]]:
    """Yield the ids of all chats, many at a time."""
    found: Sequence[str] = [""]
    while found:
        (found,) = database.whole_columns(
            ["id"],
            "FROM (SELECT id FROM chats WHERE id > :last ORDER BY id LIMIT :at_once) AS page",
            {"last": found[-1], "at_once": _AT_ONCE},
        )
        yield found


_AT_ONCE = 5_000


def known_ids(database: Database, low: str, high: str, at_most: int) -> list[str]:
    """List the ids of chats between `low` and `high` that have as many characters."""
    found = database.tuples(
        "SELECT id FROM chats WHERE id BETWEEN :low AND :high AND length(id) = length(:low)"
        " ORDER BY id LIMIT :at_most",
        {"low": low, "high": high, "at_most": at_most},
    )
    return [chat_id for (chat_id,) in found]


def twins(
    database: Database, forms: Iterable[tuple[str, str, int | None]], at_most: int
) -> list[Found]:
    """Find new rows whose id is another form of a known id, or of the id of another row.

    The `forms` are the canonical forms of ids that have another one, each with the id, and with
    its line if it is new. Of two forms of one id, at least one is among them.
    """
    database.make_temporary("odd", "form TEXT, id TEXT, line INTEGER")
    left = iter(forms)  # which come from the database
    while together := list(islice(left, _AT_ONCE)):
        database.stage("odd", together)
    database.execute("CREATE INDEX odd_by_form ON odd (form)")
    found = database.tuples(f"{_TWINS} ORDER BY 1, 2, 3 LIMIT :at_most", {"at_most": at_most})
    return [Found(line, chat_id, other, Fault.TWIN) for line, chat_id, other in found]


_TWINS = (
    "SELECT n.line, n.id, c.id FROM odd n JOIN chats c ON c.id = n.form"
    " WHERE n.line IS NOT NULL"
    " UNION SELECT n.line, n.id, i.id FROM odd n JOIN incoming i ON i.id = n.form"
    " WHERE n.line IS NOT NULL"
    " UNION SELECT n.line, n.id, o.id FROM odd n JOIN odd o"
    " ON o.form = n.form AND o.id <> n.id"
    " WHERE n.line IS NOT NULL AND (o.line IS NULL OR o.line < n.line)"
    " UNION SELECT i.line, i.id, o.id FROM odd o JOIN incoming i ON i.id = o.form"
    f" WHERE {IS_NEW} AND o.line IS NULL"
)
