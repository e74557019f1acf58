"""import users, import chats."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from assignchat import crm_file, render
from assignchat.cli import new_group, options
from assignchat.cli.session import note, opened
from assignchat.errors import Usage
from assignchat.service import imports as service
from assignchat.service.imports import Imported

app = new_group(
    "Bring users and chats in from a CRM.",
    "assignchat import users team.csv",
    "assignchat import chats export.csv --dry-run",
)

File = Annotated[str, typer.Argument(metavar="FILE", help="CSV, TSV or JSON; - is stdin.")]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column", metavar="NAME=HEADER", help="Which heading of the file a column stands under."
    ),
]


@app.command("users")
def users(
    ctx: typer.Context,
    file: File,
    column: Columns = None,
    dry_run: options.DryRun = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Insert or update users by id, all or nothing.

    Examples:
        assignchat import users team.csv --column name="Full Name"

    Columns: id, name, role, active.
    """
    rows = _rows(file, service.USER_COLUMNS, column or [])
    result = _imported(ctx, service.import_users, rows, as_user, dry_run=dry_run)
    _show(result, "user", as_json=as_json)


@app.command("chats")
def chats(
    ctx: typer.Context,
    file: File,
    column: Columns = None,
    dry_run: options.DryRun = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Insert or update chats by id, all or nothing.

    Examples:
        assignchat import chats export.csv --column id="Chat ID"
        assignchat import chats export.csv --dry-run

    Columns: id, customer, owner_id, status, opened_at.
    """
    rows = _rows(file, service.CHAT_COLUMNS, column or [])
    result = _imported(ctx, service.import_chats, rows, as_user, dry_run=dry_run)
    _show(result, "chat", as_json=as_json)


def _rows(file: str, columns: Sequence[str], mappings: Sequence[str]) -> service.NumberedRows:
    return crm_file.read(file, columns, ["id"], _headers(mappings, columns), note)


def _imported(
    ctx: typer.Context,
    import_rows: Callable[..., Imported],
    rows: service.NumberedRows,
    as_user: str | None,
    *,
    dry_run: bool,
) -> Imported:
    """What came of an import, with a bar while its rows are read."""
    with (
        opened(ctx, as_user, operator="login") as session,
        render.progress("Reading") as progress,
    ):
        counted = render.counted(rows, progress)
        return import_rows(session.database, counted, actor=session.actor, dry_run=dry_run)


def _headers(mappings: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    headers = {}
    for mapping in mappings:
        name, separator, header = map(str.strip, mapping.partition("="))
        if not separator or name not in columns:
            raise Usage(
                f"--column {mapping!r} is not NAME=HEADER", hint=f"NAMEs are {', '.join(columns)}."
            )
        headers[name] = header
    return headers


def _show(result: Imported, noun: str, *, as_json: bool) -> None:
    if as_json:
        render.say_json(result)
        return
    would = "Dry run, nothing was changed: " if result.dry_run else ""
    render.say(
        f"{would}{noun.capitalize()}s: {result.created} created, {result.updated} updated, "
        f"{result.unchanged} unchanged."
    )
    if result.owner_changes:
        changes = result.owner_changes
        render.say(f"{changes} chat{'' if changes == 1 else 's'} changed hands by it.")
