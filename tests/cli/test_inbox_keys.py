"""inbox --watch: what a key does to the page."""

import pytest

from assignchat.cli.live.keyboard import DOWN, ENTER, ESCAPE, UP, keys_in
from assignchat.cli.live.screen import Action, Screen, press, updated
from assignchat.model import Request
from assignchat.service.inbox import Inbox, ReceivedRequest


def waiting(*numbers: int) -> Screen:
    """The page with these requests pending."""
    nothing = dict.fromkeys(Request._fields)
    requests = [Request(**nothing | {"id": n}) for n in numbers]  # type: ignore[arg-type]
    received = [ReceivedRequest(request, "", None) for request in requests]
    inbox = Inbox("martha", received, [], [])
    return updated(Screen(reasons=("In a meeting", "Not available")), inbox)[0]


def pressed(screen: Screen, *keys: str) -> tuple[Screen, Action | None]:
    action: Action | None = None
    for key in keys:
        assert action is None
        screen, action = press(screen, key)
    return screen, action


@pytest.mark.parametrize(
    ("keys", "selected"),
    [
        ([], 1),
        (["j"], 2),
        ([DOWN, DOWN], 12),
        (["j", "j", "j"], 12),
        (["j", "k"], 1),
        ([UP], 1),
        (["2"], 2),
        (["1", "2"], 12),
        (["1", "3"], 1),
        (["1", "j", "2"], 2),
        (["9"], 1),
    ],
)
def test_a_request_is_selected_by_arrows_or_by_its_number(keys: list[str], selected: int) -> None:
    assert pressed(waiting(1, 2, 12), *keys)[0].selected == selected


def test_a_key_never_answers_a_request_that_took_the_place_of_the_selected_one() -> None:
    screen, came = updated(waiting(1, 2), waiting(2, 3).inbox)
    assert came == 1
    assert press(screen, "a")[1] == Action("accept", 1)
    screen, _ = updated(screen, waiting().inbox)
    screen, _ = updated(screen, waiting(4).inbox)
    assert press(screen, "a")[1] == Action("accept", 1)
    assert pressed(screen, "j", "a")[1] == Action("accept", 4)


def test_without_a_selection_nothing_is_answered() -> None:
    for key in ("a", "r"):
        screen, action = press(waiting(), key)
        assert (action, screen.asking, screen.message) == (None, False, "Select a request first.")


REASONS = tuple(f"Reason {number}" for number in range(1, 13))


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (["2"], None),
        (["1", ENTER], "Reason 1"),
        (["1", "2", ENTER], "Reason 12"),
        ([*"2 calls at once", ENTER], "2 calls at once"),
        ([*"At lunch", ENTER], "At lunch"),
        ([*"quit", ENTER], "quit"),
        ([ENTER], None),
        ([" ", ENTER], None),
        (["9", "9", ENTER], None),
        (["x", ESCAPE], None),
    ],
)
def test_a_reason_is_a_number_of_the_list_or_any_text(keys: list[str], reason: str | None) -> None:
    screen = waiting(7)._replace(reasons=REASONS)
    if keys[:2] == ["9", "9"]:
        screen = screen._replace(reasons=REASONS[:2])
    expected = None if reason is None else Action("reject", 7, reason)
    assert pressed(screen, "r", *keys)[1] == expected


def test_where_no_other_reasons_are_allowed_none_can_be_typed() -> None:
    screen, action = pressed(waiting(7)._replace(others_allowed=False), "r", "x")
    assert (action, screen.typed, screen.message) == (None, "", "Only these reasons can be given.")
    assert pressed(screen, "3", "1", ENTER)[1] == Action("reject", 7, "In a meeting")


def test_keys_are_told_from_the_bytes_that_a_terminal_sends() -> None:
    assert keys_in("a\x1b[A\x1bOB\x1b[1;5Cü\r\x1b") == ["a", UP, DOWN, "ü", ENTER, ESCAPE]
