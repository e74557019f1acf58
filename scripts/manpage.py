"""Make the man page from the help texts and the topics of `assignchat help`.

It is written in the man(7) macros and has no warnings under `mandoc -T lint -W style`: each
sentence starts a line, long lines are broken, and what roff would interpret is escaped.
"""

import re
import textwrap
from collections.abc import Iterator
from typing import Any

import typer

from assignchat import __version__
from assignchat.cli.app import build
from assignchat.cli.commands import COMMANDS
from assignchat.cli.groups import EXAMPLES
from assignchat.manual import TOPICS
from assignchat.render.pages import Block, Table, lines

DATE = "2026-11-22"  # of the version, so that making the page again changes nothing
WIDTH = 76
DESCRIPTION = """
A user asks a colleague, or a manager, to take over a chat. The recipient accepts or rejects, the
requester may withdraw, and after its deadline the request is Timed Out. Many chats can be assigned
directly, without asking. Every change is recorded in an append-only table.

The database is one SQLite file. `assignchat init` creates it, and a config file beside it.

Without a command, assignchat shows your requests and chats. `assignchat help` shows the parts of
this page.
"""
SEE_ALSO = r"""
.BR cron (8),
.BR crontab (5),
.BR sqlite3 (1),
.BR systemd.timer (5)
"""
_ESCAPES = str.maketrans(
    {"\\": r"\e", "-": r"\-", "`": r"\(ga", "'": r"\(aq", "^": r"\(ha", "~": r"\(ti"}
)


def page() -> str:
    """Make docs/assignchat.1. Returns its text."""
    return "\n".join(line for line in _page() if line) + "\n"


def _page() -> Iterator[str]:
    root: Any = build()
    context = typer.Context(root, info_name="assignchat")
    summary, examples, _ = _parts(root.help)
    yield f'.TH ASSIGNCHAT 1 {DATE} "assignchat {__version__}"'
    yield ".ad l"  # long lists of choices cannot be spread over a line
    yield ".SH NAME"
    yield rf"assignchat \- {_text(summary[0].lower() + summary[1:].rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield from _usage(context)
    yield ".SH DESCRIPTION"
    yield from _paragraphs(DESCRIPTION.strip().split("\n\n"))
    yield ".SH OPTIONS"
    yield from _parameters(context)
    yield ".SH COMMANDS"
    for name in COMMANDS:
        yield from _command(root.get_command(context, name), name, context)
    for name, topic in TOPICS.items():
        yield f".SH {'EXIT STATUS' if name == 'exit-codes' else name.upper()}"
        for number, block in enumerate(topic.blocks):
            yield from _block(block, first=number == 0)
    yield ".SH EXAMPLES"
    yield from _typed(examples)
    yield ".SH SEE ALSO"
    yield from SEE_ALSO.strip().splitlines()


def _command(command: Any, name: str, parent: Any) -> Iterator[str]:
    """Describe one command, and each command of a group."""
    context = typer.Context(command, info_name=name, parent=parent)
    below = getattr(command, "commands", {})
    if not below or len(command.get_params(context)) > 1:  # what has options does something alone
        yield from _alone(command, context)
    for sub in below:
        yield from _command(command.get_command(context, sub), sub, context)


def _alone(command: Any, context: Any) -> Iterator[str]:
    summary, examples, rest = _parts(command.help)
    yield f".SS {_text(context.command_path.removeprefix('assignchat '))}"
    yield from _usage(context)
    yield ".PP"
    yield from _sentences(summary)
    yield ".PP"
    yield from _typed(examples)
    for paragraph in rest:
        yield ".PP"
        yield from _sentences(paragraph)
    yield from _parameters(context)


def _parts(help_text: str) -> tuple[str, list[str], list[str]]:
    """Split a help text. Returns its first paragraph, its examples, and its other paragraphs."""
    summary, *others = help_text.replace("\b\n", "").split("\n\n")
    examples = [line.strip() for line in others[0].splitlines()[1:]]
    if not others[0].startswith(EXAMPLES) or not all(examples):
        raise ValueError(f"no examples after {summary!r}")
    return " ".join(summary.split()), examples, [" ".join(other.split()) for other in others[1:]]


def _usage(context: Any) -> Iterator[str]:
    pieces = " ".join(context.command.collect_usage_pieces(context))
    yield rf"\fB{_text(context.command_path)}\fP {_text(pieces)}"


def _parameters(context: Any) -> Iterator[str]:
    """Describe each argument and option except --help."""
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or parameter.name == "help":
            continue
        yield ".TP"
        yield _line(rf"\fB{_text(record[0])}\fP".replace("|", r"|\:"))  # a long one may break
        yield from _sentences(record[1] or "")


def _typed(commands: list[str]) -> Iterator[str]:
    """Show command lines literally."""
    yield from (".nf", ".RS 4", *(_line(_text(command)) for command in commands), ".RE", ".fi")


def _block(block: Block, *, first: bool) -> Iterator[str]:
    if isinstance(block, str):
        yield "" if first else ".PP"
        yield from _sentences(block)
        return
    if len(block.headings) > 2 and max(map(len, lines(block, 10_000))) <= WIDTH:  # noqa: PLR2004
        yield from ("" if first else ".PP", ".nf")
        yield from (_line(_text(line)) for line in lines(block, WIDTH))
        yield ".fi"
        return
    yield from _definitions(block)


def _definitions(table: Table) -> Iterator[str]:
    """Write each row as a term, its first cell, and a description, the other cells."""
    for first, *others in table.rows:
        yield ".TP"
        yield _line(_text(first if "`" in first else f"`{first}`"))
        *before, last = [
            (heading, cell)
            for heading, cell in zip(table.headings[1:], others, strict=True)
            if cell
        ]
        for heading, cell in before:
            yield from _sentences(cell if cell.endswith(".") else f"{heading}: {cell}")
            yield ".br"
        yield from _sentences(last[1])


def _paragraphs(paragraphs: list[str]) -> Iterator[str]:
    for number, paragraph in enumerate(paragraphs):
        yield ".PP" if number else ""
        yield from _sentences(paragraph)


def _sentences(paragraph: str) -> Iterator[str]:
    """Write each sentence on lines of its own, as roff wants it."""
    for sentence in re.split(r"(?<=[.?!])\s+", " ".join(paragraph.split())):
        yield from _wrapped(_text(sentence))


def _wrapped(text: str) -> Iterator[str]:
    wrapped = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
    yield from map(_line, wrapped)


def _text(plain: str) -> str:
    """Escape text for roff. What is in backquotes becomes bold."""
    words = plain.split("`")
    escaped = [word.translate(_ESCAPES) for word in words]
    shown = (rf"\fB{word}\fP" if number % 2 else word for number, word in enumerate(escaped))
    return "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in "".join(shown))


def _line(text: str) -> str:
    """Protect a line that starts like a request to roff."""
    return rf"\&{text}" if text.startswith((".", "'")) else text
