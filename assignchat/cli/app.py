"""The command line as one Typer app: the options before a command, and the loading of commands."""

import importlib
from inspect import cleandoc
from typing import Annotated, Any

import typer
import typer.core

from assignchat import __version__, render
from assignchat.cli.commands import COMMANDS, SECTIONS, Command
from assignchat.cli.groups import SETTINGS, made, new_app
from assignchat.cli.invocation import invocation
from assignchat.errors import ActorUnknown, DatabaseMissing, Usage


class CommandGroup(typer.core.TyperGroup):
    """The commands of `COMMANDS`, each imported when it is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Among these names Typer looks for a command that was meant.
        self.commands = dict.fromkeys(COMMANDS, typer.core.TyperCommand(None))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find the command of this name. Returns None if there is none."""
        command = COMMANDS.get(cmd_name)
        return None if command is None else _load(cmd_name, command)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """List what a shell offers in the place of a command, without importing any."""
        commands: dict[str, Any] = {
            name: typer.core.TyperCommand(name, short_help=command.summary)
            for name, command in COMMANDS.items()
        }
        known = typer.core.TyperGroup(commands=commands, params=self.params)
        return known.shell_complete(typer.Context(known), incomplete)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands in the help, without importing them."""
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{n:<{width}}", c.summary) for n, c in commands.items()])


def _load(name: str, command: Command) -> Any:
    found = getattr(
        importlib.import_module(f"assignchat.cli.commands.{command.module}"), command.name
    )
    if isinstance(found, typer.Typer):
        group = made(found)
        group.name = name
        return group
    app = new_app()
    text = f"{command.summary}\n\n" + cleandoc(str(found.__doc__))
    app.command(name, context_settings=SETTINGS, help=text)(found)
    return made(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        render.say(f"assignchat {__version__}")
        raise typer.Exit


def _root(
    ctx: typer.Context,
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="The config file to use.")
    ] = None,
    db: Annotated[
        str | None,
        typer.Option(metavar="DATABASE", help="A file, or the URL of a server."),
    ] = None,
    version: Annotated[  # its callback acts
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version."),
    ] = False,
) -> None:
    """Hand WhatsApp chats over to colleagues, by request or in bulk.

    Examples:
        assignchat init --demo
        assignchat assign chat-1 --to martha --as mark
        assignchat accept 1 --as martha
        assignchat help exit-codes

    Alone it shows where you stand. Exit codes, config keys, JSON and more: assignchat help.
    """
    if config == "":  # as from a variable that was never set
        raise Usage("--config is empty")
    run = invocation(ctx)
    run.config_file, run.database_file = config, db
    if ctx.invoked_subcommand is None:
        _show_status_or_help(ctx)


def _show_status_or_help(ctx: typer.Context) -> None:
    """Show the status of a user whom the database has, else who is in the team, and the help."""
    from assignchat.cli.commands.inbox import say_team, status  # see `commands`
    from assignchat.cli.session import named_database

    try:
        status(ctx)
    except (ActorUnknown, DatabaseMissing) as error:
        if isinstance(error, DatabaseMissing) and named_database(ctx):  # so it ought to be there
            raise
        render.say_page(ctx.get_help())
        if isinstance(error, ActorUnknown):
            say_team(ctx)  # last, where it is seen


def build() -> Any:
    """Make the whole command line. Returns Typer's object for it."""
    app = new_app(add_completion=True, cls=CommandGroup, invoke_without_command=True)
    app.callback()(_root)
    return made(app)
