"""tracking."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.invocation import invocation
from assignchat.cli.lists import note_unknown, read_period, say_list
from assignchat.cli.session import Session, open_for_reading
from assignchat.errors import Usage
from assignchat.model import EngagementRecord, Event, TrackingRow
from assignchat.render import Form
from assignchat.render.copying import copied
from assignchat.render.pager import paged
from assignchat.render.rows import say_json_lines
from assignchat.service import tracking as service
from assignchat.store.tracking import Filters


def _about_event(row: TrackingRow) -> str:
    """Return the subject of a row, the user or the config key if its detail names one."""
    if row.chat_id is None and row.detail is not None:
        detail = json.loads(row.detail)
        changed = ", ".join(key for key, value in detail.items() if isinstance(value, list))
        about = str(detail.get("id") or detail.get("key") or "")
        return f"{about}: {changed}" if changed and "id" in detail else about
    return _about(row)


def _about(row: TrackingRow | EngagementRecord) -> str:
    numbers = (("request", row.request_id), ("batch", row.batch_id))
    return ", ".join(f"{what} {number}" for what, number in numbers if number is not None)


_ROW_CELLS = {
    "At": render.field("at"),
    "Event": lambda row: row.event.replace("_", " "),
    "Chat": render.field("chat_id"),
    "About": _about_event,
    "From": render.field("from_user"),
    "To": render.field("to_user"),
    "By": render.field("actor"),
    "Reason": render.field("reason"),
}
_RECORD_CELLS = {
    "At": render.field("requested_at"),
    "About": _about,
    "Chat": render.field("chat_id"),
    "Customer": render.field("customer"),
    "From": render.field("from_user"),
    "To": render.field("to_user"),
    "Status": render.field("status"),
    "Reason": render.field("reason"),
}


def tracking(
    ctx: typer.Context,
    chat: Annotated[
        str | None,
        typer.Option(
            "--chat",
            metavar="CHAT",
            autocompletion=options.CHATS,
            help="Only what happened to a chat.",
        ),
    ] = None,
    request: Annotated[
        int | None,
        typer.Option(
            "--request",
            metavar="REQUEST",
            parser=options.number,
            autocompletion=options.REQUESTS,
            help="Only what happened to a request.",
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            "--batch", metavar="BATCH", parser=options.number, help="Only what a batch did."
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            "--user",
            metavar="USER",
            autocompletion=options.USERS,
            help="Only where a user acted, gave a chat or got one.",
        ),
    ] = None,
    event: Annotated[
        list[Event] | None,
        options.choice("--event", Event, "Only this kind of event; several may be given."),
    ] = None,
    since: options.Since = None,
    until: options.Until = None,
    records: Annotated[
        bool, typer.Option("--records", help="Fold the events into Engagement Tracking Records.")
    ] = False,
    after: Annotated[
        int | None,
        typer.Option(
            "--after", metavar="ID", parser=options.count, help="Only rows with a larger id."
        ),
    ] = None,
    cursor: Annotated[
        Path | None,
        typer.Option(
            "--cursor",
            metavar="FILE",
            help="Only rows after the id in this file, which then gets the last one printed.",
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new rows, until Ctrl-C.")
    ] = False,
    limit: options.Limit = None,
    as_json: options.Json = False,
    as_jsonl: options.Jsonl = False,
    as_csv: options.Csv = False,
) -> None:
    """Examples:
        assignchat tracking --records --since 24h --csv
        assignchat tracking --chat chat-17
        assignchat tracking --follow --jsonl --cursor told.id

    Tracking has a row for each thing that happened; with --records they are folded into
    Engagement Tracking Records, one for each assignment, and --since and --until are about
    their last change. Times are as in: assignchat help times.

    With --after, --cursor or --follow all rows come, oldest first. The file of --cursor is
    replaced once the output is delivered; a missing one means from the start. FILE.row beside
    it shows which row it was, and after a restored backup the command is refused. --follow
    prints a line for each row, none left out and none twice, until Ctrl-C, SIGTERM or the end
    of its reader. At a terminal it begins with the newest few.
    """
    form = options.form(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv)
    now, for_people = invocation(ctx).clock(), form == render.Form.PEOPLE
    start, end = read_period(since, until, now, for_people=for_people)
    _check_together(
        records=records or None,
        after=after,
        cursor=cursor,
        follow=follow or None,
        limit=limit,
        until=until,
    )
    sought = Filters(
        chat=chat,
        request=request,
        batch=batch,
        user=user,
        events=event or None,
        since=start,
        until=end,
    )
    with open_for_reading(ctx) as session:
        note_unknown(session.database, chat=chat, request=request, batch=batch)
        if follow or cursor or after is not None:
            from assignchat.cli.feed import Feed  # for integrators

            feed = Feed(session, form, _ROW_CELLS, sought, after=after, cursor=cursor)
            feed.follow() if follow else feed.say(limit)
        else:
            _say(session, form, limit, sought, records=records)


_APART = (
    ("records", "after"),
    ("records", "cursor"),
    ("records", "follow"),
    ("after", "cursor"),
    ("follow", "until"),
    ("follow", "limit"),
)


def _check_together(**given: object) -> None:
    for one, other in _APART:
        if given[one] is not None and given[other] is not None:
            raise Usage(f"--{one} and --{other} cannot be given together")


def _say(
    session: Session, form: Form, limit: int | None, sought: Filters, *, records: bool
) -> None:
    if form == Form.JSONL and not records and not limit:
        with paged(), copied():
            say_json_lines(service.tracking_blocks(session.database, **sought), TrackingRow)
        return
    fetch, row_type, cells = (
        (service.list_records, EngagementRecord, _RECORD_CELLS)
        if records
        else (service.list_tracking, TrackingRow, _ROW_CELLS)
    )
    say_list(form, limit, partial(fetch, session.database, **sought), row_type, cells)
