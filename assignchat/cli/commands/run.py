"""run."""

import io
import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from assignchat import render
from assignchat.cli import options
from assignchat.cli.commands import COMMANDS
from assignchat.cli.failures import as_ours, check_words, described
from assignchat.cli.invocation import Invocation, invocation
from assignchat.cli.prompts import say_if_typed
from assignchat.cli.session import load_config, open_as_configured
from assignchat.errors import AssignchatError, Usage
from assignchat.namedtuples import NamedTuple
from assignchat.system.textfile import opened_bytes

_MOST_BYTES = 1024 * 1024  # of a line; a longer one is of a file of another kind

# What waits, asks, or runs other commands; and by their parameters what waits for its reader.
_REFUSED = ("wait", "init", "run", "notify", "backup")
_WAITING = ("watch", "follow", "wait", "cursor", "told")
# What writes files as well, and could not be undone.
_WRITING_FILES = ("config set", "config unset", "export")
_INTO_FILES = ("html", "into", "rejects", "save_source")


def run(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="The commands; - is standard input.")
    ] = "-",
    atomic: Annotated[
        bool, typer.Option("--atomic", help="All of them or none, in one transaction.")
    ] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Go on after a command that fails.")
    ] = False,
    as_user: options.AsUser = None,
    as_json: options.Json = False,  # noqa: ARG001  # it prints nothing else
) -> None:
    """Examples:
        assignchat run commands.txt
        grep accept commands.txt | assignchat run --as martha
        assignchat run commands.txt --atomic

    A command a line, without assignchat before it: words as in a shell, or a JSON array of
    words. Blank lines and lines that begin with # are passed over. --as holds for the lines
    that have none. For each it prints a line of JSON, with what the command prints with --json
    as "result", or its "error". It ends at the first command that fails, with its exit code.

    Each is on the disk before its line is printed. With --atomic all lines are printed at the
    end, and if one fails, only its error: nothing was changed.
    """
    say_if_typed(file, "commands, one a line")
    script = _Script(ctx, as_user, atomic=atomic)
    with script.opened(), opened_bytes(file) as source:
        lines = _commands(source)
        first_failure = (
            _run_all_or_none(script, list(lines), keep_going=keep_going)
            if atomic
            else _run_each(script, lines, keep_going=keep_going)
        )
    if first_failure:
        raise typer.Exit(first_failure)


class _Line(NamedTuple):
    number: int
    words: list[str]
    error: AssignchatError | None = None


class _Done(NamedTuple):
    """What became of a line, with a JSON text of its result or its error."""

    line: int
    exit_code: int
    kind: str
    text: str

    def say(self) -> None:
        render.say(
            f'{{"line": {self.line}, "exit_code": {self.exit_code}, "{self.kind}": {self.text}}}'
        )


def _run_each(script: "_Script", lines: Iterator[_Line], *, keep_going: bool) -> int:
    """Run the commands as they come. Returns the exit code of the first that fails, or 0."""
    first_failure = 0
    for line in lines:
        done = script.run(line)
        done.say()
        render.flush()
        first_failure = first_failure or done.exit_code
        script.end_if_told_to()
        if done.exit_code and not keep_going:
            break
    return first_failure


class _Undo(Exception):
    """A command has failed: the whole transaction is undone."""


def _undo_if_any_failed(done: list[_Done]) -> None:
    if any(one.exit_code for one in done):
        raise _Undo


def _run_all_or_none(script: "_Script", lines: list[_Line], *, keep_going: bool) -> int:
    """Run the commands in one transaction. Returns the exit code of the first that fails, or 0."""
    done: list[_Done] = []
    try:
        with script.database().one_transaction():
            for line in lines:
                done.append(script.run(line))
                if done[-1].exit_code and not keep_going:
                    break
            _undo_if_any_failed(done)
    except _Undo:
        done = [one for one in done if one.exit_code]
    for one in done:
        one.say()
    render.flush()
    return next((one.exit_code for one in done if one.exit_code), 0)


class _Script:
    """The commands of one run, which share a process, a database and what stands before `run`."""

    def __init__(self, ctx: typer.Context, as_user: str | None, *, atomic: bool) -> None:
        self._ctx = ctx
        self._root: Any = ctx.find_root()
        self._as_user = as_user
        self._is_atomic = atomic
        self._loaded: dict[str, Any] = {}
        self._has_changed_something = False

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Keep a database open during the block once a command has opened it."""
        run = invocation(self._ctx)
        run.is_script = run.goes_on = True
        run.is_atomic = self._is_atomic
        try:
            yield
        finally:
            run.changed_files = run.changed_files or self._has_changed_something
            if run.database is not None:
                run.database.close()

    def database(self) -> Any:
        """Open the database before the commands do. Returns it."""
        with open_as_configured(self._ctx, load_config(self._ctx)) as database:
            return database

    def run(self, line: _Line) -> _Done:
        """Run a command. Returns what became of it. What it changed is on the disk, or undone."""
        run = invocation(self._ctx)
        try:
            exit_code, result = self._result(run, line)
        except Exception as error:  # noqa: BLE001  # as of a command alone, it is told
            ours = as_ours(error)
            return _Done(line.number, ours.exit_code, "error", render.json_text(described(ours)))
        finally:
            self._has_changed_something |= run.has_changed_something
            if not self._is_atomic:
                _forget_changes(run)
        return _Done(line.number, exit_code, "result", result)

    def end_if_told_to(self) -> None:
        """Stop if Ctrl-C or SIGTERM has come while a change was being told."""
        if invocation(self._ctx).told_to_stop:
            raise KeyboardInterrupt

    def _result(self, run: Invocation, line: _Line) -> tuple[int, str]:
        if line.error is not None:
            raise line.error
        stdin, sys.stdin = sys.stdin, None
        run.goes_on = self._is_atomic
        try:
            with redirect_stdout(io.StringIO()) as printed:
                exit_code = self._invoke(line.words)
        finally:
            run.goes_on = True
            sys.stdin = stdin
        text = printed.getvalue().replace("\n", "")  # of the layout of a list
        return exit_code, text or "null"

    def _invoke(self, words: list[str]) -> int:
        context = self._parsed(words)
        try:
            with context:
                context.command.invoke(context)
        except typer.Exit as ended:
            return ended.exit_code
        return 0

    def _parsed(self, words: list[str]) -> Any:
        """Let Typer parse a command. Returns its context, with the parameters."""
        name, *rest = words
        if name.startswith("-"):
            raise Usage(f"{name} stands before run, not in a line")
        if name.rpartition("/")[2] == "assignchat":
            raise Usage(f"A line of run has no {name} before the command", hint="Leave it out.")
        command = self._command(name, words)
        context, path = self._root, name
        while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
            context = typer.Context(command, parent=context, info_name=name)
            name, command, rest = command.resolve_command(context, rest)
            path = f"{path} {name}"
        try:
            context = command.make_context(name, rest, parent=context)
        except typer.Exit:
            raise Usage("A line of run shows no help") from None
        self._check_allowed(path, {key for key, value in context.params.items() if value})
        if self._is_atomic:
            _check_ends(context.params)
        if "as_json" not in context.params:
            raise Usage(f"{name} alone is no command", f"assignchat {name} --help")
        context.params["as_json"] = True
        if context.params.get("as_user", "") is None:
            context.params["as_user"] = self._as_user
        return context

    def _command(self, name: str, words: list[str]) -> Any:
        if name not in COMMANDS:
            self._root.command.resolve_command(self._root, list(words))  # which raises
        if name not in self._loaded:
            command = self._loaded[name] = self._root.command.get_command(self._root, name)
            for one in (command, *getattr(command, "commands", {}).values()):
                _keep_parser(one)
        return self._loaded[name]

    def _check_allowed(self, command: str, given: set[str]) -> None:
        if command in _REFUSED:
            raise Usage(f"{command} cannot be run by run")
        for name in given.intersection(_WAITING):
            raise Usage(f"{command} --{name} waits, and cannot be run by run")
        if self._is_atomic and (command in _WRITING_FILES or given.intersection(_INTO_FILES)):
            raise Usage(f"{command} writes a file, which --atomic could not undo")


def _keep_parser(command: Any) -> None:
    """Let Typer make the parser of a command only once: that is a quarter of the parsing."""
    make, kept = command.make_parser, list[Any]()

    def parser(context: Any) -> Any:
        if not kept:
            kept.append(make(context))
        kept[0].ctx = context  # to which its errors belong
        return kept[0]

    command.make_parser = parser


def _check_ends(params: Mapping[str, Any]) -> None:
    """Refuse input that may never end, while everybody waits for the lock."""
    for name in (*(params.get("files") or ()), params.get("ids_from")):
        if name is not None and Path(name).exists() and not Path(name).is_file():
            raise Usage(f"{name} is not a plain file, and with --atomic others would wait for it")


def _forget_changes(run: Invocation) -> None:
    """Let Ctrl-C stop the next command, as if it were the first of its process."""
    run.changed_files = False
    if run.database is not None:
        run.database.committed = False


def _commands(source: Any) -> Iterator[_Line]:
    """Yield the lines that have commands, or are wrong; each once the one before is done."""
    number = 0
    while content := source.readline(_MOST_BYTES + 1):
        number += 1
        is_long = len(content) > _MOST_BYTES
        while is_long and content and not content.endswith(b"\n"):  # pass over the rest of it
            content = source.readline(_MOST_BYTES)
        try:
            if is_long:
                raise Usage(f"it has more than {_MOST_BYTES:,} bytes")
            words = _words(content.removeprefix(b"\xef\xbb\xbf") if number == 1 else content)
        except AssignchatError as error:
            yield _Line(number, [], Usage(f"Line {number} is not a command: {error.message}"))
        else:
            if words is not None:
                yield _Line(number, words)


def _words(line: bytes) -> list[str] | None:
    """Split a line into words. Returns None for a blank line or a comment. Raises `Usage`."""
    try:
        text = line.decode().strip()
    except UnicodeDecodeError as error:
        raise Usage(f"it is not UTF-8: it has a byte 0x{line[error.start]:02x}") from None
    if not text or text.startswith("#"):
        return None
    words = _json_words(text) if text.startswith("[") else _shell_words(text)
    check_words(words)
    return words


def _shell_words(text: str) -> list[str]:
    if text.isprintable() and not _QUOTING.intersection(text):  # then no white space but spaces
        return [word for word in text.split(" ") if word]
    try:
        return shlex.split(text)
    except ValueError:
        raise Usage("a quote or a backslash has no end") from None


_QUOTING = frozenset("'\"\\")


def _json_words(text: str) -> list[str]:
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        words = None
    # A number is a word too: that of a request, as a program takes it out of other JSON.
    if not words or any(type(word) not in (str, int) for word in words):
        raise Usage("it begins with [ and is no JSON array of words")
    return [str(word) for word in words]
