"""Printing lists of rows."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from assignchat import render
from assignchat.cli import options, times
from assignchat.render.copying import copied
from assignchat.render.pager import paged
from assignchat.store.database import Database


def note_unknown(database: Database, **named: Any) -> None:
    """Note each filter of a list that names nothing; see `find.unknown`."""
    from assignchat.service.find import unknown  # only lists need it

    for error in unknown(database, **named):
        render.note(f"{error.message}. {error.hint or ''}".rstrip())


def read_period(
    since: str | None, until: str | None, now: datetime, *, for_people: bool
) -> tuple[str | None, str | None]:
    """Read the times of `--since` and `--until`, and say to people how they were understood.

    They are said in local time at a terminal and in UTC elsewhere, unless they were written in
    full. Returns the stored times. Raises `InvalidValue`.
    """
    start, end = times.period(since, until, now)
    given = (("from", since, start), ("until", until, end))
    said = [f"{word} {time}" for word, text, time in given if text and not times.is_full(text)]
    if said and for_people:
        text = " ".join(said)
        text = render.with_local_times(text) if render.stderr_is_terminal() else text
        render.note(f"{text[0].upper()}{text[1:]}.")
    return start, end


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
    with paged(), copied():
        render.say_rows(form, rows, row_type, cells)
    if more:
        render.flush()  # below the list, where it is seen
        render.note(f"There are more than {wanted}; --limit 0 shows them all.")
