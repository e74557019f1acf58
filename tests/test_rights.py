"""Who may do what: every command that acts for a user meets everybody who might try."""

import pytest

from tests.support.team import Team

ACCEPT = ("accept", "1")
REJECT = ("reject", "1", "--reason", "In a meeting")
WITHDRAW = ("withdraw", "1", "--reason", "No longer needed")
ASSIGN = ("assign", "chat-2", "--to", "nora")
MOVE = ("bulk-assign", "chat-2", "chat-1", "--to", "nora")
MOVE_ALL = ("bulk-assign", "--from", "mark", "--to", "nora")
UNDO = ("undo", "1")

OWNER, REQUESTER, RECIPIENT, OTHER, MANAGER = "mark", "maria", "martha", "omar", "moira"
EVERYBODY = (OWNER, REQUESTER, RECIPIENT, OTHER, MANAGER)
MANAGERS = (REQUESTER, MANAGER)

RULES = [
    (ASSIGN, (OWNER, *MANAGERS), "not_owner"),
    (ACCEPT, (RECIPIENT,), "not_recipient"),
    (REJECT, (RECIPIENT,), "not_recipient"),
    (WITHDRAW, (REQUESTER, *MANAGERS), "not_requester"),
    (MOVE, (OWNER, *MANAGERS), "not_owner"),
    (MOVE_ALL, (OWNER, *MANAGERS), "not_owner"),
    (UNDO, (OWNER, *MANAGERS), "not_allowed"),
    (("inbox",), EVERYBODY, ""),
    (("status",), EVERYBODY, ""),
]
ALLOWED = [(words, actor) for words, allowed, code in RULES if code for actor in allowed]


@pytest.fixture
def office(team: Team) -> Team:
    """Mark's chat-1, which Maria asks Martha to take; batch 1, in which Mark gave one to Nora."""
    team.ok("user", "add", "moira", "--role", "manager")
    team.ok("user", "add", "nora")
    team.ok("bulk-assign", "chat-3", "--to", "nora", "--as", "mark")
    team.ok("assign", "chat-1", "--to", "martha", "--as", "maria")
    return team


@pytest.mark.parametrize(("words", "actor"), ALLOWED)
def test_who_is_named_in_the_table_of_rights_may(
    office: Team, words: tuple[str, ...], actor: str
) -> None:
    office.ok(*words, "--as", actor)


def test_nobody_may_do_what_the_table_of_rights_does_not_name(office: Team) -> None:
    before = office.snapshot()
    for words, allowed, code in RULES:
        for actor in set(EVERYBODY) - set(allowed):
            assert office.refused(*words, "--as", actor) == (5, code), (words, actor)
    assert office.snapshot() == before


def test_everybody_sees_what_waits_for_them(office: Team) -> None:
    for actor in EVERYBODY:
        assert office.ok("inbox", "--as", actor)["user"] == actor
        assert office.ok("status", "--as", actor)["user"] == actor


def test_nobody_inactive_or_unknown_does_anything(office: Team) -> None:
    office.ok("user", "add", "ines")
    office.ok("user", "deactivate", "ines")
    before = office.snapshot()
    for words, _, _ in RULES:
        assert office.refused(*words, "--as", "ines") == (4, "user_inactive"), words
        assert office.refused(*words, "--as", "stranger") == (2, "actor_unknown"), words
        assert office.refused(*words, "--as", "Mark") == (2, "actor_unknown"), words
    assert office.snapshot() == before


@pytest.mark.parametrize("actor", [OTHER, "stranger"])
def test_the_commands_of_operators_ask_for_no_role(office: Team, actor: str) -> None:
    for words in (
        ("user", "set", "nora", "--role", "manager"),
        ("config", "set", "assign_discuss.request_timeout", "5m"),
        ("chat", "close", "chat-2"),
        ("sweep-timeouts",),
        ("user", "deactivate", "mark", "--reassign-to", "nora"),
    ):
        office.ok(*words, "--as", actor)
    # What the pages say of it: closed chats go, too.
    assert office.ok("chat", "show", "chat-2")["owner_id"] == "nora"


def test_who_got_the_chats_may_not_undo_the_batch(office: Team) -> None:
    assert office.refused(*UNDO, "--as", "nora") == (5, "not_allowed")


def test_one_foreign_chat_refuses_the_whole_batch(office: Team) -> None:
    before = office.snapshot()
    words = ("bulk-assign", "chat-2", "chat-4", "--to", "nora", "--as", "mark")
    assert office.refused(*words) == (5, "not_owner")
    assert office.snapshot() == before


def test_a_former_owner_may_no_longer_assign(office: Team) -> None:
    office.ok("accept", "1", "--as", "martha")
    assert office.refused("assign", "chat-1", "--to", "nora", "--as", "mark") == (5, "not_owner")
    assert office.ok("assign", "chat-1", "--to", "nora", "--as", "martha")["id"] == 2


def test_a_former_manager_has_no_more_rights_than_others(office: Team) -> None:
    office.ok("user", "set", "moira", "--role", "user")
    assert office.refused(*ASSIGN, "--as", "moira") == (5, "not_owner")
    assert office.refused(*MOVE, "--as", "moira") == (5, "not_owner")
    assert office.refused(*UNDO, "--as", "moira") == (5, "not_allowed")


def test_the_environment_may_say_who_acts_and_an_option_says_it_louder(
    office: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSIGNCHAT_USER", "martha")
    assert office.refused(*WITHDRAW) == (5, "not_requester")
    assert office.ok(*WITHDRAW, "--as", "maria")["status"] == "withdrawn"
    assert office.ok("status")["user"] == "martha"
