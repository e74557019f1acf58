"""The table of requests: adding, finding, and settling one or many."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import takewhile
from typing import Any, TypedDict

from assignchat.errors import DatabaseDamaged
from assignchat.model import ANSWERS, Party, Request, Status, TrackingRow, Transition
from assignchat.namedtuples import NamedTuple
from assignchat.shell import command_line
from assignchat.store import notifications, seals, strict, tracking
from assignchat.store.database import Database
from assignchat.store.sql import (
    BEFORE_DEADLINE,
    COLUMNS_WITH_DEADLINE,
    OVERDUE,
    PAST_DEADLINE,
    Params,
    Which,
    insert_into,
    one_of,
    page,
    where,
)

_COMPUTED = COLUMNS_WITH_DEADLINE | {"customer": "c.customer"}
_COLUMNS = ", ".join(_COMPUTED.get(name, f"r.{name}") for name in Request._fields)
# A request whose chat is gone must not seem to be gone itself.
_SOURCE = "FROM requests r LEFT JOIN chats c ON c.id = r.chat_id"
_ROW_COLUMNS = ", ".join(f"t.{name}" for name in TrackingRow._fields)


class Filters(TypedDict, total=False):
    """The filters of a list of requests. Only requests that match all of them are listed."""

    status: str | None
    chat: str | None
    requester: str | None
    recipient: str | None
    from_user: str | None


_FILTERS = {
    "chat": "r.chat_id = :chat",
    "requester": "r.requester_id = :requester",
    "recipient": "r.recipient_id = :recipient",
    "from_user": "r.from_user = :from_user",
}
# Written so that each can use an index on the stored status.
_STATUS_FILTERS = {
    "pending": f"r.status = 'pending' AND {BEFORE_DEADLINE}",
    "timed_out": f"(r.status = 'timed_out' OR ({OVERDUE}))",
}


def _requests(
    database: Database, sql: str, params: Params, *, many: bool = False
) -> Iterator[Request]:
    select = f"SELECT {_COLUMNS} {_SOURCE} {sql}"
    return _made(database, database.tuples(select, {**params, "now": database.now}, many=many))


def _made(database: Database, rows: Iterable[tuple[Any, ...]]) -> Iterator[Request]:
    for row in strict.made(Request, rows, database.location):
        # Fallbacks are stored as text; most requests have none.
        fallbacks = tuple(json.loads(str(row.fallbacks))) if row.fallbacks else ()
        yield Request._make((*row[:-1], fallbacks))


def get(database: Database, request_id: int) -> Request | None:
    """Find the request with this id. Returns None if there is none."""
    return next(_requests(database, "WHERE r.id = :id", {"id": request_id}), None)


def get_with_rows(database: Database, request_id: int) -> tuple[Request | None, list[TrackingRow]]:
    """Find the request with this id, and with one statement the tracking rows about it.

    Rows that somebody has put there by hand are left out: see `tracking.of_request`.
    """
    found = list(
        database.tuples(
            f"SELECT {_COLUMNS}, {_ROW_COLUMNS} {_SOURCE} LEFT JOIN engagement_tracking t"
            f" ON t.request_id = r.id AND {tracking.NOT_BY_HAND} WHERE r.id = :id ORDER BY t.id",
            {"id": request_id, "now": database.now, "before": database.tracked_before},
        )
    )
    width = len(Request._fields)
    request = next(_made(database, (row[:width] for row in found[:1])), None)
    rows = (row[width:] for row in found if row[width] is not None)
    return request, list(strict.made(TrackingRow, rows, database.location))


def newest_of_chat(database: Database, chat_id: str) -> Request | None:
    """Find the newest request on a chat, which alone may be pending. Returns None without one."""
    return next(matching(database, {"chat": chat_id}, limit=1, newest_first=True), None)


def following(database: Database, request: Request) -> Request | None:
    """Find the request that was sent because this one ended without a yes, if there is one."""
    whose = "WHERE r.chat_id = :chat AND r.previous_request_id = :id"
    return next(_requests(database, whose, {"chat": request.chat_id, "id": request.id}), None)


def matching(
    database: Database, given: Filters, *, limit: int | None = None, newest_first: bool = False
) -> Iterator[Request]:
    """Yield the requests that match the filters."""
    filters = dict(_FILTERS)
    status = given.get("status")
    if status is not None:
        filters["status"] = _STATUS_FILTERS.get(status, "r.status = :status")
    # The sign keeps SQLite from walking all requests in their order to find the few pending.
    column = "+r.id" if status == "pending" else "r.id"
    order = page(column, limit=limit, newest_first=newest_first)
    return _requests(database, f"{where(filters, given)} {order}", given, many=limit is None)


def pending(database: Database, which: Which) -> list[Request]:
    """List those of some requests that are recorded as pending."""
    sql = f"WHERE r.status = 'pending' AND {which.sql} ORDER BY r.id"
    return list(_requests(database, sql, which.params))


class NewRequest(NamedTuple):
    """The columns of a new request. `fallbacks` are the users to ask next, in order."""

    chat_id: str
    requester_id: str
    recipient_id: str
    recipient_role: str
    from_user: str
    note: str | None
    expires_at: str | None
    fallbacks: Sequence[str]
    previous_request_id: int | None = None


def add(database: Database, new: NewRequest) -> int:
    """Insert a pending request. Returns its id."""
    fallbacks = json.dumps(new.fallbacks, ensure_ascii=False) if new.fallbacks else None
    values = {
        **new._asdict(),
        "fallbacks": fallbacks,
        "status": Status.PENDING,
        "requested_at": database.now,
    }
    return database.insert(f"{insert_into('requests', values)} RETURNING id", values)


def this(request_id: int) -> Which:
    """Return the condition for the request with this id."""
    return Which("r.id = :id", {"id": request_id})


def on_chat(chat_id: str) -> Which:
    """Return the condition for the requests on a chat."""
    return Which("r.chat_id = :chat", {"chat": chat_id})


def received_by(user_id: str) -> Which:
    """Return the condition for the requests that a user got."""
    return Which("r.recipient_id = :user", {"user": user_id})


def sent_or_received_by(user_id: str) -> Which:
    """Return the condition for the requests that a user sent or got."""
    return Which("(r.requester_id = :user OR r.recipient_id = :user)", {"user": user_id})


def involving(user_id: str) -> Which:
    """Return the condition for the requests that a user sent or got, or that are on their chats."""
    return Which(
        "(r.requester_id = :user OR r.recipient_id = :user OR r.from_user = :user)",
        {"user": user_id},
    )


def between(first: int, last: int) -> Which:
    """Return the condition for the requests with these ids and all between them."""
    return Which("r.id BETWEEN :first AND :last", {"first": first, "last": last})


def past_deadline(which: Which | None = None) -> Which:
    """Return the condition for those of some requests, or of all, whose deadline has passed."""
    return PAST_DEADLINE if which is None else which & PAST_DEADLINE


class Settled(NamedTuple):
    """Requests that are settled, also by their ids, and the ids of those whose chain goes on.

    `which` holds until others are settled.
    """

    which: Which
    ids: list[int]
    with_fallbacks: list[int]


def only(request: Request) -> Settled:
    """Return a request that was read in the transaction that is to settle it."""
    return Settled(this(request.id), [request.id], [request.id] if request.fallbacks else [])


def recipients(database: Database, which: Which) -> list[str]:
    """List the ids of the users who got some requests."""
    return database.column(
        f"SELECT DISTINCT r.recipient_id FROM requests r WHERE {which.sql} ORDER BY 1",
        which.params,
    )


def missed_in_a_row(database: Database, user_id: str, at_most: int) -> list[int]:
    """List the last requests of a user that timed out, newest first, and no more than `at_most`.

    They are those since the last answer, and since the last one for which they were set away.
    """
    last = database.tuples(
        "SELECT r.id, r.status = 'timed_out' AND NOT EXISTS (SELECT 1 FROM engagement_tracking t"
        " WHERE t.request_id = r.id AND t.event = 'user_changed') FROM requests r"
        f" WHERE r.recipient_id = :user AND r.status IN {one_of((*ANSWERS, Status.TIMED_OUT))}"
        " ORDER BY r.resolved_at DESC, r.id DESC LIMIT :at_most",
        {"user": user_id, "at_most": at_most},
    )
    return [request_id for request_id, _ in takewhile(lambda row: row[1], last)]


def pending_ids(database: Database, which: Which) -> list[int]:
    """List the ids of those of some requests that are recorded as pending, in order."""
    return database.column(
        f"SELECT r.id FROM requests r WHERE r.status = 'pending' AND {which.sql} ORDER BY +r.id",
        {**which.params, "now": database.now},
    )


def any_due(database: Database) -> bool:
    """Return whether a deadline has passed that is not recorded yet."""
    return bool(
        database.value(
            f"SELECT EXISTS (SELECT 1 FROM requests r WHERE {OVERDUE})",
            {"now": database.now},
        )
    )


def settle(
    database: Database,
    transition: Transition,
    which: Which | Settled,
    *,
    actor: str,
    reason: str | None = None,
    batch_id: int | None = None,
) -> Settled:
    """Settle those of some requests that the transition applies to, one or a million.

    It applies to all that are given as `Settled`. Each gets its tracking row, and the users in
    `NOTICES` are told. Returns the ids in order.
    """
    bound = {
        "now": database.now,
        "source": transition.source,
        "target": transition.target,
        "event": transition.event,
        "actor": actor,
        "os_user": database.os_user,
        "reason": reason,
        "batch_id": batch_id,
    }
    settled = which if isinstance(which, Settled) else _collect(database, which, bound)
    if not settled.ids:
        return settled
    them = settled.which
    database.expect_tracking_rows(len(settled.ids))
    bound |= them.params
    # One that has timed out did so at its deadline, however late that is noticed.
    resolved_at = "expires_at" if transition.target == Status.TIMED_OUT else ":now"
    database.execute_soon(
        f"UPDATE requests AS r SET status = :target, reason = :reason, resolved_at = {resolved_at}"
        f" WHERE {them.sql}",
        bound,
    )
    alike = ("chat_id", "request_id", "from_user", "to_user")
    with seals.rows_varying_in(database, *alike) if len(settled.ids) > 1 else nullcontext():
        _track(database, settled, bound)
    but = None if transition.party == Party.SYSTEM else actor
    notifications.tell_parties(database, transition.event, them, but=but)
    return settled


def _collect(database: Database, which: Which, bound: Params) -> Settled:
    """Collect the requests to be settled. Raises `DatabaseDamaged` if one is no ground to act on.

    Many are collected in a table and sorted: a large sweep then walks the requests in their order.
    """
    bound = {**bound, **which.params}
    found = f"FROM requests r WHERE r.status = :source AND {which.sql}"
    # Mostly there is one at most, and a temporary table costs more than a look.
    first = database.column(f"SELECT r.id {found} LIMIT 2", bound)
    if not first:
        return Settled(this(0), [], [])
    if len(first) == 1:
        return Settled(this(first[0]), first, _with_fallbacks(database, this(first[0])))
    database.make_temporary("settling", "id INTEGER PRIMARY KEY")
    # The sign: see matching.
    database.stage_selected("settling", f"SELECT r.id {found} ORDER BY +r.id", bound)
    them = Which("r.id IN (SELECT id FROM settling)", {})
    (ids,) = database.whole_columns(["id"], "FROM settling", {})
    return Settled(them, list(ids), _with_fallbacks(database, them))


def _with_fallbacks(database: Database, collected: Which) -> list[int]:
    """List those of the collected requests whose chain goes on, in order.

    Raises `DatabaseDamaged` if one of all is no ground to act on.
    """
    found = []
    for request_id, is_unsound in database.tuples(
        f"SELECT r.id, {_UNSOUND} FROM requests r WHERE {collected.sql}"
        f" AND (r.fallbacks IS NOT NULL OR {_UNSOUND}) ORDER BY r.id",
        collected.params,
    ):
        if is_unsound:
            get(database, request_id)  # which names the column, unless it only refers to nobody
            raise DatabaseDamaged(
                f"The database {database.location} is damaged: request {request_id} has no readable"
                " deadline, or no chat, requester, recipient or owner",
                hint=command_line("check"),
            )
        found.append(request_id)
    return found


# Types need not be what is declared: a value of another one has no user and no such form.
_FAULTS = (
    "r.expires_at NOT LIKE '____-__-__T__:__:__.___Z'",
    "NOT EXISTS (SELECT 1 FROM chats c WHERE c.id = r.chat_id)",
    *(
        f"(r.{column} IN (SELECT id FROM users)) IS NOT TRUE"
        for column in ("requester_id", "recipient_id", "from_user")
    ),
)
_UNSOUND = f"({' OR '.join(_FAULTS)})"


def _track(database: Database, settled: Settled, bound: Params) -> None:
    """Append a row for each request that is settled now, which all of them must be."""
    database.change(
        len(settled.ids),
        "INSERT INTO engagement_tracking (at, event, actor, os_user, chat_id, request_id,"
        " batch_id, from_user, to_user, status, reason)"
        " SELECT :now, :event, :actor, :os_user, r.chat_id, r.id,"
        " :batch_id, r.from_user, r.recipient_id, r.status, :reason"
        f" FROM requests r WHERE {settled.which.sql} AND r.status = :target ORDER BY r.id",
        bound,
    )
