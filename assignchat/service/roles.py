"""The roles of a team whose database is on a server."""

from assignchat.store.database import Database
from assignchat.store.logins import ROLES

__all__ = ["ROLES", "make_roles"]


def make_roles(database: Database) -> list[str]:
    """Make the roles, and give each what it may do. Returns the SQL that makes users members."""
    with database.write():
        return database.make_roles()
