"""A command loads no more than it needs: an operator waits for each one."""

import json
import os
import subprocess
import sys

import pytest

from assignchat.cli import COMMANDS
from tests.conftest import Team

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


@pytest.mark.parametrize(
    ("words", "own"),
    [
        (["accept", "1", "--as", "martha"], {"request"}),
        (["requests"], {"request"}),
        (["--version"], set[str]()),
        (["--help"], set[str]()),
        (["assign", "--help"], {"request"}),
        (["help", "exit-codes"], {"help"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_loads_its_own_module_and_nothing_heavy(
    team: Team, words: list[str], own: set[str]
) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--timeout", "off", "--as", "mark")
    done = subprocess.run(
        [sys.executable, "-c", LOADED_BY, *words],
        cwd=team.folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    code, loaded = json.loads(done.stdout)
    assert code == 0, done.stderr
    assert not [name for name in HEAVY if name in loaded]
    modules = {command.module for command in COMMANDS.values()}
    assert {name for name in modules if f"assignchat.cli.{name}" in loaded} == own
    assert ("assignchat.manual" in loaded) == ("help" in words)


def test_the_package_runs_as_a_module_and_as_a_command(team: Team) -> None:
    shown = team.process("--version")
    assert shown.exit_code == 0
    assert shown.out.startswith("assignchat ")
    assert team.run("--version").out == shown.out


@pytest.mark.parametrize(
    ("line", "own"), [("assignchat ", set[str]()), ("assignchat accept ", {"request"})]
)
def test_a_completion_loads_no_more_than_its_command(team: Team, line: str, own: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED_BY, line],
        cwd=team.folder,
        env=os.environ | {"_ASSIGNCHAT_COMPLETE": "offer_bash"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    code, loaded = json.loads(done.stdout)
    assert code == 0, done.stderr
    assert not {"sqlite_utils", "rich.console", "tomli_w", "pydantic"} & set(loaded)
    modules = {command.module for command in COMMANDS.values()}
    assert {name for name in modules if f"assignchat.cli.{name}" in loaded} == own
