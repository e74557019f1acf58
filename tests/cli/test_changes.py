"""changes: what the CRM does not know yet, told once and not lost."""

import csv
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE, program, result, start
from tests.support.team import Team

TELL = ("changes", "--told", "--csv")


@pytest.fixture
def synced(team: Team) -> Team:
    """A team all of whose chats the CRM knows, and c-1 to c-3 of mark."""
    team.ok("changes", "--told")
    rows = (
        "id,customer,owner_id,status\nc-1,Ann,mark,open\nc-2,Bob,mark,open\nc-3,Cem,mark,closed\n"
    )
    Path("crm.csv").write_text(rows, encoding="utf-8")
    team.ok("import", "chats", "crm.csv")
    return team


def _hand_over(team: Team, *chats: str) -> None:
    team.advance(1)
    team.ok("bulk-assign", *chats, "--to", "martha", "--yes", "--as", "maria")


def _hand_over_many(team: Team) -> None:
    """Hand over more chats than the names of which fit into a pipe."""
    names = "".join(f"n-{number:05},mark\n" for number in range(20_000))
    Path("many.csv").write_text("id,owner_id\n" + names, encoding="utf-8")
    team.ok("import", "chats", "many.csv")
    team.ok("bulk-assign", "--from", "mark", "--to", "martha", "--yes", "--as", "maria")


def test_nothing_to_tell_is_an_empty_list(synced: Team) -> None:
    assert synced.ok("changes") == []
    assert synced.run("changes", "--csv").out.count("\n") == 1


def test_what_was_changed_here_is_listed_with_both_sides(synced: Team) -> None:
    _hand_over(synced, "c-1")
    synced.advance(1)
    synced.ok("chat", "close", "c-2", "--as", "omar")
    first, second = synced.ok("changes")
    assert first == {
        "id": "c-1",
        "customer": "Ann",
        "owner_id": "martha",
        "crm_owner_id": "mark",
        "status": "open",
        "crm_status": "open",
        "changed_at": "2026-11-22T14:05:11.000Z",
        "changed_by": "maria",
    }
    assert (second["id"], second["status"], second["crm_status"]) == ("c-2", "closed", "open")
    assert second["changed_by"] == "omar"
    assert synced.run("changes", "--ids").out == "c-1\nc-2\n"
    assert [row["id"] for row in synced.ok("changes", "--limit", "1")] == ["c-1"]


def test_what_was_changed_back_is_not_to_be_told(synced: Team) -> None:
    _hand_over(synced, "c-1")
    synced.ok("undo", "1", "--as", "maria")
    assert synced.ok("changes") == []


def test_a_chat_that_was_added_here_is_to_be_told(synced: Team) -> None:
    synced.ok("chat", "add", "c-9", "--customer", "Eve", "--owner", "omar")
    (new,) = synced.ok("changes", "--told")
    assert (new["owner_id"], new["crm_owner_id"], new["crm_status"]) == ("omar", None, None)
    shown = synced.ok("chat", "show", "c-9")
    assert (shown["crm_owner_id"], shown["crm_status"]) == ("omar", "open")


def test_what_was_told_is_not_told_again(synced: Team) -> None:
    _hand_over(synced, "c-1", "c-2")
    assert [row["id"] for row in synced.ok("changes", "--told", "--limit", "1")] == ["c-1"]
    assert [row["id"] for row in synced.ok("changes", "--told")] == ["c-2"]
    assert synced.ok("changes", "--told") == []
    assert synced.ok("check", "--full")["problems"] == []


def test_an_import_that_shows_the_new_owner_counts_as_told(synced: Team) -> None:
    _hand_over(synced, "c-1")
    Path("crm.csv").write_text("id,owner_id\nc-1,martha\n", encoding="utf-8")
    synced.ok("import", "chats", "crm.csv")
    assert synced.ok("changes") == []


def test_an_export_from_before_the_telling_takes_back_what_it_warns_of(synced: Team) -> None:
    _hand_over(synced, "c-1", "c-2")
    assert synced.run("import", "chats", "crm.csv", "--dry-run").err == ""  # not told yet
    synced.ok("changes", "--told")
    for mode in (("--dry-run",), ()):
        taken_back = synced.run("import", "chats", "crm.csv", *mode)
        assert taken_back.exit_code == 0
        assert "before they were handed over here: c-1, c-2. An export" in taken_back.err
    assert synced.owner("c-1") == "mark"


def test_it_warns_of_what_is_taken_back_wherever_it_stands_in_the_file(synced: Team) -> None:
    given = "".join(f"n-{number},Ann,mark\n" for number in range(20))
    Path("new.csv").write_text(f"id,customer,owner_id\n{given}", encoding="utf-8")
    synced.ok("import", "chats", "new.csv")
    _hand_over(synced, "c-1")
    synced.ok("changes", "--told")
    older = given.replace("mark", "omar") + "c-1,Ann,mark\n"
    Path("older.csv").write_text(f"id,customer,owner_id\n{older}", encoding="utf-8")
    assert "handed over here: c-1. An" in synced.run("import", "chats", "older.csv").err


def test_what_the_crm_gives_to_others_is_not_taken_for_an_old_export(synced: Team) -> None:
    _hand_over(synced, "c-1")
    synced.ok("changes", "--told")
    for owner in ("omar", "martha"):
        Path("crm.csv").write_text(f"id,owner_id\nc-1,{owner}\n", encoding="utf-8")
        assert synced.run("import", "chats", "crm.csv").err == ""
        assert synced.owner("c-1") == owner


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_only_an_output_that_has_arrived_counts_as_told(synced: Team) -> None:
    _hand_over(synced, "c-1", "c-2")
    with Path("/dev/full").open("wb") as full:
        failed = result(start(synced.folder, *program(*TELL), stdout=full))
    assert failed.exit_code == 1
    assert len(synced.ok("changes")) == 2


def test_a_reader_who_goes_after_the_first_line_was_told_nothing(synced: Team) -> None:
    _hand_over_many(synced)
    before = len(synced.ok("changes"))
    telling = start(synced.folder, *program(*TELL))
    assert telling.stdout is not None
    assert telling.stdout.readline().startswith("id,")
    telling.stdout.close()
    assert telling.wait(PATIENCE) != 0
    assert len(synced.ok("changes")) == before > 20_000


def test_two_who_tell_at_once_tell_each_change_once(synced: Team) -> None:
    _hand_over_many(synced)
    changed = {row["id"] for row in synced.ok("changes")}
    first = start(synced.folder, *program("changes", "--told", "--ids"))
    assert first.stdout is not None
    told = [first.stdout.readline()]  # it has begun, and the rest does not fit into the pipe
    synced.ok("config", "set", "busy_timeout", "1s")
    refused = synced.run("changes", "--told", "--json")
    assert (refused.exit_code, refused.out) == (6, "")
    assert "telling the CRM" in refused.err
    assert len(synced.ok("changes")) == len(changed)  # who only looks need not wait
    synced.ok("chat", "reopen", "c-3")  # nor who changes
    synced.ok("config", "set", "busy_timeout", "60s")
    second = start(synced.folder, *program("changes", "--told", "--ids"))
    told += first.stdout.readlines()
    told_too = result(second).out.splitlines()
    assert result(first).exit_code == 0
    assert sorted([*map(str.strip, told), *told_too]) == sorted([*changed, "c-3"])
    assert synced.ok("changes") == []


def test_whoever_is_killed_while_telling_keeps_nobody_waiting(synced: Team) -> None:
    _hand_over_many(synced)
    before = len(synced.ok("changes"))
    telling = start(synced.folder, *program(*TELL))
    assert telling.stdout is not None
    telling.stdout.readline()
    telling.kill()
    assert telling.wait(PATIENCE) != 0
    assert len(synced.ok("changes", "--told")) == before


def test_a_file_on_the_disk_has_all_that_counts_as_told(synced: Team) -> None:
    _hand_over(synced, "c-1", "c-2")
    with Path("told.csv").open("wb") as file:
        assert result(start(synced.folder, *program(*TELL), stdout=file)).exit_code == 0
    rows = list(csv.DictReader(Path("told.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["id"] for row in rows] == ["c-1", "c-2"]
    assert synced.ok("changes") == []
