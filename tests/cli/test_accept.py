"""accept: the chat is the recipient's from then on, and tracking says so."""

from tests.support.team import Team


def test_accepting_gives_the_chat_to_the_recipient(team: Team, request_id: str) -> None:
    accepted = team.ok("accept", request_id, "--as", "martha")
    assert accepted["status"] == "accepted"
    assert accepted["resolved_at"] == "2026-11-22T14:05:10.000Z"
    assert team.owner("chat-1") == "martha"


def test_accepting_appends_exactly_one_row(team: Team, request_id: str) -> None:
    team.ok("accept", request_id, "--as", "martha")
    assert team.history(request_id=int(request_id)) == [
        ("requested", "mark", "mark", "martha", "pending"),
        ("accepted", "martha", "mark", "martha", "accepted"),
    ]


def test_the_requester_is_told(team: Team, request_id: str) -> None:
    team.ok("accept", request_id, "--as", "martha")
    assert team.notices("mark") == ["Martha has accepted your chat assignment request."]


def test_nobody_but_the_recipient_may_accept(team: Team, request_id: str) -> None:
    before = team.snapshot()
    for other in ("mark", "omar", "maria"):
        assert team.refused("accept", request_id, "--as", other) == (5, "not_recipient")
    assert team.snapshot() == before


def test_at_the_deadline_it_is_too_late_and_that_is_recorded(team: Team, request_id: str) -> None:
    team.advance(120)
    assert team.refused("accept", request_id, "--as", "martha") == (4, "request_timed_out")
    assert team.owner("chat-1") == "mark"
    assert team.history(request_id=int(request_id))[1:] == [
        ("timed_out", "system", "mark", "martha", "timed_out")
    ]


def test_a_moment_before_the_deadline_it_is_not(team: Team, request_id: str) -> None:
    team.advance(119.999)
    assert team.ok("accept", request_id, "--as", "martha")["status"] == "accepted"


def test_the_chat_may_stand_for_its_request(team: Team, request_id: str) -> None:
    accepted = team.ok("accept", "--chat", "chat-1", "--as", "martha")
    assert accepted["id"] == int(request_id)


def test_either_the_request_or_the_chat_is_named(team: Team, request_id: str) -> None:
    assert team.refused("accept", request_id, "--chat", "chat-1", "--as", "martha") == (2, "usage")


def test_what_does_not_exist_is_not_found(team: Team) -> None:
    assert team.refused("accept", "7", "--as", "martha") == (3, "request_not_found")
    assert team.refused("accept", "--chat", "chat-2", "--as", "martha") == (3, "request_not_found")
    assert team.refused("accept", "--chat", "chat-9", "--as", "martha") == (3, "chat_not_found")


def test_a_chat_in_place_of_the_number_is_pointed_to_its_option(team: Team) -> None:
    assert "named with --chat" in team.run("accept", "chat-1", "--as", "martha").err
    assert "--chat" not in team.run("undo", "chat-1", "--as", "maria").err
