"""A team with a database of its own, a clock that the test sets, and the real entry point."""

import contextlib
import io
import os
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assignchat.cli import main
from assignchat.store.engines import engine_of
from assignchat.times import Clock, utc_now
from tests.support.needs import needs
from tests.support.processes import ROOT, Result, pipe, program, read, result, run, start
from tests.support.servers import Server

START = datetime(2026, 11, 22, 14, 5, 10, tzinfo=UTC)


class Team:
    """A folder with a config file and a database, and a clock that stands until it is moved."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.location = str(folder / "assignchat.db")
        self.config = folder / "config.toml"
        self.now = START
        self._capture = capture

    @property
    def database(self) -> Path:
        """The file of the database, for tests about SQLite."""
        if not self._is_file:
            pytest.skip("about a database that is a file")
        return Path(self.location)

    @property
    def _is_file(self) -> bool:
        return "://" not in self.location

    def move_to(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Go on with a database on a server, which the environment names from now on."""
        self.database.unlink()
        self.location = url
        monkeypatch.setenv("ASSIGNCHAT_DB", url)

    def is_there(self) -> bool:
        """Whether there still is a database: not after tests that remove it."""
        return not self._is_file or self.database.exists()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def run(self, *words: str) -> Result:
        """Run a command through the real entry point, in this process, at the team's time."""
        self._capture.readouterr()
        exit_code = main(words, clock=lambda: self.now)
        return Result(exit_code, *self._capture.readouterr())

    def ok(self, *words: str) -> Any:
        """Run a command with --json that must succeed. Returns its document."""
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.err
        return result.json

    def refused(self, *words: str) -> tuple[int, str]:
        """Run a command with --json that must fail. Returns its exit code and error code."""
        result = self.run(*words, "--json")
        assert result.exit_code != 0, result.out
        assert result.out == ""
        return result.exit_code, result.error

    def refused_leaving_no_trace(self, *words: str) -> tuple[int, str]:
        """Do as `refused`, and see that the database is as it was."""
        before = self.snapshot()
        refusal = self.refused(*words)
        assert self.snapshot() == before
        return refusal

    def process(self, *words: str, stdin: str = "", env: dict[str, str] | None = None) -> Result:
        """Run a command as a process of its own, by the machine's clock."""
        return run(self.folder, *program(*words), stdin=stdin, env=env)

    def rows(self, select: str, **params: object) -> list[tuple[Any, ...]]:
        """What is in the tables, in SQL that every engine knows."""
        return rows_of(self.location, select, **params)

    def sqlite(self, statement: str, *params: object) -> list[tuple[Any, ...]]:
        """What any SQLite tool would say of the file, or do to it behind our back."""
        connection = sqlite3.connect(self.database)
        try:
            with connection:
                return connection.execute(statement, params).fetchall()
        finally:
            connection.close()

    def history(self, **columns: object) -> list[tuple[Any, ...]]:
        """Event, actor, from_user, to_user and status of the tracking rows with these values."""
        clauses = " AND ".join(f"{name} = :{name}" for name in columns) or "1 = 1"
        return self.rows(
            "SELECT event, actor, from_user, to_user, status FROM engagement_tracking"
            f" WHERE {clauses} ORDER BY id",
            **columns,
        )

    def snapshot(self) -> list[str]:
        """The whole content of the database, to see that nothing changed."""
        if not self._is_file:
            return content_of(self.location)
        connection = sqlite3.connect(self.database)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    def notices(self, user: str) -> list[str]:
        """The notices that a user has not marked read."""
        return [notice["text"] for notice in self.ok("inbox", "--as", user)["notifications"]]

    def owner(self, chat: str) -> str:
        """Who holds a chat."""
        return str(self.rows("SELECT owner_id FROM chats WHERE id = :chat", chat=chat)[0][0])


def run_here(folder: Path, *words: str, clock: Clock = utc_now) -> Result:
    """Run a command in a folder without a process of its own."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        exit_code = main(words, clock=clock)
    return Result(exit_code, out.getvalue(), err.getvalue())


def made_demo(folder: Path, time: datetime, *commands: str) -> Path:
    """Make a demo team at a time in a folder, and run these commands there. Returns the folder."""
    for command in ("init --demo", *commands):
        done = run_here(folder, *command.split(), clock=lambda: time)
        assert done.exit_code == 0, done.err
    return folder


def made_on_server(server: Server, database: str, folder: Path, time: datetime) -> None:
    """Make the database of a demo team on a server, and keep it."""
    server.run(f"CREATE DATABASE {database}")
    done = run_here(folder, "--db", server.url(database), "init", "--demo", clock=lambda: time)
    assert done.exit_code == 0, done.err
    server.keep(database)


def content_of(location: str) -> list[str]:
    """All rows of a database, in an order that no server has a say in."""
    with engine_of(location).open(location, os_user="tester") as database, database.read():
        return sorted(
            f"{table}: {row}" for table in database.tables() for row in database.table(table)
        )


def rows_of(location: str, select: str, **params: object) -> list[tuple[Any, ...]]:
    """What is in the tables of any database, in SQL that every engine knows."""
    with engine_of(location).open(location, os_user="tester") as database:
        return list(database.tuples(select, params))


def old_database(path: Path, schema: int = 1) -> None:
    """Make a database as an older version left it, after a morning's work."""
    dump = ROOT / "tests" / "data" / f"schema_{schema}.sql"
    connection = sqlite3.connect(path)
    try:
        connection.executescript(dump.read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    path.chmod(0o600)


def unprivileged(team: Team, *words: str) -> Result:
    """Run a command without root's power over permissions."""
    power: list[str] = []
    if os.geteuid() == 0:
        needs("setpriv")
        power = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    return run(team.folder, *power, *program(*words))


def shell(team: Team, script: str, *words: str | bytes) -> Result:
    """Run a script whose arguments are a command of the program."""
    return run(team.folder, "bash", "-c", script, "bash", *program(), *words)


# Everything is imported, then each waits at the line until all are there.
RUNNER = """
import importlib, os, sys
from assignchat.__main__ import run
from assignchat.cli.commands import COMMANDS
for command in COMMANDS.values():
    importlib.import_module(f"assignchat.cli.commands.{command.module}")
os.write(int(sys.argv.pop(1)), b".")
sys.stdin.read()
run()
"""


def together(team: Team, *commands: tuple[str, ...]) -> list[Result]:
    """Run commands as processes of their own that all begin at the same moment."""
    with pipe() as (at_the_line, arrived), pipe() as (line, go):
        number = arrived.fileno()
        runner = (sys.executable, "-c", RUNNER, str(number))
        started = [
            start(team.folder, *runner, *words, stdin=line, pass_fds=(number,))
            for words in commands
        ]
        arrived.close()
        waiting = 0
        while waiting < len(commands) and (ready := read(at_the_line)):
            waiting += len(ready)
        go.close()
        return [result(process) for process in started]
