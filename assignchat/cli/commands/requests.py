"""assign."""

from collections.abc import Sequence
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.hints import hint_commands
from assignchat.cli.invocation import invocation
from assignchat.cli.prompts import interactive, pick
from assignchat.cli.session import Session, open_for_user
from assignchat.errors import Usage, UserNotFound
from assignchat.model import PERSONS, Role
from assignchat.service import requests as service
from assignchat.texts import how_many
from assignchat.times import parse_timeout


def assign(
    ctx: typer.Context,
    chat: options.ChatsArgument,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="USER", autocompletion=options.USERS, help="Who is asked."),
    ] = None,
    to_type: Annotated[
        str | None,
        options.choice(
            "--to-type",
            PERSONS,
            "The recipient's role; without --to, the user of it with the fewest chats.",
        ),
    ] = None,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="What the recipient should know.")
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option(
            "--timeout",
            metavar="DURATION",
            help="How long to wait for the answer, such as 90s or 5m, or off.",
        ),
    ] = None,
    then: Annotated[
        list[str] | None,
        typer.Option(
            "--then",
            metavar="USER",
            autocompletion=options.USERS,
            help="Who is asked next if it is rejected or times out, unless away by then.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Withdraw your own pending request first.")
    ] = False,
    unavailable_too: options.Anyway = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the answer, and exit as wait does.")
    ] = False,
    chain: Annotated[
        bool,
        typer.Option("--chain", help="With --wait, go on while the next of --then is asked."),
    ] = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat assign chat-17 --to martha --note "Wants a quote"
        assignchat assign chat-17 --to martha --then omar --timeout 5m
        assignchat assign chat-17 chat-18 --to martha
        assignchat assign chat-17 --to-type manager --replace
        assignchat assign chat-17 --to martha --then omar --wait --chain

    A chat stays with its owner until the request is accepted. The deadline is fixed when
    it is sent. Several chats are asked about all or none, a request each. On a terminal, a
    missing --to is asked. --wait waits for this request alone, --wait --chain also for those
    who are asked next.
    """
    seconds = None if timeout is None else parse_timeout(timeout)
    if to and len(to) > 1:
        raise Usage("Only one --to can be given", hint="Who is asked next: --then USER")
    if wait and len(chat) > 1:
        raise Usage("--wait waits for one request", hint="Name one chat.")
    if chain and not wait:
        raise Usage("--chain goes with --wait")
    with open_for_user(ctx, as_user) as session:
        asking = service.Asking(
            to=to[0]
            if to
            else _ask_recipient(
                session, chat, to_type, unavailable_too=unavailable_too, replace=replace
            ),
            to_type=to_type,
            note=note,
            timeout_seconds=session.config.settings.request_timeout if timeout is None else seconds,
            then=then or (),
            unavailable_too=unavailable_too,
            replace=replace,
        )
        sent = service.assign_chats(session.database, chat, asking, actor=session.actor)
        if wait:
            from assignchat.cli.commands.wait import exit_when_settled  # rarely needed

            invocation(ctx).goes_on = True
            exit_when_settled(ctx, session.database, sent[0].id, chain=chain, as_json=as_json)
    render.say_requests(sent, invocation(ctx).clock(), as_json=as_json, one=len(chat) == 1)
    if not as_json:
        undo = ("withdraw", *(str(request.id) for request in sent), "--reason", "TEXT")
        hint_commands(ctx, "To take it back", undo, as_user=as_user)


def _ask_recipient(
    session: Session,
    chats: Sequence[str],
    to_type: str | None,
    *,
    unavailable_too: bool,
    replace: bool,
) -> str | None:
    """Ask as the form of the CRM does: first "Assign To", then "Select User".

    A question with one answer is not put. Returns None where nobody can be asked and the type
    says who it is to be.
    """
    if not interactive():
        if to_type is None:
            raise Usage(
                "Missing option '--to'", hint="Or --to-type, for the user with the fewest chats."
            )
        return None
    found = {
        role: service.possible_recipients(
            session.database,
            chats,
            actor=session.actor,
            role=role,
            unavailable_too=unavailable_too,
            replace=replace,
        )
        for role in PERSONS
    }
    for user, reason in (left for role in found for left in found[role].left_out):
        if to_type in (None, user.role):
            render.note(render.with_local_times(f"Left out: {user.name} ({user.id}), {reason}"))
    types = [role for role in PERSONS if found[role].users]
    if to_type is None and not types:
        raise UserNotFound("Nobody else is active and present")
    shown = [role.capitalize() for role in types]
    role = Role(to_type) if to_type else types[pick("Assign To", shown)]
    users = found[role].users
    if not users:
        raise UserNotFound(f"No other {role.capitalize()} is active and present")
    shown = [f"{user.name} ({user.id}): {how_many(load, 'open chat')}" for user, load in users]
    return users[pick("Select User", shown)][0].id
