"""stats: the numbers are those of the chats and requests, counted by hand."""

from statistics import median

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Team


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
    team.sql("DELETE FROM requests")
    for taken in milliseconds:
        team.sql(
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
    team.sql("DELETE FROM requests")


def test_in_a_pipe_it_is_a_table_of_numbers(team: Team) -> None:
    lines = team.run("stats").out.splitlines()
    assert lines[1].split("\t")[:3] == ["mark", "3", "0"]
