"""undo: each chat that a batch moved goes back, unless somebody has decided about it since."""

from pathlib import Path

import pytest

from assignchat.store.batches import SLICE
from tests.support.team import Team


@pytest.fixture
def batch(team: Team) -> str:
    """Maria has given mark's three chats to martha."""
    done = team.ok("bulk-assign", "--from", "mark", "--to", "martha", "--as", "maria")
    return str(done["batch_id"])


def _owners(team: Team) -> list[str]:
    return [team.owner(f"chat-{n}") for n in (1, 2, 3)]


def test_undoing_gives_the_chats_back(team: Team, batch: str) -> None:
    done = team.ok("undo", batch, "--as", "maria")
    assert done == {"batch_id": int(batch), "undone": 3, "skipped": 0, "dry_run": False}
    assert _owners(team) == ["mark", "mark", "mark"]
    assert team.owner("chat-4") == "martha"


def test_the_last_batch_is_the_actors_newest_that_is_not_undone(team: Team, batch: str) -> None:
    team.ok("bulk-assign", "chat-5", "--to", "martha", "--as", "omar")
    team.ok("bulk-assign", "chat-4", "--to", "omar", "--as", "maria")
    assert team.ok("undo", "--last", "--as", "maria", "--dry-run")["batch_id"] == 3
    undone = [team.ok("undo", "--last", "--as", "maria")["batch_id"] for _ in range(2)]
    assert undone == [3, int(batch)]
    assert team.refused("undo", "--last", "--as", "maria") == (3, "batch_not_found")
    assert team.refused("undo", "--last", "--as", "martha") == (3, "batch_not_found")
    assert team.ok("undo", "--last", "--as", "omar")["batch_id"] == 2


@pytest.mark.parametrize("words", [(), ("1", "--last")])
def test_which_batch_is_meant_is_said_once(team: Team, batch: str, words: tuple[str, ...]) -> None:
    assert batch == "1"
    assert team.refused("undo", *words, "--as", "maria") == (2, "usage")


def test_each_chat_given_back_has_one_tracking_row(team: Team, batch: str) -> None:
    team.ok("undo", batch, "--as", "maria")
    assert team.history(event="undone") == [("undone", "maria", "martha", "mark", None)] * 3
    assert len(team.history(batch_id=int(batch))) == 6


def test_the_records_of_what_went_back_say_undone(team: Team, batch: str) -> None:
    team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "maria")
    team.ok("undo", batch, "--as", "maria")
    records = team.ok("tracking", "--records", "--batch", batch)
    assert {record["chat_id"]: record["status"] for record in records} == {
        "chat-1": "assigned",
        "chat-2": "undone",
        "chat-3": "undone",
    }


def test_each_chat_goes_back_to_its_own_owner_before(team: Team) -> None:
    words = ("chat-1", "chat-4", "chat-5", "--to", "maria", "--as", "maria")
    batch = str(team.ok("bulk-assign", *words)["batch_id"])
    team.ok("undo", batch, "--as", "maria")
    assert [team.owner(f"chat-{n}") for n in (1, 4, 5)] == ["mark", "martha", "omar"]


def test_a_chat_that_has_changed_hands_since_stays(team: Team, batch: str) -> None:
    team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "maria")
    done = team.ok("undo", batch, "--as", "maria")
    assert (done["undone"], done["skipped"]) == (2, 1)
    assert _owners(team) == ["omar", "mark", "mark"]


def test_a_chat_that_went_away_and_came_back_stays_too(team: Team, batch: str) -> None:
    for sender, recipient in (("martha", "omar"), ("omar", "martha")):
        team.ok("assign", "chat-1", "--to", recipient, "--as", sender)
        team.ok("accept", "--chat", "chat-1", "--as", recipient)
    done = team.ok("undo", batch, "--as", "maria")
    assert (done["undone"], done["skipped"]) == (2, 1)
    assert _owners(team) == ["martha", "mark", "mark"]


def test_a_chat_that_was_closed_since_goes_back_closed(team: Team, batch: str) -> None:
    team.ok("chat", "close", "chat-1")
    assert team.ok("undo", batch, "--as", "maria")["undone"] == 3
    assert team.rows("SELECT owner_id, status FROM chats WHERE id = 'chat-1'") == [
        ("mark", "closed")
    ]


def test_an_import_that_left_the_owner_alone_does_not_hold_a_chat_back(
    team: Team, batch: str
) -> None:
    Path("chats.csv").write_text("id,customer\nchat-1,Priya N.\n", encoding="utf-8")
    team.ok("import", "chats", "chats.csv")
    assert team.ok("undo", batch, "--as", "maria")["undone"] == 3


def test_where_every_chat_has_moved_on_nothing_goes_back(team: Team, batch: str) -> None:
    team.ok("bulk-assign", "--from", "martha", "--to", "omar", "--as", "maria")
    done = team.ok("undo", batch, "--as", "maria")
    assert (done["undone"], done["skipped"]) == (0, 3)


def test_a_batch_is_undone_once(team: Team, batch: str) -> None:
    team.ok("undo", batch, "--as", "maria")
    assert team.refused_leaving_no_trace("undo", batch, "--as", "maria") == (4, "batch_undone")


def test_only_a_manager_or_whoever_made_the_batch_may_undo_it(team: Team) -> None:
    batch = str(team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "mark")["batch_id"])
    before = team.snapshot()
    for other in ("omar", "martha"):
        assert team.refused("undo", batch, "--as", other) == (5, "not_allowed")
    assert team.snapshot() == before
    assert team.ok("undo", batch, "--as", "mark")["undone"] == 1


def test_a_manager_may_undo_what_somebody_else_did(team: Team) -> None:
    batch = str(team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "mark")["batch_id"])
    assert team.ok("undo", batch, "--as", "maria")["undone"] == 1


def test_a_dry_run_says_the_same_and_writes_nothing(team: Team, batch: str) -> None:
    team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "maria")
    before = team.snapshot()
    planned = team.ok("undo", batch, "--dry-run", "--as", "maria")
    assert team.snapshot() == before
    assert planned == {"batch_id": int(batch), "undone": 2, "skipped": 1, "dry_run": True}
    assert team.ok("undo", batch, "--as", "maria") == planned | {"dry_run": False}


def test_a_pending_request_on_a_chat_that_goes_back_is_cancelled(team: Team, batch: str) -> None:
    request = team.ok("assign", "chat-1", "--to", "omar", "--as", "martha")["id"]
    team.ok("undo", batch, "--as", "maria")
    assert team.history(request_id=request, batch_id=int(batch)) == [
        ("cancelled", "maria", "martha", "omar", "cancelled")
    ]
    assert "Your chat assignment request to Omar was cancelled." in team.notices("martha")
    assert "The chat assignment request from Martha was cancelled." in team.notices("omar")


def test_a_request_past_its_deadline_has_timed_out_and_is_not_cancelled(
    team: Team, batch: str
) -> None:
    request = team.ok("assign", "chat-1", "--to", "omar", "--as", "martha")["id"]
    team.advance(120)
    team.ok("undo", batch, "--as", "maria")
    assert team.history(request_id=request)[1:] == [
        ("timed_out", "system", "martha", "omar", "timed_out")
    ]


def test_both_sides_are_told_once(team: Team, batch: str) -> None:
    team.ok("undo", batch, "--as", "maria")
    regained = [text for text in team.notices("mark") if "undone" in text]
    lost = [text for text in team.notices("martha") if "undone" in text]
    assert len(regained) == len(lost) == 1
    assert "3 chats" in regained[0]


def test_nothing_goes_back_to_somebody_who_has_left(team: Team, batch: str) -> None:
    team.ok("user", "deactivate", "mark")
    assert team.refused_leaving_no_trace("undo", batch, "--as", "maria") == (4, "user_inactive")
    team.ok("user", "activate", "mark")
    assert team.ok("undo", batch, "--as", "maria")["undone"] == 3


def test_somebody_who_has_left_is_no_obstacle_where_they_would_get_nothing_back(
    team: Team,
) -> None:
    batch = team.ok("bulk-assign", "chat-4", "chat-5", "--to", "maria", "--as", "maria")["batch_id"]
    team.ok("bulk-assign", "chat-5", "--to", "mark", "--as", "maria")
    team.ok("user", "deactivate", "omar")
    done = team.ok("undo", str(batch), "--as", "maria")
    assert (done["undone"], done["skipped"]) == (1, 1)
    assert team.owner("chat-4") == "martha"


def test_a_batch_that_is_none_is_not_found(team: Team) -> None:
    assert team.refused("undo", "7", "--as", "maria") == (3, "batch_not_found")


@pytest.mark.parametrize("word", ["seven", "0", "-1", "9" * 30])
def test_what_is_no_number_is_a_usage_error(team: Team, word: str) -> None:
    result = team.run("undo", "--as", "maria", "--", word)
    assert (result.exit_code, result.out) == (2, "")


def test_a_batch_larger_than_one_slice_goes_back_whole(team: Team) -> None:
    count = 2 * SLICE + 1
    rows = "".join(f"c-{n:05},A,omar\n" for n in range(count))
    Path("chats.csv").write_text("id,customer,owner_id\n" + rows, encoding="utf-8")
    team.ok("import", "chats", "chats.csv")
    words = ("--from", "omar", "--to", "martha", "--to", "mark", "--as", "maria")
    batch = str(team.ok("bulk-assign", *words)["batch_id"])
    team.ok("bulk-assign", "c-00000", "--to", "maria", "--as", "maria")
    done = team.ok("undo", batch, "--as", "maria")
    assert (done["undone"], done["skipped"]) == (count, 1)
    assert team.rows("SELECT count(*) FROM chats WHERE owner_id = 'omar'") == [(count,)]
