"""Any value in any cell: a command answers or names the damage, and moves no other chat."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignchat.store.columns import TABLES
from tests.support.databases import without_guards
from tests.support.examples import TIMES_AS_MANY, tried
from tests.support.hostile import assert_harmless
from tests.support.team import Team, run_here

SECONDS_FOR_A_TEST = 120 * TIMES_AS_MANY

VALUES = st.one_of(
    st.sampled_from(["NULL", "0", "-1", "1.5", "9e999", "9223372036854775807", "x''", "x'ff00'"]),
    st.sampled_from(["''", "'x'", "'mark'", "'omar'", "'open'", "'pending'", "'user'", "'[]'"]),
    st.sampled_from(["'{}'", "'[1]'", "'{\"id\": [1]}'", "'2026-13-01T00:00:00.000Z'", "'9999'"]),
    st.sampled_from(["CAST(x'ff' AS TEXT)", "CAST(x'6100ff' AS TEXT)", "'a' || char(0) || 'b'"]),
    st.just(f"'{'[' * 100_000}'"),
    st.just("printf('%.*c', 300000, 'x')"),
    st.binary(max_size=6).map(lambda content: f"CAST(x'{content.hex()}' AS TEXT)"),
    st.integers(-(2**63), 2**63 - 1).map(str),
)
CELLS = st.sampled_from([(table, name) for table, kinds in TABLES.items() for name in kinds])
COMMANDS = [
    *("requests --json", "requests", "tracking --jsonl", "tracking", "tracking --records --json"),
    *("chat list --json", "chat show chat-1", "user list --json", "batches --json", "stats --json"),
    *("inbox --as martha --json", "status --as mark", "check --full", "changes --json"),
    *("sweep-timeouts --json", "accept 1 --as martha", "reject 1 --reason No --as martha"),
    *("assign chat-3 --to omar --as mark", "chat close chat-4", "undo 1 --as maria --yes"),
    *("bulk-assign chat-5 --to martha --as maria", "user set omar --name Omar"),
    *(
        "user deactivate omar --reassign-to martha",
        "export out",
        "backup copy.db",
        "away --as omar",
    ),
    *("import users team.csv", "take chat-2 --as maria", "withdraw 1 --reason No --as mark"),
]
MAY_MOVE = {"undo": {"chat-2"}, "user": {"chat-2", "chat-5"}}


@pytest.fixture
def whole(empty_team: Team, tmp_path: Path) -> Path:
    """A database in which every table has rows."""
    team = empty_team
    team.ok("init", "--demo")
    team.ok("assign", "chat-1", "--to", "martha", "--then", "omar", "--as", "mark")
    team.ok("bulk-assign", "chat-2", "--to", "omar", "--as", "maria")
    team.ok("user", "set", "omar", "--alias", "O", "--capacity", "9")
    team.sqlite("INSERT INTO owner_names VALUES ('crm', 'omar', 'O')")
    team.sqlite("INSERT INTO deliveries SELECT id, 0, at FROM notifications LIMIT 1")
    team.sqlite("INSERT INTO delivery_progress VALUES (1, 1)")
    (team.folder / "team.csv").write_text("id,name\neve,Eve\n")
    return Path(shutil.copy(team.database, tmp_path / "whole.db"))


def spoil(path: Path, table: str, column: str, value: str) -> bool:
    """Put a value into a cell as its owner can. Returns whether the engine took it."""
    with without_guards(path) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        first = f"(SELECT min(rowid) FROM {table})"
        try:
            connection.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = {first}")
        except sqlite3.Error:
            return False
        return True


def chats(path: Path) -> dict[object, object]:
    """Who owns each chat, and its status."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        found = connection.execute("SELECT id, owner_id, status FROM chats").fetchall()
    return {chat: rest for chat, *rest in found}


@tried(60)
@given(CELLS, VALUES, st.sampled_from(COMMANDS))
def test_any_value_in_any_cell_is_borne_or_named_and_moves_no_other_chat(
    empty_team: Team, whole: Path, cell: tuple[str, str], value: str, command: str
) -> None:
    for path in empty_team.folder.iterdir():
        if path.name.startswith(("assignchat.db", "copy.db")):
            path.unlink()
    shutil.rmtree("out", ignore_errors=True)
    shutil.copy(whole, empty_team.database)
    if not spoil(empty_team.database, *cell, value):
        return
    before = chats(empty_team.database)
    empty_team.now = empty_team.now.replace(minute=30) if "sweep" in command else empty_team.now
    result = run_here(empty_team.folder, *command.split(), clock=lambda: empty_team.now)
    assert result.exit_code in (0, 2, 3, 4, 5, 6, 8), result
    assert_harmless(result.err)
    words = command.split()
    may_move = {word.encode() for word in {*words, *MAY_MOVE.get(words[0], ()), "chat-1"}}
    after = chats(empty_team.database)
    if result.exit_code == 6:
        assert after == before
    for chat, state in before.items():
        assert chat in may_move or after.get(chat) == state
