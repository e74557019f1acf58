"""Making our Typer apps: plain help, examples on their own lines, errors left to `main`."""

from typing import Any

import typer
import typer.main

from assignchat import render

SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}

EXAMPLES = "Examples:"
"""The line of a help text under which its examples stand, right after its first paragraph."""


def new_app(*, add_completion: bool = False, **settings: Any) -> typer.Typer:
    """Make a Typer app with plain help, which leaves errors to `main`."""
    return typer.Typer(
        add_completion=add_completion,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=SETTINGS,
        **settings,
    )


def new_group(summary: str, *examples: str) -> typer.Typer:
    """Make a Typer app for the commands of one noun. Without one of them it shows its help."""
    shown = "\n".join(f"    {example}" for example in examples)
    app = new_app(help=f"{summary}\n\n{EXAMPLES}\n{shown}", invoke_without_command=True)

    @app.callback()
    def alone(ctx: typer.Context) -> None:
        if ctx.invoked_subcommand is None:
            render.say_page(ctx.get_help())

    return app


def made(app: typer.Typer) -> Any:
    """Make Typer's command of an app. In its help, each example stands on a line of its own."""
    command = typer.main.get_command(app)
    for one in (command, *getattr(command, "commands", {}).values()):
        if one.help:
            one.help = one.help.replace(f"\n\n{EXAMPLES}\n", f"\n\n\b\n{EXAMPLES}\n")
    return command
