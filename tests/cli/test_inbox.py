"""inbox: what waits for a user, and what they have been told."""

import pytest

from tests.support.team import Team
from tests.support.terminal import at_terminal


def test_an_empty_inbox_is_no_error(team: Team) -> None:
    assert team.ok("inbox", "--as", "omar") == {
        "user": "omar",
        "requests": [],
        "notifications": [],
        "on_own_chats": [],
    }
    assert team.run("inbox", "--as", "omar").exit_code == 0


@pytest.mark.usefixtures("request_id")
def test_a_request_in_the_inbox_is_the_request_with_its_text_and_the_time_left(team: Team) -> None:
    team.advance(0.5)
    assert team.ok("inbox", "--as", "martha")["requests"] == [
        team.ok("requests")[0]
        | {"text": "Mark has sent you a chat assignment request.", "seconds_left": 119.5}
    ]


def test_a_notification_says_what_it_is_about(team: Team, request_id: str) -> None:
    team.ok("reject", request_id, "--reason", "In a meeting", "--as", "martha")
    assert team.ok("inbox", "--as", "mark")["notifications"] == [
        {
            "id": 2,
            "at": "2026-11-22T14:05:10.000Z",
            "recipient_id": "mark",
            "text": "Martha has rejected your chat assignment request.",
            "request_id": 1,
            "batch_id": None,
            "read_at": None,
            "chat_id": "chat-1",
            "customer": "Priya Nair",
            "note": None,
            "reason": "In a meeting",
            "expires_at": "2026-11-22T14:07:10.000Z",
            "request_status": "rejected",
            "asked_next": None,
            "batch_undone_at": None,
        }
    ]


@pytest.mark.usefixtures("request_id")
def test_a_request_that_is_shown_is_not_told_again_below(team: Team) -> None:
    assert team.ok("inbox", "--as", "martha")["notifications"] == []
    team.advance(120)
    told = team.ok("inbox", "--as", "martha")["notifications"]
    assert told[0]["text"] == "Mark has sent you a chat assignment request."


def test_a_note_is_shown_whole(team: Team) -> None:
    note = " ".join(f"word-{number}" for number in range(100))
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--note", note)
    shown = team.run("inbox", "--as", "martha").out
    assert note in " ".join(shown.split())


def test_an_owner_sees_what_a_manager_has_asked_about_their_chat(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "maria")
    team.ok("assign", "chat-2", "--to", "martha", "--as", "mark")
    for command in ("inbox", "status"):
        assert [found["id"] for found in team.ok(command, "--as", "mark")["on_own_chats"]] == [1]
        assert "chat-1" in team.run(command, "--as", "mark").out
    assert team.ok("inbox", "--as", "martha")["on_own_chats"] == []
    team.ok("accept", "1", "--as", "martha")
    assert team.ok("inbox", "--as", "mark")["on_own_chats"] == []


def test_a_request_without_a_deadline_has_no_seconds_left(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", "off")
    received = team.ok("inbox", "--as", "martha")["requests"][0]
    assert (received["seconds_left"], received["expires_at"]) == (None, None)


@pytest.mark.usefixtures("request_id")
def test_people_read_how_long_they_have(team: Team) -> None:
    team.advance(2)
    assert "in 1m 58s" in team.run("inbox", "--as", "martha").out


@pytest.mark.usefixtures("request_id")
def test_at_its_deadline_a_request_leaves_the_inbox(team: Team) -> None:
    team.advance(119.999)
    assert team.ok("inbox", "--as", "martha")["requests"][0]["seconds_left"] == 0.001
    team.advance(0.001)
    assert team.ok("inbox", "--as", "martha")["requests"] == []


@pytest.mark.usefixtures("request_id")
def test_an_inbox_holds_nobody_elses_requests(team: Team) -> None:
    for other in ("mark", "omar", "maria"):
        inbox = team.ok("inbox", "--as", other)
        assert (inbox["user"], inbox["requests"]) == (other, [])


def test_requests_and_notifications_come_oldest_first(team: Team) -> None:
    for chat in ("chat-3", "chat-1", "chat-2"):
        team.ok("assign", chat, "--to", "martha", "--as", "mark")
    inbox = team.ok("inbox", "--as", "martha")
    assert [request["chat_id"] for request in inbox["requests"]] == ["chat-3", "chat-1", "chat-2"]
    team.advance(120)
    told = [notice["request_id"] for notice in team.ok("inbox", "--as", "martha")["notifications"]]
    assert told == [1, 2, 3]


def many_notifications(team: Team) -> None:
    for _ in range(12):
        team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
        team.ok("withdraw", "--chat", "chat-1", "--reason", "Not now", "--as", "mark")


def test_a_terminal_shows_the_newest_notifications_and_how_many_more_there_are(
    team_now: Team,
) -> None:
    many_notifications(team_now)
    shown = at_terminal(team_now, "inbox", "--as", "martha", env={"ASSIGNCHAT_PAGER": ""}).out
    assert shown.count("Mark has ") == 10
    assert "14 older notifications not shown; --mark-read shows them all." in shown


def test_elsewhere_an_inbox_is_whole(team: Team) -> None:
    many_notifications(team)
    shown = team.run("inbox", "--as", "martha").out
    assert shown.count("Mark has ") == 24
    assert "not shown" not in shown
    assert len(team.ok("inbox", "--as", "martha")["notifications"]) == 24


def test_nothing_is_marked_read_unseen(team_now: Team) -> None:
    many_notifications(team_now)
    words = ("inbox", "--mark-read", "--as", "martha")
    shown = at_terminal(team_now, *words, env={"ASSIGNCHAT_PAGER": ""}).out
    assert shown.count("Mark has ") == 24
    assert "not shown" not in shown


@pytest.mark.usefixtures("request_id")
def test_looking_marks_nothing_read(team: Team) -> None:
    team.advance(120)
    before = team.snapshot()
    assert len(team.ok("inbox", "--as", "martha")["notifications"]) == 1
    team.run("inbox", "--as", "martha")
    assert team.snapshot() == before


@pytest.mark.usefixtures("request_id")
def test_notifications_marked_read_are_shown_once_more_and_then_gone(team: Team) -> None:
    team.advance(120)
    assert len(team.ok("inbox", "--as", "martha", "--mark-read")["notifications"]) == 1
    inbox = team.ok("inbox", "--as", "martha")
    assert inbox["notifications"] == []
    assert team.rows("SELECT read_at FROM notifications") == [("2026-11-22T14:07:10.000Z",)]


def test_marking_read_is_for_ones_own_notifications_only(team: Team, request_id: str) -> None:
    team.ok("reject", request_id, "--reason", "In a meeting", "--as", "martha")
    team.ok("inbox", "--as", "martha", "--mark-read")
    assert len(team.ok("inbox", "--as", "mark")["notifications"]) == 1


@pytest.mark.usefixtures("request_id")
def test_marking_read_again_changes_nothing(team: Team) -> None:
    team.ok("inbox", "--as", "martha", "--mark-read")
    before = team.snapshot()
    team.advance(1)
    team.ok("inbox", "--as", "martha", "--mark-read")
    assert team.snapshot() == before


def test_the_text_names_the_requester_not_the_owner(team: Team) -> None:
    team.ok("user", "set", "maria", "--name", "Maria dos Santos 🌻")
    team.ok("assign", "chat-1", "--to", "martha", "--as", "maria")
    text = team.ok("inbox", "--as", "martha")["requests"][0]["text"]
    assert text == "Maria dos Santos 🌻 has sent you a chat assignment request."


def test_a_hostile_name_stays_on_its_line(team: Team) -> None:
    team.ok("user", "set", "mark", "--name", "Mark\x1b[2J\nroot\u202e")
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    shown = team.run("inbox", "--as", "martha").out
    assert r"Mark\x1b[2J\nroot\u202e has sent you a chat assignment request." in shown
    assert "\x1b" not in shown
    text = team.ok("inbox", "--as", "martha")["requests"][0]["text"]
    assert text.startswith("Mark\x1b[2J\nroot\u202e has sent")
