"""The team's numbers."""

from array import array
from collections import defaultdict
from datetime import tzinfo
from typing import TypeAlias

from assignchat.model import Status
from assignchat.namedtuples import NamedTuple
from assignchat.store import stats as store
from assignchat.store.database import Database
from assignchat.store.stats import Period, ReasonCount, Received
from assignchat.texts import folded
from assignchat.times import parse_time

MOST_BOUNCING = 10


class UserStats(NamedTuple):
    """The numbers of one user. Times are null if no request was answered.

    `by_status` counts the requests received by their status.
    """

    id: str
    name: str
    open_chats: int
    closed_chats: int
    sent: int
    received: int
    by_status: dict[str, int]
    median_response_seconds: float | None
    p90_response_seconds: float | None


class OutcomeCount(NamedTuple):
    """How many requests have a status."""

    status: str
    count: int  # type: ignore[assignment]  # see ReasonCount


class HourCount(NamedTuple):
    """How many hand-overs there were in an hour of the day, 0 to 23."""

    hour: int
    hand_overs: int


class BouncingChat(NamedTuple):
    """A chat that two users gave back to each other, and how often."""

    chat_id: str
    customer: str
    users: tuple[str, str]
    given_back: int


class Stats(NamedTuple):
    """The team's numbers: chats as they are now, requests and hand-overs of a period.

    The period is from `since` to before `until`, stored times. `hours` has the 24 hours of the
    clock in `time_zone`. `bouncing` has the worst of the `bouncing_chats`.
    """

    since: str | None
    until: str | None
    users: list[UserStats]
    outcomes: list[OutcomeCount]
    median_response_seconds: float | None
    p90_response_seconds: float | None
    reasons: list[ReasonCount]
    time_zone: str
    hours: list[HourCount]
    bouncing_chats: int
    bouncing: list[BouncingChat]


def stats(
    database: Database,
    *,
    since: str | None = None,
    until: str | None = None,
    zone: tzinfo | None = None,
    zone_name: str = "local time",
) -> Stats:
    """Count chats, outcomes of requests, answer times and hand-overs. Returns the numbers.

    Answer times are those of accepting and rejecting: the median, and the 90th percentile by
    nearest rank. A hand-over is a chat that got another owner by an accepted request or a direct
    assignment. A chat is given back if it goes to its owner before the last hand-over. Hours of
    the day are those of `zone`, else of the machine; the result calls it `zone_name`.
    """
    period = Period(since, until)
    with database.read():
        everybody, each = _answer_times(database, period)
        users = _users(database, period, each)
        bounces = store.bounces(database, period)
        return Stats(
            since=since,
            until=until,
            users=users,
            outcomes=_outcomes(users),
            median_response_seconds=_median(everybody),
            p90_response_seconds=_p90(everybody),
            reasons=_as_compared(store.reasons(database, period)),
            time_zone=zone_name if zone is None else str(zone),
            hours=_hours(store.quarters(database, period), zone),
            bouncing_chats=len({bounce.chat_id for bounce in bounces}),
            bouncing=[_bouncing(bounce) for bounce in bounces[:MOST_BOUNCING]],
        )


Seconds: TypeAlias = "array[float]"  # in quotes: at run time it takes no brackets


def _answer_times(database: Database, period: Period) -> tuple[Seconds, dict[str, Seconds]]:
    """Collect the seconds that answers took, in order. Returns those of all and of each user."""
    everybody, each = array("d"), defaultdict[str, Seconds](lambda: array("d"))
    for user_id, seconds in store.answers(database, period):
        everybody.append(seconds)
        each[user_id].append(seconds)
    return everybody, each


def _median(ordered: Seconds) -> float | None:
    count = len(ordered)
    return (ordered[(count - 1) // 2] + ordered[count // 2]) / 2 if count else None


def _p90(ordered: Seconds) -> float | None:
    return ordered[(9 * len(ordered) + 9) // 10 - 1] if ordered else None


def _users(database: Database, period: Period, seconds: dict[str, Seconds]) -> list[UserStats]:
    sent = dict(store.sent(database, period))
    received = {row.user_id: row for row in store.received(database, period)}
    none = Received("", 0, store.NONE_BY_STATUS)
    return [
        UserStats(
            *load,
            sent.get(load.user_id, 0),
            *received.get(load.user_id, none)[1:],
            _median(seconds.get(load.user_id, array("d"))),
            _p90(seconds.get(load.user_id, array("d"))),
        )
        for load in store.loads(database)
    ]


def _outcomes(users: list[UserStats]) -> list[OutcomeCount]:
    return [
        OutcomeCount(status, sum(user.by_status[status] for user in users)) for status in Status
    ]


def _as_compared(reasons: list[ReasonCount]) -> list[ReasonCount]:
    """Count reasons that differ only in case or width as the most frequent of them."""
    counted: dict[str, ReasonCount] = {}
    for reason, count in reasons:  # most frequent first
        key = folded(reason)
        first = counted.get(key, ReasonCount(reason, 0))
        counted[key] = first._replace(count=first.count + count)
    return sorted(counted.values(), key=lambda one: (-one.count, one.reason))


def _hours(quarters: list[store.QuarterCount], zone: tzinfo | None) -> list[HourCount]:
    counts = [0] * 24
    for begins_at, hand_overs in quarters:
        counts[parse_time(begins_at).astimezone(zone).hour] += hand_overs
    return [HourCount(hour, count) for hour, count in enumerate(counts)]


def _bouncing(bounce: store.Bounce) -> BouncingChat:
    chat_id, customer, one, other, given_back = bounce
    return BouncingChat(chat_id, customer, (one, other), given_back)
