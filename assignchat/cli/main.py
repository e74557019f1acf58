"""One run of the program: its signals, and errors as text and exit codes."""

import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import typer

from assignchat.cli.app import build
from assignchat.cli.failures import as_ours, check_words, described
from assignchat.cli.invocation import Invocation
from assignchat.errors import (
    AssignchatError,
    DatabaseReplaced,
    DatabaseUnusable,
    ImportInvalid,
    InternalError,
    LimitReached,
    OutputFailed,
)
from assignchat.render import (
    discard,
    flush,
    json_text,
    note,
    stderr_is_terminal,
    with_local_times,
)
from assignchat.system import signals
from assignchat.times import Clock, utc_now


class Terminated(BaseException):
    """SIGTERM, raised in the program so that the transaction under way is undone."""


def main(argv: Sequence[str] | None = None, *, clock: Clock = utc_now) -> int:
    """Run one command. Returns the exit code. Only here do errors become text and codes."""
    words = list(sys.argv[1:] if argv is None else argv)
    run = Invocation(clock)
    before = _heed_signals(run)
    if argv is None:
        signals.keep_lost(KeyboardInterrupt, Terminated)
    try:
        return _run(words, run)
    finally:
        if argv is not None:  # a process of our own ends here, and heeds them to its end
            for number, handler in before.items():
                signal.signal(number, handler)


def _run(words: list[str], run: Invocation) -> int:
    try:
        check_words(words)
        code = build().main(words, "assignchat", standalone_mode=False, obj=run)
        flush()
    except (KeyboardInterrupt, Terminated, typer.Abort):
        code = _INTERRUPTED
    except SystemExit as done:  # Typer ends by itself a completion, or where a pipe is closed
        code = done.code
        if code:
            return _unread(run, as_json=_wants_json(words))
    except BrokenPipeError:
        return _unread(run, as_json=_wants_json(words))
    except Exception as error:  # noqa: BLE001  # never a traceback
        return _report(as_ours(error), run, as_json=_wants_json(words))
    if code == _INTERRUPTED:  # so Typer says it of Ctrl-C
        return _interrupted(run)
    return code if isinstance(code, int) else 0


def _unread(run: Invocation, *, as_json: bool) -> int:
    """End because the reader of our output has gone, without a word if nothing was changed.

    Returns the exit code.
    """
    error = OutputFailed("The result could not be written: its reader has gone")
    if run.has_changed_something:
        return _report(error, run, as_json=as_json)
    discard()
    return error.exit_code


def _heed_signals(run: Invocation) -> dict[signal.Signals, Any]:
    """Let Ctrl-C and SIGTERM undo the change under way. Returns the handlers before.

    A change that was just committed stands, so a command that only has to report it goes on and
    exits 0. If nobody reads its output, a second signal stops it.
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


def _report(error: AssignchatError, run: Invocation, *, as_json: bool) -> int:
    if isinstance(error, OutputFailed):
        discard()
    if run.has_changed_something:
        error.hint = _hint_after_a_change(error, run)
    if as_json:
        note(json_text({"error": described(error)}))
        return error.exit_code
    note(f"Error: {with_local_times(error.message)}")
    if isinstance(error, ImportInvalid):
        for problem in error.problems:
            note(f"  {problem}")
    if error.hint:
        note(f"Hint: {with_local_times(error.hint)}", pasted=True)
    return error.exit_code


def _hint_after_a_change(error: AssignchatError, run: Invocation) -> str | None:
    """Say that the change stands, whatever failed after it."""
    stands = "The change itself was made and stands."
    if isinstance(error, DatabaseReplaced):  # not where it was meant to
        return error.hint
    if isinstance(error, (OutputFailed, DatabaseUnusable)):
        return stands
    if isinstance(error, (InternalError, LimitReached)) or run.is_done:
        return f"{stands} {error.hint}" if error.hint else stands
    return error.hint


_INTERRUPTED = 128 + signal.SIGINT
_TERMINATED = 128 + signal.SIGTERM


def _interrupted(run: Invocation) -> int:
    if stderr_is_terminal() and not run.terminated:
        note("")  # a terminal shows ^C where the cursor was, as behind a question
    note(
        "Interrupted; the change was made and stands."
        if run.has_changed_something
        else "Interrupted; nothing was changed."
    )
    return _TERMINATED if run.terminated else _INTERRUPTED
