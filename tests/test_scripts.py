"""The scripts that users adapt: they run as they are."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.processes import Result, run
from tests.support.team import Team

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "scripts" / "samples"
DOCS = ROOT / "docs"


def script(team: Team, *words: str, **env: str) -> Result:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return run(team.folder, *words, env={"PATH": path} | env)


def offboard(team: Team, *words: str, **env: str) -> Result:
    return script(team, str(SAMPLES / "offboard"), *words, **env)


def test_offboarding_hands_all_chats_over_and_deactivates(team: Team) -> None:
    done = offboard(team, "mark", "martha", "omar", ASSUME_YES="1", ASSIGNCHAT_USER="maria")
    assert done.exit_code == 0, done.err
    assert team.rows("SELECT count(*) FROM chats WHERE owner_id = 'mark'") == [(0,)]
    assert team.rows("SELECT active FROM users WHERE id = 'mark'") == [(0,)]
    assert team.rows("SELECT actor FROM batches") == [("maria",)]


def test_offboarding_tells_before_it_asks_what_dies_and_which_closed_chats_move(
    team_now: Team,
) -> None:
    team = team_now
    team.ok("chat", "close", "chat-3")
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    asked = offboard(team, "mark", "martha")
    assert asked.exit_code == 4
    for told in (asked, offboard(team, "mark", "martha", ASSUME_YES="1", ASSIGNCHAT_USER="maria")):
        assert "Closed chats that move: chat-3" in told.out
        assert "1 request cancelled, which undo does not bring back:" in told.out
        assert "1 on chat-1 (Priya Nair): mark asked martha" in told.out


def test_offboarding_without_an_answer_changes_nothing(team: Team) -> None:
    before = team.snapshot()
    done = offboard(team, "mark", "martha")
    assert done.exit_code == 4
    assert "Nothing was changed" in done.err
    assert team.snapshot() == before


def test_offboarding_where_nobody_can_answer_says_what_is_missing(team: Team) -> None:
    assert "ASSUME_YES=1" in offboard(team, "mark", "martha").err


def test_offboarding_to_nobody_is_refused_before_it_asks(team: Team) -> None:
    before = team.snapshot()
    done = offboard(team, "mark", "nobody", ASSUME_YES="1")
    assert done.exit_code == 3
    assert team.snapshot() == before


def hand_over(team: Team, *words: str, **env: str) -> Result:
    return script(team, str(SAMPLES / "shift-handover"), *words, **env)


SHIFT = ("--from", "mark", "--from", "omar", "--to", "martha", "--to", "maria")


def test_a_shift_hands_all_its_open_chats_to_the_next_one_evenly_in_one_batch(team: Team) -> None:
    team.ok("chat", "close", "chat-1")
    team.ok("assign", "chat-2", "--to", "martha", "--as", "mark")
    team.ok("chat", "add", '=odd "id",\u202e', "--customer", "Ann", "--owner", "omar", "--any-id")
    done = hand_over(team, *SHIFT, ASSUME_YES="1", ASSIGNCHAT_USER="maria")
    assert done.exit_code == 0, done.err
    held = dict(team.rows("SELECT owner_id, count(*) FROM chats WHERE status = 'open' GROUP BY 1"))
    assert held == {"martha": 1 + 2, "maria": 2}
    assert team.owner("chat-1") == "mark"  # what is closed stays
    assert team.rows("SELECT actor, reason FROM batches") == [("maria", "Shift hand-over")]
    summary = done.out.partition("Now held by:\n")[2].splitlines()
    assert summary == [
        "mark\t0 open chats",
        "omar\t0 open chats",
        "martha\t3 open chats",
        "maria\t2 open chats",
    ]


def test_a_shift_hand_over_shows_the_counts_and_without_an_answer_changes_nothing(
    team: Team,
) -> None:
    before = team.snapshot()
    done = hand_over(team, *SHIFT, ASSIGNCHAT_USER="maria")
    assert (done.exit_code, done.err.splitlines()[-1]) == (4, "Nothing was changed.")
    assert "mark\t3 open chats" in done.out
    assert "4 chats" in done.out
    assert team.snapshot() == before


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        ((), 2),
        (("--from", "mark"), 2),
        (("--to", "mark"), 2),
        (("--from", "mark", "--to"), 2),
        (("--from", "mark", "--to", ""), 2),
        (("--from", "mark", "--to", "mark"), 2),
        (("mark", "--to", "omar"), 2),
        (("--from", "mark", "--to", "nobody"), 3),
        (("--from", "nobody", "--to", "mark"), 3),
        (("--from", "mark", "--from", "--help", "--to", "omar"), 3),
    ],
)
def test_a_shift_hand_over_that_is_not_understood_changes_nothing(
    team: Team, words: tuple[str, ...], exit_code: int
) -> None:
    before = team.snapshot()
    done = hand_over(team, *words, ASSUME_YES="1", ASSIGNCHAT_USER="maria")
    assert done.exit_code == exit_code, done.err
    assert done.err
    assert team.snapshot() == before


def test_a_shift_without_open_chats_has_nothing_to_hand_over(team: Team) -> None:
    done = hand_over(
        team, "--from", "maria", "--to", "omar", ASSUME_YES="1", ASSIGNCHAT_USER="maria"
    )
    assert (done.exit_code, done.out) == (0, "No open chats to hand over.\n")


def test_who_may_not_assign_others_chats_hands_over_nothing(team: Team) -> None:
    before = team.snapshot()
    done = hand_over(team, *SHIFT, ASSUME_YES="1", ASSIGNCHAT_USER="martha")
    assert done.exit_code == 5
    assert team.snapshot() == before


def night(team: Team, *words: str, **env: str) -> Result:
    return script(team, str(SAMPLES / "nightly-report"), *words, **env)


def numbers(report: str) -> dict[str, str]:
    """The last word of each line, by the words before it."""
    return {
        " ".join(words[:-1]): words[-1] for words in map(str.split, report.splitlines()) if words
    }


def test_the_nightly_report_has_the_day_by_the_clock_on_the_wall_and_no_other(team: Team) -> None:
    for request, (day, hour) in enumerate([(24, 21), (24, 23), (25, 22), (25, 23)], start=1):
        team.now = datetime(2026, 10, day, hour, 30, tzinfo=UTC)  # 25 October has 25 hours
        team.ok("assign", "chat-1", "--to", "martha", "--timeout", "off", "--as", "mark")
        team.advance(60 * request)
        team.ok("reject", str(request), "--reason", f"Reason {request}\x1b[2J", "--as", "martha")
    done = night(team, "2026-10-25", TZ="Europe/Berlin", LC_ALL="C.UTF-8")
    assert (done.exit_code, done.err) == (0, "")
    assert done.out.startswith("Chat hand-overs on Sunday, 2026-10-25\n")
    found = numbers(done.out)
    assert found["Requests sent"] == "2"
    assert found["rejected"] == "2"
    assert found["90th percentile"] == "3m"
    assert "1  Reason 2\\x1b[2J\n" in done.out
    assert "Reason 1" not in done.out
    assert "Reason 4" not in done.out
    assert done.out.endswith("The database is sound.\n")


def test_the_nightly_report_of_cron_is_that_of_yesterday(team: Team) -> None:
    team.now = datetime.now(UTC) - timedelta(days=1)
    team.ok("bulk-assign", "chat-1", "chat-2", "--to", "omar", "--as", "mark")
    done = night(team, TZ="UTC", LC_ALL="C.UTF-8")
    assert f"{team.now:%A, %Y-%m-%d}" in done.out.splitlines()[0]
    assert numbers(done.out)["Hand-overs"] == "2"


@pytest.mark.parametrize("words", [("yesterday",), ("2026-13-45",), ("",), ("2026-11-22", "more")])
def test_the_nightly_report_of_what_is_no_day_is_refused(
    team: Team, words: tuple[str, ...]
) -> None:
    done = night(team, *words)
    assert (done.exit_code, done.out) == (2, "")
    assert done.err
    assert team.database.exists()


def test_the_nightly_report_says_what_check_finds(team: Team) -> None:
    team.sqlite("UPDATE chats SET owner_id = 'omar' WHERE id = 'chat-1'")
    done = night(team)
    assert done.exit_code == 8
    assert "chat-1" in done.out
    team.sqlite("UPDATE chats SET owner_id = 'mark' WHERE id = 'chat-1'")


def test_the_nightly_report_prints_nothing_where_there_is_no_database(empty_team: Team) -> None:
    done = night(empty_team)
    assert (done.exit_code, done.out) == (6, "")
    assert "assignchat init" in done.err or "no database" in done.err.lower()


@pytest.mark.parametrize("name", ["nightly-report", "shift-handover"])
def test_a_script_explains_itself(team: Team, name: str) -> None:
    done = script(team, str(SAMPLES / name), "--help")
    assert done.exit_code == 0
    assert done.out.startswith("usage: ")


def test_the_example_for_python_runs(team: Team) -> None:
    example = (DOCS / "scripting.md").read_text().split("```python\n")[1].split("```")[0]
    done = script(team, sys.executable, "-c", example)
    assert (done.exit_code, done.err) == (0, "")
    assert "accepted martha" in done.out
    assert team.owner("chat-3") == "martha"


def test_the_config_file_at_the_top_is_the_one_that_init_writes(team: Team) -> None:
    assert (ROOT / "config.toml").read_text() == team.config.read_text()
