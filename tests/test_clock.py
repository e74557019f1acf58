"""When the clock jumps, or the clocks change: the order stays, and no deadline comes early."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assignchat.times import format_time
from tests.support import faking
from tests.support.processes import Process, Result, program, result, start
from tests.support.team import Team
from tests.support.terminal import at_terminal

JUMPS = ("-1h", "-10d", "+3y", "-5m", "+40d", "+0")  # of the clock, one after the other


def at(team: Team, offset: str, *words: str) -> Result:
    """Run a command as a process whose clock is so far off."""
    return team.process(*words, env=faking.clock(offset))


def ask(team: Team, chat: str, timeout: str = "10m") -> int:
    asked = team.process("assign", chat, "--to", "omar", "--as", "maria", "--timeout", timeout)
    assert asked.exit_code == 0, asked.err
    return int(team.rows("SELECT max(id) FROM requests")[0][0])


def lists(team: Team, *words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = team.ok(*words)
    return rows


def test_the_order_of_the_history_is_the_order_of_what_happened(team_now: Team) -> None:
    before = len(lists(team_now, "tracking"))
    for number, jump in enumerate(JUMPS):
        done = at(team_now, jump, "chat", "add", f"c{number}", "--customer", "A", "--owner", "mark")
        assert done.exit_code == 0, done.err
    added = [row["chat_id"] for row in lists(team_now, "tracking")[before:]]
    assert added == [f"c{number}" for number in range(len(JUMPS))]
    times = [row["at"] for row in lists(team_now, "tracking")[before:]]
    assert times != sorted(times)  # or nothing has jumped
    ids = [row["id"] for row in lists(team_now, "tracking")]
    assert ids == sorted(ids)
    seen = at_terminal(team_now, "tracking", "--limit", str(len(JUMPS)), columns=200).out
    places = [seen.index(f"c{number}") for number in range(len(JUMPS))]
    assert places == sorted(places, reverse=True)  # newest first, for people
    assert team_now.ok("check")["sound"] is True


def test_the_story_of_a_chat_is_told_as_it_happened_though_the_clock_went_back(
    team_now: Team,
) -> None:
    words: tuple[tuple[str, ...], ...] = (
        ("assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", "off"),
        ("accept", "1", "--as", "martha"),
        ("assign", "chat-1", "--to", "omar", "--as", "martha", "--timeout", "off"),
        ("reject", "2", "--reason", "Busy", "--as", "omar"),
        ("bulk-assign", "chat-1", "--to", "mark", "--as", "maria"),
        ("undo", "1", "--as", "maria", "--yes"),
    )
    right = team_now.now
    for days, command in zip((0, -10, 1000, 40, -3000, 0), words, strict=True):
        team_now.now = right + timedelta(days=days)
        team_now.ok(*command)
    story = team_now.ok("chat", "show", "chat-1")
    assert story["owner_id"] == "martha"
    events = [row["event"] for row in lists(team_now, "tracking", "--chat", "chat-1")]
    assert events[-6:] == ["requested", "accepted", "requested", "rejected", "assigned", "undone"]
    assert [request["id"] for request in lists(team_now, "requests")] == [1, 2]
    assert team_now.ok("check")["sound"] is True


def _warned(team: Team, *words: str) -> str | None:
    """What `check` says of the clock, if it does."""
    said = {found["code"]: found["message"] for found in team.ok("check", *words)["warnings"]}
    message: str | None = said.get("clock_went_back")
    return message


def test_a_check_tells_where_a_request_was_accepted_by_a_slow_clock(team_now: Team) -> None:
    number, right = ask(team_now, "chat-1", "1s"), team_now.now
    for minutes in (10, 6):  # as far apart as a sweep allows
        team_now.now = right + timedelta(minutes=minutes)
        team_now.ok("chat", "add", f"c{minutes}", "--customer", "A", "--owner", "mark")
    assert _warned(team_now) is None
    team_now.now = right
    team_now.ok("accept", str(number), "--as", "omar")
    (accepted,) = team_now.rows("SELECT id FROM engagement_tracking WHERE event = 'accepted'")
    assert f" {accepted[0]};" in (_warned(team_now) or "")
    team_now.now = right + timedelta(days=32)
    assert _warned(team_now) is None
    assert _warned(team_now, "--full")


@pytest.mark.parametrize("jump", ["-1h", "-10d", "-3y"])
def test_no_deadline_comes_early_because_the_clock_went_back(team_now: Team, jump: str) -> None:
    one, other = ask(team_now, "chat-1", "1s"), ask(team_now, "chat-2")
    sweep = at(team_now, jump, "sweep-timeouts", "--json")
    assert (sweep.exit_code, sweep.json["timed_out"]) == (0, 0)
    for number in (one, other):
        taken = at(team_now, jump, "accept", str(number), "--as", "omar", "--json")
        assert (taken.exit_code, taken.json["status"]) == (0, "accepted")
    assert team_now.ok("check")["sound"] is True


def test_a_deadline_lies_as_far_ahead_of_a_wrong_clock_as_of_a_right_one(team_now: Team) -> None:
    asked = at(team_now, "-10d", "assign", "chat-1", "--to", "omar", "--as", "mark", "--json").json
    sent, ends = (datetime.fromisoformat(asked[key]) for key in ("requested_at", "expires_at"))
    assert ends - sent == timedelta(minutes=2)
    assert timedelta(days=9) < datetime.now(UTC) - sent < timedelta(days=11)


@pytest.mark.parametrize(("jump", "due"), [("+3y", "+0"), ("+40d", "+0"), ("-1h", "-2h")])
def test_a_sweep_by_a_clock_that_jumped_warns_and_does_nothing_unless_forced(
    team_now: Team, jump: str, due: str
) -> None:
    asked = at(team_now, due, "assign", "chat-1", "--to", "omar", "--as", "mark")
    assert asked.exit_code == 0, asked.err
    ask(team_now, "chat-2", "off")  # the newest row, by the right clock
    before = team_now.snapshot()
    refused = at(team_now, jump, "sweep-timeouts", "--quiet")
    assert (refused.exit_code, refused.out) == (4, "")
    assert "--force" in refused.err
    assert team_now.snapshot() == before
    forced = at(team_now, jump, "sweep-timeouts", "--force", "--json")
    assert (forced.exit_code, forced.json["request_ids"]) == (0, [1])
    assert team_now.history(event="timed_out") == [
        ("timed_out", "system", "mark", "omar", "timed_out")
    ]


def test_once_the_clock_is_right_again_the_sweep_goes_on_after_the_next_change(
    team_now: Team,
) -> None:
    """One command ran while the clock was years ahead; its row is the newest until then."""
    ask(team_now, "chat-1")
    at(team_now, "+3y", "user", "add", "eve")
    later = "+1h"
    assert at(team_now, later, "sweep-timeouts", "--json").error == "clock_suspicious"
    at(team_now, later, "user", "set", "eve", "--name", "Eve")
    assert at(team_now, later, "sweep-timeouts", "--json").json["timed_out"] == 1


def test_by_a_clock_years_ahead_a_command_times_out_what_it_meets_and_nothing_else(
    team_now: Team,
) -> None:
    met, other = ask(team_now, "chat-1"), ask(team_now, "chat-2")
    endless = ask(team_now, "chat-3", "off")
    late = at(team_now, "+3y", "accept", str(met), "--as", "omar", "--json")
    assert (late.exit_code, late.error) == (4, "request_timed_out")
    assert dict(team_now.rows("SELECT id, status FROM requests")) == {
        met: "timed_out",
        other: "pending",
        endless: "pending",
    }
    # Then the clock is set right, and nobody but who was met has lost anything.
    for number in (other, endless):
        assert at(team_now, "+0", "accept", str(number), "--as", "omar").exit_code == 0
    assert team_now.ok("check")["sound"] is True


def set_clock(clock: Path, offset: str) -> None:
    """What a process that goes by this file takes for the time from now on."""
    new = clock.with_suffix(".new")
    new.write_text(offset)
    new.replace(clock)


def watching(team: Team, clock: Path) -> Process:
    """A sweep each second, by a clock that a file sets; it has swept by the right one."""
    set_clock(clock, "+0")
    ask(team, "chat-1", "1s")
    argv = program("sweep-timeouts", "--watch", "1s", "--json")
    process = start(team.folder, *argv, env=faking.clock(clock))
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["timed_out"] == 1
    return process


@pytest.mark.parametrize("jump", ["+3y", "-1h"])
def test_a_watch_ends_without_acting_when_its_clock_jumps(team_now: Team, jump: str) -> None:
    clock = team_now.folder / "clock"
    watch = watching(team_now, clock)
    number = ask(team_now, "chat-2")
    set_clock(clock, jump)
    if jump == "-1h":  # due by that clock too, but then the newest row lies in its future
        early = "2020-01-01T00:00:00.000Z"
        team_now.sqlite("UPDATE requests SET expires_at = ? WHERE id = ?", early, number)
    ended = result(watch)
    assert (ended.exit_code, ended.out, ended.error) == (4, "", "clock_suspicious")
    assert team_now.rows("SELECT status FROM requests WHERE id = :id", id=number) == [("pending",)]


def test_a_watch_goes_on_when_its_clock_goes_back_and_nothing_is_due(team_now: Team) -> None:
    clock = team_now.folder / "clock"
    watch = watching(team_now, clock)
    set_clock(clock, "-1h")
    at(team_now, "-1h", "assign", "chat-2", "--to", "omar", "--as", "mark", "--timeout", "1s")
    assert watch.stdout is not None
    assert json.loads(watch.stdout.readline())["request_ids"] == [2]
    set_clock(clock, "+0")
    ask(team_now, "chat-3", "1s")
    assert json.loads(watch.stdout.readline())["request_ids"] == [3]
    watch.terminate()
    assert result(watch).exit_code == 0


BERLIN = "Europe/Berlin"
BACK = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)  # 02:00 in Berlin, an hour before it is 02:00 again
FORTH = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)  # 01:30 in Berlin, half an hour before 03:00


@pytest.mark.parametrize(
    ("begin", "local"),
    [
        (BACK, ["02:00:00", "02:30:00", "02:00:00", "02:30:00", "03:00:00"]),
        (FORTH, ["01:30:00", "03:00:00", "03:30:00", "04:00:00", "04:30:00"]),
    ],
    ids=["back", "forth"],
)
def test_when_the_clocks_change_people_read_local_times_in_the_order_of_what_happened(
    empty_team: Team, begin: datetime, local: list[str]
) -> None:
    team = empty_team
    team.now = begin - timedelta(hours=2)
    team.ok("init", "--demo")
    for number in range(5):
        team.now = begin + number * timedelta(minutes=30)
        team.ok("chat", "add", f"c{number}", "--customer", "Ana", "--owner", "mark")
    seen = at_terminal(team, "tracking", "--limit", "5", columns=200, env={"TZ": BERLIN}).out
    rows = [line for line in seen.splitlines() if "Ana" in line or re.search(r"\bc\d\b", line)]
    assert [re.findall(r"\d\d:\d\d:\d\d", row)[0] for row in rows] == local[::-1]
    assert [row["at"] for row in team.ok("tracking")[-5:]] == [
        format_time(begin + number * timedelta(minutes=30)) for number in range(5)
    ]


@pytest.mark.parametrize("begin", [BACK + timedelta(minutes=45), FORTH + timedelta(minutes=15)])
def test_a_deadline_is_none_the_longer_or_shorter_when_the_clocks_change(
    empty_team: Team, monkeypatch: pytest.MonkeyPatch, begin: datetime
) -> None:
    monkeypatch.setenv("TZ", BERLIN)
    time.tzset()
    empty_team.now = begin
    empty_team.ok("init", "--demo")
    ask = ("assign", "chat-1", "--to", "omar", "--as", "mark", "--timeout", "1h")
    assert empty_team.ok(*ask)["expires_at"] == format_time(begin + timedelta(hours=1))
    empty_team.advance(3599.999)
    assert empty_team.ok("sweep-timeouts")["timed_out"] == 0
    empty_team.advance(0.001)
    assert empty_team.ok("sweep-timeouts")["timed_out"] == 1
    monkeypatch.undo()
    time.tzset()


ZONES = [
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/St_Johns",
    ":garbage",
    ":Europe/Berlin",
    "",
    "GMT+14",
    "<+0330>-3:30",
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "XXX99:99:99",
    "../../../etc/passwd",
    "/dev/zero",
    "x" * 5000,
]


@pytest.mark.parametrize("zone", ZONES)
def test_what_is_stored_and_printed_for_machines_depends_on_no_time_zone(
    team_now: Team, zone: str
) -> None:
    env = {"TZ": zone}
    asked = team_now.process("assign", "chat-1", "--to", "omar", "--as", "mark", "--json", env=env)
    assert asked.exit_code == 0, asked.err
    sent = datetime.fromisoformat(asked.json["requested_at"])
    assert abs(datetime.now(UTC) - sent) < timedelta(minutes=1)
    assert asked.json["expires_at"] == format_time(sent + timedelta(minutes=2))
    listed = team_now.process("requests", "--json", env=env)
    assert listed.json == [asked.json]
    since = team_now.process("tracking", "--since", "1m", "--json", env=env)
    assert since.json[-1]["at"] == asked.json["requested_at"]


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Asia/Kathmandu", "2026-11-22 19:50:10"),
        ("Pacific/Apia", "2026-11-23 03:05:10"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-11-22 15:05:10"),
        ("<+0330>-3:30", "2026-11-22 17:35:10"),
        ("GMT+14", "2026-11-22 00:05:10"),
        (":garbage", "2026-11-22 14:05:10"),  # as date(1) takes it
        ("", "2026-11-22 14:05:10"),
    ],
)
def test_people_see_the_local_time_of_their_zone(team: Team, zone: str, local: str) -> None:
    team.ok("chat", "add", "c1", "--customer", "Ana", "--owner", "mark")
    assert local in at_terminal(team, "tracking", columns=200, env={"TZ": zone}).out


IMPOSSIBLE = [
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-12:00",
    "10000-01-01T00:00:00Z",
    "2026-12-31T23:59:60Z",
    "2026-11-22T14:05:10+24:00",
    "99999999h",
    "-1h",
    "in the past",
    "",
]


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_a_time_that_could_mean_anything_or_nothing_is_refused(team: Team, text: str) -> None:
    before, began = team.snapshot(), time.monotonic()
    for words in (
        ("tracking", f"--since={text}"),
        ("tracking", "--records", f"--until={text}"),
        ("stats", f"--since={text}"),
        ("user", "away", "martha", f"--until={text}"),
    ):
        assert team.refused(*words) == (2, "invalid_value")
    if text:  # an empty cell is no time given
        rows = [{"id": "new", "customer": "Ana", "owner_id": "mark", "opened_at": text}]
        (team.folder / "chats.json").write_text(json.dumps(rows))
        assert team.refused("import", "chats", "chats.json") == (2, "import_invalid")
    assert time.monotonic() - began < 2
    assert team.snapshot() == before


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-11-23T04:05:10+14:00", "2026-11-22T14:05:10.000Z"),
        ("2026-11-22T02:05:10-12:00", "2026-11-22T14:05:10.000Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("9000-12-31T23:59:59.999Z", "9000-12-31T23:59:59.999Z"),
    ],
)
def test_any_other_time_is_taken_exactly(team: Team, text: str, stored: str) -> None:
    rows = [{"id": "new", "customer": "Ana", "owner_id": "mark", "opened_at": text}]
    (team.folder / "chats.json").write_text(json.dumps(rows))
    team.ok("import", "chats", "chats.json")
    assert team.ok("chat", "show", "new")["opened_at"] == stored
    assert at_terminal(team, "chat", "show", "new").exit_code == 0
    away = team.run("user", "away", "martha", "--until", text, "--json")
    if away.exit_code == 0:
        assert away.json["away_until"] == stored
    else:  # nobody is away until a time that has passed
        assert (away.exit_code, away.error, stored <= format_time(team.now)) == (
            2,
            "invalid_value",
            True,
        )
