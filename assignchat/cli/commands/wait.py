"""wait, and the waiting of `assign --wait`."""

import time
from datetime import datetime
from typing import Annotated, NoReturn, cast

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.hints import hint
from assignchat.cli.invocation import invocation
from assignchat.cli.session import open_for_reading
from assignchat.errors import Usage
from assignchat.model import Request, Status
from assignchat.service.chains import Awaited, awaited
from assignchat.service.settle import request_on_chat
from assignchat.store.database import Database
from assignchat.store.meanwhile import Patience
from assignchat.times import parse_duration

EXIT_CODES = {
    Status.ACCEPTED: 0,
    Status.REJECTED: 10,
    Status.TIMED_OUT: 12,
    Status.PENDING: 13,
}
SETTLED_OTHERWISE = 11  # withdrawn, cancelled

# Often enough for a person who waits, and a read of one row costs next to nothing.
_PAUSE_SECONDS = 0.25


def wait(
    ctx: typer.Context,
    request: options.RequestArgument = None,
    chat: options.OfChat = None,
    chain: Annotated[
        bool, typer.Option("--chain", help="Go on while the next of the chain is asked.")
    ] = False,
    at_most: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="How long at most.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat wait 7 --for 5m
        assignchat wait --chat chat-17 --chain

    Exits 0 if it was accepted, 10 if rejected, 11 if withdrawn or cancelled, 12 if it timed
    out, and 13 if it was still pending when --for ran out.

    It waits for one request. If that ends without a yes, the next of the chain is asked by a
    request of its own. With --chain it waits for that one too, and prints the last one.
    """
    if (request is None) == (chat is None):
        raise Usage("Name a request by its number, or by --chat")
    seconds = None if at_most is None else parse_duration(at_most)
    with open_for_reading(ctx) as session:
        number = request if chat is None else request_on_chat(session.database, chat)
        exit_when_settled(
            ctx, session.database, cast("int", number), seconds, chain=chain, as_json=as_json
        )


def exit_when_settled(
    ctx: typer.Context,
    database: Database,
    request_id: int,
    seconds: int | None = None,
    *,
    chain: bool,
    as_json: bool,
) -> NoReturn:
    """Print the request once it is settled, or as it is after so many seconds, and exit.

    With `chain` it is the last of its chain. The exit code is that of its status. Raises
    `DatabaseMissing` if the file is gone or was replaced meanwhile.
    """
    end = None if seconds is None else time.monotonic() + seconds
    request, goes_on = _until_settled(ctx, database, request_id, end, chain=chain, quiet=as_json)
    if as_json:
        render.say_json(request)
    else:
        render.say_request(request, invocation(ctx).clock())
    status = Status.PENDING if goes_on else Status(request.status)
    raise typer.Exit(EXIT_CODES.get(status, SETTLED_OTHERWISE))


def _until_settled(
    ctx: typer.Context,
    database: Database,
    request_id: int,
    end: float | None,
    *,
    chain: bool,
    quiet: bool,
) -> Awaited:
    told, patience = None, Patience()
    while True:
        left = _PAUSE_SECONDS if end is None else end - time.monotonic()
        with patience.bearing():
            database.check_in_place()
            found = awaited(database, request_id, chain=chain)
            if not found.goes_on or left <= 0:
                return found
            if told != found.request.id and not quiet:
                _tell(found.request, invocation(ctx).clock())
                told = found.request.id
        if patience.lost and left <= 0:
            raise patience.lost
        database.wait_for_change(min(_PAUSE_SECONDS, left))


def _tell(request: Request, now: datetime) -> None:
    ends = f", which times out {render.time_left(request.expires_at, now)}"
    hint(
        f"Waiting for {request.recipient_id} to answer request {request.id}"
        f"{ends if request.expires_at else ''}; Ctrl-C ends only the waiting"
    )
