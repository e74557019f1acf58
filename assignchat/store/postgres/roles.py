"""The roles of a team: what each may do, and the policies that let members act for nobody else."""

from collections.abc import Sequence

from assignchat.model import SYSTEM, Event, Status
from assignchat.store.logins import ROLES
from assignchat.store.postgres import AS_ONESELF, NUMBERED
from assignchat.store.sql import one_of

OWNER, MEMBER, AUDITOR = ROLES

# Only what our commands do: nothing of the history, and nobody's part in a request, is changed.
_MEMBER_MAY = {
    "users": "INSERT, UPDATE (name, role, active, away_until, capacity)",
    "chats": "INSERT, UPDATE (customer, owner_id, status, opened_at, closed_at, crm_owner_id,"
    " crm_status)",
    "requests": "INSERT, UPDATE (status, reason, resolved_at)",
    "batches": "INSERT, UPDATE (undone_at)",
    "batch_recipients": "INSERT",
    "engagement_tracking": "INSERT",
    "seals": "INSERT",
    "notifications": "INSERT, UPDATE (read_at)",
    "deliveries": "INSERT, UPDATE, DELETE",
    "delivery_progress": "INSERT, UPDATE",
    "user_aliases": "INSERT, UPDATE, DELETE",
    "owner_names": "INSERT, UPDATE",
}

# A deadline that passed is recorded, and the next of a chain asked, by whoever meets it; and who
# missed too many is set away.
_BY_SYSTEM = (
    f"event IN {one_of((Event.TIMED_OUT, Event.REQUESTED))} OR (event = '{Event.USER_CHANGED}'"
    " AND CAST(detail AS jsonb) - 'id' - 'away_until' = '{}')"
)
_UNANSWERED = one_of((Status.REJECTED, Status.TIMED_OUT))
_ANSWERED = one_of((Status.ACCEPTED, Status.REJECTED))

_CLOCK = "(clock_timestamp() + interval '1 second') AT TIME ZONE 'UTC'"
_NOW = f"""(SELECT to_char({_CLOCK}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))"""
"""The server's time, as it is stored, once for all rows of a statement. It may be set back a little
since the transaction began."""

# Whom a chain asks, its requester has named, and each request is followed by one at most.
_PREVIOUS = (
    "SELECT 1 FROM requests p WHERE p.id = requests.previous_request_id"
    " AND p.requester_id = requests.requester_id AND p.chat_id = requests.chat_id"
    f" AND p.status IN {_UNANSWERED} AND p.note IS NOT DISTINCT FROM requests.note"
    " AND jsonb_exists(CAST(p.fallbacks AS jsonb), requests.recipient_id)"
    " AND NOT EXISTS (SELECT 1 FROM requests n"
    " WHERE n.chat_id = p.chat_id AND n.previous_request_id = p.id)"
)
# That a hash is right only a full check can say.
_FOLLOWS = (
    "first_id > (SELECT coalesce(max(last_id), 0) FROM seals)"
    " AND first_id <= last_id AND last_id <= (SELECT max(id) FROM engagement_tracking)"
    " AND hash ~ '^[0-9a-f]{64}$'"
)

_MOST_AT_ONCE = 1_000_000_000  # rows of one statement


def _next_ids(table: str) -> str:
    """Write that an id is one of the next: behind one near the end of all numbers none is left."""
    return f"id - (SELECT coalesce(max(id), 0) FROM {table}) BETWEEN 1 AND {_MOST_AT_ONCE}"


_POLICIES = {
    f"tracked{AS_ONESELF}": (
        "engagement_tracking",
        "INSERT",
        # A login of that name is not the system.
        f"CASE actor WHEN '{SYSTEM}' THEN {_BY_SYSTEM} ELSE actor = session_user END",
    ),
    "tracked_in_time": ("engagement_tracking", "INSERT", f"at <= {_NOW}"),
    f"assigned{AS_ONESELF}": ("batches", "INSERT", "actor = session_user"),
    f"asked{AS_ONESELF}": (
        "requests",
        "INSERT",
        f"status = '{Status.PENDING}' AND (requester_id = session_user OR EXISTS ({_PREVIOUS}))",
    ),
    f"answered{AS_ONESELF}": (
        "requests",
        "UPDATE",
        f"recipient_id = session_user OR status NOT IN {_ANSWERED}",
    ),
    "timed_out_in_time": (
        "requests",
        "UPDATE",
        f"status <> '{Status.TIMED_OUT}' OR expires_at <= {_NOW}",
    ),
    "sealed_in_order": (
        "seals",
        "INSERT",
        _FOLLOWS,
    ),
    **{f"numbered_{table}": (table, "INSERT", _next_ids(table)) for table in NUMBERED},
}
"""Each policy's table, statement, and what must be true of every row."""

_BOUND = tuple(dict.fromkeys(table for table, _, _ in _POLICIES.values()))


def _policies() -> str:
    """Write the statements that make the policies. They bind members, and nobody else."""
    parts = []
    for table in _BOUND:
        parts += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS open_{table} ON {table}",
            f"CREATE POLICY open_{table} ON {table} USING (true) WITH CHECK (true)",
        ]
    for name, (table, statement, condition) in _POLICIES.items():
        using = "USING (true) " if statement == "UPDATE" else ""
        kind = f"AS RESTRICTIVE FOR {statement} TO {MEMBER}"
        parts += [
            f"DROP POLICY IF EXISTS {name} ON {table}",
            f"CREATE POLICY {name} ON {table} {kind} {using}WITH CHECK ({condition})",
        ]
    return ";".join(parts) + ";"


POLICIES = _policies()


def definitions(tables: Sequence[str], database: str) -> str:
    """Write the statements that make the roles, and give each what it may do, also once more."""
    both = f"{MEMBER}, {AUDITOR}"
    made = "".join(_made(role) for role in (OWNER, MEMBER, AUDITOR))
    owned = "".join(f"ALTER TABLE {table} OWNER TO {OWNER};" for table in tables)
    granted = "".join(
        f"GRANT {what} ON {table} TO {MEMBER};" for table, what in _MEMBER_MAY.items()
    )
    return (
        f"{made} {_BECOME_OWNER} ALTER SCHEMA assignchat OWNER TO {OWNER}; {owned}"
        f" ALTER FUNCTION append_only() OWNER TO {OWNER};"
        f" REVOKE ALL ON ALL TABLES IN SCHEMA assignchat FROM {both};"
        f" GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {both};"
        f" GRANT USAGE ON SCHEMA assignchat TO {both};"
        f" GRANT SELECT ON ALL TABLES IN SCHEMA assignchat TO {both};"
        f" GRANT SELECT ON ALL SEQUENCES IN SCHEMA assignchat TO {both};"
        f" GRANT UPDATE ON ALL SEQUENCES IN SCHEMA assignchat TO {MEMBER}; {granted} {POLICIES}"
    )


def _made(role: str) -> str:
    """Write the statement that makes a role, unless another database of the server has, or does."""
    return (
        f"DO $$ BEGIN IF to_regrole('{role}') IS NULL THEN CREATE ROLE {role}; END IF;"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;"
    )


# Who is no superuser may give tables only to a role of their own.
_BECOME_OWNER = (
    f"DO $$ BEGIN IF NOT pg_has_role('{OWNER}', 'USAGE') THEN"
    f" GRANT {OWNER} TO CURRENT_USER; END IF; END $$;"
)

MAKE_MEMBERS = f"""
SELECT concat(CASE WHEN r.oid IS NULL THEN 'CREATE ROLE ' || quote_ident(u.id) || ' LOGIN; ' END,
    'GRANT {MEMBER} TO ', quote_ident(u.id), ';')
FROM users u LEFT JOIN pg_roles r ON r.rolname = u.id
WHERE u.active = 1 AND u.role <> 'queue' AND octet_length(u.id) < 64
    AND (r.oid IS NULL OR NOT pg_has_role(r.oid, '{MEMBER}', 'MEMBER'))
ORDER BY u.id
"""
"""The statements that still have to be run for the users to be members."""

ARE_MADE = f"""
SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{MEMBER}'
    AND has_table_privilege(oid, 'assignchat.engagement_tracking', 'INSERT'))
"""
"""Whether this database has members."""

# A role need not be inherited: who may SET ROLE to it may do what it may. But whoever has made
# the roles is a member of them since PostgreSQL 16, to give them to others.
CHANGING_HISTORY = f"""
SELECT CAST(m.rolname AS text) FROM pg_roles m
JOIN pg_roles r ON r.rolname = '{MEMBER}' AND pg_has_role(m.oid, r.oid,
    CASE WHEN m.rolcreaterole THEN 'USAGE' ELSE 'MEMBER' END)
WHERE m.rolcanlogin AND NOT m.rolsuper AND EXISTS (
    SELECT 1 FROM pg_roles own, (VALUES ('engagement_tracking'), ('seals')) AS h (name)
    WHERE pg_has_role(m.oid, own.oid, 'MEMBER') AND (own.rolsuper OR own.rolbypassrls
        OR own.rolname IN ('pg_execute_server_program', 'pg_write_server_files')
        OR has_schema_privilege(own.oid, 'assignchat', 'CREATE') -- functions that others would call
        OR own.rolcreaterole AND CAST(current_setting('server_version_num') AS integer) < 160000
        OR has_table_privilege(own.oid, 'assignchat.' || name, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
        OR has_any_column_privilege(own.oid, 'assignchat.' || name, 'UPDATE')))
ORDER BY 1
"""
"""The members who, by other rights that they have or can give themselves, may change or remove
history, or add to it in the name of others."""
