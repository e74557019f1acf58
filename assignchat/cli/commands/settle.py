"""accept, reject, withdraw."""

from collections.abc import Sequence
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.hints import hint_commands
from assignchat.cli.invocation import invocation
from assignchat.cli.prompts import choose, interactive, pick
from assignchat.cli.session import Session, open_for_user
from assignchat.errors import Usage
from assignchat.model import Request
from assignchat.service import settle
from assignchat.shell import Argument

AllWaiting = Annotated[
    bool, typer.Option("--all", help="All requests that wait for you, or that you sent.")
]


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
    render.say_requests(accepted, invocation(ctx).clock(), as_json=as_json, one=_is_one(named))
    if not as_json and len(accepted) == 1:
        (taken,) = accepted
        ask_back = ("assign", Argument(taken.chat_id), "--to", taken.from_user)
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
    render.say_requests(rejected, invocation(ctx).clock(), as_json=as_json, one=_is_one(named))


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
    render.say_requests(withdrawn, invocation(ctx).clock(), as_json=as_json, one=_is_one(named))
    if not as_json and len(withdrawn) == 1:
        (old,) = withdrawn
        again = ("assign", Argument(old.chat_id), "--to", old.recipient_id)
        hint_commands(ctx, "To ask again", again, as_user=as_user)


def _named(
    session: Session,
    action: str,
    numbers: Sequence[int] | None,
    chats: Sequence[str] | None,
    *,
    all_waiting: bool,
) -> settle.Named:
    """Find the requests that the command line names. On a terminal, a choice is offered."""
    if sum(map(bool, (numbers, chats, all_waiting))) > 1:
        raise Usage("Name requests by number, or by --chat, or take --all of them")
    if not (numbers or chats or all_waiting) and interactive():
        waiting = settle.waiting(session.database, action, actor=session.actor)
        if len(waiting) > 1:
            shown = [f"{one.chat_id} ({one.customer})" for one in waiting]
            # By the number that each has in the inbox: a place in this list is soon another's.
            ids = [one.id for one in waiting]
            return settle.Named([ids[pick("Request", shown, numbers=ids)]])
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
