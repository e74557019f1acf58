"""Queries for damage, and for rows that contradict tracking. Each returns ids, or names."""

from assignchat.model import OWNERSHIP_EVENTS
from assignchat.store.database import Database

_OWNERSHIP = ", ".join(f"'{event}'" for event in OWNERSHIP_EVENTS)


def owners_against_tracking(database: Database) -> list[str]:
    """Find chats whose owner is not the one that their last change of owner names."""
    return database.column(
        "SELECT c.id FROM chats c WHERE c.owner_id IS DISTINCT FROM (SELECT t.to_user"
        " FROM engagement_tracking t WHERE t.chat_id = c.id"
        f" AND t.event IN ({_OWNERSHIP}) ORDER BY t.id DESC LIMIT 1) ORDER BY c.id"
    )


def statuses_against_tracking(database: Database) -> list[int]:
    """Find requests whose status, recipient or reason differs from their last tracking row."""
    return database.column(
        "SELECT r.id FROM requests r LEFT JOIN engagement_tracking t ON t.id = (SELECT max(id)"
        " FROM engagement_tracking WHERE request_id = r.id AND event <> 'user_changed')"
        " WHERE r.status IS DISTINCT FROM t.status OR r.recipient_id IS DISTINCT FROM t.to_user"
        " OR r.reason IS DISTINCT FROM t.reason ORDER BY r.id"
    )


def requests_against_tracking(database: Database) -> list[int]:
    """Find requests whose chat, owner, requester or time differs from what was sent."""
    return database.column(
        "SELECT r.id FROM requests r JOIN engagement_tracking t"
        " ON t.request_id = r.id AND t.event = 'requested'"
        " WHERE r.chat_id IS DISTINCT FROM t.chat_id OR r.from_user IS DISTINCT FROM t.from_user"
        " OR r.requested_at IS DISTINCT FROM t.at"
        # One that follows another is sent by the system for the same requester.
        " OR r.requester_id IS DISTINCT FROM coalesce((SELECT requester_id FROM requests"
        " WHERE id = r.previous_request_id), t.actor) ORDER BY r.id"
    )


def batches_against_tracking(database: Database) -> list[int]:
    """Find batches whose actor, recipients or undoing differs from their tracking rows."""
    return database.column(
        "WITH told AS MATERIALIZED (SELECT batch_id, to_user, min(actor) AS actor,"
        " count(*) AS chats FROM engagement_tracking"
        " WHERE batch_id IS NOT NULL AND event = 'assigned' GROUP BY batch_id, to_user),"
        " kept AS (SELECT batch_id, user_id, assigned FROM batch_recipients),"
        " differing AS (SELECT batch_id FROM"
        " (SELECT batch_id, to_user, chats FROM told EXCEPT SELECT * FROM kept) AS untrue"
        " UNION SELECT batch_id FROM"
        " (SELECT * FROM kept EXCEPT SELECT batch_id, to_user, chats FROM told) AS untold)"
        " SELECT b.id FROM batches b WHERE b.id IN (SELECT batch_id FROM differing)"
        " OR b.actor IS DISTINCT FROM (SELECT min(actor) FROM told WHERE batch_id = b.id)"
        " OR (b.undone_at IS NULL AND EXISTS (SELECT 1 FROM engagement_tracking t"
        " WHERE t.batch_id = b.id AND t.event = 'undone')) ORDER BY b.id"
    )


def chats_against_tracking(database: Database) -> list[str]:
    """Find chats that are open where tracking says closed, or closed where it says open."""
    imported = _in_detail(database, "status[1]")
    return database.column(
        "SELECT c.id FROM chats c WHERE c.status IS DISTINCT FROM (SELECT CASE t.event"
        f" WHEN 'closed' THEN 'closed' WHEN 'imported' THEN {imported}"
        " ELSE 'open' END FROM engagement_tracking t WHERE t.chat_id = c.id"
        " AND (t.event IN ('opened', 'closed', 'reopened')"
        f" OR (t.event = 'imported' AND {_in_detail(database, 'status')} IS NOT NULL))"
        " ORDER BY t.id DESC LIMIT 1) ORDER BY c.id"
    )


def deadlines_against_tracking(database: Database) -> list[int]:
    """Find requests whose deadline is not the one that they were sent with."""
    return database.column(
        "SELECT r.id FROM requests r JOIN engagement_tracking t"
        " ON t.request_id = r.id AND t.event = 'requested'"
        f" WHERE r.expires_at IS DISTINCT FROM {_in_detail(database, 'expires_at')} ORDER BY r.id"
    )


def _in_detail(database: Database, path: str) -> str:
    # What was changed by hand need not be JSON.
    return database.json_at(database.json_if_valid("t.detail"), path)


def roles_against_tracking(database: Database) -> list[str]:
    """Find users whose role is not the one last recorded."""
    return database.column(
        _last_recorded(database, "role", deactivated="NULL")
        + " SELECT u.id FROM users u LEFT JOIN last ON last.user_id = u.id"
        " WHERE u.role IS DISTINCT FROM last.value ORDER BY u.id"
    )


def leavers_made_active(database: Database) -> list[str]:
    """Find users who are active though tracking says that they were deactivated."""
    return database.column(
        _last_recorded(database, "active", deactivated="'false'")
        + " SELECT u.id FROM users u JOIN last ON last.user_id = u.id"
        " WHERE u.active = 1 AND CAST(last.value AS TEXT) IN ('false', '0') ORDER BY u.id"
    )


def _last_recorded(database: Database, column: str, *, deactivated: str) -> str:
    """Write the SQL of a table `last`: the newest value of a user's column that tracking has.

    `deactivated` is the value that their deactivation gives it, NULL for none.
    """
    return (
        f"WITH recorded AS (SELECT t.id, {_in_detail(database, 'id')} AS user_id, CASE t.event"
        f" WHEN 'user_added' THEN {_in_detail(database, column)}"
        f" WHEN 'user_changed' THEN {_in_detail(database, f'{column}[1]')}"
        f" ELSE {deactivated} END AS value FROM engagement_tracking t"
        " WHERE t.event IN ('user_added', 'user_changed', 'user_deactivated')),"
        " last AS (SELECT user_id, value FROM (SELECT user_id, value,"
        " row_number() OVER (PARTITION BY user_id ORDER BY id DESC) AS age FROM recorded"
        " WHERE value IS NOT NULL) AS recorded_values WHERE age = 1)"
    )


def missing_rows(database: Database) -> list[int]:
    """Find the first id without a tracking row: ids are given without gaps."""
    return database.column(
        "SELECT n FROM (SELECT 1 AS n UNION ALL SELECT id + 1 FROM engagement_tracking) AS due"
        " WHERE n BETWEEN 1 AND :highest"
        " AND NOT EXISTS (SELECT 1 FROM engagement_tracking WHERE id = n) ORDER BY n LIMIT 1",
        {"highest": database.highest_id("engagement_tracking")},
    )


def unsealed_rows(database: Database) -> list[int]:
    """Find rows without a seal, put in by hand: every transaction seals its own rows."""
    return database.column(
        "SELECT t.id FROM engagement_tracking t WHERE t.id < coalesce((SELECT first_id FROM seals"
        " WHERE last_id >= t.id ORDER BY last_id LIMIT 1), t.id + 1) ORDER BY t.id"
    )


def invalid_seals(database: Database) -> list[int]:
    """Find seals of rows that do not exist, or that have another seal."""
    return database.column(
        "SELECT last_id FROM (SELECT last_id, first_id, hash, varying, marks,"
        " lag(last_id, 1, 0) OVER (ORDER BY last_id) AS sealed FROM seals) AS s"
        " WHERE (sealed < first_id AND first_id <= last_id"
        " AND last_id <= (SELECT coalesce(max(id), 0) FROM engagement_tracking)"
        # A column need not hold what it is declared to.
        " AND first_id = CAST(first_id AS INTEGER) AND hash = CAST(hash AS TEXT)"
        " AND varying = CAST(varying AS TEXT) AND marks = CAST(marks AS TEXT)) IS NOT TRUE"
        " ORDER BY last_id"
    )


def several_pending(database: Database) -> list[str]:
    """Find chats with more than one pending request."""
    return database.column(
        "SELECT chat_id FROM requests WHERE status = 'pending'"
        " GROUP BY chat_id HAVING count(*) > 1 ORDER BY chat_id"
    )


def missing_guards(database: Database) -> list[str]:
    """Find guards that are missing or are not as they were made."""
    return [name for name, is_guard in database.schema_differences() if is_guard]


def other_schema_differences(database: Database) -> list[str]:
    """Find tables, other indexes and views that are missing or are not as they were made."""
    return [name for name, is_guard in database.schema_differences() if not is_guard]


def inactive_owners(database: Database) -> list[str]:
    """Find inactive users who own open chats."""
    return database.column(
        "SELECT u.id FROM users u WHERE u.active = 0 AND EXISTS"
        " (SELECT 1 FROM chats c WHERE c.owner_id = u.id AND c.status = 'open') ORDER BY u.id"
    )


def overdue(database: Database, before: str) -> int:
    """Count the pending requests whose deadline was before a stored time."""
    return int(
        database.value(
            "SELECT count(*) FROM requests WHERE status = 'pending' AND expires_at < :before",
            {"before": before},
        )
    )
