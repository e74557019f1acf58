"""Make the reference parts of the docs from the program: `--check` only compares.

A part stands between `<!-- made: NAME -->` and `<!-- end -->` in README.md or docs/*.md.
"""

import argparse
import contextlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PART = re.compile(r"(<!-- made: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

os.environ["COLUMNS"] = "80"  # the width of help texts

from assignchat.cli import COMMANDS, build, main  # noqa: E402
from assignchat.config import KEYS  # noqa: E402
from assignchat.errors import AssignchatError, every_error  # noqa: E402
from assignchat.model import TRANSITIONS  # noqa: E402


def commands_table() -> str:
    """Each command with its one line."""
    rows = [
        f"| [`{name}`](docs/reference.md#{name}) | {command.summary} |"
        for name, command in COMMANDS.items()
    ]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def lifecycle_table() -> str:
    """The whole life of a request."""
    rows = [
        f"| {t.source.label} | {action} | {t.party} | {t.target.label} |"
        f" {'yes' if t.needs_reason else ''} |"
        for action, t in TRANSITIONS.items()
    ]
    return "\n".join(["| from | action | by | to | reason |", "|---|---|---|---|---|", *rows])


def exit_codes_table() -> str:
    """Each exit code with its error codes."""
    rows = ["| 0 | done, also when there was nothing to do | |"]
    for group in AssignchatError.__subclasses__():
        codes = ", ".join(f"`{error.code}`" for error in group.__subclasses__())
        rows.append(f"| {group.exit_code} | {_first_line(group)} | {codes} |")
    rows.append("| 8 | `check` found problems. | |")
    rows.append(
        "| 10, 11, 12, 13 | `wait`: rejected; withdrawn or cancelled; timed out; still pending. | |"
    )
    rows.append("| 130, 143 | Interrupted by SIGINT, SIGTERM; nothing is half-done. | |")
    return "\n".join(["| exit | when | error codes |", "|---|---|---|", *rows])


def errors_table() -> str:
    """Each error code with its meaning."""
    rows = [f"| `{e.code}` | {e.exit_code} | {_first_line(e)} |" for e in every_error()]
    return "\n".join(["| code | exit | meaning |", "|---|---|---|", *rows])


def config_table() -> str:
    """Each config key."""
    rows = [f"| `{k.name}` | `{_toml(k.default)}` | {k.meaning} |" for k in KEYS.values()]
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *rows])


def commands_help() -> str:
    """What `--help` says, for the program and each command."""
    texts = [f"## assignchat\n\n```text\n{_help()}```"]
    for name in COMMANDS:
        texts.append(f"## {name}\n\n```text\n{_help(name)}```")
        texts += [
            f"### {name} {sub}\n\n```text\n{_help(name, sub)}```" for sub in _subcommands(name)
        ]
    return "\n\n".join(texts)


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands_table,
    "lifecycle": lifecycle_table,
    "exit-codes": exit_codes_table,
    "errors": errors_table,
    "config": config_table,
    "help": commands_help,
}


def _first_line(documented: type) -> str:
    return (documented.__doc__ or "").strip().splitlines()[0]


def _toml(value: Any) -> str:  # noqa: ANN401
    return {True: "true", False: "false"}.get(value, "") if isinstance(value, bool) else repr(value)


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
        pages = [(name, text)] if not list(_subcommands(name)) else []
        pages += [(f"{name} {sub}", _help(name, sub)) for sub in _subcommands(name)]
        for page, content in pages:
            if not re.search(r"^  Example: assignchat .*\n\n", content, re.MULTILINE):
                yield f"{page} has no example of one line in its help"


def _remade(text: str) -> str:
    return PART.sub(lambda part: f"{part[1]}\n{PARTS[part[2]]()}\n\n{part[3]}", text)


def run() -> int:
    """Rewrite, or compare; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if something is out of date")
    check = parser.parse_args().check
    wrong = list(_problems())
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        old = path.read_text(encoding="utf-8")
        new = _remade(old)
        if new != old and check:
            wrong.append(f"{path.relative_to(ROOT)} is out of date: run scripts/docs.py")
        elif new != old:
            path.write_text(new, encoding="utf-8")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(run())
