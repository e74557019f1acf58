"""bulk-assign: many chats at once, directly, all or nothing, with a record for each."""

from pathlib import Path

import pytest

from assignchat.store.batches import SLICE
from tests.support.team import Team


def _owned(team: Team) -> dict[str, int]:
    return dict(team.rows("SELECT owner_id, count(*) FROM chats GROUP BY owner_id"))


def test_chats_named_by_their_ids_go_to_the_recipient(team: Team) -> None:
    done = team.ok("bulk-assign", "chat-1", "chat-3", "--to", "martha", "--as", "maria")
    assert done == {
        "batch_id": 1,
        "assigned": 2,
        "unchanged": 0,
        "cancelled_requests": 0,
        "recipients": {"martha": 2},
        "dry_run": False,
    }
    assert [team.owner(f"chat-{n}") for n in (1, 2, 3)] == ["martha", "mark", "martha"]


def test_ids_stand_one_a_line_in_a_file(team: Team) -> None:
    Path("ids.txt").write_text("\ufeffchat-1\r\n\r\nchat-2\n", encoding="utf-8", newline="")
    done = team.ok("bulk-assign", "--ids-from", "ids.txt", "--to", "omar", "--as", "maria")
    assert done["assigned"] == 2
    assert team.owner("chat-1") == team.owner("chat-2") == "omar"


def test_ids_may_come_from_both_arguments_and_a_file(team: Team) -> None:
    Path("ids.txt").write_text("chat-2", encoding="utf-8")
    words = ("chat-1", "--ids-from", "ids.txt", "--to", "omar", "--as", "maria")
    assert team.ok("bulk-assign", *words)["assigned"] == 2


def test_ids_may_come_through_a_pipe(team: Team) -> None:
    words = ("bulk-assign", "--ids-from", "-", "--to", "omar", "--as", "maria", "--json")
    result = team.process(*words, stdin="chat-1\nchat-4\n")
    assert (result.exit_code, result.err) == (0, "")
    assert result.json["recipients"] == {"omar": 2}
    assert team.owner("chat-4") == "omar"


@pytest.mark.parametrize(
    ("options", "moved"),
    [
        ((), {"chat-1", "chat-2", "chat-3"}),
        (("--status", "all"), {"chat-1", "chat-2", "chat-3"}),
        (("--status", "open"), {"chat-2", "chat-3"}),
        (("--status", "closed"), {"chat-1"}),
    ],
)
def test_all_chats_of_an_owner_or_those_of_one_status_are_assigned(
    team: Team, options: tuple[str, ...], moved: set[str]
) -> None:
    team.ok("chat", "close", "chat-1")
    done = team.ok("bulk-assign", "--from", "mark", *options, "--to", "omar", "--as", "maria")
    assert done["assigned"] == len(moved)
    chats = {chat for (chat,) in team.rows("SELECT id FROM chats WHERE owner_id = 'omar'")}
    assert chats - {"chat-5"} == moved


def test_each_chat_gets_one_tracking_row_and_one_record(team: Team) -> None:
    words = ("--from", "mark", "--to", "martha", "--reason", "On leave", "--as", "maria")
    batch = team.ok("bulk-assign", *words)["batch_id"]
    assert team.history(batch_id=batch) == [("assigned", "maria", "mark", "martha", None)] * 3
    records = team.ok("tracking", "--records", "--batch", str(batch))
    assert sorted(record["chat_id"] for record in records) == ["chat-1", "chat-2", "chat-3"]
    assert {record["reason"] for record in records} == {"On leave"}


@pytest.mark.parametrize("split", ["even", "least-loaded"])
def test_chats_named_by_id_are_shared_out_each_to_one_recipient(team: Team, split: str) -> None:
    chats = ("chat-1", "chat-2", "chat-3")
    to = ("--to", "martha", "--to", "omar", "--to", "maria")
    done = team.ok("bulk-assign", *chats, *to, "--split", split, "--as", "maria")
    assert done["assigned"] == 3
    assert _owned(team) == {
        "martha": 1 + done["recipients"]["martha"],
        "omar": 1 + done["recipients"]["omar"],
        "maria": done["recipients"]["maria"],
    }
    assert [len(team.history(event="assigned", chat_id=chat)) for chat in chats] == [1, 1, 1]


def test_an_even_split_counts_differ_by_at_most_one(team: Team) -> None:
    words = ("--from", "mark", "--to", "martha", "--to", "omar", "--as", "maria")
    done = team.ok("bulk-assign", *words)
    assert sorted(done["recipients"].values()) == [1, 2]
    assert _owned(team) == {user: 1 + count for user, count in done["recipients"].items()}


def test_least_loaded_fills_up_whoever_owns_the_fewest_open_chats(team: Team) -> None:
    team.ok("chat", "add", "chat-6", "--customer", "Ann", "--owner", "omar")
    team.ok("chat", "add", "chat-7", "--customer", "Bob", "--owner", "omar")
    to = ("--to", "martha", "--to", "omar", "--split", "least-loaded")
    done = team.ok("bulk-assign", "--from", "mark", *to, "--as", "maria")
    assert done["assigned"] == 3
    assert sorted(_owned(team).items()) in (
        [("martha", 3), ("omar", 4)],
        [("martha", 4), ("omar", 3)],
    )


def test_a_chat_already_with_its_recipient_is_unchanged_and_gets_no_record(team: Team) -> None:
    done = team.ok("bulk-assign", "chat-1", "chat-4", "--to", "martha", "--as", "maria")
    assert (done["assigned"], done["unchanged"]) == (1, 1)
    assert team.ok("tracking", "--records", "--chat", "chat-4") == []


def test_an_id_or_a_recipient_named_twice_counts_once(team: Team) -> None:
    Path("ids.txt").write_text("chat-1\nchat-1\n", encoding="utf-8")
    words = ("chat-1", "--ids-from", "ids.txt", "--to", "omar", "--to", "omar", "--as", "maria")
    done = team.ok("bulk-assign", *words)
    assert (done["assigned"], done["recipients"]) == (1, {"omar": 1})


def test_unknown_ids_refuse_the_whole_batch_and_up_to_ten_are_named(team: Team) -> None:
    before = team.snapshot()
    unknown = [f"gone-{n:02}" for n in range(12)]
    result = team.run("bulk-assign", "chat-1", *unknown, "--to", "martha", "--as", "maria")
    assert (result.exit_code, result.out) == (3, "")
    assert [name for name in unknown if name in result.err] == unknown[:10]
    assert team.refused("bulk-assign", "gone", "--to", "martha", "--as", "maria") == (
        3,
        "chat_not_found",
    )
    assert team.snapshot() == before


def test_one_recipient_who_cannot_take_part_refuses_the_whole_batch(team: Team) -> None:
    team.ok("user", "add", "jane")
    team.ok("user", "deactivate", "jane")
    team.ok("user", "away", "omar")
    before = team.snapshot()
    both = ("bulk-assign", "--from", "mark", "--as", "maria", "--to", "martha", "--to")
    assert team.refused(*both, "jane") == (4, "user_inactive")
    assert team.refused(*both, "nobody") == (3, "user_not_found")
    assert team.refused(*both, "omar") == (4, "user_away")
    assert team.snapshot() == before
    assert team.ok(*both, "omar", "--anyway")["assigned"] == 3


def test_a_pending_request_on_a_moved_chat_is_cancelled_with_a_row_of_its_own(
    team: Team, request_id: str
) -> None:
    done = team.ok("bulk-assign", "--from", "mark", "--to", "omar", "--as", "maria")
    assert done["cancelled_requests"] == 1
    assert team.rows("SELECT status FROM requests") == [("cancelled",)]
    assert team.history(request_id=int(request_id), batch_id=done["batch_id"]) == [
        ("cancelled", "maria", "mark", "martha", "cancelled")
    ]
    assert "Your chat assignment request to Martha was cancelled." in team.notices("mark")
    assert "The chat assignment request from Mark was cancelled." in team.notices("martha")


def test_a_pending_request_on_a_chat_that_stays_is_left_alone(team: Team, request_id: str) -> None:
    words = ("chat-1", "chat-4", "--to", "mark", "--as", "maria")
    assert team.ok("bulk-assign", *words)["cancelled_requests"] == 0
    assert team.ok("accept", request_id, "--as", "martha")["status"] == "accepted"


def test_a_request_past_its_deadline_has_timed_out_and_is_not_cancelled(
    team: Team, request_id: str
) -> None:
    team.advance(120)
    done = team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "maria")
    assert done["cancelled_requests"] == 0
    assert team.history(request_id=int(request_id))[1:] == [
        ("timed_out", "system", "mark", "martha", "timed_out")
    ]


def test_whoever_would_be_asked_next_about_a_moved_chat_is_not_left_waiting(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--then", "omar", "--as", "mark")
    team.advance(120)
    done = team.ok("bulk-assign", "chat-1", "--to", "maria", "--as", "maria")
    assert done["cancelled_requests"] == 1
    assert team.rows("SELECT recipient_id, status FROM requests ORDER BY id") == [
        ("martha", "timed_out"),
        ("omar", "cancelled"),
    ]


def test_a_deadline_that_has_passed_is_recorded_even_if_the_batch_is_refused(
    team: Team, request_id: str
) -> None:
    team.advance(120)
    refused = team.refused("bulk-assign", "chat-1", "--to", "omar", "--as", "martha")
    assert refused == (5, "not_owner")
    assert len(team.history(request_id=int(request_id), event="timed_out")) == 1


def test_a_dry_run_says_the_same_and_writes_nothing(team: Team, request_id: str) -> None:
    words = ("bulk-assign", "--from", "mark", "--to", "martha", "--to", "omar", "--as", "maria")
    before = team.snapshot()
    planned = team.ok(*words, "--dry-run")
    assert team.snapshot() == before
    assert (planned["batch_id"], planned["dry_run"]) == (None, True)
    done = team.ok(*words)
    assert done == planned | {"batch_id": 1, "dry_run": False}
    assert done["cancelled_requests"] == 1
    assert request_id == "1"


def test_a_dry_run_records_no_deadline_and_is_refused_as_the_real_thing(
    team: Team, request_id: str
) -> None:
    team.advance(120)
    before = team.snapshot()
    planned = team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "maria", "--dry-run")
    assert planned["cancelled_requests"] == 0
    words = ("gone", "--to", "omar", "--as", "maria", "--dry-run")
    assert team.refused("bulk-assign", *words) == (3, "chat_not_found")
    assert team.snapshot() == before
    assert request_id == "1"


def test_who_gets_chats_and_who_loses_them_is_told_once_for_each_batch(team: Team) -> None:
    words = ("--from", "mark", "--to", "martha", "--to", "omar", "--as", "maria")
    team.ok("bulk-assign", *words)
    told = team.rows("SELECT recipient_id, batch_id FROM notifications ORDER BY recipient_id")
    assert told == [("mark", 1), ("martha", 1), ("omar", 1)]
    shares = team.rows("SELECT text FROM notifications ORDER BY text")
    assert shares == [
        ("Maria has assigned 1 chat to you.",),
        ("Maria has assigned 2 chats to you.",),
        ("Maria has assigned 3 chats of yours to Martha, Omar.",),
    ]


def test_who_gives_their_own_chats_away_need_not_be_told(team: Team) -> None:
    team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "mark")
    assert team.notices("mark") == []


def test_who_gets_nothing_is_told_nothing(team: Team) -> None:
    team.ok("bulk-assign", "chat-1", "--to", "omar", "--to", "martha", "--as", "maria")
    assert len(team.notices("omar") + team.notices("martha")) == 1


def test_a_user_may_assign_chats_that_are_all_their_own(team: Team) -> None:
    assert team.ok("bulk-assign", "chat-1", "chat-2", "--to", "omar", "--as", "mark")
    assert team.ok("bulk-assign", "--from", "mark", "--to", "omar", "--as", "mark")["assigned"] == 1


def test_a_user_may_not_assign_a_chat_of_anybody_else(team: Team) -> None:
    before = team.snapshot()
    foreign = ("bulk-assign", "chat-1", "chat-4", "--to", "omar", "--as", "mark")
    assert team.refused(*foreign) == (5, "not_owner")
    whole = ("bulk-assign", "--from", "martha", "--to", "mark", "--as", "mark")
    assert team.refused(*whole) == (5, "not_owner")
    assert team.snapshot() == before


def test_the_actor_is_an_active_user(team: Team) -> None:
    team.ok("user", "deactivate", "omar", "--reassign-to", "mark")
    words = ("bulk-assign", "chat-1", "--to", "martha", "--as")
    assert team.refused(*words, "nobody") == (2, "actor_unknown")
    assert team.refused(*words, "omar") == (4, "user_inactive")


def test_nothing_to_assign_is_success_without_a_batch(team: Team) -> None:
    Path("none.txt").write_text("\n", encoding="utf-8")
    before = team.snapshot()
    for words, unchanged in (
        (("--from", "mark", "--to", "mark"), 3),
        (("--from", "maria", "--to", "mark"), 0),
        (("--ids-from", "none.txt", "--to", "mark"), 0),
    ):
        done = team.ok("bulk-assign", *words, "--as", "maria")
        assert (done["batch_id"], done["assigned"], done["unchanged"]) == (None, 0, unchanged)
        told = team.run("bulk-assign", *words, "--as", "maria").out
        assert told == f"Nothing to assign{'; 3 chats unchanged' if unchanged else ''}.\n"
    assert team.snapshot() == before
    assert team.ok("batches") == []


def test_batches_larger_than_one_slice_lose_and_double_nothing(team: Team) -> None:
    count = max(12_000, 2 * SLICE + 1)
    rows = "".join(f"c-{n:05},Customer {n},mark\n" for n in range(count))
    Path("chats.csv").write_text("id,customer,owner_id\n" + rows, encoding="utf-8")
    assert team.ok("import", "chats", "chats.csv")["created"] == count

    words = ("--from", "mark", "--to", "martha", "--to", "omar", "--as", "maria")
    done = team.ok("bulk-assign", *words)
    total = count + 3
    assert done["assigned"] == total
    assert sorted(done["recipients"].values()) == [total // 2, (total + 1) // 2]
    assert _owned(team) == {user: 1 + share for user, share in done["recipients"].items()}
    assert team.rows(
        "SELECT count(*), count(DISTINCT chat_id) FROM engagement_tracking WHERE event = 'assigned'"
    ) == [(total, total)]
    assert team.rows("SELECT count(*) FROM engagement_records") == [(total,)]


def test_of_many_chats_only_those_in_the_file_are_assigned(team: Team) -> None:
    ids = [f"c-{n:05}" for n in range(2 * (SLICE + 1))]
    rows = "".join(f"{chat},A,mark\n" for chat in ids)
    Path("chats.csv").write_text("id,customer,owner_id\n" + rows, encoding="utf-8")
    team.ok("import", "chats", "chats.csv")
    Path("ids.txt").write_text("\n".join(ids[::2]), encoding="utf-8")
    done = team.ok("bulk-assign", "--ids-from", "ids.txt", "--to", "martha", "--as", "maria")
    assert done["assigned"] == SLICE + 1
    moved = team.rows(
        "SELECT id FROM chats WHERE owner_id = 'martha' AND id LIKE 'c-%' ORDER BY id"
    )
    assert [chat for (chat,) in moved] == ids[::2]


def test_a_selection_that_is_none_is_a_usage_error(team: Team) -> None:
    Path("ids.txt").write_text("chat-1\n", encoding="utf-8")
    before = team.snapshot()
    for words in (
        ("chat-1", "--from", "mark", "--to", "martha"),
        ("--ids-from", "ids.txt", "--from", "mark", "--to", "martha"),
        ("--to", "martha"),
        ("chat-1", "--status", "open", "--to", "martha"),
        ("chat-1",),
        ("--from", "mark"),
        ("chat-1", "--to", "martha", "--split", "fair"),
    ):
        assert team.refused("bulk-assign", *words, "--as", "maria") == (2, "usage"), words
    assert team.snapshot() == before


def test_a_status_that_is_none_is_refused(team: Team) -> None:
    words = ("bulk-assign", "--from", "mark", "--status", "shut", "--to", "omar", "--as", "maria")
    assert team.refused(*words)[0] == 2


def test_an_owner_who_is_nobody_is_not_found(team: Team) -> None:
    words = ("bulk-assign", "--from", "nobody", "--to", "omar", "--as", "maria")
    assert team.refused(*words) == (3, "user_not_found")


def test_ids_that_look_like_options_stand_after_two_dashes(team: Team) -> None:
    assert team.run("chat", "add", "--customer", "A", "--owner", "mark", "--", "-rf").exit_code == 0
    words = ("bulk-assign", "--to", "omar", "--as", "maria", "--json", "--", "-rf", "chat-1")
    assert team.run(*words).json["assigned"] == 2
    assert team.owner("-rf") == "omar"


def test_a_file_of_ids_that_cannot_be_read_is_refused(team: Team) -> None:
    Path("latin.txt").write_bytes("chat-é\n".encode("latin-1"))
    before = team.snapshot()
    for source in ("missing.txt", "latin.txt", str(team.folder)):
        words = ("bulk-assign", "--ids-from", source, "--to", "omar", "--as", "maria")
        assert team.refused(*words) == (2, "invalid_value")
        assert source in team.run(*words).err
    assert team.snapshot() == before


def test_a_line_that_is_no_id_is_named_by_its_number(team: Team) -> None:
    Path("ids.txt").write_text("chat-1\n chat-2\n", encoding="utf-8")
    result = team.run("bulk-assign", "--ids-from", "ids.txt", "--to", "omar", "--as", "maria")
    assert result.exit_code == 2
    assert "line 2" in result.err


def test_a_closed_chat_may_change_hands_and_stays_closed(team: Team) -> None:
    team.ok("chat", "close", "chat-1")
    team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "maria")
    assert team.rows("SELECT owner_id, status FROM chats WHERE id = 'chat-1'") == [
        ("omar", "closed")
    ]
