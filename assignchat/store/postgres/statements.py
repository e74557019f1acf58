"""Statements that only this engine has."""

from assignchat.store.columns import OWN
from assignchat.store.postgres import LOCK, NUMBERED
from assignchat.store.sql import one_of

# Whatever the server's default is: what is read after the wait for the lock is as it is then.
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED"
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# What a transaction that was undone has taken from a sequence is given back by the next one.
WITHOUT_GAPS = "; ".join(
    f"SELECT setval('{table}_id_seq', next, false)"
    f" FROM (SELECT coalesce(max(id), 0) + 1 AS next FROM {table}) AS t, {table}_id_seq AS s"
    " WHERE s.last_value <> next - CASE WHEN s.is_called THEN 1 ELSE 0 END"
    for table in NUMBERED
)

TAKE_LOCK = f"SELECT pg_advisory_xact_lock({LOCK})"

_NUMBER = "CAST(pg_current_xact_id() AS text)"

NUMBER = f"SELECT {_NUMBER}"

_STATE = (
    f"SELECT clock_timestamp(), {_NUMBER},"
    " (SELECT coalesce(max(id), 0) FROM engagement_tracking),"
    " coalesce((SELECT max(last_id) FROM seals), 0),"
    " coalesce((SELECT hash FROM seals ORDER BY last_id DESC LIMIT 1), '')"
)

BEGIN = {
    "write": f"{_WRITE}; SET application_name = :name; {TAKE_LOCK}; {WITHOUT_GAPS}; {_STATE}",
    "read": f"{_READ}; SELECT clock_timestamp(), max(version) FROM _version",
    "temporary": f"{_WRITE}; SELECT clock_timestamp()",
}
"""How a transaction begins, in one message; the last statement tells its time, and for one that
writes also its number, the newest tracking row, and where the newest seal ends. To write or to
read, it fails where our tables are gone."""

BEGIN_WITHIN = f"{WITHOUT_GAPS}; {_STATE}"
"""The same for one that writes, within the one that makes the database."""

OPENED = "SELECT coalesce(max(version), 0), pg_postmaster_start_time() FROM _version"
"""The version of the tables, and when the server was started."""

OUTCOME = "SELECT pg_xact_status(CAST(:number AS xid8))"

HAS_SEAL = "SELECT EXISTS (SELECT 1 FROM assignchat.seals WHERE hash = :hash)"

MAY_HAVE_LOST = """
SELECT stats_reset > :since OR (pg_postmaster_start_time() <> :up_since
    AND pg_last_wal_replay_lsn() IS NOT NULL) FROM pg_stat_wal
"""
"""Whether the server has crashed since then: it counts anew afterwards, or if it is told to. Or
whether it is another one than was up before, which has been a standby."""

HOLDER = f"""
SELECT coalesce(a.application_name, ''), a.usename, a.xact_start
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objid = {LOCK} AND l.classid = 0
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

IS_MADE = """
SELECT to_regclass('assignchat._version'), to_regnamespace('assignchat'), (
    SELECT CAST(o.rolname AS text) FROM pg_namespace n JOIN pg_roles o ON o.oid = n.nspowner
    WHERE n.nspname = 'assignchat' AND NOT (o.rolsuper OR o.rolname = current_user
        OR o.oid = (SELECT datdba FROM pg_database WHERE datname = current_database())
        OR o.rolname IN ('assignchat_owner', 'pg_database_owner')))
"""
"""Whether there are tables, whether there is a schema, and to whom it belongs if that is nobody
who may do everything in this database anyway: whoever has a schema may remove what is in it."""

LOGIN_WITHOUT_RIGHTS = """
SELECT quote_ident(CAST(session_user AS text)) FROM pg_namespace
WHERE nspname = 'assignchat' AND NOT has_schema_privilege(oid, 'USAGE')
"""
"""This login, quoted, if there are tables and it has no right to any."""

TABLES = f"""
SELECT CAST(relname AS text) FROM pg_class
WHERE relnamespace = CAST('assignchat' AS regnamespace) AND relkind IN ('r', 'v')
    AND relname IN {one_of(OWN)} ORDER BY relname COLLATE "C"
"""

COLUMNS = """
SELECT CAST(attname AS text) FROM pg_attribute
WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""

RECORDS = """
SELECT r.* FROM engagement_records r LEFT JOIN engagement_tracking t
    ON t.batch_id = r.batch_id AND t.chat_id = r.chat_id AND t.event = 'assigned'
ORDER BY r.request_id, r.batch_id, t.id
"""
"""All records as a file yields them: by request, then, as NULL comes last, by batch and row."""

_REFERENCES = {
    "chat_id": "chats",
    "request_id": "requests",
    "batch_id": "batches",
    "from_user": "users",
    "to_user": "users",
}

HAS_ORPHANS = " OR ".join(
    f"EXISTS (SELECT 1 FROM engagement_tracking t WHERE t.{column} IS NOT NULL"
    f" AND NOT EXISTS (SELECT 1 FROM {table} r WHERE r.id = t.{column}))"
    for column, table in _REFERENCES.items()
)
"""Whether the history, which has no foreign keys, refers to rows that are not there."""
