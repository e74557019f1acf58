"""sweep-timeouts."""

from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.invocation import invocation
from assignchat.cli.repeat import pause_in, rounds
from assignchat.cli.session import open_for_sweep
from assignchat.errors import DatabaseLocked
from assignchat.service import lifecycle as service
from assignchat.service.find import listing
from assignchat.texts import how_many
from assignchat.times import format_time


def sweep_timeouts(
    ctx: typer.Context,
    watch: Annotated[
        str | None,
        typer.Option("--watch", metavar="DURATION", help="Keep sweeping, with this pause."),
    ] = None,
    dry_run: options.DryRun = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing even if something was due.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Sweep although the clock seems to have jumped.")
    ] = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat sweep-timeouts
        assignchat sweep-timeouts --watch 10s

    For cron, each minute: it prints nothing when nothing was due, and in a pipe or a log its
    line begins with the time. A late sweep changes no
    outcome, because every command treats a request past its deadline as timed out.
    """
    pause = None if watch is None else pause_in(watch)
    for _ in rounds(pause):
        try:
            _sweep(
                ctx,
                as_user,
                dry_run=dry_run,
                quiet=quiet,
                force=force,
                watching=pause is not None,
                as_json=as_json,
            )
        except DatabaseLocked as error:
            if pause is None:
                raise
            render.note(f"{error.message}; trying again")


def _sweep(
    ctx: typer.Context,
    as_user: str | None,
    *,
    dry_run: bool,
    quiet: bool,
    force: bool,
    watching: bool,
    as_json: bool,
) -> None:
    damaged: list[dict[str, object]] = []

    def pass_over(request_id: int, why: str) -> None:
        render.note(f"Request {request_id} was passed over. {why}")
        damaged.append({"request_id": request_id, "message": why})

    with open_for_sweep(ctx, as_user) as session:
        ids = service.sweep_timeouts(
            session.database,
            actor=session.actor,
            dry_run=dry_run,
            force=force,
            passed_over=pass_over,
        )
    if quiet or (watching and not ids):
        return
    if as_json:
        result = {"timed_out": len(ids), "request_ids": ids, "dry_run": dry_run}
        render.say_json(result | ({"passed_over": damaged} if damaged else {}))
    elif ids:
        done = "would time out" if dry_run else "timed out"
        at = "" if render.stdout_is_terminal() else f"{format_time(invocation(ctx).clock())} "
        render.say(f"{at}{how_many(len(ids), 'request')} {done}: {listing(map(str, ids))}")
    render.flush()
