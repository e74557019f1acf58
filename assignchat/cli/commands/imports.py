"""import users, import chats."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.commands import COMMANDS, sources
from assignchat.cli.commands.sources import named_source, source_from
from assignchat.cli.groups import new_group
from assignchat.cli.prompts import say_if_typed
from assignchat.cli.session import Session, open_for_operator, refuse_to_overwrite_own_files
from assignchat.config import edit
from assignchat.crm import reading
from assignchat.crm.parts import Rows
from assignchat.crm.rows import OWN_CHAT_COLUMNS
from assignchat.crm.sources import CHAT_COLUMNS, USER_COLUMNS, Source
from assignchat.errors import ImportInvalid, InvalidValue
from assignchat.namedtuples import NamedTuple
from assignchat.problems import Problem
from assignchat.render.progress import progress_line
from assignchat.render.rows import csv_text
from assignchat.service import imports as service
from assignchat.service.imports import Imported
from assignchat.service.userimports import import_users
from assignchat.store.imports import Change
from assignchat.store.threeway import Conflict, Owners
from assignchat.system.textfile import opened_bytes
from assignchat.texts import counts, how_many

app = new_group(
    COMMANDS["import"].summary,
    "assignchat import users team.csv",
    "assignchat import chats export.xlsx --dry-run",
)

Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="CSV, JSON or .xlsx; - is stdin.")
]
Rejects = Annotated[
    Path | None,
    typer.Option("--rejects", metavar="FILE", help="Write the bad rows to this file, as CSV."),
]
OwnersOption = Annotated[
    Owners, options.choice("--owners", Owners, "If it is another one here: whose counts.")
]


@app.command("users")
def users(
    ctx: typer.Context,
    files: Files,
    from_source: sources.From = None,
    column: sources.Columns = None,
    value: sources.Values = None,
    default: sources.Defaults = None,
    time_zone: sources.TimeZone = None,
    time_format: sources.TimeFormat = None,
    encoding: sources.Encoding = None,
    delimiter: sources.Delimiter = None,
    no_header: sources.NoHeader = False,
    sheet: sources.Sheet = None,
    rows: sources.Rows = None,
    save_source: sources.Save = None,
    any_id: options.AnyId = False,
    rejects: Rejects = None,
    dry_run: options.DryRun = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Insert or update users by id, all or nothing.

    Examples:
        assignchat import users team.csv --column name="Full Name"
        assignchat import users team.xlsx --value role:Agent=user --dry-run
        assignchat import users team.csv --from dynamics

    Columns: id, name, role (user, manager), active (true, false, yes, no, 1, 0), alias,
    capacity. What a row leaves blank stays as it is.
    """
    source = source_from(
        USER_COLUMNS,
        column=column,
        value=value,
        default=default,
        time_zone=time_zone,
        time_format=time_format,
        encoding=encoding,
        delimiter=delimiter,
        no_header=no_header,
        sheet=sheet,
        rows=rows,
    )
    how = _How(files, source, from_source, save_source, any_id, rejects, dry_run, as_json)
    _import(ctx, _USERS, how, as_user)


@app.command("chats")
def chats(
    ctx: typer.Context,
    files: Files,
    from_source: sources.From = None,
    column: sources.Columns = None,
    value: sources.Values = None,
    default: sources.Defaults = None,
    time_zone: sources.TimeZone = None,
    time_format: sources.TimeFormat = None,
    encoding: sources.Encoding = None,
    delimiter: sources.Delimiter = None,
    no_header: sources.NoHeader = False,
    sheet: sources.Sheet = None,
    rows: sources.Rows = None,
    save_source: sources.Save = None,
    owners: OwnersOption = Owners.MERGE,
    any_id: options.AnyId = False,
    rejects: Rejects = None,
    dry_run: options.DryRun = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Insert or update chats by id, all or nothing.

    Examples:
        assignchat import chats export.xlsx --column id="Chat ID" --dry-run
        assignchat import chats export.csv --value status:Active=open
        assignchat import chats page*.json --column owner_id=meta.assignee.id
        assignchat import chats export.xlsx --from dynamics --dry-run

    Columns: id, customer, owner_id, status (open, closed), opened_at, closed_at. What a
    row leaves blank stays as it is. Of a known chat only that changes which the CRM has
    changed since its last file: what was handed over here stays. If both have changed the
    owner, --owners says whose counts: merge keeps the owner here and names the chat, theirs
    takes the file's owner of every chat, ours takes none, refuse imports nothing.
    """
    source = source_from(
        CHAT_COLUMNS,
        column=column,
        value=value,
        default=default,
        time_zone=time_zone,
        time_format=time_format,
        encoding=encoding,
        delimiter=delimiter,
        no_header=no_header,
        sheet=sheet,
        rows=rows,
    )
    how = _How(files, source, from_source, save_source, any_id, rejects, dry_run, as_json)
    kind = _CHATS._replace(import_rows=partial(service.import_chats, owners=owners))
    _import(ctx, kind, how, as_user)


class _How(NamedTuple):
    """What is imported, and how."""

    files: Sequence[str]
    source: Source
    from_source: str | None
    save_source: str | None
    any_id: bool
    rejects: Path | None
    dry_run: bool
    as_json: bool


class _Kind(NamedTuple):
    """The differences between an import of users and one of chats."""

    noun: str
    plural: str
    columns: Sequence[str]
    import_rows: Callable[..., Imported]


_USERS = _Kind("user", "users", USER_COLUMNS, import_users)
_CHATS = _Kind("chat", "chats", (*CHAT_COLUMNS, *OWN_CHAT_COLUMNS), service.import_chats)
_REQUIRED = ("id",)


def _import(ctx: typer.Context, kind: _Kind, how: _How, as_user: str | None) -> None:
    notes: list[str] = []
    note = notes.append if how.as_json else render.note  # with --json, an error stands alone
    for file in how.files:
        say_if_typed(file, f"or paste {kind.plural} with their headings")
    with open_for_operator(ctx, as_user) as session, _readable_again(how) as files:
        _check_rejects(session, how)
        how = how._replace(source=_whole_source(session, kind, how))
        try:
            result = _run(session, kind, how, files, note)
        except ImportInvalid as error:
            if how.rejects is not None:
                _write_rejects(how.rejects, files, kind, how.source, error)
            error.problems = [_located(problem, how.files) for problem in error.problems]
            raise
        if how.save_source is not None and not how.dry_run:
            sources.save(ctx, session, how.save_source, kind.plural, how.source)
    _show(result, kind.noun, as_json=how.as_json)
    if how.as_json:
        for text in notes:
            render.note(text)


def _whole_source(session: Session, kind: _Kind, how: _How) -> Source:
    """Return the source in the config with what was given; what cannot be saved is refused."""
    source = how.source
    if how.from_source is not None:
        source = named_source(session, how.from_source, kind.plural).with_given(source)
    if how.save_source is not None:
        edit.change_source(session.config, how.save_source, kind.plural, source)
    return source


def _run(
    session: Session,
    kind: _Kind,
    how: _How,
    files: Sequence[str],
    note: Callable[[str], None],
) -> Imported:
    rows = reading.read(files, kind.columns, _REQUIRED, how.source, note, how.files)
    # Of users nothing is taken that looks wrong.
    told: dict[str, Any] = {"note": note} if kind.noun == "chat" else {}
    with progress_line("Reading") as progress:
        return kind.import_rows(
            session.database,
            _counted(rows, progress),
            actor=session.actor,
            dry_run=how.dry_run,
            any_id=how.any_id,
            source=how.save_source or how.from_source,
            **told,
        )


def _counted(parts: Iterable[Rows], update: Callable[[int, int | None], None]) -> Iterator[Rows]:
    done = 0
    for rows in parts:
        done += len(rows.lines)
        update(done, None)
        yield rows


def _located(problem: Problem, files: Sequence[str]) -> Problem:
    """Return the problem with the line in its file, and with the file if there are several."""
    place = reading.place_of(problem.line)
    file = files[place.file] if len(files) > 1 else None
    return problem._replace(line=place.line, item=place.item, file=file)


def _check_rejects(session: Session, how: _How) -> None:
    """Raise `InvalidValue` for rejects that would go where something is that is needed."""
    if how.rejects is None:
        return
    refuse_to_overwrite_own_files(session, how.rejects)
    if any(how.rejects.resolve() == Path(file).resolve() for file in how.files):
        raise InvalidValue(f"{how.rejects} is the file to import", hint="Name another file.")


@contextmanager
def _readable_again(how: _How) -> Iterator[Sequence[str]]:
    """Copy the files that can be read only once, because rejects need them again."""
    if how.rejects is None or all(Path(file).is_file() for file in how.files):
        yield how.files
        return
    with tempfile.TemporaryDirectory() as folder:
        yield [
            file if Path(file).is_file() else _copied(file, Path(folder) / str(number))
            for number, file in enumerate(how.files)
        ]


def _copied(file: str, copy: Path) -> str:
    with opened_bytes(file) as stream, copy.open("wb") as written:
        shutil.copyfileobj(stream, written)
    return str(copy)


def _write_rejects(
    path: Path, files: Sequence[str], kind: _Kind, source: Source, error: ImportInvalid
) -> None:
    headings, rows = reading.rejected(files, kind.columns, _REQUIRED, source, error.rows)
    render.write_file(path, [csv_text(headings, rows)])


def _show(result: Imported, noun: str, *, as_json: bool) -> None:
    if as_json:
        document = result._asdict()
        del document["first_owner_changes"]  # half a list would be taken for the whole
        del document["owners_kept"]
        if not result.dry_run:
            del document["changes"]
        render.say_json(document)
        return
    would = "Dry run, nothing was changed: " if result.dry_run else ""
    done = counts(created=result.created, updated=result.updated, unchanged=result.unchanged)
    render.say(f"{would}{noun.capitalize()}s: {done or 'none in the file'}.")
    if result.dry_run:
        _say_changes(result.changes, noun)
    elif result.owner_changes:
        _say_owner_changes(result)
    if result.conflicts:
        _say_conflicts(result.conflicts)
    kept = result.owners_kept - len(result.conflicts)
    if kept:
        stays = "stays" if kept == 1 else "stay"
        render.say(f"{how_many(kept, 'chat')} {stays} with the owner here; the CRM is to be told.")


def _say_owner_changes(result: Imported) -> None:
    render.say(f"{how_many(result.owner_changes, 'chat')} changed hands:")
    for moved in result.first_owner_changes:
        render.say(f"  {moved.chat_id}: {moved.from_user} -> {moved.to_user}")
    _say_more(result.owner_changes - len(result.first_owner_changes))


def _say_conflicts(conflicts: Sequence[Conflict]) -> None:
    count = how_many(len(conflicts), "chat")
    stays = "stays with its owner" if len(conflicts) == 1 else "stay with their owners"
    render.say(f"{count} changed hands both here and in the CRM, and {stays} here:")
    for chat in conflicts[:_CHANGES_SHOWN]:
        render.say(f"  {chat.chat}: {chat.base} -> {chat.ours} here, {chat.theirs} in the CRM")
    _say_more(len(conflicts) - _CHANGES_SHOWN)


def _say_changes(changes: Sequence[Change], noun: str) -> None:
    """Print the changes of a dry run, column by column."""
    by_column = dict[str, list[Change]]()
    for change in changes:
        by_column.setdefault("inactive" if change.new is False else change.column, []).append(
            change
        )
    for column, of_column in by_column.items():
        what = _WOULD.get(column, f"would get another {column}")
        render.say(f"{how_many(len(of_column), noun)} {what}:")
        for change in of_column[:_CHANGES_SHOWN]:
            render.say(f"  {change.id}: {_value(change.old)} -> {_value(change.new)}")
        _say_more(len(of_column) - _CHANGES_SHOWN)


_CHANGES_SHOWN = 10
_WOULD = {
    "owner_id": "would change hands",
    "inactive": "would be deactivated",
    "active": "would be activated",
    "role": "would get another role",
    "name": "would be renamed",
    "aliases": "would get other aliases",
}


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "active" if value else "not active"
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    return "-" if value is None else str(value)


def _say_more(count: int) -> None:
    if count > 0:
        render.say(f"  and {count} more")
