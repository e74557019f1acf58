"""Look at a team's folder after a fault, and go on working in it.

Run as a process of its own in the folder, with the next command as arguments; prints one JSON
document. What is there is looked at in a copy, so that the program itself is the first that
opens the damaged file.
"""

import contextlib
import hashlib
import io
import json
import re
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

from assignchat.cli import main

TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|\+00:00)?")
DIGEST = re.compile(r"\b[0-9a-f]{8,}\b")  # of rows with times in them


def state(folder: Path) -> dict[str, str]:
    """What a folder holds, times left out: its tables as digests, the config's text."""
    return _databases(folder) | _config(folder)


def _databases(folder: Path) -> dict[str, str]:
    copy = _tables(folder / "copy.db")
    return _tables(folder / "assignchat.db") | {f"copy's {name}": copy[name] for name in copy}


def _config(folder: Path) -> dict[str, str]:
    config = folder / "config.toml"
    return {"config": config.read_text()} if config.exists() else {}


def _tables(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    with tempfile.TemporaryDirectory() as copies:
        for end in ("", "-wal", "-journal"):
            if Path(f"{path}{end}").exists():
                shutil.copy(f"{path}{end}", Path(copies, f"db{end}"))
        with contextlib.closing(sqlite3.connect(Path(copies, "db"))) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            found = {name: _digest(connection, name) for (name,) in tables.fetchall()}
            return {**found, "schema": _digest(connection, "sqlite_master")}


def _digest(connection: sqlite3.Connection, table: str) -> str:
    rows = sorted(
        DIGEST.sub("DIGEST", TIME.sub("TIME", repr(row)))
        for row in connection.execute(f'SELECT * FROM "{table}"')
    )
    return f"{len(rows)} rows, {hashlib.sha256(repr(rows).encode()).hexdigest()[:12]}"


def left_over(folder: Path) -> list[str]:
    """Unfinished files."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def _run(words: list[str]) -> list[Any]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        return [main(words), out.getvalue() + err.getvalue()]


def look(folder: Path, words: list[str]) -> dict[str, Any]:
    """Look at a folder, then run the next command, with a `check` each. Returns all of it."""
    databases, found = _databases(folder), dict[str, Any]()
    if (folder / "assignchat.db").exists():
        found["check"] = _run(["check", "--full", "--json"])
    found["state"] = databases | _config(folder)
    found["left_over"] = left_over(folder)
    found["next"] = _run(words)
    found["check after it"] = _run(["check", "--full", "--json"])
    return found


if __name__ == "__main__":
    print(json.dumps(look(Path.cwd(), sys.argv[1:])))  # noqa: T201
