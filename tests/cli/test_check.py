"""check: every damage done behind the program's back is found and named, and none invented."""

import os
import sqlite3
from contextlib import closing

import pytest

from tests.support.team import Team

GUARDS = [
    "engagement_tracking_no_update",
    "engagement_tracking_no_delete",
    "engagement_tracking_no_replace",
]


@pytest.fixture
def team(empty_team: Team) -> Team:
    """The demo team after a busy morning, without the check that follows other tests."""
    empty_team.ok("init", "--demo")
    for words in (
        ("assign", "chat-1", "--to", "martha", "--as", "mark"),
        ("accept", "1", "--as", "martha"),
        ("bulk-assign", "chat-2", "--to", "omar", "--as", "maria"),
        ("undo", "1", "--as", "maria"),
        ("assign", "chat-3", "--to", "omar", "--timeout", "off", "--as", "mark"),
    ):
        empty_team.ok(*words)
    return empty_team


def _codes(team: Team, *words: str) -> dict[str, str]:
    """The problems that an unsound database has, by code."""
    result = team.run("check", *words, "--json")
    assert result.exit_code == 8, result
    assert result.json["sound"] is False
    return {found["code"]: found["message"] for found in result.json["problems"]}


def _warnings(team: Team) -> dict[str, str]:
    """The warnings about a sound database, by code."""
    found = team.ok("check")
    assert (found["sound"], found["problems"]) == (True, [])
    return {warning["code"]: warning["message"] for warning in found["warnings"]}


def test_a_fresh_database_is_sound(empty_team: Team) -> None:
    empty_team.ok("init")
    assert _warnings(empty_team) == {}


def test_a_database_in_use_is_sound_and_people_are_told_so(team: Team) -> None:
    assert _warnings(team) == {}
    told = team.run("check")
    assert (told.exit_code, told.err) == (0, "")
    assert "sound" in told.out


def test_checking_changes_nothing(team: Team) -> None:
    team.sqlite("UPDATE chats SET owner_id = 'omar' WHERE id = 'chat-1'")
    before = team.snapshot()
    assert _codes(team)
    assert team.snapshot() == before


@pytest.mark.parametrize("chat", ["chat-1", "chat-2", "chat-3"])
def test_an_owner_that_the_history_does_not_name_is_found(team: Team, chat: str) -> None:
    team.sqlite("UPDATE chats SET owner_id = 'omar' WHERE id = ?", chat)
    (message,) = _codes(team).values()
    assert chat in message


@pytest.mark.parametrize(
    ("request_id", "status"), [(1, "rejected"), (2, "accepted"), (2, "timed_out")]
)
def test_a_status_that_the_history_does_not_name_is_found(
    team: Team, request_id: int, status: str
) -> None:
    team.sqlite(
        "UPDATE requests SET status = ?, resolved_at = 'x' WHERE id = ?", status, request_id
    )
    (message,) = _codes(team).values()
    assert str(request_id) in message


def test_a_deleted_row_of_the_history_is_found(team: Team) -> None:
    team.sqlite("DROP TRIGGER engagement_tracking_no_delete")
    team.sqlite("DELETE FROM engagement_tracking WHERE event = 'accepted'")
    found = _codes(team)
    assert "chat-1" in found.pop("owner_differs")
    assert "1" in found.pop("status_differs")
    assert "engagement_tracking_no_delete" in found.pop("guard_missing")
    assert "11" in found.pop("row_missing")
    assert found == {}


def test_a_changed_row_of_the_history_is_found_even_if_the_guard_is_back(team: Team) -> None:
    ((guard,),) = team.sqlite("SELECT sql FROM sqlite_master WHERE name = ?", GUARDS[0])
    team.sqlite(f"DROP TRIGGER {GUARDS[0]}")
    team.sqlite("UPDATE engagement_tracking SET to_user = 'maria' WHERE event = 'accepted'")
    team.sqlite(guard)
    assert list(_codes(team)) == ["owner_differs", "status_differs"]


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_is_gone_is_found(team: Team, guard: str) -> None:
    team.sqlite(f"DROP TRIGGER {guard}")
    (message,) = _codes(team).values()
    assert guard in message


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_that_does_nothing_any_more_is_found(team: Team, guard: str) -> None:
    event = {"update": "UPDATE", "delete": "DELETE", "replace": "INSERT"}[guard.rpartition("_")[2]]
    team.sqlite(f"DROP TRIGGER {guard}")
    team.sqlite(f"CREATE TRIGGER {guard} BEFORE {event} ON engagement_tracking BEGIN SELECT 1; END")
    (message,) = _codes(team).values()
    assert guard in message


def test_two_pending_requests_on_a_chat_are_found(team: Team) -> None:
    team.sqlite("DROP INDEX requests_pending")
    team.sqlite(
        "INSERT INTO requests (chat_id, requester_id, recipient_id, recipient_role, status,"
        " requested_at, from_user) SELECT chat_id, requester_id, recipient_id, recipient_role,"
        " status, requested_at, from_user FROM requests WHERE status = 'pending'"
    )
    assert "chat-3" in _codes(team)["several_pending"]


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE notifications SET recipient_id = 'nobody'", "notifications"),
        ("DELETE FROM requests WHERE status = 'accepted'", "engagement_tracking"),
        ("DELETE FROM users WHERE id = 'omar'", "chats"),
    ],
)
def test_a_row_that_refers_to_one_that_is_gone_is_found(
    team: Team, statement: str, table: str
) -> None:
    team.sqlite(statement)
    assert table in _codes(team)["orphan"]


def test_every_problem_is_named_to_people_too(team: Team) -> None:
    team.sqlite(f"DROP TRIGGER {GUARDS[0]}")
    team.sqlite("UPDATE chats SET owner_id = 'omar' WHERE id = 'chat-1'")
    told = team.run("check")
    assert told.exit_code == 8
    assert "chat-1" in told.out
    assert GUARDS[0] in told.out


def test_a_file_with_a_damaged_page_is_not_called_sound(team: Team) -> None:
    team.sqlite("PRAGMA wal_checkpoint(TRUNCATE)")
    ((size,),) = team.sqlite("PRAGMA page_size")
    ((page,),) = team.sqlite("SELECT rootpage FROM sqlite_master WHERE name = 'chats_by_owner'")
    content = bytearray(team.database.read_bytes())
    content[(page - 1) * size : page * size] = bytes(size)
    team.database.write_bytes(content)
    result = team.run("check", "--json")
    assert result.exit_code == 8
    assert [problem["code"] for problem in result.json["problems"]] == ["file_damaged"]


@pytest.mark.parametrize(
    "change",
    [
        "chat_id = 'chat-2'",
        "requester_id = 'omar'",
        "from_user = 'omar'",
        "requested_at = '2026-01-01T00:00:00.000Z'",
    ],
)
def test_a_request_changed_behind_our_back_is_named_and_hands_nothing_over(
    team: Team, change: str
) -> None:
    asked = team.ok("assign", "chat-4", "--to", "mark", "--then", "omar", "--as", "martha")
    assert _warnings(team) == {}
    team.sqlite(f"UPDATE requests SET {change} WHERE id = ?", asked["id"])
    assert list(_codes(team)) == ["request_differs"]
    before = team.snapshot()
    if not change.startswith(("requester", "requested")):
        words = ("accept", str(asked["id"]), "--as", "mark")
        assert team.refused(*words) == (6, "database_damaged")
        assert team.snapshot() == before


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM batch_recipients",
        "UPDATE batch_recipients SET assigned = 7",
        "UPDATE batch_recipients SET user_id = 'mark'",
        "UPDATE batches SET actor = 'martha'",
        "UPDATE batches SET undone_at = NULL",
    ],
)
def test_a_batch_changed_behind_our_back_is_named(team: Team, change: str) -> None:
    batch = team.ok("bulk-assign", "chat-4", "--to", "omar", "--as", "maria", "--yes")
    team.ok("undo", str(batch["batch_id"]), "--as", "maria", "--yes")
    assert _warnings(team) == {}
    team.sqlite(change)
    assert "batch_differs" in _codes(team)


@pytest.mark.parametrize(
    "seal",
    [
        "100000, (SELECT max(id) + 1 FROM engagement_tracking), '', '', 'x'",
        "0, 1, '', '', 'x'",
        "100000, 'abc', '', '', 'x'",
        "100000, 5, 7, x'00', 'x'",
        "(SELECT max(last_id) + 1 FROM seals), 1, '', '', 'x'",
    ],
)
def test_a_seal_made_by_hand_is_named_and_stops_no_check(team: Team, seal: str) -> None:
    team.sqlite(f"INSERT INTO seals (last_id, first_id, varying, marks, hash) VALUES ({seal})")
    assert "seal_wrong" in _codes(team)
    assert "history_changed" in _codes(team, "--full")
    team.ok("chat", "close", "chat-4")
    assert "seal_wrong" in _codes(team)


def test_an_inactive_owner_of_open_chats_is_a_warning(team: Team) -> None:
    files = {
        "users.csv": "id,active\njane,false\nkim,false\n",
        "chats.csv": "id,customer,owner_id\nc-1,Ann,jane\n",
    }
    for name, content in files.items():
        (team.folder / name).write_text(content, encoding="utf-8")
        team.ok("import", name.removesuffix(".csv"), name)
    (message,) = _warnings(team).values()
    assert "jane" in message
    assert "kim" not in message


def test_a_deadline_moved_by_hand_is_found(team: Team) -> None:
    asked = team.ok("assign", "chat-4", "--to", "mark", "--as", "martha")
    team.sqlite(
        "UPDATE requests SET expires_at = '2036-01-01T00:00:00.000Z' WHERE id = ?", asked["id"]
    )
    assert str(asked["id"]) in _codes(team)["deadline_differs"]


def test_a_manager_made_by_hand_is_found(team: Team) -> None:
    team.ok("user", "set", "omar", "--role", "manager")
    team.ok("user", "set", "omar", "--name", "Omar F.")
    team.ok("user", "deactivate", "maria")
    assert _warnings(team) == {}
    team.sqlite("UPDATE users SET role = 'manager' WHERE id = 'mark'")
    team.sqlite("INSERT INTO users VALUES ('eve', 'Eve', 'manager', 1, '', NULL, NULL)")
    assert _codes(team)["role_differs"].endswith(": eve, mark")
    team.ok("user", "set", "mark", "--role", "user")
    assert _codes(team)["role_differs"].endswith(": eve")


def test_somebody_who_has_left_and_is_made_active_by_hand_is_found(team: Team) -> None:
    team.ok("user", "deactivate", "mark", "--reassign-to", "martha", "--as", "maria")
    team.ok("user", "activate", "mark")
    team.ok("user", "deactivate", "mark")
    assert _warnings(team) == {}
    team.sqlite("UPDATE users SET active = 1 WHERE id = 'mark'")
    assert _codes(team) == {
        "active_differs": "Active or not is not what tracking says, of users: mark"
    }


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("trigger_added", "CREATE TRIGGER theft AFTER UPDATE ON chats BEGIN SELECT 1; END"),
        (
            "trigger_added",
            "CREATE TRIGGER theft AFTER INSERT ON _sqlite_migrations BEGIN SELECT 1; END",
        ),
        ("trigger_added", "CREATE TRIGGER chats AFTER UPDATE ON chats BEGIN SELECT 1; END"),
        ("trigger_added", "CREATE UNIQUE INDEX theft ON chats (customer)"),
        ("trigger_added", "CREATE INDEX theft ON chats (customer)"),
    ],
)
def test_what_somebody_else_has_added_to_our_tables_is_found(
    team: Team, code: str, statement: str
) -> None:
    team.sqlite(statement)
    assert ("chats" if "TRIGGER chats" in statement else "theft") in _codes(team).pop(code)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW notes AS SELECT * FROM chats",
        "CREATE TABLE notes (id UNIQUE)",
        "CREATE TABLE notes (id); CREATE INDEX by_id ON notes (id)",
        "CREATE TABLE notes (id); CREATE TRIGGER theirs AFTER INSERT ON notes BEGIN SELECT 1; END",
    ],
)
def test_tables_and_views_of_somebody_else_are_a_warning(team: Team, statement: str) -> None:
    for one in statement.split("; CREATE"):
        team.sqlite(one if one.startswith("CREATE") else f"CREATE{one}")
    (message,) = _warnings(team).values()
    assert "notes" in message


@pytest.mark.parametrize(
    ("code", "name", "statement"),
    [
        ("schema_differs", "chats_by_owner", "CREATE INDEX chats_by_owner ON chats (customer)"),
        (
            "guard_missing",
            "requests_pending",
            "CREATE INDEX requests_pending ON requests (chat_id)",
        ),
    ],
)
def test_an_index_of_ours_that_was_made_otherwise_is_found(
    team: Team, code: str, name: str, statement: str
) -> None:
    team.sqlite(f"DROP INDEX {name}")
    team.sqlite(statement)
    (message,) = _codes(team).values()
    assert name in message
    assert code in _codes(team)


def test_what_sqlite_keeps_for_its_planner_is_no_problem(team: Team) -> None:
    team.sqlite("ANALYZE")
    assert _warnings(team) == {}


def test_another_journal_mode_is_found(team: Team) -> None:
    team.sqlite("PRAGMA journal_mode = DELETE")
    assert "journal mode is delete" in _codes(team)["schema_differs"]


def test_a_backup_is_sound_also_if_it_may_only_be_read(team: Team) -> None:
    team.ok("backup", "copy.db")
    assert team.ok("--db", "copy.db", "check", "--full")["sound"]
    (team.folder / "copy.db").chmod(0o400)
    assert team.ok("--db", "copy.db", "check", "--full")["sound"]


def test_a_sweep_that_is_not_running_is_a_warning(team: Team) -> None:
    team.ok("assign", "chat-4", "--to", "mark", "--timeout", "2m", "--as", "martha")
    team.advance(120 + 300)
    assert _warnings(team) == {}
    team.advance(0.001)
    (message,) = _warnings(team).values()
    assert "sweep" in message
    team.ok("sweep-timeouts")
    assert _warnings(team) == {}


def test_a_log_that_has_grown_is_a_warning_until_changes_make_it_shrink(team: Team) -> None:
    log = team.database.with_name("assignchat.db-wal")
    with closing(sqlite3.connect(team.database)) as other:
        other.execute("SELECT count(*) FROM chats").fetchall()
        with log.open("ab") as file:
            file.truncate(300 * 1024**2)  # as if all that had been written
        assert "assignchat.db-wal has 300 MiB" in _warnings(team)["log_large"]
        for user in ("eve", "zoe", "ann"):
            team.ok("user", "add", user)
        assert _warnings(team) == {}


def test_another_large_file_is_not_told_as_a_reader_that_was_stopped(team: Team) -> None:
    queue = team.database.with_name("assignchat.db-queue")
    os.truncate(queue, 300 * 1024**2)
    warnings = _warnings(team)
    assert "assignchat.db-queue has 300 MiB" in warnings["file_large"]
    assert "stopped" not in warnings["file_large"]
    assert "log_large" not in warnings


def test_a_warning_and_a_problem_are_told_apart(team: Team) -> None:
    team.database.chmod(0o666)
    team.sqlite("UPDATE chats SET owner_id = 'omar' WHERE id = 'chat-1'")
    found = team.run("check", "--json").json
    assert [problem["code"] for problem in found["problems"]] == ["owner_differs"]
    assert "file_writable" in [warning["code"] for warning in found["warnings"]]
