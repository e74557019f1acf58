"""import users, import chats."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.commands import COMMANDS
from assignchat.cli.groups import new_group
from assignchat.cli.session import open_for_operator
from assignchat.crm import files
from assignchat.errors import Usage
from assignchat.model import how_many
from assignchat.service import imports as service
from assignchat.service.imports import Imported

app = new_group(
    COMMANDS["import"].summary,
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

    Columns: id, name, role (user, manager), active (true, false, yes, no, 1, 0). What a
    row leaves blank stays as it is.
    """
    _import(ctx, file, column, "user", as_user, dry_run=dry_run, as_json=as_json)


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

    Columns: id, customer, owner_id, status (open, closed), opened_at (ISO 8601 with a
    zone). What a row leaves blank stays as it is. A chat goes to the owner whom the file
    names, also if it was handed over here meanwhile: look with --dry-run first.
    """
    _import(ctx, file, column, "chat", as_user, dry_run=dry_run, as_json=as_json)


_KINDS: dict[str, tuple[tuple[str, ...], Callable[..., Imported]]] = {
    "user": (service.USER_COLUMNS, service.import_users),
    "chat": (service.CHAT_COLUMNS, service.import_chats),
}


def _import(
    ctx: typer.Context,
    file: str,
    mappings: Sequence[str] | None,
    noun: str,
    as_user: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    columns, import_rows = _KINDS[noun]
    unused: list[str] = []
    tell = unused.append if as_json else render.note  # with --json, an error stands alone
    rows = files.read(file, columns, ["id"], _headers(mappings or [], columns), tell)
    with (
        open_for_operator(ctx, as_user) as session,
        render.progress("Reading") as progress,
    ):
        counted = render.counted(rows, progress)
        result = import_rows(session.database, counted, actor=session.actor, dry_run=dry_run)
    _show(result, noun, unused, as_json=as_json)


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


def _show(result: Imported, noun: str, unused: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        counts = result._asdict()
        del counts["first_owner_changes"]  # half a list would be taken for the whole
        render.say_json(counts)
        for text in unused:
            render.note(text)
        return
    would = "Dry run, nothing was changed: " if result.dry_run else ""
    render.say(
        f"{would}{noun.capitalize()}s: {result.created} created, {result.updated} updated, "
        f"{result.unchanged} unchanged."
    )
    if result.owner_changes:
        _say_owner_changes(result)


def _say_owner_changes(result: Imported) -> None:
    change = "would change" if result.dry_run else "changed"
    render.say(f"{how_many(result.owner_changes, 'chat')} {change} hands:")
    for moved in result.first_owner_changes:
        render.say(render.visible(f"  {moved.chat_id}: {moved.from_user} -> {moved.to_user}"))
    more = result.owner_changes - len(result.first_owner_changes)
    if more:
        render.say(f"  and {more} more")
