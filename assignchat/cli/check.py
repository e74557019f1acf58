"""check."""

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.session import reading
from assignchat.service import check as service
from assignchat.service.exposure import exposed

PROBLEMS_FOUND = 8


def check(ctx: typer.Context, as_json: options.Json = False) -> None:
    """Check the database for damage.

    The file, its guards, the state against the history, and who else may write it. Exits 0
    if it is sound and 8 if not. Nothing is repaired.

    Example: assignchat check
    """
    with reading(ctx) as session:
        result = service.check(session.database)
        config_file = session.config.path if session.config.exists else None
        result.warnings.extend(exposed(session.database.path, config_file))
    if as_json:
        render.say_json(result)
    else:
        for title, findings in (("Problem", result.problems), ("Warning", result.warnings)):
            render.say(*(f"{title}: {render.visible(f.message)} ({f.code})" for f in findings))
        render.say("The database is sound." if result.sound else "The database is NOT sound.")
    if not result.sound:
        raise typer.Exit(PROBLEMS_FOUND)
