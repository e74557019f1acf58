"""Make the docs that come from the program; `--check` compares them and changes nothing.

docs/reference.md, docs/assignchat.1 and config.toml are made as a whole. In the other pages, what
follows a command in a `console` block is what it prints (see console.py); running all of them
takes a while, so `--check` leaves those to tests/test_docs.py.
"""

import argparse
import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

WIDTH = 80
os.environ["COLUMNS"] = str(WIDTH)  # of help texts

import console  # noqa: E402
from manpage import page  # noqa: E402

from assignchat import manual  # noqa: E402
from assignchat.cli import main  # noqa: E402
from assignchat.cli.app import build  # noqa: E402
from assignchat.cli.commands import COMMANDS  # noqa: E402
from assignchat.cli.groups import EXAMPLES  # noqa: E402
from assignchat.config.keys import default_text  # noqa: E402

INTRODUCTION = """\
# Reference

What `assignchat help` and `--help` print, made by `scripts/docs.py`. Every command also takes
`--json` and `--help`, and most lists `--jsonl`, `--csv` and `--ids`; they are left out below."""
COMMON = re.compile(
    r"(?:\nOptions:\n)?^(?:  (?:--json|--jsonl|--csv|--ids|-h, --help) .*\n)+", re.MULTILINE
)


def reference() -> str:
    """Make docs/reference.md. Returns every topic and the help of every command."""
    topics = [_section(2, f"help {name}", manual.text(name, WIDTH)) for name in manual.TOPICS]
    commands = [
        _section(len(words[1:]) + 2, " ".join(words) or "assignchat", COMMON.sub("", text))
        for words, text in _help_texts()
    ]
    return "\n\n".join([INTRODUCTION, "# Topics", *topics, "# Commands", *commands]) + "\n"


def _section(level: int, title: str, text: str) -> str:
    return f"{'#' * level} {title}\n\n```text\n{text.rstrip()}\n```"


def _help_texts() -> Iterator[tuple[tuple[str, ...], str]]:
    """The `--help` of the program, of each command, and of each command of a group."""
    yield (), _help()
    for name in COMMANDS:
        yield (name,), _help(name)
        command = build().get_command(None, name)
        for sub in getattr(command, "commands", ()):
            yield (name, sub), _help(name, sub)


def _help(*words: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        if main([*words, "--help"]) != 0:
            sys.exit(f"no help for {words}")
    return printed.getvalue()


def _problems() -> Iterator[str]:
    """What the help of a command lacks."""
    for words, text in _help_texts():
        shown = " ".join(words)
        if f"\n\n  {EXAMPLES}\n      assignchat " not in text:
            yield f"{shown} has no examples after the first line of its help"
        if max(map(len, text.splitlines())) > WIDTH and "<" not in text:
            yield f"{shown} has a line in its help that is longer than {WIDTH} characters"
        if len(words) == 1 and COMMANDS[shown].summary != text.split("\n\n")[1].strip():
            yield f"the summary of {shown} is not how its help begins"


def _made() -> Iterator[tuple[Path, str]]:
    """Each file that is made as a whole, with what should be in it."""
    yield ROOT / "docs" / "reference.md", reference()
    yield ROOT / "docs" / "assignchat.1", page()
    yield ROOT / "config.toml", default_text()


def _played() -> Iterator[tuple[Path, str]]:
    """Each page, with what its commands print now."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        yield path, console.remade(path.read_text(encoding="utf-8"))


def run() -> int:
    """Rewrite the docs, or compare them. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if something is out of date")
    check = parser.parse_args().check
    wrong = list(_problems())
    for path, new in chain(_made(), () if check else _played()):
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if new != old and check:
            wrong.append(f"{path.relative_to(ROOT)} is out of date: run scripts/docs.py")
        elif new != old:
            path.write_text(new, encoding="utf-8")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(run())
