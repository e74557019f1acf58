"""stats."""

from collections.abc import Sequence

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.session import reading
from assignchat.service import stats as service
from assignchat.service.stats import Stats, UserStats

_WIDEST_BAR = 30


def stats(ctx: typer.Context, since: options.Since = None, as_json: options.Json = False) -> None:
    """Show the team in numbers.

    Examples:
        assignchat stats --since 7d

    Who holds how many chats, how the requests that each got ended, how fast they answer
    (median and 90th percentile), and the reasons for rejecting and withdrawing. Chats are
    counted as they are now, requests from --since on.
    """
    start = options.stored_time(since, ctx.obj.clock())
    with reading(ctx) as session:
        found = service.stats(session.database, since=start)
    if as_json:
        render.say_json(found)
    else:
        _show(found)


def _show(found: Stats) -> None:
    if render.is_terminal():
        render.say("Open chats")
        _say_bars([(user.id, user.open_chats) for user in found.users])
        render.say("", "Requests received, and time to answer")
    headings = ("User", "Open", "Closed", "Sent", "Got", "Yes", "No", "Late", "Median", "90 %")
    render.say_table(headings, [_cells(user) for user in found.users])
    if found.reasons and render.is_terminal():
        render.say("Reasons for rejecting and withdrawing")
        _say_bars(found.reasons)


def _cells(user: UserStats) -> tuple[str, ...]:
    counts = user[1:8]
    times = (user.median_response_seconds, user.p90_response_seconds)
    return (
        render.visible(user.id),
        *map(str, counts),
        *("" if seconds is None else render.duration(seconds) for seconds in times),
    )


def _say_bars(counts: Sequence[tuple[str, int]]) -> None:
    """A bar for each count, all to the same scale."""
    most = max((count for _, count in counts), default=0)
    labels = [render.short(label) for label, _ in counts]
    width = max(map(len, labels), default=0)
    for label, (_, count) in zip(labels, counts, strict=True):
        bar = "█" * (-(-count * _WIDEST_BAR // most) if most else 0)
        render.say(f"  {label:<{width}}  {bar}{' ' if bar else ''}{count}")
