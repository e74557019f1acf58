"""check --full: what was done to tracking rows by hand is named, and the head tells the rest."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assignchat import open_database
from assignchat.store.columns import TABLES
from tests.support.databases import without_guards
from tests.support.processes import Result
from tests.support.team import Team

COLUMNS = [name for name in TABLES["engagement_tracking"] if name != "id"]
BATCH_SIZE = 50


@pytest.fixture
def team(empty_team: Team) -> Team:
    """The demo team after a day with a request, a batch of fifty, and its undoing.

    Without the check that follows other tests.
    """
    empty_team.ok("init", "--demo")
    rows = "\n".join(f"c-{number:02},Customer {number},omar" for number in range(BATCH_SIZE))
    chats = empty_team.folder / "chats.csv"
    chats.write_text(f"id,customer,owner_id\n{rows}\n", encoding="utf-8")
    for words in (
        ("import", "chats", "chats.csv"),
        ("assign", "chat-1", "--to", "martha", "--as", "mark"),
        ("accept", "1", "--as", "martha"),
        ("bulk-assign", "--from", "omar", "--to", "martha", "--to", "mark", "--as", "maria"),
        ("undo", "1", "--as", "maria"),
        ("assign", "chat-2", "--to", "omar", "--as", "mark"),
        ("withdraw", "2", "--reason", "No longer needed", "--as", "mark"),
    ):
        empty_team.ok(*words)
    return empty_team


def tamper(team: Team, *statements: str) -> None:
    """Do something to the file as its owner can, and put the guards back."""
    with without_guards(team.database) as connection:
        for statement in statements:
            connection.execute(statement)


def full_check(team: Team, *words: str) -> Result:
    """The full check, whatever it finds."""
    return team.run("check", "--full", "--json", *words)


def found(team: Team) -> dict[str, str]:
    """The problems that the full check names, by code."""
    result = full_check(team)
    assert result.exit_code == 8, result
    return {problem["code"]: problem["message"] for problem in result.json["problems"]}


def head(team: Team) -> str:
    """The head of a history in which nothing is wrong."""
    result = full_check(team)
    assert result.exit_code == 0, result
    return str(result.json["head"])


def last_row(team: Team) -> int:
    """The number of the newest row."""
    return int(team.rows("SELECT max(id) FROM engagement_tracking")[0][0])


def test_a_history_that_nobody_touched_is_sound_and_has_a_head(team: Team) -> None:
    assert len(head(team)) == 64
    assert head(team) in team.run("check", "--full").out


def test_a_database_without_history_has_no_head(empty_team: Team) -> None:
    empty_team.ok("init")
    assert full_check(empty_team).json == {
        "sound": True,
        "head": None,
        "problems": [],
        "warnings": [],
        "held_by": None,
    }


def test_every_change_moves_the_head_and_nothing_else_does(team: Team) -> None:
    heads = [head(team)]
    for words in (
        ("assign", "chat-3", "--to", "martha", "--as", "mark"),
        ("chat", "close", "chat-3"),
        ("bulk-assign", "chat-4", "--to", "omar", "--as", "maria"),
        ("user", "away", "omar"),
    ):
        team.ok(*words)
        heads.append(head(team))
    assert len(set(heads)) == len(heads)
    team.ok("inbox", "--as", "martha")
    team.ok("sweep-timeouts")
    team.ok("bulk-assign", "chat-4", "--to", "mark", "--as", "maria", "--dry-run")
    team.refused("accept", "1", "--as", "martha")
    assert head(team) == heads[-1]


def test_bytes_are_not_taken_for_the_text_that_shows_them(team: Team) -> None:
    team.ok("assign", "chat-3", "--to", "omar", "--as", "mark")
    team.ok("withdraw", "3", "--reason", "b'x'", "--as", "mark")
    head(team)
    tamper(team, f"UPDATE engagement_tracking SET reason = x'78' WHERE id = {last_row(team)}")
    assert f"row {last_row(team)} was changed" in found(team)["history_changed"]


@pytest.mark.parametrize("column", COLUMNS)
def test_whatever_is_changed_in_a_row_the_row_is_named(team: Team, column: str) -> None:
    for row_id in (1, BATCH_SIZE, BATCH_SIZE + 40, last_row(team)):
        ((before,),) = team.rows(
            f"SELECT {column} FROM engagement_tracking WHERE id = :id", id=row_id
        )
        change = "99" if column in ("request_id", "batch_id") else "'mark!'"
        tamper(team, f"UPDATE engagement_tracking SET {column} = {change} WHERE id = {row_id}")
        assert f"row {row_id} was changed" in found(team)["history_changed"]
        back = "NULL" if before is None else repr(before)
        tamper(team, f"UPDATE engagement_tracking SET {column} = {back} WHERE id = {row_id}")
        assert head(team)


def test_the_first_of_several_changed_rows_is_named(team: Team) -> None:
    tamper(team, "UPDATE engagement_tracking SET actor = 'mark' WHERE id IN (80, 20, 130)")
    assert "row 20 was changed" in found(team)["history_changed"]


def test_a_deleted_row_is_named_wherever_it_was(team: Team) -> None:
    for row_id in (last_row(team), 100, 1):
        tamper(team, f"DELETE FROM engagement_tracking WHERE id = {row_id}")
        problems = found(team)
        assert f"row {row_id} was deleted" in problems["history_changed"]
        assert str(row_id) in problems["row_missing"]


FORGED = (
    "(id, at, event, actor, os_user, chat_id, from_user, to_user) VALUES"
    " ({id}, '2026-11-22T14:05:10.000Z', 'assigned', 'maria', 'olga', 'chat-1', 'martha', 'omar')"
)


@pytest.mark.parametrize("row_id", ["-5", "0", "NULL", "100000"])
def test_a_row_inserted_by_hand_is_named_and_stays_so(team: Team, row_id: str) -> None:
    team.sqlite("INSERT INTO engagement_tracking " + FORGED.format(id=row_id))
    ((forged,),) = team.rows("SELECT id FROM engagement_tracking WHERE os_user = 'olga'")
    for batch in ("2", "3"):
        problems = found(team)
        assert str(forged) in problems["row_unsealed"]
        assert f"row {forged} was inserted by hand" in problems["history_changed"]
        assert ("row_missing" in problems) == (row_id == "100000")  # those before it are
        team.ok("assign", "chat-3", "--to", "martha", "--as", "mark")  # and so it goes on
        team.ok("bulk-assign", "chat-3", "--to", "omar", "--as", "maria")
        team.ok("undo", batch, "--as", "maria")


def test_a_row_put_in_between_others_is_named(team: Team) -> None:
    tamper(
        team,
        "UPDATE engagement_tracking SET id = -id - 1 WHERE id >= 70",
        "UPDATE engagement_tracking SET id = -id WHERE id < 0",
        "INSERT INTO engagement_tracking " + FORGED.format(id=70),
    )
    assert "row 70 was changed" in found(team)["history_changed"]


def test_two_rows_that_changed_places_are_named(team: Team) -> None:
    tamper(
        team,
        "UPDATE engagement_tracking SET id = -1 WHERE id = 30",
        "UPDATE engagement_tracking SET id = 30 WHERE id = 31",
        "UPDATE engagement_tracking SET id = 31 WHERE id = -1",
    )
    assert "row 30 was changed" in found(team)["history_changed"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE seals SET hash = 'ab' WHERE last_id = (SELECT min(last_id) FROM seals)",
        "UPDATE seals SET marks = '' WHERE last_id = (SELECT max(last_id) FROM seals)",
        "UPDATE seals SET varying = 'chat_id sqlite' WHERE varying <> ''",
        "UPDATE seals SET first_id = first_id - 1 WHERE last_id = (SELECT max(last_id) FROM seals)",
        "UPDATE seals SET last_id = 1000000 WHERE last_id = (SELECT max(last_id) FROM seals)",
        "DELETE FROM seals WHERE last_id = (SELECT min(last_id) FROM seals)",
        "DELETE FROM seals WHERE last_id = (SELECT max(last_id) FROM seals)",
        "DELETE FROM seals",
        "INSERT INTO seals SELECT last_id + 999, first_id + 999, '', '', '' FROM seals LIMIT 1",
    ],
)
def test_a_seal_that_was_touched_is_found(team: Team, statement: str) -> None:
    tamper(team, statement)
    assert "history_changed" in found(team)


@pytest.mark.parametrize("value", ["x'00ff'", "1.5", "CAST(x'ff' AS TEXT)"])
def test_values_that_no_program_of_ours_writes_are_found(team: Team, value: str) -> None:
    tamper(team, f"UPDATE engagement_tracking SET reason = {value} WHERE id = 20")
    result = full_check(team)
    assert result.exit_code == 8
    assert result.json["problems"]


def _cut_off(team: Team, after: int) -> None:
    """Cut the last tracking rows off as somebody would who knows how it is kept."""
    tamper(
        team,
        f"DELETE FROM engagement_tracking WHERE id > {after}",
        f"DELETE FROM seals WHERE last_id > {after}",
        "DELETE FROM requests WHERE id > 1",
        "DELETE FROM notifications WHERE request_id > 1",
        f"UPDATE sqlite_sequence SET seq = {after} WHERE name = 'engagement_tracking'",
        "UPDATE sqlite_sequence SET seq = (SELECT max(id) FROM notifications)"
        " WHERE name = 'notifications'",
    )


def test_a_cut_off_end_shows_by_a_head_that_was_noted_elsewhere(team: Team) -> None:
    ((rows_then,),) = team.rows("SELECT max(id) FROM engagement_tracking WHERE event = 'undone'")
    noted = head(team)
    _cut_off(team, rows_then)
    assert full_check(team).exit_code == 0  # nothing in the file itself can tell
    result = full_check(team, "--expect", noted)
    assert result.exit_code == 8
    assert [problem["code"] for problem in result.json["problems"]] == ["head_not_found"]


def test_the_newest_row_is_missed_also_if_its_number_was_given_back(team: Team) -> None:
    newest = last_row(team)
    tamper(
        team,
        f"DELETE FROM engagement_tracking WHERE id = {newest}",
        f"UPDATE sqlite_sequence SET seq = {newest - 1} WHERE name = 'engagement_tracking'",
    )
    codes = {problem["code"] for problem in team.run("check", "--json").json["problems"]}
    assert {"row_missing", "seal_wrong", "status_differs"} <= codes


def test_a_head_noted_earlier_is_still_in_the_history_when_it_has_grown(team: Team) -> None:
    noted = head(team)
    team.ok("bulk-assign", "--from", "omar", "--to", "mark", "--as", "maria")
    team.ok("undo", "2", "--as", "maria")
    assert team.run("check", "--expect", noted).exit_code == 0


def test_a_seal_that_cannot_be_one_is_named_by_the_row_at_which_it_ends(team: Team) -> None:
    columns = "last_id, first_id, varying, marks, hash"
    tamper(team, f"INSERT INTO seals ({columns}) VALUES (0, 1, '', '', '')")
    assert found(team)["history_changed"].endswith(": the seal that ends at row 0 is not valid")


def test_expecting_a_head_compares_every_row_with_its_seal_too(team: Team) -> None:
    noted = head(team)
    tamper(team, "UPDATE engagement_tracking SET actor = 'mark' WHERE id = 20")
    assert team.run("check", "--expect", noted).exit_code == 8


def test_a_history_that_was_sealed_anew_shows_by_the_noted_head_alone(team: Team) -> None:
    noted = head(team)
    tamper(
        team,
        "UPDATE engagement_tracking SET actor = 'mark' WHERE id = 20",
        "DELETE FROM seals",
    )
    with open_database(team.database) as database, database.write():
        database.tracked_before = 0
    assert full_check(team).exit_code == 0
    assert full_check(team, "--expect", noted).exit_code == 8


def test_a_bulk_larger_than_one_seal_is_sealed_whole(team: Team) -> None:
    rows = "\n".join(f"big-{number:05},Customer,omar" for number in range(20_001))
    (team.folder / "big.csv").write_text(f"id,customer,owner_id\n{rows}\n", encoding="utf-8")
    team.ok("import", "chats", "big.csv")
    team.ok("bulk-assign", "--from", "omar", "--to", "mark", "--to", "martha", "--as", "maria")
    team.ok("undo", "2", "--as", "maria")
    assert head(team)
    middle = last_row(team) - 15_000
    tamper(team, f"UPDATE engagement_tracking SET chat_id = 'chat-1' WHERE id = {middle}")
    assert f"row {middle} was changed" in found(team)["history_changed"]


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_row_that_is_changed_in_any_way_is_named(team: Team, data: st.DataObject) -> None:
    row_id = data.draw(st.integers(1, last_row(team)))
    column = data.draw(st.sampled_from(COLUMNS))
    ((before,),) = team.rows(f"SELECT {column} FROM engagement_tracking WHERE id = :id", id=row_id)
    changed = st.integers(-9, 9) if column.endswith("t_id") else st.text(ANY)
    after = data.draw(changed.filter(lambda value: value != before))
    _set(team, row_id, column, after)
    try:
        assert f"row {row_id} was changed" in found(team)["history_changed"]
    finally:
        _set(team, row_id, column, before)


ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


def _set(team: Team, row_id: int, column: str, value: object) -> None:
    with without_guards(team.database) as connection:
        connection.execute(
            f"UPDATE engagement_tracking SET {column} = ? WHERE id = ?", (value, row_id)
        )
