"""user: people join, change, go away, come back and leave, and no chat is left behind."""

import csv
import io
import json
import unicodedata

import pytest

from tests.support.team import Team
from tests.support.terminal import ENTER, at_terminal


def _user(team: Team, user_id: str) -> dict[str, object]:
    users: list[dict[str, object]] = team.ok("user", "list")
    return next(user for user in users if user["id"] == user_id)


def _away_until(team: Team, user_id: str) -> object:
    return _user(team, user_id)["away_until"]


# Adding and changing


def test_a_new_user_is_an_active_user_whose_name_is_the_id(team: Team) -> None:
    added = team.ok("user", "add", "jane")
    assert added == {
        "id": "jane",
        "name": "jane",
        "role": "user",
        "active": True,
        "away_until": None,
        "aliases": [],
        "capacity": None,
    }
    assert _user(team, "jane") == added


def test_a_name_and_a_role_may_be_given(team: Team) -> None:
    added = team.ok("user", "add", "jane", "--name", "Jane Ndlovu", "--role", "manager")
    assert (added["name"], added["role"]) == ("Jane Ndlovu", "manager")


def test_an_id_is_given_once(team: Team) -> None:
    assert team.refused_leaving_no_trace("user", "add", "mark") == (4, "user_exists")


@pytest.mark.parametrize("user", ["system", "SYSTEM"])
def test_nobody_has_the_id_by_which_tracking_names_what_happens_by_itself(
    team: Team, user: str
) -> None:
    add = ("user", "add", user, "--any-id")
    assert team.refused_leaving_no_trace(*add) == (2, "invalid_value")
    (team.folder / "users.csv").write_text(f"id,name\n{user},System\n", encoding="utf-8")
    users = ("import", "users", "users.csv", "--any-id")
    assert team.refused_leaving_no_trace(*users) == (2, "import_invalid")
    assert "line 2: The user id" in team.run(*users).err


def test_adding_and_changing_are_tracked_once_with_who_did_it(team: Team) -> None:
    team.ok("user", "add", "jane", "--as", "maria")
    team.ok("user", "set", "jane", "--role", "manager", "--as", "maria")
    rows = [row for row in team.ok("tracking", "--user", "jane") if row["actor"] == "maria"]
    assert [(row["event"], row["detail"]["id"]) for row in rows] == [
        ("user_added", "jane"),
        ("user_changed", "jane"),
    ]
    assert rows[1]["detail"]["role"] == ["user", "manager"]


def test_a_change_that_changes_nothing_is_no_event(team: Team) -> None:
    before = team.snapshot()
    assert team.ok("user", "set", "mark", "--name", "Mark", "--role", "user")["name"] == "Mark"
    team.ok("user", "activate", "mark")
    team.ok("user", "back", "mark")
    assert team.snapshot() == before


def test_a_name_is_stored_exactly_as_given(team: Team) -> None:
    name = "  Zoë 👩🏽‍💻 O'Brien; DROP TABLE users "
    assert team.ok("user", "set", "mark", "--name", name)["name"] == name
    assert team.rows("SELECT name FROM users WHERE id = 'mark'") == [(name,)]


def test_a_name_that_nobody_can_have_is_refused(team: Team) -> None:
    for name in ("", "  ", "x" * 1_001):
        assert team.refused("user", "set", "mark", "--name", name) == (2, "invalid_value")


def test_what_is_missing_or_wrong_is_a_usage_error(team: Team) -> None:
    assert team.refused("user", "set", "mark") == (2, "usage")
    assert team.refused("user", "add", "jane", "--role", "boss") == (2, "usage")
    assert team.refused("user", "add") == (2, "usage")


def test_nobody_is_not_found_but_somebody_like_them_is_suggested(team: Team) -> None:
    for command in ("set", "activate", "deactivate", "away", "back"):
        words = ("user", command, "marta", *(("--role", "user") if command == "set" else ()))
        assert team.refused(*words) == (3, "user_not_found")
        assert "martha" in team.run(*words).err


def test_the_list_is_the_same_for_every_machine(team: Team) -> None:
    document = team.ok("user", "list")
    assert [user["id"] for user in document] == ["maria", "mark", "martha", "omar"]
    lines = team.run("user", "list", "--jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == document
    table = list(csv.DictReader(io.StringIO(team.run("user", "list", "--csv").out)))
    assert [row["id"] for row in table] == [user["id"] for user in document]


# Ids


def test_an_id_is_the_callers_own_text(team: Team) -> None:
    ids = ["x", "x" * 200, "a b", "نور", "o'brien", "%", "-rf", "a/b", "Ann", "👩🏽‍💻"]
    for user_id in ids:
        assert team.run("user", "add", "--", user_id).exit_code == 0, user_id
    assert {user["id"] for user in team.ok("user", "list")} >= set(ids)


def test_an_id_has_no_control_characters_and_no_white_space_at_its_ends(team: Team) -> None:
    ends = ["", " ", " x", "x ", "x\u00a0", "x\n"]
    controls = ["a\nb", "a\tb", "a\x1bb", "a\x7fb", "a\x85b"]
    before = team.snapshot()
    for user_id in (*ends, *controls, "x" * 201):
        assert team.refused("user", "add", user_id) == (2, "invalid_value"), user_id
    assert team.snapshot() == before


def test_ids_that_look_alike_are_different_ids(team: Team) -> None:
    composed, decomposed = (unicodedata.normalize(form, "josé") for form in ("NFC", "NFD"))
    team.ok("user", "add", composed)
    team.ok("user", "add", decomposed, "--any-id")
    team.ok("assign", "chat-1", "--to", decomposed, "--as", "mark")
    assert team.refused("accept", "1", "--as", composed) == (5, "not_recipient")
    assert team.ok("accept", "1", "--as", decomposed)["recipient_id"] == decomposed


# Leaving


def test_who_owns_no_open_chats_may_leave(team: Team) -> None:
    team.ok("chat", "close", "chat-5")
    assert team.ok("user", "deactivate", "omar")["active"] is False
    assert team.owner("chat-5") == "omar"
    assert len(team.history(event="user_deactivated")) == 1


def test_who_owns_open_chats_may_not_leave(team: Team) -> None:
    assert team.refused_leaving_no_trace("user", "deactivate", "mark") == (4, "owns_open_chats")


def test_all_chats_of_somebody_who_leaves_go_over_in_the_same_step(team: Team) -> None:
    team.ok("chat", "close", "chat-1")
    done = team.ok("user", "deactivate", "mark", "--reassign-to", "omar", "--as", "maria")
    assert done["active"] is False
    assert done["batch"]["recipients"] == {"omar": 3}
    assert team.history(event="assigned") == [("assigned", "maria", "mark", "omar", None)] * 3
    assert [batch["actor"] for batch in team.ok("batches")] == ["maria"]


def test_several_may_take_over(team: Team) -> None:
    to = ("--reassign-to", "martha", "--reassign-to", "omar")
    done = team.ok("user", "deactivate", "mark", *to)
    assert sorted(done["batch"]["recipients"].values()) == [1, 2]
    assert team.rows("SELECT count(*) FROM chats WHERE owner_id = 'mark'") == [(0,)]


def test_the_least_loaded_may_take_over(team: Team) -> None:
    team.ok("bulk-assign", "--from", "martha", "--to", "omar", "--as", "maria")
    to = ("--reassign-to", "maria", "--reassign-to", "omar", "--split", "least-loaded")
    team.ok("user", "deactivate", "mark", *to)
    assert sorted(team.rows("SELECT count(*) FROM chats GROUP BY owner_id")) == [(2,), (3,)]


@pytest.mark.parametrize(
    ("to", "refusal"),
    [
        ("gone", (4, "user_inactive")),
        ("nobody", (3, "user_not_found")),
        ("mark", (2, "invalid_value")),
        ("maria", (4, "user_away")),
    ],
)
def test_a_recipient_who_cannot_take_over_leaves_everything_as_it_was(
    team: Team, request_id: str, to: str, refusal: tuple[int, str]
) -> None:
    team.ok("user", "add", "gone")
    team.ok("user", "deactivate", "gone")
    team.ok("user", "away", "maria")
    before = team.snapshot()
    words = ("user", "deactivate", "mark", "--reassign-to", "omar", "--reassign-to", to)
    assert team.refused(*words) == refusal
    assert team.snapshot() == before
    assert request_id == "1"


def test_leaving_cancels_pending_requests_both_ways(team: Team) -> None:
    team.ok("user", "add", "jane", "--name", "Jane", "--role", "manager")
    sent = team.ok("assign", "chat-1", "--to", "martha", "--as", "jane")["id"]
    got = team.ok("assign", "chat-2", "--to", "jane", "--as", "mark")["id"]
    done = team.ok("user", "deactivate", "jane", "--as", "maria")
    assert done["cancelled_requests"] == 2
    for request in (sent, got):
        (row,) = team.history(request_id=request, event="cancelled")
        assert (row[1], row[4]) == ("maria", "cancelled")
    assert "The chat assignment request from Jane was cancelled." in team.notices("martha")
    assert "Your chat assignment request to Jane was cancelled." in team.notices("mark")
    assert team.refused("accept", str(sent), "--as", "martha") == (4, "request_not_pending")


def test_leaving_times_out_what_was_past_its_deadline(team: Team) -> None:
    team.ok("user", "add", "jane")
    request = team.ok("assign", "chat-1", "--to", "jane", "--as", "mark")["id"]
    team.advance(120)
    assert team.ok("user", "deactivate", "jane")["cancelled_requests"] == 0
    assert team.history(request_id=request)[1:] == [
        ("timed_out", "system", "mark", "jane", "timed_out")
    ]


def test_a_request_of_a_manager_on_a_chat_of_somebody_who_leaves_is_cancelled(team: Team) -> None:
    request = team.ok("assign", "chat-1", "--to", "martha", "--as", "maria")["id"]
    batch = team.ok("user", "deactivate", "mark", "--reassign-to", "omar")["batch"]
    assert batch["cancelled_requests"] == 1
    assert len(team.history(request_id=request, batch_id=batch["batch_id"])) == 1


@pytest.mark.parametrize("options", [("--dry-run",), ("--yes",)])
def test_what_dies_and_which_closed_chats_move_is_told_before_and_after(
    team: Team, options: tuple[str, ...]
) -> None:
    team.ok("chat", "close", "chat-3")
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")  # sent
    team.ok("assign", "chat-5", "--to", "mark", "--as", "omar")  # got
    team.ok("assign", "chat-2", "--to", "martha", "--as", "maria")  # a manager's, on his chat
    team.ok("assign", "chat-4", "--to", "omar", "--as", "martha")  # of others
    words = ("user", "deactivate", "mark", "--reassign-to", "omar", *options)
    if options == ("--dry-run",):
        document = team.ok(*words)
        assert [(r["id"], r["status"]) for r in document["requests"]] == [
            (number, "cancelled") for number in (1, 2, 3)
        ]
        assert document["closed_chats"] == ["chat-3"]
    shown = team.run(*words).out
    assert "3 chats (1 closed) to omar\n" in shown
    assert "Closed chats that move: chat-3\n" in shown
    assert "3 requests cancelled, which undo does not bring back:" in shown
    for line in (
        "1 on chat-1 (Priya Nair): mark asked martha",
        "2 on chat-5 (محمد الفارسي): omar asked mark",
        "3 on chat-2 (José Álvarez): maria asked martha",
    ):
        assert line in shown
    pending = team.ok("requests", "--status", "pending")
    assert [request["id"] for request in pending] == ([4] if "--yes" in options else [1, 2, 3, 4])


def test_on_a_terminal_what_dies_is_told_before_the_question(team_now: Team) -> None:
    team_now.ok("user", "add", "jane")
    team_now.ok("assign", "chat-1", "--to", "jane", "--as", "mark")
    answers = [("which undo does not bring back:", ""), ("[y/N]", ENTER)]
    result = at_terminal(team_now, "user", "deactivate", "jane", answers=answers)
    assert result.exit_code == 4
    assert "1 on chat-1 (Priya Nair): mark asked jane" in result.out
    assert team_now.ok("requests", "--status", "pending")


@pytest.mark.usefixtures("request_id")
def test_who_has_left_is_told_nothing_from_then_on(team: Team) -> None:
    team.ok("bulk-assign", "chat-5", "--to", "martha", "--as", "maria")
    before = team.rows("SELECT count(*) FROM notifications WHERE recipient_id = 'martha'")
    team.ok("user", "deactivate", "martha", "--reassign-to", "omar")
    after = team.rows("SELECT count(*) FROM notifications WHERE recipient_id = 'martha'")
    assert after == before
    assert team.ok("requests")[0]["status"] == "cancelled"


def test_nobody_inactive_takes_part_until_they_are_active_again(team: Team) -> None:
    team.ok("user", "deactivate", "omar", "--reassign-to", "mark")
    asked = ("assign", "chat-1", "--to", "omar", "--as", "mark")
    assert team.refused(*asked) == (4, "user_inactive")
    assert team.refused("inbox", "--as", "omar") == (4, "user_inactive")
    assert team.ok("user", "activate", "omar")["active"] is True
    assert team.ok(*asked)["status"] == "pending"


# Away and back


def test_who_is_there_to_take_a_leavers_chats_is_not_the_leaver(team: Team) -> None:
    team.ok("user", "away", "martha", "--until", "2026-12-01T00:00:00Z")
    for words in (
        ("user", "deactivate", "mark", "--reassign-to", "martha"),
        ("bulk-assign", "--from", "mark", "--to", "martha", "--as", "maria"),
    ):
        refused = team.run(*words)
        assert refused.exit_code == 4
        assert "Present, least loaded first: maria, omar." in refused.err


def test_people_read_local_times_in_errors_and_machines_utc(team: Team) -> None:
    team.ok("user", "away", "martha", "--until", "2036-12-01T00:00:00Z")
    words = ("assign", "chat-1", "--to", "martha", "--as", "mark")
    said = team.process(*words, env={"TZ": "Asia/Kolkata"}).err
    assert "Martha is away until 2036-12-01 05:30:00\n" in said
    said = team.process(*words, "--json", env={"TZ": "Asia/Kolkata"}).err
    assert "Martha is away until 2036-12-01T00:00:00.000Z" in said


def test_away_without_a_time_is_until_further_notice(team: Team) -> None:
    assert team.ok("user", "away", "martha")["away_until"] == "indefinite"
    team.advance(10**8)
    assert _away_until(team, "martha") == "indefinite"
    assert team.ok("user", "back", "martha")["away_until"] is None
    assert _away_until(team, "martha") is None


def test_a_time_has_a_zone_and_is_kept_in_utc(team: Team) -> None:
    away = team.ok("user", "away", "martha", "--until", "2026-11-23T09:00:00+05:30")
    assert away["away_until"] == "2026-11-23T03:30:00.000Z"


def test_at_that_time_the_user_is_back(team: Team) -> None:
    team.ok("user", "away", "martha", "--until", "2026-11-22T14:06:10Z")
    asked = ("assign", "chat-1", "--to", "martha", "--as", "mark")
    team.advance(59.999)
    assert team.refused(*asked) == (4, "user_away")
    team.advance(0.001)
    assert _away_until(team, "martha") is None
    assert team.ok(*asked)["status"] == "pending"


def test_a_time_that_is_none_or_has_passed_is_refused(team: Team) -> None:
    before = team.snapshot()
    for until in (
        "2026-11-22T14:05:10Z",
        "2020-01-01T00:00:00Z",
        "today",
        "next week",
        "",
        "99999-01-01T00:00:00Z",
    ):
        words = ("user", "away", "martha", "--until", until)
        assert team.refused(*words) == (2, "invalid_value"), until
    assert team.snapshot() == before


def test_a_time_after_the_end_of_time_is_refused_and_no_bug(team: Team) -> None:
    words = ("user", "away", "martha", "--until", "99999999h")
    assert team.refused(*words) == (2, "invalid_value")


def test_the_refusal_names_who_is_there_least_loaded_first(team: Team) -> None:
    team.ok("user", "away", "martha")
    result = team.run("assign", "chat-1", "--to", "martha", "--as", "mark", "--json")
    hint = json.loads(result.err)["error"]["hint"]
    assert hint.index("maria") < hint.index("omar")
    assert "mark" not in hint  # the chat is his
    assert "martha" not in hint


def test_somebody_away_may_be_asked_anyway(team: Team) -> None:
    team.ok("user", "away", "martha")
    words = ("assign", "chat-1", "--to", "martha", "--anyway", "--as", "mark")
    assert team.ok(*words)["status"] == "pending"
    assert team.ok("accept", "1", "--as", "martha")["status"] == "accepted"
