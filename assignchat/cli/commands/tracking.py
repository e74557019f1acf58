"""tracking."""

import json
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options, times
from assignchat.cli.lists import note_period, note_unknown, say_list
from assignchat.cli.session import invocation, open_for_reading
from assignchat.model import EngagementRecord, Event, TrackingRow
from assignchat.service import tracking as service


def _about_event(row: TrackingRow) -> str:
    """Return the subject of a row, the user or the config key if its detail names one."""
    if row.chat_id is None and row.detail is not None:
        detail = json.loads(row.detail)
        changed = ", ".join(key for key, value in detail.items() if isinstance(value, list))
        about = str(detail.get("id") or detail.get("key") or "")
        return render.visible(f"{about}: {changed}" if changed and "id" in detail else about)
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
    event: Annotated[Event | None, typer.Option("--event", help="Only this kind of event.")] = None,
    since: options.Since = None,
    until: options.Until = None,
    records: Annotated[
        bool, typer.Option("--records", help="Fold the events into Engagement Tracking Records.")
    ] = False,
    limit: options.Limit = None,
    as_json: options.Json = False,
    as_jsonl: options.Jsonl = False,
    as_csv: options.Csv = False,
) -> None:
    """Examples:
        assignchat tracking --records --since 24h --csv
        assignchat tracking --chat chat-17

    The history has a row for each thing that happened; with --records they are folded into
    Engagement Tracking Records, one for each assignment. Times are as in: assignchat help times.
    """
    form = options.form(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv)
    start, end = times.period(since, until, invocation(ctx).clock())
    note_period(start, end)
    fetch, row_type, cells = (
        (service.list_records, EngagementRecord, _RECORD_CELLS)
        if records
        else (service.list_tracking, TrackingRow, _ROW_CELLS)
    )
    with open_for_reading(ctx) as session:
        note_unknown(session.database, chat=chat, request=request, batch=batch)
        say_list(
            form,
            limit,
            lambda **page: fetch(
                session.database,
                chat=chat,
                request=request,
                batch=batch,
                user=user,
                event=event,
                since=start,
                until=end,
                **page,
            ),
            row_type,
            cells,
        )
