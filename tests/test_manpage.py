"""The man page: clean, complete, and installed with the program."""

import re
import sys
from pathlib import Path

import pytest

from assignchat.cli.commands import COMMANDS
from assignchat.config.keys import KEYS
from assignchat.manual.tables import every_error, first_line
from tests.support.needs import needs
from tests.support.processes import ROOT, run
from tests.support.team import Team

PAGE = ROOT / "docs" / "assignchat.1"
SECTIONS = (
    "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "CONFIG", "ENVIRONMENT",
    "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO",
)  # fmt: skip


def output_of(*words: str | Path) -> str:
    done = run(ROOT, *words)
    assert (done.exit_code, done.err) == (0, ""), done.out
    return done.out


def plain(page: Path) -> str:
    """The page without the double strokes that make letters bold."""
    needs("mandoc")
    text = output_of("mandoc", "-T", "utf8", "-O", "width=500", page)
    shown: list[str] = []
    for char in text:
        if char == "\b":
            shown.pop()
        else:
            shown.append(char)
    return "".join(shown)


def test_the_man_page_has_nothing_that_mandoc_would_mend() -> None:
    needs("mandoc")
    assert output_of("mandoc", "-T", "lint", "-W", "all", PAGE) == ""


def test_the_man_page_has_nothing_that_groff_would_mend() -> None:
    needs("groff")
    output_of("groff", "-man", "-ww", "-z", "-rLL=60n", PAGE)


def test_the_man_page_has_every_command_with_its_options(empty_team: Team) -> None:
    shown = plain(PAGE)
    for section in SECTIONS:
        assert f"\n{section}\n" in shown
    for name in COMMANDS:
        assert f"assignchat {name} " in shown
    parts = re.split(r"^   (?=\S)", shown, flags=re.MULTILINE)
    of_command = {part.splitlines()[0]: part for part in parts}
    for words in (("assign",), ("user", "deactivate"), ("bulk-assign",), ("tracking",)):
        options = empty_team.run(*words, "--help").out.split("Options:\n")[1]
        names = set(re.findall(r"^  .*?(--[a-z-]+)", options, re.MULTILINE)) - {"--help"}
        assert len(names) > 5
        for name in names:
            assert name in of_command[" ".join(words)]


def test_the_man_page_shows_what_roff_would_obey_as_it_is_typed() -> None:
    shown = plain(PAGE)
    assert '--note "Wants a quote"' in shown
    assert "./config.toml" in shown
    assert "~/.config/assignchat/config.toml" in shown
    assert '"message": "..."' in shown


def test_the_man_page_explains_each_exit_code_error_and_config_key() -> None:
    shown = " ".join(plain(PAGE).split())
    for error in every_error():
        assert f"{error.code} exit: {error.exit_code} {first_line(error)}" in shown
    for key in KEYS.values():
        assert key.name in shown
        assert key.meaning in shown


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel of this checkout has been installed."""
    wheels, prefix = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("prefix")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    output_of(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, ROOT)
    (wheel,) = wheels.iterdir()
    output_of(
        *pip, "install", "--no-deps", "--ignore-installed", "--no-warn-script-location",
        "--prefix", prefix, wheel,
    )  # fmt: skip
    return prefix


def test_the_wheel_installs_the_man_page_where_man_looks(installed: Path) -> None:
    page = installed / "share" / "man" / "man1" / "assignchat.1"
    assert page.read_text() == PAGE.read_text()
    assert "hand WhatsApp chats over" in plain(page)


def test_the_wheel_has_the_package_and_nothing_of_the_tests(installed: Path) -> None:
    (package,) = installed.glob("lib/python*/site-packages/assignchat")
    assert (package / "model.py").is_file()
    assert (package / "py.typed").is_file()
    assert not list(installed.rglob("test*.py"))
