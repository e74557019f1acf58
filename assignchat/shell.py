"""Commands for hints, as they can be pasted into a shell."""

from pathlib import Path


def command_line(*words: str) -> str:
    """Write an assignchat command for a hint. Returns a line that can be pasted into a shell."""
    return " ".join(("assignchat", *map(quoted, words)))


def quoted(word: str | Path) -> str:
    """Quote a word of a command, so that it can be pasted into a shell."""
    from shlex import quote  # only needed when something is wrong

    return quote(str(word))
