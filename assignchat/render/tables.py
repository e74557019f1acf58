"""Tables and cards for people."""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

from assignchat.model import INDEFINITE, Chat, Event, Request, Status, TrackingRow, User
from assignchat.render.folding import columns, hung, unjoined
from assignchat.render.formats import Form, say_json
from assignchat.render.output import say, say_page, stdout_is_terminal, write
from assignchat.render.text import local, status_label, time_left
from assignchat.texts import how_many, visible

T = TypeVar("T")
Cells = Mapping[str, Callable[[Any], str]]
"""What people see of a row: headings, each with the text that stands under it."""


def say_rows(
    form: Form, rows: Iterable[Any], row_type: type[Any], cells: Cells | None = None
) -> None:
    """Print rows of a named tuple: all of it for machines, `cells` for people if given."""
    if form != Form.PEOPLE:
        from assignchat.render.rows import say_machine_rows  # only for a list

        say_machine_rows(form, rows, row_type)
        return
    shown = cells or _every_field(row_type)
    say_table(list(shown), ([text(row) for text in shown.values()] for row in rows))


def say_lines(
    form: Form, rows: Iterable[Any], row_type: type[Any], cells: Cells, *, heading: bool
) -> None:
    """Print rows as `say_rows`, each on a line of its own, so that others can follow them."""
    if form != Form.PEOPLE:
        from assignchat.render.rows import say_machine_rows  # only for a list

        one_a_line = Form.JSONL if form == Form.JSON else form
        say_machine_rows(one_a_line, rows, row_type, heading=heading)
        return
    for row in rows:
        shown = [visible(text(row)) for text in cells.values()]
        if stdout_is_terminal():
            *first, last = filter(None, shown)
            _say_hung("".join(f"{cell}  " for cell in first), last)
        else:
            say_page("\t".join(shown))


def field(name: str) -> Callable[[Any], str]:
    """Return a function that shows one field of a row to people."""
    return lambda row: _cell(name, getattr(row, name))


def say_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: boxed to the width of a terminal, or full and tab-separated in a pipe.

    On a terminal too narrow for its columns, each row is a list of labelled values. The cells are
    made safe to show.
    """
    if not stdout_is_terminal():
        for row in rows:
            write("\t".join(map(visible, row)) + "\n")
        return
    held = [[unjoined(" ".join(visible(cell).split())) for cell in row] for row in rows]
    least = [
        _least_width(heading, [row[column] for row in held])
        for column, heading in enumerate(headings)
    ]
    if sum(least) + len(headings) > shutil.get_terminal_size().columns:
        _say_labelled(headings, held)
    else:
        _say_boxed(headings, held, least)


def _least_width(heading: str, cells: Iterable[str]) -> int:
    """Return the columns that a column of a table needs: an id is to be copied in one piece."""
    in_pieces = (cell.split() for cell in cells) if heading in _OF_IDS else ([c] for c in cells)
    longest = max((columns(piece) for pieces in in_pieces for piece in pieces), default=0)
    if heading in _KEPT_WHOLE or heading in _OF_IDS:
        return max(longest, min(len(heading), _NARROWEST))
    return min(max(longest, len(heading)), _NARROWEST)


def _say_labelled(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # rich takes longer than a command may
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for row in rows:
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                table.add_row(heading, Text(cell))
        table.add_row()
    Console().print(table)


_KEPT_WHOLE = ("At", "Chat", "Event", "Id", "Key", "Opened", "Sent", "Status", "Times out")
_OF_IDS = ("Asked", "Asked by", "By", "From", "Owner", "To")  # one or several, with words between
_NAMES = ("Chat", "Id", "Request")  # numbers that name a thing, and count nothing
_NARROWEST = 8  # characters of a column whose text may go over several lines


def _say_boxed(
    headings: Sequence[str], rows: Sequence[Sequence[str]], least: Sequence[int]
) -> None:
    from rich.box import SIMPLE_HEAD  # see _say_labelled
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 0), header_style="bold")
    for column, (heading, width) in enumerate(zip(headings, least, strict=True)):
        counts = heading not in _NAMES and all(row[column].isdecimal() for row in rows)
        table.add_column(
            heading,
            justify="right" if counts else "left",
            overflow="fold",
            no_wrap=heading in _KEPT_WHOLE,
            min_width=width,
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def say_card(title: str, pairs: Iterable[tuple[str, str | None]]) -> None:
    """Print one thing: a title, and its labelled values, without absent ones."""
    say(title)
    say_pairs([(label, value) for label, value in pairs if value is not None])


def say_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    """Print labels with their texts, made safe to show, and on a terminal folded under a label."""
    safe = [(visible(label), visible(text)) for label, text in pairs]
    space = max((len(label) for label, _ in safe), default=0)
    for label, text in safe:
        _say_hung(f"  {label:<{space}}  ", text)


def _say_hung(before: str, text: str) -> None:
    width = shutil.get_terminal_size().columns
    say_page(hung(before, text, width) if stdout_is_terminal() else f"{before}{text}")


def say_requests(requests: Sequence[Request], now: datetime, *, as_json: bool, one: bool) -> None:
    """Print the requests that a command was given. As JSON, the only `one` is an object."""
    if as_json:
        say_json(requests[0] if one else requests)
        return
    for request in requests:
        say_request(request, now)
    if not requests:
        say("No request waits.")


def say_request(request: Request, now: datetime, timeline: Iterable[TrackingRow] = ()) -> None:
    """Print one request. Who was asked before is named if it stands in the `timeline`."""
    pending = request.status == Status.PENDING
    say_card(
        f"Request {request.id}: {status_label(request.status)}",
        (
            ("Chat", f"{request.chat_id} ({request.customer})"),
            ("Asked by", request.requester_id),
            ("Asked", f"{request.recipient_id} ({request.recipient_role})"),
            ("Owner", owner_of(request)),
            ("Note", request.note),
            ("Reason", request.reason),
            ("Sent", moment(request.requested_at)),
            ("Times out", time_left(request.expires_at, now) if pending else None),
            ("Ended", None if request.resolved_at is None else moment(request.resolved_at)),
            ("Asked before", _previous(request, timeline)),
            ("Asked next", _asked_next(request)),
        ),
    )


def say_chat(chat: Chat) -> None:
    """Print one chat."""
    say_card(
        f"Chat {chat.id}: {chat.status}",
        (
            ("Customer", chat.customer),
            ("Owner", chat.owner_id),
            ("In the CRM", _in_crm(chat)),
            ("Opened", moment(chat.opened_at)),
            ("Closed", None if chat.closed_at is None else moment(chat.closed_at)),
        ),
    )


def _in_crm(chat: Chat) -> str | None:
    """Say what the CRM named last of a chat, if it differs. Returns None if it does not."""
    said = {chat.owner_id: chat.crm_owner_id, chat.status: chat.crm_status}
    return ", ".join(old for new, old in said.items() if old not in (None, new)) or None


def event_text(row: TrackingRow) -> str:
    """Put a tracking row into words."""
    about = "" if row.request_id is None else f" request {row.request_id}"
    about += "" if row.batch_id is None else f" batch {row.batch_id}"
    users = " -> ".join(filter(None, (row.from_user, row.to_user)))
    why = "" if row.reason is None else f": {row.reason}"
    return f"{row.event.replace('_', ' ')}{about} {users} (by {row.actor}){why}{_passed_over(row)}"


def _passed_over(row: TrackingRow) -> str:
    """Return who could not be asked before a request was sent, each with why."""
    if row.detail is None or "passed_over" not in row.detail:
        return ""
    with suppress(ValueError, AttributeError):  # a row that was changed by hand
        passed_over = json.loads(row.detail).get("passed_over", {})
        return "; passed over: " + ", ".join(f"{user} ({why})" for user, why in passed_over.items())
    return ""


def say_user(user: User) -> None:
    """Print one user."""
    say_card(
        f"User {user.id}: {_presence(user)}",
        (
            ("Name", user.name),
            ("Role", user.role),
            ("Away until", _back_at(user)),
            ("Aliases", ", ".join(user.aliases) or None),
            ("Capacity", None if user.capacity is None else how_many(user.capacity, "open chat")),
        ),
    )


def _presence(user: User) -> str:
    if not user.active:
        return "not active"
    return "active" if user.away_until is None else "away"


def _back_at(user: User) -> str | None:
    return None if user.away_until == INDEFINITE else _cell("away_until", user.away_until) or None


def _previous(request: Request, timeline: Iterable[TrackingRow]) -> str | None:
    before = request.previous_request_id
    if before is None:
        return None
    sent = (before, Event.REQUESTED)
    asked = (row.to_user for row in timeline if (row.request_id, row.event) == sent)
    return f"{next(asked, None) or 'somebody else'}, by request {before}"


def _asked_next(request: Request) -> str | None:
    if request.status != Status.PENDING:  # that chain has gone on, or has ended
        return None
    return ", then ".join(request.fallbacks) or None


def owner_of(request: Request) -> str:
    """Return the chat's owner at the time of the request's last change."""
    accepted = request.status == Status.ACCEPTED
    return request.recipient_id if accepted else request.from_user


def moment(stored: str) -> str:
    """Return a stored time for people: local on a terminal, as it is stored in a pipe."""
    return local(stored) if stdout_is_terminal() else stored


def _every_field(row_type: type[Any]) -> Cells:
    return {
        name.removesuffix("_id").replace("_", " ").capitalize(): field(name)
        for name in row_type._fields
    }


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "status":
        return status_label(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    if name == "at" or name.endswith(("_at", "_until")):
        return moment(value) if value[:1].isdigit() else value  # away until "indefinite"
    return str(value)
