"""sweep-timeouts: deadlines that have come are recorded once, and cron hears of nothing else."""

import signal
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.processes import Result, program, result, start
from tests.support.team import Team

NOTHING = Result(0, "", "")


@pytest.mark.usefixtures("request_id")
def test_when_nothing_is_due_nothing_is_printed(team: Team) -> None:
    before = team.snapshot()
    assert team.run("sweep-timeouts") == NOTHING
    assert team.ok("sweep-timeouts") == {"timed_out": 0, "request_ids": [], "dry_run": False}
    assert team.snapshot() == before


@pytest.mark.usefixtures("request_id")
def test_a_request_is_due_at_its_deadline_and_not_before(team: Team) -> None:
    team.advance(119.999)
    assert team.run("sweep-timeouts") == NOTHING
    team.advance(0.001)
    assert team.ok("sweep-timeouts") == {"timed_out": 1, "request_ids": [1], "dry_run": False}
    assert team.ok("requests")[0]["status"] == "timed_out"


@pytest.mark.usefixtures("request_id")
def test_people_read_which_requests_timed_out(team: Team) -> None:
    team.advance(120)
    result = team.run("sweep-timeouts")
    assert result.out.startswith("2026-11-22T14:07:10.000Z ")
    assert (result.exit_code, result.err) == (0, "")
    assert "1 request" in result.out


def test_a_time_out_is_the_systems_doing(team: Team, request_id: str) -> None:
    team.advance(120)
    team.ok("sweep-timeouts")
    assert team.history(request_id=int(request_id))[1:] == [
        ("timed_out", "system", "mark", "martha", "timed_out")
    ]
    assert team.owner("chat-1") == "mark"


def test_who_sweeps_is_recorded_if_they_say_so(team: Team, request_id: str) -> None:
    team.advance(120)
    team.ok("sweep-timeouts", "--as", "maria")
    assert team.history(request_id=int(request_id))[1][:2] == ("timed_out", "maria")


@pytest.mark.usefixtures("request_id")
def test_requester_and_recipient_are_told(team: Team) -> None:
    team.advance(120)
    team.ok("sweep-timeouts")
    assert team.rows("SELECT recipient_id, text FROM notifications WHERE id > 1 ORDER BY 1") == [
        ("mark", "Your chat assignment request to Martha has timed out."),
        ("martha", "The chat assignment request from Mark has timed out."),
    ]


def test_only_what_is_due_times_out(team: Team) -> None:
    for chat, timeout in (("chat-1", "1m"), ("chat-2", "off"), ("chat-3", "3m")):
        team.ok("assign", chat, "--to", "martha", "--as", "mark", "--timeout", timeout)
    team.ok("assign", "chat-5", "--to", "martha", "--as", "omar", "--timeout", "2m")
    team.advance(120)
    assert team.ok("sweep-timeouts")["request_ids"] == [1, 4]
    assert [row["status"] for row in team.ok("requests")] == [
        "timed_out",
        "pending",
        "pending",
        "timed_out",
    ]


@pytest.mark.usefixtures("request_id")
def test_a_second_sweep_finds_nothing_left(team: Team) -> None:
    team.advance(120)
    team.ok("sweep-timeouts")
    before = team.snapshot()
    team.advance(120)
    assert team.run("sweep-timeouts") == NOTHING
    assert team.snapshot() == before


@pytest.mark.usefixtures("request_id")
def test_a_dry_run_says_the_same_and_changes_nothing(team: Team) -> None:
    team.advance(120)
    before = team.snapshot()
    planned = team.ok("sweep-timeouts", "--dry-run")
    assert team.run("sweep-timeouts", "--dry-run").out != ""
    assert team.snapshot() == before
    assert planned == team.ok("sweep-timeouts") | {"dry_run": True}


@pytest.mark.usefixtures("request_id")
def test_a_quiet_sweep_prints_nothing_but_is_done(team: Team) -> None:
    team.advance(120)
    assert team.run("sweep-timeouts", "--quiet") == NOTHING
    assert team.ok("requests")[0]["status"] == "timed_out"


@pytest.mark.usefixtures("request_id")
def test_a_late_sweep_changes_no_outcome(team: Team) -> None:
    team.advance(7200)
    lists = (
        ("requests",),
        ("requests", "--status", "timed_out"),
        ("requests", "--status", "pending"),
        ("tracking", "--records"),
        ("status", "--as", "mark"),
        ("status", "--as", "martha"),
    )
    before = [team.ok(*words) for words in lists]
    assert before[0][0]["status"] == "timed_out"
    assert before[0][0]["resolved_at"] == "2026-11-22T14:07:10.000Z"
    assert before[2] == []
    assert before[3][0]["status"] == "timed_out"
    assert team.ok("inbox", "--as", "martha")["requests"] == []
    assert team.ok("chat", "show", "chat-1")["pending_request"] is None
    team.ok("sweep-timeouts")
    assert [team.ok(*words) for words in lists] == before


@pytest.mark.usefixtures("request_id")
def test_looking_at_an_overdue_request_writes_nothing(team: Team) -> None:
    team.advance(120)
    before = team.snapshot()
    for words in (("requests",), ("chat", "show", "chat-1"), ("status", "--as", "mark")):
        team.ok(*words)
    assert team.snapshot() == before


@pytest.fixture
def overdue(team: Team) -> Team:
    """A team with a request that is two hours old, and something that happened just now."""
    team.now -= timedelta(hours=2)
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    team.now += timedelta(hours=2)
    team.ok("chat", "close", "chat-5")
    return team


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=3650)])
def test_a_clock_that_has_plainly_jumped_times_nothing_out(overdue: Team, jump: timedelta) -> None:
    overdue.now += jump
    assert overdue.refused_leaving_no_trace("sweep-timeouts") == (4, "clock_suspicious")
    assert overdue.ok("sweep-timeouts", "--force")["timed_out"] == 1


@pytest.mark.parametrize("jump", [timedelta(seconds=-30), timedelta(days=7)])
def test_a_small_correction_or_a_quiet_week_is_no_jump(overdue: Team, jump: timedelta) -> None:
    overdue.now += jump
    assert overdue.ok("sweep-timeouts")["timed_out"] == 1


def test_the_longest_deadline_is_no_jump(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", "30d")
    team.advance(30 * 86_400 + 3600)
    assert team.ok("sweep-timeouts")["timed_out"] == 1


def test_the_pause_of_a_watch_is_at_least_a_second(team: Team) -> None:
    for pause in ("0", "0s", "often", "-1"):
        assert team.refused("sweep-timeouts", "--watch", pause) == (2, "invalid_value")


def test_a_sweep_without_a_database_is_noticed_by_cron(empty_team: Team) -> None:
    result = empty_team.run("--db", "typo.db", "sweep-timeouts", "--quiet")
    assert (result.exit_code, result.out) == (6, "")
    assert "typo.db" in result.err
    assert not (empty_team.folder / "typo.db").exists()


def request_made_now(team: Team, timeout: str) -> None:
    """By the machine's clock, which the processes below go by."""
    team.now = datetime.now(UTC)
    team.ok("init", "--demo")
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", timeout)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_watch_sweeps_until_it_is_told_to_stop(empty_team: Team, number: signal.Signals) -> None:
    request_made_now(empty_team, timeout="1s")
    watch = start(empty_team.folder, *program("sweep-timeouts", "--watch", "1s"))
    assert watch.stdout is not None
    assert "1 request" in watch.stdout.readline()
    watch.send_signal(number)
    assert result(watch) == (0, "", "")
    assert empty_team.history(event="timed_out") == [
        ("timed_out", "system", "mark", "martha", "timed_out")
    ]
