"""The roles of a team on a server: what a member, an auditor and an owner can do, and cannot.

What is refused is tried around the program too, with SQL by the login of a member.
"""

import shlex
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import assignchat
from assignchat.errors import IdentityFixed
from assignchat.store.logins import ROLES
from assignchat.store.postgres import NUMBERED
from tests.support.processes import program, result, run, start, wait_until
from tests.support.servers import Server
from tests.support.team import Team, content_of, rows_of

LOGINS = ("maria", "mark", "martha", "omar")
CLAIM = "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id)"
REQUEST = "INSERT INTO requests (chat_id, requester_id, recipient_id, recipient_role, status,"
REQUEST += " requested_at, from_user)"
CHANGE = "INSERT INTO engagement_tracking (at, event, actor, os_user, detail) VALUES"
SEAL = "INSERT INTO seals (last_id, first_id, varying, marks, hash)"
NEXT = "(SELECT max(last_id) + 1 FROM seals)"
HASH = "repeat('a', 64)"


class Members:
    """The demo team on a server, where each user has a login, and eve one that only reads."""

    def __init__(self, team: Team, server: Server, url: str) -> None:
        self.team = team
        self.server = server
        self.url = url
        self.ok("owner", "init", "--demo")
        for grant in self.ok("owner", "init", "--roles")["grants"]:
            self.run_sql(grant)
        self.run_sql(
            "DO $$ BEGIN IF to_regrole('eve') IS NULL THEN CREATE ROLE eve LOGIN; END IF; END $$;"
            " GRANT assignchat_auditor TO eve"
        )

    def run_sql(self, statement: str) -> None:
        """Run a statement as the owner of the server."""
        self.server.run(statement, self.url.rpartition("=")[2])

    def at(self, login: str) -> str:
        """The URL of a login."""
        return self.url.replace("user=owner", f"user={login}")

    def ok(self, login: str, *words: str) -> Any:
        """Run a command that must succeed, as a login."""
        return self.team.ok("--db", self.at(login), *words)

    def refused(self, login: str, *words: str) -> tuple[int, str]:
        """Run a command that must fail, as a login, and leave no trace."""
        before = content_of(self.url)
        refusal = self.team.refused("--db", self.at(login), *words)
        assert content_of(self.url) == before
        return refusal

    def sql(self, login: str, statement: str) -> str:
        """Run SQL as a login, in psql if that is installed. Returns its error, if any."""
        psql = self.server.programs / "psql"
        statement = f"SET search_path = assignchat; {statement}"
        if psql.exists():
            done = run(
                self.team.folder, psql, "-Xqv", "ON_ERROR_STOP=1", self.at(login), "-c", statement
            )
            return done.err
        import psycopg2

        try:
            self.server.run(statement, self.url.rpartition("=")[2], login=login)
        except psycopg2.Error as error:
            return str(error)
        return ""

    def findings(self) -> set[str]:
        """The codes of what a full check finds."""
        found = self.team.run("--db", self.at("eve"), "check", "--full", "--json").json
        return {finding["code"] for finding in found["problems"] + found["warnings"]}


@pytest.fixture
def members(empty_team: Team, server: Server) -> Iterator[Members]:
    """A team by claim: who is held to their login is held to it by the server alone."""
    with server.database() as url:
        # The server knows the time as well: some of it can pass here without being yet to come.
        empty_team.now = datetime.now(UTC) - timedelta(hours=12)
        made = Members(empty_team, server, url)
        made.ok("mark", "assign", "chat-1", "--to", "martha", "--as", "mark")
        yield made


@pytest.fixture
def held(members: Members) -> Members:
    """The same, where the config says that the actor is the login."""
    members.team.config.write_text('identity = "database"\n', encoding="utf-8")
    members.team.config.chmod(0o600)
    return members


HISTORY = {
    "update": "UPDATE engagement_tracking SET actor = 'mark'",
    "delete": "DELETE FROM engagement_tracking",
    "truncate": "TRUNCATE engagement_tracking",
    "disable trigger": "ALTER TABLE engagement_tracking DISABLE TRIGGER ALL",
    "drop": "DROP TABLE engagement_tracking CASCADE",
    "upsert": f"{CLAIM[:-1]}, id) VALUES ('', 'x', 'mark', '', 'chat-1', 1)"
    " ON CONFLICT (id) DO UPDATE SET actor = 'mark'",
    "replication role": "SET session_replication_role = replica",
    "a row of another": f"{CLAIM} VALUES ('', 'accepted', 'martha', '', 'chat-1')",
    "a request of another": f"{REQUEST} VALUES"
    " ('chat-4', 'martha', 'mark', 'user', 'pending', '', 'martha')",
    "update of seals": "UPDATE seals SET hash = 'x'",
    "delete of seals": "DELETE FROM seals",
    "alter table": "ALTER TABLE engagement_tracking DROP COLUMN actor",
    "replace function": "CREATE OR REPLACE FUNCTION assignchat.append_only() RETURNS trigger"
    " LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "replace trigger": "CREATE OR REPLACE TRIGGER seals_no_update BEFORE UPDATE ON seals"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "drop trigger": "DROP TRIGGER engagement_tracking_no_update ON engagement_tracking",
    "drop policy": "DROP POLICY tracked_as_oneself ON engagement_tracking",
    "disable policies": "ALTER TABLE engagement_tracking DISABLE ROW LEVEL SECURITY",
    "a rule": "CREATE RULE r AS ON INSERT TO engagement_tracking DO INSTEAD NOTHING",
    "the answer of another": "UPDATE requests SET status = 'accepted', resolved_at = ''",
    "a request to another": "UPDATE requests SET recipient_id = 'mark'",
    "a batch of another": "INSERT INTO batches (at, actor) VALUES ('', 'maria')",
    "as the owner": "SET ROLE assignchat_owner",
    "a change by the system": f"{CHANGE} ('', 'user_changed', 'system', '',"
    """ '{"id": "mark", "role": ["user", "manager"]}')""",
    "a change by the system that is not told": f"{CHANGE} ('', 'user_changed', 'system', '', NULL)",
    "a row that is yet to come": f"{CLAIM} VALUES ('2199', 'x', 'mark', '', 'chat-1')",
    "a row before others": f"{CLAIM[:-1]}, id) VALUES ('', 'x', 'mark', '', 'chat-1', 0)",
    "a row behind which there is no number": f"{CLAIM[:-1]}, id)"
    f" VALUES ('', 'x', 'mark', '', 'chat-1', {2**63 - 1})",
    "such a request": f"{REQUEST[:-1]}, id)"
    f" VALUES ('chat-2', 'mark', 'martha', 'user', 'pending', '', 'mark', {2**63 - 1})",
    "such a batch": f"INSERT INTO batches (at, actor, id) VALUES ('', 'mark', {2**63 - 1})",
    "such a notification": "INSERT INTO notifications (at, recipient_id, text, id)"
    f" VALUES ('', 'mark', 'x', {2**63 - 1})",
    "a request with its answer": f"{REQUEST[:-1]}, resolved_at)"
    " VALUES ('chat-2', 'mark', 'martha', 'user', 'accepted', '', 'mark', '')",
    "as another": "SET SESSION AUTHORIZATION martha",
    "a right": "GRANT UPDATE ON engagement_tracking TO mark",
    "delete of chats": "DELETE FROM chats",
    "delete of requests": "DELETE FROM requests",
    "delete of users": "DELETE FROM users",
    "a table in the schema": "CREATE TABLE assignchat.mine (id int)",
    "drop schema": "DROP SCHEMA assignchat CASCADE",
}


@pytest.mark.parametrize("statement", HISTORY.values(), ids=HISTORY)
def test_no_sql_of_a_member_changes_history_or_acts_for_another(
    members: Members, statement: str
) -> None:
    before = content_of(members.url)
    error = members.sql("mark", statement)
    assert "ERROR" in error or "no privileges were granted" in error
    assert content_of(members.url) == before
    assert members.findings() == set()


def test_no_request_of_another_ends_before_its_deadline(members: Members) -> None:
    members.ok("martha", "assign", "chat-4", "--to", "omar", "--timeout", "1d", "--as", "martha")
    early = "UPDATE requests SET status = 'timed_out', resolved_at = expires_at WHERE id = 2"
    assert "timed_out_in_time" in members.sql("mark", early)


def _next_of_chain(previous: int, recipient: str, note: str = "NULL") -> str:
    return (
        f"{REQUEST[:-1]}, note, previous_request_id)"
        f" SELECT chat_id, requester_id, '{recipient}', 'user', 'pending', '', from_user, {note},"
        f" id FROM requests WHERE id = {previous}"
    )


def test_a_chain_asks_nobody_whom_its_requester_has_not_named(members: Members) -> None:
    members.ok("martha", "assign", "chat-4", "--to", "omar", "--as", "martha")
    members.ok("omar", "reject", "2", "--reason", "x", "--as", "omar")
    members.ok("martha", "assign", "chat-4", "--to", "omar", "--then", "maria", "--as", "martha")
    members.ok("omar", "reject", "3", "--reason", "x", "--as", "omar")
    members.ok("maria", "reject", "4", "--reason", "x", "--as", "maria")
    for forged in (
        _next_of_chain(2, "mark"),
        _next_of_chain(3, "mark"),
        _next_of_chain(3, "maria"),  # who was asked already
        _next_of_chain(4, "maria"),
        _next_of_chain(3, "maria", note="'Take it'"),
    ):
        assert "asked_as_oneself" in members.sql("mark", forged)


SEALS = {
    "of rows that are not there": f"{SEAL} VALUES (999, {NEXT}, '', '', {HASH})",
    "before others": f"{SEAL} VALUES (0, 0, '', '', {HASH})",
    "over others": f"{CLAIM} VALUES ('', 'x', 'mark', '', 'chat-1');"
    f" {SEAL} SELECT max(id), 1, '', '', {HASH} FROM engagement_tracking",
    "without a hash": f"{CLAIM} VALUES ('', 'x', 'mark', '', 'chat-1');"
    f" {SEAL} SELECT max(id), max(id), '', '', 'none' FROM engagement_tracking",
}


@pytest.mark.parametrize("statement", SEALS.values(), ids=SEALS)
def test_a_member_can_seal_only_new_rows_and_in_order(members: Members, statement: str) -> None:
    before = content_of(members.url)
    assert "ERROR" in members.sql("mark", f"BEGIN; {statement}; COMMIT")
    assert content_of(members.url) == before


SEALED = (
    f"{CLAIM} VALUES ('', 'x', 'mark', '', 'chat-1');"
    f" {SEAL} SELECT max(id), max(id), '', '', {HASH} FROM engagement_tracking"
)
FOUND = {
    "a chat given away": ("UPDATE chats SET owner_id = 'mark'", "owner_differs"),
    "a row of one's own": (f"{CLAIM} VALUES ('', 'x', 'mark', '', 'chat-1')", "row_unsealed"),
    "with a wrong hash": (SEALED, "history_changed"),
    "a gap": (f"{CLAIM[:-1]}, id) VALUES ('', 'x', 'mark', '', 'chat-1', 99)", "row_missing"),
    "one's own role": ("UPDATE users SET role = 'manager' WHERE id = 'mark'", "role_differs"),
}


@pytest.mark.parametrize(("statement", "code"), FOUND.values(), ids=FOUND)
def test_what_a_member_can_write_around_the_program_is_found(
    members: Members, statement: str, code: str
) -> None:
    assert members.sql("mark", statement) == ""
    assert code in members.findings()


@pytest.mark.parametrize("table", NUMBERED)
def test_a_sequence_set_by_hand_makes_no_gap(members: Members, table: str) -> None:
    for value in (1, 999, 2**63 - 1):
        assert members.sql("mark", f"SELECT setval('{table}_id_seq', {value})") == ""
        members.ok("mark", "assign", "chat-2", "--to", "omar", "--as", "mark")
        members.ok("mark", "bulk-assign", "chat-2", "--to", "omar", "--as", "mark")
        members.ok("omar", "bulk-assign", "chat-2", "--to", "mark", "--as", "omar")
    assert members.findings() == set()


def test_a_number_that_was_taken_meanwhile_is_no_bug(members: Members) -> None:
    """As by a member who sets sequences over and over."""
    import psycopg2

    row = f"{CLAIM} VALUES ('2026-11-22T14:05:10.000Z', 'reopened', 'mark', 'mark', 'chat-1')"
    with closing(psycopg2.connect(members.at("mark"))) as other, other.cursor() as cursor:
        # Unseen by others, so that the next one gets the same number and waits for what comes.
        cursor.execute(f"SET search_path = assignchat; {row}")
        adding = f"--db {members.at('martha')} user add zoe --as martha --json"
        waiting = start(members.team.folder, *program(*adding.split()))
        blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_until(lambda: bool(members.server.run(blocked)[0][0]))
        other.commit()
        refused = result(waiting)
    assert (refused.exit_code, refused.error) == (6, "database_locked")


def test_what_stands_twice_because_of_a_change_by_hand_is_damage(held: Members) -> None:
    held.ok("martha", "reject", "1", "--reason", "In a meeting")
    held.ok("mark", "assign", "chat-1", "--to", "omar")
    held.ok("omar", "reject", "2", "--reason", "In a meeting")
    change = "UPDATE requests SET status = '{}', reason = {}, resolved_at = {} WHERE id = 1"
    held.sql("owner", change.format("pending", "NULL", "NULL"))
    try:
        asked = held.refused("mark", "assign", "chat-1", "--to", "omar")
    finally:
        held.sql("owner", change.format("rejected", "'In a meeting'", "requested_at"))
    assert asked == (6, "database_damaged")


def test_the_whole_work_of_a_day_goes_through_as_members(held: Members) -> None:
    held.ok("martha", "accept", "1")
    held.ok("mark", "assign", "chat-2", "--to", "martha", "--then", "omar", "--timeout", "1m")
    held.team.advance(90)
    assert held.ok("omar", "sweep-timeouts")["request_ids"] == [2]
    held.ok("omar", "reject", "3", "--reason", "In a meeting")  # asked by the chain
    held.ok("mark", "assign", "chat-2", "--to", "omar", "--timeout", "1m")
    held.team.advance(90)
    late = held.team.refused("--db", held.at("omar"), "accept", "--chat", "chat-2")
    assert late == (4, "request_timed_out")
    held.ok("mark", "assign", "chat-2", "--to", "omar")
    held.ok("mark", "withdraw", "--chat", "chat-2", "--reason", "x")
    held.ok("mark", "bulk-assign", "chat-2", "chat-3", "--to", "omar", "--yes")
    held.ok("mark", "undo", "--last", "--yes")
    held.ok("mark", "bulk-assign", "--from", "mark", "--to", "omar", "--yes")
    held.ok("mark", "inbox", "--mark-read")
    held.ok("mark", "away")
    held.ok("mark", "back")
    held.ok("omar", "chat", "close", "chat-5")
    held.ok("omar", "chat", "reopen", "chat-5")
    held.ok("maria", "user", "add", "support", "--role", "queue", "--alias", "Support")
    held.ok("maria", "bulk-assign", "--from", "omar", "--to", "support", "--yes")
    held.ok("mark", "take", "--from", "support")
    held.ok("maria", "chat", "add", "chat-9", "--customer", "Ana", "--owner", "martha")
    held.ok("maria", "user", "deactivate", "mark", "--reassign-to", "omar", "--yes")
    chats = held.team.folder / "chats.csv"
    chats.write_text("id,customer,owner_id\nchat-1,Priya,omar\nchat-8,New,martha\n")
    held.ok("maria", "import", "chats", "chats.csv")
    held.ok("maria", "changes", "--told")
    held.ok("martha", "user", "set", "support", "--no-alias", "Support")
    assert held.findings() == set()
    actors = rows_of(held.url, "SELECT DISTINCT actor FROM engagement_tracking ORDER BY 1")
    owner = held.ok("owner", "tracking", "--limit", "1")[0]["actor"]
    assert {actor for (actor,) in actors} == {owner, *LOGINS, "system"}


def test_deadlines_that_a_refused_command_meets_are_sealed(held: Members) -> None:
    held.ok("mark", "assign", "chat-2", "chat-3", "--to", "martha", "--timeout", "1m")
    held.team.advance(90)
    words = ("--db", held.at("mark"), "bulk-assign", "--from", "mark", "--to", "nobody")
    assert held.team.refused(*words) == (3, "user_not_found")
    timed_out = {request["id"] for request in held.ok("mark", "requests", "--status", "timed_out")}
    assert timed_out >= {2, 3}
    assert held.findings() == set()


def test_a_member_who_misses_too_much_is_set_away_by_whoever_sees_it(held: Members) -> None:
    with held.team.config.open("a", encoding="utf-8") as config:
        config.write("[assign_discuss]\naway_after_misses = 1\n")
    held.team.advance(3600)
    held.ok("omar", "sweep-timeouts")
    (martha,) = [one for one in held.ok("omar", "user", "list") if one["id"] == "martha"]
    assert martha["away_until"] is not None
    assert held.findings() == set()


WRITING = [
    "assign chat-2 --to martha --as mark",
    "accept 1 --as martha",
    "reject 1 --reason x --as martha",
    "withdraw 1 --reason x --as mark",
    "bulk-assign chat-2 chat-3 --to omar --as mark --yes",
    "bulk-assign --from mark --to omar --as maria --yes",
    "away --as mark",
    "user add zoe",
    "user set mark --name Marc",
    "user deactivate maria",
    "chat add chat-9 --customer Ana --owner mark",
    "chat close chat-2",
    "import users users.csv",
    "import chats chats.csv",
    "config set busy_timeout 5s",
]


@pytest.mark.parametrize("command", WRITING)
def test_an_auditor_changes_nothing(members: Members, command: str) -> None:
    (members.team.folder / "users.csv").write_text("id,name\nzoe,Zoe\n")
    (members.team.folder / "chats.csv").write_text("id,customer,owner_id\nnew,New,mark\n")
    assert members.refused("eve", *command.split()) == (6, "database_read_only")


def test_an_auditor_changes_nothing_that_is_due(members: Members) -> None:
    members.team.advance(3600)
    assert members.refused("eve", "sweep-timeouts") == (6, "database_read_only")


def test_an_auditor_reads_everything(members: Members) -> None:
    for command in (
        "user list",
        "chat list",
        "chat show chat-1",
        "requests",
        "requests show 1",
        "tracking",
        "tracking --records",
        "batches",
        "stats",
        "check --full",
        "inbox --as mark",
        "status --as mark",
        "changes",
    ):
        members.ok("eve", *command.split())
    before = content_of(members.url)
    for statement in HISTORY.values():
        assert members.sql("eve", statement)  # an error, or that no right was granted
    assert content_of(members.url) == before
    assert "ERROR" in members.sql("eve", f"{CLAIM} VALUES ('', 'x', 'eve', '', 'chat-1')")


def test_a_login_without_rights_is_told_what_to_ask_for(members: Members) -> None:
    members.run_sql('CREATE ROLE "new.er" LOGIN')
    refused = members.team.run("--db", members.at("new.er"), "inbox", "--json")
    members.run_sql('DROP ROLE "new.er"')
    assert (refused.exit_code, refused.error) == (6, "database_unreachable")
    assert 'GRANT assignchat_member TO \\"new.er\\"' in refused.err


def test_a_backup_that_a_member_makes_has_all_when_it_is_restored(members: Members) -> None:
    team, server = members.team, members.server
    hint = team.run("--db", members.at("mark"), "backup", "team.dump").err.partition("Hint: ")[2]
    dump, *words = shlex.split(hint)
    made = run(team.folder, server.programs / dump, *words)
    assert made.exit_code == 0, made.err
    with server.database() as url:
        words = ["--exit-on-error", f"--dbname={url}", "team.dump"]
        restored = run(team.folder, server.programs / "pg_restore", *words)
        assert restored.exit_code == 0, restored.err
        assert team.ok("--db", url, "check", "--full") == members.ok("eve", "check", "--full")


def test_nobody_acts_for_another_through_the_program(
    held: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixed = (5, "identity_fixed")
    for command in ("accept 1", "inbox", "user add zoe", "sweep-timeouts"):
        for name in ("martha", "mark"):
            assert held.refused("mark", *command.split(), "--as", name) == fixed
    lines = held.team.folder / "lines"
    lines.write_text("accept 1 --as martha\n")
    done = held.team.run("--db", held.at("mark"), "run", "lines", "--json")
    assert (done.exit_code, '"identity_fixed"' in done.out) == (5, True)
    done = held.team.run("--db", held.at("mark"), "run", "lines", "--as", "martha")
    assert (done.exit_code, '"identity_fixed"' in done.out) == (5, True)
    monkeypatch.setenv("ASSIGNCHAT_USER", "martha")
    assert held.refused("mark", "accept", "1") == fixed
    monkeypatch.delenv("ASSIGNCHAT_USER")
    assert held.refused("mark", "accept", "1") == (5, "not_recipient")
    with held.team.config.open("a", encoding="utf-8") as config:
        config.write('operators = ["mark"]\n')
    assert held.refused("mark", "accept", "1", "--as", "martha") == fixed
    held.ok("martha", "accept", "1")


def test_a_login_that_is_no_user_is_told_how_it_becomes_one(held: Members) -> None:
    refused = held.team.run("--db", held.at("eve"), "inbox").err
    assert "user add eve" in refused
    assert "--as" not in refused


def test_nobody_acts_for_another_whatever_their_config_says(members: Members) -> None:
    fixed = (5, "identity_fixed")
    assert members.refused("mark", "accept", "1", "--as", "martha") == fixed
    assert members.refused("mark", "assign", "chat-4", "--to", "omar", "--as", "martha") == fixed
    claim = "bulk-assign --from mark --to omar --as maria --yes"
    assert members.refused("mark", *claim.split()) == fixed
    with (
        assignchat.open_database(members.at("mark")) as database,
        pytest.raises(IdentityFixed),
    ):
        assignchat.assign(database, "chat-4", actor="martha", to="omar")
    assert members.findings() == set()


def test_a_login_that_is_called_system_is_not_the_system(held: Members) -> None:
    held.run_sql("CREATE ROLE system LOGIN; GRANT assignchat_member TO system")
    try:
        added = held.refused(
            "system", "chat", "add", "chat-9", "--customer", "x", "--owner", "mark"
        )
    finally:
        held.run_sql("DROP ROLE system")
    assert added == (5, "identity_fixed")


def test_closing_the_chat_of_another_is_for_operators(held: Members) -> None:
    assert held.refused("mark", "chat", "close", "chat-4") == (5, "not_owner")
    with held.team.config.open("a", encoding="utf-8") as config:
        config.write('operators = ["mark"]\n')
    held.ok("mark", "chat", "close", "chat-4")


def test_the_roles_are_made_once_and_tell_who_is_no_member_yet(members: Members) -> None:
    made = members.ok("owner", "init", "--roles")
    assert made["roles"] == ["assignchat_owner", "assignchat_member", "assignchat_auditor"]
    assert made["grants"] == []
    members.ok("owner", "user", "add", "o'neil@x")
    members.ok("owner", "user", "add", "pool", "--role", "queue")
    told = members.team.run("--db", members.url, "init", "--roles")
    # All that is on standard output is SQL, so that it can be piped to psql.
    assert told.out == 'CREATE ROLE "o\'neil@x" LOGIN; GRANT assignchat_member TO "o\'neil@x";\n'
    assert "An administrator of the server runs:\n" in told.err
    assert members.refused("mark", "init", "--roles") == (6, "database_read_only")
    assert members.findings() == set()


def test_while_roles_are_made_readers_wait_for_a_moment_at_most(members: Members) -> None:
    import psycopg2

    with closing(psycopg2.connect(members.at("eve"))) as reading, reading.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM assignchat.users")  # and does not end
        words = ("--db", members.url, "init", "--roles", "--json")
        making = start(members.team.folder, *program(*words))
        blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_until(lambda: bool(members.server.run(blocked)[0][0]))
        with assignchat.open_database(members.at("omar"), busy_seconds=5) as database:
            assert database.value("SELECT count(*) FROM chats")
        refused = result(making)
    assert (refused.exit_code, refused.error) == (6, "database_locked")


def test_who_may_make_roles_need_not_rule_the_server(empty_team: Team, server: Server) -> None:
    with server.database() as url:
        name = url.rpartition("=")[2]
        # Since PostgreSQL 16 only who has made a role gives it away.
        server.run(f"DROP ROLE IF EXISTS {', '.join(ROLES)}")
        server.run("DROP ROLE IF EXISTS admin; CREATE ROLE admin LOGIN CREATEROLE")
        server.run(f"GRANT CREATE ON DATABASE {name} TO admin")
        admin = url.replace("user=owner", "user=admin")
        empty_team.ok("--db", admin, "init", "--demo")
        for _ in range(2):
            empty_team.ok("--db", admin, "init", "--roles")
        empty_team.ok("--db", admin, "assign", "chat-1", "--to", "martha", "--as", "mark")
        assert empty_team.ok("--db", admin, "check", "--full")["sound"]
        (owner,) = server.run(
            "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'assignchat'", name
        )[0]
        assert owner == "assignchat_owner"
    server.run("DROP OWNED BY admin; DROP ROLE admin")


RIGHTS = {
    "GRANT UPDATE ON assignchat.seals TO omar": "REVOKE UPDATE ON assignchat.seals FROM omar",
    "GRANT CREATE ON SCHEMA assignchat TO omar": "REVOKE CREATE ON SCHEMA assignchat FROM omar",
    "GRANT assignchat_owner TO omar": "REVOKE assignchat_owner FROM omar",
    "ALTER ROLE omar NOINHERIT; GRANT assignchat_owner TO omar": "ALTER ROLE omar INHERIT;"
    " REVOKE assignchat_owner FROM omar",
    "GRANT pg_write_all_data TO omar": "REVOKE pg_write_all_data FROM omar",
    "GRANT pg_execute_server_program TO omar": "REVOKE pg_execute_server_program FROM omar",
    "GRANT owner TO omar": "REVOKE owner FROM omar",
    "ALTER ROLE omar BYPASSRLS": "ALTER ROLE omar NOBYPASSRLS",
}


@pytest.mark.parametrize(("given", "taken"), RIGHTS.items())
def test_check_tells_which_members_may_change_history_after_all(
    members: Members, given: str, taken: str
) -> None:
    members.run_sql(given)
    found = members.team.run("--db", members.at("eve"), "check")
    members.run_sql(taken)
    assert found.exit_code == 0
    assert "may change the history: omar" in found.out


@pytest.mark.parametrize(
    "change",
    [
        "DROP POLICY tracked_as_oneself ON assignchat.engagement_tracking",
        "ALTER TABLE assignchat.seals DISABLE ROW LEVEL SECURITY",
        "ALTER POLICY asked_as_oneself ON assignchat.requests WITH CHECK (true)",
    ],
)
def test_check_finds_a_policy_that_was_changed_and_init_mends_it(
    members: Members, change: str
) -> None:
    members.run_sql(change)
    assert members.findings() == {"guard_missing"}
    (problem,) = members.team.run("--db", members.url, "check", "--json").json["problems"]
    _, *words = shlex.split(problem["message"].partition(" with: ")[2])
    members.team.ok(*words)
    assert members.findings() == set()


def test_a_file_has_no_logins(empty_team: Team) -> None:
    assert empty_team.refused("init", "--roles") == (2, "usage")
    assert list(empty_team.folder.iterdir()) == []
    empty_team.ok("init", "--demo")
    refused = empty_team.refused("config", "set", "identity", "database")
    assert refused == (7, "config_value_invalid")
    text = empty_team.config.read_text(encoding="utf-8")
    empty_team.config.write_text(text.replace('"claim"', '"database"'), encoding="utf-8")
    for command in ("inbox", "inbox --as mark", "user list", "user add zoe", "sweep-timeouts"):
        expected = (5, "identity_fixed") if "--as" in command else (7, "config_invalid")
        assert empty_team.refused(*command.split()) == expected
