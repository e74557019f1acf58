"""Bringing an older schema on a server up to date."""

from assignchat.store.database import Database
from assignchat.store.postgres import SCHEMA_VERSION, errors, roles, statements

STEPS: dict[int, str] = {}
"""For each version after the first, the statements that make it of the one before."""

_STATE = """
SELECT (SELECT max(version) FROM _version), quote_ident(o.rolname), pg_has_role(o.oid, 'MEMBER')
FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner
WHERE c.oid = CAST('assignchat._version' AS regclass)
"""


def migrate(database: Database) -> None:
    """Bring the tables up to date, inside the caller's transaction, unless another just has.

    Raises `DatabaseReadOnly` if this login may not do so, and `DatabaseDamaged` if there never was
    such a version.
    """
    database.execute(statements.TAKE_LOCK)
    version, owner, is_allowed = next(database.tuples(_STATE))
    missing = range((version or 0) + 1, SCHEMA_VERSION + 1)
    if not missing:
        return
    if version is None or not STEPS.keys() >= set(missing):
        raise errors.damaged(database.location, f"its schema has the version {version}")
    if not is_allowed:
        raise errors.older(database.location, version, owner)
    database.execute(f"SET LOCAL ROLE {owner}")  # what is new belongs to it too
    for number in missing:
        database.execute(STEPS[number])
    database.execute("UPDATE _version SET version = :version", {"version": SCHEMA_VERSION})
    if database.value(roles.ARE_MADE):
        database.make_roles()
