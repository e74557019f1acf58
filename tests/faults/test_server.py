"""A server that is killed or stopped, or a connection that is cut, in each writing command.

Afterwards the state is the old one or the new one, whole; what exits 0 has changed everything,
and what exits otherwise nothing, unless it says that this is not known.
"""

import json
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from assignchat.errors import DatabaseMissing
from tests.faults.afterwards import DIGEST, TIME
from tests.faults.conftest import ALL, SECONDS_FOR_A_TEST
from tests.support import servers
from tests.support.cutting import Proxy
from tests.support.disks import fill, mounted
from tests.support.processes import Process, Result, program, result, start, wait_until
from tests.support.servers import Server
from tests.support.team import content_of, rows_of, run_here

__all__ = ["SECONDS_FOR_A_TEST"]

CHATS = 300


class Writing(NamedTuple):
    """A command that writes, and what goes before it."""

    name: str
    words: str
    before: tuple[str, ...] = ()
    is_sealed: bool = True


DEMO = ("init --demo",)
ASKED = (*DEMO, *(f"assign chat-{n} --to martha --as mark --timeout off" for n in (1, 2)))
DUE = (*DEMO, *(f"assign chat-{n} --to martha --as mark --timeout 1s" for n in (1, 2)))
MOVED = (*DEMO, "bulk-assign --from mark --to omar --as maria")
COMMANDS = [
    Writing("assign", "assign chat-1 --to martha --as mark", DEMO),
    Writing("accept", "accept 1 --as martha", ASKED),
    Writing("reject", "reject 1 --reason later --as martha", ASKED),
    Writing("withdraw", "withdraw 1 --reason mistake --as mark", ASKED),
    Writing("bulk-assign", "bulk-assign --from mark --to omar --as maria --yes", ASKED),
    Writing("undo", "undo --last --as maria --yes", MOVED),
    Writing("sweep-timeouts", "sweep-timeouts", DUE),
    Writing("import", "import chats chats.csv", DEMO),
    Writing("user deactivate", "user deactivate mark --reassign-to omar --as maria --yes", ASKED),
    Writing("inbox", "inbox --mark-read --as martha", ASKED, is_sealed=False),
    Writing("init", "init --demo"),
    Writing("init --roles", "init --roles", DEMO, is_sealed=False),
]


def an_hour_ago() -> datetime:
    """The time of what goes before, so that what is due is so."""
    return datetime.now(UTC) - timedelta(hours=1)


class Trial:
    """One command on fresh copies of one database of an own server."""

    def __init__(self, server: Server, folder: Path, writing: Writing) -> None:
        self.server, self.folder, self.words = server, folder, writing.words.split()
        self._is_sealed = writing.is_sealed
        self._template = f"prepared_{COMMANDS.index(writing)}"
        if not server.run(f"SELECT 1 FROM pg_database WHERE datname = '{self._template}'"):
            server.run(f"CREATE DATABASE {self._template}")
            for line in writing.before:
                url = server.url(self._template)
                done = run_here(folder, "--db", url, *line.split(), "--json", clock=an_hour_ago)
                assert done.exit_code == 0
        self.old = self.new = state(server.url(self._template))
        with server.database(self._template) as url:
            assert run_here(folder, "--db", url, *self.words, "--json").exit_code == 0
            self.new = state(url)

    def strikes(self, fault: "Fault", first: int = 1, step: int = 1) -> list[bytes]:
        """Let it happen at each message from the first on, each in a trial. The messages."""
        struck_at = []
        while (message := self.strike(first, fault)) is not None:
            struck_at.append(message)
            first += step
        return struck_at

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
                    once_done=fault.once_done,
                    then_open=fault.then_open,
                )
            )
            through = url.replace(str(self.server.folder), str(place))
            self._set_patience(fault)
            done = run_here(self.folder, "--db", through, *self.words, "--json")
            wait_until(self.server.answers)
            found = state(url)
            self._judge(done.exit_code, done.err, found, proxy.struck_at or b"", fault)
            if found and fault.then_open:  # and the next command works
                checked = run_here(self.folder, "--db", url, "check", "--full")
                assert checked.exit_code == 0, checked.out
            return proxy.struck_at

    def _set_patience(self, fault: "Fault") -> None:
        """Let the command wait for a server that comes back, which may take a while."""
        config = self.folder / "config.toml"
        config.write_text(f'busy_timeout = "{"1m" if fault.then_open else "1s"}"\n')
        config.chmod(0o600)

    def _judge(self, exit_code: int, err: str, found: object, at: bytes, fault: "Fault") -> None:
        told = f"{fault.name} at {at[:60]!r}: exit {exit_code}, {err}"
        if exit_code == 0:
            assert found == self.new, told
            return
        error = json.loads(err.splitlines()[-1])["error"]
        assert (exit_code, error["code"]) == (6, "database_unreachable"), told
        if "not known" in error["message"]:
            assert b"COMMIT" in at, told
            assert not fault.then_open or (fault.crashes and not self._is_sealed), told
            assert found in (self.old, self.new), told
        else:
            assert found == self.old, told


class Fault(NamedTuple):
    """What happens at a message: see `Proxy`."""

    name: str
    strike: Callable[[Server], object] = lambda _server: None
    cut: bool = True
    arrives: bool = False
    once_done: bool = False
    then_open: bool = True
    crashes: bool = False


def end_connection(server: Server) -> None:
    """End the connection as an administrator does."""
    server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )


OTHERS = (
    "SELECT pid FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


def kill_processes(server: Server) -> None:
    """Kill those of all other connections. The server ends this one too, and recovers."""
    import psycopg2

    with (
        closing(psycopg2.connect(server.url("postgres"))),  # one at least
        pytest.raises(psycopg2.OperationalError),
    ):
        server.run(f"COPY ({OTHERS}) TO PROGRAM 'xargs kill -KILL || true'; SELECT pg_sleep(60)")
    wait_until(server.answers)


def kill_server(server: Server) -> None:
    """Kill it whole, and start it again."""
    server.kill()
    server.start()


def restart(server: Server) -> None:
    """Stop it with `pg_ctl stop -m fast`, and start it again."""
    server.stop()
    server.start()


def restart_at_once(server: Server) -> None:
    """Stop it with `pg_ctl stop -m immediate`, and start it again."""
    server.stop(signal.SIGQUIT)
    server.start()


FAULTS = [
    Fault("cut before it arrives"),
    Fault("cut before the answer", arrives=True),
    Fault("cut for good", then_open=False),
    Fault("cut for good before the answer", arrives=True, then_open=False),
    Fault("ended", end_connection, cut=False, arrives=True),
    Fault("processes killed", kill_processes, cut=False, arrives=True, crashes=True),
    Fault("server killed", kill_server, cut=False, arrives=True, crashes=True),
    Fault(
        "server killed once it was done", kill_server, arrives=True, once_done=True, crashes=True
    ),
    Fault("restarted", restart, cut=False, arrives=True),
    Fault("restarted at once", restart_at_once, cut=False, arrives=True, crashes=True),
]


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server that no other test needs."""
    with servers.server() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an export of a CRM."""
    rows = "".join(f"c{n},Customer {n},martha\n" for n in range(CHATS))
    (tmp_path / "chats.csv").write_text(f"id,customer,owner_id\n{rows}")
    return tmp_path


def state(url: str) -> list[str]:
    """What is in a database, times and the view that counts with them left out."""
    try:
        rows = content_of(url)
    except DatabaseMissing:
        return []
    rows = [row for row in rows if not row.startswith("engagement_records")]
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
    assert trial.strikes(fault) if ALL else trial.strikes(fault, 1 + turn % 3, 3)


TAKE_NUMBERS = """
DO $$ BEGIN FOR n IN 1..20 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$
"""


@pytest.mark.parametrize("name", ["accept", "inbox"])  # the other one leaves no seal
@pytest.mark.xdist_group("own server")
def test_a_transaction_of_others_with_the_number_of_one_that_was_lost_is_not_taken_for_it(
    own_server: Server, folder: Path, name: str
) -> None:
    """A crash forgets numbers, and then gives them once more."""

    def kill_and_take(server: Server) -> None:
        kill_processes(server)
        server.run(TAKE_NUMBERS)

    command = next(command for command in COMMANDS if command.name == name)
    trial = Trial(own_server, folder, command)
    fault = Fault("killed, and numbers taken", kill_and_take, cut=False, arrives=True, crashes=True)
    assert any(b"COMMIT" in message for message in trial.strikes(fault))


# A full disk.


@pytest.fixture
def disk(own_server: Server) -> Iterator[Path]:
    """A small disk that a server can use."""
    place = Path(tempfile.mkdtemp(prefix="assignchat-disk-"))
    with mounted(place, f"size=64m,uid={own_server.owner},mode=0700"):
        yield place
    place.rmdir()


def import_much(folder: Path, url: str, disk: Path) -> tuple[Result, Path]:
    """Import more than a disk has room for. Its filler."""
    rows = "".join(f"c{n},Customer {n},martha\n" for n in range(20_000))
    (folder / "chats.csv").write_text(f"id,customer,owner_id\n{rows}")
    filler = fill(disk, room=64)
    return run_here(folder, "--db", url, "import", "chats", "chats.csv", "--json"), filler


@pytest.mark.xdist_group("own server")
def test_without_room_for_tables_nothing_is_changed_and_with_room_all_is_well(
    own_server: Server, folder: Path, disk: Path
) -> None:
    own_server.run(f"CREATE TABLESPACE small LOCATION '{disk}'")
    try:
        with own_server.database("template0 TABLESPACE small") as url:
            assert run_here(folder, "--db", url, "init", "--demo").exit_code == 0
            before = state(url)
            done, filler = import_much(folder, url, disk)
            assert (done.exit_code, done.error) == (6, "database_full")
            assert state(url) == before
            filler.unlink()
            assert run_here(folder, "--db", url, *["import", "chats", "chats.csv"]).exit_code == 0
            assert run_here(folder, "--db", url, "check", "--full").exit_code == 0
    finally:
        own_server.run("DROP TABLESPACE small")


@pytest.mark.xdist_group("own server")
def test_a_server_that_stops_without_room_for_its_log_has_changed_nothing(
    folder: Path, disk: Path
) -> None:
    with servers.server(f"--waldir={disk}", "--wal-segsize=1") as full:
        full.run("CREATE DATABASE team")
        url = full.url("team")
        assert run_here(folder, "--db", url, "init", "--demo").exit_code == 0
        before = state(url)
        done, filler = import_much(folder, url, disk)
        assert (done.exit_code, done.error) == (6, "database_unreachable")
        filler.unlink()
        full.revive()
        wait_until(full.answers)
        assert state(url) == before
        assert run_here(folder, "--db", url, *["import", "chats", "chats.csv"]).exit_code == 0
        assert run_here(folder, "--db", url, "check", "--full").exit_code == 0


# Commands that wait.


@pytest.mark.xdist_group("own server")
def test_who_waits_goes_on_when_the_server_is_back_and_misses_nothing(
    own_server: Server, folder: Path
) -> None:
    followed, watched = outputs = [folder / name for name in ("followed", "watched")]
    with own_server.database() as url, ExitStack() as opened:

        def do(*lines: str) -> None:
            wait_until(own_server.answers)
            for line in lines:
                assert run_here(folder, "--db", url, *line.split()).exit_code == 0

        def begin(line: str, output: Path) -> Process:
            file = opened.enter_context(output.open("w"))
            return start(folder, *program("--db", url, *line.split()), stdout=file)

        do(*ASKED)
        wait = begin("wait 1", folder / "waited")
        wait_until(lambda: bool(own_server.run(f"{OTHERS} AND query LIKE 'ROLLBACK%'")))
        follow = begin("tracking --follow --jsonl", followed)
        watch = begin("inbox --watch --as martha", watched)
        wait_until(lambda: all(output.stat().st_size for output in outputs))
        for fault in (restart, restart_at_once, kill_processes, kill_server):
            fault(own_server)
            do("assign chat-3 --to martha --as mark", "chat close chat-3", "chat reopen chat-3")
        do("accept 1 --as martha", "assign chat-3 --to martha --as mark --note last")
        assert result(wait).exit_code == 0
        ids = [row for (row,) in rows_of(url, "SELECT id FROM engagement_tracking ORDER BY id")]
        wait_until(lambda: followed.read_bytes().count(b"\n") >= len(ids))
        wait_until(lambda: b"last" in watched.read_bytes())
        assert [json.loads(row)["id"] for row in followed.read_text().splitlines()] == ids
        assert (follow.poll(), watch.poll()) == (None, None)
