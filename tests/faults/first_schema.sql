-- A database of the first release, made and used with its schema 1; never to be changed.
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'assignchat','m001_initial','2025-11-23 10:00:21.557134+00:00');
CREATE TABLE batch_recipients (
        batch_id INTEGER NOT NULL REFERENCES batches (id),
        user_id TEXT NOT NULL REFERENCES users (id),
        role TEXT NOT NULL,
        assigned INTEGER NOT NULL,
        PRIMARY KEY (batch_id, user_id)
    );
INSERT INTO "batch_recipients" VALUES(1,'maria','manager',2);
CREATE TABLE batches (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        actor TEXT NOT NULL,
        reason TEXT,
        undone_at TEXT
    );
INSERT INTO "batches" VALUES(1,'2025-11-23T09:00:21.295Z','maria',NULL,NULL);
CREATE TABLE chats (
        id TEXT PRIMARY KEY NOT NULL,
        customer TEXT NOT NULL,
        owner_id TEXT NOT NULL REFERENCES users (id),
        status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
        opened_at TEXT NOT NULL,
        closed_at TEXT
    );
INSERT INTO "chats" VALUES('chat-1','Priya Nair','martha','open','2025-11-23T09:00:21.295Z',NULL);
INSERT INTO "chats" VALUES('chat-2','José Álvarez','mark','open','2025-11-23T09:00:21.295Z',NULL);
INSERT INTO "chats" VALUES('chat-3','田中 美咲','mark','open','2025-11-23T09:00:21.295Z',NULL);
INSERT INTO "chats" VALUES('chat-4','Лариса Петрова','maria','open','2025-11-23T09:00:21.295Z',NULL);
INSERT INTO "chats" VALUES('chat-5','محمد الفارسي','maria','open','2025-11-23T09:00:21.295Z',NULL);
CREATE TABLE deliveries (
        notification_id INTEGER PRIMARY KEY REFERENCES notifications (id),
        attempts INTEGER NOT NULL,
        next_attempt_at TEXT NOT NULL
    );
CREATE TABLE delivery_progress (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        last_id INTEGER NOT NULL
    );
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
    );
INSERT INTO "engagement_tracking" VALUES(1,'2025-11-23T09:00:21.295Z','user_added','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "mark", "name": "Mark", "role": "user", "active": true}');
INSERT INTO "engagement_tracking" VALUES(2,'2025-11-23T09:00:21.295Z','user_added','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "martha", "name": "Martha", "role": "user", "active": true}');
INSERT INTO "engagement_tracking" VALUES(3,'2025-11-23T09:00:21.295Z','user_added','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "omar", "name": "Omar", "role": "user", "active": true}');
INSERT INTO "engagement_tracking" VALUES(4,'2025-11-23T09:00:21.295Z','user_added','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "maria", "name": "Maria", "role": "manager", "active": true}');
INSERT INTO "engagement_tracking" VALUES(5,'2025-11-23T09:00:21.295Z','opened','root','root','chat-1',NULL,NULL,NULL,'mark',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(6,'2025-11-23T09:00:21.295Z','opened','root','root','chat-2',NULL,NULL,NULL,'mark',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(7,'2025-11-23T09:00:21.295Z','opened','root','root','chat-3',NULL,NULL,NULL,'mark',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(8,'2025-11-23T09:00:21.295Z','opened','root','root','chat-4',NULL,NULL,NULL,'martha',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(9,'2025-11-23T09:00:21.295Z','opened','root','root','chat-5',NULL,NULL,NULL,'omar',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(10,'2025-11-23T09:00:21.295Z','requested','mark','root','chat-1',1,NULL,'mark','martha','pending',NULL,'{"expires_at": null}');
INSERT INTO "engagement_tracking" VALUES(11,'2025-11-23T09:00:21.295Z','requested','mark','root','chat-2',2,NULL,'mark','omar','pending',NULL,'{"expires_at": null}');
INSERT INTO "engagement_tracking" VALUES(12,'2025-11-23T09:00:21.295Z','requested','mark','root','chat-3',3,NULL,'mark','omar','pending',NULL,'{"expires_at": null}');
INSERT INTO "engagement_tracking" VALUES(13,'2025-11-23T09:00:21.295Z','accepted','martha','root','chat-1',1,NULL,'mark','martha','accepted',NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(14,'2025-11-23T09:00:21.295Z','rejected','omar','root','chat-2',2,NULL,'mark','omar','rejected','later',NULL);
INSERT INTO "engagement_tracking" VALUES(15,'2025-11-23T09:00:21.295Z','assigned','maria','root','chat-4',NULL,1,'martha','maria',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(16,'2025-11-23T09:00:21.295Z','assigned','maria','root','chat-5',NULL,1,'omar','maria',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(17,'2025-11-23T09:00:21.295Z','config_changed','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"key": "busy_timeout", "old": "10s", "new": "5s"}');
INSERT INTO "engagement_tracking" VALUES(18,'2025-11-23T09:00:21.295Z','user_changed','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "omar", "away_until": [null, "indefinite"]}');
CREATE TABLE notifications (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        recipient_id TEXT NOT NULL REFERENCES users (id),
        text TEXT NOT NULL,
        request_id INTEGER REFERENCES requests (id),
        batch_id INTEGER REFERENCES batches (id),
        read_at TEXT
    );
INSERT INTO "notifications" VALUES(1,'2025-11-23T09:00:21.295Z','martha','Mark has sent you a chat assignment request.',1,NULL,NULL);
INSERT INTO "notifications" VALUES(2,'2025-11-23T09:00:21.295Z','omar','Mark has sent you a chat assignment request.',2,NULL,NULL);
INSERT INTO "notifications" VALUES(3,'2025-11-23T09:00:21.295Z','omar','Mark has sent you a chat assignment request.',3,NULL,NULL);
INSERT INTO "notifications" VALUES(4,'2025-11-23T09:00:21.295Z','mark','Martha has accepted your chat assignment request.',1,NULL,NULL);
INSERT INTO "notifications" VALUES(5,'2025-11-23T09:00:21.295Z','mark','Omar has rejected your chat assignment request.',2,NULL,NULL);
INSERT INTO "notifications" VALUES(6,'2025-11-23T09:00:21.295Z','maria','Maria has assigned 2 chats to you.',NULL,1,NULL);
CREATE TABLE requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        chat_id TEXT NOT NULL REFERENCES chats (id),
        requester_id TEXT NOT NULL REFERENCES users (id),
        recipient_id TEXT NOT NULL REFERENCES users (id),
        recipient_role TEXT NOT NULL CHECK (recipient_role IN ('user', 'manager')),
        status TEXT NOT NULL CHECK (status IN
            ('pending', 'accepted', 'rejected', 'withdrawn', 'timed_out', 'cancelled')),
        note TEXT,
        reason TEXT,
        requested_at TEXT NOT NULL,
        expires_at TEXT,
        resolved_at TEXT,
        from_user TEXT NOT NULL REFERENCES users (id),
        previous_request_id INTEGER REFERENCES requests (id),
        fallbacks TEXT,
        CHECK ((status = 'pending') = (resolved_at IS NULL))
    );
INSERT INTO "requests" VALUES(1,'chat-1','mark','martha','user','accepted',NULL,NULL,'2025-11-23T09:00:21.295Z',NULL,'2025-11-23T09:00:21.295Z','mark',NULL,NULL);
INSERT INTO "requests" VALUES(2,'chat-2','mark','omar','user','rejected','quote','later','2025-11-23T09:00:21.295Z',NULL,'2025-11-23T09:00:21.295Z','mark',NULL,NULL);
INSERT INTO "requests" VALUES(3,'chat-3','mark','omar','user','pending',NULL,NULL,'2025-11-23T09:00:21.295Z',NULL,NULL,'mark',NULL,NULL);
CREATE TABLE users (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('user', 'manager')),
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        created_at TEXT NOT NULL,
        away_until TEXT
    );
INSERT INTO "users" VALUES('mark','Mark','user',1,'2025-11-23T09:00:21.295Z',NULL);
INSERT INTO "users" VALUES('martha','Martha','user',1,'2025-11-23T09:00:21.295Z',NULL);
INSERT INTO "users" VALUES('omar','Omar','user',1,'2025-11-23T09:00:21.295Z','indefinite');
INSERT INTO "users" VALUES('maria','Maria','manager',1,'2025-11-23T09:00:21.295Z',NULL);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX chats_by_owner ON chats (owner_id, status, id);
CREATE INDEX requests_by_chat ON requests (chat_id);
CREATE INDEX requests_by_requester ON requests (requester_id);
CREATE INDEX requests_by_recipient ON requests (recipient_id);
CREATE UNIQUE INDEX requests_pending ON requests (chat_id) WHERE status = 'pending';
CREATE INDEX requests_pending_by_recipient ON requests (recipient_id) WHERE status = 'pending';
CREATE INDEX requests_due ON requests (expires_at) WHERE status = 'pending';
CREATE INDEX engagement_tracking_by_chat ON engagement_tracking (chat_id);
CREATE INDEX engagement_tracking_by_request ON engagement_tracking (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX engagement_tracking_by_batch ON engagement_tracking (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX notifications_unread ON notifications (recipient_id) WHERE read_at IS NULL;
CREATE TRIGGER engagement_tracking_no_update BEFORE UPDATE ON engagement_tracking
    BEGIN SELECT RAISE(ABORT, 'engagement_tracking is append-only'); END;
CREATE TRIGGER engagement_tracking_no_delete BEFORE DELETE ON engagement_tracking
    BEGIN SELECT RAISE(ABORT, 'engagement_tracking is append-only'); END;
CREATE TRIGGER engagement_tracking_no_replace BEFORE INSERT ON engagement_tracking
    WHEN EXISTS (SELECT 1 FROM engagement_tracking WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'engagement_tracking is append-only'); END;
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
    WHERE t.event = 'assigned';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('engagement_tracking',18);
INSERT INTO "sqlite_sequence" VALUES('requests',3);
INSERT INTO "sqlite_sequence" VALUES('notifications',6);
INSERT INTO "sqlite_sequence" VALUES('batches',1);
COMMIT;
PRAGMA application_id = 1094928468;
PRAGMA user_version = 1;
