"""Hints for a person at a terminal: the next step."""

from collections.abc import Sequence

import typer

from assignchat import render
from assignchat.cli.invocation import invocation
from assignchat.shell import command_line


def hint(text: str) -> None:
    """Print a hint for a person at a terminal."""
    if render.stderr_is_terminal():
        render.note(f"Hint: {text}", pasted=True)


def hint_commands(
    ctx: typer.Context,
    intro: str,
    *commands: Sequence[str],
    as_user: str | None = None,
    between: str = "; ",
) -> None:
    """Print the next commands for a person at a terminal, such as those that undo the last.

    They can be pasted, whatever the ids are, and use the same database, config and actor.
    """
    if not render.stderr_is_terminal():
        return
    run = invocation(ctx)
    given = {"--config": run.config_file, "--db": run.database_file}
    before = [word for name, file in given.items() if file for word in (name, file)]
    after = ["--as", as_user] if as_user else []
    hint(f"{intro}: " + between.join(command_line(*before, *words, *after) for words in commands))
