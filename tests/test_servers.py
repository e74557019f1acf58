"""A database on a server: where it is named, moving to one, and what the server does itself."""

import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support import servers
from tests.support.processes import program, result, run, start, wait_until
from tests.support.servers import Server
from tests.support.team import Team

SECRET = "pa/ss@word"  # noqa: S105


@pytest.fixture
def empty(server: Server) -> Iterator[str]:
    """A database without anything in it."""
    with server.database() as url:
        yield url


def head(team: Team, *where: str) -> str:
    """The hash that stands for the whole history, which is checked."""
    found = team.ok(*where, "check", "--full")
    assert found["sound"]
    return str(found["head"])


def test_a_file_moves_to_a_server_as_it_is(team: Team, empty: str) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    team.ok("user", "add", "eve", "--alias", 'Eve\\X, "quoted"')
    team.ok("bulk-assign", "--from", "mark", "--to", "omar", "--as", "maria", "--yes")
    done = team.ok("--db", empty, "init", "--from", "assignchat.db")
    assert (done["created"], done["copied"]) == (True, True)
    assert head(team, "--db", empty) == head(team)
    for listed in ("user list", "chat list", "requests", "tracking", "batches", "inbox --as mark"):
        assert team.ok("--db", empty, *listed.split()) == team.ok(*listed.split())
    team.ok("--db", empty, "undo", "--last", "--as", "maria", "--yes")  # numbers go on
    head(team, "--db", empty)


def test_it_moves_into_tables_without_rows_too(team: Team, empty: str) -> None:
    team.ok("--db", empty, "init")
    assert not team.ok("--db", empty, "init", "--from", "assignchat.db")["created"]
    assert head(team, "--db", empty) == head(team)


def test_no_tables_are_made_where_another_login_could_remove_them(
    team: Team, empty: str, server: Server
) -> None:
    name = empty.rpartition("=")[2]
    server.run("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger")
    server.run("CREATE SCHEMA assignchat AUTHORIZATION stranger", name)
    refused = team.run("--db", empty, "init")
    assert refused.exit_code == 6
    assert "belongs to the login stranger" in refused.err
    server.run("ALTER SCHEMA assignchat OWNER TO owner; DROP ROLE stranger", name)
    team.ok("--db", empty, "init")


def test_nothing_is_mixed_with_what_is_there(team: Team, empty: str) -> None:
    team.ok("--db", empty, "init", "--from", "assignchat.db")
    team.ok("user", "add", "eve")
    before = team.ok("--db", empty, "user", "list")
    for _ in range(2):
        refusal = team.refused("--db", empty, "init", "--from", "assignchat.db")
        assert refusal == (2, "invalid_value")
    assert team.ok("--db", empty, "user", "list") == before


def test_what_cannot_be_copied_whole_is_not_copied(team: Team, empty: str) -> None:
    shutil.copy("assignchat.db", "changed.db")
    team.location = str(Path("changed.db").absolute())
    team.sqlite("DROP TRIGGER engagement_tracking_no_update")
    team.sqlite("UPDATE engagement_tracking SET detail = 'no JSON' WHERE id = 3")
    refused = team.run("--db", empty, "init", "--from", "changed.db")
    assert refused.exit_code == 6
    assert "changed.db" in refused.err
    assert "engagement_tracking" in refused.err
    assert team.refused("--db", empty, "user", "list") == (6, "database_missing")
    team.location = str(Path("assignchat.db").absolute())


def test_it_moves_back_into_a_file(team: Team, empty: str) -> None:
    team.ok("--db", empty, "init", "--from", "assignchat.db")
    team.ok("--db", empty, "assign", "chat-1", "--to", "martha", "--as", "mark")
    team.ok("--db", empty, "bulk-assign", "--from", "mark", "--to", "omar", "--as", "maria")
    done = team.ok("--db", "back.db", "init", "--from", empty)
    assert (done["created"], done["copied"]) == (True, True)
    assert head(team, "--db", "back.db") == head(team, "--db", empty)
    for listed in ("user list", "chat list", "requests", "tracking", "batches", "inbox --as mark"):
        assert team.ok("--db", "back.db", *listed.split()) == team.ok(
            "--db", empty, *listed.split()
        )
    team.ok("--db", "back.db", "undo", "--last", "--as", "maria", "--yes")  # numbers go on
    head(team, "--db", "back.db")
    assert team.refused("--db", "back.db", "init", "--from", empty) == (2, "invalid_value")


def test_nothing_moves_between_two_of_a_kind(team: Team, empty: str) -> None:
    assert team.refused("init", "--from", "other.db") == (2, "usage")
    assert team.refused("--db", empty, "init", "--from", empty) == (2, "usage")
    refusal = team.refused("--db", empty, "init", "--from", "other.db")
    assert refusal == (6, "database_missing")
    told = team.run("--db", empty, "init", "--from", "other.db").err
    assert "Hint: After --from stands the database that is to be copied.\n" in told
    assert team.refused("--db", empty, "init", "--demo", "--from", "x") == (2, "usage")


def test_a_misspelt_option_of_a_url_is_named_but_nothing_that_may_be_a_password(
    team: Team, empty: str
) -> None:
    told = team.run("--db", f"{empty}&sslmod=require", "status")
    assert told.exit_code == 2
    assert "no option 'sslmod'" in told.err
    assert "Did you mean sslmode?" in told.err
    assert "secret" not in team.run("--db", "postgresql://mark:a/b?secret=c@db/team", "status").err


def test_the_server_makes_its_own_backups(team: Team, empty: str, server: Server) -> None:
    team.ok("--db", empty, "init", "--demo")
    refused = team.run("--db", empty, "backup", "team.dump")
    assert refused.exit_code == 2
    hint = refused.err.partition("Hint: ")[2]
    program, *words = shlex.split(hint)
    made = run(team.folder, server.programs / program, *words)
    assert made.exit_code == 0, made.err
    assert (team.folder / "team.dump").stat().st_size > 1000


WORK = (
    ["chat", "add", "a\\'b% :c %s", "--customer", "O'Br\\ien \\' 100% :x !_", "--owner", "mark"],
    ["chat", "list", "--customer", "\\ien \\' 100% :x !_"],
    ["assign", "a\\'b% :c %s", "--to", "martha", "--note", "\\' :x", "--as", "mark"],
    ["reject", "1", "--reason", "\\", "--as", "martha"],
    ["tracking", "--chat", "a\\'b% :c %s"],
)


@pytest.mark.parametrize(
    "settings",
    [
        "standard_conforming_strings=off",
        "standard_conforming_strings=off backslash_quote=off",
        "transform_null_equals=on",
        "client_encoding=LATIN1",
        "datestyle=German",
        "search_path=pg_temp",
        "default_transaction_isolation=serializable",
    ],
)
def test_the_settings_of_a_login_change_nothing(team: Team, empty: str, settings: str) -> None:
    empty += f"&options={quote(' '.join(f'-c {setting}' for setting in settings.split()))}"
    team.ok("--db", empty, "init", "--demo")
    for words in WORK:
        assert team.ok("--db", empty, *words)
    chats = team.folder / "chats.csv"
    chats.write_text("id,customer,owner_id\nx\\y,a\\nb,mark\n")
    team.ok("--db", empty, "import", "chats", "chats.csv")
    found = {chat["id"]: chat["customer"] for chat in team.ok("--db", empty, "chat", "list")}
    assert found["x\\y"] == "a\\nb"
    assert found["a\\'b% :c %s"] == "O'Br\\ien \\' 100% :x !_"
    head(team, "--db", empty)


def test_a_login_that_shall_only_read_can_check(team: Team, empty: str) -> None:
    team.ok("--db", empty, "init", "--demo")
    empty += "&options=-cdefault_transaction_read_only%3Don"
    found = team.ok("--db", empty, "check", "--full")
    assert [one["code"] for one in found["warnings"]] == ["schema_unchecked"]
    assert team.refused("--db", empty, "user", "add", "zoe") == (6, "database_unreachable")


READING = (
    "status --as mark",
    "inbox --as mark",
    "requests",
    "requests show 1",
    "wait 1 --for 0s",
    "chat list",
    "chat show chat-1",
    "user list",
    "batches",
    "tracking",
    "tracking --records",
    "changes",
    "stats --since 1d",
    "export tables",
)

NOT_READING = (
    "accept 2 --as martha",
    "user add zoe",
    "wait 2",
    "inbox --watch --as mark",
    "tracking --follow",
)


def as_standby(server: Server) -> None:
    """Start a server anew as one that only reads."""
    server.stop()
    (server.folder / "data" / "standby.signal").touch()
    server.start()


def test_a_standby_gives_every_report_and_changes_nothing(team: Team) -> None:
    with servers.server() as server:
        url = server.url("postgres")
        team.ok("--db", url, "init", "--demo")
        team.ok("--db", url, "assign", "chat-1", "--to", "martha", "--as", "mark")
        team.ok("--db", url, "accept", "1", "--as", "martha")
        team.ok("--db", url, "assign", "chat-2", "--to", "martha", "--as", "mark")
        as_standby(server)
        for command in READING:
            team.ok("--db", url, *command.split())
        found = team.ok("--db", url, "check", "--full")
        assert (found["sound"], len(found["head"])) == (True, 64)
        assert [one["code"] for one in found["warnings"]] == ["schema_unchecked"]
        for command in NOT_READING:
            refused = team.run("--db", url, *command.split(), "--json")
            assert (refused.exit_code, refused.error) == (6, "database_unreachable")
            assert "only reads" in refused.err


def test_who_waits_goes_on_where_a_standby_comes_to_write(team: Team) -> None:
    with servers.server() as server:
        url = server.url("postgres")
        team.ok("--db", url, "init", "--demo")
        team.ok(
            "--db", url, "assign", "chat-1", "--to", "martha", "--timeout", "off", "--as", "mark"
        )
        waiting = start(team.folder, *program("--db", url, "wait", "1"))
        listens = "SELECT 1 FROM pg_stat_activity WHERE query IN ('ROLLBACK', 'LISTEN assignchat')"
        wait_until(lambda: bool(server.run(listens)))
        as_standby(server)
        refused = "cannot execute LISTEN during recovery"
        wait_until(lambda: refused in (server.folder / "log").read_text(encoding="utf-8"))
        server.run("SELECT pg_promote()")
        team.ok("--db", url, "accept", "1", "--as", "martha")
        assert result(waiting).exit_code == 0


def test_a_check_says_who_looks_at_the_files_of_a_server(team: Team, empty: str) -> None:
    team.ok("--db", empty, "init")
    assert "pg_amcheck" in team.run("--db", empty, "check").err
    assert team.run("check").err == ""


def test_a_password_is_never_shown_or_recorded(team: Team) -> None:
    url = f"postgresql://mark@127.0.0.1:1/team?password={SECRET}"
    for where in (url, f"postgresql://mark:{SECRET}@127.0.0.1:1/team"):
        for words in ("user list", "user list --json", "init"):
            result = team.run("--db", where, *words.split())
            assert result.exit_code == 6
            assert "***" in result.err
            assert SECRET not in result.err + result.out
    team.config.chmod(0o600)
    config = team.config.read_text(encoding="utf-8")
    for command in (["set", "database", url], ["get", "database"], ["list"]):
        result = team.run("config", *command)
        assert result.exit_code == 0, result.err
        assert SECRET not in result.err + result.out
    assert SECRET in team.config.read_text(encoding="utf-8")
    team.config.write_text(config, encoding="utf-8")
    assert SECRET not in str(team.rows("SELECT detail FROM engagement_tracking"))


def test_a_password_that_others_may_read_is_refused(team: Team) -> None:
    config = team.config.read_text(encoding="utf-8")
    named = config.replace("assignchat.db", f"postgresql://mark:{SECRET}@127.0.0.1:1/team")
    team.config.write_text(named, encoding="utf-8")
    for mode, expected in ((0o644, "config_invalid"), (0o600, "database_unreachable")):
        team.config.chmod(mode)
        assert team.refused("user", "list")[1] == expected
    team.config.write_text(config, encoding="utf-8")


def test_what_is_no_url_is_refused_by_name(team: Team) -> None:
    no_url = f"postgresql://mark:{SECRET}@host:port/x"
    refused = team.run("--db", no_url, "user", "list", "--json")
    assert (refused.exit_code, refused.error) == (6, "database_unreachable")
    assert SECRET not in refused.err
    for where in (
        "postgresql://mark:sec@ret@127.0.0.1:1/x",
        "postgresql://mark:sec/ret@127.0.0.1:1/x",
        "postgresql://mark:1/ret@127.0.0.1:1/x",
        "postgresql://ma@rk:sec-ret@127.0.0.1:1/x",
        "postgresql://mark@127.0.0.1:1/x?passwort=sec-ret",
        "postgresql://mark@127.0.0.1:1/x?p%61ssword=sec-ret",
        "postgresql+psycopg2://mark:sec-ret@127.0.0.1:1/x",
        "POSTGRESQL://mark:sec-ret@127.0.0.1:1/x",
        "mysql://mark:sec-ret@127.0.0.1:1/x",
    ):
        for words in ("user list", "init", "init --from assignchat.db"):
            told = team.run("--db", where, *words.split()).err
            assert "***" in told or ":/…" in told, where
            assert "sec" not in told, where
            assert "ret" not in told, where


def test_a_script_goes_on_after_a_connection_was_lost_between_two_lines(
    team: Team, server: Server, empty: str
) -> None:
    team.ok("--db", empty, "init", "--demo")
    script = start(team.folder, *program("--db", empty, "run"), stdin=subprocess.PIPE)
    assert script.stdin is not None
    assert script.stdout is not None
    for chat in ("chat-1", "chat-2"):
        script.stdin.write(f"chat close {chat}\n")
        script.stdin.flush()
        assert json.loads(script.stdout.readline())["exit_code"] == 0
        of_script = f"FROM pg_stat_activity WHERE datname = '{empty.rpartition('=')[2]}'"
        server.run(f"SELECT pg_terminate_backend(pid) {of_script}")
        wait_until(lambda: not server.run(f"SELECT 1 {of_script}"))  # noqa: B023
    assert result(script).exit_code == 0


def test_nothing_of_all_or_nothing_is_left_where_its_connection_was_lost(
    team: Team, server: Server, empty: str
) -> None:
    team.ok("--db", empty, "init", "--demo")
    script = "".join(f"chat close chat-{number}\n" for number in (1, 2, 3))
    (team.folder / "script").write_text(script)
    waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    import psycopg2

    with closing(psycopg2.connect(empty)) as other:
        other.cursor().execute("SELECT 1 FROM assignchat.chats WHERE id = 'chat-2' FOR UPDATE")
        words = ("--db", empty, "run", "--atomic", "--keep-going", "script")
        process = start(team.folder, *program(*words))
        wait_until(lambda: bool(server.run(f"SELECT 1 {waiting}")))
        server.run(f"SELECT pg_terminate_backend(pid) {waiting}")
        done = result(process)
    assert done.exit_code == 6
    assert team.ok("--db", empty, "chat", "list", "--status", "closed") == []
