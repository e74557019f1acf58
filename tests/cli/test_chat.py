"""chat: a customer's chat comes in, is closed and reopened, and tells its whole story."""

import json

from tests.support.team import Team


def test_a_new_chat_is_open_and_belongs_to_its_owner(team: Team) -> None:
    added = team.ok("chat", "add", "chat-6", "--customer", "Ann Lee", "--owner", "omar")
    assert added == {
        "id": "chat-6",
        "customer": "Ann Lee",
        "owner_id": "omar",
        "status": "open",
        "opened_at": "2026-11-22T14:05:10.000Z",
        "closed_at": None,
        "crm_owner_id": None,
        "crm_status": None,
    }
    ((event, _, before, after, status),) = team.history(chat_id="chat-6")
    assert (event, before, after, status) == ("opened", None, "omar", None)


def test_the_customer_is_stored_exactly_as_given(team: Team) -> None:
    name = " Zoë 👩🏽‍💻 O'Brien\n=cmd() "
    team.ok("chat", "add", "chat-6", "--customer", name, "--owner", "omar")
    assert team.ok("chat", "show", "chat-6")["customer"] == name


def test_a_chat_that_cannot_be_is_refused(team: Team) -> None:
    team.ok("user", "deactivate", "omar", "--reassign-to", "mark")
    before = team.snapshot()
    for chat, customer, owner, refusal in (
        ("chat-1", "Ann", "mark", (4, "chat_exists")),
        ("chat-6", "Ann", "nobody", (3, "user_not_found")),
        ("chat-6", "Ann", "omar", (4, "user_inactive")),
        ("chat-6", " ", "mark", (2, "invalid_value")),
        (" chat-6", "Ann", "mark", (2, "invalid_value")),
        ("c" * 201, "Ann", "mark", (2, "invalid_value")),
    ):
        words = ("chat", "add", chat, "--customer", customer, "--owner", owner)
        assert team.refused(*words) == refusal
    assert team.refused("chat", "add", "chat-6", "--owner", "mark") == (2, "usage")
    assert team.snapshot() == before


def test_chats_are_listed_by_owner_and_status(team: Team) -> None:
    team.ok("chat", "close", "chat-2")
    team.ok("chat", "close", "chat-4")
    for options, numbers in (
        ((), [1, 2, 3, 4, 5]),
        (("--owner", "mark"), [1, 2, 3]),
        (("--status", "closed"), [2, 4]),
        (("--owner", "mark", "--status", "open"), [1, 3]),
        (("--owner", "maria"), []),
    ):
        chats = [chat["id"] for chat in team.ok("chat", "list", *options)]
        assert chats == [f"chat-{number}" for number in numbers], options


def test_the_list_of_nobodys_chats_is_empty_and_says_why(team: Team) -> None:
    result = team.run("chat", "list", "--owner", "nobody", "--json")
    assert (result.exit_code, result.json) == (0, [])
    assert "No user 'nobody'" in result.err


def test_a_chat_shows_its_pending_request(team: Team, request_id: str) -> None:
    shown = team.ok("chat", "show", "chat-1")
    assert (shown["owner_id"], shown["status"]) == ("mark", "open")
    assert shown["pending_request"]["id"] == int(request_id)
    team.ok("accept", request_id, "--as", "martha")
    assert team.ok("chat", "show", "chat-1")["pending_request"] is None


def test_a_request_past_its_deadline_is_not_pending_any_more(team: Team, request_id: str) -> None:
    before = team.snapshot()
    team.advance(120)
    assert team.ok("chat", "show", "chat-1")["pending_request"] is None
    assert team.snapshot() == before
    assert request_id == "1"


def test_a_chat_tells_its_whole_story_oldest_first(team: Team, request_id: str) -> None:
    team.ok("accept", request_id, "--as", "martha")
    team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "maria")
    team.ok("undo", "1", "--as", "maria")
    team.ok("chat", "close", "chat-1")
    team.ok("chat", "reopen", "chat-1")
    told = [row["event"] for row in team.ok("chat", "show", "chat-1")["timeline"]]
    events = ["opened", "requested", "accepted", "assigned", "undone", "closed", "reopened"]
    assert told == events
    lines = team.run("chat", "show", "chat-1").out.splitlines()[-len(events) :]
    assert all(event in line for event, line in zip(events, lines, strict=True))


def test_a_text_that_no_customer_can_have_finds_nothing(team: Team) -> None:
    assert team.ok("chat", "list", "--customer", "a" * 60_000) == []


def test_nothing_in_a_customers_name_reaches_the_terminal_as_a_command(team: Team) -> None:
    name = "\x1b[2J\u202egnp.exe\x07"
    team.ok("chat", "add", "chat-6", "--customer", name, "--owner", "omar")
    for words in (("chat", "show", "chat-6"), ("chat", "list")):
        shown = team.run(*words).out
        assert not {"\x1b", "\u202e", "\x07"} & set(shown)


def test_a_chat_that_is_none_is_not_found_but_one_like_it_is_suggested(team: Team) -> None:
    for command in ("show", "close", "reopen"):
        assert team.refused("chat", command, "chat-11") == (3, "chat_not_found")
        hint = json.loads(team.run("chat", command, "chat-11", "--json").err)["error"]["hint"]
        assert "chat-1" in hint


def test_closing_and_reopening_are_tracked_once(team: Team) -> None:
    team.advance(60)
    closed = team.ok("chat", "close", "chat-1")
    assert (closed["status"], closed["closed_at"]) == ("closed", "2026-11-22T14:06:10.000Z")
    assert team.ok("chat", "close", "chat-1") == closed
    reopened = team.ok("chat", "reopen", "chat-1")
    assert (reopened["status"], reopened["closed_at"]) == ("open", None)
    assert team.ok("chat", "reopen", "chat-1") == reopened
    events = [row[0] for row in team.history(chat_id="chat-1")]
    assert events == ["opened", "closed", "reopened"]


def test_closing_cancels_the_pending_request_with_a_row_of_its_own(
    team: Team, request_id: str
) -> None:
    team.ok("chat", "close", "chat-1", "--as", "omar")
    assert team.history(request_id=int(request_id))[1:] == [
        ("cancelled", "omar", "mark", "martha", "cancelled")
    ]
    assert len(team.history(event="closed")) == 1
    (notice,) = team.ok("inbox", "--as", "mark")["notifications"]
    assert notice["text"] == "Your chat assignment request to Martha was cancelled."
    assert team.refused("accept", request_id, "--as", "martha") == (4, "request_not_pending")


def test_closing_times_out_what_was_past_its_deadline(team: Team, request_id: str) -> None:
    team.advance(120)
    team.ok("chat", "close", "chat-1")
    assert team.history(request_id=int(request_id))[1:] == [
        ("timed_out", "system", "mark", "martha", "timed_out")
    ]


def test_nobody_is_asked_to_take_a_closed_chat(team: Team) -> None:
    team.ok("chat", "close", "chat-1")
    asked = ("assign", "chat-1", "--to", "martha", "--as", "mark")
    assert team.refused(*asked) == (4, "chat_closed")
    team.ok("chat", "reopen", "chat-1")
    assert team.ok(*asked)["status"] == "pending"


def test_a_chat_of_somebody_who_has_left_is_not_reopened_to_them(team: Team) -> None:
    team.ok("chat", "close", "chat-5")
    team.ok("user", "deactivate", "omar")
    assert team.refused("chat", "reopen", "chat-5") == (4, "user_inactive")
    team.ok("bulk-assign", "chat-5", "--to", "mark", "--as", "maria")
    assert team.ok("chat", "reopen", "chat-5")["owner_id"] == "mark"
