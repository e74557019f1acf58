"""batches: what each bulk assignment did, to be found again and undone."""

import csv
import io
import json

from tests.support.team import Team


def _back_and_forth(team: Team, times: int) -> None:
    for n in range(times):
        team.advance(1)
        team.ok("bulk-assign", "chat-1", "--to", ("omar", "mark")[n % 2], "--as", "maria")


def test_a_batch_is_listed_with_who_made_it_when_and_why(team: Team) -> None:
    words = ("--from", "mark", "--to", "omar", "--reason", "On leave", "--as", "maria")
    team.ok("bulk-assign", *words)
    (batch,) = team.ok("batches")
    assert batch == {
        "id": 1,
        "at": "2026-11-22T14:05:10.000Z",
        "actor": "maria",
        "reason": "On leave",
        "undone_at": None,
        "assigned": 3,
        "from_users": {"mark": 3},
        "to_users": {"omar": 3},
    }


def test_an_undone_batch_says_when(team: Team) -> None:
    team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "maria")
    team.advance(60)
    team.ok("undo", "1", "--as", "maria")
    assert team.ok("batches")[0]["undone_at"] == "2026-11-22T14:06:10.000Z"


def test_a_batch_says_from_whom_and_to_whom_how_many_chats_went(team: Team) -> None:
    chats = ("chat-1", "chat-2", "chat-5")
    team.ok("bulk-assign", *chats, "--to", "martha", "--to", "maria", "--as", "maria")
    team.ok("undo", "1", "--as", "maria")  # which changes nothing of what was done
    (batch,) = team.ok("batches")
    assert batch["from_users"] == {"mark": 2, "omar": 1}
    assert sorted(batch["to_users"]) == ["maria", "martha"]
    assert sum(batch["to_users"].values()) == batch["assigned"] == 3
    (line,) = team.run("batches").out.splitlines()
    assert "mark 2, omar 1" in line.split("\t")
    table = csv.DictReader(io.StringIO(team.run("batches", "--csv").out))
    assert [json.loads(row["from_users"]) for row in table] == [batch["from_users"]]


def test_without_batches_the_list_is_empty(team: Team) -> None:
    assert team.ok("batches") == []
    assert team.run("batches", "--jsonl").out == ""


def test_machines_see_all_oldest_first_and_people_the_newest_first(team: Team) -> None:
    _back_and_forth(team, 51)
    document = team.ok("batches")
    assert [batch["id"] for batch in document] == list(range(1, 52))
    shown = team.run("batches")
    lines = shown.out.splitlines()
    newest = [batch["at"] for batch in reversed(document)]
    assert all(at in line for at, line in zip(newest, lines, strict=True))
    assert shown.err == ""


def test_a_limit_below_nothing_is_a_usage_error(team: Team) -> None:
    assert team.refused("batches", "--limit", "-1") == (2, "usage")


def test_the_batch_of_a_deactivation_is_listed_and_can_be_undone(team: Team) -> None:
    team.ok("user", "deactivate", "mark", "--reassign-to", "omar", "--as", "maria")
    assert [batch["assigned"] for batch in team.ok("batches")] == [3]
    team.ok("user", "activate", "mark")
    assert team.ok("undo", "1", "--as", "maria")["undone"] == 3
