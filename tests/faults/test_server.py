"""A connection that is cut, or ended by the server, at each message of each writing command.

Afterwards the state is the old one or the new one, whole; what exits 0 has changed everything,
and what exits otherwise nothing, unless it says that this is not known.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.afterwards import DIGEST, TIME
from tests.faults.conftest import ALL, SECONDS_FOR_A_TEST
from tests.support import servers
from tests.support.cutting import Proxy
from tests.support.servers import Server
from tests.support.team import content_of, run_here

__all__ = ["SECONDS_FOR_A_TEST"]

CHATS = 300


class Writing(NamedTuple):
    """A command that writes, and what goes before it."""

    name: str
    words: str
    before: tuple[str, ...] = ()


ASKED = tuple(f"assign chat-{n} --to martha --as mark --timeout off" for n in (1, 2))
DUE = tuple(f"assign chat-{n} --to martha --as mark --timeout 1s" for n in (1, 2))
COMMANDS = [
    Writing("assign", "assign chat-1 --to martha --as mark"),
    Writing("accept", "accept 1 --as martha", ASKED),
    Writing("reject", "reject 1 --reason later --as martha", ASKED),
    Writing("withdraw", "withdraw 1 --reason mistake --as mark", ASKED),
    Writing("bulk-assign", "bulk-assign --from mark --to omar --as maria --yes", ASKED),
    Writing(
        "undo", "undo --last --as maria --yes", ("bulk-assign --from mark --to omar --as maria",)
    ),
    Writing("sweep-timeouts", "sweep-timeouts", DUE),
    Writing("import", "import chats chats.csv"),
    Writing("user deactivate", "user deactivate mark --reassign-to omar --as maria --yes", ASKED),
    Writing("init", "init --roles"),
]


class Trial:
    """One command on fresh copies of one database of an own server."""

    def __init__(self, server: Server, folder: Path, writing: Writing) -> None:
        self.server, self.folder, self.words = server, folder, writing.words.split()
        self._template = f"prepared_{COMMANDS.index(writing)}"
        if not server.run(f"SELECT 1 FROM pg_database WHERE datname = '{self._template}'"):
            server.run(f"CREATE DATABASE {self._template}")
            for line in ("init --demo", *writing.before):
                url = server.url(self._template)
                assert run_here(folder, "--db", url, *line.split(), "--json").exit_code == 0
        self.old = self.new = state(server.url(self._template))
        with server.database(self._template) as url:
            assert run_here(folder, "--db", url, *self.words, "--json").exit_code == 0
            self.new = state(url)

    def strike(self, number: int, fault: "Fault") -> bytes | None:
        """Let it happen at a message, and judge what comes of it. The message, if there was one."""
        place = Path(tempfile.mkdtemp(prefix="assignchat-proxy-"))
        with ExitStack() as until_done:
            until_done.callback(shutil.rmtree, place)
            url = until_done.enter_context(self.server.database(self._template))
            proxy = until_done.enter_context(
                Proxy(
                    place,
                    self.server.folder,
                    number,
                    strike=lambda: fault.strike(self.server),
                    cut=fault.cut,
                    arrives=fault.arrives,
                    then_open=fault.then_open,
                )
            )
            through = url.replace(str(self.server.folder), str(place))
            done = run_here(self.folder, "--db", through, *self.words, "--json")
            self._judge(done.exit_code, done.err, state(url), proxy.struck_at or b"", fault)
            if fault.then_open:  # and the next command works
                checked = run_here(self.folder, "--db", url, "check", "--full")
                assert checked.exit_code == 0, checked.out
            return proxy.struck_at

    def _judge(self, exit_code: int, err: str, found: object, at: bytes, fault: "Fault") -> None:
        told = f"{fault.name} at {at[:60]!r}: exit {exit_code}, {err}"
        if exit_code == 0:
            assert found == self.new, told
            return
        error = json.loads(err.splitlines()[-1])["error"]
        assert (exit_code, error["code"]) == (6, "database_unreachable"), told
        if "not known" in error["message"]:
            assert b"COMMIT" in at, told
            assert not fault.then_open, told
            assert found in (self.old, self.new), told
        else:
            assert found == self.old, told


class Fault(NamedTuple):
    """What happens at a message: see `Proxy`."""

    name: str
    strike: Callable[[Server], object] = lambda _server: None
    cut: bool = True
    arrives: bool = False
    then_open: bool = True


def end_connection(server: Server) -> None:
    """End the connection as an administrator does."""
    server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )


FAULTS = [
    Fault("cut before it arrives"),
    Fault("cut before the answer", arrives=True),
    Fault("cut for good", then_open=False),
    Fault("cut for good before the answer", arrives=True, then_open=False),
    Fault("ended", end_connection, cut=False, arrives=True),
]


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server that no other test needs."""
    with servers.server() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a config that does not wait for long, and an export of a CRM."""
    (tmp_path / "config.toml").write_text('busy_timeout = "1s"\n')
    (tmp_path / "config.toml").chmod(0o600)
    rows = "".join(f"c{n},Customer {n},martha\n" for n in range(CHATS))
    (tmp_path / "chats.csv").write_text(f"id,customer,owner_id\n{rows}")
    return tmp_path


def state(url: str) -> list[str]:
    """What is in a database, times and the view that counts with them left out."""
    rows = (row for row in content_of(url) if not row.startswith("engagement_records"))
    return [DIGEST.sub("DIGEST", TIME.sub("TIME", row)) for row in rows]


@pytest.mark.parametrize("writing", COMMANDS, ids=lambda writing: writing.name)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.xdist_group("own server")
def test_a_fault_of_the_server_leaves_the_old_state_or_the_new_one(
    own_server: Server, folder: Path, writing: Writing, fault: Fault
) -> None:
    """At every message until there is none that late; or at a selection."""
    turn = COMMANDS.index(writing) + FAULTS.index(fault)
    if not ALL and turn % 9:
        pytest.skip("not in this selection")
    trial = Trial(own_server, folder, writing)
    number = 1 if ALL else 1 + turn % 3
    while trial.strike(number, fault) is not None:
        number += 1 if ALL else 3
    assert number > 1
