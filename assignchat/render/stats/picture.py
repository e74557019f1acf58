"""A team's numbers as a page shows them, before it is drawn."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from assignchat.model import SETTLED, Status
from assignchat.namedtuples import NamedTuple
from assignchat.render.stats.charts import Bar, BarChart, Chart, HourChart
from assignchat.render.text import duration, local, status_label
from assignchat.service.stats import BouncingChat, Stats, UserStats
from assignchat.times import format_time


class Tile(NamedTuple):
    """One number that stands large at the top."""

    label: str
    shown: str


Cell = str | int | float | None
"""A cell of a table: text, a count, or a number of seconds."""


class Table(NamedTuple):
    """The full data of a chart that may show only some of it: columns of words, then of numbers."""

    title: str
    words: Sequence[str]
    numbers: Sequence[str]
    rows: Iterable[Sequence[Cell]]


class Picture(NamedTuple):
    """A page: a title, what it covers, the large numbers, charts, and tables of everything."""

    title: str
    about: str
    tiles: Sequence[Tile]
    charts: Sequence[Chart]
    tables: Sequence[Table]


_USERS_SHOWN = 8
_REASONS_SHOWN = 6
_BOUNCING_SHOWN = 4


def charts(found: Stats) -> list[Chart]:
    """Make the charts, each with the most important bars. The tables have the rest."""
    names = _names(found.users)
    return [
        _load(found.users, names),
        _answers(found, names),
        _outcomes(found),
        _reasons(found),
        HourChart("Hand-overs by hour of day", _zone(found), [h.hand_overs for h in found.hours]),
        _bouncing(found, names),
    ]


def picture(found: Stats, now: datetime) -> Picture:
    """Make the whole page, as of `now`."""
    since = local(found.since) if found.since else "the beginning"
    until = local(found.until or format_time(now))
    return Picture(
        title="Chat hand-overs",
        about=f"From {since} to {until} ({found.time_zone})",
        tiles=_tiles(found),
        charts=charts(found),
        tables=_tables(found),
    )


def _names(users: Sequence[UserStats]) -> dict[str, str]:
    """Return each user's name by id, with the id behind it if several have that name."""
    taken = Counter(user.name for user in users)
    return {
        user.id: user.name if taken[user.name] == 1 else f"{user.name} ({user.id})"
        for user in users
    }


def _load(users: Sequence[UserStats], names: dict[str, str]) -> BarChart:
    holding = sorted((u for u in users if u.open_chats), key=lambda u: -u.open_chats)
    shown, rest = holding[:_USERS_SHOWN], holding[_USERS_SHOWN:]
    together = sum(user.open_chats for user in rest)
    return BarChart(
        title="Open chats",
        about="Who holds how many now",
        bars=[Bar(names[u.id], u.open_chats, f"{u.open_chats:,}") for u in shown],
        empty="Nobody holds an open chat.",
        more=f"and {len(rest):,} more, who hold {together:,}" if rest else None,
    )


def _answers(found: Stats, names: dict[str, str]) -> BarChart:
    answering = [u for u in found.users if u.median_response_seconds is not None]
    slowest = sorted(answering, key=lambda u: -(u.median_response_seconds or 0))
    rest = len(slowest) - _USERS_SHOWN
    return BarChart(
        title="Time to answer a request",
        about="Median, then 90th percentile; the slowest first",
        bars=[
            Bar(
                names[u.id],
                u.median_response_seconds or 0,
                f"{duration(u.median_response_seconds)}, {duration(u.p90_response_seconds)}",
                beyond=u.p90_response_seconds,
            )
            for u in slowest[:_USERS_SHOWN]
        ],
        empty="Nobody has answered a request.",
        more=f"and {rest:,} more, no slower" if rest > 0 else None,
    )


def _outcomes(found: Stats) -> BarChart:
    total = sum(row.count for row in found.outcomes)
    return BarChart(
        title="How requests ended",
        about=f"{total:,} sent",
        bars=[
            Bar(status_label(row.status), row.count, f"{row.count:,}{_share(row.count, total)}")
            for row in found.outcomes
            if total
        ],
        empty="No request was sent.",
    )


def _share(count: int, total: int) -> str:
    return f" ({count / total:.0%})" if total else ""


def _reasons(found: Stats) -> BarChart:
    shown, rest = found.reasons[:_REASONS_SHOWN], found.reasons[_REASONS_SHOWN:]
    together = sum(row.count for row in rest)
    return BarChart(
        title="Reasons",
        about="Given for rejecting and withdrawing",
        bars=[Bar(row.reason, row.count, f"{row.count:,}") for row in shown],
        empty="Nothing was rejected or withdrawn.",
        more=f"and {len(rest):,} more, given {together:,} times" if rest else None,
    )


def _bouncing(found: Stats, names: dict[str, str]) -> BarChart:
    shown = found.bouncing[:_BOUNCING_SHOWN]
    rest = found.bouncing_chats - len({chat.chat_id for chat in shown})
    return BarChart(
        title="Chats that bounce",
        about="Given straight back between the same two people",
        bars=[
            Bar(
                chat.customer,
                chat.given_back,
                f"{chat.given_back:,}",
                under=f"{_pair(chat, names)}, {chat.chat_id}",
            )
            for chat in shown
        ],
        empty="No chat was given back.",
        more=f"and {rest:,} more" if rest > 0 else None,
    )


def _pair(chat: BouncingChat, names: dict[str, str]) -> str:
    return " and ".join(names.get(user, user) for user in chat.users)


def _hand_overs(found: Stats) -> int:
    return sum(hour.hand_overs for hour in found.hours)


def _zone(found: Stats) -> str:
    return f"{_hand_overs(found):,} by request or directly; clock of {found.time_zone}"


_NONE = "\N{EN DASH}"


def _tiles(found: Stats) -> list[Tile]:
    sent = sum(row.count for row in found.outcomes)
    accepted = sum(user.by_status[Status.ACCEPTED] for user in found.users)
    return [
        Tile("open chats", f"{sum(user.open_chats for user in found.users):,}"),
        Tile("requests sent", f"{sent:,}"),
        Tile("of them accepted", f"{accepted / sent:.0%}" if sent else _NONE),
        Tile("median answer", duration(found.median_response_seconds) or _NONE),
        Tile("90th percentile", duration(found.p90_response_seconds) or _NONE),
        Tile("hand-overs", f"{_hand_overs(found):,}"),
    ]


def _tables(found: Stats) -> list[Table]:
    zone = f"Hand-overs by hour of day ({found.time_zone})"
    bouncing = ("Chat", "Customer", "One", "Other")
    outcomes = [(status_label(row.status), row.count) for row in found.outcomes]
    hours = [(f"{row.hour:02}:00", row.hand_overs) for row in found.hours]
    bounced = [(c.chat_id, c.customer, *c.users, c.given_back) for c in found.bouncing]
    return [
        Table("People", ("Name", "User"), _PEOPLE, map(_person, found.users)),
        Table("How requests ended", ("Outcome",), ("Requests",), outcomes),
        Table("Reasons", ("Reason",), ("Times",), found.reasons),
        Table(zone, ("Hour",), ("Hand-overs",), hours),
        Table(_bounce_title(found), bouncing, ("Given back",), bounced),
    ]


_PEOPLE = (
    "Open chats",
    "Closed chats",
    "Sent",
    "Received",
    *(status.label for status in (*SETTLED, Status.PENDING)),
    "Median",
    "90th percentile",
)


def _person(user: UserStats) -> list[Cell]:
    return [user.name, user.id, *user[2:6], *user.by_status.values(), *user[7:]]


def _bounce_title(found: Stats) -> str:
    shown, total = len(found.bouncing), found.bouncing_chats
    first = f", the first {shown} of {total:,}" if shown < total else ""
    return f"Chats that bounce{first}"
