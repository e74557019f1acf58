"""requests: the list, for people and for machines."""

import csv
import io
import json
from typing import Any

import pytest

from tests.support.team import Team

COLUMNS = [
    "id",
    "chat_id",
    "customer",
    "requester_id",
    "recipient_id",
    "recipient_role",
    "status",
    "note",
    "reason",
    "requested_at",
    "expires_at",
    "resolved_at",
    "from_user",
    "previous_request_id",
    "fallbacks",
]


@pytest.fixture
def busy(team: Team) -> Team:
    """A request in each status: 1 accepted, 2 rejected, … in this order, and 6 pending."""
    reason = ("--reason", "In a meeting")
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    team.ok("accept", "1", "--as", "martha")
    team.ok("assign", "chat-2", "--to", "omar", "--as", "mark")
    team.ok("reject", "2", *reason, "--as", "omar")
    team.ok("assign", "chat-2", "--to", "martha", "--as", "maria")
    team.ok("withdraw", "3", *reason, "--as", "maria")
    team.ok("assign", "chat-2", "--to", "martha", "--as", "mark")
    team.advance(120)
    team.ok("assign", "chat-2", "--to", "omar", "--as", "mark")
    team.ok("chat", "close", "chat-2")
    team.ok("assign", "chat-5", "--to", "maria", "--as", "omar")
    return team


def ids(team: Team, *words: str) -> list[int]:
    return [row["id"] for row in team.ok("requests", *words)]


def csv_rows(team: Team, *words: str) -> list[dict[str, Any]]:
    out = team.run("requests", "--csv", *words).out
    return list(csv.DictReader(io.StringIO(out, newline="")))


def test_without_requests_the_list_is_empty(team: Team) -> None:
    assert team.ok("requests") == []
    assert team.run("requests", "--jsonl").out == ""
    assert team.run("requests", "--csv").out.splitlines()[0].split(",") == COLUMNS


def test_a_request_has_the_columns_of_its_table(busy: Team) -> None:
    for row in busy.ok("requests"):
        assert list(row) == COLUMNS
    stored = busy.rows(
        "SELECT id, chat_id, status, requested_at, expires_at FROM requests ORDER BY id"
    )
    listed = [
        tuple(row[key] for key in ("id", "chat_id", "status", "requested_at", "expires_at"))
        for row in busy.ok("requests")
    ]
    assert listed == stored


def test_the_three_forms_for_machines_say_the_same(busy: Team) -> None:
    listed = busy.ok("requests")
    lines = busy.run("requests", "--jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == listed
    as_text = [
        {key: "" if value is None else str(value) for key, value in row.items()} for row in listed
    ]
    assert csv_rows(busy) == as_text


FILTERS = {
    ("--status", "pending"): [6],
    ("--status", "accepted"): [1],
    ("--status", "rejected"): [2],
    ("--status", "withdrawn"): [3],
    ("--status", "timed_out"): [4],
    ("--status", "cancelled"): [5],
    ("--chat", "chat-2"): [2, 3, 4, 5],
    ("--requester", "maria"): [3],
    ("--recipient", "martha"): [1, 3, 4],
    ("--recipient", "martha", "--chat", "chat-2", "--requester", "mark"): [4],
    ("--recipient", "martha", "--status", "pending"): [],
}


def test_filters_narrow_the_list_together(busy: Team) -> None:
    for words, found in FILTERS.items():
        assert ids(busy, *words) == found, words


def test_a_status_that_does_not_exist_is_a_usage_error(team: Team) -> None:
    assert team.refused("requests", "--status", "done") == (2, "usage")


def test_a_filter_by_status_goes_by_the_deadline_not_by_the_sweep(busy: Team) -> None:
    busy.advance(120)
    assert ids(busy, "--status", "pending") == []
    for word in ("timed_out", "Timed Out", "TIMED-OUT"):
        assert ids(busy, "--status", word) == [4, 6], word


def test_machines_read_oldest_first_and_people_newest_first(busy: Team) -> None:
    assert ids(busy) == [1, 2, 3, 4, 5, 6]
    lines = busy.run("requests").out.splitlines()
    assert [line.split()[0] for line in lines] == ["6", "5", "4", "3", "2", "1"]


def test_people_read_the_statuses_as_words(busy: Team) -> None:
    shown = busy.run("requests").out
    for label in ("Pending", "Accepted", "Rejected", "Withdrawn", "Timed Out", "Cancelled"):
        assert label in shown


def send_51_requests(team: Team) -> None:
    """On one chat, each timed out by the next."""
    for _ in range(51):
        team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", "1s")
        team.advance(1)


def test_a_list_that_was_cut_says_so_and_how_to_see_the_rest(team: Team) -> None:
    send_51_requests(team)
    first_page = team.run("requests", "--limit", "50")
    assert len(first_page.out.splitlines()) == 50
    assert "50" in first_page.err
    assert "--limit" in first_page.err
    for all_of_them in ("0", "51"):
        result = team.run("requests", "--limit", all_of_them)
        assert (len(result.out.splitlines()), result.err) == (51, "")


def test_machines_get_all_unless_they_say_how_many(team: Team) -> None:
    send_51_requests(team)
    assert len(ids(team)) == 51
    assert len(team.run("requests", "--jsonl").out.splitlines()) == 51
    assert len(csv_rows(team)) == 51
    assert len(ids(team, "--limit", "0")) == 51
    assert len(ids(team, "--limit", "3")) == 3
    assert len(csv_rows(team, "--limit", "3")) == 3


def test_a_limit_is_a_whole_number(team: Team) -> None:
    for limit in ("-1", "many", "1.5"):
        assert team.refused("requests", "--limit", limit) == (2, "usage")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula_that_a_spreadsheet_would_run(team: Team, text: str) -> None:
    team.ok("chat", "add", "chat-6", "--customer", text, "--owner", "mark")
    team.ok("assign", "chat-6", "--to", "martha", "--as", "mark", "--note", text)
    team.ok("reject", "1", "--reason", text, "--as", "martha")
    row = csv_rows(team)[0]
    inside = text.replace("\t", "\t'")  # where a cell begins if tabs separate
    assert [row["customer"], row["note"], row["reason"]] == [f"'{inside}"] * 3
    assert team.ok("requests")[0]["customer"] == text


@pytest.mark.parametrize("text", ['say "hi", please', "one\ntwo", "a\r\nb", "ñ 田 🙂", " =1"])
def test_other_cells_come_back_from_csv_as_they_went_in(team: Team, text: str) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--note", text)
    assert csv_rows(team)[0]["note"] == text


def test_a_carriage_return_does_not_let_a_formula_out_of_its_cell(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--note", "a\r=1+1")
    assert [row["note"] for row in csv_rows(team)] == ["a\r'=1+1"]


def test_in_a_pipe_a_request_is_one_line_whatever_is_in_it(team: Team) -> None:
    team.ok("chat", "add", "chat-6", "--customer", "a\nb\tc\x1b[31m\u2028d\x85e", "--owner", "mark")
    team.ok("assign", "chat-6", "--to", "martha", "--as", "mark")
    lines = team.run("requests").out.splitlines()
    assert len(lines) == 1
    assert lines[0].split("\t")[3] == r"a\nb\tc\x1b[31m\u2028d\x85e"
