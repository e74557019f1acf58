"""A team on a server, each of whose users has a login: the members."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.processes import run
from tests.support.servers import Server
from tests.support.team import Team, content_of

LOGINS = ("maria", "mark", "martha", "omar")


class Members:
    """The demo team on a server, where each user has a login, and eve one that only reads."""

    def __init__(self, team: Team, server: Server, url: str) -> None:
        self.team = team
        self.server = server
        self.url = url
        self.ok("owner", "init", "--demo")
        for grant in self.ok("owner", "init", "--roles")["grants"]:
            self.run_sql(grant)
        self.run_sql(
            "DO $$ BEGIN IF to_regrole('eve') IS NULL THEN CREATE ROLE eve LOGIN; END IF; END $$;"
            " GRANT assignchat_auditor TO eve"
        )

    def run_sql(self, statement: str) -> None:
        """Run a statement as the owner of the server."""
        self.server.run(statement, self.url.rpartition("=")[2])

    def at(self, login: str) -> str:
        """The URL of a login."""
        return self.url.replace("user=owner", f"user={login}")

    def ok(self, login: str, *words: str) -> Any:
        """Run a command that must succeed, as a login."""
        return self.team.ok("--db", self.at(login), *words)

    def refused(self, login: str, *words: str) -> tuple[int, str]:
        """Run a command that must fail, as a login, and leave no trace."""
        before = content_of(self.url)
        refusal = self.team.refused("--db", self.at(login), *words)
        assert content_of(self.url) == before
        return refusal

    def sql(self, login: str, statement: str) -> str:
        """Run SQL as a login, in psql if that is installed. Returns its error, if any."""
        psql = self.server.programs / "psql"
        statement = f"SET search_path = assignchat; {statement}"
        if psql.exists():
            done = run(
                self.team.folder, psql, "-Xqv", "ON_ERROR_STOP=1", self.at(login), "-c", statement
            )
            return done.err
        import psycopg2

        try:
            self.server.run(statement, self.url.rpartition("=")[2], login=login)
        except psycopg2.Error as error:
            return str(error)
        return ""

    def findings(self) -> set[str]:
        """The codes of what a full check finds."""
        found = self.team.run("--db", self.at("eve"), "check", "--full", "--json").json
        return {finding["code"] for finding in found["problems"] + found["warnings"]}


@pytest.fixture
def members(empty_team: Team, server: Server) -> Iterator[Members]:
    """Members whom the server alone holds to their logins; mark has asked martha to take chat-1."""
    with server.database() as url:
        # The server knows the time as well: some of it can pass here without being yet to come.
        empty_team.now = datetime.now(UTC) - timedelta(hours=12)
        made = Members(empty_team, server, url)
        made.ok("mark", "assign", "chat-1", "--to", "martha", "--as", "mark")
        yield made
