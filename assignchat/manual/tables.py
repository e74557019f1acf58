"""The tables of the manual, each made from what the program goes by."""

import json
from collections.abc import Callable, Iterator
from typing import Any

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
from assignchat.render.pages import Table
from assignchat.store.changes import ChatChange


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
                "as all others; unless `identity` is `claim`, the owner, any manager, any operator",
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
            (
                "`PGHOST`, `PGPASSFILE`, …",
                "With a database on PostgreSQL, as for every client of it.",
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
            (
                "`assignchat.db-queue`",
                "The queue of those who write, and who does now. Nothing is lost without it.",
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
    "status": "user, away_until, received, sent, open_chats, on_own_chats, held_by",
    "wait": _REQUEST,
    "requests": "a list of requests",
    "requests show": "the request, and chain",
    "bulk-assign": _ASSIGNED,
    "take": _ASSIGNED,
    "run": "line, exit_code, result",
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
    "check": "sound, head, problems, warnings, held_by",
    "backup": "file, bytes",
    "export": "folder, files",
    "init": "database, created, config, demo, copied",
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
"""The tables by the name that stands for them in a topic."""
