"""bulk-assign, undo, batches."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Annotated, Any, TypeVar

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.hints import hint_commands
from assignchat.cli.lists import say_list
from assignchat.cli.prompts import changed_meanwhile, confirm, interactive, say_if_typed
from assignchat.cli.session import open_for_reading, open_for_user
from assignchat.errors import Usage
from assignchat.model import Batch, ChatStatus, Split
from assignchat.render.progress import progress_line
from assignchat.service import batches as service
from assignchat.service.batches import BulkAssigned, Undone
from assignchat.system.textfile import opened_text, pieces
from assignchat.texts import MAX_ID_LENGTH, check_id, how_many

STATUSES = (*ChatStatus, "all")

_Result = TypeVar("_Result")


def bulk_assign(
    ctx: typer.Context,
    chats: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHAT]...", autocompletion=options.CHATS, help="Chats to assign."),
    ] = None,
    ids_from: Annotated[
        str | None,
        typer.Option("--ids-from", metavar="FILE", help="A file with an id a line; - is stdin."),
    ] = None,
    from_user: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="USER", autocompletion=options.USERS, help="All chats of this user."
        ),
    ] = None,
    status: Annotated[
        str | None,
        options.choice("--status", STATUSES, "With --from: which of the chats; all by default."),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="USER",
            autocompletion=options.USERS,
            help="Who gets them; several share them.",
        ),
    ] = None,
    split: options.Share = Split.EVEN,
    reason: options.Reason = None,
    unavailable_too: options.Anyway = False,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat bulk-assign --from mark --to martha --dry-run
        assignchat bulk-assign chat-1 chat-2 --to martha
        assignchat bulk-assign --ids-from ids.txt --to martha --to omar --split least-loaded

    No colleague is asked first. A pending request on a chat that moves is cancelled. Each
    chat gets its own Engagement Tracking Record. At a terminal, you are shown what would move
    and asked whether to go on if it is more than one chat, unless --yes.
    """
    if not to:
        raise Usage("Missing option '--to'", hint="assignchat bulk-assign --help")
    wanted = _check_selection(chats or [], ids_from, from_user, status)
    with open_for_user(ctx, as_user) as session:
        staged = None
        if not from_user:
            ids = chain(chats or (), _ids_in(ids_from))
            staged = service.stage_chats(session.database, ids, actor=session.actor)
        run = partial(
            service.bulk_assign,
            session.database,
            to=to,
            actor=session.actor,
            chat_ids=staged,
            from_user=from_user,
            status=wanted,
            split=split,
            reason=reason,
            unavailable_too=unavailable_too,
        )
        result = carry_out(
            run, "Assigning", _plan, asks=lambda p: p.assigned > 1, dry_run=dry_run, yes=yes
        )
    say_assigned(result, as_json=as_json)
    if result.batch_id is not None and not as_json:
        hint_commands(ctx, "To take it back", ("undo", str(result.batch_id)), as_user=as_user)


def undo(
    ctx: typer.Context,
    batch: options.BatchArgument = None,
    last: Annotated[
        bool, typer.Option("--last", help="Your newest batch that is not undone.")
    ] = False,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat undo 3
        assignchat undo --last --dry-run

    They go to their owners before, once. A chat that has changed hands since the batch stays
    where it is. At a terminal, you are asked whether to go on if it is more than one chat,
    unless --yes.
    """
    if last == (batch is not None):
        raise Usage("Name the batch, or else --last", hint="assignchat batches lists them.")
    with open_for_user(ctx, as_user) as session:
        if batch is None:
            batch = service.last_batch(session.database, actor=session.actor)
        run = partial(service.undo, session.database, batch, actor=session.actor)
        result = carry_out(
            run, "Giving back", _undo_plan, asks=lambda p: p.undone > 1, dry_run=dry_run, yes=yes
        )
    if as_json:
        render.say_json(result)
    else:
        were = "would be" if dry_run else "was" if result.undone == 1 else "were"
        left = f", {result.skipped} had moved on and stay" if result.skipped else ""
        render.say(f"Batch {batch}: {how_many(result.undone, 'chat')} {were} given back{left}.")


def carry_out(
    run: Callable[..., _Result],
    title: str,
    plan: Callable[[_Result], Sequence[str]],
    *,
    asks: Callable[[_Result], bool],
    dry_run: bool,
    yes: bool,
) -> _Result:
    """Run bulk work and show its progress, once a person at the terminal agrees to the plan.

    The plan is made from the result of a dry run, and is put to the person if it `asks`. Others
    may change something while they think: then nothing is done. Returns the result. Raises
    `NotConfirmed`.
    """
    asked: Sequence[str] | None = None
    if not dry_run and not yes and interactive() and asks(planned := run(dry_run=True)):
        asked = plan(planned)
        confirm(asked)

    def check(done: _Result) -> None:
        if asked is not None and plan(done) != asked:
            raise changed_meanwhile(plan(done))

    with progress_line(title) as progress:
        return run(dry_run=dry_run, progress=progress, check_result=check)


def batches(
    ctx: typer.Context,
    limit: options.Limit = None,
    as_json: options.Json = False,
    as_jsonl: options.Jsonl = False,
    as_csv: options.Csv = False,
    as_ids: options.Ids = False,
) -> None:
    """Examples:
        assignchat batches

    Newest first for people, oldest first for machines.
    """
    form = options.form(as_json=as_json, as_jsonl=as_jsonl, as_csv=as_csv, as_ids=as_ids)
    with open_for_reading(ctx) as session:
        say_list(form, limit, partial(service.list_batches, session.database), Batch, _CELLS)


def _counts(users: dict[str, int]) -> str:
    return ", ".join(f"{user} {count}" for user, count in users.items())


_CELLS = {
    "Id": render.field("id"),
    "At": render.field("at"),
    "By": render.field("actor"),
    "Chats": render.field("assigned"),
    "From": lambda batch: _counts(batch.from_users),
    "To": lambda batch: _counts(batch.to_users),
    "Reason": render.field("reason"),
    "Undone at": render.field("undone_at"),
}


def _check_selection(
    chats: list[str], ids_from: str | None, from_user: str | None, status: str | None
) -> str | None:
    """Check that chats are selected in one way. Returns the status to select, None for all.

    Raises `Usage`.
    """
    by_id = bool(chats) or ids_from is not None
    if by_id == (from_user is not None):
        raise Usage(
            "Select chats either by their ids (CHAT, --ids-from) or by their owner (--from)"
        )
    if status is not None and by_id:
        raise Usage("--status needs --from")
    return None if status == "all" else status


def _ids_in(source: str | None) -> Iterator[str]:
    """Yield the ids in a file or standard input, one on each line, without blank lines."""
    if source is None:
        return
    say_if_typed(source, "ids of chats, one a line")
    number = 1
    with opened_text(source) as file:
        for lines in pieces(file):
            yield from lines if _are_ids(lines) else _checked(lines, number)
            number += len(lines)


def _are_ids(lines: list[str]) -> bool:
    """Return whether it can be seen at a glance that all lines are ids, as nearly always."""
    together = "\n".join(("", *lines, ""))
    return (
        together.replace("\n", "").isprintable()
        and not any(blank in together for blank in ("\n\n", " \n", "\n "))
        and max(map(len, lines)) <= MAX_ID_LENGTH
    )


def _checked(lines: list[str], first: int) -> Iterator[str]:
    for number, line in enumerate(lines, start=first):
        if line.strip():
            yield check_id(line, f"chat id on line {number}")


def _plan(planned: BulkAssigned) -> list[str]:
    shares = "; ".join(
        f"{share} to {user}, {_before_and_after(planned, user)}"
        for user, share in shares_of(planned)
    )
    return [f"Assign {_total(planned)}{shares and f': {shares}'}?"]


def _undo_plan(planned: Undone) -> list[str]:
    return [f"Give {how_many(planned.undone, 'chat')} back?"]


def shares_of(done: BulkAssigned) -> Iterator[tuple[str, str]]:
    """Yield each user who is given chats, with their number in words."""
    for user, count in done.recipients.items():
        if count:
            yield user, _chats(count, done.closed.get(user, 0))


def _total(done: BulkAssigned) -> str:
    return _chats(done.assigned, sum(done.closed.values()))


def _chats(count: int, closed: int) -> str:
    return how_many(count, "chat") + (f" ({closed} closed)" if closed else "")


def _before_and_after(done: BulkAssigned, user: str) -> str:
    before, after = done.open_chats[user]
    return f"{before} -> {how_many(after, 'open chat')}"


def as_document(done: BulkAssigned) -> dict[str, Any]:
    """Return a bulk assignment as JSON has it."""
    document = done._asdict()
    del document["closed"], document["open_chats"]
    return document


def say_assigned(result: BulkAssigned, *, as_json: bool) -> None:
    """Print the result of a bulk assignment."""
    if as_json:
        render.say_json(as_document(result))
        return
    if not result.assigned:
        unchanged = f"; {how_many(result.unchanged, 'chat')} unchanged" if result.unchanged else ""
        render.say(f"Nothing to assign{unchanged}.")
        return
    title = "Dry run, nothing was changed" if result.dry_run else f"Batch {result.batch_id}"
    render.say_card(
        f"{title}: {_total(result)} assigned",
        (
            *(
                (user, f"{share}, {_before_and_after(result, user)}")
                for user, share in shares_of(result)
            ),
            ("Unchanged", str(result.unchanged or "") or None),
            ("Requests cancelled", str(result.cancelled_requests or "") or None),
        ),
    )
