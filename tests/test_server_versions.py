"""A team that moves to a newer PostgreSQL, by the server's own tools: nothing of it changes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import servers
from tests.support.members import Members
from tests.support.processes import run
from tests.support.servers import Server
from tests.support.team import Team, content_of

OF_NO_MEMBER = (
    "DELETE FROM engagement_tracking",
    "UPDATE seals SET hash = ''",
    "DROP TRIGGER engagement_tracking_no_update ON engagement_tracking",
    (
        "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id)"
        " VALUES ('', 'accepted', 'martha', '', 'chat-1')"
    ),
    "UPDATE requests SET status = 'accepted', resolved_at = ''",
    "SET ROLE assignchat_owner",
)


class Pair(NamedTuple):
    """The server that a team has, and one of the newest version that is here."""

    older: Server
    newer: Server


def version_of(programs: Path) -> int:
    """The major version of a server's programs."""
    told = run(programs, programs / "postgres", "--version").out
    return int(told.split()[2].partition(".")[0])


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two servers, both with checksums, as pg_upgrade demands."""
    found = {version_of(one): one for one in (*servers.of_debian(), servers.of_wheel()) if one}
    if len(found) == 1:
        pytest.skip(f"PostgreSQL {min(found)} is the only version here")
    versions = (found.get(min(found, default=0)), found.get(max(found, default=0)))
    sums = "--data-checksums"
    with (
        servers.server(sums, of=versions[0]) as older,
        servers.server(sums, of=versions[1]) as newer,
    ):
        yield Pair(older, newer)


def by_dump(pair: Pair) -> None:
    """Dump the tables and the roles, and restore them, as the docs say."""
    older, newer = pair
    at = ("--host", older.folder, "--username", "owner")
    tables = (newer.programs / "pg_dump", *at, "--format=custom", "--schema=assignchat")
    do(newer, *tables, "--file=team.dump", "postgres")
    do(newer, newer.programs / "pg_dumpall", *at, "--roles-only", "--file=roles.sql")
    here = newer.url("postgres")
    do(newer, newer.programs / "psql", here, "--file=roles.sql")
    do(newer, newer.programs / "pg_restore", f"--dbname={here}", "--exit-on-error", "team.dump")


def by_upgrade(pair: Pair) -> None:
    """Let pg_upgrade take the files over."""
    for server in pair:
        server.stop()
    older, newer = pair
    programs = ("--old-bindir", older.programs, "--new-bindir", newer.programs)
    files = ("--old-datadir", older.folder / "data", "--new-datadir", "data")
    upgrade = (newer.programs / "pg_upgrade", *programs, *files, "--username=owner")
    do(newer, *upgrade, "--no-sync")
    newer.start()


def do(server: Server, *command: str | Path) -> None:
    """Run a program of a server, as its user and in its folder."""
    done = run(server.folder, *server.owned(*command))
    assert done.exit_code == 0, done


@pytest.mark.parametrize("move", [by_dump, by_upgrade], ids=["by dump", "by pg_upgrade"])
def test_a_team_moves_to_a_newer_server_with_its_history_and_its_rights(
    empty_team: Team, pair: Pair, move: Callable[[Pair], None]
) -> None:
    team = empty_team
    members = Members(team, pair.older, pair.older.url("postgres"))
    members.ok("mark", "assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", "off")
    before = members.ok("eve", "check", "--full")
    assert (before["sound"], before["warnings"]) == (True, [])
    move(pair)
    members.server, members.url = pair.newer, pair.newer.url("postgres")
    assert members.ok("eve", "check", "--full") == before
    assert members.ok("owner", "init", "--roles")["grants"] == []
    assert members.ok("eve", "check", "--full") == before

    content = content_of(members.url)
    for statement in OF_NO_MEMBER:
        assert members.sql("mark", statement)  # an error
    assert content_of(members.url) == content
    assert members.refused("eve", "accept", "1", "--as", "martha") == (6, "database_read_only")
    assert members.refused("mark", "accept", "1", "--as", "martha") == (5, "identity_fixed")
    members.ok("martha", "accept", "1", "--as", "martha")
    assert team.ok("--db", members.url, "check", "--expect", before["head"])["sound"]
