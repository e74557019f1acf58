"""Counts for the team's numbers: chats by owner, outcomes, answer times, hand-overs."""

from collections.abc import Iterator

from assignchat.model import ANSWERS, SETTLED, WITH_REASON, Status
from assignchat.namedtuples import NamedTuple
from assignchat.store.database import Database, R
from assignchat.store.sql import COLUMNS_WITH_DEADLINE, one_of


class Period(NamedTuple):
    """The time from `since` to before `until`, stored times. None means no bound."""

    since: str | None
    until: str | None


class Load(NamedTuple):
    """How many chats a user owns."""

    user_id: str
    name: str
    open_chats: int
    closed_chats: int


class Sent(NamedTuple):
    """How many requests a user sent."""

    user_id: str
    sent: int


class Received(NamedTuple):
    """How many requests a user got, and how many of them have each status."""

    user_id: str
    received: int
    by_status: dict[str, int]


NONE_BY_STATUS: dict[str, int] = dict.fromkeys((*SETTLED, Status.PENDING), 0)
"""The counts of a user who got none; the keys and their order are those of all of them."""


class Answer(NamedTuple):
    """How many seconds a user took to accept or reject a request."""

    user_id: str
    seconds: float


class ReasonCount(NamedTuple):
    """How often a reason was given for rejecting or withdrawing."""

    reason: str
    count: int  # type: ignore[assignment]  # the word of the JSON; nobody counts in a row


class QuarterCount(NamedTuple):
    """How many hand-overs there were in the quarter of an hour that begins at a stored time."""

    begins_at: str
    hand_overs: int


class Bounce(NamedTuple):
    """How often a chat was given straight back, between two users."""

    chat_id: str
    customer: str
    one: str
    other: str
    given_back: int


def _listed(database: Database, row_type: type[R], period: Period, select: str) -> list[R]:
    return list(database.rows(row_type, select, period._asdict()))


def loads(database: Database) -> Iterator[Load]:
    """Yield each user's count of chats, also if it is 0."""
    return database.rows(
        Load,
        "SELECT u.id, u.name,"
        " (SELECT count(*) FROM chats WHERE owner_id = u.id AND status = 'open'),"
        " (SELECT count(*) FROM chats WHERE owner_id = u.id AND status = 'closed')"
        " FROM users u ORDER BY u.id",
    )


def _during(column: str) -> str:
    since, until = (f"(:{bound} IS NULL OR {column} {{}} :{bound})" for bound in Period._fields)
    return f"{since.format('>=')} AND {until.format('<')}"


_SENT = _during("requested_at")


def sent(database: Database, period: Period) -> list[Sent]:
    """Count the requests sent in a period, by requester."""
    select = f"SELECT requester_id, count(*) FROM requests WHERE {_SENT} GROUP BY requester_id"
    return _listed(database, Sent, period, select)


def received(database: Database, period: Period) -> list[Received]:
    """Count the requests sent in a period, by recipient. Past its deadline one is timed out."""
    counts = ", ".join(f"count(*) FILTER (WHERE status = '{name}')" for name in NONE_BY_STATUS)
    rows = database.tuples(
        f"SELECT recipient_id, count(*), {counts}"
        f" FROM (SELECT r.recipient_id, {COLUMNS_WITH_DEADLINE['status']} AS status"
        f" FROM requests r WHERE {_SENT}) AS s GROUP BY recipient_id",
        {**period._asdict(), "now": database.now},
    )
    return [
        Received(user_id, total, dict(zip(NONE_BY_STATUS, by_status, strict=True)))
        for user_id, total, *by_status in rows
    ]


def answers(database: Database, period: Period) -> Iterator[Answer]:
    """Yield each answer to a request sent in a period, the quickest first.

    SQL sorts once and the caller counts: windows for the ranks take four times as long.
    """
    return database.rows(
        Answer,
        f"SELECT recipient_id, {database.seconds_between('requested_at', 'resolved_at')}"
        f" FROM requests WHERE status IN {one_of(ANSWERS)} AND {_SENT} ORDER BY 2",
        period._asdict(),
        many=True,
    )


def reasons(database: Database, period: Period) -> list[ReasonCount]:
    """Count the reasons of the requests rejected or withdrawn in a period, most frequent first."""
    return _listed(
        database,
        ReasonCount,
        period,
        "SELECT reason, count(*) FROM requests WHERE reason IS NOT NULL"
        f" AND status IN {one_of(WITH_REASON)} AND {_SENT} GROUP BY reason ORDER BY 2 DESC, 1",
    )


# What people did with a chat: undoing a batch mends a mistake, and an import follows the CRM.
# What was undone is as if it had not been.
_HAND_OVERS = (
    f"event IN ('accepted', 'assigned') AND {_during('at')} AND (batch_id IS NULL"
    " OR batch_id NOT IN (SELECT id FROM batches WHERE undone_at IS NOT NULL))"
)


def quarters(database: Database, period: Period) -> list[QuarterCount]:
    """Count the hand-overs of a period by quarter of an hour: zones differ by whole quarters."""
    return _listed(
        database,
        QuarterCount,
        period,
        "SELECT substr(at, 1, 14) || CASE WHEN substr(at, 15, 2) < '15' THEN '00Z'"
        " WHEN substr(at, 15, 2) < '30' THEN '15Z' WHEN substr(at, 15, 2) < '45' THEN '30Z'"
        f" ELSE '45Z' END, count(*) FROM engagement_tracking WHERE {_HAND_OVERS} GROUP BY 1",
    )


def bounces(database: Database, period: Period) -> list[Bounce]:
    """List the chats that went straight back in a period, most often first.

    One row for a chat and two users: how many hand-overs of the chat between them were the
    reverse of its hand-over before.
    """
    # Most chats are handed over once: to leave those out first halves the time.
    often = f"SELECT chat_id FROM engagement_tracking WHERE {_HAND_OVERS}"
    return _listed(
        database,
        Bounce,
        period,
        "WITH hand_overs AS (SELECT chat_id, from_user, to_user,"
        " lag(from_user) OVER chat AS gave, lag(to_user) OVER chat AS got"
        f" FROM engagement_tracking WHERE {_HAND_OVERS}"
        f" AND chat_id IN ({often} GROUP BY chat_id HAVING count(*) > 1)"
        " WINDOW chat AS (PARTITION BY chat_id ORDER BY id)),"
        " given_back AS (SELECT chat_id,"
        " CASE WHEN from_user < to_user THEN from_user ELSE to_user END AS one,"
        " CASE WHEN from_user < to_user THEN to_user ELSE from_user END AS other"
        " FROM hand_overs WHERE from_user = got AND to_user = gave)"
        " SELECT b.chat_id, c.customer, b.one, b.other, count(*)"
        " FROM given_back b JOIN chats c ON c.id = b.chat_id"
        " GROUP BY b.chat_id, c.customer, b.one, b.other"
        " ORDER BY count(*) DESC, b.chat_id, b.one, b.other",
    )
