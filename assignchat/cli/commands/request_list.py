"""requests, requests show."""

from functools import partial
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.commands import COMMANDS
from assignchat.cli.groups import EXAMPLES, new_app
from assignchat.cli.invocation import invocation
from assignchat.cli.lists import note_unknown, say_list
from assignchat.cli.session import open_for_reading
from assignchat.errors import Usage
from assignchat.model import NOT_TAKEN, Request, Status
from assignchat.render.pager import paged
from assignchat.service import chains
from assignchat.service import requests as service
from assignchat.store.requests import Filters

app = new_app(
    help=f"""{COMMANDS["requests"].summary}

{EXAMPLES}
    assignchat requests --status pending --recipient martha
    assignchat requests show 7

Newest first for people, oldest first for machines.
""",
    invoke_without_command=True,
)


@app.callback()
def list_(
    ctx: typer.Context,
    status: Annotated[
        Status | None, options.choice("--status", Status, "Only those of this status.")
    ] = None,
    chat: Annotated[
        str | None,
        typer.Option(
            "--chat", metavar="CHAT", autocompletion=options.CHATS, help="Only those on a chat."
        ),
    ] = None,
    requester: Annotated[
        str | None,
        typer.Option(
            "--requester",
            metavar="USER",
            autocompletion=options.USERS,
            help="Only those a user sent.",
        ),
    ] = None,
    recipient: Annotated[
        str | None,
        typer.Option(
            "--recipient",
            metavar="USER",
            autocompletion=options.USERS,
            help="Only those a user got.",
        ),
    ] = None,
    limit: options.Limit = None,
    as_json: options.Json = False,
    as_jsonl: options.Jsonl = False,
    as_csv: options.Csv = False,
    as_ids: options.Ids = False,
) -> None:
    """List requests, unless a command stands behind."""
    if ctx.invoked_subcommand is not None:
        if any(ctx.params.values()):
            raise Usage("These options are for the list, without a command behind them")
        return
    form = options.form(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv, as_ids=as_ids)
    sought = Filters(status=status, chat=chat, requester=requester, recipient=recipient)
    with open_for_reading(ctx) as session:
        note_unknown(session.database, chat=chat, users=(requester, recipient))
        fetch = partial(service.list_requests, session.database, **sought)
        say_list(form, limit, fetch, Request, _CELLS)


@app.command("show")
def show(ctx: typer.Context, request: options.OneRequest, as_json: options.Json = False) -> None:
    """Show a request with its chain.

    Examples:
        assignchat requests show 7

    These are the requests for the chat of which each was sent because the one before it was
    rejected or timed out, and what happened to them.
    """
    with open_for_reading(ctx) as session:
        story = chains.show_request(session.database, request)
    with paged():
        if as_json:
            render.say_json(story.request._asdict() | {"chain": render.plain(story.chain)})
            return
        render.say_request(story.request, invocation(ctx).clock(), story.timeline)
        render.say("", "What happened in its chain:")
        render.say_pairs(
            [(render.moment(row.at), render.event_text(row)) for row in story.timeline]
        )
        render.say("", _how_it_stands(story.chain[-1]))


def _how_it_stands(last: Request) -> str:
    """Say what came of a chain, by its last request."""
    asked = last.recipient_id
    if last.status == Status.PENDING:
        return f"{asked} is asked now."
    if last.status == Status.ACCEPTED:
        return f"{asked} has taken the chat."
    if last.status in NOT_TAKEN:
        return "Nobody has taken the chat."
    return f"It ended as {render.status_label(last.status)}."


_CELLS = {
    "Id": render.field("id"),
    "Status": render.field("status"),
    "Chat": render.field("chat_id"),
    "Customer": render.field("customer"),
    "Asked by": render.field("requester_id"),
    "Asked": render.field("recipient_id"),
    "Sent": render.field("requested_at"),
    "Reason": render.field("reason"),
}
