"""notify as the tests run it, and an outlet that keeps what it is given."""

from collections.abc import Callable
from typing import Any

from assignchat.service.notifications import Delivered, notify
from assignchat.store.engines import engine_of
from tests.support import processes
from tests.support.processes import Process, Result, program
from tests.support.team import Team


class Outlet:
    """Keeps what it is given; whether it takes it is for the test to say."""

    def __init__(self, take: Callable[[str], bool] = lambda _: True) -> None:
        self.sent: list[tuple[str, str]] = []
        self._take = take

    def reaches(self, user_id: str) -> bool:
        return bool(user_id)

    def send(self, user_id: str, text: str) -> bool:
        self.sent.append((user_id, text))
        return self._take(user_id)


def addresses(team: Team, text: str, mode: int = 0o600) -> None:
    path = team.folder / "notify.toml"
    path.write_text(text)
    path.chmod(mode)


def delivered(team: Team, *words: str) -> Result:
    return team.process("notify", *words, "--json")


def start(team: Team, *words: str) -> Process:
    return processes.start(team.folder, *program("notify", *words))


def round_at(team: Team, outlet: Outlet, **options: Any) -> Delivered:
    """One round, at the team's time."""
    engine = engine_of(team.location)
    with engine.open(team.location, os_user="test", clock=lambda: team.now) as database:
        return notify(database, outlet, **options)
