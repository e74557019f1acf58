"""help."""

from collections.abc import Iterable
from difflib import get_close_matches
from shutil import get_terminal_size
from typing import Annotated, Any

import typer

from assignchat import manual, render
from assignchat.cli import options
from assignchat.cli.commands import COMMANDS, SECTIONS
from assignchat.errors import Usage
from assignchat.render.pager import paged

WIDEST = 80


def _known(incomplete: str) -> list[str]:
    return [name for name in (*COMMANDS, *manual.TOPICS) if name.startswith(incomplete)]


def help_(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND|TOPIC]...", autocompletion=_known, help="What to explain."
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Examples:
        assignchat help assign
        assignchat help user deactivate
        assignchat help exit-codes

    Alone it lists the commands and the topics.
    """
    if not words:
        with paged():
            _say_contents(as_json=as_json)
        return
    name = " ".join(words)
    pages = []
    if words[0] in COMMANDS or name not in manual.TOPICS:
        pages.append(_of_command(ctx, words))
    if name in manual.TOPICS:  # config is both
        pages.append(manual.text(name, min(get_terminal_size().columns, WIDEST)))
    text = "\n\n".join(pages)
    with paged():
        if as_json:
            render.say_json({"topic": name, "text": text})
        else:
            render.say_page(text)


def _say_contents(*, as_json: bool) -> None:
    topics = {name: topic.summary for name, topic in manual.TOPICS.items()}
    if as_json:
        commands = {name: command.summary for name, command in COMMANDS.items()}
        render.say_json({"commands": commands, "topics": topics})
        return
    sections = {
        title: {name: command.summary for name, command in commands.items()}
        for title, commands in SECTIONS.items()
    }
    width = max(map(len, (*COMMANDS, *topics)))
    for title, entries in (sections | {"Topics": topics}).items():
        render.say_page(
            f"{title}:", *(f"  {name:<{width}}  {what}" for name, what in entries.items())
        )
        render.say("")
    render.say("assignchat help NAME explains one of them.")


def _of_command(ctx: typer.Context, words: list[str]) -> str:
    """Return what `--help` says of a command. Raises `Usage` if there is no such command."""
    context: Any = ctx.find_root()
    for depth, word in enumerate(words):
        names = getattr(context.command, "commands", {})
        if word not in names:
            raise _unknown(words[: depth + 1], (*names, *manual.TOPICS) if depth == 0 else names)
        command = context.command.get_command(context, word)
        context = typer.Context(command, info_name=word, parent=context)
    page: str = context.command.get_help(context)
    return page


def _unknown(words: list[str], names: Iterable[str]) -> Usage:
    """Make the error for a word that is neither a command nor a topic, with those like it."""
    asked = words[-1].casefold()
    names = list(dict.fromkeys(names))
    close = [name for name in names if asked and asked in name]
    close = close or get_close_matches(asked, names, n=3)
    known = "assignchat help lists the commands and topics."
    return Usage(
        f"There is no help on {' '.join(words)!r}",
        hint=f"Did you mean {' or '.join(close[:3])}?" if close else known,
    )
