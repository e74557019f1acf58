"""Values into text: for a terminal, a pipe, JSON, JSON lines and CSV.

The only module that imports rich, and the only place where text that came from data is
made safe to show: `visible`.
"""

import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from assignchat.errors import OutputFailed
from assignchat.model import Chat, Request, Status, TrackingRow, User, parse_time


class Form(StrEnum):
    """How a result is printed."""

    PEOPLE = "people"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


class FileFormat(StrEnum):
    """The form of an exported file, and its name's ending."""

    CSV = "csv"
    JSONL = "jsonl"


# Spaces of other widths are as harmless as the space.
_OTHER_SPACES = frozenset(
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
# Joiners belong inside words of Persian and Hindi and inside emoji; elsewhere they hide.
_JOINER_IN_WORD = re.compile("(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f])")


def visible(text: str) -> str:
    """The text with everything that a terminal would obey or hide written out as an escape.

    Control characters, escape sequences, bidirectional overrides and zero-width characters
    of a hostile customer name become visible and harmless; names in any script stay as they
    are.
    """
    if text.isprintable():
        return text
    joiners = {match.start() for match in _JOINER_IN_WORD.finditer(text)}
    return "".join(
        char
        if char.isprintable() or char in _OTHER_SPACES or index in joiners
        else char.encode("unicode_escape").decode("ascii")
        for index, char in enumerate(text)
    )


def short(text: str) -> str:
    """A text that may be long, for a table: cut on a terminal, whole in a pipe."""
    shown = visible(text)
    return f"{shown[:_SHORT]}…" if is_terminal() and len(shown) > _SHORT else shown


_SHORT = 60


def say(*lines: str) -> None:
    """Print lines that are safe already to standard output."""
    _write("".join(f"{line}\n" for line in lines))


def is_terminal() -> bool:
    """Whether standard output is a person's terminal."""
    return sys.stdout.isatty()


def plain(value: Any) -> Any:  # noqa: ANN401
    """The value as JSON has it: named tuples as objects, the detail of the history parsed."""
    if isinstance(value, TrackingRow):
        detail = None if value.detail is None else json.loads(value.detail)
        return value._asdict() | {"detail": detail}
    if hasattr(value, "_asdict"):
        return {key: plain(item) for key, item in value._asdict().items()}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def json_text(value: Any) -> str:  # noqa: ANN401
    """The value as JSON on one line, exact, with escapes for what a terminal would obey."""
    text = json.dumps(plain(value), ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in _OTHER_SPACES else json.dumps(char)[1:-1]
        for char in text
    )


def say_json(value: Any) -> None:  # noqa: ANN401
    """Print one JSON document."""
    _write(json_text(value) + "\n")


Cells = Mapping[str, Callable[[Any], str]]
"""What people see of a row: headings, each with the text that stands under it."""


def say_rows(
    form: Form, rows: Iterable[Any], row_type: type[Any], cells: Cells | None = None
) -> None:
    """Print rows of a named tuple: for machines all of it, for people `cells`, if given."""
    if form == Form.JSON:
        _write_json_array(rows)
    elif form == Form.JSONL:
        for row in rows:
            _write(json_text(row) + "\n")
    elif form == Form.CSV:
        _csv_to(_Stdout(), row_type._fields, rows)
    else:
        shown = cells or _every_field(row_type)
        say_table(list(shown), ([text(row) for text in shown.values()] for row in rows))


def field(name: str) -> Callable[[Any], str]:
    """The text that shows one field of a row to people."""
    return lambda row: _cell(name, getattr(row, name))


def say_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: boxed to the width of a terminal, or full and tab-separated in a pipe.

    On a terminal too narrow for its columns, each row is a list of labelled values.
    """
    if not is_terminal():
        for row in rows:
            _write("\t".join(row) + "\n")
        return
    held = list(rows)
    longest = [
        max(len(heading), *(len(row[column]) for row in held), 0)
        for column, heading in enumerate(headings)
    ]
    whole = [
        heading in _KEPT_WHOLE and length <= _LONGEST_WHOLE
        for heading, length in zip(headings, longest, strict=True)
    ]
    least = sum(
        length if kept else min(length, _NARROWEST)
        for length, kept in zip(longest, whole, strict=True)
    )
    if least + len(headings) > shutil.get_terminal_size().columns:
        _say_labelled(headings, held)
    else:
        _say_boxed(headings, held, whole)


def _say_labelled(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415  # rich takes longer than a command may
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

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
_LONGEST_WHOLE = 40  # a GUID is to be copied in one piece; longer ids go over several lines
_NARROWEST = 8  # characters of a column whose text may go over several lines


def _say_boxed(
    headings: Sequence[str], rows: Sequence[Sequence[str]], whole: Sequence[bool]
) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415  # see _say_labelled
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 0), header_style="bold")
    for heading, kept in zip(headings, whole, strict=True):
        table.add_column(heading, overflow="fold", no_wrap=kept, min_width=min(len(heading), 8))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def say_card(title: str, pairs: Iterable[tuple[str, str | None]]) -> None:
    """Print one thing: a title, and its labelled values, without those that are absent."""
    present = [(label, value) for label, value in pairs if value is not None]
    width = max((len(label) for label, _ in present), default=0)
    say(title, *(f"  {label:<{width}}  {value}" for label, value in present))


def say_request(request: Request, now: datetime) -> None:
    """Print one request."""
    pending = request.status == Status.PENDING
    say_card(
        f"Request {request.id}: {status_label(request.status)}",
        (
            ("Chat", f"{visible(request.chat_id)} ({visible(request.customer)})"),
            ("Asked by", visible(request.requester_id)),
            ("Asked", f"{visible(request.recipient_id)} ({request.recipient_role})"),
            ("Owner", visible(owner_of(request))),
            ("Note", None if request.note is None else visible(request.note)),
            ("Reason", None if request.reason is None else visible(request.reason)),
            ("Sent", moment(request.requested_at)),
            ("Times out", time_left(request.expires_at, now) if pending else None),
            ("Ended", None if request.resolved_at is None else moment(request.resolved_at)),
            ("Asked before", _previous(request)),
        ),
    )


def say_chat(chat: Chat) -> None:
    """Print one chat."""
    say_card(
        f"Chat {visible(chat.id)}: {chat.status}",
        (
            ("Customer", visible(chat.customer)),
            ("Owner", visible(chat.owner_id)),
            ("Opened", moment(chat.opened_at)),
            ("Closed", None if chat.closed_at is None else moment(chat.closed_at)),
        ),
    )


def say_user(user: User) -> None:
    """Print one user."""
    say_card(
        f"User {visible(user.id)}: {'active' if user.active else 'not active'}",
        (
            ("Name", visible(user.name)),
            ("Role", user.role),
            ("Away until", None if user.away_until is None else _cell("at", user.away_until)),
        ),
    )


def _previous(request: Request) -> str | None:
    before = request.previous_request_id
    return None if before is None else f"somebody else, by request {before}"


def owner_of(request: Request) -> str:
    """Who owned the chat when the request was as it is."""
    accepted = request.status == Status.ACCEPTED
    return request.recipient_id if accepted else request.from_user


def moment(stored: str) -> str:
    """A stored time for people: local on a terminal; in a pipe as it is stored."""
    return local(stored) if is_terminal() else stored


def local(stored: str) -> str:
    """A stored time in the zone of whoever reads it, such as `2026-11-22 15:05:10`."""
    return parse_time(stored).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """A number of seconds for people: `1m 58s`, `2h 5m`, `3d 4h`."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, secs = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (secs, "s")]
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = parts[first : first + 2]
    return " ".join(f"{count}{unit}" for count, unit in shown if count or unit == "s")


def time_left(expires_at: str | None, now: datetime) -> str:
    """How long a request still waits, such as `in 1m 58s`."""
    if expires_at is None:
        return "never"
    return f"in {duration((parse_time(expires_at) - now).total_seconds())}"


def status_label(status: str) -> str:
    """A request's status as people see it; other words with a capital letter."""
    return Status(status).label if status in set(Status) else status.capitalize()


def _every_field(row_type: type[Any]) -> Cells:
    return {
        name.removesuffix("_id").replace("_", " ").capitalize(): field(name)
        for name in row_type._fields
    }


def _cell(name: str, value: Any) -> str:  # noqa: ANN401
    if value is None:
        return ""
    if name == "status":
        return status_label(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "at" or name.endswith(("_at", "_until")):
        return moment(value) if value[:1].isdigit() else value  # away until "indefinite"
    return visible(str(value))


def _write_json_array(rows: Iterable[Any]) -> None:
    """One document, a row a line, without holding the rows."""
    opening = "["
    for row in rows:
        _write(f"{opening}{json_text(row)}")
        opening = ",\n "
    _write("[]\n" if opening == "[" else "]\n")


def write_csv_file(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows to a CSV file with a heading."""
    with _own_file(path) as file:
        _csv_to(file, columns, rows)


def write_jsonl_file(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows to a file with a JSON object a line."""
    with _own_file(path) as file:
        for row in rows:
            record = dict(zip(columns, row, strict=True))
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _own_file(path: Path) -> TextIO:
    """A new file that its owner alone may read."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


class _Stdout:
    """Standard output as a file that the csv module can write to."""

    def write(self, text: str) -> int:
        _write(text)
        return len(text)


def _csv_to(file: TextIO | _Stdout, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    import csv  # noqa: PLC0415  # only where it is asked for

    writer = csv.writer(file, lineterminator="\n")
    # A lone carriage return ends a row for many readers, and is not quoted by itself.
    quoting = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    for row in rows:
        cells = [_harmless(value) for value in row]
        carriage_return = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (quoting if carriage_return else writer).writerow(cells)


def _harmless(value: Any) -> Any:  # noqa: ANN401
    """A CSV cell that no spreadsheet runs as a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value


def flush() -> None:
    """Let what was printed so far arrive."""
    with _delivering():
        sys.stdout.flush()


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal's standard error: to be called with done and total."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415  # see say_table
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _write(text: str) -> None:
    with _delivering():
        sys.stdout.write(text)


@contextmanager
def _delivering() -> Iterator[None]:
    """Tell output that fails from every other trouble; who reads no further is no trouble."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(f"The result could not be written: {error.strerror}") from error


class ClosedOutput(io.StringIO):
    """Stands for a standard output that was closed by whoever started us."""

    def write(self, _text: str) -> int:
        """Fail."""
        raise OutputFailed("The result could not be written: standard output is closed")
