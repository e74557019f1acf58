"""Every notification is one that the history accounts for: when, to whom, and its sentence."""

import re
import shlex

import pytest

from assignchat import model
from assignchat.store.derived import differences
from assignchat.store.engines import engine_of
from tests.support.team import Team

OTHERS = (
    model.NOBODY_TOOK_NOTICE,
    model.SET_AWAY_NOTICE,
    model.ASSIGNED_NOTICE,
    model.ASSIGNED_AWAY_NOTICE,
    model.IMPORTED_NOTICE,
    model.IMPORTED_AWAY_NOTICE,
    model.REGAINED_NOTICE,
    model.LOST_NOTICE,
)
LINES = """
import chats new.csv
user set mark --name Mark\\ II
import chats newer.csv
"""


@pytest.fixture
def team(empty_team: Team) -> Team:
    """A team in which everything has been told of which users are told."""
    rows = "id,customer,owner_id\nc-1,Ann,mark\nc-2,Bob,mark\nc-3,Cy,omar\nc-4,Di,mark\n"
    (empty_team.folder / "chats.csv").write_text(rows)
    (empty_team.folder / "new.csv").write_text(rows.replace("mark", "martha"))
    (empty_team.folder / "newer.csv").write_text(rows.replace("mark", "omar"))
    (empty_team.folder / "lines").write_text(LINES)
    for words in (
        "init --demo",
        "config set assign_discuss.tell_when_nobody_took maria",
        "config set assign_discuss.away_after_misses 1",
        "import chats chats.csv",
        "assign c-1 --to martha --then omar --as mark",
        "reject 1 --reason Busy --as martha",
        "accept 2 --as omar",
        "assign c-1 --to mark --as maria",
        "accept 3 --as mark",
        "assign c-1 --to martha --as mark",
        "withdraw 4 --reason Done --as mark",
        "assign c-1 --to martha --as mark",
        "withdraw 5 --reason Done --as maria",
        "assign c-2 --to omar --timeout 1s --as mark",
        "sweep-timeouts",
        "assign c-2 --to martha --as mark",
        "bulk-assign c-1 c-2 c-4 --to martha --to maria --as maria",
        "bulk-assign c-3 --to martha --as maria",
        "user set maria --name Mary",
        "undo 1 --as maria",
        "bulk-assign c-4 --to martha --as mark",
        "import chats chats.csv",
        "run --atomic lines",
        "user set omar --name Omar\\ II",
        "user deactivate martha --reassign-to mark",
    ):
        empty_team.advance(60)
        done = empty_team.run(*shlex.split(words))
        assert done.exit_code == 0, done
    return empty_team


def found(team: Team, *changes: str) -> dict[int, str]:
    """Change the database by hand. Returns the notifications that differ, each with the column."""
    with engine_of(team.location).open(team.location, os_user="tester") as database:
        with database.write():
            for change in changes:
                database.execute(change)
        with database.read():
            every = list(differences(database))
    assert {difference.table for difference in every} <= {"notifications"}
    return {int(str(row.key)): row.column for row in every}


def ids(team: Team, condition: str = "1 = 1") -> list[int]:
    """The ids of some notifications."""
    found = team.rows(f"SELECT id FROM notifications WHERE {condition} ORDER BY id")
    return [number for (number,) in found]


def test_whatever_users_are_told_is_sound(team: Team) -> None:
    told = [text for (text,) in team.rows("SELECT text FROM notifications")]
    for notice in (*model.NOTICES.values(), *OTHERS):
        form = re.sub(r"%s|\\{\w+\\}", ".+", re.escape(notice))
        assert any(re.fullmatch(form, text) for text in told), notice
    assert team.ok("check", "--full")["problems"] == []


@pytest.mark.parametrize(
    "end", ["chat close chat-2", "withdraw 1 --reason Done --as mona", "sweep-timeouts"]
)
def test_who_asks_themselves_for_a_chat_is_told_of_its_end_twice_and_soundly(
    empty_team: Team, end: str
) -> None:
    empty_team.ok("init", "--demo")
    empty_team.ok("user", "add", "mona", "--role", "manager")
    empty_team.ok("assign", "chat-2", "--to", "maria", "--then", "omar", "--as", "maria")
    empty_team.advance(600 if end == "sweep-timeouts" else 60)
    empty_team.ok(*shlex.split(end))
    assert len(ids(empty_team, "recipient_id = 'maria' AND request_id = 1")) == 3
    assert empty_team.ok("check")["problems"] == []


def test_two_imports_in_one_transaction_that_give_to_the_same_user_are_sound(team: Team) -> None:
    for number, name in enumerate(("Mark", "Omar")):
        rows = f"id,customer,owner_id\nnew-{number},Ann,{name.lower()}\n"
        (team.folder / f"{number}.csv").write_text(rows)
        team.ok("import", "chats", f"{number}.csv")
        (team.folder / f"{number}.csv").write_text(rows.replace(name.lower(), "maria"))
    (team.folder / "lines").write_text("import chats 0.csv\nimport chats 1.csv\n")
    assert team.run("run", "--atomic", "lines").exit_code == 0
    assert len(ids(team, "text LIKE '%1 chat to you by an import.'")) == 2
    assert team.ok("check")["problems"] == []


@pytest.mark.parametrize(
    "between",
    ["user set mark --role queue", "user set mark --name Marc", "user set maria --name M"],
)
def test_two_imports_in_one_transaction_between_which_a_user_was_changed_are_sound(
    empty_team: Team, between: str
) -> None:
    empty_team.ok("init", "--demo")
    for number in (1, 2):
        rows = f"id,customer,owner_id\nchat-{number},Ann,omar\n"
        (empty_team.folder / f"{number}.csv").write_text(rows)
    first, second = (f"import chats {number}.csv --as maria" for number in (1, 2))
    (empty_team.folder / "lines").write_text(f"{first}\n{between} --as maria\n{second}\n")
    assert empty_team.run("run", "--atomic", "lines").exit_code == 0
    of_import = ids(empty_team, "text LIKE '%by an import.'")
    assert len(of_import) == (3 if "queue" in between else 4)
    assert empty_team.ok("check")["problems"] == []
    change = "UPDATE notifications SET text = replace(text, '1 chat', '5 chats')"
    assert list(found(empty_team, change)) == of_import


def test_the_sentence_that_told_of_ones_own_undo_is_sound(team: Team) -> None:
    """Once, whoever undid a batch was told of it too."""
    text = "'Mary has undone batch 1: 1 chat went back from you.'"
    change = (
        "INSERT INTO notifications (at, recipient_id, text, batch_id)"
        f" SELECT undone_at, 'maria', {text}, 1 FROM batches WHERE id = 1"
    )
    assert found(team, change) == {}
    change = "UPDATE notifications SET text = replace(text, '1 chat', '5 chats')"
    assert ids(team)[-1] in found(team, change)


def test_a_text_that_was_changed_is_found_in_each_notification(team: Team) -> None:
    every = dict.fromkeys(ids(team), "text")
    assert found(team, "UPDATE notifications SET text = text || '!'") == every


@pytest.mark.parametrize(
    ("old", "new"), [("Mark", "Mary"), ("Maria has", "Omar has"), ("2 chats", "200 chats")]
)
def test_another_name_or_number_is_found(team: Team, old: str, new: str) -> None:
    changed = ids(team, f"replace(text, '{old}', '') <> text")
    assert changed
    change = f"UPDATE notifications SET text = replace(text, '{old}', '{new}')"
    assert found(team, change) == dict.fromkeys(changed, "text")


def test_a_sentence_of_another_event_or_for_another_party_is_found(team: Team) -> None:
    """Each sentence of a request is put into every other notification about one."""
    about = team.rows("SELECT id, text FROM notifications WHERE request_id = 5")
    for number, text in about:
        changed = {other: "text" for other, _ in about if other != number}
        put_in = f"UPDATE notifications SET text = '{text}' WHERE request_id = 5"
        assert found(team, put_in) == changed


@pytest.mark.parametrize("user", ["martha", "mark", "omar", "maria"])
def test_a_notification_to_somebody_else_is_found(team: Team, user: str) -> None:
    """But for the one that anybody but the requester may get, whom the rules name."""
    free = "text LIKE 'Nobody%'" if user != "mark" else "1 = 0"
    others = ids(team, f"recipient_id <> '{user}' AND NOT {free}")
    change = f"UPDATE notifications SET recipient_id = '{user}'"
    assert sorted(found(team, change)) == others


@pytest.mark.parametrize(
    "values",
    [
        "SELECT '2026-11-22T15:00:00.000Z', 'martha', 'Send money', NULL, NULL",
        "SELECT at, 'omar', 'Send money', NULL, NULL FROM notifications WHERE id = 1",
        "SELECT at, recipient_id, 'Send money', NULL, NULL FROM notifications WHERE id = 29",
        "SELECT at, recipient_id, text, NULL, NULL FROM notifications WHERE batch_id = 2",
        "SELECT at, 'omar', text, NULL, batch_id FROM notifications WHERE batch_id = 1",
        "SELECT at, actor, 'Maria has assigned 1 chat to you.', NULL, 1 FROM batches WHERE id = 1",
        "SELECT at, 'mark', text, request_id, NULL FROM notifications WHERE text LIKE 'Nobody%'",
        "SELECT at, recipient_id, text, request_id, 1 FROM notifications WHERE request_id = 1",
    ],
)
def test_one_that_was_put_in_is_found(team: Team, values: str) -> None:
    before = ids(team)
    columns = "at, recipient_id, text, request_id, batch_id"
    put_in = found(team, f"INSERT INTO notifications ({columns}) {values}")
    assert sorted(put_in) == [number for number in ids(team) if number not in before]
