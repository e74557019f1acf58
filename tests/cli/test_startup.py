"""A command loads no more than it needs: an operator waits for each one."""

import sys

import pytest

from assignchat.cli.commands import COMMANDS
from tests.support.processes import run
from tests.support.team import Team

HEAVY = ("sqlite_utils", "rich", "tomli_w", "pydantic")
LOADED_BY = """
import json, os, sys
from assignchat.cli import main
shown, sys.stdout = sys.stdout, open(os.devnull, "w")
code = main(sys.argv[1:])
sys.stdout.close()
sys.stdout = shown
print(json.dumps([code, sorted(sys.modules)]))
"""
IMPORTED_BY = """
import json, sys
import assignchat
before = "assignchat.service" in sys.modules
assignchat.accept
unknown = not hasattr(assignchat, "acept")
print(json.dumps([before, "accept" in dir(assignchat), unknown]))
"""


DRIVER_FOR_OTHERS = """
import json
import assignchat.store.postgres.database
import decimal, ssl
from psycopg2.extensions import adapt
print(json.dumps([adapt(decimal.Decimal("2.5")).getquoted().decode(), hasattr(ssl, "SSLContext")]))
"""


ON_ANOTHER_SYSTEM = """
import sys
sys.platform = sys.argv.pop(1)
sys.modules.update(dict.fromkeys(("fcntl", "pwd", "termios", "resource")))  # which it has not
from assignchat.__main__ import run
run()
"""


@pytest.mark.parametrize("words", [("status",), ("--help",), ("help", "json"), ("init", "--json")])
@pytest.mark.parametrize("platform", ["win32", "cygwin", "freebsd14"])
def test_on_a_system_that_it_does_not_run_on_it_says_so_in_one_line(
    empty_team: Team, platform: str, words: tuple[str, ...]
) -> None:
    script = (sys.executable, "-c", ON_ANOTHER_SYSTEM, platform)
    said = f"Error: assignchat runs on Linux and macOS, not on {platform}\n"
    assert run(empty_team.folder, *script, *words) == (1, "", said)


def loaded_by(team: Team, *words: str, env: dict[str, str] | None = None) -> set[str]:
    """The modules that a process has loaded once it has run a command."""
    done = run(team.folder, sys.executable, "-c", LOADED_BY, *words, env=env)
    assert done.exit_code == 0, done.err
    code, loaded = done.json
    assert code == 0, done.err
    return set(loaded)


@pytest.mark.parametrize(
    ("words", "own"),
    [
        (["accept", "1", "--as", "martha"], {"settle"}),
        (["requests"], {"request_list"}),
        (["--version"], set[str]()),
        (["--help"], set[str]()),
        (["assign", "--help"], {"requests"}),
        (["help", "exit-codes"], {"help"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_loads_its_own_module_and_nothing_heavy(
    team: Team, words: list[str], own: set[str]
) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--timeout", "off", "--as", "mark")
    loaded = loaded_by(team, *words)
    assert not [name for name in HEAVY if name in loaded]
    modules = {command.module for command in COMMANDS.values()}
    assert {name for name in modules if f"assignchat.cli.commands.{name}" in loaded} == own
    assert ("assignchat.manual" in loaded) == ("help" in words)


def test_a_command_loads_the_driver_of_its_database_and_no_other(team: Team) -> None:
    others = ("sqlite3", "assignchat.store.sqlite.database"), ("psycopg2", "decimal")
    loaded = loaded_by(team, "chat", "close", "chat-1")
    assert loaded.isdisjoint(others["://" not in team.location])


def test_the_driver_serves_other_parts_of_a_program_as_it_did(empty_team: Team) -> None:
    done = run(empty_team.folder, sys.executable, "-c", DRIVER_FOR_OTHERS)
    assert done.json == ["2.5", True], done.err


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_what_asks_no_database_loads_nothing_of_the_store(empty_team: Team, word: str) -> None:
    loaded = loaded_by(empty_team, word)
    assert not [name for name in loaded if name.startswith(("assignchat.store", "sqlite3"))]


def test_the_package_runs_as_a_module_and_as_a_command(team: Team) -> None:
    shown = team.process("--version")
    assert shown.exit_code == 0
    assert shown.out.startswith("assignchat ")
    assert team.run("--version").out == shown.out


@pytest.mark.parametrize(
    ("line", "own"), [("assignchat ", set[str]()), ("assignchat accept ", {"settle"})]
)
def test_a_completion_loads_no_more_than_its_command(team: Team, line: str, own: set[str]) -> None:
    words = str(len(line.split()))
    env = {"_ASSIGNCHAT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": words}
    loaded = loaded_by(team, env=env)
    assert not {"sqlite_utils", "rich.console", "tomli_w", "pydantic"} & loaded
    modules = {command.module for command in COMMANDS.values()}
    assert {name for name in modules if f"assignchat.cli.commands.{name}" in loaded} == own


def test_what_python_programs_call_is_imported_when_it_is_asked_for(team: Team) -> None:
    done = run(team.folder, sys.executable, "-c", IMPORTED_BY)
    assert done.json == [False, True, True], done.err
