"""How the commands that list rows print them."""

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
    """Tell a person at a terminal which times were understood; see `times.period`."""
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
    """Print a list: all of it, oldest first, for machines; the newest few, first, for people."""
    people = form == render.Form.PEOPLE
    wanted = (options.DEFAULT_LIMIT if people else 0) if limit is None else limit
    rows = fetch(limit=wanted + 1 if wanted else None, newest_first=people)
    if not wanted:
        render.say_rows(form, rows, row_type, cells)
        return
    first = list(rows)
    render.say_rows(form, first[:wanted], row_type, cells)
    if len(first) > wanted:
        render.flush()  # below the list, where it is seen
        render.note(f"There are more than {wanted}; --limit 0 shows them all.")
