"""wait, and assign --wait: a script goes on when a request is settled, and learns how it ended."""

import re
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing

import pytest

from tests.support.processes import Process, program, result, start, wait_until
from tests.support.team import Team
from tests.support.terminal import on_terminal

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


def asking(team: Team, *words: str) -> Process:
    """A process that has asked, which takes its time on a busy machine, and waits."""
    process = waiting(team, *words)
    wait_until(lambda: team.rows("SELECT id FROM requests") != [])
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
    process = asking(team_now, *ASK, "--wait", "--json")
    team_now.ok(*words)
    heard = result(process)
    assert (heard.exit_code, heard.json["status"], heard.err) == (exit_code, outcome, "")


def test_a_request_that_times_out_while_somebody_waits_ends_the_waiting(team_now: Team) -> None:
    waited = team_now.process(*ASK, "--timeout", "1s", "--wait")
    assert (waited.exit_code, waited.err) == (12, "")
    assert "Timed Out" in waited.out


def test_waiting_is_for_one_request_and_not_for_the_next_of_the_chain(team_now: Team) -> None:
    process = asking(team_now, *ASK, "--then", "omar", "--wait")
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


@pytest.mark.sqlite_only("puts another file in its place")
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


CHAIN = (*ASK, "--then", "omar", "--then", "maria")
BUSY = ("--reason", "Busy")


def test_waiting_for_a_chain_goes_on_until_somebody_takes_the_chat(team_now: Team) -> None:
    process = asking(team_now, *CHAIN, "--wait", "--chain", "--json")
    team_now.ok("reject", "1", *BUSY, "--as", "martha")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.6)
    team_now.ok("accept", "2", "--as", "omar")
    heard = result(process)
    assert (heard.exit_code, heard.json["id"], heard.json["status"]) == (0, 2, "accepted")


def test_a_chain_ends_as_its_last_request_ended(team: Team) -> None:
    team.ok(*CHAIN)
    for number, user in (("1", "martha"), ("2", "omar")):
        team.ok("reject", number, *BUSY, "--as", user)
    pending = team.run("wait", "1", "--chain", "--for", "0s", "--json")
    assert (pending.exit_code, pending.json["id"]) == (13, 3)
    team.ok("withdraw", "3", *BUSY, "--as", "mark")
    for number in ("1", "2", "3"):
        ended = team.run("wait", number, "--chain", "--json")
        assert (ended.exit_code, ended.json["id"], ended.json["status"]) == (11, 3, "withdrawn")
    assert team.run("wait", "1").exit_code == 10


def test_who_waits_for_a_chain_records_each_deadline_and_so_asks_the_next(team: Team) -> None:
    team.ok(*CHAIN)
    for asked in (2, 3):
        team.advance(120)
        pending = team.run("wait", "1", "--chain", "--for", "0s", "--json")
        assert (pending.exit_code, pending.json["id"]) == (13, asked)
    team.advance(120)
    ended = team.run("wait", "1", "--chain", "--json")
    assert (ended.exit_code, ended.json["id"], ended.json["status"]) == (12, 3, "timed_out")


def test_a_chain_is_not_over_while_its_next_cannot_be_asked_yet(team: Team) -> None:
    """A reader of a file that it may not write leaves the recording to others."""
    team.ok(*CHAIN)
    team.advance(120)
    with closing(sqlite3.connect(team.database, isolation_level=None)) as writer:
        team.ok("config", "set", "busy_timeout", "0s")
        writer.execute("BEGIN IMMEDIATE")
        pending = team.run("wait", "1", "--chain", "--for", "0s", "--json")
        assert (pending.exit_code, pending.json["id"]) == (13, 1)
        assert team.run("wait", "1", "--json").exit_code == 12
        writer.execute("ROLLBACK")
    assert team.run("wait", "1", "--chain", "--for", "0s", "--json").json["id"] == 2


def test_a_chat_may_stand_for_its_newest_request(team: Team) -> None:
    team.ok(*CHAIN)
    team.ok("reject", "1", *BUSY, "--as", "martha")
    waited = team.run("wait", "--chat", "chat-1", "--for", "0s", "--json")
    assert (waited.exit_code, waited.json["id"]) == (13, 2)
    assert team.refused("wait", "--chat", "chat-2") == (3, "request_not_found")
    assert team.refused("wait", "1", "--chat", "chat-1") == (2, "usage")
    assert team.refused("wait") == (2, "usage")
    assert team.refused(*ASK, "--chain") == (2, "usage")


def test_the_time_that_is_told_is_that_of_each_request(team_now: Team) -> None:
    argv = program(*CHAIN, "--timeout", "1h", "--wait", "--chain")
    with on_terminal(team_now.folder, *argv) as terminal:

        def shows(pattern: str) -> None:
            terminal.until(lambda: re.search(pattern, terminal.screen))

        shows(r"Waiting for martha to answer request 1, which times out in (1h|59m \d+s);")
        team_now.advance(30 * 60)
        team_now.ok("reject", "1", *BUSY, "--as", "martha")
        shows(r"Waiting for omar to answer request 2, which times out in 1h (30m|29m);")
        team_now.ok("accept", "2", "--as", "omar")
        shows("Request 2: Accepted")
        assert terminal.ends() == 0
