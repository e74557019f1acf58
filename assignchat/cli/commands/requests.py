"""assign, accept, reject, withdraw."""

from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.hints import hint_commands
from assignchat.cli.invocation import invocation
from assignchat.cli.prompts import choose, interactive
from assignchat.cli.session import Session, open_for_user
from assignchat.errors import Usage, UserNotFound
from assignchat.model import PERSONS, Request, Role
from assignchat.service import requests as service
from assignchat.service import settle
from assignchat.texts import how_many
from assignchat.times import parse_timeout

AllWaiting = Annotated[
    bool, typer.Option("--all", help="All requests that wait for you, or that you sent.")
]


def assign(
    ctx: typer.Context,
    chat: options.ChatsArgument,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="USER", autocompletion=options.USERS, help="Who is asked."),
    ] = None,
    to_type: Annotated[
        Literal["user", "manager"] | None,
        typer.Option(
            "--to-type",
            help="The recipient's role; without --to, the user of it with the fewest chats.",
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
    _show(ctx, sent, as_json=as_json, one=len(chat) == 1)
    if not as_json:
        undo = ("withdraw", *(str(request.id) for request in sent), "--reason", "TEXT")
        hint_commands(ctx, "To take it back", undo, as_user=as_user)


def accept(
    ctx: typer.Context,
    request: options.RequestsArgument = None,
    chat: options.OfChats = None,
    all_waiting: AllWaiting = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat accept
        assignchat accept 7 8
        assignchat accept --chat chat-17
        assignchat accept --all

    The chats are yours from then on, and the requesters are notified. Several requests are
    accepted all or none.
    """
    with open_for_user(ctx, as_user) as session:
        named = _named(session, "accept", request, chat, all_waiting=all_waiting)
        accepted = settle.settle_named(session.database, "accept", named, actor=session.actor)
    _show(ctx, accepted, as_json=as_json, one=_is_one(named))
    if not as_json and len(accepted) == 1:
        (taken,) = accepted
        ask_back = ("assign", taken.chat_id, "--to", taken.from_user)
        hint_commands(ctx, f"To ask {taken.from_user} to take it back", ask_back, as_user=as_user)


def reject(
    ctx: typer.Context,
    request: options.RequestsArgument = None,
    chat: options.OfChats = None,
    all_waiting: AllWaiting = False,
    reason: options.Reason = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat reject 7 --reason "In a meeting"
        assignchat reject --chat chat-17 --reason "Not available"
        assignchat reject --all --reason "Off duty"

    The owners keep the chats. Several requests are rejected all or none.
    """
    with open_for_user(ctx, as_user) as session:
        offered = session.config.settings.rejection_reasons
        named = _named(session, "reject", request, chat, all_waiting=all_waiting)
        rejected = _settle_with_reason(session, "reject", named, reason, offered)
    _show(ctx, rejected, as_json=as_json, one=_is_one(named))


def withdraw(
    ctx: typer.Context,
    request: options.RequestsArgument = None,
    chat: options.OfChats = None,
    all_waiting: AllWaiting = False,
    reason: options.Reason = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat withdraw 7 --reason "No longer needed"
        assignchat withdraw --all --reason "I am back"

    Only while they are pending. A manager may withdraw anybody's request, by its number or
    chat; then its requester is told as well.
    """
    with open_for_user(ctx, as_user) as session:
        offered = session.config.settings.withdrawal_reasons
        named = _named(session, "withdraw", request, chat, all_waiting=all_waiting)
        withdrawn = _settle_with_reason(session, "withdraw", named, reason, offered)
    _show(ctx, withdrawn, as_json=as_json, one=_is_one(named))
    if not as_json and len(withdrawn) == 1:
        (old,) = withdrawn
        again = ("assign", old.chat_id, "--to", old.recipient_id)
        hint_commands(ctx, "To ask again", again, as_user=as_user)


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
    role = Role(to_type) if to_type else types[_choose("Assign To", shown)]
    users = found[role].users
    if not users:
        raise UserNotFound(f"No other {role.capitalize()} is active and present")
    shown = [f"{user.name} ({user.id}): {how_many(load, 'open chat')}" for user, load in users]
    return users[_choose("Select User", shown)][0].id


def _choose(title: str, choices: Sequence[str]) -> int:
    return 0 if len(choices) == 1 else int(choose(title, choices))


def _named(
    session: Session,
    action: str,
    numbers: Sequence[int] | None,
    chats: Sequence[str] | None,
    *,
    all_waiting: bool,
) -> settle.Named:
    """Tell which requests the command line names; on a terminal, a choice is offered."""
    if sum(map(bool, (numbers, chats, all_waiting))) > 1:
        raise Usage("Name requests by number, or by --chat, or take --all of them")
    if not (numbers or chats or all_waiting) and interactive():
        waiting = settle.waiting(session.database, action, actor=session.actor)
        if len(waiting) > 1:
            shown = [f"{one.id}: {one.chat_id} ({one.customer})" for one in waiting]
            return settle.Named([waiting[_choose("Request", shown)].id])
    return settle.Named(numbers or (), chats or (), all_waiting)


def _is_one(named: settle.Named) -> bool:
    """Return whether a single request was meant, which is printed as an object."""
    return not named.all_waiting and len(named.numbers) + len(named.chats) <= 1


def _settle_with_reason(
    session: Session,
    action: str,
    named: settle.Named,
    reason: str | None,
    offered: Sequence[str],
) -> list[Request]:
    allowed = settle.Reasons(offered, session.config.settings.allow_other_reasons)
    given = reason or _ask_reason(session, action, named, allowed)
    return settle.settle_named(
        session.database, action, named, actor=session.actor, reason=given, allowed=allowed
    )


def _ask_reason(
    session: Session, action: str, named: settle.Named, allowed: settle.Reasons
) -> str | None:
    """Ask a person for the reason, once it is clear that they may act. Returns None without one."""
    if not interactive():
        return None
    settle.check_named(session.database, action, named, actor=session.actor)
    other = "any other reason" if allowed.others_allowed else None
    answer = choose("Reason", allowed.offered, other=other)
    return allowed.offered[answer] if isinstance(answer, int) else answer


def _show(ctx: typer.Context, shown: Sequence[Request], *, as_json: bool, one: bool) -> None:
    if as_json:
        render.say_json(shown[0] if one else shown)
        return
    for request in shown:
        render.say_request(request, invocation(ctx).clock())
    if not shown:
        render.say("No request waits.")
