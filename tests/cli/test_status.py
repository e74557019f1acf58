"""status, and assignchat alone: where I stand, and what I may do next."""

import pytest

from tests.support.team import Team


def test_a_user_without_requests_sees_the_chats_they_hold(team: Team) -> None:
    nothing: dict[str, object] = {
        "away_until": None,
        "received": [],
        "sent": [],
        "on_own_chats": [],
        "held_by": None,
    }
    assert team.ok("status", "--as", "mark") == {"user": "mark", **nothing, "open_chats": 3}
    assert team.ok("status", "--as", "maria") == {"user": "maria", **nothing, "open_chats": 0}


@pytest.mark.usefixtures("request_id")
def test_what_i_am_asked_is_what_the_inbox_says(team: Team) -> None:
    page = team.ok("status", "--as", "martha")
    assert page["received"] == team.ok("inbox", "--as", "martha")["requests"]
    assert page["received"][0]["seconds_left"] == 120
    assert (page["sent"], page["open_chats"]) == ([], 1)


def test_status_tells_who_is_away_so(team: Team) -> None:
    team.ok("user", "away", "martha", "--until", "2026-12-01T08:00:00Z")
    assert "You are away until 2026-12-01 " in team.run("status", "--as", "martha").out
    team.advance(10 * 86_400)
    assert "away" not in team.run("status", "--as", "martha").out
    team.ok("user", "away", "martha")
    assert "You are away indefinitely," in team.run("status", "--as", "martha").out


def test_what_i_sent_is_shown_with_how_it_stands(team: Team, request_id: str) -> None:
    team.ok("reject", request_id, "--reason", "In a meeting", "--as", "martha")
    team.ok("assign", "chat-2", "--to", "omar", "--as", "mark")
    page = team.ok("status", "--as", "mark")
    assert page["sent"] == team.ok("requests", "--requester", "mark")
    assert [row["status"] for row in page["sent"]] == ["rejected", "pending"]
    assert page["received"] == []


def test_a_request_that_waits_is_shown_however_many_were_sent_since(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", "off")
    for _ in range(12):
        team.ok("assign", "chat-2", "--to", "martha", "--as", "mark", "--timeout", "1s")
        team.advance(1)
    sent = team.ok("status", "--as", "mark")["sent"]
    assert [row["id"] for row in sent if row["status"] == "pending"] == [1]


def test_closed_chats_are_not_counted(team: Team) -> None:
    team.ok("chat", "close", "chat-3")
    assert team.ok("status", "--as", "mark")["open_chats"] == 2


def test_an_accepted_chat_counts_for_its_new_owner(team: Team, request_id: str) -> None:
    team.ok("accept", request_id, "--as", "martha")
    assert team.ok("status", "--as", "mark")["open_chats"] == 2
    assert team.ok("status", "--as", "martha")["open_chats"] == 2


@pytest.mark.usefixtures("request_id")
def test_past_its_deadline_a_request_no_longer_waits(team: Team) -> None:
    team.advance(120)
    assert team.ok("status", "--as", "martha")["received"] == []
    assert team.ok("status", "--as", "mark")["sent"][0]["status"] == "timed_out"


@pytest.mark.usefixtures("request_id")
def test_people_read_what_they_are_asked_and_how_long_they_have(team: Team) -> None:
    team.advance(2)
    shown = team.run("status", "--as", "martha").out
    assert "Priya Nair" in shown
    assert "in 1m 58s" in shown
    assert "1 open chat." in shown


@pytest.mark.usefixtures("request_id")
def test_status_changes_nothing(team: Team) -> None:
    before = team.snapshot()
    team.ok("status", "--as", "martha")
    assert team.snapshot() == before


@pytest.mark.usefixtures("request_id")
def test_assignchat_alone_is_the_status_of_somebody_who_is_known(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIGNCHAT_USER", "martha")
    assert team.run() == team.run("status", "--as", "martha")


def test_assignchat_alone_says_who_is_in_the_team_to_somebody_who_is_not(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIGNCHAT_USER", "stranger")
    result = team.run()
    assert (result.exit_code, result.err) == (0, "")
    assert result.out.startswith(team.run("--help").out)
    assert "\nYou are stranger here, and not in the team.\n" in result.out
    assert "In it are maria (manager), mark (user), martha (user), omar (user).\n" in result.out


def test_status_itself_says_that_it_does_not_know_who_asks(team: Team) -> None:
    assert team.refused("status", "--as", "stranger") == (2, "actor_unknown")


def test_assignchat_alone_is_the_help_where_no_database_is(empty_team: Team) -> None:
    assert empty_team.run().out.startswith("Usage: assignchat")
    assert list(empty_team.folder.iterdir()) == []
