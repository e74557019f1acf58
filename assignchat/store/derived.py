"""The columns of tables that tracking tells: each derived from it, and compared.

A tracking row that an older version has appended tells less. What it lacks is not compared.
"""

from collections.abc import Iterator, Mapping

from assignchat.model import NOT_TAKEN, OWNERSHIP_EVENTS, SYSTEM, Event, Status
from assignchat.namedtuples import NamedTuple
from assignchat.store import derivednotices
from assignchat.store.database import Database
from assignchat.store.sql import one_of, with_named
from assignchat.texts import folded


class Difference(NamedTuple):
    """A column of a row that is not as tracking tells, with the id of the row."""

    table: str
    key: object
    column: str


class Derived(NamedTuple):
    """The rows of a table beside what tells of them, and when each column differs."""

    table: str
    key: str
    source: str
    differs: Mapping[str, str]

    def sql(self, number: int = 0) -> str:
        """Select a number, the row's id, and the sum of a power of two for each difference."""
        marks = " + ".join(
            f"CASE WHEN {differs} THEN {2**place} ELSE 0 END"
            for place, differs in enumerate(self.differs.values())
        )
        return (
            f"SELECT number, row_key, marks FROM (SELECT {number} AS number,"
            f" CAST({self.key} AS TEXT) AS row_key, {marks} AS marks FROM {self.source})"
            " AS compared WHERE marks > 0"
        )

    def differences(self, key: object, marks: int) -> Iterator[Difference]:
        """Yield the differences of a row that this selected."""
        for place, column in enumerate(self.differs):
            if marks & 2**place:
                yield Difference(self.table, key, column)


def differences(database: Database) -> Iterator[Difference]:
    """Yield each column of each row that is not as tracking tells, table by table."""
    every = derivations(database)
    arms = " UNION ALL ".join(derived.sql(place) for place, derived in enumerate(every))
    found = database.tuples(
        f"{_named_subqueries(database)} SELECT number, row_key, marks FROM ({arms}) AS differing"
        " ORDER BY number, length(row_key), row_key",
        many=True,
    )
    doubted: set[object] = set()
    for number, key, marks in found:
        for difference in every[number].differences(key, marks):
            if difference.table == "requests" and difference.column in derivednotices.JUDGED_BY:
                doubted.add(key)
            if difference.table != "notifications" or not derivednotices.is_about(
                database, key, doubted
            ):
                yield difference
    aliases = database.tuples("SELECT alias, user_id, folded FROM user_aliases", many=True)
    for alias, user_id, form in aliases:
        if not isinstance(alias, str) or folded(alias) != form:
            yield Difference("user_aliases", user_id, "folded")
    of_imports = derivednotices.differing_of_imports(
        database, {"of_users": _of_users(database), "names": _values(database, "name")}
    )
    for notification_id, column in of_imports:
        yield Difference("notifications", notification_id, column)


def derivations(database: Database) -> list[Derived]:
    """List what is derived and compared."""
    return [
        _users(database),
        _owners(),
        _chats(database),
        _requests(database),
        _batches(),
        _recipients(),
        _notifications("of_requests", derivednotices.of_requests()),
        _notifications("of_batches", derivednotices.of_batches()),
    ]


def _told(database: Database, row: str, path: str) -> str:
    # What was changed by hand need not be JSON.
    return database.json_at(database.json_if_valid(f"{row}.detail"), path)


def _tells(database: Database, row: str, key: str) -> str:
    return database.json_has(database.json_if_valid(f"{row}.detail"), key)


def _named_subqueries(database: Database) -> str:
    subqueries = {
        "of_users": _of_users(database),
        "newest": _newest_of_users(database),
        "roles": _values(database, "role"),
        "names": _values(database, "name"),
        **_OF_BATCHES,
        "moved": derivednotices.MOVED,
    }
    return with_named(subqueries)


# Users. Each column has the value that the last row names which is about it.

_USER_COLUMNS = ("name", "role", "active", "away_until", "capacity", "aliases")


def _of_users(database: Database) -> str:
    events = one_of((Event.USER_ADDED, Event.USER_CHANGED, Event.USER_DEACTIVATED))
    return (
        "SELECT t.id, t.event, t.at, t.detail,"
        # Only a text is looked up by an index that is made for a join of texts.
        f" CAST({_told(database, 't', 'id')} AS TEXT) AS user_id"
        f" FROM engagement_tracking t WHERE t.event IN {events}"
    )


def _about_user(database: Database, column: str) -> str:
    deactivated = " OR t.event = 'user_deactivated'" if column == "active" else ""
    return f"(t.event = 'user_added' OR {_tells(database, 't', column)}{deactivated})"


def _newest_of_users(database: Database) -> str:
    rows = ", ".join(
        f"max(CASE WHEN {_about_user(database, column)} THEN t.id END) AS {column}_row"
        for column in _USER_COLUMNS
    )
    return (
        f"SELECT t.user_id, min(t.at) AS added_at, {rows} FROM of_users t"
        " WHERE t.user_id IS NOT NULL GROUP BY t.user_id"
    )


def _user_value(database: Database, row: str, column: str) -> str:
    return (
        f"CASE {row}.event WHEN 'user_added' THEN {_told(database, row, column)}"
        f" WHEN 'user_changed' THEN {_told(database, row, f'{column}[1]')} END"
    )


def _users(database: Database) -> Derived:
    values = {c: _user_value(database, f"{c}_told", c) for c in _USER_COLUMNS}
    texts = {c: f"CAST({values[c]} AS TEXT)" for c in _USER_COLUMNS}
    aliases = database.json_list("alias", "FROM user_aliases a WHERE a.user_id = u.id")
    joins = "".join(
        f" LEFT JOIN engagement_tracking {column}_told ON {column}_told.id = newest.{column}_row"
        for column in _USER_COLUMNS
    )
    return Derived(
        "users",
        "known.id",
        "(SELECT id FROM users UNION SELECT user_id FROM newest) AS known"
        " LEFT JOIN users u ON u.id = known.id"
        f" LEFT JOIN newest ON newest.user_id = known.id{joins}",
        {
            "id": "u.id IS NULL OR newest.user_id IS NULL",
            "name": f"u.name IS DISTINCT FROM {values['name']}",
            "role": f"u.role IS DISTINCT FROM {values['role']}",
            "active": "CASE WHEN u.active = 1 THEN 1 ELSE 0 END IS DISTINCT FROM"
            f" CASE WHEN {texts['active']} IN ('1', 'true') THEN 1 ELSE 0 END",
            "away_until": f"u.away_until IS DISTINCT FROM {values['away_until']}",
            "capacity": f"CAST(u.capacity AS TEXT) IS DISTINCT FROM {texts['capacity']}",
            "created_at": "u.created_at IS DISTINCT FROM newest.added_at",
            "aliases": f"{database.json_spelled(aliases)} IS DISTINCT FROM"
            f" coalesce({values['aliases']}, '[]')",
        },
    )


def _values(database: Database, column: str) -> str:
    """Write the SQL of the values of a column of users, each from one tracking row to another."""
    return (
        f"SELECT t.user_id, {_user_value(database, 't', column)} AS {column}, t.id AS since,"
        " lead(t.id) OVER (PARTITION BY t.user_id ORDER BY t.id) AS until FROM of_users t"
        f" WHERE {_about_user(database, column)}"
    )


def _role_at(row: str, user: str) -> str:
    return (
        f" LEFT JOIN roles ON roles.user_id = {user} AND roles.since < {row}"
        f" AND (roles.until IS NULL OR roles.until > {row})"
    )


# Chats, each beside its last row about the owner. For the other columns, which seldom change,
# the rows are read in their order, and what differs from one is looked for in later ones: that
# takes half the time of a group for each chat.

_OWNERSHIP = one_of(OWNERSHIP_EVENTS)


def _owners() -> Derived:
    newest = (
        "SELECT t.to_user FROM engagement_tracking t WHERE t.chat_id = c.id"
        f" AND t.event IN {_OWNERSHIP} ORDER BY t.id DESC LIMIT 1"
    )
    return Derived(
        "chats", "c.id", "chats c", {"owner_id": f"c.owner_id IS DISTINCT FROM ({newest})"}
    )


def _is_last(database: Database, *keys: str, events: tuple[str, ...] = ()) -> str:
    told = " OR ".join(_tells(database, "later", key) for key in keys)
    by_event = f"later.event IN {one_of(events)} OR " if events else ""
    return (
        "NOT EXISTS (SELECT 1 FROM engagement_tracking later WHERE later.chat_id = t.chat_id"
        f" AND later.id > t.id AND ({by_event}(later.event = 'imported' AND ({told}))))"
    )


def _chats(database: Database) -> Derived:
    status, customer, opened_at, closed_at = (
        _told(database, "t", f"{column}[1]")
        for column in ("status", "customer", "opened_at", "closed_at")
    )
    tells_status, tells_all, tells_closed = (
        _tells(database, "t", column) for column in ("status", "customer", "closed_at")
    )
    states = ("closed", "reopened")
    return Derived(
        "chats",
        "c.id",
        "engagement_tracking t LEFT JOIN chats c ON c.id = t.chat_id"
        " WHERE t.event IN ('opened', 'imported', 'closed', 'reopened')",
        {
            "status": f"c.status <> CASE t.event WHEN 'closed' THEN 'closed'"
            f" WHEN 'imported' THEN {status} ELSE 'open' END"
            f" AND {_is_last(database, 'status', events=states)}",
            "customer": f"c.customer <> {customer} AND {_is_last(database, 'customer')}",
            # A chat that was imported without the time was opened then, if the row tells all.
            "opened_at": "c.opened_at <> CASE t.event WHEN 'opened' THEN t.at WHEN 'imported'"
            f" THEN coalesce({opened_at}, CASE WHEN t.from_user IS NULL AND {tells_all}"
            f" THEN t.at END) END AND {_is_last(database, 'opened_at')}",
            "closed_at": "c.closed_at IS DISTINCT FROM CASE t.event WHEN 'closed' THEN t.at"
            f" WHEN 'imported' THEN CASE WHEN {tells_closed} THEN {closed_at}"
            f" WHEN t.from_user IS NOT NULL AND {status} = 'closed' THEN t.at END END"
            f" AND (t.event <> 'imported' OR {tells_status} OR {tells_closed})"
            f" AND {_is_last(database, 'status', 'closed_at', events=states)}",
        },
    )


# Requests: `q` is the row that sent one, `l` the last about it, `p` the request before it.

_SENT = (
    "LEFT JOIN engagement_tracking q ON q.id = (SELECT min(t.id)"
    " FROM engagement_tracking t WHERE t.request_id = r.id AND t.event = 'requested')"
    " LEFT JOIN requests p ON p.id = r.previous_request_id"
)


def _terms(database: Database) -> dict[str, str]:
    """Return when columns differ by which somebody may act, gets the chat, or is asked next."""
    fallbacks = database.json_spelled(database.json_if_valid("r.fallbacks"))
    told, tells_terms = _told(database, "q", "fallbacks"), _tells(database, "q", "note")
    return {
        "chat_id": "r.chat_id IS DISTINCT FROM q.chat_id",
        "requester_id": "r.requester_id IS DISTINCT FROM"
        f" CASE WHEN {tells_terms}"
        f" THEN coalesce({_told(database, 'q', 'requester_id')}, q.actor)"
        f" WHEN q.actor = '{SYSTEM}' THEN coalesce(p.requester_id, q.actor) ELSE q.actor END",
        "recipient_id": "r.recipient_id IS DISTINCT FROM q.to_user",
        "from_user": "r.from_user IS DISTINCT FROM q.from_user",
        "fallbacks": f"({told} IS NOT NULL AND {fallbacks} IS DISTINCT FROM {told})"
        f" OR ({tells_terms} AND {told} IS NULL AND r.fallbacks IS NOT NULL)",
    }


def _requests(database: Database) -> Derived:
    deadline = _told(database, "q", "expires_at")
    tells_terms = _tells(database, "q", "note")
    previous = f"CAST({_told(database, 'q', 'previous_request_id')} AS TEXT)"
    return Derived(
        "requests",
        "r.id",
        f"requests r {_SENT} LEFT JOIN engagement_tracking l ON l.id = (SELECT max(t.id)"
        " FROM engagement_tracking t WHERE t.request_id = r.id AND t.event <> 'user_changed')"
        f"{_role_at('q.id', 'q.to_user')}",
        {
            **_terms(database),
            "recipient_id": "r.recipient_id IS DISTINCT FROM q.to_user"
            " OR r.recipient_id IS DISTINCT FROM l.to_user",
            "previous_request_id": f"(CASE WHEN {tells_terms} THEN"
            f" CAST(r.previous_request_id AS TEXT) IS NOT DISTINCT FROM {previous}"
            " WHEN r.previous_request_id IS NULL THEN 1 = 1"
            f" ELSE q.actor = '{SYSTEM}' AND p.id < r.id AND p.chat_id = r.chat_id"
            f" AND p.status IN {one_of(NOT_TAKEN)} END) IS NOT TRUE",
            "recipient_role": "r.recipient_role IS DISTINCT FROM roles.role",
            "note": f"{tells_terms} AND r.note IS DISTINCT FROM {_told(database, 'q', 'note')}",
            "requested_at": "r.requested_at IS DISTINCT FROM q.at",
            "expires_at": f"r.expires_at IS DISTINCT FROM {deadline}",
            "status": "r.status IS DISTINCT FROM l.status",
            "reason": "r.reason IS DISTINCT FROM l.reason",
            "resolved_at": "r.status = l.status AND r.resolved_at IS DISTINCT FROM CASE l.status"
            f" WHEN '{Status.PENDING}' THEN NULL"
            f" WHEN '{Status.TIMED_OUT}' THEN {deadline} ELSE l.at END",
        },
    )


# Batches, and how many chats their rows count.

_OF_BATCH = "t.batch_id IS NOT NULL AND t.event IN ('assigned', 'undone')"
_COUNTS = "count(*) AS chats, min(t.id) AS first_row"
_ARE_ALIKE = (
    "a.event = a.last_event AND a.from_user = a.last_from AND a.to_user = a.last_to"
    " AND a.chats = a.senders AND a.chats = a.receivers"
)

# A batch mostly takes from one user for one other; only what differs within one is sorted.
_OF_BATCHES = {
    "every_batch": "SELECT t.batch_id, min(t.event) AS event, max(t.event) AS last_event,"
    " min(t.from_user) AS from_user, max(t.from_user) AS last_from, min(t.to_user) AS to_user,"
    " max(t.to_user) AS last_to, count(t.from_user) AS senders, count(t.to_user) AS receivers,"
    f" {_COUNTS} FROM engagement_tracking t WHERE {_OF_BATCH} GROUP BY t.batch_id",
    "counted": "SELECT a.batch_id, a.event, a.from_user, CAST(a.to_user AS TEXT) AS to_user,"
    " a.chats, a.first_row"
    f" FROM every_batch a WHERE {_ARE_ALIKE} UNION ALL"
    f" SELECT t.batch_id, t.event, t.from_user, t.to_user, {_COUNTS}"
    f" FROM every_batch a JOIN engagement_tracking t ON t.batch_id = a.batch_id WHERE {_OF_BATCH}"
    f" AND ({_ARE_ALIKE}) IS NOT TRUE GROUP BY t.batch_id, t.event, t.from_user, t.to_user",
    "began": "SELECT batch_id, event, min(first_row) AS first_row FROM counted"
    " GROUP BY batch_id, event",
    "given": "SELECT batch_id, to_user, sum(chats) AS chats, min(first_row) AS first_row"
    " FROM counted WHERE event = 'assigned' GROUP BY batch_id, to_user",
}


def _batches() -> Derived:
    unmoved = (
        "SELECT 1 FROM engagement_tracking t WHERE t.batch_id = b.id AND t.event = 'assigned'"
        " AND NOT EXISTS (SELECT 1 FROM engagement_tracking later"
        " WHERE later.chat_id = t.chat_id AND later.id > t.id"
        f" AND later.event IN {_OWNERSHIP} AND later.from_user <> later.to_user)"
    )
    return Derived(
        "batches",
        "known.id",
        "(SELECT id FROM batches UNION SELECT batch_id FROM began) AS known"
        " LEFT JOIN batches b ON b.id = known.id"
        " LEFT JOIN began ON began.batch_id = known.id AND began.event = 'assigned'"
        " LEFT JOIN engagement_tracking assigned ON assigned.id = began.first_row"
        " LEFT JOIN began ended ON ended.batch_id = known.id AND ended.event = 'undone'"
        " LEFT JOIN engagement_tracking undone ON undone.id = ended.first_row",
        {
            "at": "b.at IS DISTINCT FROM assigned.at",
            "actor": "b.actor IS DISTINCT FROM assigned.actor",
            "reason": "b.reason IS DISTINCT FROM assigned.reason",
            # An undo leaves no row if it gives nothing back, because all chats have moved since.
            "undone_at": "b.undone_at IS DISTINCT FROM undone.at"
            f" AND (undone.at IS NOT NULL OR EXISTS ({unmoved}))",
        },
    )


def _recipients() -> Derived:
    return Derived(
        "batch_recipients",
        "known.batch_id",
        "(SELECT batch_id, user_id FROM batch_recipients"
        " UNION SELECT batch_id, to_user FROM given) AS known"
        " LEFT JOIN batch_recipients b ON b.batch_id = known.batch_id"
        " AND b.user_id = known.user_id"
        " LEFT JOIN given ON given.batch_id = known.batch_id AND given.to_user = known.user_id"
        f"{_role_at('given.first_row', 'known.user_id')}",
        {
            "assigned": "b.assigned IS DISTINCT FROM given.chats",
            "role": "b.role IS DISTINCT FROM roles.role",
        },
    )


# Notifications came when something happened to a request or a batch, to its parties, and say it.


def _notifications(subject: str, told: str) -> Derived:
    wrong = {
        "at": derivednotices.AT,
        "recipient_id": derivednotices.RECIPIENT,
        "text": derivednotices.TEXT,
    }
    return Derived(
        "notifications",
        f"{subject}.id",
        f"({told}) AS {subject}",
        {column: f"{subject}.wrong = {number}" for column, number in wrong.items()},
    )
