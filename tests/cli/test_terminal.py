"""On a terminal: what is asked, what is shown, and that nothing shown can do harm."""

import re

import pytest
from rich.cells import cell_len

from tests.support.asking import ask, statuses
from tests.support.processes import Result, program
from tests.support.team import Team
from tests.support.terminal import CTRL_C, CTRL_D, ENTER, STYLE, at_terminal, on_terminal

CHATS_OF_MARK = ("chat-1", "chat-2", "chat-3")
WITHOUT_ERRORS = ("sh", "-c", 'exec "$@" 2>&-', "sh")


@pytest.fixture
def asked(team_now: Team) -> Team:
    """Mark asks Martha to take chat-1."""
    ask(team_now, "chat-1")
    return team_now


def test_nothing_is_asked_where_no_question_can_be_seen(asked: Team) -> None:
    """Standard error was closed by whoever started us, though the input is a terminal."""
    words = ("reject", "1", "--as", "martha")
    assert at_terminal(asked, *words, through=WITHOUT_ERRORS).exit_code == 2
    assert statuses(asked) == [("pending", None)]


def test_assign_asks_for_the_type_and_then_for_the_user(team_now: Team) -> None:
    answers = [("Assign To", ""), (":", "1\n"), ("Select User", ""), (":", "1\n")]
    result = at_terminal(team_now, "assign", "chat-1", "--as", "mark", answers=answers)
    assert result.exit_code == 0
    assert re.search(r"Assign To\n.*User\n.*Manager\n", result.out)
    assert "1. Martha (martha): 1 open chat\n" in result.out
    assert team_now.rows("SELECT recipient_id, recipient_role FROM requests") == [
        ("martha", "user")
    ]


@pytest.mark.parametrize("answer", ["martha", "Martha"])
def test_a_choice_may_be_named_instead_of_numbered(team_now: Team, answer: str) -> None:
    answers = [(":", "1\n"), ("Select User", ""), ("1-2:", f"{answer}\n")]
    assert at_terminal(team_now, "assign", "chat-1", "--as", "mark", answers=answers).exit_code == 0
    assert team_now.rows("SELECT recipient_id FROM requests") == [("martha",)]


def test_assign_offers_only_active_users_of_the_type(team_now: Team) -> None:
    team_now.ok("user", "deactivate", "omar", "--reassign-to", "martha")
    answers = [("Assign To", "2\n")]
    result = at_terminal(team_now, "assign", "chat-1", "--as", "mark", answers=answers)
    assert team_now.rows("SELECT recipient_id FROM requests") == [("maria",)]
    assert "Select User" not in result.out  # there is one manager
    team_now.ok("user", "add", "jane")
    answers = [("Select User", CTRL_D)]
    words = ("assign", "chat-2", "--to-type", "user", "--as", "mark")
    result = at_terminal(team_now, *words, answers=answers)
    assert "Martha" in result.out
    assert "Omar" not in result.out
    assert "Assign To" not in result.out


def test_what_is_given_is_not_asked(team_now: Team) -> None:
    words = ("assign", "chat-1", "--to", "martha", "--as", "mark")
    assert at_terminal(team_now, *words).exit_code == 0


def test_an_answer_that_is_none_of_the_choices_is_asked_again(team_now: Team) -> None:
    answers = [("Assign To", "9\n"), (":", "x\n"), (":", "2\n")]
    assert at_terminal(team_now, "assign", "chat-1", "--as", "mark", answers=answers).exit_code == 0
    assert team_now.rows("SELECT recipient_id FROM requests") == [("maria",)]


@pytest.mark.parametrize("answer", ["3\n", "1\n3\n", "chat-3\n"])
def test_a_request_is_chosen_by_its_own_number(asked: Team, answer: str) -> None:
    """Not by its place in the list, which may be the number of another one."""
    ask(asked, "chat-2")
    ask(asked, "chat-3")
    asked.ok("accept", "1", "--as", "martha")
    answers = [("Its number:", typed) for typed in answer.splitlines(keepends=True)]
    result = at_terminal(asked, "accept", "--as", "martha", answers=answers)
    assert "  2. chat-2 (José Álvarez)\n  3. chat-3 (田中 美咲)\n" in result.out
    assert [status for status, _ in statuses(asked)] == ["accepted", "pending", "accepted"]


@pytest.mark.parametrize(
    ("answer", "reason"), [("2\n", "Not available"), ("At lunch\n", "At lunch")]
)
def test_reject_offers_the_reasons_and_takes_any_other(
    asked: Team, answer: str, reason: str
) -> None:
    words = ("reject", "1", "--as", "martha")
    result = at_terminal(asked, *words, answers=[("Handling priority issue", ""), (":", answer)])
    assert result.exit_code == 0
    assert "In a meeting" in result.out
    assert statuses(asked) == [("rejected", reason)]


def test_withdraw_offers_its_own_reasons(asked: Team) -> None:
    words = ("withdraw", "--chat", "chat-1", "--as", "mark")
    result = at_terminal(asked, *words, answers=[("I resolved it myself", ""), (":", "1\n")])
    assert "In a meeting" not in result.out
    assert statuses(asked) == [("withdrawn", "No longer needed")]


def test_where_no_other_reasons_are_allowed_none_is_taken(asked: Team) -> None:
    asked.ok("config", "set", "assign_discuss.allow_other_reasons", "false")
    answers = [("Reason", "At lunch\n"), (":", "\n"), (":", "3\n")]
    assert at_terminal(asked, "reject", "1", "--as", "martha", answers=answers).exit_code == 0
    assert statuses(asked) == [("rejected", "Handling priority issue")]


ROW = "id,customer,owner_id\nc-1,Ann,mark\n"


@pytest.mark.parametrize(
    ("words", "awaited", "typed"),
    [
        ("run", "commands, one a line", "user add eve\n"),
        ("bulk-assign --ids-from - --to omar --as maria", "ids of chats, one a line", "chat-1\n"),
        ("import users -", "or paste users with their headings", "id,name\neve,Eve\n"),
        ("import chats - --rejects no.csv", "or paste chats with their headings", ROW),
    ],
)
def test_what_can_be_typed_is_told_and_one_ctrl_d_ends_it(
    team_now: Team, words: str, awaited: str, typed: str
) -> None:
    before = team_now.snapshot()
    told = f"Type {awaited}. Ctrl-D ends the input."
    done = at_terminal(team_now, *words.split(), answers=[(told, typed + CTRL_D)])
    assert done.exit_code == 0
    assert team_now.snapshot() != before
    assert told not in team_now.process(*words.split(), stdin="#\n").err


def test_questions_do_not_mix_with_the_result(asked: Team) -> None:
    with (asked.folder / "out.json").open("wb") as file:
        words = ("reject", "1", "--as", "martha", "--json")
        result = at_terminal(asked, *words, answers=[("Reason", "1\n")], stdout=file.fileno())
    assert result.exit_code == 0
    written = Result(0, (asked.folder / "out.json").read_text(), "").json
    assert written == asked.ok("requests")[0]


@pytest.mark.parametrize("answer", [ENTER, "n\n", "perhaps\n"])
def test_a_bulk_assignment_is_confirmed_with_yes_and_enter_means_no(
    team_now: Team, answer: str
) -> None:
    before = team_now.snapshot()
    words = ("bulk-assign", "--from", "mark", "--to", "martha", "--as", "mark")
    result = at_terminal(team_now, *words, "--json", answers=[("3 chats", ""), ("N]", answer)])
    assert result.exit_code == 4
    assert '"code": "not_confirmed"' in result.out
    assert team_now.snapshot() == before


def test_a_confirmed_bulk_assignment_is_done(team_now: Team) -> None:
    words = ("bulk-assign", "--from", "mark", "--to", "martha", "--as", "mark")
    assert at_terminal(team_now, *words, answers=[("N]", "y\n")]).exit_code == 0
    assert team_now.ok("status", "--as", "martha")["open_chats"] == 4


@pytest.mark.parametrize(
    ("words", "meanwhile", "now"),
    [
        (
            "bulk-assign --from mark --to martha --as maria",
            "bulk-assign chat-4 --to mark --as maria",
            "Assign 4 chats: 4 chats to martha, 0 -> 4 open chats?",
        ),
        ("undo 1 --as maria", "assign chat-2 --to mark --as martha", "Give 2 chats back?"),
        (
            "user deactivate mark --reassign-to martha",
            "assign chat-1 --to omar --as mark",
            (
                "1 request cancelled, which undo does not bring back: 1 on chat-1 (Priya Nair):"
                " mark asked omar Deactivate Mark, and assign 3 chats to martha?"
            ),
        ),
        (
            "away --as omar",
            "assign chat-1 --to omar --as mark",
            "2 requests waiting for your answer: reject, so that others are asked?",
        ),
    ],
)
def test_what_others_have_changed_before_the_answer_was_not_confirmed(
    team_now: Team, words: str, meanwhile: str, now: str
) -> None:
    if words.startswith("undo"):
        team_now.ok("bulk-assign", *CHATS_OF_MARK, "--to", "martha", "--as", "maria")
    elif words.startswith("away"):
        team_now.ok("assign", "chat-2", "--to", "omar", "--as", "mark")
    with on_terminal(team_now.folder, *program(*words.split()), columns=200) as terminal:
        terminal.until(lambda: "[y/N]" in terminal.screen)
        request = team_now.ok(*meanwhile.split())
        if "undo" in words:
            team_now.ok("accept", str(request["id"]), "--as", "mark")
        before = team_now.snapshot()
        terminal.type(f"y{ENTER}")
        assert terminal.ends() == 4
    shown = " ".join(terminal.screen.split())
    assert f"meanwhile. It would be now: {now}" in shown
    assert team_now.snapshot() == before
    again = at_terminal(team_now, *words.split(), answers=[("[y/N]", f"y{ENTER}")])
    assert again.exit_code == 0


@pytest.mark.parametrize(
    ("words", "now"),
    [
        ("bulk-assign --from mark --to martha --as maria", "Assign 0 chats?"),
        ("user deactivate mark --reassign-to martha", "Deactivate Mark, and assign no chats?"),
        ("undo 1 --as maria", "Give 0 chats back?"),
    ],
)
def test_where_others_have_left_nothing_to_do_that_is_what_it_would_be(
    team_now: Team, words: str, now: str
) -> None:
    if words.startswith("undo"):
        team_now.ok("bulk-assign", *CHATS_OF_MARK, "--to", "martha", "--as", "maria")
    with on_terminal(team_now.folder, *program(*words.split()), columns=200) as terminal:
        terminal.until(lambda: "[y/N]" in terminal.screen)
        team_now.ok("bulk-assign", *CHATS_OF_MARK, "--to", "omar", "--as", "maria")
        terminal.type(f"y{ENTER}")
        assert terminal.ends() == 4
    assert f"meanwhile. It would be now: {now}" in " ".join(terminal.screen.split())


@pytest.mark.parametrize("chats", [("chat-1", "chat-2", "--yes"), ("chat-1",)])
def test_with_yes_or_for_a_single_chat_nothing_is_asked(
    team_now: Team, chats: tuple[str, ...]
) -> None:
    result = at_terminal(team_now, "bulk-assign", *chats, "--to", "omar", "--as", "mark")
    assert result.exit_code == 0
    assert "[y/N]" not in result.out
    assert team_now.owner("chat-1") == "omar"


PROMPTS = [
    (("assign", "chat-2", "--as", "mark"), "Assign To"),
    (("reject", "1", "--as", "martha"), "Reason"),
    (("bulk-assign", "chat-2", "chat-3", "--to", "omar", "--as", "mark"), "N]"),
]


@pytest.mark.parametrize(("words", "prompt"), PROMPTS)
def test_ctrl_c_at_a_prompt_leaves_everything_as_it_was(
    asked: Team, words: tuple[str, ...], prompt: str
) -> None:
    before = asked.snapshot()
    result = at_terminal(asked, *words, answers=[(prompt, CTRL_C)])
    assert result.exit_code == 130
    assert "\nInterrupted; nothing was changed.\n" in result.out
    assert "Traceback" not in result.out
    assert asked.snapshot() == before


@pytest.mark.parametrize(("words", "prompt"), PROMPTS)
def test_the_end_of_input_at_a_prompt_is_a_usage_error(
    asked: Team, words: tuple[str, ...], prompt: str
) -> None:
    before = asked.snapshot()
    result = at_terminal(asked, *words, "--json", answers=[(prompt, CTRL_D)])
    assert result.exit_code == 2
    assert '"code": "usage"' in result.out
    assert asked.snapshot() == before


LISTS = [
    ("requests",),
    ("chat", "list"),
    ("tracking", "--event", "requested"),
    ("inbox", "--as", "martha"),
    ("status", "--as", "mark"),
]


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("words", LISTS, ids=" ".join)
def test_a_table_fits_the_terminal_and_loses_no_id(
    asked: Team, words: tuple[str, ...], columns: int
) -> None:
    asked.ok("reject", "1", "--reason", "In a meeting", "--as", "martha")
    asked.ok("chat", "add", "Q" * 120, "--customer", "Ann Ex", "--owner", "mark")
    asked.ok("assign", "Q" * 120, "--to", "martha", "--as", "mark", "--note", "long " * 20)
    shown = STYLE.sub("", at_terminal(asked, *words, columns=columns).out)
    table = [line for line in shown.splitlines() if not line.startswith("Hint: ")]
    assert max(map(cell_len, table)) <= columns
    assert shown.count("Q") == 120


def test_below_a_list_that_was_cut_it_says_so(team_now: Team) -> None:
    seen = at_terminal(team_now, "chat", "list", "--limit", "2").out
    assert seen.rstrip().endswith("There are more than 2; --limit 0 shows them all.")


def test_with_no_color_there_is_no_colour(team_now: Team) -> None:
    words = ("bulk-assign", "chat-1", "chat-2", "--to", "omar", "--as", "mark", "--yes")
    for command in (words, ("chat", "list")):
        shown = at_terminal(team_now, *command, env={"NO_COLOR": "1"}).out
        codes = {int(code or 0) for style in STYLE.findall(shown) for code in style.split(";")}
        assert codes <= {0, 1, 2, 3, 4, 22, 23, 24}


def test_in_a_pipe_there_are_no_escape_sequences_at_all(asked: Team) -> None:
    for words in (("requests",), ("chat", "list"), ("inbox", "--as", "martha")):
        result = asked.process(*words)
        assert "\x1b" not in result.out + result.err


HOSTILE = {
    "\x1b[31mred\x1b]0;owned\x07": r"\x1b[31mred\x1b]0;owned\x07",
    "\u202eevil\u2066": r"\u202eevil\u2066",
    "Ma\u200brk\ufeff": r"Ma\u200brk\ufeff",
    "[red]Ann[/red]": "[red]Ann[/red]",
    "a\rb\nc\td": r"a\rb\nc\td",
    "\x9b31mx": r"\x9b31mx",
}


def test_hostile_names_are_visible_and_harmless_and_exact_in_json(team_now: Team) -> None:
    for number, name in enumerate(HOSTILE):
        team_now.ok("chat", "add", f"evil-{number}", "--customer", name, "--owner", "mark")
        words = ("assign", f"evil-{number}", "--to", "martha", "--as", "mark", "--note", name)
        team_now.ok(*words)
    screen = at_terminal(team_now, "inbox", "--as", "martha", columns=160).out
    for name, shown in HOSTILE.items():
        assert screen.count(shown) == 2
        assert name == shown or name not in screen
    assert [row["customer"] for row in team_now.ok("requests")] == list(HOSTILE)
    assert [row["note"] for row in team_now.ok("requests")] == list(HOSTILE)


def test_a_hostile_name_on_a_card_is_harmless(team_now: Team) -> None:
    team_now.ok("chat", "add", "chat-6", "--customer", "\x1b[2J\u202eAnn", "--owner", "mark")
    words = ("assign", "chat-6", "--to", "martha", "--as", "mark")
    assert r"\x1b[2J\u202eAnn" in at_terminal(team_now, *words).out


def test_even_csv_cannot_harm_the_terminal_that_it_is_shown_on(team_now: Team) -> None:
    team_now.ok("chat", "add", "chat-6", "--customer", "\x1b[2J\u202eAnn", "--owner", "mark")
    assert r"\x1b[2J\u202eAnn" in at_terminal(team_now, "chat", "list", "--csv").out
    assert "\x1b[2J\u202eAnn" in team_now.process("chat", "list", "--csv").out


def test_a_hostile_name_among_the_choices_is_harmless(team_now: Team) -> None:
    team_now.ok("user", "set", "omar", "--name", "Omar\x1b[2J")
    words = ("assign", "chat-1", "--to-type", "user", "--as", "mark")
    result = at_terminal(team_now, *words, answers=[("Select User", ""), (":", CTRL_D)])
    assert r"Omar\x1b[2J" in result.out


def test_a_hostile_id_in_an_error_is_harmless(team_now: Team) -> None:
    result = at_terminal(team_now, "chat", "show", "\x1b[2J\u202e")
    assert result.exit_code == 3
    assert "\x1b" not in result.out
    assert "\u202e" not in result.out


def test_people_read_their_local_time_on_a_terminal(asked: Team) -> None:
    asked.sqlite("UPDATE requests SET requested_at = '2026-11-22T14:05:10.000Z'")
    shown = at_terminal(asked, "requests", columns=160, env={"TZ": "Asia/Kolkata"}).out
    assert "19:35" in shown
    assert "14:05" not in shown


def test_status_on_a_terminal_says_what_may_be_typed_next(asked: Team) -> None:
    for words in (("status",), ()):
        shown = at_terminal(asked, *words, env={"ASSIGNCHAT_USER": "martha"}).out
        assert "assignchat accept 1" in shown
