"""The life of a request: every action meets every status, and settled means settled."""

import pytest

from assignchat.model import NOTICES, SETTLED, TRANSITIONS, Event, Party, Status, Transition
from tests.support.processes import Result
from tests.support.team import Team

REASON = ("--reason", "In a meeting")
ACTIONS = {
    "accept": ("accept", "1", "--as", "martha"),
    "reject": ("reject", "1", *REASON, "--as", "martha"),
    "withdraw": ("withdraw", "1", *REASON, "--as", "mark"),
    "time out": ("sweep-timeouts",),
    "cancel": ("chat", "close", "chat-1", "--as", "maria"),
}
REACHED_BY = {step.target: action for action, step in TRANSITIONS.items()}
PEOPLES = [action for action, step in TRANSITIONS.items() if step.party != Party.SYSTEM]

pytestmark = pytest.mark.usefixtures("request_id")


def act(team: Team, action: str) -> Result:
    if action == "time out":
        team.advance(120)
    return team.run(*ACTIONS[action], "--json")


def settle(team: Team, status: Status) -> None:
    assert act(team, REACHED_BY[status]).exit_code == 0


def life(team: Team) -> tuple[object, ...]:
    """All that the database says of the request, and whose chat it is."""
    return (
        team.rows("SELECT * FROM requests ORDER BY id"),
        team.rows("SELECT * FROM engagement_tracking WHERE request_id = 1 ORDER BY id"),
        team.rows("SELECT * FROM notifications ORDER BY id"),
        team.owner("chat-1"),
    )


def test_every_transition_has_its_command_here() -> None:
    assert ACTIONS.keys() == TRANSITIONS.keys()
    assert set(REACHED_BY) == set(SETTLED)


@pytest.mark.parametrize(("action", "step"), TRANSITIONS.items(), ids=TRANSITIONS)
def test_a_pending_request_goes_where_the_action_takes_it(
    team: Team, action: str, step: Transition
) -> None:
    assert act(team, action).exit_code == 0
    request = team.ok("requests")[0]
    assert request["status"] == step.target
    assert request["resolved_at"] == team.now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    history = team.history(request_id=1)
    assert [(row[0], row[4]) for row in history] == [
        ("requested", "pending"),
        (step.event, step.target),
    ]
    assert history[1][2:4] == ("mark", "martha")
    assert team.owner("chat-1") == ("martha" if step.target == Status.ACCEPTED else "mark")


@pytest.mark.parametrize("action", PEOPLES)
@pytest.mark.parametrize("status", SETTLED)
def test_a_settled_request_is_settled_for_good(team: Team, status: Status, action: str) -> None:
    settle(team, status)
    team.advance(3600)
    before = team.snapshot()
    late = "request_timed_out" if status == Status.TIMED_OUT else "request_not_pending"
    assert team.refused(*ACTIONS[action]) == (4, late)
    assert team.snapshot() == before


@pytest.mark.parametrize("status", SETTLED)
def test_no_sweep_touches_a_settled_request(team: Team, status: Status) -> None:
    settle(team, status)
    team.advance(3600)
    before = team.snapshot()
    assert team.run("sweep-timeouts") == Result(0, "", "")
    assert team.snapshot() == before


@pytest.mark.parametrize("status", SETTLED)
def test_closing_the_chat_leaves_a_settled_request_as_it_is(team: Team, status: Status) -> None:
    settle(team, status)
    team.advance(3600)
    before = life(team)
    assert act(team, "cancel").exit_code == 0
    assert life(team) == before


@pytest.mark.parametrize("action", TRANSITIONS)
def test_past_its_deadline_a_request_can_only_time_out(team: Team, action: str) -> None:
    team.advance(120)
    result = team.run(*ACTIONS[action], "--json")
    if action in PEOPLES:
        assert (result.exit_code, result.error) == (4, "request_timed_out")
    assert team.history(request_id=1)[1:] == [
        ("timed_out", "system", "mark", "martha", "timed_out")
    ]
    assert team.owner("chat-1") == "mark"


@pytest.mark.parametrize("status", [Status.TIMED_OUT, Status.CANCELLED])
def test_what_the_system_decides_is_told_to_both(team: Team, status: Status) -> None:
    settle(team, status)
    outcome = "has timed out" if status == Status.TIMED_OUT else "was cancelled"
    told = {
        user: team.ok("inbox", "--as", user)["notifications"][-1]["text"]
        for user in ("mark", "martha")
    }
    assert told == {
        "mark": f"Your chat assignment request to Martha {outcome}.",
        "martha": f"The chat assignment request from Mark {outcome}.",
    }


def test_nobody_is_told_of_what_they_have_done_themselves(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Your chat assignment request to %s was withdrawn."
    monkeypatch.setitem(NOTICES, (Event.WITHDRAWN, Party.REQUESTER), text)
    settle(team, Status.WITHDRAWN)
    assert team.ok("inbox", "--as", "mark")["notifications"] == []
    assert len(team.ok("inbox", "--as", "martha")["notifications"]) == 2


@pytest.mark.parametrize(
    "change",
    [
        ("bulk-assign", "chat-1", "--to", "omar", "--as", "maria"),
        ("user", "deactivate", "mark", "--reassign-to", "omar"),
        ("user", "deactivate", "martha", "--reassign-to", "omar"),
    ],
)
def test_what_leaves_a_request_without_an_object_cancels_it(
    team: Team, change: tuple[str, ...]
) -> None:
    team.ok(*change)
    assert team.ok("requests")[0]["status"] == "cancelled"
    assert [row[0] for row in team.history(request_id=1)] == ["requested", "cancelled"]


@pytest.mark.parametrize(
    "change",
    [
        ("bulk-assign", "chat-1", "--to", "omar", "--as", "maria"),
        ("user", "deactivate", "mark", "--reassign-to", "omar"),
        ("user", "deactivate", "martha", "--reassign-to", "omar"),
    ],
)
def test_what_comes_after_the_deadline_cancels_nothing(team: Team, change: tuple[str, ...]) -> None:
    team.advance(120)
    team.ok(*change)
    assert team.ok("requests")[0]["status"] == "timed_out"
    assert [row[:2] for row in team.history(request_id=1)][1:] == [("timed_out", "system")]
