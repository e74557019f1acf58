"""assign, accept, reject, withdraw, requests."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.hints import hint_commands
from assignchat.cli.lists import note_unknown, say_list
from assignchat.cli.prompts import choose, interactive
from assignchat.cli.session import Session, invocation, open_for_reading, open_for_user
from assignchat.errors import Usage, UserNotFound, command_line
from assignchat.model import Request, Role, Status, parse_timeout
from assignchat.service import requests as service
from assignchat.store.database import Database


def assign(
    ctx: typer.Context,
    chat: options.ChatArgument,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="USER", autocompletion=options.USERS, help="Who is asked."),
    ] = None,
    to_type: Annotated[
        Role | None, typer.Option("--to-type", help="What role the recipient must have.")
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
    anyway: options.Anyway = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the answer, and exit as wait does.")
    ] = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat assign chat-17 --to martha --note "Wants a quote"
        assignchat assign chat-17 --to martha --then omar --timeout 5m
        assignchat assign chat-17 --to martha --wait

    The chat stays with its owner until the request is accepted. Its deadline is fixed when
    it is sent. On a terminal, a missing --to is asked. --wait waits for this request alone,
    not for those that --then sends.
    """
    seconds = None if timeout is None else parse_timeout(timeout)
    if to and len(to) > 1:
        raise Usage("Only one --to can be given", hint="Who is asked next: --then USER")
    with open_for_user(ctx, as_user) as session:
        recipient = to[0] if to else _ask_recipient(session, chat, to_type, anyway=anyway)
        request = service.assign(
            session.database,
            chat,
            to=recipient,
            to_type=to_type,
            actor=session.actor,
            note=note,
            timeout_seconds=session.config.settings.request_timeout if timeout is None else seconds,
            then=then or (),
            anyway=anyway,
        )
        if wait:
            from assignchat.cli.commands.wait import exit_when_settled  # rarely needed

            invocation(ctx).goes_on = True
            exit_when_settled(ctx, session.database, request.id, as_json=as_json)
    _show(ctx, request, as_json=as_json)
    if not as_json:
        undo = ("withdraw", str(request.id), "--reason", "TEXT")
        hint_commands(ctx, "To take it back", undo, as_user=as_user)


def accept(
    ctx: typer.Context,
    request: options.RequestArgument = None,
    chat: options.OfChat = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat accept 7
        assignchat accept --chat chat-17

    The chat is yours from then on, and the requester is notified.
    """
    with open_for_user(ctx, as_user) as session:
        request_id = _request_id(session.database, request, chat)
        accepted = service.accept(session.database, request_id, actor=session.actor)
    _show(ctx, accepted, as_json=as_json)
    if not as_json:
        ask_back = ("assign", accepted.chat_id, "--to", accepted.from_user)
        hint_commands(
            ctx, f"To ask {accepted.from_user} to take it back", ask_back, as_user=as_user
        )


def reject(
    ctx: typer.Context,
    request: options.RequestArgument = None,
    chat: options.OfChat = None,
    reason: options.Reason = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat reject 7 --reason "In a meeting"
        assignchat reject --chat chat-17 --reason "Not available"

    The owner keeps the chat.
    """
    with open_for_user(ctx, as_user) as session:
        offered = session.config.settings.rejection_reasons
        rejected = _give_reason(session, service.reject, request, chat, reason, offered)
    _show(ctx, rejected, as_json=as_json)


def withdraw(
    ctx: typer.Context,
    request: options.RequestArgument = None,
    chat: options.OfChat = None,
    reason: options.Reason = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat withdraw 7 --reason "No longer needed"

    Only while it is pending.
    """
    with open_for_user(ctx, as_user) as session:
        offered = session.config.settings.withdrawal_reasons
        withdrawn = _give_reason(session, service.withdraw, request, chat, reason, offered)
    _show(ctx, withdrawn, as_json=as_json)
    if not as_json:
        again = ("assign", withdrawn.chat_id, "--to", withdrawn.recipient_id)
        hint_commands(ctx, "To ask again", again, as_user=as_user)


def requests(
    ctx: typer.Context,
    status: Annotated[
        Status | None, typer.Option("--status", help="Only those of this status.")
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
    """Examples:
        assignchat requests --status pending --recipient martha

    Newest first for people, oldest first for machines.
    """
    form = options.form(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv, as_ids=as_ids)

    with open_for_reading(ctx) as session:
        note_unknown(session.database, chat=chat, users=(requester, recipient))
        say_list(
            form,
            limit,
            lambda **page: service.list_requests(
                session.database,
                status=status,
                chat=chat,
                requester=requester,
                recipient=recipient,
                **page,
            ),
            Request,
            _CELLS,
        )


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


def _ask_recipient(session: Session, chat: str, to_type: Role | None, *, anyway: bool) -> str:
    """Ask as the form of the CRM does: first "Assign To", then "Select User"."""
    if not interactive():
        raise Usage("Missing option '--to'", hint="assignchat assign --help")
    types = list(Role)
    found = {
        role: service.possible_recipients(
            session.database, chat, actor=session.actor, role=role, anyway=anyway
        )
        for role in types
    }
    role = to_type or types[int(choose("Assign To", [role.capitalize() for role in types]))]
    users = found[role]
    if not users:
        raise UserNotFound(f"No other {role.capitalize()} is active and present")
    chosen = choose("Select User", [f"{user.name} ({user.id})" for user in users])
    return users[int(chosen)].id


def _request_id(database: Database, request: int | None, chat: str | None) -> int:
    if request is not None and chat is None:
        return request
    if request is None and chat is not None:
        return service.request_on_chat(database, chat)
    raise Usage(
        "Name the request by its number, or else its chat with --chat",
        hint=f"Numbers are shown by: {command_line('inbox')}; {command_line('status')}",
    )


def _give_reason(
    session: Session,
    action: Callable[..., Request],
    request: int | None,
    chat: str | None,
    reason: str | None,
    offered: Sequence[str],
) -> Request:
    request_id = _request_id(session.database, request, chat)
    others_allowed = session.config.settings.allow_other_reasons
    if reason is None and interactive():
        service.check_answerable(session.database, action.__name__, request_id, actor=session.actor)
        answer = choose("Reason", offered, other="any other reason" if others_allowed else None)
        reason = offered[answer] if isinstance(answer, int) else answer
    return action(
        session.database,
        request_id,
        reason=reason,
        actor=session.actor,
        offered=offered,
        others_allowed=others_allowed,
    )


def _show(ctx: typer.Context, request: Request, *, as_json: bool) -> None:
    if as_json:
        render.say_json(request)
    else:
        render.say_request(request, invocation(ctx).clock())
