"""How a file names the owners of its chats: by their ids or by aliases."""

from assignchat.store.database import Database
from assignchat.texts import folded


def remember_names(database: Database, source: str) -> None:
    """Keep how a source names the owners of the staged rows, the one that came last for each."""
    names = database.column(
        "SELECT owner_id FROM incoming WHERE owner_id IS NOT NULL"
        " GROUP BY owner_id ORDER BY max(place)"
    )
    database.execute_many(
        "INSERT INTO owner_names (source, user_id, name) SELECT :source, id, :name FROM users"
        " WHERE id = :name OR (NOT EXISTS (SELECT 1 FROM users WHERE id = :name)"
        " AND id = (SELECT user_id FROM user_aliases WHERE folded = :folded))"
        " ON CONFLICT (source, user_id) DO UPDATE SET name = excluded.name",
        ({"source": source, "name": name, "folded": folded(name)} for name in names),
    )


def resolve_names(database: Database) -> None:
    """Replace the aliases of owners in the staged rows by ids."""
    aliases = dict(database.tuples("SELECT folded, user_id FROM user_aliases"))
    if not aliases:
        return
    database.make_temporary("named", "name TEXT, user_id TEXT", key="name")
    names = database.column(
        "SELECT DISTINCT owner_id FROM incoming"
        " WHERE owner_id IS NOT NULL AND owner_id NOT IN (SELECT id FROM users)"
    )
    known = ((name, aliases[folded(name)]) for name in names if folded(name) in aliases)
    database.stage("named", known)
    # Not by UPDATE FROM: SQLite would walk all rows once for each name.
    database.execute(
        "UPDATE incoming"
        " SET owner_id = (SELECT n.user_id FROM named n WHERE n.name = owner_id)"
        " WHERE owner_id IN (SELECT name FROM named)"
    )
