"""wait, and the waiting of `assign --wait`."""

import time
from typing import Annotated, NoReturn

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.hints import hint
from assignchat.cli.session import invocation, open_for_reading
from assignchat.model import Request, Status
from assignchat.service import requests as service
from assignchat.store.database import Database
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
    request: Annotated[
        int,
        typer.Argument(
            metavar="REQUEST",
            parser=options.number,
            autocompletion=options.REQUESTS,
            help="The request's number.",
        ),
    ],
    at_most: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="How long at most.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat wait 7 --for 5m

    Exits 0 if it was accepted, 10 if rejected, 11 if withdrawn or cancelled, 12 if it timed
    out, and 13 if it was still pending when --for ran out.

    It waits for this one request. If that ends without a yes, the next of --then is asked
    by a request of its own, which `requests --chat` shows.
    """
    seconds = None if at_most is None else parse_duration(at_most)
    with open_for_reading(ctx) as session:
        exit_when_settled(ctx, session.database, request, seconds, as_json=as_json)


def exit_when_settled(
    ctx: typer.Context,
    database: Database,
    request_id: int,
    seconds: int | None = None,
    *,
    as_json: bool,
) -> NoReturn:
    """Print the request once it is settled, or as it is after so many seconds, and exit.

    The exit code is that of its status. Raises `DatabaseMissing` if the file is gone or was
    replaced meanwhile.
    """
    request = _until_settled(database, request_id, seconds, quiet=as_json)
    if as_json:
        render.say_json(request)
    else:
        render.say_request(request, invocation(ctx).clock())
    raise typer.Exit(EXIT_CODES.get(Status(request.status), SETTLED_OTHERWISE))


def _until_settled(
    database: Database, request_id: int, seconds: int | None, *, quiet: bool
) -> Request:
    end = None if seconds is None else time.monotonic() + seconds
    told = quiet
    while True:
        database.check_in_place()
        request = service.current_request(database, request_id)
        left = None if end is None else end - time.monotonic()
        if request.status != Status.PENDING or (left is not None and left <= 0):
            return request
        if not told:
            hint(
                f"Waiting for {request.recipient_id} to answer request {request_id};"
                " Ctrl-C ends only the waiting"
            )
            told = True
        time.sleep(_PAUSE_SECONDS if left is None else min(_PAUSE_SECONDS, left))
