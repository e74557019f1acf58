"""Who holds how much, how requests ended, and how fast people answer, counted in SQL."""

from typing import NamedTuple

from assignchat.store.database import Database


class Load(NamedTuple):
    """How many chats a user owns."""

    user_id: str
    open_chats: int
    closed_chats: int


class Sent(NamedTuple):
    """How many requests a user sent."""

    user_id: str
    sent: int


class Received(NamedTuple):
    """How the requests that a user got ended."""

    user_id: str
    received: int
    accepted: int
    rejected: int
    timed_out: int


class Answers(NamedTuple):
    """How many seconds a user took to accept or reject: the median and the 90th percentile."""

    user_id: str
    median: float
    p90: float


class ReasonCount(NamedTuple):
    """How often a reason was given for rejecting or withdrawing."""

    reason: str
    count: int  # type: ignore[assignment]  # the word of the JSON; nobody counts in a row


def loads(database: Database) -> list[Load]:
    """Each user's chats, also where there are none."""
    return list(
        database.rows(
            Load,
            "SELECT u.id,"
            " (SELECT count(*) FROM chats WHERE owner_id = u.id AND status = 'open'),"
            " (SELECT count(*) FROM chats WHERE owner_id = u.id AND status = 'closed')"
            " FROM users u ORDER BY u.id",
        )
    )


_SINCE = "(:since IS NULL OR requested_at >= :since)"


def sent(database: Database, since: str | None) -> list[Sent]:
    """The requests sent since a stored time, by requester."""
    return list(
        database.rows(
            Sent,
            f"SELECT requester_id, count(*) FROM requests WHERE {_SINCE} GROUP BY requester_id",
            {"since": since},
        )
    )


def received(database: Database, since: str | None) -> list[Received]:
    """The requests sent since a stored time, by recipient; past its deadline one is timed out."""
    return list(
        database.rows(
            Received,
            "SELECT recipient_id, count(*), sum(status = 'accepted'), sum(status = 'rejected'),"
            " sum(status = 'timed_out' OR (status = 'pending' AND expires_at <= :now))"
            f" FROM requests WHERE {_SINCE} GROUP BY recipient_id",
            {"since": since, "now": database.now},
        )
    )


def answers(database: Database, since: str | None) -> list[Answers]:
    """How fast the requests sent since a stored time were answered, by recipient."""
    return list(
        database.rows(
            Answers,
            "SELECT user_id,"
            " avg(CASE WHEN place IN ((total + 1) / 2, (total + 2) / 2) THEN seconds END),"
            " max(CASE WHEN place = (9 * total + 9) / 10 THEN seconds END)"
            " FROM (SELECT user_id, seconds, count(*) OVER (PARTITION BY user_id) AS total,"
            " row_number() OVER (PARTITION BY user_id ORDER BY seconds) AS place"
            " FROM (SELECT recipient_id AS user_id,"
            " round((julianday(resolved_at) - julianday(requested_at)) * 86400, 3) AS seconds"
            f" FROM requests WHERE status IN ('accepted', 'rejected') AND {_SINCE}))"
            " GROUP BY user_id",
            {"since": since},
        )
    )


def reasons(database: Database, since: str | None) -> list[ReasonCount]:
    """Why the requests sent since a stored time were rejected or withdrawn, most often first."""
    return list(
        database.rows(
            ReasonCount,
            "SELECT reason, count(*) FROM requests WHERE reason IS NOT NULL"
            f" AND status IN ('rejected', 'withdrawn') AND {_SINCE}"
            " GROUP BY reason ORDER BY 2 DESC, 1",
            {"since": since},
        )
    )
