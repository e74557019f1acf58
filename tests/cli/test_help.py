"""The help: each command with its examples first, and the topics."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from assignchat import manual
from assignchat.cli.app import build
from assignchat.cli.commands import COMMANDS
from assignchat.cli.commands.check import PROBLEMS_FOUND
from assignchat.cli.commands.wait import EXIT_CODES
from assignchat.config.keys import KEYS
from assignchat.manual import tables
from assignchat.manual.tables import every_error
from tests.support.processes import ROOT
from tests.support.team import Team

SOURCES = sorted((ROOT / "assignchat").rglob("*.py"))


def pages() -> Iterator[tuple[str, ...]]:
    """Every command, and every command of a group."""
    for name in COMMANDS:
        yield (name,)
        below = getattr(build().get_command(None, name), "commands", {})
        yield from ((name, sub) for sub in below)


PAGES = list(pages())


@pytest.fixture(autouse=True)
def _width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("page", [(), *PAGES], ids=" ".join)
def test_examples_stand_right_after_the_first_line_each_on_its_own(
    empty_team: Team, page: tuple[str, ...]
) -> None:
    _, _, examples, *_ = empty_team.run(*page, "--help").out.split("\n\n")
    title, *typed = examples.splitlines()
    assert title == "  Examples:"
    assert typed
    command = " ".join(("assignchat", *page))
    assert any(line.startswith(f"      {command}") for line in typed)


def test_the_commands_are_listed_by_what_they_are_for(empty_team: Team) -> None:
    _, first, rest = empty_team.run("--help").out.partition("Hand over:\n")
    sections = [section.splitlines() for section in f"{first}{rest}".split("\n\n")]
    listed = {title: [line.split()[0] for line in lines] for title, *lines in sections}
    assert listed["Hand over:"] == ["assign", "withdraw", "wait"]
    assert listed["Answer:"] == ["inbox", "accept", "reject", "take", "away", "back"]
    assert [name for names in listed.values() for name in names] == list(COMMANDS)


@pytest.mark.parametrize("option", ["--config=x", "--db=x", "--version"])
@pytest.mark.parametrize("words", [("accept", "1"), ("user", "list"), ("user",)], ids=" ".join)
def test_an_option_that_stands_behind_the_command_is_told_where_it_belongs(
    empty_team: Team, words: tuple[str, ...], option: str
) -> None:
    name = option.partition("=")[0]
    assert empty_team.refused(*words, option) == (2, "usage")
    error, hint = empty_team.run(*words, option).err.splitlines()
    assert error == f"Error: {name} stands before the command"
    assert hint.startswith(f"Hint: assignchat {name} ")
    assert hint.endswith(words[0] if words[0] == "accept" else " ".join(words))


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_every_example_is_a_command_line_that_is_understood(
    empty_team: Team, page: tuple[str, ...]
) -> None:
    shown = empty_team.run(*page, "--help").out
    for example in re.findall(r"^ {6}assignchat (.*)$", shown, re.MULTILINE):
        command, words = build(), shlex.split(example)
        while hasattr(command, "commands") and not words[0].startswith("-"):
            command, words = command.get_command(None, words[0]), words[1:]
        command.make_context("example", words)  # raises what would be a usage error


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_help_on_a_command_is_what_its_option_says(team: Team, page: tuple[str, ...]) -> None:
    shown = team.run("help", *page)
    assert (shown.exit_code, shown.err) == (0, "")
    assert shown.out.startswith(team.run(*page, "--help").out)


def test_help_alone_lists_every_command_and_topic(empty_team: Team) -> None:
    shown = empty_team.run("help").out
    for name in (*COMMANDS, *manual.TOPICS):
        assert re.search(rf"^  {name} +[A-Z]", shown, re.MULTILINE)
    listed = empty_team.ok("help")
    assert list(listed["commands"]) == list(COMMANDS)
    assert list(listed["topics"]) == list(manual.TOPICS)


@pytest.mark.parametrize("topic", manual.TOPICS)
def test_a_topic_fits_the_terminal(empty_team: Team, topic: str) -> None:
    shown = empty_team.run("help", topic)
    assert (shown.exit_code, shown.err) == (0, "")
    assert max(map(len, shown.out.splitlines())) <= 80
    assert "`" not in shown.out
    assert f"[{topic}]" not in shown.out


def test_a_topic_on_a_narrow_terminal_goes_over_more_lines(
    empty_team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    shown = empty_team.run("help", "exit-codes").out
    assert max(map(len, shown.splitlines())) <= 40


def test_help_config_is_the_command_and_the_topic(empty_team: Team) -> None:
    shown = empty_team.run("help", "config").out
    assert shown.startswith("Usage: assignchat config")
    for key in KEYS.values():
        assert key.name in shown
        assert json.dumps(key.default, ensure_ascii=False) in shown


def test_help_exit_codes_names_every_code(empty_team: Team) -> None:
    shown = empty_team.run("help", "exit-codes").out
    entries = re.split(r"^  (?=\d)", shown, flags=re.MULTILINE)[1:]
    by_code = {entry.split("  ")[0]: " ".join(entry.split()) for entry in entries}
    for error in every_error():
        assert error.code in by_code[str(error.exit_code)]
    for status, code in EXIT_CODES.items():
        assert code == 0 or status.label.lower() in by_code[str(code)]
    assert "check" in by_code[str(PROBLEMS_FOUND)]


def test_help_errors_says_what_each_code_means(empty_team: Team) -> None:
    shown = " ".join(empty_team.run("help", "errors").out.split())
    for error in every_error():
        assert f"{error.code} {error.exit_code} {tables.first_line(error)}" in shown


def test_help_environment_names_every_variable_that_is_read(empty_team: Team) -> None:
    shown = empty_team.run("help", "environment").out
    read = {
        name
        for source in SOURCES  # those with a low line in front are between us and the shells
        for name in re.findall(r'environ[^"\n]*"([A-Z][A-Z_]*)"', source.read_text())
    }
    assert "ASSIGNCHAT_USER" in read
    assert {name for name in read if name not in shown} == set()


def test_help_permissions_names_commands_that_there_are() -> None:
    named = {name for row in tables.permissions().rows for name in re.findall("`(.*?)`", row[0])}
    assert named
    assert named <= {" ".join(page) for page in PAGES}


@pytest.mark.usefixtures("request_id")
def test_help_json_tells_the_keys_that_are_printed(team: Team) -> None:
    objects = {row[0]: row[1] for row in tables.objects().rows}
    team.ok("bulk-assign", "chat-4", "--to", "omar", "--as", "maria")

    def keys(document: dict[str, object]) -> str:
        return ", ".join(f"`{key}`" for key in document)

    assert keys(team.ok("requests")[0]) == objects["request"]
    assert keys(team.ok("chat", "list")[0]) == objects["chat"]
    assert keys(team.ok("user", "list")[0]) == objects["user"]
    assert keys(team.ok("batches")[0]) == objects["batch"]
    assert keys(team.ok("tracking")[0]) == objects["tracking row"]
    assert keys(team.ok("tracking", "--records")[0]) == objects["record"]
    assert keys(team.ok("inbox", "--as", "omar")["notifications"][0]) == objects["notification"]


# One call of each command, in an order that works on the demo team.
CALLS = """
assign chat-1 --to martha --as mark; accept 1 --as martha
assign chat-2 --to omar --as mark; reject 2 --reason no --as omar; wait 2 --for 0s
assign chat-2 --to omar --as mark; withdraw 3 --reason no --as mark
requests; requests show 1; tracking
tracking --records; stats; inbox --as mark; status --as mark; sweep-timeouts
bulk-assign chat-4 --to omar --as maria; batches; undo 1 --as maria
run lines
user add jane; user set jane --name Jane; user list; user away jane; user back jane
user deactivate jane; user activate jane; away --as jane; back --as jane; take chat-5 --as maria
chat add chat-6 --customer Ann --owner omar; chat list; chat show chat-1; chat close chat-6
chat reopen chat-6; import users users.csv; import chats chats.csv; changes
config list; config get identity; config set identity claim; config unset identity; config path
check; backup copy.db; export all; init; help times
"""


def test_help_json_tells_what_each_command_prints(team: Team) -> None:
    (team.folder / "users.csv").write_text("id,name\nann,Ann\n")
    (team.folder / "lines").write_text("help times\n")
    (team.folder / "chats.csv").write_text("id,customer,owner_id\nchat-7,Tom,ann\n")
    seen = {"notify"}  # it needs an extra, and has tests of its own
    for call in re.split(r"[;\n] *", CALLS.strip()):
        words = call.split()
        name = " ".join(words[:2]) if " ".join(words[:2]) in tables.RESULTS else words[0]
        document = json.loads(team.run(*words, "--json").out)
        assert is_as_told(document, tables.RESULTS[name], records="--records" in words), name
        seen.add(name)
    assert seen == set(tables.RESULTS)
    leaves = {" ".join(page) for page in PAGES} - {"user", "chat", "import", "config"}
    assert seen == leaves


def is_as_told(document: Any, told: str, *, records: bool) -> bool:
    """Whether a document has the keys that a line of `help json` promises."""
    rows = {row[0]: row[1].replace("`", "").split(", ") for row in tables.objects().rows}
    if told.startswith("a list of "):
        kind = "record" if records else told.removeprefix("a list of ").partition(",")[0]
        of_kind = [keys for name, keys in rows.items() if kind.startswith(name)]
        return bool(document) and [list(document[0])] == of_kind
    if told.startswith("the "):
        name, _, more = told.removeprefix("the ").partition(", and ")
        return list(document) == rows[name] + (more.split(", ") if more else [])
    if told == "each key with its value":
        return list(document) == list(KEYS)
    return list(document) == told.split(", ")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["exit"], "exit-codes"),
        (["exit_codes"], "exit-codes"),
        (["asign"], "assign"),
        (["jsno"], "json"),
        (["user", "ad"], "add"),
        (["config", "sett"], "set"),
        (["nonsense"], "lists"),
        (["assign", "chat-1"], "lists"),
        ([""], "lists"),
    ],
)
def test_an_unknown_topic_is_a_usage_error_that_says_what_may_be_meant(
    empty_team: Team, words: list[str], meant: str
) -> None:
    assert empty_team.refused("help", *words) == (2, "usage")
    assert meant in empty_team.run("help", *words).err.splitlines()[1]


def test_help_needs_neither_a_config_nor_a_database(empty_team: Team) -> None:
    (empty_team.folder / "config.toml").write_text("broken [")
    before = sorted(empty_team.folder.iterdir())
    assert empty_team.run("help", "json").exit_code == 0
    assert empty_team.ok("help", "times")["text"] == manual.text("times", 80)
    assert sorted(empty_team.folder.iterdir()) == before
