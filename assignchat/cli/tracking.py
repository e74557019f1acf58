"""tracking."""

from typing import Annotated

import typer

from assignchat.cli import options
from assignchat.cli.session import opened, say_list
from assignchat.model import EngagementRecord, Event, TrackingRow
from assignchat.service import overview

_COLUMNS = ("id", "at", "event", "actor", "chat_id", "request_id", "batch_id", "from_user")
_TRACKING_COLUMNS = (*_COLUMNS, "to_user", "status", "reason")
_RECORD_COLUMNS = (
    "kind",
    "request_id",
    "batch_id",
    "chat_id",
    "customer",
    "from_user",
    "to_user",
    "status",
    "reason",
    "requested_at",
)


def tracking(
    ctx: typer.Context,
    chat: Annotated[
        str | None, typer.Option("--chat", metavar="CHAT", help="Only of a chat.")
    ] = None,
    request: Annotated[
        int | None,
        typer.Option(
            "--request", metavar="REQUEST", min=1, max=options.LARGEST_ID, help="Only of a request."
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            "--batch", metavar="BATCH", min=1, max=options.LARGEST_ID, help="Only of a batch."
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option("--user", metavar="USER", help="Only where a user acted, gave or got."),
    ] = None,
    event: Annotated[Event | None, typer.Option("--event", help="Only of a kind.")] = None,
    since: options.Since = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="TIME", help="Only before this time, or so long ago."),
    ] = None,
    records: Annotated[
        bool, typer.Option("--records", help="Fold the events into Engagement Tracking Records.")
    ] = False,
    limit: options.Limit = None,
    as_json: options.Json = False,
    as_jsonl: options.Jsonl = False,
    as_csv: options.Csv = False,
) -> None:
    """Show the history, or its records.

    The history has a row for each thing that happened; with --records they are folded into
    Engagement Tracking Records, one for each assignment. Times are ISO 8601 with a zone, or
    a duration such as 24h for so long ago.

    Example: assignchat tracking --records --since 24h --csv
    """
    form = options.form(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv)
    now = ctx.obj.clock()
    given = {
        "chat": chat,
        "request": request,
        "batch": batch,
        "user": user,
        "event": event,
        "since": options.stored_time(since, now),
        "until": options.stored_time(until, now),
    }
    fetch, row_type, columns = (
        (overview.list_records, EngagementRecord, _RECORD_COLUMNS)
        if records
        else (overview.list_tracking, TrackingRow, _TRACKING_COLUMNS)
    )
    with opened(ctx, operator="login") as session:
        say_list(
            form, limit, lambda **page: fetch(session.database, given, **page), row_type, columns
        )
