"""The topics of `assignchat help`, which the man page and the reference show too.

A topic is paragraphs, with backquotes around what is typed or printed literally. A paragraph
such as `[config]` stands for the table of that name.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from assignchat.config.keys import KEYS
from assignchat.errors import AssignchatError
from assignchat.model import (
    TRANSITIONS,
    Batch,
    Chat,
    EngagementRecord,
    Notification,
    Party,
    Request,
    TrackingRow,
    User,
)
from assignchat.render.pages import Block, Table, lines
from assignchat.store.changes import ChatChange


class Topic(NamedTuple):
    """A topic of `assignchat help`: its summary and its paragraphs."""

    summary: str
    text: str

    @property
    def blocks(self) -> Iterator[Block]:
        """Yield its paragraphs, each on one line, and its tables, in order."""
        for paragraph in self.text.strip().split("\n\n"):
            table = TABLES.get(paragraph.strip("[] "))
            yield " ".join(paragraph.split()) if table is None else table()


def first_line(documented: type) -> str:
    """Return the first line of the docstring of a class."""
    return (documented.__doc__ or "").strip().splitlines()[0]


def exit_codes() -> Table:
    """Make the table of exit codes with their error codes."""
    rows = [("0", "Success, also if there was nothing to do.", "")]
    for group in AssignchatError.__subclasses__():
        codes = ", ".join(f"`{error.code}`" for error in group.__subclasses__())
        rows.append((str(group.exit_code), first_line(group), codes))
    rows += [
        ("8", "`check` found problems.", ""),
        ("10", "`wait`: the request was rejected.", ""),
        ("11", "`wait`: the request was withdrawn or cancelled.", ""),
        ("12", "`wait`: the request timed out.", ""),
        ("13", "`wait`: the request is still pending.", ""),
        ("130, 143", "Stopped by SIGINT (Ctrl-C) or by SIGTERM.", ""),
    ]
    return Table(("exit", "when", "error codes"), rows)


def every_error() -> Iterator[type[AssignchatError]]:
    """List the classes that have a code, in the order in which they are written."""
    groups = AssignchatError.__subclasses__()
    return (error for group in groups for error in group.__subclasses__())


def errors() -> Table:
    """Make the table of error codes with their meanings."""
    rows = [(f"`{e.code}`", str(e.exit_code), first_line(e)) for e in every_error()]
    return Table(("code", "exit", "meaning"), rows)


def config() -> Table:
    """Make the table of config keys."""
    rows = [
        (f"`{key.name}`", f"`{json.dumps(key.default, ensure_ascii=False)}`", key.meaning)
        for key in KEYS.values()
    ]
    return Table(("key", "default", "meaning"), rows)


def lifecycle() -> Table:
    """Make the table of the changes that a request can go through."""
    rows = [
        (t.source.label, action, _by(t.party), t.target.label, "yes" if t.needs_reason else "")
        for action, t in TRANSITIONS.items()
    ]
    return Table(("from", "action", "by", "to", "reason"), rows)


def _by(party: Party) -> str:
    return f"{party}, any manager" if party == Party.REQUESTER else str(party)


def permissions() -> Table:
    """Make the table of who may run which command."""
    return Table(
        ("command", "who"),
        [
            ("`assign`", "the owner of the chat; any manager"),
            ("`accept`, `reject`", f"the {TRANSITIONS['accept'].party} of the request"),
            ("`withdraw`", f"the {TRANSITIONS['withdraw'].party} of the request, or any manager"),
            ("`bulk-assign`", "any manager; a user who owns all the selected chats"),
            ("`take`", "any user, the chats of queues; any manager, any chat"),
            ("`undo`", "any manager; the actor of the batch"),
            ("`inbox`, `status`, `away`, `back`", "each user, for themselves"),
            (
                "`chat close`, `chat reopen`",
                'as all others; with `identity = "login"` the owner, any manager, any operator',
            ),
            ("all others", "everybody who may read or write the database file, in any role"),
        ],
    )


def environment() -> Table:
    """Make the table of environment variables."""
    return Table(
        ("variable", "meaning"),
        [
            ("`ASSIGNCHAT_CONFIG`", "The config file, if there is no --config."),
            ("`ASSIGNCHAT_DB`", "The database, if there is no --db."),
            ("`ASSIGNCHAT_USER`", "The actor, if there is no --as."),
            ("`SUDO_USER`, `SUDO_UID`", "Set by sudo: the login of the person who ran it."),
            ("`XDG_CONFIG_HOME`", "The folder of assignchat/config.toml; ~/.config if not set."),
            (
                "`ASSIGNCHAT_PAGER`, `PAGER`",
                "Shows what is longer than the screen: `less -FRX` if not set. None: `cat`; sudo.",
            ),
            ("`NO_COLOR`", "If set, there are no colours."),
            ("`TERM`", "If `dumb`, bars are drawn with plain characters."),
            ("`TZ`", "The time zone of the times that people see."),
        ],
    )


def files() -> Table:
    """Make the table of files."""
    return Table(
        ("file", "what it is"),
        [
            ("`./config.toml`", "The config file, if it exists."),
            (
                "`~/.config/assignchat/config.toml`",
                "The config file, if there is no `./config.toml`.",
            ),
            (
                "`assignchat.db`",
                "The database, unless the config says otherwise; beside the config file.",
            ),
            (
                "`assignchat.db-wal`, `assignchat.db-shm`",
                "Parts of the database while it is in use. Never copy or delete them alone.",
            ),
            ("`notify.toml`", "The addresses for `notify`, beside the config file, mode 0600."),
        ],
    )


def objects() -> Table:
    """Make the table of JSON objects with their keys."""
    kinds: dict[str, Any] = {
        "request": Request,
        "chat": Chat,
        "user": User,
        "notification": Notification,
        "batch": Batch,
        "tracking row": TrackingRow,
        "record": EngagementRecord,
        "change": ChatChange,
    }
    return Table(
        ("object", "keys"),
        [(name, ", ".join(f"`{key}`" for key in kind._fields)) for name, kind in kinds.items()],
    )


_REQUEST, _USER, _CHAT = "the request", "the user", "the chat"
_ASSIGNED = "batch_id, assigned, unchanged, cancelled_requests, recipients, dry_run"
_AWAY = "the user, and waiting, passed_on, asked_next"
_IMPORTED = "created, updated, unchanged, dry_run, owner_changes, conflicts"
_SET = "key, value, source"
RESULTS = {
    "assign": _REQUEST,
    "accept": _REQUEST,
    "reject": _REQUEST,
    "withdraw": _REQUEST,
    "away": _AWAY,
    "back": _USER,
    "inbox": "user, requests, notifications, on_own_chats",
    "status": "user, away_until, received, sent, open_chats, on_own_chats",
    "wait": _REQUEST,
    "requests": "a list of requests",
    "requests show": "the request, and chain",
    "bulk-assign": _ASSIGNED,
    "take": _ASSIGNED,
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
    "user deactivate": "the user, and batch, cancelled_requests, dry_run, requests, closed_chats",
    "user away": _AWAY,
    "user back": _USER,
    "chat add": _CHAT,
    "chat list": "a list of chats",
    "chat show": "the chat, and pending_request, fallbacks, timeline",
    "chat close": _CHAT,
    "chat reopen": _CHAT,
    "import users": _IMPORTED,
    "import chats": _IMPORTED,
    "changes": "a list of changes",
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
"""What each command prints with --json: the keys of an object, or the kind of row."""


def results() -> Table:
    """Make the table of what each command prints with --json."""
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
        `assignchat init` writes a `config.toml` that explains every key.
        `assignchat config set KEY VALUE` changes one and keeps comments and order.

        [config]

        The config file is the first of: `--config`, `ASSIGNCHAT_CONFIG`, `./config.toml`, and
        `config.toml` in `~/.config/assignchat`. `assignchat config path` prints it. Without a
        file, the defaults are used. The database is the first of: `--db`, `ASSIGNCHAT_DB`, and
        the key `database`.

        A config file that everybody may write is refused. A `./config.toml` that you did not
        name is refused if it, or a symbolic link in its place, belongs to another user than you
        or root.

        `[sources.NAME]` says how a CRM writes, for `import --from NAME` and `changes --from
        NAME`: `time_zone`, `time_format`, `encoding`, `delimiter`, `sheet`, `rows`, `header`
        (false if its files have no headings) and `owners` (the heading of its users' file
        under which the names stand that owners have there). `[sources.NAME.users]` and
        `[sources.NAME.chats]` have `columns` (a heading or a list of them), `values` (of each
        column, the words and what they mean) and `defaults`. `import --save-source NAME` writes
        what was given there. `scripts/samples/sources.toml` has ready ones.
        """,
    ),
    "environment": Topic("The environment variables.", "[environment]"),
    "errors": Topic(
        "The error codes, with their exit codes.",
        """
        An error is printed to standard error as `Error: ...`, often with a `Hint: ...`. With
        `--json` it is one line:

        `{"error": {"code": "request_not_pending", "message": "...", "hint": "..."}}`

        [errors]
        """,
    ),
    "exit-codes": Topic(
        "The exit codes.",
        """
        [exit-codes]

        0 means that the change is on the disk. Any other code means that nothing was changed,
        with two exceptions: a passed deadline may have been recorded, and the output may have
        failed or been interrupted after the change; the error then says so.

        Only `database_locked` is worth a retry.
        """,
    ),
    "files": Topic("The files.", "[files]"),
    "identity": Topic(
        "The actor: --as, and how far it can be trusted.",
        """
        The actor is the first of: `--as USER`, `ASSIGNCHAT_USER`, and your login. It is only a
        claim: everybody who can write the database file can act as anybody. The permissions of
        the file are the access control. As wherever a user is named, an alias will do; an id
        goes first.

        With the config key `identity = "login"` the actor is always the login; under sudo, that
        of the person who ran sudo. `--as` and `ASSIGNCHAT_USER` are then refused
        (`identity_fixed`), except for the logins in `operators`.

        Each tracking row has both the claimed `actor` and the real `os_user`.
        """,
    ),
    "json": Topic(
        "The output of --json, --jsonl, --csv and --ids.",
        """
        Every command takes `--json` and prints one document. Lists also take `--jsonl` and
        `--csv`, and those of chats, users, requests and batches `--ids`, for the bare ids, one a
        line. They then print all rows, oldest first, with times in UTC. Only the result goes
        to standard output; hints, questions and errors go to standard error.

        [objects]

        A request in `inbox`, and in `received` of `status`, also has `text` and `seconds_left`.
        The `detail` of a tracking row is JSON. Later versions may add keys, but will not rename
        or remove any.

        [results]
        """,
    ),
    "lifecycle": Topic(
        "The life of a request.",
        """
        [lifecycle]

        A chat has at most one pending request. The request is cancelled when the chat is
        assigned directly, closed, or imported with another owner, and when the requester or the
        recipient is deactivated.

        A request is Timed Out from its deadline on, also before a sweep has recorded it: lists
        show it as Timed Out, and a command that needs it records the time-out first.
        """,
    ),
    "permissions": Topic(
        "Who may run which command.",
        """
        [permissions]

        `user`, `chat`, `import`, `changes`, `config`, `sweep-timeouts` and the like are for
        operators and do not check the role of the actor.

        The owner of a chat cannot be asked to take it. An inactive user cannot act, be asked or
        be assigned chats. `assignchat help identity` says who the actor is.
        """,
    ),
    "times": Topic(
        "How to write durations and times.",
        """
        A duration is `90s`, `2m`, `1h30m`, `2d` or a number of seconds. The time to answer a
        request is from `1s` to `30d`, or `off` for no deadline.

        `--since` and `--until` take `18:00`; `today`, `tomorrow`, `yesterday`, a weekday or
        `2026-12-01`, each alone (the day begins) or with a time of day (`"tomorrow 08:00"`); a
        duration; or ISO 8601 with a zone, such as `2026-11-22T19:35:10+05:30`. Without a zone, a
        time is local.

        `--since 18:00` and `--since monday` mean the last one, `--until` the next one. `24h` means
        a day ago, and with `user away` a day from now. At a terminal you are told which time was
        understood. A local time that comes twice or never, because the clocks are changed, is
        refused, with what it may mean.

        In JSON, CSV and the database, times are UTC with milliseconds and `Z`. Elsewhere they
        are local times, within a day of a change of the clocks with their offset.
        """,
    ),
}
"""The topics by name."""


def text(name: str, width: int) -> str:
    """Format a topic as plain text, in lines of at most `width` characters if its words allow."""
    topic = TOPICS[name]
    return "\n\n".join([topic.summary, *("\n".join(lines(block, width)) for block in topic.blocks)])
