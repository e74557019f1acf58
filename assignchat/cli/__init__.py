"""The command line: which commands there are, and how a run ends.

A command's module is imported when it is asked for and not before: an operator waits for
each command, and most of that time is imports.
"""

import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, Any, NamedTuple

import typer
import typer.core
import typer.main

from assignchat import __version__
from assignchat.cli.session import Invocation, invocation, named_database, note
from assignchat.errors import (
    AssignchatError,
    DatabaseUnusable,
    ImportInvalid,
    InternalError,
    InvalidValue,
    OutputFailed,
    Usage,
)
from assignchat.model import is_unicode
from assignchat.render import are_errors_read, flush, json_text, visible, with_local_times
from assignchat.store.database import Clock, utc_now
from assignchat.system import signals


class Command(NamedTuple):
    """Where a command is: its module here, and its function or Typer app in it."""

    module: str
    name: str
    summary: str


COMMANDS = {
    "assign": Command("requests", "assign", "Ask a colleague to take over a chat."),
    "accept": Command("requests", "accept", "Take over the chat that you are asked to take."),
    "reject": Command("requests", "reject", "Turn a request down, with a reason."),
    "withdraw": Command("requests", "withdraw", "Take your request back, with a reason."),
    "inbox": Command("inbox", "inbox", "Show what waits for you."),
    "status": Command("inbox", "status", "Show where you stand, and what to do next."),
    "wait": Command("wait", "wait", "Wait until a request is settled."),
    "requests": Command("requests", "requests", "List requests."),
    "bulk-assign": Command("batches", "bulk_assign", "Assign many chats directly, all or nothing."),
    "undo": Command("batches", "undo", "Give the chats of a batch back."),
    "batches": Command("batches", "batches", "List batches."),
    "sweep-timeouts": Command("sweep", "sweep_timeouts", "Time out requests past their deadline."),
    "notify": Command("notifications", "notify", "Deliver unsent notifications."),
    "tracking": Command("tracking", "tracking", "Show the history, or its records."),
    "stats": Command("stats", "stats", "Show the team in numbers."),
    "user": Command("users", "app", "Add, change, list, activate and deactivate users."),
    "chat": Command("chats", "app", "Add, list, show, close and reopen chats."),
    "import": Command("imports", "app", "Bring users and chats in from a CRM."),
    "config": Command("config", "app", "Show and change the configuration."),
    "check": Command("check", "check", "Check the database for damage."),
    "backup": Command("backup", "backup", "Copy the database, while others write."),
    "export": Command("export", "export", "Write every table and view to a folder."),
    "init": Command("init", "init", "Make the database."),
    "help": Command("help", "help_", "Explain a command, or a topic."),
}

SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


COMPLETION_VARIABLE = "_ASSIGNCHAT_COMPLETE"
"""With this in the environment, a shell asks what can be typed next."""

EXAMPLES = "Examples:"
"""The line of a docstring under which its examples stand, right after its first paragraph."""


class Terminated(BaseException):
    """SIGTERM, raised where the program is so that the transaction under way is undone."""


class CommandGroup(typer.core.TyperGroup):
    """The commands of `COMMANDS`, each imported when it is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Typer looks for a command that was meant among the names.
        self.commands = dict.fromkeys(COMMANDS, typer.core.TyperCommand("later"))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command of this name, or None."""
        command = COMMANDS.get(cmd_name)
        return None if command is None else _load(cmd_name, command)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """List the commands in the help, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in COMMANDS.items()])


def _load(name: str, command: Command) -> Any:
    found = getattr(
        importlib.import_module(f"assignchat.cli.commands.{command.module}"), command.name
    )
    if isinstance(found, typer.Typer):
        group = _made(found)
        group.name = name
        return group
    app = new_app()
    app.command(name, context_settings=SETTINGS)(found)
    return _made(app)


def _made(app: typer.Typer) -> Any:
    """Typer's command for an app; in its help, examples stand on lines of their own."""
    command = typer.main.get_command(app)
    for one in (command, *getattr(command, "commands", {}).values()):
        if one.help:
            one.help = one.help.replace(f"\n\n{EXAMPLES}\n", f"\n\n\b\n{EXAMPLES}\n")
    return command


def new_app(*, add_completion: bool = False, **settings: Any) -> typer.Typer:
    """A Typer app set up as all of ours are: plain help, errors left to `main`."""
    return typer.Typer(
        add_completion=add_completion,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=SETTINGS,
        **settings,
    )


def new_group(summary: str, *examples: str) -> typer.Typer:
    """A Typer app for the commands of one noun; alone it shows its help."""
    shown = "\n".join(f"    {example}" for example in examples)
    app = new_app(help=f"{summary}\n\n{EXAMPLES}\n{shown}", invoke_without_command=True)

    @app.callback()
    def alone(ctx: typer.Context) -> None:
        if ctx.invoked_subcommand is None:
            from assignchat.render import say  # see COMMANDS

            say(ctx.get_help())

    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from assignchat.render import say

        say(f"assignchat {__version__}")
        raise typer.Exit


def _root(
    ctx: typer.Context,
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="The config file to use.")
    ] = None,
    db: Annotated[str | None, typer.Option(metavar="FILE", help="The database to use.")] = None,
    version: Annotated[  # noqa: ARG001  # its callback acts
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
        raise Usage("--config names no file")
    run = invocation(ctx)
    run.config_file, run.database_file = config, db
    if ctx.invoked_subcommand is None:
        _where_do_i_stand(ctx)


def _where_do_i_stand(ctx: typer.Context) -> None:
    """The status page of somebody who has one, else the help."""
    from assignchat.cli.commands.inbox import status
    from assignchat.errors import ActorUnknown, DatabaseMissing
    from assignchat.render import say

    try:
        status(ctx)
    except (ActorUnknown, DatabaseMissing):
        if named_database(ctx):  # what somebody has named is there, or that is an error
            raise
        say(ctx.get_help())


def build() -> Any:
    """The whole command line as Typer's own command object."""
    app = new_app(add_completion=True, cls=CommandGroup, invoke_without_command=True)
    app.callback()(_root)
    return _made(app)


def main(argv: Sequence[str] | None = None, *, clock: Clock = utc_now) -> int:
    """Run one command; the exit code. Here alone an error becomes text and an exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    run = Invocation(clock)
    before = _heed_signals(run)
    try:
        return _run(words, run)
    finally:
        if argv is not None:  # a process of our own ends here, and heeds them to its end
            for number, handler in before.items():
                signal.signal(number, handler)


def _run(words: list[str], run: Invocation) -> int:
    try:
        _check_words(words)
        code = _execute(words, run)
        flush()
    except (KeyboardInterrupt, Terminated, typer.Abort):
        code = _INTERRUPTED
    except SystemExit as done:  # Typer ends by itself a completion, or where a pipe is closed
        code = done.code
        if code:
            _discard_output()
    except BrokenPipeError:
        # Whoever reads our output has read enough; that is not worth a word.
        _discard_output()
        return OutputFailed.exit_code
    except Exception as error:  # noqa: BLE001  # never a traceback
        return _report(_as_ours(error), run, as_json=_wants_json(words))
    if code == _INTERRUPTED:  # so Typer says it of Ctrl-C
        return _interrupted(run)
    return code if isinstance(code, int) else 0


def _execute(words: Sequence[str], run: Invocation) -> Any:
    """Run the command line, or tell a shell what can be typed next; what it ends with."""
    setting_up = {"--install-completion", "--show-completion"} & set(words)
    if setting_up or COMPLETION_VARIABLE in os.environ:
        from assignchat.cli import shells  # see COMMANDS

        if shells.answer(words, build):
            return 0
    return build().main(args=words, prog_name="assignchat", standalone_mode=False, obj=run)


def _heed_signals(run: Invocation) -> dict[signal.Signals, Any]:
    """Let Ctrl-C and SIGTERM undo what is under way, and never cut short the telling of a change.

    What was committed a moment ago stands, so a command that has only to say so does, and
    exits 0. Whoever cannot wait for that, because nobody reads its output, stops it twice.
    What the signals did before comes back.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        if run.is_done and not run.told_to_stop:
            run.told_to_stop = True
            return
        run.told_to_stop = True
        run.terminated = number == signal.SIGTERM
        raise Terminated if run.terminated else KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in signals.STOPPING}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # as after nohup, or with & in a script
            signal.signal(number, stop)
    return before


def _wants_json(words: Sequence[str]) -> bool:
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


def _check_words(words: Sequence[str]) -> None:
    for word in words:
        if not is_unicode(word):
            raise InvalidValue(f"An argument is not UTF-8: {visible(word)}")
        if "\0" in word:  # not from a shell, but from Python
            raise InvalidValue(f"An argument has a NUL in it: {visible(word)}")


def _usage_hint(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    page = f"{context.command_path if context else 'assignchat'} --help"
    if error.message.startswith("No such option"):
        return f"{page} lists them; an id that begins with a dash stands after --"
    return page


def _report(error: AssignchatError, run: Invocation, *, as_json: bool) -> int:
    if isinstance(error, OutputFailed):
        _discard_output()
    if isinstance(error, (OutputFailed, DatabaseUnusable)) and run.has_changed_something:
        error.hint = "The change itself was made and stands."
    if as_json:
        body: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
        if isinstance(error, ImportInvalid):
            body["problems"] = error.problems
        note(json_text({"error": body}))
        return error.exit_code
    note(f"Error: {with_local_times(error.message)}")
    if isinstance(error, ImportInvalid):
        for problem in error.problems:
            note(f"  {problem}")
    if error.hint:
        note(f"Hint: {with_local_times(error.hint)}")
    return error.exit_code


def _discard_output() -> None:
    """Let the interpreter's own last flush have somewhere to go."""
    with contextlib.suppress(OSError):  # a stand-in for a closed output has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _as_ours(error: Exception) -> AssignchatError:
    if isinstance(error, AssignchatError):
        return error
    if isinstance(error, typer.TyperException):
        return Usage(error.format_message(), _usage_hint(error))
    if isinstance(error, OSError) and error.filename is None:  # Typer could not print the help
        return OutputFailed(f"The result could not be written: {error.strerror}")
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "?"
    return InternalError(
        f"A bug in assignchat: {type(error).__name__}: {error} ({where})",
        hint="Please report it, with the command that you typed.",
    )


_INTERRUPTED = 128 + signal.SIGINT
_TERMINATED = 128 + signal.SIGTERM


def _interrupted(run: Invocation) -> int:
    if are_errors_read() and not run.terminated:
        note("")  # a terminal shows ^C where the cursor was, as behind a question
    note(
        "Interrupted; the change was made and stands."
        if run.has_changed_something
        else "Interrupted; nothing was changed."
    )
    return _TERMINATED if run.terminated else _INTERRUPTED
