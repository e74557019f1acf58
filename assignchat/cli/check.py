"""check."""

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.session import reading
from assignchat.service import check as service

PROBLEMS_FOUND = 8


def check(ctx: typer.Context, as_json: options.Json = False) -> None:
    """Check the database for damage.

    Examples:
        assignchat check

    The file, its guards, and the state against the history. Exits 0 if it is sound and 8 if
    not. Nothing is repaired.
    """
    with reading(ctx) as session:
        result = service.check(session.database)
    if as_json:
        render.say_json(result)
    else:
        for title, findings in (("Problem", result.problems), ("Warning", result.warnings)):
            render.say(*(f"{title}: {render.visible(f.message)} ({f.code})" for f in findings))
        render.say("The database is sound." if result.sound else "The database is NOT sound.")
    if not result.sound:
        raise typer.Exit(PROBLEMS_FOUND)
