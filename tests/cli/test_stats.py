"""stats: the numbers are those of the chats and requests, counted by hand."""

from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from statistics import median

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from assignchat.model import Status
from tests.support.bars import length_of
from tests.support.team import Team
from tests.support.terminal import STYLE, at_terminal


def of(team: Team, user: str, *words: str) -> dict[str, object]:
    found = team.ok("stats", *words)
    return next(row for row in found["users"] if row["id"] == user)


def test_who_holds_how_much_is_counted_by_status(team: Team) -> None:
    team.ok("chat", "close", "chat-1")
    assert (of(team, "mark")["open_chats"], of(team, "mark")["closed_chats"]) == (2, 1)
    assert of(team, "maria")["open_chats"] == 0


def test_requests_are_counted_by_how_they_ended(team: Team) -> None:
    for number, (chat, answer) in enumerate(
        [("chat-1", "accept"), ("chat-2", "reject"), ("chat-3", None)], start=1
    ):
        team.ok("assign", chat, "--to", "martha", "--as", "mark")
        team.advance(10)
        if answer:
            reason = ["--reason", "Busy"] if answer == "reject" else []
            team.ok(answer, str(number), *reason, "--as", "martha")
    team.advance(200)
    martha = of(team, "martha")
    assert [martha[key] for key in ("received", "accepted", "rejected", "timed_out")] == [
        3,
        1,
        1,
        1,
    ]
    assert martha["median_response_seconds"] == 10
    assert of(team, "mark")["sent"] == 3
    assert team.ok("stats")["reasons"] == [{"reason": "Busy", "count": 1}]


WIDE = "\N{FULLWIDTH LATIN CAPITAL LETTER B}usy"


def test_reasons_in_other_letters_are_counted_as_the_most_frequent_of_them(team: Team) -> None:
    for reason in ("At lunch", "busy", "BUSY", "Away", "busy", WIDE, "away", "Away", "Away"):
        team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
        team.ok("reject", "--chat", "chat-1", "--reason", reason, "--as", "martha")
    counted = [(one["reason"], one["count"]) for one in team.ok("stats")["reasons"]]
    assert counted == [("Away", 4), ("busy", 4), ("At lunch", 1)]


def test_a_user_who_answered_nothing_has_no_times(team: Team, request_id: str) -> None:
    assert of(team, "martha")["median_response_seconds"] is None
    assert of(team, "martha")["received"] == int(request_id)


def test_since_counts_requests_sent_from_then_on(team: Team, request_id: str) -> None:
    team.ok("accept", request_id, "--as", "martha")
    team.advance(3600)
    assert of(team, "martha", "--since", "30m")["received"] == 0
    assert of(team, "martha", "--since", "2h")["received"] == 1
    assert team.ok("stats", "--since", "30m")["since"] == "2026-11-22T14:35:10.000Z"


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)
@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=40))
def test_the_median_and_the_90th_percentile_are_those_of_the_answers(
    team: Team, milliseconds: list[int]
) -> None:
    team.sqlite("DELETE FROM requests")
    for taken in milliseconds:
        team.sqlite(
            "INSERT INTO requests (chat_id, requester_id, recipient_id, recipient_role, status,"
            " requested_at, resolved_at, from_user) VALUES ('chat-1', 'mark', 'martha', 'user',"
            " 'accepted', '2026-11-22T14:00:00.000Z', strftime('%Y-%m-%dT%H:%M:%fZ',"
            " '2026-11-22T14:00:00.000Z', ?), 'mark')",
            f"+{taken / 1000:.3f} seconds",
        )
    found = of(team, "martha")
    seconds = sorted(taken / 1000 for taken in milliseconds)
    middle, late = found["median_response_seconds"], found["p90_response_seconds"]
    assert isinstance(middle, float)
    assert isinstance(late, float)
    assert abs(middle - median(seconds)) < 0.002
    assert abs(late - seconds[-(-9 * len(seconds) // 10) - 1]) < 0.002
    team.sqlite("DELETE FROM requests")


def test_until_leaves_out_what_was_sent_or_handed_over_from_then_on(
    team: Team, request_id: str
) -> None:
    team.advance(60)
    team.ok("accept", request_id, "--as", "martha")
    team.advance(60)
    at = ("2026-11-22T14:05:10Z", "2026-11-22T14:05:10.001Z", "2026-11-22T14:06:10.001Z")
    found = [team.ok("stats", "--until", time) for time in at]
    assert [sum(row["count"] for row in one["outcomes"]) for one in found] == [0, 1, 1]
    assert [sum(row["hand_overs"] for row in one["hours"]) for one in found] == [0, 0, 1]


def test_every_request_is_in_one_outcome_and_the_outcomes_are_the_users_together(
    team: Team,
) -> None:
    for chat in ("chat-1", "chat-2", "chat-3"):
        team.ok("assign", chat, "--to", "martha", "--as", "mark")
    team.ok("accept", "1", "--as", "martha")
    team.ok("reject", "2", "--reason", "Busy", "--as", "martha")
    team.ok("withdraw", "3", "--reason", "Done", "--as", "mark")
    team.ok("assign", "chat-4", "--to", "mark", "--as", "martha")
    team.ok("bulk-assign", "chat-4", "--to", "omar", "--as", "maria")
    team.ok("assign", "chat-2", "--to", "omar", "--timeout", "5s", "--as", "mark")
    team.ok("assign", "chat-3", "--to", "omar", "--timeout", "off", "--as", "mark")
    team.advance(6)  # and nobody has swept
    found = team.ok("stats")
    assert {row["status"]: row["count"] for row in found["outcomes"]} == dict.fromkeys(Status, 1)
    for row in found["outcomes"]:
        assert sum(user[row["status"]] for user in found["users"]) == row["count"]
    assert all(user["received"] == sum(user[s] for s in Status) for user in found["users"])


def test_the_times_of_the_team_are_those_of_all_its_answers(team: Team) -> None:
    for number, (to, seconds) in enumerate([("martha", 10), ("omar", 20), ("maria", 60)], start=1):
        team.ok("assign", f"chat-{number}", "--to", to, "--as", "mark")
        team.advance(seconds)
        team.ok("accept", str(number), "--as", to)
    found = team.ok("stats")
    assert (found["median_response_seconds"], found["p90_response_seconds"]) == (20, 60)


@pytest.mark.parametrize(
    ("zone", "summer", "winter"),
    [("UTC", 12, 12), ("Europe/Berlin", 14, 13), ("Asia/Kathmandu", 18, 18), ("UTC+9", 3, 3)],
)
def test_hand_overs_are_counted_by_the_hour_that_the_clock_on_the_wall_showed(
    team: Team, zone: str, summer: int, winter: int
) -> None:
    team.now = datetime(2026, 7, 1, 12, 20, tzinfo=UTC)
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    team.ok("accept", "1", "--as", "martha")
    team.now = datetime(2026, 12, 1, 12, 20, tzinfo=UTC)
    team.ok("bulk-assign", "chat-2", "chat-3", "--to", "omar", "--as", "mark")
    found = team.process("stats", "--json", env={"TZ": zone}).json
    assert found["time_zone"] == zone
    assert [row["hour"] for row in found["hours"]] == list(range(24))
    counted = {row["hour"]: row["hand_overs"] for row in found["hours"] if row["hand_overs"]}
    assert counted == ({summer: 1, winter: 2} if summer != winter else {summer: 3})


@pytest.mark.parametrize(
    ("owners", "bouncing"),
    [
        ("martha", {}),
        ("martha mark", {"mark martha": 1}),
        ("martha mark martha mark", {"mark martha": 3}),
        ("martha omar mark", {}),
        ("martha omar martha mark", {"martha omar": 1}),
        ("martha mark omar mark martha mark", {"mark martha": 2, "mark omar": 1}),
    ],
)
def test_a_chat_bounces_when_it_goes_straight_back_to_whom_it_came_from(
    team: Team, owners: str, bouncing: dict[str, int]
) -> None:
    for owner in owners.split():
        team.advance(1)
        team.ok("bulk-assign", "chat-1", "--to", owner, "--as", "maria")
        team.ok("bulk-assign", "chat-5", "--to", "martha", "--as", "maria")  # another chat
    found = team.ok("stats")
    given_back = {" ".join(row["users"]): row["given_back"] for row in found["bouncing"]}
    assert given_back == bouncing
    assert {row["chat_id"] for row in found["bouncing"]} <= {"chat-1"}
    assert found["bouncing_chats"] == bool(bouncing)


def test_undoing_a_batch_is_no_hand_over_and_no_bounce(team: Team) -> None:
    for batch in ("1", "2"):
        team.ok("bulk-assign", "chat-1", "--to", "martha", "--as", "maria")
        team.ok("undo", batch, "--as", "maria")
    found = team.ok("stats")
    assert found["bouncing"] == []
    assert sum(row["hand_overs"] for row in found["hours"]) == 0  # as if nothing had been done


def test_a_chat_that_the_crm_gave_to_somebody_else_in_between_did_not_bounce(team: Team) -> None:
    team.ok("bulk-assign", "chat-1", "--to", "martha", "--as", "mark")
    row = '{"id": "chat-1", "customer": "Priya Nair", "owner_id": "omar", "status": "open"}'
    Path("chats.json").write_text(f"[{row}]", encoding="utf-8")
    team.ok("import", "chats", "chats.json", "--owners", "theirs")
    team.ok("bulk-assign", "chat-1", "--to", "mark", "--as", "omar")
    found = team.ok("stats")
    assert (found["bouncing"], found["bouncing_chats"]) == ([], 0)
    assert sum(row["hand_overs"] for row in found["hours"]) == 2


def test_the_chats_that_bounce_most_come_first_and_all_are_counted(team: Team) -> None:
    for number in range(12):
        team.ok("chat", "add", f"c-{number:02}", "--customer", "Ann", "--owner", "mark")
    for times in range(4):
        for number in range(12):
            if times < 3 or number == 7:
                owner = ("martha", "mark")[times % 2]
                team.ok("bulk-assign", f"c-{number:02}", "--to", owner, "--as", "maria")
    found = team.ok("stats")
    assert found["bouncing_chats"] == 12
    assert len(found["bouncing"]) == 10
    assert [row["chat_id"] for row in found["bouncing"][:2]] == ["c-07", "c-00"]
    assert [row["given_back"] for row in found["bouncing"][:2]] == [3, 2]


def test_in_a_pipe_it_is_the_users_and_then_every_other_count(team: Team, request_id: str) -> None:
    team.ok("reject", request_id, "--reason", "Busy\tnow", "--as", "martha")
    for owner in ("martha", "mark"):
        team.ok("bulk-assign", "chat-1", "--to", owner, "--as", "maria")
    users, others = team.run("stats").out.split("\n\n")
    assert users.splitlines()[1].split("\t")[:3] == ["mark", "3", "0"]
    rows = [line.split("\t") for line in others.splitlines()]
    assert rows[:2] == [["answer", "median", "0s"], ["answer", "90th percentile", "0s"]]
    assert ["outcome", "rejected", "1"] in rows
    assert ["reason", r"Busy\tnow", "1"] in rows
    assert ["hour", "14", "2"] in rows
    assert ["bouncing", "chat-1", "mark", "martha", "1"] in rows


def chart_lines(screen: str, title: str) -> list[str]:
    """The lines under a chart's title and its explanation."""
    return screen.partition(f"{title}\n")[2].partition("\n\n")[0].splitlines()[1:]


@pytest.fixture
def held(team: Team) -> Team:
    """Mark holds 40 chats, Martha 21, Omar 1, and each has had something to hand over."""
    for number in range(6, 63):
        owner = "mark" if number < 43 else "martha"
        team.ok("chat", "add", f"c-{number}", "--customer", "Ann", "--owner", owner)
    for owner in ("martha", "mark"):
        team.ok("bulk-assign", "chat-1", "--to", owner, "--as", "maria")
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    team.ok("reject", "1", "--reason", "long " * 60 + "reason", "--as", "martha")
    return team


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_bars_fit_the_terminal_begin_at_zero_and_have_one_scale(
    held: Team, columns: int, term: str
) -> None:
    screen = at_terminal(held, "stats", columns=columns, env={"TERM": term}).out
    charts = screen.partition("Chats that bounce")[0]
    assert max(cell_len(STYLE.sub("", line)) for line in screen.splitlines()) <= columns
    assert "\x1b" not in charts
    assert charts.isascii() == (term == "dumb")
    bars = {
        words[0]: (words[1], int(words[2]))
        for words in (line.split() for line in chart_lines(screen, "Open chats"))
    }
    lengths = {name: length_of(bar) for name, (bar, _) in bars.items()}
    assert {name: count for name, (_, count) in bars.items()} == {
        "Mark": 40,
        "Martha": 21,
        "Omar": 1,
    }
    assert lengths["Mark"] <= columns
    assert abs(lengths["Martha"] - lengths["Mark"] * 21 / 40) <= 0.5
    assert 0 < lengths["Omar"] <= max(1, lengths["Mark"] / 40 + 0.5)


@pytest.mark.parametrize("columns", [40, 80])
def test_the_heat_strip_has_each_hour_with_its_count_under_it(held: Team, columns: int) -> None:
    screen = at_terminal(held, "stats", columns=columns, env={"TZ": "UTC"}).out
    lines = chart_lines(screen, "Hand-overs by hour of day")
    strip = [line.split() for line in lines if "clock" not in line and line.strip() != "UTC"]
    hours, heights, counts = (list(chain(*strip[row::3])) for row in range(3))
    assert hours == [f"{hour:02}" for hour in range(24)]
    assert {h: c for h, c in zip(hours, counts, strict=True) if c != "0"} == {"14": "2"}
    assert {h: c for h, c in zip(hours, heights, strict=True) if c != "··"} == {"14": "██"}
