"""The options and arguments that several commands share, each described once."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from assignchat.errors import Usage
from assignchat.model import Split
from assignchat.render import Form

LARGEST_ID = 2**63 - 1
DEFAULT_LIMIT = 50


def number(text: str) -> int:
    """Read the number of a request or a batch, `7` or `#7`."""
    if not (_is_whole(digits := text.removeprefix("#")) and 1 <= int(digits) <= LARGEST_ID):
        raise typer.BadParameter(f"{text!r} is not a whole number above 0")
    return int(digits)


def request_number(text: str) -> int:
    """Read the number of a request, for a command that takes a chat in its place."""
    try:
        return number(text)
    except typer.BadParameter as error:
        raise typer.BadParameter(f"{error.message}; a chat is named with --chat") from None


def count(text: str) -> int:
    """Read a number of rows, 0 for all."""
    if text[:1] == "-" and _is_whole(text[1:]):
        raise typer.BadParameter(f"{text!r} is below 0")
    if not (_is_whole(text) and int(text) < LARGEST_ID):
        raise typer.BadParameter(f"{text!r} is not a whole number")
    return int(text)


def _is_whole(text: str) -> bool:
    """Return whether this is a number as people write it, and not too long to be one of ours."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_ID))


def offered(kind: str) -> Callable[[typer.Context, str], list[str]]:
    """Make the completion of an option from the name of a function in `completion`."""

    def offer(ctx: typer.Context, incomplete: str) -> list[str]:
        from assignchat.cli import completion  # only after Tab

        found: list[str] = getattr(completion, kind)(ctx, incomplete)
        return found

    return offer


def choice(name: str, words: Iterable[str], shown: str) -> Any:
    """Make an option that takes one of several words, also as lists show them: `Timed Out`."""
    known = {_folded(word): str(word) for word in words}

    def read(text: str) -> str:
        if _folded(text) not in known:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(known.values())}")
        return known[_folded(text)]

    return typer.Option(
        name,
        parser=read,
        metavar=f"<{'|'.join(known.values())}>",
        autocompletion=lambda incomplete: [
            word for word in known.values() if _folded(word).startswith(_folded(incomplete))
        ],
        help=shown,
    )


def _folded(word: str) -> str:
    return word.casefold().replace("_", " ").replace("-", " ")


USERS = offered("user_ids")
CHATS = offered("chat_ids")
REQUESTS = offered("request_ids")
ASKED_CHATS = offered("asked_chat_ids")
BATCHES = offered("batch_ids")
KEYS = offered("config_keys")
SOURCES = offered("source_names")
VALUES = offered("config_values")

AsUser = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="USER",
        autocompletion=USERS,
        help="Who you are; else ASSIGNCHAT_USER or your login.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Jsonl = Annotated[bool, typer.Option("--jsonl", help="Print one JSON document a line.")]
Ids = Annotated[bool, typer.Option("--ids", help="Print the ids alone, one a line.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV with a heading.")]
AnyId = Annotated[
    bool,
    typer.Option("--any-id", help="Also ids that look spoilt, hidden, or like known ones."),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="N",
        parser=count,
        help=f"At most this many, 0 for all. At a terminal {DEFAULT_LIMIT} if not given.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; print what would be.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
Anyway = Annotated[bool, typer.Option("--anyway", help="Also if the recipient is away or full.")]
Share = Annotated[Split, choice("--split", Split, "How several recipients share the chats.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why.")]
ChatsArgument = Annotated[
    list[str],
    typer.Argument(metavar="CHAT...", autocompletion=CHATS, help="The chats, by id."),
]
ChatArgument = Annotated[
    str, typer.Argument(metavar="CHAT", autocompletion=CHATS, help="The chat's id.")
]
UserArgument = Annotated[
    str, typer.Argument(metavar="USER", autocompletion=USERS, help="The user's id.")
]
OneRequest = Annotated[
    int,
    typer.Argument(
        metavar="REQUEST", parser=number, autocompletion=REQUESTS, help="The request's number."
    ),
]
RequestArgument = Annotated[
    int | None,
    typer.Argument(
        metavar="[REQUEST]",
        parser=request_number,
        autocompletion=REQUESTS,
        help="The request's number.",
    ),
]
OfChat = Annotated[
    str | None,
    typer.Option(
        "--chat",
        metavar="CHAT",
        autocompletion=ASKED_CHATS,
        help="The chat, in place of the request's number.",
    ),
]
RequestsArgument = Annotated[
    list[int] | None,
    typer.Argument(
        metavar="[REQUEST]...",
        parser=request_number,
        autocompletion=REQUESTS,
        help="The requests, by number; none means the only one that waits.",
    ),
]
OfChats = Annotated[
    list[str] | None,
    typer.Option(
        "--chat",
        metavar="CHAT",
        autocompletion=ASKED_CHATS,
        help="A chat, in place of a request's number; may be repeated.",
    ),
]
BatchArgument = Annotated[
    int | None,
    typer.Argument(
        metavar="[BATCH]", parser=number, autocompletion=BATCHES, help="The batch's number."
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Only from then on: 18:00, monday, 24h …"),
]

Until = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Only before then; see help times."),
]


def form(
    *, as_json: bool, as_jsonl: bool = False, as_csv: bool = False, as_ids: bool = False
) -> Form:
    """Choose the form of the output by the flags. Raises `Usage` for more than one of them."""
    flags = {Form.JSON: as_json, Form.JSONL: as_jsonl, Form.CSV: as_csv, Form.IDS: as_ids}
    chosen = [form for form, wanted in flags.items() if wanted]
    if len(chosen) > 1:
        raise Usage(f"--{chosen[0]} and --{chosen[1]} cannot be given together")
    return chosen[0] if chosen else Form.PEOPLE
