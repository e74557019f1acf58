"""What every test starts from, and teams for the tests to work on."""

import shutil
import signal
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

from tests.support import servers
from tests.support.machine import machine
from tests.support.members import members
from tests.support.processes import end_all
from tests.support.surroundings import make_usual
from tests.support.team import START, Team, made_demo, made_on_server

__all__ = ["machine", "members"]  # fixtures with more users than the one who tests

SECONDS_FOR_A_TEST = 120
"""After so long a test has failed, wherever it stands."""


def pytest_configure() -> None:
    """Depend on nothing that whoever starts the tests happens to have set."""
    make_usual()
    settings.register_profile(
        "patient", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("patient")


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


def pytest_sessionfinish() -> None:
    """Leave none behind after Ctrl-C either, in whose reach the processes are not."""
    end_all()


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


# Texts, terminals and the config are the same on each engine; signals are tried in tests/store.
NOT_ABOUT_ENGINES = {
    "test_backup",
    "test_completion",
    "test_config",
    "test_config_history",
    "test_help",
    "test_init",
    "test_interrupt",
    "test_pager",
    "test_shells",
    "test_terminal",
}


@pytest.fixture(scope="session")
def server() -> Iterator[servers.Server]:
    """A PostgreSQL server for all tests of this process."""
    with servers.server() as running:
        yield running


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo team, to be copied: that is ten times as fast as making it."""
    return made_demo(tmp_path_factory.mktemp("demo"), START)


@pytest.fixture(scope="session")
def demo_now(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same by the machine's clock."""
    return made_demo(tmp_path_factory.mktemp("demo"), datetime.now(UTC))


@pytest.fixture(scope="session")
def demo_on_server(server: servers.Server, demo: Path) -> str:
    """The database of the demo team on a server, to be copied too."""
    made_on_server(server, "demo", demo, START)
    return "demo"


@pytest.fixture(scope="session")
def demo_now_on_server(server: servers.Server, demo_now: Path) -> str:
    """The same by the machine's clock."""
    made_on_server(server, "demo_now", demo_now, datetime.now(UTC))
    return "demo_now"


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """The engine of the team's database; `pytest_generate_tests` says which tests run on both."""
    return getattr(request, "param", "sqlite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let whoever starts the tests ask for the second engine."""
    parser.addoption("--both-engines", action="store_true", help="run commands on PostgreSQL too")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of commands on each engine, but for those that are about SQLite's files."""
    both = metafunc.config.getoption("--both-engines")
    package, _, module = metafunc.module.__name__.rpartition(".")
    of_commands = package == "tests.cli" and module not in NOT_ABOUT_ENGINES
    sqlite_only = metafunc.definition.get_closest_marker("sqlite_only")
    if both and of_commands and not sqlite_only and "engine_name" in metafunc.fixturenames:
        metafunc.parametrize("engine_name", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def team(
    empty_team: Team,
    demo: Path,
    engine_name: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Team]:
    """The demo team: mark (chat-1, -2, -3), martha (chat-4), omar (chat-5), maria the manager.

    After each test the database is sound: its state is what its tracking says, sealed.
    """
    shutil.copytree(demo, empty_team.folder, dirs_exist_ok=True)
    if engine_name == "postgres":
        server: servers.Server = request.getfixturevalue("server")
        empty_team.move_to(server.as_kept(request.getfixturevalue("demo_on_server")), monkeypatch)
    yield empty_team
    if empty_team.is_there():
        found = empty_team.run("check", "--full", "--json")
        assert found.exit_code == 0, found.out + found.err


@pytest.fixture
def team_now(
    empty_team: Team,
    demo_now: Path,
    engine_name: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Team:
    """The demo team by the machine's clock, which its processes go by."""
    empty_team.now = datetime.now(UTC)
    shutil.copytree(demo_now, empty_team.folder, dirs_exist_ok=True)
    if engine_name == "postgres":
        server: servers.Server = request.getfixturevalue("server")
        empty_team.move_to(
            server.as_kept(request.getfixturevalue("demo_now_on_server")), monkeypatch
        )
    return empty_team


@pytest.fixture
def request_id(team: Team) -> str:
    """A pending request: mark asks martha to take chat-1."""
    return str(team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")["id"])
