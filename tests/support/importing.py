"""import as the tests run it: a text as the file, and what is told of its rows."""

import re
from pathlib import Path

from tests.support.team import Team

HEADINGS = "id,customer,owner_id,status,opened_at\n"
"""Of a file of chats with all that it can tell."""


def file_of(text: str) -> str:
    """Write a file to import. Returns its name."""
    Path("crm.txt").write_text(text, encoding="utf-8", newline="")
    return "crm.txt"


def imported(team: Team, kind: str, text: str, *options: str) -> tuple[int, int, int]:
    """Import a text. Returns how many rows were created, updated and unchanged."""
    done = team.ok("import", kind, file_of(text), *options)
    return done["created"], done["updated"], done["unchanged"]


def bad_lines(team: Team, kind: str, text: str) -> list[int]:
    """Import a text that is refused and changes nothing. Returns the lines that are named."""
    before = team.snapshot()
    assert team.refused("import", kind, file_of(text)) == (2, "import_invalid")
    told = team.run("import", kind, "crm.txt").err
    assert team.snapshot() == before
    return [int(line) for line in re.findall(r"^ *line (\d+)[:,]", told, re.MULTILINE)]
