"""tracking: what happened, filtered and folded, the same for every reader."""

import csv
import io
import json
from typing import Any

import pytest

from tests.support.team import Team
from tests.support.terminal import at_terminal

Rows = list[dict[str, Any]]


@pytest.fixture
def story(team: Team) -> Team:
    """A minute apart: mark asks martha, she accepts; mark asks omar in vain; maria's batch."""
    for words in (
        ("assign", "chat-1", "--to", "martha", "--as", "mark"),
        ("accept", "1", "--as", "martha"),
        ("assign", "chat-2", "--to", "omar", "--as", "mark"),
        ("reject", "2", "--reason", "=Busy, sorry", "--as", "omar"),
        ("bulk-assign", "--from", "mark", "--to", "omar", "--as", "maria"),
        ("undo", "1", "--as", "maria"),
    ):
        team.advance(60)
        team.ok(*words)
    return team


def _events(rows: Rows) -> list[str]:
    return [row["event"] for row in rows]


def test_a_row_has_every_column_and_its_detail_is_an_object(story: Team) -> None:
    row = story.ok("tracking", "--request", "1")[0]
    os_user = row.pop("os_user")
    assert os_user
    assert row == {
        "id": row["id"],
        "at": "2026-11-22T14:06:10.000Z",
        "event": "requested",
        "actor": "mark",
        "chat_id": "chat-1",
        "request_id": 1,
        "batch_id": None,
        "from_user": "mark",
        "to_user": "martha",
        "status": "pending",
        "reason": None,
        "detail": {"expires_at": "2026-11-22T14:08:10.000Z", "note": None},
    }


def test_machines_see_the_whole_history_oldest_first(story: Team) -> None:
    rows = story.ok("tracking")
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert [(len(rows),)] == story.rows("SELECT count(*) FROM engagement_tracking")


def test_filters_narrow_the_history_alone_and_together(story: Team) -> None:
    for options, events in (
        (("--chat", "chat-1"), ["opened", "requested", "accepted"]),
        (("--request", "2"), ["requested", "rejected"]),
        (("--batch", "1"), ["assigned", "assigned", "undone", "undone"]),
        (("--event", "accepted"), ["accepted"]),
        (("--event", "Accepted"), ["accepted"]),
        (("--event", "accepted", "--event", "rejected"), ["accepted", "rejected"]),
        (("--chat", "chat-2", "--event", "rejected"), ["rejected"]),
        (("--chat", "chat-2", "--batch", "1"), ["assigned", "undone"]),
        (("--request", "1", "--event", "rejected"), []),
        (("--chat", "chat-1", "--user", "martha", "--event", "accepted"), ["accepted"]),
        (("--chat", "gone"), []),
    ):
        assert _events(story.ok("tracking", *options)) == events, options


def test_a_users_history_is_what_they_did_gave_and_got(story: Team) -> None:
    rows = story.ok("tracking", "--user", "martha")
    assert _events(rows) == ["user_added", "opened", "requested", "accepted"]
    assert "rejected" in _events(story.ok("tracking", "--user", "omar"))
    assert set(_events(story.ok("tracking", "--user", "maria"))) == {
        "user_added",
        "assigned",
        "undone",
    }


def test_times_are_from_since_on_and_before_until(story: Team) -> None:
    for options, events in (
        (("--since", "2026-11-22T14:09:10Z", "--until", "2026-11-22T14:10:10Z"), ["rejected"]),
        (("--since", "2026-11-22T15:09:10+01:00", "--until", "60s"), ["rejected"]),
        (("--since", "2m", "--until", "2026-11-22T19:40:10+05:30"), ["rejected"]),
        (("--since", "1m", "--event", "assigned"), ["assigned", "assigned"]),
        (("--since", "1h", "--event", "accepted"), ["accepted"]),
        (("--until", "2026-11-22T14:05:10Z"), []),
        (("--since", "0s"), ["undone", "undone"]),
    ):
        assert _events(story.ok("tracking", *options)) == events, options


def test_a_time_that_is_none_is_refused(team: Team) -> None:
    for time in ("18:00:00:00", "last week", "", "5 minutes", "99999-01-01T00:00:00Z"):
        assert team.refused("tracking", "--since", time) == (2, "invalid_value"), time
        assert team.refused("tracking", "--until", time) == (2, "invalid_value"), time


@pytest.mark.parametrize("command", ["tracking", "stats"])
def test_a_period_that_ends_before_it_begins_is_refused(team: Team, command: str) -> None:
    assert team.refused(command, "--since", "1h", "--until", "2h") == (2, "invalid_value")
    assert team.run(command, "--since", "1h", "--until", "1h").exit_code == 0


def test_a_filter_that_is_none_is_a_usage_error(team: Team) -> None:
    for words in (("--event", "eaten"), ("--request", "0"), ("--batch", "x")):
        assert team.refused("tracking", *words) == (2, "usage"), words


@pytest.mark.parametrize("options", [(), ("--records",), ("--chat", "chat-2")])
def test_json_lines_and_csv_say_the_same_as_json(story: Team, options: tuple[str, ...]) -> None:
    document: Rows = story.ok("tracking", *options)
    lines = story.run("tracking", *options, "--jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == document
    table = list(csv.DictReader(io.StringIO(story.run("tracking", *options, "--csv").out)))
    assert list(table[0]) == list(document[0])
    for cells, row in zip(table, document, strict=True):
        for name, value in row.items():
            if name == "detail":
                assert json.loads(cells[name] or "null") == value
            else:
                harmless = f"'{value}" if str(value).startswith("=") else value
                assert cells[name] == ("" if value is None else str(harmless))


@pytest.fixture
def long(team_now: Team) -> Team:
    """More than fifty rows."""
    for n in range(51):
        team_now.ok("user", "set", "mark", "--name", f"Mark {n}")
    return team_now


def test_at_a_terminal_people_see_the_newest_fifty_and_that_there_are_more(long: Team) -> None:
    shown = at_terminal(long, "tracking", "--user", "mark", columns=200).out
    assert shown.count("user changed") == 50
    assert shown.rstrip().endswith("There are more than 50; --limit 0 shows them all.")
    everything = at_terminal(long, "tracking", "--user", "mark", "--limit", "0", columns=200).out
    assert everything.count("user changed") == 51
    assert "more than" not in everything


def test_in_a_pipe_a_list_is_whole_and_newest_first_for_people(long: Team) -> None:
    newest_first = [row["at"] for row in reversed(long.ok("tracking"))]
    shown = long.run("tracking")
    assert shown.err == ""
    assert [line.split("\t")[0] for line in shown.out.splitlines()] == newest_first
    few = long.run("tracking", "--limit", "2")
    assert few.out.splitlines() == shown.out.splitlines()[:2]
    assert "more than 2" in few.err


def test_a_limit_that_leaves_nothing_out_says_nothing(team: Team) -> None:
    count = len(team.ok("tracking"))
    assert team.run("tracking", "--limit", str(count)).err == ""


def test_what_people_say_in_reasons_is_shown_and_not_obeyed(team: Team, request_id: str) -> None:
    team.ok("reject", request_id, "--reason", "\x1b[2Jno\nway", "--as", "martha")
    (line,) = team.run("tracking", "--event", "rejected").out.splitlines()
    assert "\x1b" not in line


def test_the_folded_history_has_one_record_for_each_assignment(story: Team) -> None:
    records = story.ok("tracking", "--records")
    assert [(r["kind"], r["chat_id"], r["status"]) for r in records] == [
        ("request", "chat-1", "accepted"),
        ("request", "chat-2", "rejected"),
        ("direct", "chat-2", "undone"),
        ("direct", "chat-3", "undone"),
    ]


def test_people_see_the_records_of_one_moment_too_in_reverse(story: Team) -> None:
    chats = [record["chat_id"] for record in story.ok("tracking", "--records")]
    shown = story.run("tracking", "--records").out.splitlines()
    assert [line.split("\t")[2] for line in shown] == chats[::-1]


def test_records_are_found_by_when_they_last_changed(team: Team) -> None:
    for chat, timeout in (("chat-1", "off"), ("chat-2", "1m"), ("chat-3", "off")):
        team.ok("assign", chat, "--to", "martha", "--as", "mark", "--timeout", timeout)
    team.advance(120)
    team.ok("accept", "1", "--as", "martha")
    team.ok("bulk-assign", "chat-5", "--to", "martha", "--as", "maria")
    team.advance(120)
    team.ok("undo", "1", "--as", "maria")

    def chats(*options: str) -> list[str]:
        return [record["chat_id"] for record in team.ok("tracking", "--records", *options)]

    assert chats("--since", "1m") == ["chat-5"]  # undone
    assert chats("--since", "2m") == ["chat-1", "chat-5"]  # accepted then
    assert chats("--since", "3m") == ["chat-1", "chat-2", "chat-5"]  # timed out, by itself
    assert chats("--until", "3m") == ["chat-3"]  # still pending


def test_records_take_the_same_filters(story: Team) -> None:
    for options, chats in (
        (("--chat", "chat-2"), ["chat-2", "chat-2"]),
        (("--request", "1"), ["chat-1"]),
        (("--batch", "1"), ["chat-2", "chat-3"]),
        (("--user", "martha"), ["chat-1"]),
        (("--event", "accepted", "--event", "undone"), ["chat-1", "chat-2", "chat-3"]),
        (("--since", "2026-11-22T14:10:10Z"), ["chat-2", "chat-3"]),
        (("--until", "2026-11-22T14:08:10Z"), ["chat-1"]),
        (("--chat", "chat-2", "--user", "mark", "--until", "1m"), ["chat-2"]),
    ):
        records = story.ok("tracking", "--records", *options)
        assert [record["chat_id"] for record in records] == chats, options
