"""Each engine with a place for a database, so that one suite says what all of them promise."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assignchat.store.database import Database
from assignchat.store.engines import engine_of
from assignchat.times import Clock


class Engine:
    """A database that was just made; it is opened as often as a test likes."""

    def __init__(self, location: str, opened: ExitStack) -> None:
        self.location = location
        self.kind = engine_of(location)
        self._opened = opened
        self._now = datetime(2026, 11, 22, 14, 5, 10, tzinfo=UTC)
        assert self.kind.create(location)

    def tick(self) -> datetime:
        """A clock that never says the same twice."""
        self._now += timedelta(seconds=1)
        return self._now

    def open(self, *, busy_seconds: float = 0, clock: Clock | None = None) -> Database:
        """Open it once more, as another process would; it is closed after the test."""
        database = self.kind.open(
            self.location, os_user="tester", busy_seconds=busy_seconds, clock=clock or self.tick
        )
        return self._opened.enter_context(database)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on both engines, but for those of a module that names the one it is about."""
    if "engine" in metafunc.fixturenames:
        only = getattr(metafunc.module, "ENGINE", None)
        metafunc.parametrize("engine", [only] if only else ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Each engine in turn."""
    with ExitStack() as opened:
        if request.param == "sqlite":
            location = str(tmp_path / "team.db")
        else:
            server = request.getfixturevalue("server")
            location = opened.enter_context(server.database())
        yield Engine(location, opened)


@pytest.fixture
def database(engine: Engine) -> Database:
    """An open database without anything in it."""
    return engine.open()


@pytest.fixture
def other(engine: Engine) -> Database:
    """The same, opened by somebody else."""
    return engine.open()
