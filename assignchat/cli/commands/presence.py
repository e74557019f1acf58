"""away, back."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options, times
from assignchat.cli.hints import hint_commands
from assignchat.cli.invocation import invocation
from assignchat.cli.prompts import agrees, changed_meanwhile, interactive
from assignchat.cli.session import Session, open_for_user
from assignchat.errors import Usage
from assignchat.model import Request
from assignchat.service import presence as service
from assignchat.service.presence import Gone
from assignchat.texts import how_many


def away(
    ctx: typer.Context,
    reason: Annotated[
        str | None,
        typer.Argument(metavar="[REASON]", help="Why, with --pass-on."),
    ] = None,
    pass_on: Annotated[
        bool, typer.Option("--pass-on", help="Reject the requests that wait for you.")
    ] = False,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="When you are back.")
    ] = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat away --until "monday 08:00"
        assignchat away --pass-on "In a meeting" --until 2h

    Until you are back nobody asks you, unless with --anyway. The requests that wait for your
    answer are shown. With --pass-on they are rejected, and the next user of a chain is
    asked; the reason is "Away" unless given. On a terminal, you are asked whether to.
    """
    if reason is not None and not pass_on:
        raise Usage("A reason goes with --pass-on")
    end = stored_until(ctx, until)
    with open_for_user(ctx, as_user) as session:
        settings = session.config.settings
        asked = None if pass_on else _asked_to_pass_on(session)
        gone = service.go_away(
            session.database,
            actor=session.actor,
            until=end,
            pass_on=pass_on or asked is not None,
            reason=reason,
            offered=settings.rejection_reasons,
            others_allowed=settings.allow_other_reasons,
            check_result=partial(_check_asked, asked),
        )
    say_gone(ctx, gone, as_json=as_json)
    if not as_json:
        hint_commands(ctx, "When you are back", ("back",), as_user=as_user)


def back(ctx: typer.Context, as_user: options.AsUser = None, as_json: options.Json = False) -> None:
    """Examples:
        assignchat back

    Also before the time that you gave to away.
    """
    with open_for_user(ctx, as_user) as session:
        user = service.come_back(session.database, actor=session.actor)
    if as_json:
        render.say_json(user)
    else:
        render.say_user(user)


def stored_until(ctx: typer.Context, until: str | None) -> str | None:
    """Read when an absence ends. Returns the stored time, or None."""
    if until is None:
        return None
    return times.stored_time(until, invocation(ctx).clock(), None, times.Sense.AHEAD)


def say_gone(ctx: typer.Context, gone: Gone, *, as_json: bool) -> None:
    """Print an away user, and the requests that wait for them or were passed on."""
    if as_json:
        others = {
            "waiting": gone.waiting,
            "passed_on": gone.passed_on,
            "asked_next": gone.asked_next,
        }
        render.say_json(gone.user._asdict() | others)
        return
    render.say_user(gone.user)
    if gone.passed_on:
        asked = {request.previous_request_id: request.recipient_id for request in gone.asked_next}
        render.say("", f"Passed on: {how_many(len(gone.passed_on), 'request')}")
        _say_requests("Asked now", {r: asked.get(r.id, "nobody") for r in gone.passed_on})
    elif gone.waiting:
        now = invocation(ctx).clock()
        render.say("", f"Waiting for the answer: {how_many(len(gone.waiting), 'request')}")
        _say_requests("Times out", {r: render.time_left(r.expires_at, now) for r in gone.waiting})


def _say_requests(heading: str, requests: Mapping[Request, str]) -> None:
    """Print requests to a user, with one more fact about each."""
    render.say_table(
        ("Request", "Chat", "Customer", "From", heading),
        [
            (str(request.id), request.chat_id, request.customer, request.requester_id, more)
            for request, more in requests.items()
        ],
    )


def _asked_to_pass_on(session: Session) -> Sequence[Request] | None:
    """Ask a person at the terminal whether to pass on the requests that wait for them.

    Returns the requests if the answer was yes, None if not, or if there was nothing to ask.
    """
    if not interactive():
        return None
    waiting = service.waiting_for(session.database, session.actor)
    return waiting if waiting and agrees(*_question(waiting)) else None


def _check_asked(asked: Sequence[Request] | None, gone: Gone) -> None:
    if asked is not None and {one.id for one in asked} != {one.id for one in gone.passed_on}:
        raise changed_meanwhile(_question(gone.passed_on))


def _question(requests: Sequence[Request]) -> list[str]:
    count = how_many(len(requests), "request")
    return [f"{count} waiting for your answer: reject, so that others are asked?"]
