"""chat add, list, show, close, reopen."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.commands import COMMANDS
from assignchat.cli.groups import new_group
from assignchat.cli.hints import hint_commands
from assignchat.cli.invocation import invocation
from assignchat.cli.lists import note_unknown, say_list
from assignchat.cli.session import acts_freely, open_for_operator, open_for_reading
from assignchat.model import Chat, ChatStatus
from assignchat.render.pager import paged
from assignchat.service import chats as service
from assignchat.service.chats import ChatStory
from assignchat.shell import Argument

app = new_group(
    COMMANDS["chat"].summary,
    "assignchat chat list --owner mark --status open",
    "assignchat chat show chat-17",
)


@app.command("add")
def add(
    ctx: typer.Context,
    chat: options.ChatArgument,
    customer: Annotated[str, typer.Option("--customer", metavar="NAME", help="The customer.")],
    owner: Annotated[
        str,
        typer.Option(
            "--owner", metavar="USER", autocompletion=options.USERS, help="Who holds the chat."
        ),
    ],
    any_id: options.AnyId = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Add an open chat.

    Examples:
        assignchat chat add chat-17 --customer "Priya Nair" --owner mark
    """
    with open_for_operator(ctx, as_user) as session:
        added = service.add_chat(
            session.database,
            chat,
            customer=customer,
            owner=owner,
            any_id=any_id,
            actor=session.actor,
        )
    _tell(ctx, [added], "close", as_user, as_json=as_json, one=True)


@app.command("list")
def list_(
    ctx: typer.Context,
    owner: Annotated[
        str | None,
        typer.Option(
            "--owner", metavar="USER", autocompletion=options.USERS, help="Only those of a user."
        ),
    ] = None,
    status: Annotated[
        ChatStatus | None, options.choice("--status", ChatStatus, "Only those of this status.")
    ] = None,
    customer: Annotated[
        str | None,
        typer.Option("--customer", metavar="TEXT", help="Only with this in the customer's name."),
    ] = None,
    limit: options.Limit = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
    as_jsonl: options.Jsonl = False,
    as_csv: options.Csv = False,
    as_ids: options.Ids = False,
) -> None:
    """List chats.

    Examples:
        assignchat chat list --owner mark --status open
        assignchat chat list --customer nair
    """
    form = options.form(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv, as_ids=as_ids)
    with open_for_reading(ctx, as_user) as session:
        note_unknown(session.database, users=(owner,))
        fetch = partial(
            service.list_chats, session.database, owner=owner, status=status, customer=customer
        )
        say_list(form, limit, fetch, Chat, _CELLS)


@app.command("show")
def show(
    ctx: typer.Context,
    chat: options.ChatArgument,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Show a chat: its owner, its pending request, and its whole story.

    Examples:
        assignchat chat show chat-17
    """
    with open_for_reading(ctx, as_user) as session:
        story = service.show_chat(session.database, chat)
    with paged():
        if as_json:
            render.say_json(_as_json(story))
            return
        render.say_chat(story.chat)
        if story.pending_request is not None:
            render.say_request(story.pending_request, invocation(ctx).clock(), story.timeline)
        render.say("", "What happened:")
        render.say_pairs(
            [(render.moment(row.at), render.event_text(row)) for row in story.timeline]
        )


@app.command("close")
def close(
    ctx: typer.Context,
    chat: options.ChatsArgument,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Close chats, and cancel their pending requests.

    Examples:
        assignchat chat close chat-17
        assignchat chat close chat-17 chat-18

    Unless the config says identity = "claim", this is for the owner, managers and operators.
    """
    with open_for_operator(ctx, as_user) as session:
        closed = service.close_chats(
            session.database, chat, actor=session.actor, only_own=not acts_freely(session)
        )
    _tell(ctx, closed, "reopen", as_user, as_json=as_json, one=len(chat) == 1)


@app.command("reopen")
def reopen(
    ctx: typer.Context,
    chat: options.ChatsArgument,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Reopen closed chats.

    Examples:
        assignchat chat reopen chat-17

    Unless the config says identity = "claim", this is for the owner, managers and operators.
    """
    with open_for_operator(ctx, as_user) as session:
        reopened = service.reopen_chats(
            session.database, chat, actor=session.actor, only_own=not acts_freely(session)
        )
    _tell(ctx, reopened, "close", as_user, as_json=as_json, one=len(chat) == 1)


_CELLS = {
    "Id": render.field("id"),
    "Customer": render.field("customer"),
    "Owner": render.field("owner_id"),
    "Status": render.field("status"),
    "Opened": render.field("opened_at"),
}


def _tell(
    ctx: typer.Context,
    chats: Sequence[Chat],
    undo: str,
    as_user: str | None,
    *,
    as_json: bool,
    one: bool,
) -> None:
    """Print chats that were changed, and for people the command that undoes it.

    As JSON, the only `one` is an object.
    """
    if as_json:
        render.say_json(chats[0] if one else chats)
        return
    for chat in chats:
        render.say_chat(chat)
    ids = (Argument(chat.id) for chat in chats)
    hint_commands(ctx, "To undo it", ("chat", undo, *ids), as_user=as_user)


def _as_json(story: ChatStory) -> dict[str, Any]:
    """Return the chat with its request and timeline, with the keys of other chat commands first."""
    pending = story.pending_request
    return story.chat._asdict() | {
        "pending_request": render.plain(pending),
        "fallbacks": () if pending is None else pending.fallbacks,
        "timeline": render.plain(story.timeline),
    }
