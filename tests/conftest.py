"""A team with a database of its own, a clock that the test sets, and the real entry point."""

import signal
import sqlite3
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from assignchat.cli import main
from assignchat.store.engines import engine_of
from tests.machine import machine
from tests.processes import Result, end_all, program, run
from tests.surroundings import make_usual

__all__ = ["Result", "machine"]  # a fixture, for users of the machine other than the one who tests

SECONDS_FOR_A_TEST = 120
"""After so long a test has failed, wherever it stands."""

START = datetime(2026, 11, 22, 14, 5, 10, tzinfo=UTC)


def pytest_configure() -> None:
    """Depend on nothing that whoever starts the tests happens to have set."""
    make_usual()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let no test wait for ever."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        pytest.fail(f"not done after {limit} seconds")

    limit = getattr(getattr(item, "module", None), "SECONDS_FOR_A_TEST", SECONDS_FOR_A_TEST)
    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, limit, limit)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Leave no process behind, nor one that holds up what a fixture looks at afterwards."""
    end_all()


class Team:
    """A folder with a config file and a database, and a clock that stands until it is moved."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.database = folder / "assignchat.db"
        self.config = folder / "config.toml"
        self.now = START
        self._capture = capture

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def run(self, *words: str) -> Result:
        """Run a command through the real entry point, in this process, at the team's time."""
        self._capture.readouterr()
        exit_code = main(words, clock=lambda: self.now)
        return Result(exit_code, *self._capture.readouterr())

    def ok(self, *words: str) -> Any:
        """Run a command with --json that must succeed; its document."""
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.err
        return result.json

    def refused(self, *words: str) -> tuple[int, str]:
        """Run a command with --json that must fail, silently on stdout; exit and error code."""
        result = self.run(*words, "--json")
        assert result.exit_code != 0, result.out
        assert result.out == ""
        return result.exit_code, result.error

    def refused_leaving_no_trace(self, *words: str) -> tuple[int, str]:
        """As `refused`; and the database is as it was."""
        before = self.snapshot()
        refusal = self.refused(*words)
        assert self.snapshot() == before
        return refusal

    def process(self, *words: str, stdin: str = "", env: dict[str, str] | None = None) -> Result:
        """Run a command as a process of its own, by the machine's clock."""
        return run(self.folder, *program(*words), stdin=stdin, env=env)

    def rows(self, select: str, **params: object) -> list[tuple[Any, ...]]:
        """What is in the tables, in SQL that every engine knows."""
        return rows_of(str(self.database), select, **params)

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
        connection = sqlite3.connect(self.database)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    def owner(self, chat: str) -> str:
        """Who holds a chat."""
        return str(self.rows("SELECT owner_id FROM chats WHERE id = :chat", chat=chat)[0][0])


def rows_of(location: str, select: str, **params: object) -> list[tuple[Any, ...]]:
    """What is in the tables of any database, in SQL that every engine knows."""
    with engine_of(location).open(location, os_user="tester") as database:
        return list(database.tuples(select, params))


def old_database(path: Path) -> None:
    """Make a database as the first release left it, after a morning's work."""
    dump = Path(__file__).parent / "data" / "schema_1.sql"
    connection = sqlite3.connect(path)
    try:
        connection.executescript(dump.read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    path.chmod(0o600)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


@pytest.fixture
def empty_team(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Team:
    """A folder with nothing in it yet, which is the working directory."""
    folder = tmp_path / "team"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Team(folder, capsys)


@pytest.fixture
def team(empty_team: Team) -> Iterator[Team]:
    """The demo team: mark (chat-1, -2, -3), martha (chat-4), omar (chat-5), maria the manager.

    After each test the database is sound: its state is what its history says, sealed.
    """
    empty_team.ok("init", "--demo")
    yield empty_team
    if empty_team.database.exists():
        found = empty_team.run("check", "--full", "--json")
        assert found.exit_code == 0, found.out + found.err


@pytest.fixture
def team_now(empty_team: Team) -> Team:
    """The demo team by the machine's clock, which its processes go by."""
    empty_team.now = datetime.now(UTC)
    empty_team.ok("init", "--demo")
    return empty_team


@pytest.fixture
def request_id(team: Team) -> str:
    """A pending request: mark asks martha to take chat-1."""
    return str(team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")["id"])
