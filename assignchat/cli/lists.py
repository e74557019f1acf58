"""Printing lists of rows."""

from collections.abc import Callable, Iterable
from typing import Any

from assignchat import render
from assignchat.cli import options
from assignchat.store.database import Database


def note_unknown(database: Database, **named: Any) -> None:
    """Note each filter of a list that names nothing; see `find.unknown`."""
    from assignchat.service.find import unknown  # only lists need it

    for error in unknown(database, **named):
        render.note(f"{error.message}. {error.hint or ''}".rstrip())


def note_period(start: str | None, end: str | None) -> None:
    """Show a person at a terminal how the times were understood; see `times.period`."""
    bounds = [f"{word} {time}" for word, time in (("from", start), ("until", end)) if time]
    if bounds and render.stderr_is_terminal():
        render.note(render.with_local_times(" ".join(bounds)).capitalize() + ".")


def say_list(
    form: render.Form,
    limit: int | None,
    fetch: Callable[..., Iterable[Any]],
    row_type: type[Any],
    cells: render.Cells | None = None,
) -> None:
    """Print a list: oldest first for machines, newest first for people.

    All rows are printed unless a limit is given, but at a terminal people see the newest ones.
    """
    people = form == render.Form.PEOPLE
    few = people and render.stdout_is_terminal()
    wanted = (options.DEFAULT_LIMIT if few else 0) if limit is None else limit
    rows = fetch(limit=wanted + 1 if wanted else None, newest_first=people)
    more = False
    if wanted:
        found = list(rows)
        rows, more = found[:wanted], len(found) > wanted
    with render.paged(), render.copied():
        render.say_rows(form, rows, row_type, cells)
    if more:
        render.flush()  # below the list, where it is seen
        render.note(f"There are more than {wanted}; --limit 0 shows them all.")
