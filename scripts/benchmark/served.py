"""A PostgreSQL server of the benchmark's own, and databases on it."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.measuring import ASSIGNCHAT, Run, Team, seconds
from tests.support.servers import Server, programs

# It keeps what it has said to be committed, as the server of a team does.
_SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "shared_buffers": "128MB",
    "max_wal_size": "4GB",  # a checkpoint before each job, and none during it
    "track_commit_timestamp": "on",
}


@contextmanager
def server() -> Iterator[Server]:
    """A running server for the block, on a disk."""
    found = programs()
    if found is None:
        sys.exit("bench: PostgreSQL's server is needed (Debian package postgresql)")
    # The path of its socket must be short.
    with tempfile.TemporaryDirectory(prefix="assignchat-bench-", dir="/tmp") as folder:
        running = Server(found, Path(folder), **_SETTINGS)
        if os.geteuid() == 0:
            os.chown(folder, running.owner, running.owner)
        running.make()
        running.start()
        try:
            yield running
        finally:
            running.stop()


class ServedTeam:
    """A copy of a team's database on a server. Commands are run in the folder of the team."""

    def __init__(self, on: Server, name: str, team: Team) -> None:
        self.folder = team.folder
        self.url = on.url(name)
        self.name, self._server = name, on
        self._server.run(f"CREATE DATABASE {name} TEMPLATE template0")
        self.run("init", "--from", "assignchat.db")
        self.settle()

    def run(self, *words: str) -> tuple[float, float]:
        """Run assignchat. Returns seconds and peak MiB."""
        return seconds([*ASSIGNCHAT, "--db", self.url, *words], self.folder)

    def psql(self, sql: str) -> tuple[float, float]:
        """Run statements in psql. Returns seconds and peak MiB."""
        shell = [str(self._server.programs / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", self.url]
        return seconds(shell, self.folder, f"SET search_path = assignchat;\n{sql}")

    def value(self, sql: str) -> float:
        """The one number that a query finds."""
        (row,) = self._server.run(f"SET search_path = assignchat; {sql}", self.name)
        return float(row[0])

    def settle(self) -> None:
        """Let nothing be left to be done later, as when a day has begun."""
        self._server.run("VACUUM ANALYZE", self.name)
        self._server.run("CHECKPOINT")

    def keep(self) -> None:
        """Put the database aside, for those that are to begin as it is now."""
        self._server.run(f"DROP DATABASE IF EXISTS {self.name}_kept")
        self._copy(self.name, f"{self.name}_kept")

    def anew(self, like: "ServedTeam", *words: str) -> Run:
        """A run of assignchat, on a database that is as another one was when it was kept."""

        def run() -> tuple[float, float]:
            self._begin_as(like)
            return self.run(*words)

        return run

    def anew_in_psql(self, like: "ServedTeam", sql: str) -> Run:
        """A run of psql on such a database."""

        def run() -> tuple[float, float]:
            self._begin_as(like)
            return self.psql(sql)

        return run

    def _begin_as(self, other: "ServedTeam") -> None:
        self._server.run(f"DROP DATABASE {self.name} WITH (FORCE)")
        self._copy(f"{other.name}_kept", self.name)

    def _copy(self, source: str, target: str) -> None:
        self._server.run(f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy")
        self._server.run("CHECKPOINT")
