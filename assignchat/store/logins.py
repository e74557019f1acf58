"""The part of the protocol of an engine that is about logins, which only a server has."""

from typing import Protocol

ROLES = ("assignchat_owner", "assignchat_member", "assignchat_auditor")
"""The owner of the tables, the members who work with them, and those who only read them."""


class Logins(Protocol):
    """Who is connected, and what each login may do."""

    has_logins: bool = False
    """Whether there are logins."""

    @property
    def login(self) -> str:
        """Return the login of the connection. Only where there are logins."""

    def make_roles(self) -> list[str]:
        """Make the roles of owners, members and auditors, inside the caller's transaction.

        Returns the statements that make the users members. Only where there are logins.
        """

    def members_changing_history(self) -> list[str]:
        """List the members who by rights of another role may change the history."""
        return []
