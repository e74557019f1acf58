"""take, and queues: chats of nobody yet, which whoever is free takes."""

from pathlib import Path

import pytest

from tests.support.team import Team, together


@pytest.fixture
def queue(team: Team) -> Team:
    """The demo team with a queue, sales, that holds chat-11 to chat-13; 12 is the oldest."""
    team.ok("user", "add", "sales", "--name", "Sales", "--role", "queue", "--alias", "Team Sales")
    for number, minutes in ((12, 0), (11, 1), (13, 1)):
        team.advance(60 * minutes)
        words = ("--customer", f"Customer {number}", "--owner", "team sales")
        team.ok("chat", "add", f"chat-{number}", *words)
    return team


def _notified(team: Team, user: str) -> list[tuple[object, ...]]:
    return team.rows("SELECT text FROM notifications WHERE recipient_id = :user", user=user)


# Taking


def test_a_user_takes_chats_of_a_queue_at_once_as_one_batch(queue: Team) -> None:
    taken = queue.ok("take", "chat-11", "chat-12", "--as", "martha")
    assert taken == {
        "batch_id": 1,
        "assigned": 2,
        "unchanged": 0,
        "cancelled_requests": 0,
        "recipients": {"martha": 2},
        "dry_run": False,
    }
    assert queue.history(batch_id=1) == [("assigned", "martha", "sales", "martha", None)] * 2
    records = queue.ok("tracking", "--records", "--batch", "1")
    assert [(r["kind"], r["status"], r["from_user"]) for r in records] == [
        ("direct", "assigned", "sales")
    ] * 2
    assert queue.ok("requests") == []


def test_without_names_it_is_the_oldest_of_a_queue(queue: Team) -> None:
    queue.ok("take", "--from", "sales", "--as", "martha")
    assert queue.owner("chat-12") == "martha"
    taken = queue.ok("take", "--from", "TEAM SALES", "--oldest", "5", "--as", "omar")
    assert taken["recipients"] == {"omar": 2}
    taken = queue.ok("take", "--from", "sales", "--as", "omar")
    assert (taken["batch_id"], taken["assigned"]) == (None, 0)
    assert queue.run("take", "--from", "sales", "--as", "omar").out == "No open chat is in sales.\n"


def test_closed_chats_stay_in_the_queue(queue: Team) -> None:
    queue.ok("chat", "close", "chat-12")
    queue.ok("take", "--from", "sales", "--as", "martha")
    assert queue.owner("chat-11") == "martha"
    words = ("take", "chat-12", "--as", "martha")
    assert queue.refused_leaving_no_trace(*words) == (4, "chat_closed")


def test_people_see_which_chats_they_took(queue: Team) -> None:
    shown = queue.run("take", "--from", "sales", "--oldest", "2", "--as", "martha").out
    assert "chat-12 (Customer 12), from sales" in shown
    assert "2 chats, 1 -> 3 open chats" in shown


def test_undo_gives_them_back_to_the_queue(queue: Team) -> None:
    queue.ok("take", "chat-11", "--as", "martha")
    assert queue.ok("undo", "1", "--as", "martha")["undone"] == 1
    assert queue.owner("chat-11") == "sales"


def test_a_request_that_a_manager_sent_for_it_is_cancelled(queue: Team) -> None:
    queue.ok("assign", "chat-11", "--to", "omar", "--as", "maria")
    assert queue.ok("take", "chat-11", "--as", "martha")["cancelled_requests"] == 1


def test_what_somebody_else_has_taken_is_refused_whole(queue: Team) -> None:
    queue.ok("take", "chat-11", "--as", "martha")
    words = ("take", "chat-12", "chat-11", "--as", "omar")
    assert queue.refused_leaving_no_trace(*words) == (4, "already_taken")
    assert "Martha has taken chat 'chat-11'" in queue.run(*words).err
    assert queue.ok("take", "chat-11", "--as", "martha")["unchanged"] == 1


def test_chats_of_users_are_for_managers_to_take(queue: Team) -> None:
    words = ("take", "chat-1", "--as", "martha")
    assert queue.refused_leaving_no_trace(*words) == (5, "not_owner")
    assert queue.ok("take", "chat-1", "chat-11", "--as", "maria")["recipients"] == {"maria": 2}
    assert queue.owner("chat-1") == "maria"


def test_who_takes_must_be_active_and_name_what_there_is(queue: Team) -> None:
    queue.ok("user", "deactivate", "omar", "--reassign-to", "mark")
    assert queue.refused("take", "chat-11", "--as", "omar") == (4, "user_inactive")
    assert queue.refused("take", "chat-99", "--as", "mark") == (3, "chat_not_found")
    assert queue.refused("take", "--from", "nobody", "--as", "mark") == (3, "user_not_found")
    assert queue.refused("take", "--from", "martha", "--as", "mark") == (2, "wrong_user_type")
    for words in ((), ("chat-11", "--from", "sales"), ("chat-11", "--oldest", "2")):
        assert queue.refused("take", *words, "--as", "mark") == (2, "usage")


# A queue is no person


def test_a_queue_is_never_asked(queue: Team) -> None:
    asked = ("assign", "chat-1", "--as", "mark", "--to")
    assert queue.refused_leaving_no_trace(*asked, "sales") == (2, "wrong_user_type")
    assert "bulk-assign CHAT --to sales" in queue.run(*asked, "sales").err
    assert queue.refused(*asked, "martha", "--then", "sales") == (2, "wrong_user_type")
    assert queue.refused(*asked, "martha", "--to-type", "queue") == (2, "usage")


@pytest.mark.parametrize(
    "words", ["inbox", "take chat-11", "bulk-assign chat-11 --to martha", "away"]
)
def test_a_queue_does_nothing(queue: Team, words: str) -> None:
    refused = queue.refused_leaving_no_trace(*words.split(), "--as", "sales")
    assert refused == (2, "wrong_user_type")
    assert queue.refused("user", "away", "sales") == (2, "wrong_user_type")


def test_chats_go_back_to_a_queue_in_bulk_and_it_is_told_nothing(queue: Team) -> None:
    done = queue.ok("bulk-assign", "--from", "mark", "--to", "sales", "--as", "mark")
    assert done["recipients"] == {"sales": 3}
    queue.ok("user", "deactivate", "omar", "--reassign-to", "sales")
    assert queue.owner("chat-5") == "sales"
    queue.ok("undo", "1", "--as", "maria")
    assert _notified(queue, "sales") == []


def test_a_queue_is_not_named_as_somebody_who_is_there(queue: Team) -> None:
    queue.ok("user", "away", "martha")
    hint = queue.run("assign", "chat-1", "--to", "martha", "--as", "mark").err
    assert "Present, least loaded first: maria, omar." in hint


def test_a_user_who_becomes_a_queue_is_asked_no_more(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--then", "omar", "--as", "mark")
    team.ok("assign", "chat-4", "--to", "omar", "--as", "martha")
    team.ok("assign", "chat-2", "--to", "omar", "--as", "mark")
    team.ok("user", "set", "martha", "--role", "queue")
    statuses = team.rows("SELECT status FROM requests ORDER BY id")
    assert statuses == [("cancelled",), ("cancelled",), ("pending",)]
    told = len(_notified(team, "martha"))
    team.ok("bulk-assign", "chat-3", "--to", "martha", "--as", "mark")
    assert len(_notified(team, "martha")) == told


def test_a_chain_passes_over_who_has_become_a_queue(team: Team) -> None:
    then = ("--then", "omar", "--then", "maria")
    team.ok("assign", "chat-1", "--to", "martha", *then, "--as", "mark")
    team.ok("user", "set", "omar", "--role", "queue")
    team.ok("reject", "1", "--reason", "Busy", "--as", "martha")
    assert team.ok("requests", "--status", "pending")[0]["recipient_id"] == "maria"


def test_an_import_brings_queues_and_their_chats(team: Team) -> None:
    Path("users.csv").write_text("id,role,alias\nq1,queue,Pool North\n")
    Path("chats.csv").write_text("id,customer,owner_id\nchat-9,Ann,pool north\n")
    team.ok("import", "users", "users.csv")
    team.ok("import", "chats", "chats.csv")
    assert team.ok("take", "--from", "pool north", "--as", "martha")["assigned"] == 1


# Two at once


def test_of_those_who_take_the_same_chat_at_once_exactly_one_gets_it(team_now: Team) -> None:
    team_now.ok("user", "add", "sales", "--role", "queue")
    for number in range(3):
        chat = f"new-{number}"
        team_now.ok("chat", "add", chat, "--customer", "Ann", "--owner", "sales")
        takers = ["mark", "martha", "omar"]
        results = together(team_now, *[("take", chat, "--as", u, "--json") for u in takers])
        won = [user for user, done in zip(takers, results, strict=True) if done.exit_code == 0]
        assert [team_now.owner(chat)] == won
        refused = [done.error for done in results if done.exit_code != 0]
        assert refused == ["already_taken"] * 2
        assert len(team_now.history(chat_id=chat, event="assigned")) == 1
    assert team_now.run("check", "--full").exit_code == 0
