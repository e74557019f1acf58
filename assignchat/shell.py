"""Commands for hints, as they can be pasted into a shell."""

from pathlib import Path


class Argument(str):
    """A word of a command that can be any text, such as an id, and is not the value of an option.

    One that begins with a dash would be taken for an option.
    """

    __slots__ = ()


def command_line(*words: str) -> str:
    """Write an assignchat command for a hint. Returns a line that can be pasted into a shell."""
    arguments = [word for word in words if isinstance(word, Argument)]
    if any(word.startswith("-") for word in arguments):
        others = (word for word in words if not isinstance(word, Argument))
        words = (*others, "--", *arguments)
    return " ".join(("assignchat", *map(quoted, words)))


def quoted(word: str | Path) -> str:
    """Return a word of a command, quoted so that it can be pasted into a shell."""
    from shlex import quote  # only needed when something is wrong

    return quote(str(word))
