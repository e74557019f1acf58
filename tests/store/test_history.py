"""Every column of every table is compared with the history, or docs/history.md says why not."""

import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from assignchat.service import batches, chats, check, demo, requests, settle, users
from assignchat.service.notifications import notify
from assignchat.store.columns import TABLES
from assignchat.store.database import Database
from assignchat.store.derived import differences
from assignchat.store.sqlite.database import SqliteDatabase
from tests.support.processes import ROOT
from tests.support.team import START, Team, old_database


def _documented() -> Iterator[tuple[str, set[str], set[str]]]:
    """Each table, with the columns that the page says are compared, and the others."""
    page = (ROOT / "docs" / "history.md").read_text(encoding="utf-8")
    for line in page.partition("\n## ")[0].splitlines():
        if line.startswith("| `"):
            table, compared, others = line.strip("|").split("|")
            yield table.strip(" `"), _columns(compared), _columns(others)


def _columns(cell: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", cell.replace("`changes --told`", "")))


SEALED = {"engagement_tracking": set(TABLES["engagement_tracking"]), "seals": set()}
"""What is done to these is in test_tampering."""

CHANGES = {
    "users": {
        "id": "UPDATE users SET id = 'jim' WHERE id = 'jane'",
        "name": "UPDATE users SET name = 'Boss' WHERE id = 'omar'",
        "role": "UPDATE users SET role = 'manager' WHERE id = 'omar'",
        "active": "UPDATE users SET active = 0 WHERE id = 'jane'",
        "created_at": "UPDATE users SET created_at = '2020-01-01T00:00:00.000Z' WHERE id = 'mark'",
        "away_until": "UPDATE users SET away_until = NULL WHERE id = 'jane'",
        "capacity": "UPDATE users SET capacity = NULL WHERE id = 'omar'",
    },
    "user_aliases": {
        "alias": "UPDATE user_aliases SET alias = 'Omar F.'",
        "user_id": "UPDATE user_aliases SET user_id = 'mark'",
        "folded": "UPDATE user_aliases SET folded = 'maria@example.com'",
    },
    "chats": {
        "id": "UPDATE chats SET id = 'chat-0' WHERE id = 'chat-1'",
        "customer": "UPDATE chats SET customer = 'Nobody' WHERE id = 'chat-1'",
        "owner_id": "UPDATE chats SET owner_id = 'maria' WHERE id = 'chat-1'",
        "status": "UPDATE chats SET status = 'open' WHERE id = 'chat-3'",
        "opened_at": "UPDATE chats SET opened_at = '2020-01-01T00:00:00.000Z' WHERE id = 'c-1'",
        "closed_at": "UPDATE chats SET closed_at = NULL WHERE id = 'c-1'",
    },
    "requests": {
        "id": "UPDATE requests SET id = 99 WHERE id = 2",
        "chat_id": "UPDATE requests SET chat_id = 'chat-5' WHERE id = 2",
        "requester_id": "UPDATE requests SET requester_id = 'maria' WHERE id = 2",
        "recipient_id": "UPDATE requests SET recipient_id = 'mark' WHERE id = 2",
        "recipient_role": "UPDATE requests SET recipient_role = 'manager' WHERE id = 2",
        "status": "UPDATE requests SET status = 'rejected' WHERE id = 2",
        "note": "UPDATE requests SET note = NULL WHERE id = 2",
        "reason": "UPDATE requests SET reason = 'Holiday' WHERE id = 1",
        "requested_at": "UPDATE requests SET requested_at = '2020-01-01T00:00:00.000Z'",
        "expires_at": "UPDATE requests SET expires_at = NULL WHERE id = 2",
        "resolved_at": "UPDATE requests SET resolved_at = '2020-01-01T00:00:00.000Z' WHERE id = 2",
        "from_user": "UPDATE requests SET from_user = 'maria' WHERE id = 2",
        "previous_request_id": "UPDATE requests SET previous_request_id = NULL WHERE id = 2",
        "fallbacks": "UPDATE requests SET fallbacks = '[\"jane\"]' WHERE id = 1",
    },
    "batches": {
        "id": "UPDATE batches SET id = 99 WHERE id = 2",
        "at": "UPDATE batches SET at = '2020-01-01T00:00:00.000Z'",
        "actor": "UPDATE batches SET actor = 'mark' WHERE id = 2",
        "reason": "UPDATE batches SET reason = NULL WHERE id = 1",
        "undone_at": "UPDATE batches SET undone_at = at WHERE id = 3",
    },
    "batch_recipients": {
        "batch_id": "UPDATE batch_recipients SET batch_id = 3 WHERE batch_id = 2",
        "user_id": "UPDATE batch_recipients SET user_id = 'mark' WHERE batch_id = 2",
        "role": "UPDATE batch_recipients SET role = 'user' WHERE batch_id = 2",
        "assigned": "UPDATE batch_recipients SET assigned = 2 WHERE batch_id = 2",
    },
    "notifications": {
        "id": "UPDATE notifications SET id = 99 WHERE id = 2",
        "at": "UPDATE notifications SET at = '2020-01-01T00:00:00.000Z' WHERE request_id = 1",
        "recipient_id": "UPDATE notifications SET recipient_id = 'jane' WHERE request_id = 2",
        "request_id": "UPDATE notifications SET request_id = 1 WHERE request_id = 2",
        "batch_id": "UPDATE notifications SET batch_id = 1 WHERE batch_id = 2",
        "text": "UPDATE notifications SET text = 'x' WHERE id = 1",
    },
    "deliveries": {
        "notification_id": "UPDATE deliveries SET notification_id = notification_id + 99"
    },
    "delivery_progress": {"last_id": "UPDATE delivery_progress SET last_id = 99"},
}

OTHERS = [
    "UPDATE chats SET crm_owner_id = x'6d61726b' WHERE id = 'c-1'",
    "UPDATE chats SET crm_owner_id = CAST(x'ff' AS TEXT) WHERE id = 'c-1'",
    "UPDATE requests SET previous_request_id = 3 WHERE id = 1",
    "UPDATE requests SET requester_id = 'mark', previous_request_id = 1 WHERE id = 3",
    "UPDATE requests SET fallbacks = '[\"jane\"]' WHERE id = 3",
    "UPDATE requests SET fallbacks = 'x' WHERE id = 1",
    "UPDATE requests SET fallbacks = NULL WHERE id = 1",
    "UPDATE requests SET fallbacks = 'x' WHERE id = 3",
    "UPDATE batches SET undone_at = NULL WHERE id = 1",
    "DELETE FROM batch_recipients WHERE batch_id = 2",
    "DELETE FROM notifications WHERE id = (SELECT max(id) FROM notifications)",
    "DELETE FROM notifications",
    "DELETE FROM users WHERE id = 'jane'",
    "DELETE FROM user_aliases",
    "INSERT INTO user_aliases VALUES ('boss', 'mark', NULL, NULL, 'boss')",
    "INSERT INTO batches (at, actor) SELECT at, 'maria' FROM batches WHERE id = 2",
    "INSERT INTO chats SELECT 'c-7', '', 'mark', 'open', '', NULL, NULL, NULL",
    "UPDATE chats SET status = 'open', closed_at = NULL WHERE id = 'c-1'",
    "UPDATE chats SET status = 'closed', closed_at = opened_at WHERE id = 'chat-1'",
    "UPDATE chats SET customer = 'Priya' WHERE id = 'c-1'",
    "UPDATE chats SET opened_at = '2020-01-01T00:00:00.000Z' WHERE id = 'c-2'",
    "UPDATE delivery_progress SET last_id = 2",
    "DELETE FROM delivery_progress",
]


@pytest.fixture
def team(empty_team: Team) -> Team:
    """A team after a busy morning, without the check that follows other tests."""
    chats = "id,customer,owner_id,status,opened_at,closed_at\n"
    row = "c-1,{},mark,closed,2026-11-01T08:00:00Z,2026-11-02T08:00:00Z\nc-2,Bo,mark,open,,\n"
    for number, customer in enumerate(("Ann", "Anna"), start=1):
        file = empty_team.folder / f"{number}.csv"
        file.write_text(chats + row.format(customer), encoding="utf-8")
    for words in (
        "init --demo",
        "import chats 1.csv",
        "import chats 2.csv",
        "user add jane",
        "user away jane",
        "user set omar --alias omar@example.com --capacity 5",
        "assign chat-1 --to martha --then omar --note Please --as mark",
        "reject 1 --reason Busy --as martha",
        "accept 2 --as omar",
        "assign chat-4 --to mark --as maria",
        "bulk-assign chat-2 --to omar --reason Holiday --as maria",
        "undo 1 --as maria",
        "bulk-assign chat-5 --to maria --as maria",
        "bulk-assign chat-5 --to martha --as maria",
        "chat close chat-3",
    ):
        empty_team.advance(1)
        empty_team.ok(*words.split())
    deliver_in_vain(empty_team)
    assert empty_team.ok("check", "--full")["warnings"] == []
    return empty_team


def deliver_in_vain(team: Team) -> None:
    """Try to deliver what users are told, to addresses that do not take it."""
    outlet = SimpleNamespace(reaches=lambda _user: True, send=lambda _user, _text: False)
    with SqliteDatabase.open(team.location, os_user="t", clock=lambda: team.now) as database:
        assert notify(database, outlet).failed


def test_every_column_of_every_table_is_compared_or_the_page_says_why_not(team: Team) -> None:
    tables = team.sqlite(
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        " AND m.name <> '_sqlite_migrations'"
    )
    there: dict[str, set[str]] = {}
    for table, column in tables:
        there.setdefault(table, set()).add(column)
    assert {table: compared | others for table, compared, others in _documented()} == there
    for table, compared, others in _documented():
        assert not compared & others
        if table in SEALED:
            assert not others
        else:
            assert compared == set(CHANGES.get(table, ())), table


@pytest.mark.parametrize(
    "change", [*OTHERS, *(sql for table in CHANGES.values() for sql in table.values())]
)
def test_whatever_is_changed_by_hand_is_found(team: Team, change: str) -> None:
    team.sqlite(change)
    found = team.run("check", "--json")
    assert found.exit_code == 8, found


SPOILT = [
    ("crm_status", "UPDATE chats SET crm_status = 'x' WHERE id = 'c-1'"),
    ("source", "UPDATE user_aliases SET source = x'00'"),
    ("heading", "UPDATE user_aliases SET heading = x'00'"),
    ("name", "INSERT INTO owner_names VALUES ('crm', 'mark', x'00')"),
    ("read_at", "UPDATE notifications SET read_at = 'x' WHERE id = 1"),
    ("read_at", "UPDATE notifications SET read_at = '2026-13-01T00:00:00.000Z' WHERE id = 1"),
    ("attempts", "UPDATE deliveries SET attempts = 'x'"),
    ("attempts", "UPDATE deliveries SET attempts = 9223372036854775807"),
    ("next_attempt_at", "UPDATE deliveries SET next_attempt_at = 'x'"),
]
"""Values that their columns cannot hold, where tracking tells of none."""


@pytest.mark.parametrize(("column", "change"), SPOILT)
def test_what_is_not_compared_must_be_readable_at_least(
    team: Team, column: str, change: str
) -> None:
    team.sqlite(change)
    (problem,) = team.run("check", "--json").json["problems"]
    assert problem["code"] == "value_wrong"
    assert f"({column})" in problem["message"]


def test_a_delivery_put_off_for_longer_than_it_ever_is_is_warned_of(team: Team) -> None:
    team.sqlite("UPDATE deliveries SET next_attempt_at = '9000-01-01T00:00:00.000Z'")
    (warning,) = team.ok("check")["warnings"]
    assert warning["code"] == "delivery_late"


def test_a_column_is_named_with_its_row(team: Team) -> None:
    team.sqlite("UPDATE requests SET note = 'x', from_user = 'jane' WHERE id = 2")
    (problem,) = team.run("check", "--json").json["problems"]
    assert problem["code"] == "request_differs"
    assert problem["message"].endswith(": 2 (from_user, note)")


@pytest.mark.parametrize("schema", [1, 2])
def test_a_database_of_an_older_version_is_sound_and_goes_on_so(
    empty_team: Team, schema: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIGNCHAT_DB", str(empty_team.database))
    old_database(empty_team.database, schema)
    assert empty_team.ok("check", "--full")["problems"] == []
    empty_team.now = START.replace(day=21)
    empty_team.ok("sweep-timeouts")
    empty_team.ok("user", "set", "martha", "--role", "manager")
    empty_team.ok("bulk-assign", "chat-1", "--to", "mark", "--as", "martha")
    empty_team.ok("undo", "--last", "--as", "martha")
    assert empty_team.ok("check", "--full")["problems"] == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE requests SET previous_request_id = 1, requester_id = 'mark' WHERE id = 5",
        "UPDATE requests SET previous_request_id = 1 WHERE id = 4",
        "UPDATE requests SET requester_id = 'omar' WHERE id = 3",
        "UPDATE requests SET fallbacks = '[\"mark\"]' WHERE id = 3",
        "UPDATE users SET name = 'Boss' WHERE id = 'kim'",
        "UPDATE chats SET closed_at = NULL WHERE id = 'c-3'",
    ],
)
def test_what_an_older_version_has_recorded_is_compared(
    empty_team: Team, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIGNCHAT_DB", str(empty_team.database))
    old_database(empty_team.database, 2)
    empty_team.sqlite(change)
    assert empty_team.run("check").exit_code == 8


def test_every_engine_compares_alike(database: Database) -> None:
    demo.fill(database, actor="tester")
    users.set_user(database, "omar", actor="t", aliases=['O\'Mar, "O"'], capacity=5)
    requests.assign(
        database, "chat-1", to="martha", then=["omar", "maria"], note="Né", actor="mark"
    )
    settle.reject(database, 1, reason="Busy", actor="martha")
    settle.accept(database, 2, actor="omar")
    batches.bulk_assign(database, to=["maria"], actor="maria", chat_ids=["chat-2"])
    batches.undo(database, 1, actor="maria")
    chats.close_chat(database, "chat-3", actor="t")
    assert check.check(database, full=True).problems == []
    changes = {
        ("chats", "customer"): "UPDATE chats SET customer = 'x' WHERE id = 'chat-1'",
        ("chats", "owner_id"): "UPDATE chats SET owner_id = 'mark' WHERE id = 'chat-1'",
        ("chats", "closed_at"): "UPDATE chats SET closed_at = NULL WHERE id = 'chat-3'",
        ("requests", "note"): "UPDATE requests SET note = NULL WHERE id = 2",
        ("requests", "fallbacks"): "UPDATE requests SET fallbacks = '[\"mark\"]' WHERE id = 2",
        ("requests", "previous_request_id"): "UPDATE requests SET previous_request_id = NULL",
        ("batches", "undone_at"): "UPDATE batches SET undone_at = NULL",
        ("batch_recipients", "role"): "UPDATE batch_recipients SET role = 'user'",
        ("users", "active"): "UPDATE users SET active = 0 WHERE id = 'mark'",
        ("users", "capacity"): "UPDATE users SET capacity = 6 WHERE id = 'omar'",
        ("users", "aliases"): "UPDATE user_aliases SET alias = 'x'",
        ("user_aliases", "folded"): "UPDATE user_aliases SET folded = 'y'",
        ("notifications", "recipient_id"): "UPDATE notifications SET recipient_id = 'omar'"
        " WHERE batch_id = 1",
        ("notifications", "text"): "UPDATE notifications SET text = 'x' WHERE request_id = 1",
        ("notifications", "at"): "UPDATE notifications SET at = '' WHERE request_id = 2",
    }
    with database.write():
        for statement in changes.values():
            database.execute(statement)
    with database.read():
        assert {(found.table, found.column) for found in differences(database)} == set(changes)
