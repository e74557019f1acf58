"""A standby that takes the place of a server that is gone."""

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support import servers
from tests.support.processes import Process, program, result, run, start, wait_until
from tests.support.servers import Server
from tests.support.team import Team


class Standby(Server):
    """A server that follows another."""

    def __init__(self, programs: Path, folder: Path, first: Server, **settings: str) -> None:
        super().__init__(programs, folder, **settings)
        self._first = first

    def make(self, *options: str) -> None:
        """Copy the files of the first one while it runs."""
        follows = ("-d", f"host={self._first.folder} user=owner", "--write-recovery-conf")
        copy = (self.programs / "pg_basebackup", "-D", "data", "--checkpoint=fast", "--no-sync")
        made = run(self.folder, *self.owned(*copy, *follows, *options))
        assert made.exit_code == 0, made.err


class Pair:
    """Two servers, the second of which has all that the first has committed."""

    def __init__(self, first: Server, second: Server) -> None:
        self.first, self.second = first, second
        folders = f"{first.folder},{second.folder}"
        details = "user=owner&dbname=postgres&target_session_attrs=read-write"
        self.url = f"postgresql://?host={folders}&{details}"
        first.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        first.run("ALTER SYSTEM SET synchronous_commit = 'remote_apply'")
        first.run("SELECT pg_reload_conf()")
        wait_until(lambda: self.on_first("pg_stat_replication WHERE sync_state = 'sync'"))

    def on_first(self, what: str) -> bool:
        """Whether there is something at the first server."""
        return bool(self.first.run(f"SELECT 1 FROM {what}"))

    def fail_over(self) -> None:
        """Let the first server be gone, and the second write."""
        self.first.kill()
        self.second.run("SELECT pg_promote()")


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two servers with an empty database."""
    with (
        servers.server() as first,
        servers.server(kind=partial(Standby, first=first)) as second,
    ):
        yield Pair(first, second)


@pytest.fixture
def team(empty_team: Team, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Team:
    """The demo team on a pair of servers, with a request that is pending."""
    team = empty_team
    team.location = pair.url
    monkeypatch.setenv("ASSIGNCHAT_DB", pair.url)
    team.config.write_text('busy_timeout = "1m"\n', encoding="utf-8")
    team.ok("init", "--demo")
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", "off")
    return team


def test_the_second_server_goes_on_where_the_first_has_ended(team: Team, pair: Pair) -> None:
    head = team.ok("check", "--full")["head"]
    waiting = start(team.folder, *program("wait", "1"))
    wait_until(
        lambda: pair.on_first("pg_stat_activity WHERE query IN ('ROLLBACK', 'LISTEN assignchat')")
    )
    pair.first.kill()
    assert team.refused("accept", "1", "--as", "martha") == (6, "database_unreachable")
    pair.second.run("SELECT pg_promote()")
    assert team.ok("check", "--full", "--expect", head)["sound"]
    team.ok("accept", "1", "--as", "martha")
    assert result(waiting).exit_code == 0
    assert team.owner("chat-1") == "martha"


def committing(team: Team, pair: Pair, command: str) -> Process:
    """Begin a command that waits in its commit for the second server."""
    begun = start(team.folder, *program(*command.split(), "--json"))
    wait_until(lambda: pair.on_first("pg_stat_activity WHERE wait_event = 'SyncRep'"))
    return begun


ACCEPT, MARK_READ = "accept 1 --as martha", "inbox --mark-read --as martha"


def test_a_commit_that_has_reached_the_second_server_is_told_as_made(
    team: Team, pair: Pair
) -> None:
    pair.second.run("SELECT pg_wal_replay_pause()")
    accepting = committing(team, pair, ACCEPT)
    pair.fail_over()
    assert result(accepting).exit_code == 0
    assert team.owner("chat-1") == "martha"


@pytest.mark.parametrize(("command", "is_known"), [(ACCEPT, True), (MARK_READ, False)])
@pytest.mark.parametrize("others", [False, True], ids=["alone", "its number is given to another"])
def test_a_commit_that_is_lost_with_the_first_server_is_not_told_as_made(
    team: Team, pair: Pair, command: str, is_known: bool, others: bool
) -> None:
    pair.second.stop()
    losing = committing(team, pair, command)
    losing.send_signal(signal.SIGSTOP)
    (number,) = pair.first.run("SELECT max(backend_xid::text::int) FROM pg_stat_activity")[0]
    pair.first.kill()
    pair.second.start()
    pair.second.run("SELECT pg_promote()")
    while others and pair.second.run("SELECT pg_current_xact_id()::text::int")[0][0] <= number:
        pass
    losing.send_signal(signal.SIGCONT)
    told = result(losing)
    assert (told.exit_code, told.error) == (6, "database_unreachable")
    assert ("not known" in told.err) == (others and not is_known)
    assert team.owner("chat-1") == "mark"
    assert not pair.second.run("SELECT 1 FROM assignchat.notifications WHERE read_at IS NOT NULL")
