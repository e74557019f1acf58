"""backup."""

from pathlib import Path
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.session import open_for_reading, refuse_to_overwrite_own_files


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there already.")
    ] = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat backup /var/backups/assignchat-monday.db

    The copy shows one moment, is checked before it takes its name, and only its owner can
    read it.
    To restore, stop what writes and put the copy in the database's place, without any -wal
    and -shm files.
    """
    with open_for_reading(ctx, as_user) as session:
        refuse_to_overwrite_own_files(session, file)
        session.database.copy(file, replace=force)
    if as_json:
        render.say_json({"file": str(file), "bytes": file.stat().st_size})
    elif render.stdout_is_terminal():  # cron would mail it
        render.say(f"Copied to {file!s}, and checked.")
