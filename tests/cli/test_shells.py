"""Completion in the real shells, set up as the README says, in a home that is fresh."""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import assignchat
from assignchat.errors import ChatNotFound
from tests.support.needs import needs
from tests.support.team import Team
from tests.support.terminal import ENTER, TAB, Terminal, on_terminal

HOSTILE = [
    "w0 with spaces",
    "w2'single",
    'w3"double',
    "w4$(touch pwned)",
    "w5`touch pwned`",
    "w6;touch pwned",
    "w7&&touch pwned|cat>pwned",
    "w8\\back\\slash\\",
    "w9*?[a-z]{x,y}",
    "wa$HOME~",
    "wb!history!!",
    "wc#comment",
    "wd'$(touch pwned)'",
    'we"$(touch pwned)"',
    "wf(touch pwned)",
    "wg会話 é🌻",
    "wh\\$(touch pwned)",
    "wi''\"\"`touch pwned`",
    "wj: (touch pwned) ))'$(touch pwned)'",
]


class Shell:
    """A shell on a terminal, in which somebody types."""

    def __init__(self, name: str, terminal: Terminal) -> None:
        self.name = name
        self._terminal = terminal
        self.run("true")

    @property
    def shown(self) -> str:
        return self._terminal.screen

    def run(self, line: str) -> int:
        """Type a line, Tab where it has one, and Enter. Returns the exit code of its command."""
        result = "$status" if self.name == "fish" else "$?"
        begin = len(self.shown)
        self._terminal.type(f"{line}; echo [{result}]{ENTER}")
        ended = re.compile(r"\[(\d+)\]")
        self._terminal.until(lambda: ended.search(self.shown, begin))
        return int(ended.findall(self.shown[begin:])[0])


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest, team: Team, tmp_path: Path) -> Iterator[Shell]:
    """A shell in which completion has been installed, then started anew."""
    needs(request.param)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".zshrc").touch()  # or zsh would ask a new user what to write there
    program = tmp_path / "bin" / "assignchat"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom assignchat.__main__ import run\nrun()\n")
    program.chmod(0o755)
    source = Path(assignchat.__file__).parents[1]
    env = {
        "HOME": str(home),
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(source),
        "ASSIGNCHAT_USER": "martha",
        "LANG": "C.UTF-8",
        "TERM": "xterm",
    }
    argv = (request.param, "-i")
    with on_terminal(team.folder, *argv, columns=250, env=env, alone=True) as terminal:
        assert Shell(request.param, terminal).run("assignchat --install-completion") == 0
    with on_terminal(team.folder, *argv, columns=250, env=env, alone=True) as terminal:
        started = Shell(request.param, terminal)
        # The first Tab in a zsh only loads Typer's script.
        started.run(f"assignchat --versio{TAB}n")
        yield started


def completed(shell: Shell, team: Team, line: str) -> Any:
    """The document that a command prints whose line has been completed at each Tab."""
    out = team.folder / "out.json"
    out.unlink(missing_ok=True)
    code = shell.run(f"{line} --json > out.json")
    assert code == 0, shell.shown
    return json.loads(out.read_text())


def test_an_id_that_a_shell_would_run_or_split_is_not_completed(shell: Shell, team: Team) -> None:
    for chat in HOSTILE:
        team.ok("chat", "add", chat, "--customer", "A", "--owner", "mark")
    for number, chat in enumerate(HOSTILE):
        quote = ("", "'", '"')[number % 3]
        not_found = shell.run(f"assignchat chat show {quote}{chat[:2]}{TAB}{TAB}{quote}")
        assert not_found == ChatNotFound.exit_code
    assert not (team.folder / "pwned").exists()


def test_an_id_is_completed_whole(shell: Shell, team: Team) -> None:
    for chat in ("919876543210", "9f1c-d2@team.example", "w_1/a,b=c%d:e", "xé会話"):
        team.ok("chat", "add", chat, "--customer", "A", "--owner", "mark")
        assert completed(shell, team, f"assignchat chat show {chat[:2]}{TAB}")["id"] == chat


def test_everything_that_can_be_named_is_completed(shell: Shell, team: Team) -> None:
    for chat in ("chat-1", "chat-2"):
        team.ok("assign", chat, "--to", "martha", "--as", "mark", "--timeout", "off")
    team.ok("bulk-assign", "chat-5", "--to", "martha", "--as", "maria")
    team.ok("--db", "../home/other.db", "init")
    team.ok("--db", "../home/other.db", "user", "add", "zoe")

    def document(line: str) -> Any:
        return completed(shell, team, line.replace("<Tab>", TAB))

    assert document("assignchat assign chat-3 --to oma<Tab> --as mark")["recipient_id"] == "omar"
    assert document("assignchat requests --status pend<Tab>")[0]["status"] == "pending"
    assert document("assignchat rej<Tab>1 --reason 'In a meeting'")["status"] == "rejected"
    assert document("assignchat acc<Tab> --as martha <Tab>")["id"] == 2
    assert document("assignchat wit<Tab> --as mark <Tab> --reason No")["recipient_id"] == "omar"
    assert document("assignchat undo --as maria <Tab>")["batch_id"] == 1
    assert document("assignchat config get busy<Tab>")["value"] == "10s"
    assert document("assignchat config set identity cl<Tab>")["value"] == "claim"
    assert document("assignchat --db ~/other.db user set zo<Tab> --name Zoe")["id"] == "zoe"


def test_where_nothing_can_be_offered_files_are(shell: Shell, team: Team) -> None:
    (team.folder / "chats.csv").write_text("id,customer,owner_id,status\nc9,A,mark,open\n")
    assert completed(shell, team, f"assignchat import chats chats.c{TAB}")["created"] == 1
