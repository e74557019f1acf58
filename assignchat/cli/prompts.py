"""Questions to a person at the terminal."""

import os
import sys
from collections.abc import Sequence

from assignchat import render
from assignchat.errors import NotConfirmed, Usage
from assignchat.system import signals

_LONGEST_LINE = 4_096  # bytes; terminals give no more at once


def interactive() -> bool:
    """Return whether a person is there to be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and render.stderr_is_terminal()


def say_if_typed(source: str, what: str) -> None:
    """Tell a person for what a command waits, if it reads from the terminal and not from a file."""
    if source == "-" and interactive():
        render.note(f"Type {what}. Ctrl-D ends the input.")


def ask(question: str) -> str:
    """Ask a person. Returns the answer, one line. Raises `Usage` at the end of the input."""
    render.note(question, end=" ")
    answer = _line()
    if not answer:
        render.note("")
        raise Usage("There was no answer")
    return answer.strip()


def _line() -> str:
    """Read what a person types up to Enter. Lines that they have typed ahead stay for later."""
    terminal = sys.stdin.fileno()
    signals.wait_for_input(terminal)
    return os.read(terminal, _LONGEST_LINE).decode(sys.stdin.encoding, sys.stdin.errors or "strict")


def confirm(lines: Sequence[str]) -> None:
    """Ask a person whether to carry out a plan: its last line is the question. Enter means no.

    Raises `NotConfirmed`.
    """
    for line in lines[:-1]:
        render.note(line)
    if not agrees(lines[-1]):
        raise NotConfirmed("Not confirmed; nothing was changed")


def changed_meanwhile(now: Sequence[str]) -> NotConfirmed:
    """Return the error for what was confirmed and would be something else `now`."""
    return NotConfirmed(
        f"Something has changed meanwhile. It would be now: {' '.join(now)}",
        hint="Nothing was changed. If that is right, run it again.",
    )


def agrees(question: str) -> bool:
    """Ask a person a yes-or-no question. Enter means no. Returns whether the answer was yes."""
    return ask(f"{question} [y/N]").casefold() in ("y", "yes")


def choose(
    title: str,
    choices: Sequence[str],
    *,
    numbers: Sequence[int] | None = None,
    other: str | None = None,
) -> int | str:
    """Ask a person for one of the choices. Returns its place, from 0.

    `numbers` are those that the choices have everywhere else; without, they are counted from 1.
    With `other`, any other text is accepted too, and is returned.
    """
    if not choices:
        return ask(f"{title}:")
    render.note(title)
    shown = numbers or range(1, len(choices) + 1)
    for number, choice in zip(shown, choices, strict=True):
        render.note(f"  {number}. {choice}")
    expected = "Its number" if numbers else f"1-{len(choices)}"
    while True:
        answer = ask(f"{expected}{f', or {other}' if other else ''}:")
        if answer.isdecimal() and int(answer) in shown:
            return shown.index(int(answer))
        named = [place for place, choice in enumerate(choices) if _is_meant(choice, answer)]
        if len(named) == 1:
            return named[0]
        if other and answer and not answer.isdecimal():  # a number is a typing error
            return answer
        render.note(f"{answer!r} is none of these." if answer else "An answer is needed.")


def pick(title: str, choices: Sequence[str], *, numbers: Sequence[int] | None = None) -> int:
    """Ask a person for one of the choices, unless there is only one. Returns its place, from 0."""
    return 0 if len(choices) == 1 else int(choose(title, choices, numbers=numbers))


def _is_meant(choice: str, answer: str) -> bool:
    """Return whether an answer names a choice: `User`, or of `Mark (mark): …` the name or id."""
    name, _, rest = choice.rpartition(" (")
    words = {choice, name, rest.partition(")")[0]}
    return bool(answer) and answer.casefold() in {word.casefold() for word in words}
