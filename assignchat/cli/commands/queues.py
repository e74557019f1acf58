"""take."""

from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.commands.batches import say_assigned
from assignchat.cli.hints import hint_commands
from assignchat.cli.session import Session, open_for_user
from assignchat.errors import Usage
from assignchat.service import queues as service
from assignchat.service.batches import BulkAssigned
from assignchat.service.find import NAMED_AT_MOST
from assignchat.service.tracking import list_records


def take(
    ctx: typer.Context,
    chats: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHAT]...", autocompletion=options.CHATS, help="Chats to take."),
    ] = None,
    from_queue: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="QUEUE", autocompletion=options.USERS, help="The oldest of a queue."
        ),
    ] = None,
    oldest: Annotated[
        int | None,
        typer.Option(
            "--oldest", metavar="N", parser=options.count, help="With --from: so many, else one."
        ),
    ] = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat take chat-17
        assignchat take --from sales --oldest 3

    They are yours at once, without a request. Every active user may take the chats of a
    queue, and a manager any chat. Of two who take the same chat, one gets it.
    """
    if bool(chats) == (from_queue is not None):
        raise Usage("Name either chats or, with --from, a queue")
    if oldest is not None and from_queue is None:
        raise Usage("--oldest goes with --from")
    with open_for_user(ctx, as_user) as session:
        taken = service.take(
            session.database,
            chats or (),
            from_queue=from_queue,
            oldest=1 if oldest is None else oldest,
            actor=session.actor,
        )
        if not as_json and taken.assigned:
            _say_chats(session, taken)
    if from_queue is not None and not taken.assigned and not as_json:
        render.say(f"No open chat is in {from_queue}.")
        return
    say_assigned(taken, as_json=as_json)
    if taken.batch_id is not None and not as_json:
        hint_commands(ctx, "To give back", ("undo", str(taken.batch_id)), as_user=as_user)


def _say_chats(session: Session, taken: BulkAssigned) -> None:
    """Print which chats were taken, up to ten."""
    found = list_records(session.database, batch=taken.batch_id, limit=NAMED_AT_MOST)
    for record in found:
        render.say(f"{record.chat_id} ({record.customer}), from {record.from_user}")
    if taken.assigned > NAMED_AT_MOST:
        render.say(f"and {taken.assigned - NAMED_AT_MOST} more")
