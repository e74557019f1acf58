"""What a member or an auditor can do with SQL, around the program: what is not refused is found."""

from contextlib import closing

import pytest

from assignchat.store.postgres import NUMBERED
from tests.support.members import Members
from tests.support.processes import program, result, start, wait_until
from tests.support.team import content_of

CLAIM = "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id)"
REQUEST = "INSERT INTO requests (chat_id, requester_id, recipient_id, recipient_role, status,"
REQUEST += " requested_at, from_user)"
CHANGE = "INSERT INTO engagement_tracking (at, event, actor, os_user, detail) VALUES"
SEAL = "INSERT INTO seals (last_id, first_id, varying, marks, hash)"
NEXT = "(SELECT max(last_id) + 1 FROM seals)"
HASH = "repeat('a', 64)"


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
