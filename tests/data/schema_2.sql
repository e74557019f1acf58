PRAGMA application_id = 1094928468;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'assignchat','m001_initial','2026-11-30 02:33:17.585227+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'assignchat','m002_seals','2026-11-30 02:33:17.585578+00:00');
CREATE TABLE batch_recipients (
        batch_id INTEGER NOT NULL REFERENCES batches (id),
        user_id TEXT NOT NULL REFERENCES users (id),
        role TEXT NOT NULL,
        assigned INTEGER NOT NULL,
        PRIMARY KEY (batch_id, user_id)
    );
INSERT INTO "batch_recipients" VALUES(1,'omar','user',2);
INSERT INTO "batch_recipients" VALUES(1,'kim','manager',1);
INSERT INTO "batch_recipients" VALUES(2,'mark','user',1);
INSERT INTO "batch_recipients" VALUES(3,'martha','user',1);
INSERT INTO "batch_recipients" VALUES(4,'martha','user',1);
INSERT INTO "batch_recipients" VALUES(5,'martha','user',1);
CREATE TABLE batches (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        actor TEXT NOT NULL,
        reason TEXT,
        undone_at TEXT
    );
INSERT INTO "batches" VALUES(1,'2026-11-20T09:09:20.000Z','maria','Holiday','2026-11-20T09:09:50.000Z');
INSERT INTO "batches" VALUES(2,'2026-11-20T09:10:20.000Z','maria',NULL,'2026-11-20T09:11:20.000Z');
INSERT INTO "batches" VALUES(3,'2026-11-20T09:10:50.000Z','maria',NULL,NULL);
INSERT INTO "batches" VALUES(4,'2026-11-20T09:12:20.000Z','maria',NULL,NULL);
INSERT INTO "batches" VALUES(5,'2026-11-20T09:14:50.000Z','root','Kim was deactivated',NULL);
CREATE TABLE chats (
        id TEXT PRIMARY KEY NOT NULL,
        customer TEXT NOT NULL,
        owner_id TEXT NOT NULL REFERENCES users (id),
        status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
        opened_at TEXT NOT NULL,
        closed_at TEXT
    );
INSERT INTO "chats" VALUES('chat-1','Priya Nair','martha','open','2026-11-20T09:00:30.000Z',NULL);
INSERT INTO "chats" VALUES('chat-2','José Álvarez','martha','open','2026-11-20T09:00:30.000Z',NULL);
INSERT INTO "chats" VALUES('chat-3','田中 美咲','mark','open','2026-11-20T09:00:30.000Z',NULL);
INSERT INTO "chats" VALUES('chat-4','Лариса Петрова','martha','closed','2026-11-20T09:00:30.000Z','2026-11-20T09:16:20.000Z');
INSERT INTO "chats" VALUES('chat-5','محمد الفارسي','martha','open','2026-11-20T09:00:30.000Z',NULL);
INSERT INTO "chats" VALUES('c-1','Anna','mark','open','2026-11-19T08:30:00.000Z',NULL);
INSERT INTO "chats" VALUES('c-2','Björn','mark','open','2026-11-18T08:00:00.000Z',NULL);
INSERT INTO "chats" VALUES('c-3','Zoë','martha','closed','2026-11-20T09:01:30.000Z','2026-11-20T09:18:20.000Z');
INSERT INTO "chats" VALUES('c-4','Cy','mark','closed','2026-11-20T09:01:30.000Z',NULL);
INSERT INTO "chats" VALUES('c-9','Nine','mark','open','2026-11-20T09:17:50.000Z',NULL);
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
INSERT INTO "engagement_tracking" VALUES(1,'2026-11-20T09:00:30.000Z','user_added','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "mark", "name": "Mark", "role": "user", "active": true}');
INSERT INTO "engagement_tracking" VALUES(2,'2026-11-20T09:00:30.000Z','user_added','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "martha", "name": "Martha", "role": "user", "active": true}');
INSERT INTO "engagement_tracking" VALUES(3,'2026-11-20T09:00:30.000Z','user_added','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "omar", "name": "Omar", "role": "user", "active": true}');
INSERT INTO "engagement_tracking" VALUES(4,'2026-11-20T09:00:30.000Z','user_added','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "maria", "name": "Maria", "role": "manager", "active": true}');
INSERT INTO "engagement_tracking" VALUES(5,'2026-11-20T09:00:30.000Z','opened','root','root','chat-1',NULL,NULL,NULL,'mark',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(6,'2026-11-20T09:00:30.000Z','opened','root','root','chat-2',NULL,NULL,NULL,'mark',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(7,'2026-11-20T09:00:30.000Z','opened','root','root','chat-3',NULL,NULL,NULL,'mark',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(8,'2026-11-20T09:00:30.000Z','opened','root','root','chat-4',NULL,NULL,NULL,'martha',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(9,'2026-11-20T09:00:30.000Z','opened','root','root','chat-5',NULL,NULL,NULL,'omar',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(10,'2026-11-20T09:01:00.000Z','user_changed','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "omar", "name": ["Omar", "Omar Farouk"]}');
INSERT INTO "engagement_tracking" VALUES(11,'2026-11-20T09:01:00.000Z','user_added','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "jane", "name": "Jane", "role": "user", "active": false}');
INSERT INTO "engagement_tracking" VALUES(12,'2026-11-20T09:01:00.000Z','user_added','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "kim", "name": "Kim", "role": "manager", "active": true}');
INSERT INTO "engagement_tracking" VALUES(13,'2026-11-20T09:01:30.000Z','imported','root','root','c-1',NULL,NULL,NULL,'martha',NULL,NULL,'{"status":[null,"open"]}');
INSERT INTO "engagement_tracking" VALUES(14,'2026-11-20T09:01:30.000Z','imported','root','root','c-2',NULL,NULL,NULL,'mark',NULL,NULL,'{"status":[null,"closed"]}');
INSERT INTO "engagement_tracking" VALUES(15,'2026-11-20T09:01:30.000Z','imported','root','root','c-3',NULL,NULL,NULL,'kim',NULL,NULL,'{"status":[null,"open"]}');
INSERT INTO "engagement_tracking" VALUES(16,'2026-11-20T09:01:30.000Z','imported','root','root','c-4',NULL,NULL,NULL,'mark',NULL,NULL,'{"status":[null,"closed"]}');
INSERT INTO "engagement_tracking" VALUES(17,'2026-11-20T09:02:00.000Z','requested','mark','root','chat-1',1,NULL,'mark','martha','pending',NULL,'{"expires_at": "2026-11-20T09:04:00.000Z"}');
INSERT INTO "engagement_tracking" VALUES(18,'2026-11-20T09:02:30.000Z','accepted','martha','root','chat-1',1,NULL,'mark','martha','accepted',NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(19,'2026-11-20T09:03:00.000Z','requested','mark','root','chat-2',2,NULL,'mark','omar','pending',NULL,'{"expires_at": "2026-11-20T09:05:00.000Z", "fallbacks": ["martha", "kim"]}');
INSERT INTO "engagement_tracking" VALUES(20,'2026-11-20T09:03:30.000Z','rejected','omar','root','chat-2',2,NULL,'mark','omar','rejected','Busy',NULL);
INSERT INTO "engagement_tracking" VALUES(21,'2026-11-20T09:03:30.000Z','requested','system','root','chat-2',3,NULL,'mark','martha','pending',NULL,'{"expires_at": "2026-11-20T09:05:30.000Z", "fallbacks": ["kim"]}');
INSERT INTO "engagement_tracking" VALUES(22,'2026-11-20T09:07:20.000Z','timed_out','system','root','chat-2',3,NULL,'mark','martha','timed_out',NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(23,'2026-11-20T09:07:20.000Z','requested','system','root','chat-2',4,NULL,'mark','kim','pending',NULL,'{"expires_at": "2026-11-20T09:09:20.000Z"}');
INSERT INTO "engagement_tracking" VALUES(24,'2026-11-20T09:07:50.000Z','accepted','kim','root','chat-2',4,NULL,'mark','kim','accepted',NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(25,'2026-11-20T09:08:20.000Z','requested','maria','root','chat-3',5,NULL,'mark','omar','pending',NULL,'{"expires_at": null}');
INSERT INTO "engagement_tracking" VALUES(26,'2026-11-20T09:08:50.000Z','withdrawn','maria','root','chat-3',5,NULL,'mark','omar','withdrawn','No',NULL);
INSERT INTO "engagement_tracking" VALUES(27,'2026-11-20T09:09:20.000Z','assigned','maria','root','chat-3',NULL,1,'mark','omar',NULL,'Holiday',NULL);
INSERT INTO "engagement_tracking" VALUES(28,'2026-11-20T09:09:20.000Z','assigned','maria','root','chat-1',NULL,1,'martha','omar',NULL,'Holiday',NULL);
INSERT INTO "engagement_tracking" VALUES(29,'2026-11-20T09:09:20.000Z','assigned','maria','root','chat-4',NULL,1,'martha','kim',NULL,'Holiday',NULL);
INSERT INTO "engagement_tracking" VALUES(30,'2026-11-20T09:09:50.000Z','undone','maria','root','chat-3',NULL,1,'omar','mark',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(31,'2026-11-20T09:09:50.000Z','undone','maria','root','chat-1',NULL,1,'omar','martha',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(32,'2026-11-20T09:09:50.000Z','undone','maria','root','chat-4',NULL,1,'kim','martha',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(33,'2026-11-20T09:10:20.000Z','assigned','maria','root','chat-5',NULL,2,'omar','mark',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(34,'2026-11-20T09:10:50.000Z','assigned','maria','root','chat-5',NULL,3,'mark','martha',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(35,'2026-11-20T09:11:50.000Z','requested','kim','root','c-3',6,NULL,'kim','omar','pending',NULL,'{"expires_at": "2026-11-20T09:13:50.000Z"}');
INSERT INTO "engagement_tracking" VALUES(36,'2026-11-20T09:12:20.000Z','assigned','maria','root','c-3',NULL,4,'kim','martha',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(37,'2026-11-20T09:12:20.000Z','cancelled','maria','root','c-3',6,4,'kim','omar','cancelled','Assigned directly',NULL);
INSERT INTO "engagement_tracking" VALUES(38,'2026-11-20T09:12:50.000Z','user_changed','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "mark", "name": ["Mark", "Mark T."], "role": ["user", "manager"]}');
INSERT INTO "engagement_tracking" VALUES(39,'2026-11-20T09:13:20.000Z','user_changed','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "omar", "away_until": [null, "2026-12-24T00:00:00.000Z"]}');
INSERT INTO "engagement_tracking" VALUES(40,'2026-11-20T09:13:50.000Z','user_changed','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "kim", "away_until": [null, "indefinite"]}');
INSERT INTO "engagement_tracking" VALUES(41,'2026-11-20T09:14:20.000Z','user_changed','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "kim", "away_until": ["indefinite", null]}');
INSERT INTO "engagement_tracking" VALUES(42,'2026-11-20T09:14:50.000Z','assigned','root','root','chat-2',NULL,5,'kim','martha',NULL,'Kim was deactivated',NULL);
INSERT INTO "engagement_tracking" VALUES(43,'2026-11-20T09:14:50.000Z','user_deactivated','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "kim"}');
INSERT INTO "engagement_tracking" VALUES(44,'2026-11-20T09:15:20.000Z','user_changed','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "kim", "active": [false, true]}');
INSERT INTO "engagement_tracking" VALUES(45,'2026-11-20T09:15:50.000Z','user_deactivated','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"id": "kim"}');
INSERT INTO "engagement_tracking" VALUES(46,'2026-11-20T09:16:20.000Z','closed','root','root','chat-4',NULL,NULL,'martha',NULL,NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(47,'2026-11-20T09:16:50.000Z','closed','root','root','c-1',NULL,NULL,'martha',NULL,NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(48,'2026-11-20T09:17:20.000Z','reopened','root','root','c-1',NULL,NULL,'martha',NULL,NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(49,'2026-11-20T09:17:50.000Z','opened','root','root','c-9',NULL,NULL,NULL,'mark',NULL,NULL,NULL);
INSERT INTO "engagement_tracking" VALUES(50,'2026-11-20T09:18:20.000Z','imported','root','root','c-1',NULL,NULL,'martha','mark',NULL,NULL,'{"customer":["Ann","Anna"],"opened_at":["2026-11-19T08:00:00.000Z","2026-11-19T08:30:00.000Z"]}');
INSERT INTO "engagement_tracking" VALUES(51,'2026-11-20T09:18:20.000Z','imported','root','root','c-2',NULL,NULL,'mark','mark',NULL,NULL,'{"status":["closed","open"]}');
INSERT INTO "engagement_tracking" VALUES(52,'2026-11-20T09:18:20.000Z','imported','root','root','c-3',NULL,NULL,'martha','martha',NULL,NULL,'{"status":["open","closed"],"customer":["Zoë \"Z\"","Zoë"]}');
INSERT INTO "engagement_tracking" VALUES(53,'2026-11-20T09:18:50.000Z','config_changed','root','root',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"key": "assign_discuss.request_timeout", "old": "2m", "new": "5m"}');
INSERT INTO "engagement_tracking" VALUES(54,'2026-11-20T09:19:20.000Z','requested','mark','root','c-1',7,NULL,'mark','martha','pending',NULL,'{"expires_at": "2026-11-20T09:24:20.000Z", "fallbacks": ["omar"]}');
CREATE TABLE notifications (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        recipient_id TEXT NOT NULL REFERENCES users (id),
        text TEXT NOT NULL,
        request_id INTEGER REFERENCES requests (id),
        batch_id INTEGER REFERENCES batches (id),
        read_at TEXT
    );
INSERT INTO "notifications" VALUES(1,'2026-11-20T09:02:00.000Z','martha','Mark has sent you a chat assignment request.',1,NULL,'2026-11-20T09:19:50.000Z');
INSERT INTO "notifications" VALUES(2,'2026-11-20T09:02:30.000Z','mark','Martha has accepted your chat assignment request.',1,NULL,NULL);
INSERT INTO "notifications" VALUES(3,'2026-11-20T09:03:00.000Z','omar','Mark has sent you a chat assignment request.',2,NULL,NULL);
INSERT INTO "notifications" VALUES(4,'2026-11-20T09:03:30.000Z','mark','Omar Farouk has rejected your chat assignment request.',2,NULL,NULL);
INSERT INTO "notifications" VALUES(5,'2026-11-20T09:03:30.000Z','martha','Mark has sent you a chat assignment request.',3,NULL,'2026-11-20T09:19:50.000Z');
INSERT INTO "notifications" VALUES(6,'2026-11-20T09:07:20.000Z','mark','Your chat assignment request to Martha has timed out.',3,NULL,NULL);
INSERT INTO "notifications" VALUES(7,'2026-11-20T09:07:20.000Z','martha','The chat assignment request from Mark has timed out.',3,NULL,'2026-11-20T09:19:50.000Z');
INSERT INTO "notifications" VALUES(8,'2026-11-20T09:07:20.000Z','kim','Mark has sent you a chat assignment request.',4,NULL,NULL);
INSERT INTO "notifications" VALUES(9,'2026-11-20T09:07:50.000Z','mark','Kim has accepted your chat assignment request.',4,NULL,NULL);
INSERT INTO "notifications" VALUES(10,'2026-11-20T09:08:20.000Z','omar','Maria has sent you a chat assignment request.',5,NULL,NULL);
INSERT INTO "notifications" VALUES(11,'2026-11-20T09:08:50.000Z','omar','Maria has withdrawn the chat assignment request.',5,NULL,NULL);
INSERT INTO "notifications" VALUES(12,'2026-11-20T09:09:20.000Z','omar','Maria has assigned 2 chats to you.',NULL,1,NULL);
INSERT INTO "notifications" VALUES(13,'2026-11-20T09:09:20.000Z','kim','Maria has assigned 1 chat to you.',NULL,1,NULL);
INSERT INTO "notifications" VALUES(14,'2026-11-20T09:09:50.000Z','martha','Maria has undone batch 1: 2 chats went back to you.',NULL,1,'2026-11-20T09:19:50.000Z');
INSERT INTO "notifications" VALUES(15,'2026-11-20T09:09:50.000Z','mark','Maria has undone batch 1: 1 chat went back to you.',NULL,1,NULL);
INSERT INTO "notifications" VALUES(16,'2026-11-20T09:09:50.000Z','kim','Maria has undone batch 1: 1 chat went back from you.',NULL,1,NULL);
INSERT INTO "notifications" VALUES(17,'2026-11-20T09:09:50.000Z','omar','Maria has undone batch 1: 2 chats went back from you.',NULL,1,NULL);
INSERT INTO "notifications" VALUES(18,'2026-11-20T09:10:20.000Z','mark','Maria has assigned 1 chat to you.',NULL,2,NULL);
INSERT INTO "notifications" VALUES(19,'2026-11-20T09:10:50.000Z','martha','Maria has assigned 1 chat to you.',NULL,3,'2026-11-20T09:19:50.000Z');
INSERT INTO "notifications" VALUES(20,'2026-11-20T09:11:50.000Z','omar','Kim has sent you a chat assignment request.',6,NULL,NULL);
INSERT INTO "notifications" VALUES(21,'2026-11-20T09:12:20.000Z','kim','Your chat assignment request to Omar Farouk was cancelled.',6,NULL,NULL);
INSERT INTO "notifications" VALUES(22,'2026-11-20T09:12:20.000Z','omar','The chat assignment request from Kim was cancelled.',6,NULL,NULL);
INSERT INTO "notifications" VALUES(23,'2026-11-20T09:12:20.000Z','martha','Maria has assigned 1 chat to you.',NULL,4,'2026-11-20T09:19:50.000Z');
INSERT INTO "notifications" VALUES(24,'2026-11-20T09:14:50.000Z','martha','root has assigned 1 chat to you.',NULL,5,'2026-11-20T09:19:50.000Z');
INSERT INTO "notifications" VALUES(25,'2026-11-20T09:18:20.000Z','mark','root has assigned 1 chat to you by an import.',NULL,NULL,NULL);
INSERT INTO "notifications" VALUES(26,'2026-11-20T09:19:20.000Z','martha','Mark T. has sent you a chat assignment request.',7,NULL,'2026-11-20T09:19:50.000Z');
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
INSERT INTO "requests" VALUES(1,'chat-1','mark','martha','user','accepted','Please: "VIP"
second',NULL,'2026-11-20T09:02:00.000Z','2026-11-20T09:04:00.000Z','2026-11-20T09:02:30.000Z','mark',NULL,NULL);
INSERT INTO "requests" VALUES(2,'chat-2','mark','omar','user','rejected','chain','Busy','2026-11-20T09:03:00.000Z','2026-11-20T09:05:00.000Z','2026-11-20T09:03:30.000Z','mark',NULL,'["martha", "kim"]');
INSERT INTO "requests" VALUES(3,'chat-2','mark','martha','user','timed_out','chain',NULL,'2026-11-20T09:03:30.000Z','2026-11-20T09:05:30.000Z','2026-11-20T09:05:30.000Z','mark',2,'["kim"]');
INSERT INTO "requests" VALUES(4,'chat-2','mark','kim','manager','accepted','chain',NULL,'2026-11-20T09:07:20.000Z','2026-11-20T09:09:20.000Z','2026-11-20T09:07:50.000Z','mark',3,NULL);
INSERT INTO "requests" VALUES(5,'chat-3','maria','omar','user','withdrawn',NULL,'No','2026-11-20T09:08:20.000Z',NULL,'2026-11-20T09:08:50.000Z','mark',NULL,NULL);
INSERT INTO "requests" VALUES(6,'c-3','kim','omar','user','cancelled',NULL,'Assigned directly','2026-11-20T09:11:50.000Z','2026-11-20T09:13:50.000Z','2026-11-20T09:12:20.000Z','kim',NULL,NULL);
INSERT INTO "requests" VALUES(7,'c-1','mark','martha','user','pending',NULL,NULL,'2026-11-20T09:19:20.000Z','2026-11-20T09:24:20.000Z',NULL,'mark',NULL,'["omar"]');
CREATE TABLE seals (
        last_id INTEGER PRIMARY KEY,
        first_id INTEGER NOT NULL,
        varying TEXT NOT NULL,
        marks TEXT NOT NULL,
        hash TEXT NOT NULL
    );
INSERT INTO "seals" VALUES(9,1,'event chat_id to_user detail','170a428599f9f5feadacb9ddc0e83904392c6f6d4eb2bd9dd517f1f22a8657f7319cbcdb','c470a53b3f3a1d1a5356e25b017267588c3c603fe2ad0972208ba6b1bcefc40f');
INSERT INTO "seals" VALUES(12,10,'event detail','df14ceaaf80b4da009c67efc','8c0ef05892b6b515c2b338b42277fed08f600d628a80f2e046a3c4349a80d927');
INSERT INTO "seals" VALUES(16,13,'chat_id to_user detail','c9d0cbb85fdf1b3320dffc6d961feccf','95a90177a42e73b61dffd518717ff9c6187eea5ee9410317c651327bb4fe2aef');
INSERT INTO "seals" VALUES(17,17,'','5b461f89','b3ce3629b81575173551061590a0386ea938697e10965bd99f8256d376d3e2d7');
INSERT INTO "seals" VALUES(18,18,'','8de7b55a','187d0288779b035a40855d4f2a9e8111096b628dff482253f37e0cfb058a02a5');
INSERT INTO "seals" VALUES(19,19,'','4ee1a098','7b14cd12d2f212a6e30bf0349ad37abb30969c9ac27baebd8c55efb9c64a5f47');
INSERT INTO "seals" VALUES(21,20,'event actor request_id to_user status reason detail','30fa086bf696011f','c8f96c27fac1433e7f1f73796a7eb45e84159b53cf1aedee93d8e8b0fb9a99fe');
INSERT INTO "seals" VALUES(22,22,'','3c331f96','31bf4f690bb58cc10d61d6de5e70d6a033d5de569ea323f5893520efed15aa70');
INSERT INTO "seals" VALUES(23,23,'','899273ad','2318f5c9ac999fca75c9139c52d178955d9b1ab141d7743bef88a1260104c12b');
INSERT INTO "seals" VALUES(24,24,'','2b2ba92a','98fb5c6cbc1429b0089bcb71dcf228ce3be1b60476ba87d01ac9648a42cc0a2b');
INSERT INTO "seals" VALUES(25,25,'','e022d5de','884217a5f6835ae682275a72a780e43e37690699c0f47c4024a5663f94d0d8a5');
INSERT INTO "seals" VALUES(26,26,'','bf5d8b20','5a0e6c951523fd11e66cffe55ba745e395b7606655b3993331745a6cf2bb87af');
INSERT INTO "seals" VALUES(27,27,'','307d0def','852b77b93e65bf2706559b738d8d715f7a4460664779197e5f4150f70a7a1127');
INSERT INTO "seals" VALUES(28,28,'','a860b493','5be4067fa281413030f9f0939eac494eab34c3bd4efdb3c74678cc418becab97');
INSERT INTO "seals" VALUES(29,29,'','bfe77850','891f2f701a83627490d11ad7e5c5ad6865464afd3fe8b1f7c94531bd231f8df4');
INSERT INTO "seals" VALUES(32,30,'chat_id from_user to_user','63bced2fa08e9031e76a761a','f96a964dc2590731bed905b6395c47f491aa2d6bed0c6ad92dc46e64369f663f');
INSERT INTO "seals" VALUES(33,33,'','a3aec0fb','f0f5de7ed8040d564b61c3ed5a91409fed83998439a2cbbba78406f4f9e2d822');
INSERT INTO "seals" VALUES(34,34,'','b380134e','a588fe1b8c955937f971e48deee2f2fbeb59692850d68fbea224fb92a1e6a1d2');
INSERT INTO "seals" VALUES(35,35,'','52698c7b','e05e7b5e9341e023abdd470426f5171f1f028b9caaef50ab3b10958d13f5a0e1');
INSERT INTO "seals" VALUES(36,36,'','910abb6e','293371d067a7a8d198583db9f516bd47953bcd6525249f8e277065de2b717c98');
INSERT INTO "seals" VALUES(37,37,'','135990cb','c1d5a72f182233df623d0b189ccde9bec785eeb0932ef05dcddbd0c29f3867a4');
INSERT INTO "seals" VALUES(38,38,'','c2b63462','73da960e4cedaa70bd290a2e59b354895b332f1e798059e67092d831a250e830');
INSERT INTO "seals" VALUES(39,39,'','2e4201ca','d117a9e07bbbc80c6a7ddc95e5ee95d14f81018e67da2a681854f4e6e5d5c803');
INSERT INTO "seals" VALUES(40,40,'','3310051c','285e4b46f6f3bc14c6e15fd2dab2457747402bf64d60631d23b5b3c5fa693f4c');
INSERT INTO "seals" VALUES(41,41,'','6c668bfc','6759ddd799bdffbe6abe9b96ff7c40b1de6a1a71b02a674117806da328478640');
INSERT INTO "seals" VALUES(42,42,'','609b4110','cd2d4b5f653e8167cd51f280485879ae4ff1992cfbf70d0090e6fa2325d3fd2c');
INSERT INTO "seals" VALUES(43,43,'','08289266','28c7777a2edc5f8616325e8bff0928afefbd97d6c664b7d6ea97a49a50f8bc72');
INSERT INTO "seals" VALUES(44,44,'','367d7de9','978216eedb8c90ab43815508218ce08d85a19d1224b4a08e950b05ce428fdb70');
INSERT INTO "seals" VALUES(45,45,'','bf50b22c','f264f94b0beb9da089e0174530d5b10362cd426119c4acafa3338868e1f73fd5');
INSERT INTO "seals" VALUES(46,46,'','2cf5bae7','d422b21fee83e27ebe71233add5414333e8e3201ce04b0a701df1e0f05ef1070');
INSERT INTO "seals" VALUES(47,47,'','1b00f788','11ad6e96595fcc5435afce966be6f4545f2e6fabd65122950c35dbdeb210dfd9');
INSERT INTO "seals" VALUES(48,48,'','7c37b1d5','4405d3fc8bd358b6de84eccdd2ad6a9b4c3430fbc1141d97c70bafec4f774504');
INSERT INTO "seals" VALUES(49,49,'','d2f190c0','6c16f3bef589d66c33ed7ed01b07b5455035d97763a9d4fac0a26e04e40a32f5');
INSERT INTO "seals" VALUES(52,50,'chat_id from_user to_user detail','ea1c4d4eb76937f97167e225','9c19fb8eb2a56c344d4f537257a8d64b3e14e4f0d8ef643dcbc7914aa4c3d73f');
INSERT INTO "seals" VALUES(53,53,'','e5599965','fb305ecc750f6a219027dbdc8a7a78bf0b06034720f95dd36a69eb66b52b8dc9');
INSERT INTO "seals" VALUES(54,54,'','5803c6b5','b049d51f771845302e2f94c424c1fa6cb376e1ad59d809d7c379498028cf157f');
CREATE TABLE users (
        id TEXT PRIMARY KEY NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('user', 'manager')),
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        created_at TEXT NOT NULL,
        away_until TEXT
    );
INSERT INTO "users" VALUES('mark','Mark T.','manager',1,'2026-11-20T09:00:30.000Z',NULL);
INSERT INTO "users" VALUES('martha','Martha','user',1,'2026-11-20T09:00:30.000Z',NULL);
INSERT INTO "users" VALUES('omar','Omar Farouk','user',1,'2026-11-20T09:00:30.000Z','2026-12-24T00:00:00.000Z');
INSERT INTO "users" VALUES('maria','Maria','manager',1,'2026-11-20T09:00:30.000Z',NULL);
INSERT INTO "users" VALUES('jane','Jane','user',0,'2026-11-20T09:01:00.000Z',NULL);
INSERT INTO "users" VALUES('kim','Kim','manager',0,'2026-11-20T09:01:00.000Z',NULL);
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
CREATE TRIGGER seals_no_update BEFORE UPDATE ON seals
    BEGIN SELECT RAISE(ABORT, 'seals is append-only'); END;
CREATE TRIGGER seals_no_delete BEFORE DELETE ON seals
    BEGIN SELECT RAISE(ABORT, 'seals is append-only'); END;
CREATE TRIGGER seals_no_replace BEFORE INSERT ON seals
    WHEN EXISTS (SELECT 1 FROM seals WHERE last_id = NEW.last_id)
    BEGIN SELECT RAISE(ABORT, 'seals is append-only'); END;
CREATE INDEX seals_by_hash ON seals (hash);
CREATE VIEW pending_requests AS
    SELECT r.id AS request_id, r.chat_id, c.customer, r.requester_id, r.recipient_id, r.note,
        r.requested_at, r.expires_at
    FROM requests r
    JOIN chats c ON c.id = r.chat_id
    WHERE r.status = 'pending';
CREATE VIEW user_load AS
    SELECT u.id AS user_id, u.name, u.role, u.active,
        (SELECT count(*) FROM chats WHERE owner_id = u.id AND status = 'open') AS open_chats,
        (SELECT count(*) FROM chats WHERE owner_id = u.id AND status = 'closed') AS closed_chats,
        (SELECT count(*) FROM requests
            WHERE recipient_id = u.id AND status = 'pending') AS pending_received,
        (SELECT count(*) FROM requests
            WHERE requester_id = u.id AND status = 'pending') AS pending_sent
    FROM users u;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('engagement_tracking',54);
INSERT INTO "sqlite_sequence" VALUES('requests',7);
INSERT INTO "sqlite_sequence" VALUES('notifications',26);
INSERT INTO "sqlite_sequence" VALUES('batches',5);
COMMIT;
