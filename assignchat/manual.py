"""What `assignchat help TOPIC`, the man page and the reference explain, made from the program.

A topic is paragraphs, in which what is typed or printed as it stands is in backquotes; a
paragraph such as `[config]` stands for the table of that name.
"""

import json
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from assignchat.config.keys import KEYS
from assignchat.errors import AssignchatError, every_error
from assignchat.model import (
    TRANSITIONS,
    Batch,
    Chat,
    EngagementRecord,
    Notification,
    Request,
    TrackingRow,
    User,
)


class Table(NamedTuple):
    """Rows of text under headings."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


Block = str | Table


class Topic(NamedTuple):
    """Something worth a page: one line about it, and its paragraphs."""

    summary: str
    text: str

    @property
    def blocks(self) -> Iterator[Block]:
        """Its paragraphs, each on one line, and its tables."""
        for paragraph in self.text.strip().split("\n\n"):
            table = TABLES.get(paragraph.strip("[] "))
            yield " ".join(paragraph.split()) if table is None else table()


def first_line(documented: type) -> str:
    """The line of a class in the manual."""
    return (documented.__doc__ or "").strip().splitlines()[0]


def exit_codes() -> Table:
    """Each exit code with its error codes."""
    rows = [("0", "Done, also when there was nothing to do.", "")]
    for group in AssignchatError.__subclasses__():
        codes = ", ".join(f"`{error.code}`" for error in group.__subclasses__())
        rows.append((str(group.exit_code), first_line(group), codes))
    rows += [
        ("8", "`check` found problems.", ""),
        ("10", "`wait`: the request was rejected.", ""),
        ("11", "`wait`: it was withdrawn or cancelled.", ""),
        ("12", "`wait`: it timed out.", ""),
        ("13", "`wait`: it is still pending.", ""),
        ("130, 143", "Interrupted by SIGINT, SIGTERM; nothing is half-done.", ""),
    ]
    return Table(("exit", "when", "error codes"), rows)


def errors() -> Table:
    """Each error code with its meaning."""
    rows = [(f"`{e.code}`", str(e.exit_code), first_line(e)) for e in every_error()]
    return Table(("code", "exit", "meaning"), rows)


def config() -> Table:
    """Each config key."""
    rows = [
        (f"`{key.name}`", f"`{json.dumps(key.default, ensure_ascii=False)}`", key.meaning)
        for key in KEYS.values()
    ]
    return Table(("key", "default", "meaning"), rows)


def lifecycle() -> Table:
    """The whole life of a request."""
    rows = [
        (t.source.label, action, t.party, t.target.label, "yes" if t.needs_reason else "")
        for action, t in TRANSITIONS.items()
    ]
    return Table(("from", "action", "by", "to", "reason"), rows)


def permissions() -> Table:
    """Who may run which command."""
    return Table(
        ("command", "who"),
        [
            ("`assign`", "the chat's owner, or any manager"),
            ("`accept`, `reject`", f"the request's {TRANSITIONS['accept'].party}, nobody else"),
            ("`withdraw`", f"the request's {TRANSITIONS['withdraw'].party}, nobody else"),
            ("`bulk-assign`", "a manager; or a user who owns every selected chat"),
            ("`undo`", "a manager; or whoever made the batch"),
            ("`inbox`, `status`", "the user themselves"),
            ("every other command", "whoever may read or write the database file, in any role"),
        ],
    )


def environment() -> Table:
    """Each variable that is read."""
    return Table(
        ("variable", "meaning"),
        [
            ("`ASSIGNCHAT_CONFIG`", "The config file, unless --config names one."),
            ("`ASSIGNCHAT_DB`", "The database, unless --db names one."),
            ("`ASSIGNCHAT_USER`", "Who acts, unless --as names somebody."),
            ("`SUDO_USER`, `SUDO_UID`", "Under sudo: who called it, for the login."),
            ("`XDG_CONFIG_HOME`", "The folder of assignchat/config.toml, else ~/.config."),
            ("`NO_COLOR`", "If set: no colours."),
            ("`TERM`", "If `dumb`: bars of plain characters."),
            ("`TZ`", "The zone of the times that people see."),
        ],
    )


def files() -> Table:
    """Each file that is read or written."""
    return Table(
        ("file", "what it is"),
        [
            ("`./config.toml`", "The config file, if there is one here."),
            ("`~/.config/assignchat/config.toml`", "Else this one."),
            ("`assignchat.db`", "The database, beside the config file unless that says else."),
            (
                "`assignchat.db-wal`, `assignchat.db-shm`",
                "Parts of the database while it is in use; never copied or deleted apart from it.",
            ),
            ("`notify.toml`", "Where `notify` delivers to, beside the config file, mode 0600."),
        ],
    )


def objects() -> Table:
    """Each kind of row with the keys of its JSON object."""
    kinds: dict[str, Any] = {
        "request": Request,
        "chat": Chat,
        "user": User,
        "notification": Notification,
        "batch": Batch,
        "tracking row": TrackingRow,
        "record": EngagementRecord,
    }
    return Table(
        ("object", "keys"),
        [(name, ", ".join(f"`{key}`" for key in kind._fields)) for name, kind in kinds.items()],
    )


_REQUEST, _USER, _CHAT = "the request", "the user", "the chat"
_IMPORTED, _SET = "created, updated, unchanged, dry_run, owner_changes", "key, value, source"
RESULTS = {
    "assign": _REQUEST,
    "accept": _REQUEST,
    "reject": _REQUEST,
    "withdraw": _REQUEST,
    "inbox": "user, requests, notifications",
    "status": "user, away_until, received, sent, open_chats",
    "wait": _REQUEST,
    "requests": "a list of requests",
    "bulk-assign": "batch_id, assigned, unchanged, cancelled_requests, recipients, dry_run",
    "undo": "batch_id, undone, skipped, dry_run",
    "batches": "a list of batches",
    "sweep-timeouts": "timed_out, request_ids, dry_run",
    "notify": "sent, failed, waiting",
    "tracking": "a list of tracking rows, or with --records of records",
    "stats": "since, until, users, outcomes, median_response_seconds, p90_response_seconds,"
    " reasons, time_zone, hours, bouncing_chats, bouncing",
    "user add": _USER,
    "user set": _USER,
    "user list": "a list of users",
    "user activate": _USER,
    "user deactivate": "the user, and batch, cancelled_requests, dry_run",
    "user away": _USER,
    "user back": _USER,
    "chat add": _CHAT,
    "chat list": "a list of chats",
    "chat show": "the chat, and pending_request, fallbacks, timeline",
    "chat close": _CHAT,
    "chat reopen": _CHAT,
    "import users": _IMPORTED,
    "import chats": _IMPORTED,
    "config list": "each key with its value",
    "config get": _SET,
    "config set": _SET,
    "config unset": _SET,
    "config path": "path, exists",
    "check": "sound, head, problems, warnings",
    "backup": "file, bytes",
    "export": "folder, files",
    "init": "database, created, config, demo",
    "help": "topic, text",
}
"""What each command prints with --json: the keys of an object, or a row or list of rows."""


def results() -> Table:
    """What each command prints with --json."""
    return Table(("command", "prints"), [(f"`{name}`", what) for name, what in RESULTS.items()])


TABLES: dict[str, Callable[[], Table]] = {
    "config": config,
    "environment": environment,
    "errors": errors,
    "exit-codes": exit_codes,
    "files": files,
    "lifecycle": lifecycle,
    "objects": objects,
    "permissions": permissions,
    "results": results,
}

TOPICS = {
    "config": Topic(
        "The config file: where it is, and its keys.",
        """
        `assignchat init` writes a `config.toml` with every key explained;
        `assignchat config set KEY VALUE` changes one and keeps comments and order.

        [config]

        The file is the one that `--config` names, else `ASSIGNCHAT_CONFIG`, else
        `./config.toml`, else `config.toml` in `~/.config/assignchat`. Without a file the
        defaults hold. The database is the one that `--db` names, else `ASSIGNCHAT_DB`, else the
        key `database`.

        `assignchat config path` prints which it is. A file that everyone may write is refused,
        and so is a `./config.toml` that nobody named and that belongs, or whose symbolic link
        belongs, to another user (neither you nor root).
        """,
    ),
    "environment": Topic("The variables that are read.", "[environment]"),
    "errors": Topic(
        "Every error code, with its exit code.",
        """
        An error is `Error: ...` on standard error, and where it helps `Hint: ...`. With `--json`
        it is one line:

        `{"error": {"code": "request_not_pending", "message": "...", "hint": "..."}}`

        [errors]
        """,
    ),
    "exit-codes": Topic(
        "What the exit code of a command says.",
        """
        [exit-codes]

        0 means that the change is on the disk. Any other code means that nothing was changed,
        but for a deadline that had passed and was recorded, and for output that failed or was
        interrupted after the change, which says so.

        `database_locked` alone is worth a retry.
        """,
    ),
    "files": Topic("The files that are read and written.", "[files]"),
    "identity": Topic(
        "Who acts: --as, and what it is worth.",
        """
        You are who `--as USER` says, else `ASSIGNCHAT_USER`, else the login of the real user.
        That is a claim, not a login: whoever can write the database file can act as anyone. The
        permissions of the file are the access control.

        With the config key `identity = "login"` the actor is the login of the real user, under
        sudo of whoever called it. Then `--as` and `ASSIGNCHAT_USER` are refused
        (`identity_fixed`), unless that login is one of the `operators`.

        Each row of the history keeps both the claimed `actor` and the true `os_user`.
        """,
    ),
    "json": Topic(
        "What --json, --jsonl and --csv print.",
        """
        Every command takes `--json`: one document on standard output. Lists also take `--jsonl`
        and `--csv`. All rows come, oldest first, with times in UTC. Standard output has the
        result alone; hints, questions and errors go to standard error.

        [objects]

        `text` and `seconds_left` are added to a request in `inbox` and in what `status` calls
        `received`. The `detail` of a tracking row is JSON itself. Keys may be added in later
        versions; none is renamed or removed.

        [results]
        """,
    ),
    "lifecycle": Topic(
        "The life of a request.",
        """
        [lifecycle]

        A request is cancelled by the system when its chat is assigned directly, closed or
        imported with another owner, or when its requester or recipient is deactivated. One
        request is pending on a chat at a time.

        A request is Timed Out from its deadline on, whether a sweep has run or not: a command
        that meets it records that and treats it so, and lists show it so.
        """,
    ),
    "permissions": Topic(
        "Who may run which command.",
        """
        [permissions]

        Only those from `assign` to `undo` check whether somebody is a manager, the owner, or who
        asked or was asked. `user`, `chat`, `import`, `config`, `sweep-timeouts` and the like
        are for operators: whoever may write the database file may run them, whatever role
        `--as` has.

        Nobody is asked to take a chat that they own already, and nobody inactive takes part.
        Who you are: `assignchat help identity`.
        """,
    ),
    "times": Topic(
        "How durations and times are written.",
        """
        A duration is `90s`, `2m`, `1h30m`, `2d` or a plain number of seconds. A request waits
        from `1s` to `30d`, or for ever if it is `off`.

        A time is ISO 8601 with a zone, such as `2026-11-22T14:05:10Z` or
        `2026-11-22T19:35:10+05:30`. `--since` and `--until` also take a duration: `24h` is a day
        ago, and for `user away` a day from now.

        In JSON, CSV and the tables of the database, times are UTC with milliseconds and `Z`. On
        a terminal people see their local time.
        """,
    ),
}
"""Every topic by its name."""


def text(name: str, width: int) -> str:
    """The page of a topic as plain text, in lines of at most `width` characters where it can."""
    topic = TOPICS[name]
    return "\n\n".join([topic.summary, *("\n".join(lines(block, width)) for block in topic.blocks)])


def lines(block: Block, width: int) -> Iterator[str]:
    """A paragraph or a table as plain text, in lines of at most `width` where it can."""
    if isinstance(block, str):
        yield from _wrapped(block.replace("`", ""), width, "")
        return
    rows = [[cell.replace("`", "") for cell in row] for row in block.rows]
    columns = list(zip(*rows, strict=True))
    widths = [
        max(map(len, (heading, *cells)))
        for heading, cells in zip(block.headings, columns, strict=True)
    ]
    left = sum(widths[:-1]) + 2 * len(widths)
    if left + min(widths[-1], width // 2) <= width:
        yield from _aligned([block.headings, *rows], widths, left, width)
    elif widths[0] <= _NARROW:
        yield from _stacked(rows, widths[0], width)
    else:
        yield from _labelled(block.headings, rows, width)


def _aligned(
    rows: Sequence[Sequence[str]], widths: Sequence[int], left: int, width: int
) -> Iterator[str]:
    """A table whose last column goes over several lines where it must."""
    for row in rows:
        cells = (f"{cell:<{space}}" for cell, space in zip(row[:-1], widths, strict=False))
        start = "  " + "".join(f"{cell}  " for cell in cells)
        yield from _wrapped(f"{start}{row[-1]}".rstrip(), width, " " * left)


def _stacked(rows: Sequence[Sequence[str]], space: int, width: int) -> Iterator[str]:
    """Beside a short first cell the others, below each other."""
    for first, *others in rows:
        for start, cell in zip((first, *("" for _ in others)), filter(None, others), strict=False):
            yield from _wrapped(f"  {start:<{space}}  {cell}", width, " " * (space + 4))


_NARROW = 10


def _labelled(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """A row at a time, for a table with several long columns."""
    space = max(map(len, headings[1:]))
    for row in rows:
        yield f"  {row[0]}"
        for heading, cell in zip(headings[1:], row[1:], strict=True):
            if cell:
                yield from _wrapped(f"    {heading:<{space}}  {cell}", width, " " * (space + 6))


def _wrapped(line: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
