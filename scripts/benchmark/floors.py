"""The least that could do the same: SQL for the sqlite3 shell, and small programs."""

from benchmark.measuring import NOW

FLOOR_BULK = f"""
PRAGMA synchronous = FULL;
BEGIN IMMEDIATE;
INSERT INTO batches (at, actor) VALUES ('{NOW}', 'maria');
INSERT INTO engagement_tracking
    (at, event, actor, os_user, chat_id, batch_id, from_user, to_user)
    SELECT '{NOW}', 'assigned', 'maria', 'bench', id, 1, owner_id, 'martha'
    FROM chats WHERE owner_id = 'mark';
UPDATE chats SET owner_id = 'martha' WHERE owner_id = 'mark';
COMMIT;
"""


FLOOR_SWEEP = f"""
PRAGMA synchronous = FULL;
BEGIN IMMEDIATE;
INSERT INTO engagement_tracking
    (at, event, actor, os_user, chat_id, request_id, from_user, to_user, status)
    SELECT '{NOW}', 'timed_out', 'system', 'bench', chat_id, id, from_user, recipient_id,
    'timed_out' FROM requests WHERE status = 'pending' AND expires_at <= '{NOW}';
INSERT INTO notifications (at, recipient_id, text, request_id)
    SELECT '{NOW}', recipient_id, 'The chat assignment request has timed out.', id
    FROM requests WHERE status = 'pending' AND expires_at <= '{NOW}';
INSERT INTO notifications (at, recipient_id, text, request_id)
    SELECT '{NOW}', requester_id, 'Your chat assignment request has timed out.', id
    FROM requests WHERE status = 'pending' AND expires_at <= '{NOW}';
UPDATE requests SET status = 'timed_out', resolved_at = expires_at
    WHERE status = 'pending' AND expires_at <= '{NOW}';
COMMIT;
"""


SAME_SQL = """

def connected():
    import sqlite3
    connection = sqlite3.connect("assignchat.db", timeout=10, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection

def act(action, number):
    connection = connected()
    connection.execute("BEGIN IMMEDIATE")
    print(*change(connection, action, number))
    connection.execute("COMMIT")

def change(connection, action, number):
    now = "2026-11-22T14:05:10.000Z"
    if action == "assign":
        (owner,) = connection.execute(
            "SELECT owner_id FROM chats WHERE id = ?", (number,)).fetchone()
        (request,) = connection.execute(
            "INSERT INTO requests (chat_id, requester_id, recipient_id, recipient_role, status,"
            " requested_at, expires_at, from_user) VALUES (?, 'mark', 'martha', 'user', 'pending',"
            " ?, '2999-01-01T00:00:00.000Z', ?) RETURNING id", (number, now, owner)).fetchone()
        chat, recipient, status, event = number, "martha", "pending", "requested"
    else:
        status = event = {"accept": "accepted", "reject": "rejected"}[action]
        request, chat, recipient, owner = connection.execute(
            "UPDATE requests SET status = ?, resolved_at = ? WHERE id = ? AND status = 'pending'"
            " AND (expires_at IS NULL OR expires_at > ?)"
            " RETURNING id, chat_id, recipient_id, from_user",
            (status, now, number, now)).fetchone()
    if action == "accept":
        connection.execute("UPDATE chats SET owner_id = ? WHERE id = ?", (recipient, chat))
    connection.execute(
        "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, request_id,"
        " from_user, to_user, status) VALUES (?, ?, 'martha', 'bench', ?, ?, ?, ?, ?)",
        (now, event, chat, request, owner, recipient, status))
    connection.execute(
        "INSERT INTO notifications (at, recipient_id, text, request_id) VALUES (?, 'mark', ?, ?)",
        (now, "Martha has answered.", request))
    return request, chat, status
"""


BARE = SAME_SQL + "\nimport sys\nact(sys.argv[1], sys.argv[2])\n"


MANY = (
    SAME_SQL
    + """
import sys
connection = connected()
whole = sys.argv[2] == "--atomic"
if whole:
    connection.execute("BEGIN IMMEDIATE")
for number in range(1, int(sys.argv[1]) + 1):
    if not whole:
        connection.execute("BEGIN IMMEDIATE")
    done = change(connection, "accept", number)
    if not whole:
        connection.execute("COMMIT")
    print(*done, flush=True)
if whole:
    connection.execute("COMMIT")
"""
)


TYPER = (
    "import typer\nfrom typing import Annotated\n"
    + SAME_SQL
    + """
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
for name in ("accept", "assign", "reject"):
    def command(number: str, as_user: Annotated[str, typer.Option("--as")] = "",
                action: Annotated[str, typer.Option(hidden=True)] = name) -> None:
        act(action, number)
    app.command(name)(command)
app()
"""
)


FLOOR_STATS = """
SELECT owner_id, status, count(*) FROM chats GROUP BY owner_id, status;
SELECT requester_id, count(*) FROM requests GROUP BY requester_id;
SELECT recipient_id, count(*), sum(status = 'accepted'), sum(status = 'rejected'),
    sum(status = 'timed_out') FROM requests GROUP BY recipient_id;
SELECT user_id, avg(CASE WHEN place IN ((total + 1) / 2, (total + 2) / 2) THEN seconds END),
    max(CASE WHEN place = (9 * total + 9) / 10 THEN seconds END)
    FROM (SELECT user_id, seconds, count(*) OVER (PARTITION BY user_id) AS total,
        row_number() OVER (PARTITION BY user_id ORDER BY seconds) AS place
        FROM (SELECT recipient_id AS user_id,
            round((julianday(resolved_at) - julianday(requested_at)) * 86400, 3) AS seconds
            FROM requests WHERE status IN ('accepted', 'rejected'))) GROUP BY user_id;
SELECT reason, count(*) FROM requests WHERE reason IS NOT NULL
    AND status IN ('rejected', 'withdrawn') GROUP BY reason ORDER BY 2 DESC, 1;
SELECT substr(at, 1, 13), count(*) FROM engagement_tracking
    WHERE event IN ('accepted', 'assigned') GROUP BY 1;
SELECT chat_id, count(*) FROM (SELECT chat_id, from_user, to_user,
        lag(from_user) OVER chat AS gave, lag(to_user) OVER chat AS got
        FROM engagement_tracking WHERE event IN ('accepted', 'assigned')
        WINDOW chat AS (PARTITION BY chat_id ORDER BY id))
    WHERE from_user = got AND to_user = gave GROUP BY chat_id;
"""


CSV_FLOOR = """
import csv, sqlite3
connection = sqlite3.connect("assignchat.db", isolation_level=None)
connection.execute("PRAGMA foreign_keys = ON")
connection.execute("BEGIN IMMEDIATE")
now = "2026-11-22T14:05:10.000Z"
with open("chats.csv", newline="") as file:
    rows = csv.DictReader(file)
    def chats():
        for row in rows:
            yield row["id"], row["customer"], row["owner_id"], row["status"], row["opened_at"]
    connection.executemany("INSERT INTO chats (id, customer, owner_id, status, opened_at)"
                           " VALUES (?, ?, ?, ?, ?)", chats())
with open("chats.csv", newline="") as file:
    connection.executemany(
        "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, to_user)"
        f" VALUES ('{now}', 'imported', 'bench', 'bench', ?, ?)",
        ((row["id"], row["owner_id"]) for row in csv.DictReader(file)))
connection.execute("COMMIT")
"""


CSV_OF_RECORDS = """
import csv, sqlite3
connection = sqlite3.connect("assignchat.db")
with open("records.csv", "w", newline="") as file:
    csv.writer(file).writerows(connection.execute("SELECT * FROM engagement_records"))
"""
