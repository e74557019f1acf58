"""A database whose tables are not as they were made is named for what it is, and left alone."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from assignchat.store.sqlite import SCHEMA_MARK, SCHEMA_VERSION
from assignchat.store.sqlite.opening import own_objects, schema_mark
from tests.support.databases import look
from tests.support.team import Team, old_database


@pytest.fixture
def team(empty_team: Team) -> Team:
    """The demo team with a pending request, without the check that follows other tests."""
    empty_team.ok("init", "--demo")
    empty_team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    return empty_team


def named(team: Team, *words: str) -> tuple[str, str]:
    """Message and hint of a command that must end with `database_damaged` and change nothing."""
    before = look(team.database)
    result = team.run(*words, "--json")
    assert (result.exit_code, result.out, result.error) == (6, "", "database_damaged"), result
    assert look(team.database) == before
    error = json.loads(result.err)["error"]
    return error["message"], error["hint"]


COMMANDS = [
    ("requests",),
    ("chat", "list"),
    ("inbox", "--as", "martha"),
    ("accept", "1", "--as", "martha"),
    ("sweep-timeouts",),
    ("user", "add", "eve"),
]
MISMADE = {
    "a missing table": ("DROP TABLE notifications", "the table notifications is missing"),
    "no table of migrations": ("DROP TABLE _sqlite_migrations", "_sqlite_migrations is missing"),
    "a missing view": ("DROP VIEW engagement_records", "the view engagement_records is missing"),
    "a missing column": (
        "ALTER TABLE chats DROP COLUMN crm_status",
        "chats lacks the column crm_status",
    ),
    "a renamed column": ("ALTER TABLE users RENAME name TO nom", "users lacks the column name"),
    "a column more": ("ALTER TABLE users ADD COLUMN color TEXT", "users has the column color"),
}


@pytest.mark.parametrize(("statement", "wrong"), MISMADE.values(), ids=MISMADE)
def test_tables_that_are_not_as_they_were_made_are_named(
    team: Team, statement: str, wrong: str
) -> None:
    team.sqlite(statement)
    for words in COMMANDS:
        message, hint = named(team, *words)
        assert wrong in message
        assert hint
    assert team.run("check").exit_code == 8


def test_after_a_check_in_run_the_next_line_is_refused_as_before_it(team: Team) -> None:
    team.sqlite("ALTER TABLE chats DROP COLUMN crm_status")
    lines = team.folder / "lines.txt"
    lines.write_text("chat list\ncheck\nchat list\n", encoding="utf-8")
    result = team.run("run", "--keep-going", "lines.txt")
    before, _, after = map(json.loads, result.out.splitlines())
    assert before["error"]["code"] == "database_damaged"
    assert after["error"] == before["error"]


@pytest.mark.parametrize(("more", "table"), [("WITHOUT ROWID", "users"), ("STRICT", "deliveries")])
def test_a_table_that_is_declared_otherwise_is_named(team: Team, more: str, table: str) -> None:
    with closing(sqlite3.connect(team.database)) as connection:
        (sql,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA legacy_alter_table = ON")
        connection.execute(f"ALTER TABLE {table} RENAME TO old")
        connection.execute(f"{sql} {more}")
        connection.execute(f"INSERT INTO {table} SELECT * FROM old")
        connection.execute("DROP TABLE old")
        connection.commit()
    for words in COMMANDS:
        assert f"{table} is declared otherwise" in named(team, *words)[0]


NO_GUARD = (
    "DROP TRIGGER seals_no_update; CREATE TRIGGER seals_no_update BEFORE UPDATE ON seals"
    " BEGIN SELECT 1; END"
)
ADDED = {
    "a trigger": (
        "CREATE TRIGGER theft AFTER UPDATE ON chats BEGIN UPDATE chats SET owner_id = 'omar'; END",
        "the trigger theft is not assignchat's",
    ),
    "a unique index": ("CREATE UNIQUE INDEX once ON users (role, id)", "the index once is not"),
    "an index on a function": ("CREATE INDEX odd ON chats (abs(customer))", "the index odd is not"),
    "a trigger on a table in other letters": (
        "CREATE TRIGGER theft AFTER UPDATE ON CHATS BEGIN UPDATE chats SET owner_id = 'omar'; END",
        "the trigger theft is not assignchat's",
    ),
    "a trigger that is named like a table": (
        "CREATE TRIGGER chats AFTER UPDATE ON chats BEGIN UPDATE chats SET owner_id = 'omar'; END",
        "the trigger chats is not assignchat's",
    ),
    "a trigger with a name of migrations": (
        "CREATE TRIGGER _sqlite_migrations_m006 AFTER UPDATE ON chats BEGIN SELECT 1; END",
        "the trigger _sqlite_migrations_m006 is not assignchat's",
    ),
    "a trigger on the migrations": (
        "CREATE TRIGGER later AFTER INSERT ON _sqlite_migrations BEGIN SELECT 1; END",
        "the trigger later is not assignchat's",
    ),
    "a reference": ("CREATE TABLE notes (chat REFERENCES chats (id))", "the table notes is not"),
    "a reference that cannot be": ("CREATE TABLE n (c REFERENCES chats (owner_id))", "table n is"),
    "a reference in other letters": (
        "CREATE TABLE notes (a REFERENCES User_Aliases ON DELETE CASCADE)",
        "the table notes is not",
    ),
    "a guard that guards nothing": (NO_GUARD, "the trigger seals_no_update is not"),
}


@pytest.mark.parametrize(("statements", "wrong"), ADDED.values(), ids=ADDED)
def test_where_a_trigger_or_index_of_others_would_act_nothing_is_written(
    team: Team, statements: str, wrong: str
) -> None:
    for statement in statements.split("; CREATE"):
        team.sqlite(statement if statement.startswith(("CREATE", "DROP")) else f"CREATE{statement}")
    for words in COMMANDS[3:]:
        if words != ("sweep-timeouts",):  # nothing is due
            message, hint = named(team, *words)
            assert wrong in message
            assert "DROP" in hint
    for words in COMMANDS[:3]:
        team.ok(*words)
    problems = team.run("check", "--json").json["problems"]
    assert {problem["code"] for problem in problems} <= {"trigger_added", "guard_missing"}
    assert problems


@pytest.mark.parametrize(
    "acting",
    [
        "CREATE TRIGGER theft AFTER INSERT ON _sqlite_migrations BEGIN {}; END",
        "CREATE TRIGGER theft AFTER UPDATE ON chats BEGIN {}; END",
        "CREATE TABLE theft (a REFERENCES chats (id))",
    ],
)
@pytest.mark.parametrize("schema", [1, 2])
def test_a_migration_does_not_run_where_something_of_others_would_act(
    empty_team: Team, monkeypatch: pytest.MonkeyPatch, acting: str, schema: int
) -> None:
    old_database(empty_team.database, schema)
    monkeypatch.setenv("ASSIGNCHAT_DB", str(empty_team.database))
    empty_team.sqlite(acting.format(FORGED))
    for words in (*COMMANDS, ("check",)):
        message, hint = named(empty_team, *words)
        assert "theft is not assignchat's" in message
        assert "theft" in hint
    empty_team.sqlite(f"DROP {acting.split()[1]} theft")
    empty_team.ok("chat", "list")
    assert empty_team.ok("check", "--full")["problems"] == []


@pytest.mark.parametrize("value", ["'abc'", "1e300", "NULL", "-1", "x'00'", 2**63 - 1, 2**53 - 1])
@pytest.mark.parametrize("table", ["engagement_tracking", "requests", "notifications", "batches"])
def test_a_next_id_that_is_none_is_named_and_nothing_is_written(
    team: Team, table: str, value: object
) -> None:
    team.sqlite("DELETE FROM sqlite_sequence WHERE name = ?", table)
    team.sqlite(f"INSERT INTO sqlite_sequence VALUES ('{table}', {value})")
    for words in COMMANDS[3:]:
        if words != ("sweep-timeouts",):  # nothing is due
            message, _ = named(team, *words)
            assert f"table sqlite_sequence, row '{table}', column seq" in message
    for words in COMMANDS[:3]:
        team.ok(*words)
    (problem,) = team.run("check", "--json").json["problems"]
    assert "sqlite_sequence" in problem["message"]


def test_an_export_leaves_tables_of_others_out_whatever_they_are_called(team: Team) -> None:
    for name in ("../../escaped", "n/o", 'a"b', "notes", "a'b"):
        quoted = name.replace('"', '""')
        team.sqlite(f'CREATE TABLE "{quoted}" (a)')
    done = team.ok("export", "out/in")
    written = {str(path.relative_to(team.folder)) for path in team.folder.rglob("*.csv")}
    assert written == {f"out/in/{name}" for name in done["files"]}
    assert "out/in/seals.csv" in written
    assert not any("notes" in name or "escaped" in name for name in written)
    assert team.run("check").exit_code == 0


def test_tables_and_views_of_others_are_none_of_our_business(team: Team) -> None:
    team.sqlite("CREATE TABLE notes (chat TEXT)")
    team.sqlite("CREATE VIEW closed AS SELECT * FROM chats WHERE status = 'closed'")
    team.sqlite("CREATE INDEX notes_by_chat ON notes (chat)")
    for words in COMMANDS:
        team.ok(*words)


def test_a_database_in_another_journal_mode_is_named(team: Team) -> None:
    assert team.sqlite("PRAGMA journal_mode = DELETE") == [("delete",)]
    for words in COMMANDS:
        message, hint = named(team, *words)
        assert "journal mode is delete" in message
        assert "PRAGMA journal_mode = WAL" in hint
    team.sqlite("PRAGMA journal_mode = WAL")
    for words in COMMANDS:
        team.ok(*words)


def test_the_mark_of_the_schema_is_that_of_a_new_database(team: Team) -> None:
    with closing(sqlite3.connect(team.database)) as connection:
        assert hex(SCHEMA_MARK) == hex(schema_mark(connection, f"({own_objects()})"))


FORGED = (
    "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, from_user, to_user)"
    " SELECT at, 'assigned', 'x', 'x', 'chat-1', 'mark', 'omar' FROM engagement_tracking LIMIT 1"
)


@pytest.mark.parametrize("version", range(SCHEMA_VERSION))
def test_a_version_set_by_hand_seals_nothing_that_was_put_in_by_hand(
    team: Team, version: int
) -> None:
    team.sqlite(FORGED)
    team.sqlite(f"PRAGMA user_version = {version}")
    team.ok("chat", "list")
    team.ok("chat", "close", "chat-4")
    assert team.sqlite("PRAGMA user_version") == [(SCHEMA_VERSION,)]
    found = team.run("check", "--full", "--json")
    assert "row_unsealed" in {problem["code"] for problem in found.json["problems"]}


@pytest.mark.parametrize("forgotten", ["1 = 1", "name = 'm001_initial'", "name = 'm002_seals'"])
def test_migrations_that_are_not_noted_are_not_run_again(team: Team, forgotten: str) -> None:
    team.sqlite(FORGED)
    team.sqlite(f"DELETE FROM _sqlite_migrations WHERE {forgotten}")
    team.sqlite("PRAGMA user_version = 1")
    for words in (*COMMANDS, ("check",)):
        assert "not those that its version says" in named(team, *words)[0]


def test_old_tables_with_a_new_version_are_named(
    empty_team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_database(empty_team.database)
    monkeypatch.setenv("ASSIGNCHAT_DB", str(empty_team.database))
    empty_team.sqlite(f"PRAGMA user_version = {SCHEMA_VERSION}")
    for words in COMMANDS:
        assert (
            "is missing" in named(empty_team, *words)[0] or "lacks" in named(empty_team, *words)[0]
        )


def other_database(team: Team, page_size: int) -> Path:
    """Another application's database with a -wal file that holds all of it."""
    path = team.folder / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA page_size = {page_size}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE users (id)")
        connection.executemany("INSERT INTO users VALUES (?)", [(n,) for n in range(1000)])
        connection.commit()
        shutil.copy(f"{path}-wal", f"{team.database}-wal")
    return path


@pytest.mark.parametrize("page_size", [4096, 1024])
def test_the_wal_of_another_database_is_named_and_never_moved_into_ours(
    team: Team, page_size: int
) -> None:
    whole = team.database.read_bytes()
    other_database(team, page_size)
    for words in (*COMMANDS, ("check",)):
        message, hint = named(team, *words)
        assert "assignchat.db-wal" in message + hint
        assert team.database.read_bytes() == whole
    for left in team.folder.glob("assignchat.db-*"):
        left.unlink()
    team.ok("accept", "1", "--as", "martha")


def hot_journal(path: Path) -> None:
    """The journal of another database, which SQLite would play back into one of that name."""
    other = path.with_name("other.db")
    with closing(sqlite3.connect(other, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE notes (text)")
        connection.executemany("INSERT INTO notes VALUES (?)", [("A" * 3000,)] * 60)
        connection.execute("PRAGMA cache_size = 5")
        connection.execute("BEGIN")
        connection.execute("UPDATE notes SET text = 'B' || text")
        shutil.copy(f"{other}-journal", path)


IN_THE_WAY = {
    "a journal": ("-journal", hot_journal),
    "an empty journal": ("-journal", Path.touch),
    **{
        f"{what}, {suffix}": (suffix, make)
        for suffix in ("-journal", "-wal", "-shm")
        for what, make in {
            "a FIFO": os.mkfifo,
            "a folder": Path.mkdir,
            "a link": lambda path: path.symlink_to("elsewhere"),
        }.items()
    },
}


@pytest.mark.parametrize(("suffix", "make"), IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_has_the_name_of_a_file_of_ours_is_named_and_not_opened(
    team: Team, suffix: str, make: Callable[[Path], object]
) -> None:
    (team.folder / "link.db").symlink_to(team.database)
    beside = team.folder / f"assignchat.db{suffix}"
    make(beside)
    before = look(beside)
    for words in (*COMMANDS, ("check",), ("status",), ("--db", "link.db", "chat", "list")):
        message, hint = named(team, *words)
        assert beside.name in message
        assert beside.name in hint
        assert look(beside) == before
    beside.rmdir() if beside.is_dir() else beside.unlink()
    team.ok("accept", "1", "--as", "martha")


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_strangers_file_under_the_name_of_one_of_ours_is_named(team: Team, suffix: str) -> None:
    beside = team.folder / f"assignchat.db{suffix}"
    beside.touch()
    try:
        os.chown(beside, 4711, 4711)
    except PermissionError:
        pytest.skip("only root can give a file away")
    for words in COMMANDS:
        assert f"{beside.name}, which belongs to somebody else" in named(team, *words)[0]
    team.database.chmod(0o660)  # others may write it, so the file may well be theirs
    team.ok("accept", "1", "--as", "martha")


def test_a_damaged_page_of_the_schema_is_named(team: Team) -> None:
    whole = team.database.read_bytes()
    for start in range(100, 4000, 300):
        team.database.write_bytes(whole[:start] + b"\xa5" * 40 + whole[start + 40 :])
        for words in (*COMMANDS, ("check",)):
            result = team.run(*words, "--json")
            assert result.exit_code in (0, 6, 8), (start, words, result)
