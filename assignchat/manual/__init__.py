"""The topics of `assignchat help`, which the man page and the reference show too.

A topic is paragraphs, with backquotes around what is typed or printed literally. A paragraph
such as `[config]` stands for the table of that name.
"""

from collections.abc import Iterator

from assignchat.manual.tables import TABLES
from assignchat.namedtuples import NamedTuple
from assignchat.render.pages import Block, lines


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
        failed or been interrupted after the change; the error then says so. Of `run`, each line
        that it has printed with an exit code of 0 stands.

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

        With `identity = "database"` the actor is always the login at the PostgreSQL server, and
        nobody is excepted. After `init --roles` the server itself lets no member of the team act
        for another, by this program or by any SQL.

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
        `run` prints such a document for each command, with what the command prints as `result`,
        or in its place `error` with `code`, `message` and `hint`.

        `held_by` in `status` and `check` is null, or who has the lock for writing: `command`,
        `actor`, `process`, `os_user`, `since`, `percent`, and with a server `host`; what is not
        known is null, as all but the process is of another program. The `detail` of a tracking
        row is JSON. Later versions may add keys, but will not rename or remove any.

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
        a day ago, and with `user away` a day from now. You are told on standard error which time
        was understood. A local time that comes twice or never, because the clocks are changed, is
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
