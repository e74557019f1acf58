"""stats."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.invocation import invocation
from assignchat.cli.lists import read_period
from assignchat.cli.session import open_for_reading, refuse_to_overwrite_own_files
from assignchat.errors import Usage
from assignchat.model import Status
from assignchat.render.pager import paged
from assignchat.service import stats as service
from assignchat.service.stats import Stats, UserStats


def stats(
    ctx: typer.Context,
    since: options.Since = None,
    until: options.Until = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Draw it as an HTML page.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat stats --since 7d
        assignchat stats --since 7d --html week.html

    Who holds how many chats, how requests ended, how fast people answer (median and 90th
    percentile), the reasons for rejecting and withdrawing, the hours of the day at which
    chats are handed over, and the chats that bounce: given straight back to their owner
    before. Chats are counted as they are now, requests by when they were sent, and
    hand-overs, by request or directly, by when they were made.

    A FILE of - is standard output. One that is there is replaced, whole or not at all.
    """
    if html == render.STDOUT and as_json:
        raise Usage("Only one of --html - and --json can have standard output")
    now = invocation(ctx).clock()
    start, end = read_period(since, until, now, for_people=not as_json)
    with open_for_reading(ctx) as session:
        if html is not None:
            refuse_to_overwrite_own_files(session, html)
        found = service.stats(session.database, since=start, until=end, zone_name=_zone_name())
    if html is not None:
        _draw(found, now, html)
    with paged():
        if as_json:
            render.say_json(_as_json(found))
        elif html is None:
            _show(found)
        elif html != render.STDOUT:
            render.say(f"Drawn in {html!s}")


def _draw(found: Stats, now: datetime, file: Path) -> None:
    from assignchat.render.stats.page import picture_html  # only where it is asked for
    from assignchat.render.stats.picture import picture

    render.write_file(file, picture_html(picture(found, now)))


def _zone_name() -> str:
    """Return the name of the zone of the machine's clock, such as `Europe/Berlin`."""
    named = os.environ.get("TZ", "").lstrip(":")
    linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    return named or linked or "local time"


def _show(found: Stats) -> None:
    if not render.stdout_is_terminal():
        _say_all(found)
        return
    from assignchat.render.stats.charts import say_chart  # only for people
    from assignchat.render.stats.picture import charts

    for chart in charts(found):
        say_chart(chart)
    headings = ("User", "Open", "Closed", "Sent", "Got", "Yes", "No", "Late", "Median", "90 %")
    render.say_table(headings, [_cells(user) for user in found.users])


def _say_all(found: Stats) -> None:
    """Print everything for a pipe: the users, an empty line, and a row for each other count."""
    render.say_table((), map(_cells, found.users))
    times = (found.median_response_seconds, found.p90_response_seconds)
    rows = [
        *(
            ("answer", what, render.duration(seconds))
            for what, seconds in zip(("median", "90th percentile"), times, strict=True)
        ),
        *(("outcome", status, str(count)) for status, count in found.outcomes),
        *(("reason", reason, str(count)) for reason, count in found.reasons),
        *(("hour", f"{hour:02}", str(count)) for hour, count in found.hours),
        *(("bouncing", chat.chat_id, *chat.users, str(chat.given_back)) for chat in found.bouncing),
    ]
    render.say("")
    render.say_table((), rows)


def _as_json(found: Stats) -> dict[str, Any]:
    """Return the numbers, with each user's counts by status among their other keys."""
    return found._asdict() | {"users": map(_flat, found.users)}


def _flat(user: UserStats) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in user._asdict().items():
        flat |= value if key == "by_status" else {key: value}
    return flat


def _cells(user: UserStats) -> tuple[str, ...]:
    counts = (
        user.open_chats,
        user.closed_chats,
        user.sent,
        user.received,
        *(
            user.by_status[status]
            for status in (Status.ACCEPTED, Status.REJECTED, Status.TIMED_OUT)
        ),
    )
    times = (user.median_response_seconds, user.p90_response_seconds)
    return user.id, *map(str, counts), *map(render.duration, times)
