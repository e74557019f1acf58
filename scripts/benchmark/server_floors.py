"""The least that could do the same on a server: SQL for psql, and small programs."""

from benchmark.measuring import NOW

_NEXT_ID = """
SELECT setval('engagement_tracking_id_seq', max(id)) FROM engagement_tracking;
"""

BULK = f"""
BEGIN; {_NEXT_ID}
INSERT INTO batches (at, actor) VALUES ('{NOW}', 'maria');
INSERT INTO engagement_tracking
    (at, event, actor, os_user, chat_id, batch_id, from_user, to_user)
    SELECT '{NOW}', 'assigned', 'maria', 'bench', id, 1, owner_id, 'martha'
    FROM chats WHERE owner_id = 'mark' ORDER BY id;
UPDATE chats SET owner_id = 'martha' WHERE owner_id = 'mark';
COMMIT;
"""

IMPORT = f"""
BEGIN; {_NEXT_ID}
CREATE TEMP TABLE incoming (id TEXT COLLATE "C", customer TEXT COLLATE "C",
    owner_id TEXT COLLATE "C", status TEXT COLLATE "C", opened_at TEXT COLLATE "C",
    place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
\\copy incoming (id, customer, owner_id, status, opened_at) FROM 'chats.csv' (FORMAT csv, HEADER)
CREATE INDEX incoming_by_id ON incoming (id);
ANALYZE incoming;
SELECT id FROM incoming GROUP BY id HAVING count(*) > 1;
SELECT id FROM incoming WHERE owner_id NOT IN (SELECT id FROM users);
CREATE TEMP TABLE known AS SELECT i.place FROM incoming i JOIN chats c ON c.id = i.id;
ANALYZE known;
INSERT INTO chats (id, customer, owner_id, status, opened_at, crm_owner_id, crm_status)
    SELECT i.id, i.customer, i.owner_id, i.status, i.opened_at, i.owner_id, i.status
    FROM incoming i WHERE NOT EXISTS (SELECT 1 FROM known k WHERE k.place = i.place) ORDER BY i.id;
INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, to_user, detail)
    SELECT '{NOW}', 'imported', 'bench', 'bench', i.id, i.owner_id,
    CAST(json_build_object('status', json_build_array(NULL, i.status),
        'customer', json_build_array(NULL, i.customer),
        'opened_at', json_build_array(NULL, i.opened_at)) AS text)
    FROM incoming i WHERE NOT EXISTS (SELECT 1 FROM known k WHERE k.place = i.place)
    ORDER BY i.place;
COMMIT;
"""

LISTEN = """
import os, select, sys
import psycopg2
connection = psycopg2.connect(sys.argv[1], application_name="listening")
connection.autocommit = True
connection.cursor().execute("LISTEN assignchat")
print(flush=True)
select.select([connection], [], [])
os._exit(0)
"""

# With the messages of `accept`, each with the same statements.
ACCEPT = """
import hashlib, json, sys, zlib
import psycopg2
from assignchat.store.postgres.statements import BEGIN

connection = psycopg2.connect(sys.argv[1])
connection.autocommit = True
cursor = connection.cursor()

def ask(sql, **values):
    cursor.execute(sql, values)
    return cursor.fetchall() if cursor.description else cursor.rowcount

def accept(number):
    ((now, _, before, _, head),) = ask(BEGIN["write"].replace(":name", "'by hand'"))
    now = now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    ((me, name, *_),) = ask("SELECT id, name, role, active, away_until, (SELECT CAST(coalesce("
        "json_agg(alias ORDER BY alias), '[]') AS text) FROM user_aliases WHERE user_id = users.id)"
        " FROM users WHERE id = 'martha'")
    ((chat, asker, asked, role, status, ends, owner, *_), *_) = ask(
        "SELECT r.chat_id, r.requester_id, r.recipient_id, r.recipient_role, r.status,"
        " r.expires_at, r.from_user, r.note, c.customer, t.* FROM requests r"
        " LEFT JOIN chats c ON c.id = r.chat_id JOIN engagement_tracking t ON t.request_id = r.id"
        " AND (t.id > %(before)s OR t.id >= (SELECT s.first_id FROM seals s"
        " WHERE s.last_id >= t.id ORDER BY s.last_id LIMIT 1))"
        " WHERE r.id = %(number)s ORDER BY t.id", number=number, before=before)
    assert asked == me and status == "pending" and (ends is None or ends > now)
    tracked = ask("UPDATE requests SET status = 'accepted', resolved_at = %(now)s"
        " WHERE id = %(number)s AND status = 'pending'; INSERT INTO engagement_tracking"
        " (at, event, actor, os_user, chat_id, request_id, from_user, to_user, status)"
        " SELECT %(now)s, 'accepted', %(me)s, 'bench', r.chat_id, r.id, r.from_user,"
        " r.recipient_id, r.status FROM requests r"
        " WHERE r.id = %(number)s AND r.status = 'accepted'", now=now, me=me, number=number)
    told = ("INSERT INTO notifications (at, recipient_id, text, request_id) SELECT %(now)s, {0},"
        " format(%(text)s, u.name), r.id FROM requests r CROSS JOIN users u"
        " WHERE u.id = r.recipient_id AND r.id = %(number)s AND {0} <> %(me)s AND {0} NOT IN"
        " (SELECT id FROM users WHERE active = 0 OR role = 'queue')")
    moved = ask(told.format("r.requester_id") + ";" + told.format("r.from_user")
        + " AND r.from_user NOT IN (r.requester_id, r.recipient_id); UPDATE chats"
        " SET owner_id = %(me)s WHERE id = %(chat)s AND owner_id = %(owner)s",
        now=now, me=me, number=number, chat=chat, owner=owner, text="%s has accepted.")
    assert tracked == moved == 1
    ((row, *values),) = ask("SELECT id, at, event, actor, os_user, chat_id, request_id, batch_id,"
        " from_user, to_user, status, reason, detail FROM engagement_tracking"
        " WHERE id > %(before)s ORDER BY id", before=before)
    marks = f"{zlib.crc32(json.dumps(values).encode()):08x}"
    seal = hashlib.sha256(json.dumps([head, row, row, "", marks, values]).encode()).hexdigest()
    ask("INSERT INTO seals (last_id, first_id, varying, marks, hash)"
        " VALUES (%(row)s, %(row)s, '', %(marks)s, %(seal)s); NOTIFY assignchat; COMMIT",
        row=row, marks=marks, seal=seal)

ask("SET search_path = assignchat; SET timezone = 'UTC'; SET jit = off")
print(flush=True)
for line in sys.stdin:
    accept(int(line))
    print(flush=True)
"""
