"""A database of an older version on a server is brought up to date by who may do so.

There is no older version yet: the tests make one that lacks a column, and the step from it.
"""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assignchat.errors import DatabaseDamaged, DatabaseNewer, DatabaseReadOnly
from assignchat.store.database import Database
from assignchat.store.engines import engine_of
from tests.support.processes import result, start, wait_until
from tests.support.servers import Server

STEP = 'ALTER TABLE chats ADD COLUMN crm_status TEXT COLLATE "C"'

OPEN = """
import sys
from assignchat.store.engines import open_database
from assignchat.store.postgres import migrations
migrations.STEPS[1] = sys.argv[2]
open_database(sys.argv[1]).close()
"""

MEMBER = "newcomer"


class Older:
    """A database of the version before the first, and logins of its owner and of a member."""

    def __init__(self, server: Server, url: str) -> None:
        self._server, self.url = server, url
        engine_of(url).create(url)
        with self.open() as database, database.write():
            database.make_roles()
        server.run(f"DROP ROLE IF EXISTS {MEMBER}")
        server.run(f"CREATE ROLE {MEMBER} LOGIN IN ROLE assignchat_member")
        self.run("ALTER TABLE assignchat.chats DROP COLUMN crm_status")
        self.set_version(0)

    def run(self, statement: str) -> None:
        """Run a statement as the owner of the server."""
        self._server.run(statement, self.url.rpartition("=")[2])

    def set_version(self, version: int) -> None:
        """Let it be of a version."""
        self.run(f"UPDATE assignchat._version SET version = {version}")

    def open(self, login: str = "owner") -> Database:
        """Open it as a login."""
        url = self.url.replace("user=owner", f"user={login}")
        return engine_of(url).open(url, os_user="tester")


@pytest.fixture
def older(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Older]:
    """Such a database, with the step from it."""
    with server.database() as url:
        made = Older(server, url)
        from assignchat.store.postgres import migrations  # only where the driver is

        monkeypatch.setitem(migrations.STEPS, 1, STEP)
        yield made


def test_it_is_brought_up_to_date_by_who_opens_it_and_then_as_one_that_was_made_today(
    older: Older,
) -> None:
    with older.open() as database:
        assert database.value("SELECT version FROM _version") == 1
        assert database.schema_differences() == []


def test_it_is_brought_up_to_date_once_if_many_open_it_at_once(
    older: Older, server: Server, tmp_path: Path
) -> None:
    import psycopg2

    from assignchat.store.postgres import statements

    name = older.url.rpartition("=")[2]
    waits = f"datname = '{name}' AND wait_event = 'advisory'"
    with closing(psycopg2.connect(older.url)) as holder, holder.cursor() as cursor:
        cursor.execute(statements.TAKE_LOCK)
        opening = [start(tmp_path, sys.executable, "-c", OPEN, older.url, STEP) for _ in range(3)]
        wait_until(
            lambda: server.run(f"SELECT count(*) FROM pg_stat_activity WHERE {waits}") == [(3,)]
        )
        holder.rollback()
        assert [result(process).err for process in opening] == [""] * 3
    with older.open() as database:
        assert database.schema_differences() == []


def test_a_member_is_told_who_can_do_it_and_may_use_what_is_new(older: Older) -> None:
    with pytest.raises(DatabaseReadOnly) as refusal:
        older.open(MEMBER)
    assert "older" in refusal.value.message
    assert "assignchat_owner" in str(refusal.value.hint)
    older.open().close()
    with older.open(MEMBER) as database:
        assert database.execute("UPDATE chats SET crm_status = 'open'") == 0


def test_what_it_becomes_belongs_to_its_owner_whoever_has_done_it(
    older: Older, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assignchat.store.postgres import migrations

    monkeypatch.setitem(migrations.STEPS, 1, f"{STEP}; CREATE TABLE added (id integer)")
    with older.open() as database:
        assert database.value("SELECT tableowner FROM pg_tables WHERE tablename = 'added'") == (
            "assignchat_owner"
        )


def test_a_newer_database_is_refused_and_one_of_a_version_that_never_was(older: Older) -> None:
    for version, error in ((2, DatabaseNewer), (-7, DatabaseDamaged)):
        older.set_version(version)
        with pytest.raises(error):
            older.open()
    older.run("DELETE FROM assignchat._version")
    older.run("ALTER TABLE assignchat.chats ADD COLUMN crm_status TEXT")
    with pytest.raises(DatabaseDamaged):
        older.open()
