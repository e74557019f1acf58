"""The README and the docs: what they say is so."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from assignchat.cli.app import build
from tests.support.processes import ROOT, run

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TASKS = (
    "tutorial",
    "employee-leaves",
    "shift-change",
    "nobody-answers",
    "cron",
    "importing",
    "in-step",
)
PLAYED = [page for page in PAGES if "```console\n" in page.read_text()]


def name(page: Path) -> str:
    return page.name


@pytest.mark.parametrize("page", PLAYED, ids=name)
def test_every_command_of_a_page_prints_what_the_page_says(page: Path) -> None:
    played = run(ROOT, sys.executable, ROOT / "scripts" / "console.py", page)
    assert played == (0, page.read_text(), "")


def test_the_readme_and_each_task_are_played() -> None:
    assert {"README", *TASKS} <= {page.stem for page in PLAYED}


def commands_in(page: Path) -> list[str]:
    """The commands that stand in blocks that are not played, because they need more than a demo."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith("assignchat ")]


@pytest.mark.parametrize("page", [page for page in PAGES if commands_in(page)], ids=name)
def test_every_other_command_of_a_page_is_understood(page: Path) -> None:
    for line in commands_in(page):
        ours = line.partition(" | ")[0]
        command, words = build(), shlex.split(ours, comments=True)[1:]
        while hasattr(command, "commands") and not words[0].startswith("-"):
            command, words = command.get_command(None, words[0]), words[1:]
            assert command is not None, line
        command.make_context(line, words)  # raises what would be a usage error


def anchors_of(text: str) -> set[str]:
    """The anchors that GitHub makes of the headings of a page: it drops what is no word."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_an_anchor_is_a_heading_without_its_signs() -> None:
    page = "# One `two`: 3_a, or-not?\n```sh\n# no heading\n```\n"
    assert anchors_of(page) == {"one-two-3_a-or-not"}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", text):
        file = (page.parent / target) if target else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors_of(file.read_text())


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = set(re.findall(r"`([a-z]+/[\w./-]+|\w+\.py)`", page.read_text()))
    folders = (ROOT, ROOT / "assignchat")
    assert [path for path in named if not any((at / path).exists() for at in folders)] == []


def test_nobody_is_told_to_run_what_lies_in_the_folder_where_they_are() -> None:
    """As `python -m assignchat` would, for which -P is needed."""
    told = [*ROOT.glob("*.md"), *ROOT.glob("docs/*"), *ROOT.glob("scripts/samples/*")]
    assert len(told) > 20
    for file in told:
        assert not re.search(r"python[\d.]* (?!-P )-m assignchat", file.read_text()), file
