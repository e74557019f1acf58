"""changes."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.commands.sources import named_source
from assignchat.cli.lists import say_list
from assignchat.cli.session import Session, open_for_operator, refuse_to_overwrite_own_files
from assignchat.crm.outgoing import Outgoing
from assignchat.crm.sources import Source
from assignchat.errors import OutputFailed, Usage, shortened
from assignchat.namedtuples import NamedTuple
from assignchat.render.copying import copied
from assignchat.render.pager import paged
from assignchat.render.rows import say_csv
from assignchat.service import changes as service
from assignchat.store.changes import ChatChange
from assignchat.texts import how_many


def _both(ours: str, theirs: str | None) -> str:
    """Return what the CRM says and what is so here, or that alone if they are the same."""
    return ours if theirs in (None, ours) else f"{theirs} -> {ours}"


_CELLS: render.Cells = {
    "Chat": render.field("id"),
    "Customer": render.field("customer"),
    "Owner": lambda row: _both(row.owner_id, row.crm_owner_id),
    "Status": lambda row: _both(row.status, row.crm_status),
    "Changed": render.field("changed_at"),
    "By": render.field("changed_by"),
}


def changes(
    ctx: typer.Context,
    from_source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SOURCE",
            autocompletion=options.SOURCES,
            help="With --csv or --into: in the words of this source of the config.",
        ),
    ] = None,
    told: Annotated[
        bool, typer.Option("--told", help="Then take it that the CRM knows what was printed.")
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            metavar="FILE.xlsx",
            help="Fill the cells of owners and statuses in a copy of the CRM's workbook.",
        ),
    ] = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Fill the workbook itself, not a copy.")
    ] = False,
    limit: options.Limit = None,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
    as_jsonl: options.Jsonl = False,
    as_csv: options.Csv = False,
    as_ids: options.Ids = False,
) -> None:
    """Examples:
        assignchat changes
        assignchat changes --from dynamics --csv --told
        assignchat changes --from dynamics --into chats.xlsx --told

    The chats whose owner or status here is not what the CRM named last, by an import. An
    import that shows the new owner takes a chat off the list; so does --told, once all of the
    output has arrived. If it fails, or its reader goes before, nothing counts as told. Of two
    at the same time, the second waits for the first, and tells the rest.

    With --from and --csv it is a file for that CRM: its headings and words, the id and what is
    mapped. --into finds the chats by id in the workbook that the CRM has exported, fills what
    differs, and writes it beside as FILE-changed.xlsx; all else in it stays as it is.
    """
    form = options.form(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv, as_ids=as_ids)
    if in_place and into is None:
        raise Usage("--in-place is about the workbook that --into names")
    with open_for_operator(ctx, as_user) as session:
        outgoing = _outgoing(session, from_source)
        notes: list[str] = []
        note = notes.append if as_json else render.note  # with --json, an error stands alone
        how = _How(form, limit, outgoing, into, in_place, note)
        statuses = not how.in_words or outgoing is None or outgoing.has_statuses
        if told:
            with service.telling(
                session.database, limit=limit or None, statuses=statuses
            ) as telling:
                how = how._replace(limit=0)
                left_out = _tell(session, how, lambda **_: telling.rows())
                telling.leave_out(left_out.chats)
                telling.statuses = statuses and not left_out.all_statuses
                render.deliver()
        else:
            _tell(session, how, partial(service.list_changes, session.database, statuses=statuses))
        if not statuses:
            others = service.with_other_status(session.database)
            _note_not_told(how, "No column for the status in the source", others)
    for text in notes:
        render.note(text)


class _How(NamedTuple):
    """How changes are told."""

    form: render.Form
    limit: int | None
    outgoing: Outgoing | None
    into: Path | None
    in_place: bool
    note: Callable[[str], None]

    @property
    def in_words(self) -> bool:
        """Whether the output is a file for the CRM, in its own words."""
        return self.outgoing is not None and self.form == render.Form.CSV and self.into is None


class _LeftOut(NamedTuple):
    """What has no place in the workbook: chats that are not in it, and maybe all statuses."""

    chats: Collection[str] = ()
    all_statuses: bool = False


def _outgoing(session: Session, source: str | None) -> Outgoing | None:
    """Return how a source writes, None if none is named."""
    if source is None:
        return None
    chats, team = (named_source(session, source, kind) for kind in ("chats", "users"))
    return Outgoing(chats, service.names_of_owners(session.database, source, chats, team))


def _tell(session: Session, how: _How, fetch: Callable[..., Iterable[ChatChange]]) -> _LeftOut:
    """Print the changes. Returns what of them is not told."""
    left_out = _LeftOut()
    if how.into is not None:
        rows = list(fetch(limit=how.limit or None, newest_first=False))
        left_out = _fill(session, how, how.into, rows)
        found = [row for row in rows if row.id not in left_out.chats]
        how, fetch = how._replace(limit=0), lambda **_: found
    if how.outgoing is not None and how.form == render.Form.CSV:
        rows_to_tell = fetch(limit=how.limit or None, newest_first=False)
        texts = (how.outgoing.row(service.told(row)) for row in rows_to_tell)
        with paged(), copied():
            say_csv(how.outgoing.headings, texts)
    else:
        say_list(how.form, how.limit, fetch, ChatChange, _CELLS)
    return left_out


def _note_not_told(how: _How, why: str, chats: Collection[str]) -> None:
    if chats:
        text = shortened(", ".join(sorted(chats)))
        how.note(f"{why}, and not told: {how_many(len(chats), 'chat')}: {text}")


def _fill(session: Session, how: _How, path: Path, rows: Sequence[ChatChange]) -> _LeftOut:
    """Fill the workbook. Returns what there is no place for in it."""
    from assignchat.crm.filling import filled  # few fill a workbook
    from assignchat.system.files import replace_file

    target = path if how.in_place else path.with_name(f"{path.stem}-changed{path.suffix}")
    refuse_to_overwrite_own_files(session, target)
    chats = list(map(service.told, rows))
    result = filled(path, how.outgoing or Outgoing(Source(), {}), chats)
    missing = {chat.id for chat in chats} - result.found
    _note_not_told(how, f"Not in {path}", missing)
    if not result.has_statuses:
        changed = [chat.id for chat in chats if chat.status_changes and chat.id in result.found]
        _note_not_told(how, f"No column for the status in {path}", changed)
    left_out = _LeftOut(missing, not result.has_statuses)
    if not result.found:
        return left_out
    try:
        replace_file(target, [result.content])
    except OSError as error:
        raise OutputFailed(f"{target} could not be written: {error.strerror}") from error
    how.note(f"{how_many(result.cells, 'cell')} filled in {target}")
    return left_out
