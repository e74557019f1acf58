"""The roles of a team on a server: who makes them, and what check tells of rights beside them."""

import shlex
from contextlib import closing

import pytest

import assignchat
from assignchat.store.logins import ROLES
from tests.support.members import Members
from tests.support.processes import program, result, start, wait_until
from tests.support.servers import Server
from tests.support.team import Team


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
