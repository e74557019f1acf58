"""export."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.session import open_for_reading
from assignchat.render.progress import counted, progress_line
from assignchat.render.rows import FileFormat, write_csv_file, write_jsonl_file
from assignchat.service import export as service

FORMATS = {"csv": write_csv_file, "jsonl": write_jsonl_file}


def export(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    format_: Annotated[
        FileFormat, typer.Option("--format", help="The form of the files.")
    ] = FileFormat.CSV,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat export backup-2026-11 --format jsonl

    A file for each, all as of the same moment.
    """
    with open_for_reading(ctx) as session, progress_line("Writing") as progress:

        def write(path: Path, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
            FORMATS[format_](path, columns, counted(rows, progress))

        names = service.export(session.database, folder, format_, write)
    if as_json:
        render.say_json({"folder": str(folder), "files": [f"{name}.{format_}" for name in names]})
    elif render.stdout_is_terminal():  # cron would mail it
        render.say(f"{len(names)} files in {folder!s}")
