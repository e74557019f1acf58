"""On a terminal no text from data looks like a line of ours, also where it is folded."""

import re

import pytest

from assignchat.render.folding import columns, folded, hung
from tests.support.processes import program
from tests.support.team import Team
from tests.support.terminal import CTRL_D, STYLE, at_terminal, on_terminal

WIDTH = 80
FORGED = "Request 9: Accepted"
# What fills the line up to its end, by a terminal of 80 columns, so that the next begins with it.
FILLERS = {
    "blanks": " " * 300,
    "blanks that do not break": "\u00a0" * 300,
    "wide blanks": "\u3000" * 300,
    "a long word": "x" * 300,
    "wide letters": "\u9a6c" * 150,
    "emoji": "\U0001f469\u200d\U0001f4bb" * 60,
    "hearts": "\u2764\ufe0f" * 100,
    "marks": "e\u0301\u0302" * 200,
}


def pushed(filler: str) -> str:
    """A text in which a line of ours stands wherever it may be folded."""
    return f"Ann {filler} {f'{FORGED} by maria is a line. ' * 12}".strip()


def assert_nothing_forged(screen: str) -> None:
    """No line begins as one of ours does with what was forged."""
    shown = STYLE.sub("", screen).replace("\r", "")
    for line in shown.splitlines():
        assert not re.match(rf" {{0,3}}(?:{FORGED}|xxx|\u9a6c)", line), line
        assert columns(line) <= WIDTH, line


@pytest.fixture
def forged(team_now: Team, request: pytest.FixtureRequest) -> Team:
    """A team in which names, notes and reasons hold lines of ours."""
    text = pushed(request.param)
    team_now.ok("chat", "add", "forged", "--customer", text[:1_000], "--owner", "mark")
    words = ("assign", "forged", "--to", "martha", "--as", "mark", "--note", text)
    team_now.ok(*words)
    team_now.ok("user", "set", "omar", "--name", text[:1_000])
    team_now.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    team_now.ok("reject", "2", "--as", "martha", "--reason", text[:1_000])
    return team_now


fillers = pytest.mark.parametrize("forged", FILLERS.values(), ids=FILLERS, indirect=True)

SHOWN = (
    ("requests", "show", "1"),
    ("requests", "show", "2"),
    ("chat", "show", "forged"),
    ("chat", "show", "chat-1"),
    ("inbox", "--as", "martha"),
    ("inbox", "--as", "mark"),
    ("status", "--as", "mark"),
    ("requests",),
    ("chat", "list"),
    ("user", "list"),
    ("tracking",),
    ("withdraw", "1", "--as", "mark", "--reason", "Done"),
)


@fillers
def test_on_a_page_a_card_or_a_table_it_hangs_in_its_place(forged: Team) -> None:
    for words in SHOWN:
        shown = at_terminal(forged, *words, columns=WIDTH, env={"PAGER": "cat"})
        assert (shown.exit_code, "Ann" in shown.out) == (0, True), shown.out
        assert_nothing_forged(shown.out.partition("Hint: ")[0])


@fillers
def test_among_the_choices_and_in_a_question_it_hangs(forged: Team) -> None:
    words = ("assign", "chat-2", "--to-type", "user", "--as", "mark")
    answers = [("Select User", ""), (":", CTRL_D)]
    assert_nothing_forged(at_terminal(forged, *words, columns=WIDTH, answers=answers).out)


@pytest.mark.parametrize("filler", FILLERS.values(), ids=FILLERS)
def test_in_an_error_that_quotes_it_it_hangs(team_now: Team, filler: str) -> None:
    words = ("withdraw", "--chat", pushed(filler), "--as", "mark", "--reason", "Done")
    assert_nothing_forged(at_terminal(team_now, *words, columns=WIDTH).out)


@fillers
def test_in_a_pipe_it_stays_on_its_line(forged: Team) -> None:
    for words in (("requests",), ("chat", "list"), ("user", "list")):
        lines = forged.run(*words).out.splitlines()
        assert len(lines) == len(forged.ok(*words))
    assert FORGED in forged.run("requests", "show", "1").out
    assert not re.search(f"(?m)^{FORGED}", forged.run("chat", "show", "forged").out)


@fillers
def test_in_the_live_inbox_it_hangs(forged: Team) -> None:
    command = ("inbox", "--watch", "--as", "martha")
    with on_terminal(forged.folder, *program(*command), columns=WIDTH) as terminal:
        terminal.until(lambda: FORGED in terminal.screen)
        terminal.type("q")
        assert terminal.ends() == 0
    for line in re.split(r"\r?\n|\x1b\[\d*;?\d*H", STYLE.sub("", terminal.screen)):
        assert not line.startswith((FORGED, "xxx", "\u9a6c")), line


def test_a_hint_can_be_pasted_in_one_piece_unless_it_quotes(team_now: Team) -> None:
    plain = "c-" + "y" * 90
    for chat in (plain, f"c {'z' * 70} {FORGED}"):
        team_now.ok("chat", "add", chat, "--customer", "A", "--owner", "mark")
    shown = at_terminal(team_now, "chat", "close", plain, columns=WIDTH).out
    assert f"chat reopen {plain}\n" in shown
    shown = at_terminal(team_now, "chat", "close", chat, columns=WIDTH).out
    assert_nothing_forged(shown)


def test_a_hint_without_a_command_is_folded_between_words(team_now: Team) -> None:
    shown = at_terminal(team_now, "inbox", "--as", "zz", columns=40).out
    assert shown.endswith("Hint: Say who you are with --as USER or\n    ASSIGNCHAT_USER.\n")


def test_what_is_folded_loses_no_word() -> None:
    text = "a bb ccc " + "\u9a6c" * 30 + " dddd e\u0301" + "x" * 100
    for width in range(1, 60):
        for made in (folded(text, width), hung("  Note  ", text, width)):
            assert "".join(made.split()).removeprefix("Note") == "".join(text.split())
            if width > 20:
                assert all(columns(line) <= width for line in made.split("\n")), made


def test_a_text_without_a_blank_is_folded_in_little_time() -> None:
    assert folded("x" * 1_000_000, 80).count("\n") > 10_000
