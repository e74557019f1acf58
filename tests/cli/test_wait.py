"""wait, and assign --wait: a script goes on when a request is settled, and learns how it ended."""

import subprocess
from collections.abc import Sequence

import pytest

from tests.support.processes import Process, program, result, start
from tests.support.team import Team

ASK = ("assign", "chat-1", "--to", "martha", "--as", "mark")
OUTCOMES = {
    "accepted": (("accept", "--chat", "chat-1", "--as", "martha"), 0),
    "rejected": (("reject", "--chat", "chat-1", "--reason", "Busy", "--as", "martha"), 10),
    "withdrawn": (("withdraw", "--chat", "chat-1", "--reason", "Mine", "--as", "mark"), 11),
    "cancelled": (("chat", "close", "chat-1"), 11),
}
each_outcome = pytest.mark.parametrize("outcome", OUTCOMES)


def waiting(team: Team, *words: str) -> Process:
    """A process that waits for an answer, still after it has looked several times."""
    process = start(team.folder, *program(*words))
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.6)
    return process


@each_outcome
def test_the_exit_code_says_how_a_request_ended(team: Team, request_id: str, outcome: str) -> None:
    words, exit_code = OUTCOMES[outcome]
    team.ok(*words)
    waited = team.run("wait", request_id, "--json")
    assert (waited.exit_code, waited.json["status"], waited.err) == (exit_code, outcome, "")
    assert waited.json == team.ok("requests")[0]


def test_a_request_that_times_out_is_recorded_by_who_waits_for_it(
    team: Team, request_id: str
) -> None:
    team.advance(120)
    assert team.run("wait", request_id).exit_code == 12
    assert team.history(request_id=int(request_id), event="timed_out") != []


def test_when_the_time_is_over_the_request_is_still_pending(team: Team, request_id: str) -> None:
    waited = team.run("wait", request_id, "--for", "0s", "--json")
    assert (waited.exit_code, waited.json["status"]) == (13, "pending")
    assert "Pending" in team.run("wait", request_id, "--for", "1s").out


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("wait", "99"), (3, "request_not_found")),
        (("wait", "chat-1"), (2, "usage")),
        (("wait", "1", "--for", "soon"), (2, "invalid_value")),
    ],
)
@pytest.mark.usefixtures("request_id")
def test_what_cannot_be_waited_for_is_refused_at_once(
    team: Team, words: Sequence[str], refusal: tuple[int, str]
) -> None:
    assert team.refused_leaving_no_trace(*words) == refusal


@each_outcome
def test_who_waits_hears_of_it_when_it_happens(team_now: Team, outcome: str) -> None:
    words, exit_code = OUTCOMES[outcome]
    team_now.ok(*ASK)
    process = waiting(team_now, "wait", "1", "--json")
    team_now.ok(*words)
    heard = result(process)
    assert (heard.exit_code, heard.json["status"], heard.err) == (exit_code, outcome, "")


@each_outcome
def test_assign_with_wait_asks_and_then_waits_for_the_answer(team_now: Team, outcome: str) -> None:
    words, exit_code = OUTCOMES[outcome]
    process = waiting(team_now, *ASK, "--wait", "--json")
    team_now.ok(*words)
    heard = result(process)
    assert (heard.exit_code, heard.json["status"], heard.err) == (exit_code, outcome, "")


def test_a_request_that_times_out_while_somebody_waits_ends_the_waiting(team_now: Team) -> None:
    waited = team_now.process(*ASK, "--timeout", "1s", "--wait")
    assert (waited.exit_code, waited.err) == (12, "")
    assert "Timed Out" in waited.out


def test_waiting_is_for_one_request_and_not_for_the_next_of_the_chain(team_now: Team) -> None:
    process = waiting(team_now, *ASK, "--then", "omar", "--wait")
    team_now.ok("reject", "1", "--reason", "Busy", "--as", "martha")
    assert result(process).exit_code == 10
    assert team_now.ok("requests", "--status", "pending")[0]["recipient_id"] == "omar"


def test_who_waits_keeps_nobody_from_writing(team_now: Team) -> None:
    team_now.ok(*ASK)
    process = waiting(team_now, "wait", "1")
    for _ in range(20):
        team_now.ok("chat", "close", "chat-2")
        team_now.ok("chat", "reopen", "chat-2")
    team_now.ok("accept", "1", "--as", "martha")
    assert result(process).exit_code == 0


@pytest.mark.parametrize("replaced", [False, True], ids=["gone", "replaced"])
def test_whose_database_is_gone_or_replaced_does_not_wait_for_ever(
    team_now: Team, replaced: bool
) -> None:
    team_now.ok(*ASK)
    team_now.ok("backup", "copy.db")
    process = waiting(team_now, "wait", "1", "--json")
    if replaced:
        (team_now.folder / "copy.db").replace(team_now.database)
    else:
        team_now.database.unlink()
    ended = result(process)
    assert (ended.exit_code, ended.out, ended.error) == (6, "", "database_missing")
