"""Errors of a command: whatever was raised as one of ours, and as JSON."""

from collections.abc import Sequence
from typing import Any

import typer

from assignchat.errors import (
    AssignchatError,
    ImportInvalid,
    InternalError,
    InvalidValue,
    OutputFailed,
    Usage,
)
from assignchat.render import visible
from assignchat.texts import is_unicode


def check_words(words: Sequence[str]) -> None:
    """Check that words can be the arguments of a command. Raises `InvalidValue`."""
    for word in words:
        if not is_unicode(word):
            raise InvalidValue(f"The argument {visible(word)} is not UTF-8")
        if "\0" in word:  # not from a shell, but from Python
            raise InvalidValue(f"The argument {visible(word)} has a NUL in it")


def described(error: AssignchatError) -> dict[str, Any]:
    """Return an error as JSON has it."""
    body: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if isinstance(error, ImportInvalid):
        body["problems"] = [problem.described() for problem in error.problems]
    return body


def as_ours(error: Exception) -> AssignchatError:
    """Return an error that a command has raised as one of ours."""
    from assignchat.system import limits  # not needed by what succeeds

    limit = limits.reached(error)
    if limit is not None:
        message = error.message if isinstance(error, AssignchatError) else None
        return limits.error(limit, message)
    if isinstance(error, AssignchatError):
        return error
    if isinstance(error, typer.TyperException):
        return _misplaced(error) or Usage(error.format_message(), _usage_hint(error))
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


def _misplaced(error: typer.TyperException) -> Usage | None:
    """Make the error for an option on the wrong side of the command."""
    context, option = getattr(error, "ctx", None), getattr(error, "option_name", None)
    if context is None or not error.message.startswith("No such option"):
        return None
    root = context.find_root()
    if context is root:
        return Usage(
            f"No such option before a command: {option}",
            hint=f"{root.command_path} --help lists them. The options of a command stand behind it:"
            f" {root.command_path} COMMAND {option}",
        )
    for known in root.command.params:
        if option in known.opts:
            value = f" {known.metavar}" if known.metavar else ""
            behind = context.command_path.removeprefix(root.command_path)
            right = f"{root.command_path} {option}{value}{behind}"
            return Usage(f"{option} stands before the command", hint=right)
    return None


def _usage_hint(error: typer.TyperException) -> str | None:
    context = getattr(error, "ctx", None)
    if context is None:  # an option without its value: of which command is not known
        return None
    path = context.command_path
    if error.message.startswith("No such option"):
        return f"{path} --help lists them; an id that begins with a dash stands after --"
    if error.message.startswith("No such command") and "Did you mean" not in error.message:
        commands = getattr(context.command, "commands", {})
        for name in {"show", "get"} & commands.keys():  # of one thing, whose id was given
            return f"{path} {name} {commands[name].params[0].metavar}, or: {path} --help"
    return f"{path} --help"
