"""A team in numbers."""

from typing import NamedTuple

from assignchat.store import stats as store
from assignchat.store.database import Database
from assignchat.store.stats import ReasonCount


class UserStats(NamedTuple):
    """One user in numbers; the times are null where nothing was answered."""

    id: str
    open_chats: int
    closed_chats: int
    sent: int
    received: int
    accepted: int
    rejected: int
    timed_out: int
    median_response_seconds: float | None
    p90_response_seconds: float | None


class Stats(NamedTuple):
    """The team in numbers: chats as they are now, requests as sent `since` a stored time."""

    since: str | None
    users: list[UserStats]
    reasons: list[ReasonCount]


def stats(database: Database, *, since: str | None = None) -> Stats:
    """Who holds how much, how requests ended, how fast people answer, and reasons by count.

    The times are those of accepting and rejecting: the median, and the 90th percentile by
    nearest rank.
    """
    with database.read():
        sent = dict(store.sent(database, since))
        received = {row.user_id: row for row in store.received(database, since)}
        answers = {row.user_id: row for row in store.answers(database, since)}
        users = [
            UserStats(
                load.user_id,
                load.open_chats,
                load.closed_chats,
                sent.get(load.user_id, 0),
                *(received[load.user_id][1:] if load.user_id in received else (0, 0, 0, 0)),
                *(answers[load.user_id][1:] if load.user_id in answers else (None, None)),
            )
            for load in store.loads(database)
        ]
        return Stats(since, users, store.reasons(database, since))
