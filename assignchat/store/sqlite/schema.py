"""The tables, as migrations.

Each migration runs once: when a database is made, or is first opened by a newer version. Only
this module imports sqlite_utils, because that takes longer than a whole command may take.
"""

import sqlite3
from contextlib import closing

import sqlite_utils

from assignchat.store.sqlite import APPLICATION_ID, SCHEMA_VERSION

migrations = sqlite_utils.Migrations("assignchat")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date, inside the transaction that the caller has begun.

    Several processes may open an old database at once: for all but the first, nothing is left to
    do.
    """
    database = sqlite_utils.Database(connection, execute_plugins=False, recursive_triggers=False)
    migrations.apply(database)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def has_seals(connection: sqlite3.Connection) -> bool:
    """Return whether the migration that makes the seals has run, whatever a version says."""
    found = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'seals')"
    return bool(connection.execute(found).fetchone()[0])


OBJECTS = (
    "SELECT name, sql FROM sqlite_master"
    " WHERE sql <> '' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    " AND tbl_name <> '_sqlite_migrations' ORDER BY name"
)


def expected_objects() -> dict[str, str]:
    """Return the `OBJECTS` of a database that was just made: names and SQL."""
    with closing(sqlite3.connect(":memory:")) as connection:
        migrate(connection)
        return dict(connection.execute(OBJECTS))


@migrations()
def m001_initial(database: sqlite_utils.Database) -> None:
    """Make the tables, indexes, guards and views of the first release."""
    for statement in (*TABLES, *INDEXES, *GUARDS, ENGAGEMENT_RECORDS):
        database.conn.execute(statement)


@migrations()
def m002_seals(database: sqlite_utils.Database) -> None:
    """Make the table of seals, and views for readers of SQL.

    The caller seals the rows that are there already: see `upgrading`.
    """
    for statement in (SEALS, *SEAL_GUARDS, SEALS_BY_HASH, PENDING_REQUESTS, USER_LOAD):
        database.conn.execute(statement)


@migrations()
def m003_aliases(database: sqlite_utils.Database) -> None:
    """Add other names of users, and how many open chats each takes."""
    for statement in (USER_CAPACITY, USER_ALIASES, USER_ALIASES_BY_USER):
        database.conn.execute(statement)


@migrations()
def m004_words_are_data(database: sqlite_utils.Database) -> None:
    """Remove the rules of older tables that list every role and status: `model` has them.

    A rule can be removed from the text of a table, because it does not affect how rows are
    stored. To make the tables anew would take minutes with millions of rows.
    """
    connection = database.conn
    (version,) = connection.execute("PRAGMA schema_version").fetchone()
    connection.execute("PRAGMA writable_schema = ON")
    for rule in ENUMERATING_RULES:
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, ?, '')"
            " WHERE type = 'table' AND name IN ('users', 'chats', 'requests')",
            (rule,),
        )
    connection.execute(f"PRAGMA schema_version = {version + 1}")
    connection.execute("PRAGMA writable_schema = OFF")


@migrations()
def m005_crm(database: sqlite_utils.Database) -> None:
    """Add what the CRM said last of each chat, as far as the tracking rows of imports tell."""
    for statement in (CRM_OWNER, CRM_STATUS, FILL_CRM_OWNER, FILL_CRM_STATUS, OWNER_NAMES):
        database.conn.execute(statement)


ENUMERATING_RULES = (
    " CHECK (role IN ('user', 'manager'))",
    " CHECK (recipient_role IN ('user', 'manager'))",
    " CHECK (status IN ('open', 'closed'))",
    """ CHECK (status IN
            ('pending', 'accepted', 'rejected', 'withdrawn', 'timed_out', 'cancelled'))""",
)


TABLES = (
    """
    CREATE TABLE users (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        created_at TEXT NOT NULL,
        away_until TEXT
    )
    """,
    """
    CREATE TABLE chats (
        id TEXT PRIMARY KEY NOT NULL,
        customer TEXT NOT NULL,
        owner_id TEXT NOT NULL REFERENCES users (id),
        status TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        closed_at TEXT
    )
    """,
    """
    CREATE TABLE requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        chat_id TEXT NOT NULL REFERENCES chats (id),
        requester_id TEXT NOT NULL REFERENCES users (id),
        recipient_id TEXT NOT NULL REFERENCES users (id),
        recipient_role TEXT NOT NULL,
        status TEXT NOT NULL,
        note TEXT,
        reason TEXT,
        requested_at TEXT NOT NULL,
        expires_at TEXT,
        resolved_at TEXT,
        from_user TEXT NOT NULL REFERENCES users (id),
        previous_request_id INTEGER REFERENCES requests (id),
        fallbacks TEXT,
        CHECK ((status = 'pending') = (resolved_at IS NULL))
    )
    """,
    """
    CREATE TABLE batches (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        actor TEXT NOT NULL,
        reason TEXT,
        undone_at TEXT
    )
    """,
    # The recipient's role on the day of the batch: users change theirs, the records do not.
    """
    CREATE TABLE batch_recipients (
        batch_id INTEGER NOT NULL REFERENCES batches (id),
        user_id TEXT NOT NULL REFERENCES users (id),
        role TEXT NOT NULL,
        assigned INTEGER NOT NULL,
        PRIMARY KEY (batch_id, user_id)
    )
    """,
    """
    CREATE TABLE engagement_tracking (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        event TEXT NOT NULL,
        actor TEXT NOT NULL,
        os_user TEXT NOT NULL,
        chat_id TEXT REFERENCES chats (id),
        request_id INTEGER REFERENCES requests (id),
        batch_id INTEGER REFERENCES batches (id),
        from_user TEXT REFERENCES users (id),
        to_user TEXT REFERENCES users (id),
        status TEXT,
        reason TEXT,
        detail TEXT
    )
    """,
    """
    CREATE TABLE notifications (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        recipient_id TEXT NOT NULL REFERENCES users (id),
        text TEXT NOT NULL,
        request_id INTEGER REFERENCES requests (id),
        batch_id INTEGER REFERENCES batches (id),
        read_at TEXT
    )
    """,
    """
    CREATE TABLE deliveries (
        notification_id INTEGER PRIMARY KEY REFERENCES notifications (id),
        attempts INTEGER NOT NULL,
        next_attempt_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE delivery_progress (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        last_id INTEGER NOT NULL
    )
    """,
)

# Also the rule itself: one pending request per chat.
ONE_PENDING = "CREATE UNIQUE INDEX requests_pending ON requests (chat_id) WHERE status = 'pending'"

INDEXES = (
    "CREATE INDEX chats_by_owner ON chats (owner_id, status, id)",
    "CREATE INDEX requests_by_chat ON requests (chat_id)",
    "CREATE INDEX requests_by_requester ON requests (requester_id)",
    "CREATE INDEX requests_by_recipient ON requests (recipient_id)",
    ONE_PENDING,
    (
        "CREATE INDEX requests_pending_by_recipient"
        " ON requests (recipient_id) WHERE status = 'pending'"
    ),
    "CREATE INDEX requests_due ON requests (expires_at) WHERE status = 'pending'",
    "CREATE INDEX engagement_tracking_by_chat ON engagement_tracking (chat_id)",
    (
        "CREATE INDEX engagement_tracking_by_request"
        " ON engagement_tracking (request_id) WHERE request_id IS NOT NULL"
    ),
    (
        "CREATE INDEX engagement_tracking_by_batch"
        " ON engagement_tracking (batch_id) WHERE batch_id IS NOT NULL"
    ),
    "CREATE INDEX notifications_unread ON notifications (recipient_id) WHERE read_at IS NULL",
)


def append_only(table: str, key: str) -> tuple[str, ...]:
    """Return the triggers that refuse to change a table's rows, which are named by a key.

    They guard against mistakes, not against the owner of the file. Three are needed: INSERT OR
    REPLACE walks around the first two.
    """
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    if_there = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}\n    {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}\n    {refuse}",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}\n    {if_there}\n    {refuse}",
    )


GUARDS = append_only("engagement_tracking", "id")

# "response" is the recipient's own answer: only accepting and rejecting have a time for it.
ENGAGEMENT_RECORDS = """
    CREATE VIEW engagement_records AS
    SELECT 'request' AS kind, r.id AS request_id, NULL AS batch_id, r.chat_id, c.customer,
        r.requester_id, r.from_user, r.recipient_id AS to_user, r.recipient_role AS to_role,
        r.status, r.note, r.reason, r.requested_at, r.expires_at, r.resolved_at,
        CASE WHEN r.status IN ('accepted', 'rejected')
            THEN round((julianday(r.resolved_at) - julianday(r.requested_at)) * 86400, 3)
        END AS response_seconds
    FROM requests r
    JOIN chats c ON c.id = r.chat_id
    UNION ALL
    SELECT 'direct', NULL, t.batch_id, t.chat_id, c.customer,
        t.actor, t.from_user, t.to_user, b.role,
        CASE WHEN u.id IS NULL THEN 'assigned' ELSE 'undone' END,
        NULL, t.reason, t.at, NULL, coalesce(u.at, t.at), NULL
    FROM engagement_tracking t
    JOIN chats c ON c.id = t.chat_id
    JOIN batch_recipients b ON b.batch_id = t.batch_id AND b.user_id = t.to_user
    LEFT JOIN engagement_tracking u
        ON u.chat_id = t.chat_id AND +u.batch_id = t.batch_id AND u.event = 'undone'
    WHERE t.event = 'assigned'
"""

# What belongs to the second migration.

SEALS = """
    CREATE TABLE seals (
        last_id INTEGER PRIMARY KEY,
        first_id INTEGER NOT NULL,
        varying TEXT NOT NULL,
        marks TEXT NOT NULL,
        hash TEXT NOT NULL
    )
"""

SEALS_BY_HASH = "CREATE INDEX seals_by_hash ON seals (hash)"

SEAL_GUARDS = append_only("seals", "last_id")

# As stored: one whose deadline has passed is pending here until a command meets it.
PENDING_REQUESTS = """
    CREATE VIEW pending_requests AS
    SELECT r.id AS request_id, r.chat_id, c.customer, r.requester_id, r.recipient_id, r.note,
        r.requested_at, r.expires_at
    FROM requests r
    JOIN chats c ON c.id = r.chat_id
    WHERE r.status = 'pending'
"""

USER_LOAD = """
    CREATE VIEW user_load AS
    SELECT u.id AS user_id, u.name, u.role, u.active,
        (SELECT count(*) FROM chats WHERE owner_id = u.id AND status = 'open') AS open_chats,
        (SELECT count(*) FROM chats WHERE owner_id = u.id AND status = 'closed') AS closed_chats,
        (SELECT count(*) FROM requests
            WHERE recipient_id = u.id AND status = 'pending') AS pending_received,
        (SELECT count(*) FROM requests
            WHERE requester_id = u.id AND status = 'pending') AS pending_sent
    FROM users u
"""

# What belongs to the third migration.

USER_CAPACITY = "ALTER TABLE users ADD COLUMN capacity INTEGER CHECK (capacity >= 0)"

# `folded` is the alias as it is compared: see `texts.folded`.
USER_ALIASES = """
    CREATE TABLE user_aliases (
        alias TEXT NOT NULL,
        user_id TEXT NOT NULL REFERENCES users (id),
        source TEXT,
        heading TEXT,
        folded TEXT PRIMARY KEY NOT NULL
    )
"""

USER_ALIASES_BY_USER = "CREATE INDEX user_aliases_by_user ON user_aliases (user_id)"

# What belongs to the fifth migration.

CRM_OWNER = "ALTER TABLE chats ADD COLUMN crm_owner_id TEXT REFERENCES users (id)"
CRM_STATUS = "ALTER TABLE chats ADD COLUMN crm_status TEXT"

# SQLite takes the other columns of a group from the row that has the maximum.
FILL_CRM_OWNER = """
    UPDATE chats SET crm_owner_id = said.to_user FROM (
        SELECT chat_id, to_user, max(id) FROM engagement_tracking
        WHERE event = 'imported' GROUP BY chat_id
    ) AS said WHERE said.chat_id = chats.id
"""
FILL_CRM_STATUS = """
    UPDATE chats SET crm_status = said.status FROM (
        SELECT chat_id, json_extract(detail, '$.status[1]') AS status, max(id)
        FROM engagement_tracking
        WHERE event = 'imported' AND json_valid(detail)
            AND json_extract(detail, '$.status[1]') IS NOT NULL
        GROUP BY chat_id
    ) AS said WHERE said.chat_id = chats.id
"""

# How a source named an owner last, by an id or an alias.
OWNER_NAMES = """
    CREATE TABLE owner_names (
        source TEXT NOT NULL,
        user_id TEXT NOT NULL REFERENCES users (id),
        name TEXT NOT NULL,
        PRIMARY KEY (source, user_id)
    )
"""
