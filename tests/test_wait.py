"""wait, and assign --wait: a script goes on when a request is settled, and learns how it ended."""

import subprocess
from collections.abc import Sequence

import pytest

from tests.conftest import Team
from tests.processes import program

ASK = ("assign", "chat-1", "--to", "martha", "--as", "mark")
OUTCOMES = {
    "accepted": (("accept", "--chat", "chat-1", "--as", "martha"), 0),
    "rejected": (("reject", "--chat", "chat-1", "--reason", "Busy", "--as", "martha"), 10),
    "withdrawn": (("withdraw", "--chat", "chat-1", "--reason", "Mine", "--as", "mark"), 11),
    "cancelled": (("chat", "close", "chat-1"), 11),
}
each_outcome = pytest.mark.parametrize("outcome", OUTCOMES)


def begun(team: Team, *words: str) -> subprocess.Popen[str]:
    """A process that waits for an answer."""
    return subprocess.Popen(
        program(*words),
        cwd=team.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_still_waiting(process: subprocess.Popen[str]) -> bool:
    try:
        process.wait(0.6)  # it looks several times meanwhile
    except subprocess.TimeoutExpired:
        return True
    return False


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
    with begun(team_now, "wait", "1", "--json") as process:
        assert is_still_waiting(process)
        team_now.ok(*words)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (exit_code, "")
    assert f'"status": "{outcome}"' in out


@each_outcome
def test_assign_with_wait_asks_and_then_waits_for_the_answer(team_now: Team, outcome: str) -> None:
    words, exit_code = OUTCOMES[outcome]
    with begun(team_now, *ASK, "--wait", "--json") as process:
        assert is_still_waiting(process)
        team_now.ok(*words)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (exit_code, "")
    assert f'"status": "{outcome}"' in out


def test_a_request_that_times_out_while_somebody_waits_ends_the_waiting(team_now: Team) -> None:
    waited = team_now.process(*ASK, "--timeout", "1s", "--wait")
    assert (waited.exit_code, waited.err) == (12, "")
    assert "Timed Out" in waited.out


def test_waiting_is_for_one_request_and_not_for_the_next_of_the_chain(team_now: Team) -> None:
    with begun(team_now, *ASK, "--then", "omar", "--wait") as process:
        assert is_still_waiting(process)
        team_now.ok("reject", "1", "--reason", "Busy", "--as", "martha")
        process.communicate(timeout=20)
    assert process.returncode == 10
    assert team_now.ok("requests", "--status", "pending")[0]["recipient_id"] == "omar"


def test_who_waits_keeps_nobody_from_writing(team_now: Team) -> None:
    team_now.ok(*ASK)
    with begun(team_now, "wait", "1") as process:
        assert is_still_waiting(process)
        for _ in range(20):
            team_now.ok("chat", "close", "chat-2")
            team_now.ok("chat", "reopen", "chat-2")
        team_now.ok("accept", "1", "--as", "martha")
        assert process.wait(20) == 0


@pytest.mark.parametrize("replaced", [False, True], ids=["gone", "replaced"])
def test_whose_database_is_gone_or_replaced_does_not_wait_for_ever(
    team_now: Team, replaced: bool
) -> None:
    team_now.ok(*ASK)
    team_now.ok("backup", "copy.db")
    with begun(team_now, "wait", "1", "--json") as process:
        assert is_still_waiting(process)
        if replaced:
            (team_now.folder / "copy.db").replace(team_now.database)
        else:
            team_now.database.unlink()
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (6, "")
    assert '"database_missing"' in err
