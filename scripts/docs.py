"""Make the docs that come from the program; `--check` compares what is quickly made.

A made part stands between `<!-- made: NAME -->` and `<!-- end -->` in README.md or docs/*.md.
What follows a command in a `console` block is what it prints (see console.py). docs/assignchat.1
and docs/demo.svg are made as a whole. What takes running commands, tests/test_docs.py compares.
"""

import argparse
import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PART = re.compile(r"(<!-- made: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

WIDTH = 80
os.environ["COLUMNS"] = str(WIDTH)  # of help texts

import console  # noqa: E402
from manpage import page  # noqa: E402
from recording import svg  # noqa: E402

from assignchat import manual  # noqa: E402
from assignchat.cli import COMMANDS, EXAMPLES, build, main  # noqa: E402
from assignchat.manual import Table  # noqa: E402


def commands_table() -> Table:
    """Each command with its one line."""
    rows = [
        (f"[`{name}`](docs/reference.md#{name})", command.summary)
        for name, command in COMMANDS.items()
    ]
    return Table(("command", "what it does"), rows)


def markdown(table: Table) -> str:
    """A table as Markdown has it."""
    rule = "---|" * len(table.headings)
    rows = [f"| {' | '.join(row)} |" for row in table.rows]
    return "\n".join([f"| {' | '.join(table.headings)} |", f"|{rule}", *rows])


def topic(name: str) -> str:
    """A page of `assignchat help`."""
    blocks = manual.TOPICS[name].blocks
    return "\n\n".join(block if isinstance(block, str) else markdown(block) for block in blocks)


def commands_help() -> str:
    """What `--help` says, for the program and each command."""
    texts = [f"## assignchat\n\n```text\n{_help()}```"]
    for name in COMMANDS:
        texts.append(f"## {name}\n\n```text\n{_help(name)}```")
        texts += [
            f"### {name} {sub}\n\n```text\n{_help(name, sub)}```" for sub in _subcommands(name)
        ]
    return "\n\n".join(texts)


def _part(name: str) -> str:
    """What stands between the marks of this name."""
    if name == "help":
        return commands_help()
    if name == "commands":
        return markdown(commands_table())
    if name.startswith("topic-"):
        return topic(name.removeprefix("topic-"))
    return markdown(manual.TABLES[name]())


def _subcommands(name: str) -> Iterator[str]:
    command = build().get_command(None, name)
    yield from getattr(command, "commands", ())


def _help(*words: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        if main([*words, "--help"]) != 0:
            sys.exit(f"no help for {words}")
    return printed.getvalue()


def _problems() -> Iterator[str]:
    """What a command lacks."""
    for name, command in COMMANDS.items():
        text = _help(name)
        if command.summary != text.split("\n\n")[1].strip():
            yield f"the summary of {name} is not how its help begins"
        pages = [(name, text)]
        pages += [(f"{name} {sub}", _help(name, sub)) for sub in _subcommands(name)]
        for shown, content in pages:
            if f"\n\n  {EXAMPLES}\n      assignchat " not in content:
                yield f"{shown} has no examples after the first line of its help"
            if max(map(len, content.splitlines())) > WIDTH and "<" not in content:
                yield f"{shown} has a line in its help that is longer than {WIDTH} characters"


def _remade(text: str) -> str:
    return PART.sub(lambda part: f"{part[1]}\n{_part(part[2])}\n\n{part[3]}", text)


def run() -> int:
    """Rewrite, or compare; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if something is out of date")
    check = parser.parse_args().check
    wrong = list(_problems())
    for path, new in _made(played=not check):
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if new != old and check:
            wrong.append(f"{path.relative_to(ROOT)} is out of date: run scripts/docs.py")
        elif new != old:
            path.write_text(new, encoding="utf-8")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def _made(*, played: bool) -> Iterator[tuple[Path, str]]:
    """Each file that is made, or has made parts, with what should be in it."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = _remade(path.read_text(encoding="utf-8"))
        yield path, console.remade(text) if played else text
    yield ROOT / "docs" / "assignchat.1", page()
    if played:
        yield ROOT / "docs" / "demo.svg", svg()


if __name__ == "__main__":
    sys.exit(run())
