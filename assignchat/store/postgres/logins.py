"""Who is connected to a server, and the roles of a team there."""

from assignchat.store.database import Database
from assignchat.store.postgres.driver import Connection


class PostgresLogins(Database):
    """A part of the engine."""

    has_logins = True
    connection: Connection

    @property
    def login(self) -> str:
        return str(self.connection.info.parameter_status("session_authorization"))

    def make_roles(self) -> list[str]:
        from assignchat.store.postgres import roles

        # Whoever comes after one who waits for a table waits too, be it only to read.
        self.execute("SET LOCAL lock_timeout = '1s'")
        database = self.value("SELECT quote_ident(current_database())")
        self.execute(roles.definitions([*self.tables(), "_version"], database))
        return self.column(roles.MAKE_MEMBERS)

    def members_changing_history(self) -> list[str]:
        from assignchat.store.postgres import roles

        return self.column(roles.CHANGING_HISTORY)
