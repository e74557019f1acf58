"""check."""

from collections.abc import Iterator
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.session import Session, held_text, named_database, open_for_reading
from assignchat.config.keys import KEYS
from assignchat.render.pager import paged
from assignchat.service import check as service
from assignchat.service.check import Finding
from assignchat.service.config import keys_that_differ
from assignchat.service.exposure import exposed

PROBLEMS_FOUND = 8


Full = Annotated[
    bool, typer.Option("--full", help="Also compare every tracking row with its seal.")
]
Expect = Annotated[
    str | None,
    typer.Option(metavar="HEAD", help="Require this head, noted earlier; implies --full."),
]


def check(
    ctx: typer.Context,
    full: Full = False,
    expect: Expect = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat check
        assignchat check --full
        assignchat check --expect 5c1f…

    Checks the file, its guards, who else may write it, and whether chats, requests and users
    are as tracking says. Exits 0 if the database is sound and 8 if not. Nothing is repaired.

    With --full it finds the first tracking row that was changed, deleted or inserted by hand,
    and prints the head, which stands for all of them. Note the head elsewhere: with --expect,
    a later check also shows whether the last rows were cut off, or all were written anew.
    """
    full = full or expect is not None
    with open_for_reading(ctx, as_user) as session:
        result = service.check(session.database, full=full, expect=expect)
        config_file = session.config.path if session.config.exists else None
        result.warnings.extend(exposed(session.database, config_file))
        if named_database(ctx) is None:  # the tracking of another one is not about this config
            result.warnings.extend(_config_differences(session))
    with paged():
        if as_json:
            render.say_json(result)
        else:
            _say(result, full=full)
    if not as_json and not session.database.own_files:
        render.note("The server's own files were not looked at: pg_amcheck does that.")
    if not result.sound:
        raise typer.Exit(PROBLEMS_FOUND)


def _config_differences(session: Session) -> Iterator[Finding]:
    values: dict[str, object] = {key: session.config.value(key) for key in KEYS}
    values |= {f"sources.{name}": table for name, table in session.config.sources.items()}
    with session.database.read():
        keys = keys_that_differ(session.database, values)
    if keys:
        yield Finding(
            "config_differs",
            f"{session.config.path.name} has other values than tracking says, of keys:"
            f" {', '.join(keys)}",
        )


def _say(result: service.CheckResult, *, full: bool) -> None:
    for title, findings in (("Problem", result.problems), ("Warning", result.warnings)):
        for found in findings:
            # What is wrong with the database may take several lines.
            lines = "\n  ".join(found.message.splitlines())
            render.say(*f"{title}: {lines} ({found.code})".split("\n"))
    if result.held_by is not None:
        render.say(held_text(result.held_by))
    render.say("The database is sound." if result.sound else "The database is NOT sound.")
    if full and result.head is not None:
        render.say(f"Head of the tracking table: {result.head}")
