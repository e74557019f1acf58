"""inbox --watch on a terminal: the inbox as a page that lives."""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from rich.cells import cell_len

from tests.support.asking import ask, statuses
from tests.support.processes import program
from tests.support.team import Team
from tests.support.terminal import CTRL_C, CTRL_D, CTRL_Z, Terminal, at_terminal, on_terminal

SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-Z\\-_]")
HOME = "\x1b[H"
TIME_LEFT = re.compile(r"in 1m (\d+)s")
CURSOR_HIDDEN, CURSOR_SHOWN = "\x1b[?25l", "\x1b[?25h"


class Watch:
    """A terminal with `inbox --watch` on it."""

    def __init__(self, terminal: Terminal) -> None:
        self.press, self.resize, self.ends = terminal.type, terminal.resize, terminal.ends
        self.process = terminal.process
        self._terminal = terminal

    @property
    def raw(self) -> str:
        """All that was shown."""
        return self._terminal.screen

    @property
    def frame(self) -> str:
        """What the page shows now, without what is only for the terminal."""
        return SEQUENCE.sub("", self.raw.rpartition(HOME)[2]).replace("\r", "")

    def until(self, shown: str | Callable[[str], object]) -> str:
        """Wait until the page shows this. Returns the page."""
        is_there = shown if callable(shown) else lambda frame: shown in frame
        self._terminal.until(lambda: is_there(self.frame))
        return self.frame

    def until_later(self, seconds: int) -> None:
        """Wait until so much less time is left for the first request."""
        begun = TIME_LEFT.search(self.until(TIME_LEFT.search))
        assert begun is not None

        def is_later(frame: str) -> bool:
            left = TIME_LEFT.search(frame)
            return left is not None and int(left[1]) <= int(begun[1]) - seconds

        self.until(is_later)


@contextmanager
def watching(
    team: Team, user: str = "martha", *, columns: int = 80, env: dict[str, str] | None = None
) -> Iterator[Watch]:
    """The live inbox of a user, once it is there. It must leave the terminal as it was."""
    command = program("inbox", "--watch", "--as", user)
    with on_terminal(team.folder, *command, columns=columns, env=env) as terminal:
        watch = Watch(terminal)
        watch.until("q quit")
        yield watch
        if watch.process.poll() is None:
            watch.press("q")
        watch.ends()
        assert terminal.is_as_it_was()
        assert watch.raw.rfind(CURSOR_SHOWN) > watch.raw.rfind(CURSOR_HIDDEN)
        assert "Traceback" not in watch.raw


@pytest.fixture
def asked(team_now: Team) -> Team:
    """Mark asks Martha to take chat-1."""
    ask(team_now, "chat-1")
    return team_now


def test_the_time_left_goes_down_each_second(asked: Team) -> None:
    with watching(asked) as watch:
        watch.until_later(3)
    assert len(set(TIME_LEFT.findall(watch.raw))) >= 3  # a busy machine may skip one


def test_a_new_request_appears_and_rings_once(team_now: Team) -> None:
    with watching(team_now) as watch:
        assert "nobody waits for your answer" in watch.frame
        ask(team_now, "chat-1")
        watch.until("> 1 ")
        ask(team_now, "chat-2")
        watch.until("chat-2")
        watch.until("Inbox of martha: 2 requests wait for your answer")
        watch.until_later(1)
        watch.resize(70, 20)
        watch.until_later(1)
    assert watch.raw.count("\a") == 2


def test_what_waits_already_does_not_ring(asked: Team) -> None:
    with watching(asked) as watch:
        watch.until_later(1)
    assert "\a" not in watch.raw


def test_a_request_is_accepted_by_key(asked: Team) -> None:
    with watching(asked) as watch:
        watch.press("a")
        watch.until("Request 1 is accepted: chat chat-1 is yours.")
        watch.until("nobody waits for your answer")
    assert asked.owner("chat-1") == "martha"
    assert asked.history(event="accepted") == [
        ("accepted", "martha", "mark", "martha", "accepted"),
    ]


def test_a_request_is_rejected_with_a_reason_of_the_list(asked: Team) -> None:
    asked.ok("config", "set", "assign_discuss.rejection_reasons", "At lunch", "On a call")
    with watching(asked) as watch:
        watch.press("r")
        page = watch.until("Reject request 1")
        assert "1. At lunch" in page
        watch.press("2\r")
        watch.until("Request 1 is rejected: On a call")
    assert statuses(asked) == [("rejected", "On a call")]


def test_the_reasons_are_those_of_a_config_that_was_edited_meanwhile(asked: Team) -> None:
    with watching(asked) as watch:
        watch.until("Inbox of martha")
        key = "rejection_reasons = ["
        asked.config.write_text(asked.config.read_text().replace(key, f'{key}"At lunch", '))
        watch.press("r")
        watch.until("1. At lunch")
        watch.press("\x1b")


def test_a_request_is_rejected_with_a_reason_that_is_typed(asked: Team) -> None:
    with watching(asked) as watch:
        watch.press("r")
        watch.until("Reject request 1")
        watch.press("Quüt\x7f\x7f\x7fuick lunch 🍜\r")
        watch.until("is rejected")
    assert statuses(asked) == [("rejected", "Quick lunch 🍜")]


def test_escape_leaves_the_reasons_and_nothing_is_changed(asked: Team) -> None:
    before = asked.snapshot()
    with watching(asked) as watch:
        watch.press("r")
        watch.until("Reject request 1")
        watch.press("\x1b")
        watch.until("q quit")
    assert asked.snapshot() == before


def test_the_request_that_a_key_is_meant_for_is_selected_first(asked: Team) -> None:
    ask(asked, "chat-2")
    ask(asked, "chat-3")
    with watching(asked) as watch:
        watch.until("> 1 ")
        watch.press("\x1b[B")
        watch.until("> 2 ")
        watch.press("3")
        watch.until("> 3 ")
        watch.press("a")
        watch.until("Request 3 is accepted")
    assert [status for status, _ in statuses(asked)] == ["pending", "pending", "accepted"]


def test_a_request_that_ends_while_it_is_shown_says_how_before_it_goes(team_now: Team) -> None:
    for chat, timeout in (("chat-1", "2s"), ("chat-2", "off"), ("chat-3", "off")):
        ask(team_now, chat, "--timeout", timeout)
    with watching(team_now) as watch:
        watch.until(r"Timed Out  chat-1")
        team_now.ok("chat", "close", "chat-2")
        watch.until(r"Cancelled  chat-2")
        assert "Timed Out  chat-1" in watch.frame
        watch.press("?")
        watch.until(lambda frame: "chat-1" not in frame and "chat-3" in frame)


def test_a_question_mark_lists_the_keys_until_the_next_key(asked: Team) -> None:
    with watching(asked) as watch:
        assert "? keys" in watch.frame
        watch.press("?")
        page = watch.until("Ctrl-D")
        for key in ("a ", "r ", "j k", "m ", "Ctrl-Z", "q, Ctrl-D"):
            assert f"\n  {key}" in page
        watch.press("?")
        watch.until(lambda frame: "Ctrl-D" not in frame)
        watch.press("r")
        watch.until("Reject request 1")
        watch.press("?")  # which may begin a reason
        watch.until("?_")
        watch.press("\x1b")
        watch.until("q quit")


def test_a_request_withdrawn_meanwhile_is_told_and_no_other_is_answered(asked: Team) -> None:
    ask(asked, "chat-2")
    with watching(asked) as watch:
        watch.until("> 1 ")
        asked.ok("withdraw", "1", "--reason", "No longer needed", "--as", "mark")
        watch.until("Request 1: Withdrawn (No longer needed).")
        watch.press("a")
        watch.until("Request 1 is Withdrawn already")
    assert [status for status, _ in statuses(asked)] == ["withdrawn", "pending"]


def test_at_its_deadline_a_request_leaves_the_page_though_nobody_has_swept(team_now: Team) -> None:
    ask(team_now, "chat-1", "--timeout", "2s")
    with watching(team_now) as watch:
        watch.until("> 1 ")
        watch.until("nobody waits for your answer")
        watch.press("a")
        watch.until("Request 1 timed out at")
    assert statuses(team_now) == [("timed_out", None)]


def test_a_batch_that_was_undone_is_marked_as_such(team_now: Team) -> None:
    team_now.ok("bulk-assign", "chat-1", "--to", "martha", "--as", "maria")
    with watching(team_now) as watch:
        watch.until("Maria has assigned 1 chat to you.")
        team_now.ok("undo", "1", "--as", "maria")
        watch.until("Batch 1 (Undone): Maria has assigned")


def test_notifications_are_marked_read_by_key(asked: Team) -> None:
    asked.ok("withdraw", "1", "--reason", "No longer needed", "--as", "mark")
    with watching(asked) as watch:
        watch.until("Request 1 (Withdrawn): Mark has sent")
        watch.until("Request 1: Mark has withdrawn")
        watch.press("m")
        watch.until("2 notifications are marked read.")
        watch.until(lambda page: "Mark has withdrawn" not in page)
    assert asked.ok("inbox", "--as", "martha")["notifications"] == []


@pytest.mark.parametrize(
    "leave",
    [
        lambda watch: watch.press("q"),
        lambda watch: watch.press(CTRL_C),
        lambda watch: watch.press(CTRL_D),
        lambda watch: watch.process.send_signal(signal.SIGTERM),
        lambda watch: watch.process.send_signal(signal.SIGINT),
    ],
    ids=["q", "Ctrl-C", "Ctrl-D", "SIGTERM", "SIGINT"],
)
@pytest.mark.parametrize("while_asking", [False, True])
def test_the_live_inbox_ends_cleanly(
    asked: Team, leave: Callable[[Watch], None], while_asking: bool, request: pytest.FixtureRequest
) -> None:
    before = asked.snapshot()
    with watching(asked) as watch:
        if while_asking:
            watch.press("r")
            watch.until("Reject request 1")
        if while_asking and "-q" in request.node.name:
            watch.press("\x1b")  # q is a letter of the reason
            watch.until("q quit")
        leave(watch)
        assert watch.ends() == 0
    assert asked.snapshot() == before


@pytest.mark.parametrize("columns", [40, 25])
def test_the_live_inbox_fits_a_narrow_terminal_and_follows_its_size(
    asked: Team, columns: int
) -> None:
    asked.ok("chat", "add", "会話" * 20, "--customer", "Wide", "--owner", "mark")
    ask(asked, "会話" * 20, "--note", "A long story. " * 20)
    with watching(asked) as watch:
        watch.press("2")
        watch.until("A long story")
        watch.resize(columns, 12)
        page = watch.until(lambda page: len(page.splitlines()) == 12)
        assert max(map(cell_len, page.splitlines())) <= columns
        assert "> 2" in page
        assert "q quit" in page
        watch.resize(100, 30)
        page = watch.until(lambda page: len(page.splitlines()) == 30)
        assert "会話" * 20 in page


def test_with_more_requests_than_lines_the_selected_one_is_seen(team_now: Team) -> None:
    for number in range(30):
        team_now.ok("chat", "add", f"more-{number}", "--customer", "A", "--owner", "mark")
        ask(team_now, f"more-{number}", "--timeout", "off")
    with watching(team_now) as watch:
        for number in (15, 30):
            watch.press(str(number))
            assert "q quit" in watch.until(f"> {number}")


def test_without_colour_there_is_none_and_a_mark_shows_the_selection(asked: Team) -> None:
    with watching(asked, env={"NO_COLOR": "1"}) as watch:
        watch.until("> 1 ")
    assert not re.search(r"\x1b\[[\d;]*(3\d|4\d|9\d)m", watch.raw)


def test_hostile_text_is_harmless(team_now: Team) -> None:
    team_now.ok("chat", "add", "evil", "--customer", "\x1b[2J\u202eAnn [red]x", "--owner", "mark")
    ask(team_now, "evil", "--note", "\a\x1b]0;owned\x07")
    with watching(team_now) as watch:
        page = watch.until("> 1 ")
        assert r"\x1b[2J\u202eAnn [red]x" in page
        assert r"\x07\x1b]0;owned\x07" in page
    assert "\a" not in watch.raw


def test_a_database_that_is_moved_away_is_an_error_in_words(asked: Team) -> None:
    with watching(asked) as watch:
        asked.database.rename(asked.folder / "elsewhere.db")
        assert watch.ends() == 6
    assert "Error: No database at assignchat.db" in watch.raw.rpartition(CURSOR_SHOWN)[2]


@pytest.mark.sqlite_only("puts another file in its place")
def test_another_database_in_its_place_is_read_from_then_on(asked: Team) -> None:
    asked.ok("backup", "monday.db")
    with watching(asked) as watch:
        asked.ok("withdraw", "1", "--reason", "No longer needed", "--as", "mark")
        watch.until("nobody waits for your answer")
        (asked.folder / "monday.db").rename(asked.database)
        for suffix in ("-wal", "-shm"):
            asked.database.with_name(asked.database.name + suffix).unlink(missing_ok=True)
        watch.until("> 1 ")


def test_who_is_deactivated_watches_no_longer(asked: Team) -> None:
    with watching(asked) as watch:
        asked.ok("user", "deactivate", "martha", "--reassign-to", "omar")
        assert watch.ends() == 4
    assert "Error: Martha (martha) is not active" in watch.raw


def test_suspended_it_gives_the_terminal_back_and_then_goes_on(asked: Team) -> None:
    with watching(asked) as watch:
        # Its process group has no shell that could wake it, so the kernel lets it go on at once.
        watch.press(CTRL_Z)
        watch.until(lambda _: watch.raw.count(CURSOR_HIDDEN) == 2)
        watch.until("q quit")


def test_a_terminal_that_shows_no_page_says_how_it_ends(asked: Team) -> None:
    words = ("inbox", "--watch", "--as", "martha")
    ended = at_terminal(asked, *words, env={"TERM": "dumb"}, answers=[("chat-1", CTRL_C)])
    assert ended.exit_code == 0
    assert "Ctrl-C ends this" in ended.out


def test_watching_does_not_go_with_marking_all_read(asked: Team) -> None:
    assert asked.refused("inbox", "--watch", "--mark-read", "--as", "martha") == (2, "usage")


def test_watching_for_nobody_is_refused_at_once(team_now: Team) -> None:
    assert team_now.refused("inbox", "--watch", "--as", "stranger") == (2, "actor_unknown")
