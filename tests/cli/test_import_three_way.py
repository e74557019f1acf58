"""import chats, when both sides change: only what the CRM has changed since its last file."""

from pathlib import Path

import pytest

from tests.support.team import Team


def _file(*rows: str, heading: str = "id,owner_id,status") -> str:
    Path("crm.csv").write_text("\n".join([heading, *rows, ""]), encoding="utf-8")
    return "crm.csv"


@pytest.fixture
def synced(team: Team) -> Team:
    """A team that has had chats c-1 to c-3 from the CRM, all of mark."""
    team.ok("import", "chats", _file("c-1,mark,open", "c-2,mark,open", "c-3,mark,closed"))
    return team


def _hand_over(team: Team, chat: str, to: str = "martha") -> None:
    team.ok("bulk-assign", chat, "--to", to, "--as", "maria")


def _crm(team: Team, chat: str) -> tuple[str, str | None, str | None]:
    shown = team.ok("chat", "show", chat)
    return shown["owner_id"], shown["crm_owner_id"], shown["crm_status"]


def test_what_the_crm_said_last_is_kept_with_each_chat(synced: Team) -> None:
    assert _crm(synced, "c-3") == ("mark", "mark", "closed")
    assert _crm(synced, "chat-1")[1:] == (None, None)
    _hand_over(synced, "c-1")
    assert _crm(synced, "c-1") == ("martha", "mark", "open")


def test_yesterdays_file_takes_nothing_back_that_was_handed_over_today(synced: Team) -> None:
    _hand_over(synced, "c-1")
    synced.ok("chat", "close", "c-2")
    synced.ok("chat", "reopen", "c-3")
    before = synced.snapshot()
    done = synced.ok("import", "chats", _file("c-1,mark,open", "c-2,mark,open", "c-3,mark,closed"))
    assert (done["updated"], done["unchanged"], done["conflicts"]) == (0, 3, [])
    assert synced.snapshot() == before
    assert "is to be told" in synced.run("import", "chats", "crm.csv").out


def test_a_chat_that_was_added_here_is_not_taken_back_either(team: Team) -> None:
    _hand_over(team, "chat-1")
    assert team.ok("import", "chats", _file("chat-1,mark,"))["updated"] == 0
    assert _crm(team, "chat-1") == ("martha", "mark", None)
    assert team.ok("import", "chats", _file("chat-2,omar,"))["owner_changes"] == 1


def test_what_the_crm_has_changed_is_taken_beside_what_was_changed_here(synced: Team) -> None:
    _hand_over(synced, "c-1")
    done = synced.ok("import", "chats", _file("c-1,mark,closed", "c-2,omar,open"))
    assert (done["updated"], done["owner_changes"]) == (2, 1)
    assert _crm(synced, "c-1") == ("martha", "mark", "closed")
    assert synced.ok("chat", "show", "c-1")["status"] == "closed"
    assert _crm(synced, "c-2") == ("omar", "omar", "open")


def test_a_file_that_shows_the_new_owner_tells_that_the_crm_knows_it(synced: Team) -> None:
    _hand_over(synced, "c-1")
    done = synced.ok("import", "chats", _file("c-1,martha,open"))
    assert (done["unchanged"], done["owner_changes"]) == (1, 0)
    assert _crm(synced, "c-1") == ("martha", "martha", "open")
    assert synced.ok("import", "chats", _file("c-1,omar,open"))["owner_changes"] == 1


CONFLICT = {"chat": "c-1", "base": "mark", "ours": "martha", "theirs": "omar"}


def test_what_both_have_changed_stays_and_is_a_conflict_once(synced: Team) -> None:
    _hand_over(synced, "c-1")
    done = synced.ok("import", "chats", _file("c-1,omar,open"))
    assert (done["conflicts"], done["owner_changes"]) == ([CONFLICT], 0)
    assert _crm(synced, "c-1") == ("martha", "omar", "open")
    assert synced.ok("import", "chats", "crm.csv")["conflicts"] == []


def test_of_many_conflicts_people_see_the_first_ten(team: Team) -> None:
    chats = [f"c-{number:02}" for number in range(12)]
    team.ok("import", "chats", _file(*(f"{chat},mark,open" for chat in chats)))
    _hand_over(team, chats[0])
    team.ok("bulk-assign", *chats, "--to", "martha", "--yes", "--as", "maria")
    told = team.run("import", "chats", _file(*(f"{chat},omar,open" for chat in chats))).out
    assert "12 chats changed hands both here and in the CRM" in told
    assert "c-09: mark -> martha here, omar in the CRM" in told
    assert "c-10" not in told
    assert "and 2 more" in told


def test_the_crm_wins_if_it_is_to(synced: Team) -> None:
    _hand_over(synced, "c-1")
    _hand_over(synced, "c-2")
    done = synced.ok(
        "import", "chats", _file("c-1,omar,open", "c-2,mark,open"), "--owners", "theirs"
    )
    assert (done["owner_changes"], done["conflicts"]) == (2, [])
    assert [synced.owner(chat) for chat in ("c-1", "c-2")] == ["omar", "mark"]


def test_owners_of_known_chats_are_left_alone_if_they_are_to_be(synced: Team) -> None:
    rows = ("c-1,omar,closed", "c-9,omar,open")
    done = synced.ok("import", "chats", _file(*rows), "--owners", "ours")
    assert (done["created"], done["updated"], done["owner_changes"]) == (1, 1, 0)
    assert _crm(synced, "c-1") == ("mark", "omar", "closed")
    assert synced.owner("c-9") == "omar"


def test_conflicts_refuse_the_whole_import_if_they_are_to(synced: Team) -> None:
    _hand_over(synced, "c-1")
    words = ("import", "chats", _file("c-1,omar,open", "c-2,omar,open"), "--owners", "refuse")
    assert synced.refused_leaving_no_trace(*words) == (4, "import_conflicts")
    assert "c-1 (martha here, omar in the CRM)" in synced.run(*words).err
    _file("c-1,mark,open", "c-2,omar,open")
    assert synced.ok(*words)["owner_changes"] == 1


def test_a_pending_request_stays_where_the_owner_does(synced: Team) -> None:
    _hand_over(synced, "c-1")
    asked = synced.ok("assign", "c-1", "--to", "omar", "--as", "martha")
    synced.ok("import", "chats", _file("c-1,maria,open"))
    (request,) = synced.ok("requests", "--chat", "c-1")
    assert (request["id"], request["status"]) == (asked["id"], "pending")


def test_a_leaver_whom_the_crm_still_names_is_no_mistake(synced: Team) -> None:
    synced.ok("user", "deactivate", "mark", "--reassign-to", "martha", "--yes")
    done = synced.ok("import", "chats", _file("c-1,mark,open", "c-2,mark,open"))
    assert (done["unchanged"], synced.owner("c-1")) == (2, "martha")
    assert synced.refused("import", "chats", _file("c-1,zoe,open")) == (2, "import_invalid")


def test_a_dry_run_tells_conflicts_and_keeps_nothing(synced: Team) -> None:
    _hand_over(synced, "c-1")
    before = synced.snapshot()
    done = synced.ok("import", "chats", _file("c-1,omar,open"), "--dry-run")
    assert (done["conflicts"], done["changes"]) == ([CONFLICT], [])
    assert synced.snapshot() == before


def test_what_the_crm_said_goes_along_in_our_own_files(synced: Team) -> None:
    _hand_over(synced, "c-1")
    listed = synced.run("chat", "list", "--csv").out
    Path("chats.csv").write_text(listed, encoding="utf-8")
    Path("users.csv").write_text(synced.run("user", "list", "--csv").out, encoding="utf-8")
    synced.ok("--db", "other.db", "init")
    synced.ok("--db", "other.db", "import", "users", "users.csv")
    synced.ok("--db", "other.db", "import", "chats", "chats.csv")
    assert synced.run("--db", "other.db", "chat", "list", "--csv").out == listed
