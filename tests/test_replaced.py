"""A database that is replaced under a program is never taken for the one that was opened."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.databases import held
from tests.support.needs import needs
from tests.support.processes import Process, Result, program, result, start, wait_until
from tests.support.stopping import Windows, points, stopped, waits, windows
from tests.support.team import Team, rows_of

ASK = program("assign", "chat-1", "--to", "martha", "--as", "mark", "--json")
FILES = ("", "-wal", "-shm")


def moved_away(team: Team) -> None:
    """As before a restore, and nothing was put there yet."""
    for suffix in FILES:
        team.database.with_name(f"assignchat.db{suffix}").rename(team.folder / f"old.db{suffix}")


def restored(team: Team) -> None:
    """A backup in its place, as the docs say."""
    moved_away(team)
    (team.folder / "backup.db").rename(team.database)


def copied_over(team: Team) -> None:
    """A backup in its place at once; the file before has no name any more."""
    for suffix in FILES[1:]:
        team.database.with_name(f"assignchat.db{suffix}").unlink()
    (team.folder / "backup.db").rename(team.database)


def led_elsewhere(team: Team) -> None:
    """The name is a link, which leads to another file now."""
    team.database.unlink()
    team.database.symlink_to("backup.db")


Replace = Callable[[Team], None]
BY_NAME: list[tuple[Replace, str]] = [
    (moved_away, "old.db"),
    (restored, "old.db"),
    (copied_over, "assignchat.db (deleted)"),
]


@pytest.fixture
def backed_up(team: Team, replace: Replace) -> Team:
    """A team with a backup, and with a link to its database if that is to be led elsewhere."""
    team.ok("backup", "backup.db")
    if replace is led_elsewhere:
        team.database.rename(team.folder / "real.db")
        team.database.symlink_to("real.db")
    return team


def requests(path: Path) -> list[tuple[object, ...]]:
    return rows_of(str(path), "SELECT id FROM requests")


@pytest.mark.parametrize(("replace", "where"), [*BY_NAME, (led_elsewhere, "real.db")])
def test_who_waited_for_the_lock_meanwhile_changes_neither(
    backed_up: Team, replace: Replace, where: str
) -> None:
    with held(backed_up.database) as other:
        process = start(backed_up.folder, *ASK)
        assert waits(process)
        replace(backed_up)
        other.execute("ROLLBACK")
        ended = result(process)
    assert (ended.exit_code, ended.error, ended.out) == (6, "database_missing", "")
    for path in (backed_up.database, backed_up.folder / where):
        assert not path.exists() or requests(path) == []


def found_windows(team: Team) -> Windows:
    """Where a command of the same kind stands at which of its calls."""
    again = [word.replace("chat-1", "chat-2") for word in ASK]
    found = windows(points(team.folder, again))
    team.ok("withdraw", "1", "--reason", "mistake", "--as", "mark")
    return found


@pytest.mark.parametrize(("replace", "where"), BY_NAME)
def test_a_change_that_went_into_the_file_before_is_no_success(
    backed_up: Team, replace: Replace, where: str
) -> None:
    needs("strace")
    written = found_windows(backed_up).written
    with stopped(backed_up.folder, ASK, written) as process:
        assert process.poll() is None
        replace(backed_up)
    ended: Result = result(process)
    assert (ended.exit_code, ended.error, ended.out) == (6, "database_replaced", "")
    assert f"the change went into {backed_up.folder / where}" in ended.err
    assert "stands" not in ended.err
    if replace is not copied_over:
        assert len(requests(backed_up.folder / where)) == 2
    if backed_up.database.exists():
        assert requests(backed_up.database) == []
        backed_up.ok("check", "--full")


# The files beside a database, through which all that others write comes.


def removed(team: Team) -> None:
    for suffix in FILES[1:]:
        team.database.with_name(f"assignchat.db{suffix}").unlink()


def used_anew(team: Team) -> None:
    """Removed, and then somebody else has changed the database, with new ones."""
    removed(team)
    team.ok("chat", "close", "chat-2")


def log_removed(team: Team) -> None:
    team.database.with_name("assignchat.db-wal").unlink()


def cut_off(team: Team) -> None:
    """Whoever reads the memory that this file is would be ended by the system."""
    os.truncate(team.database.with_name("assignchat.db-shm"), 0)


def looks_again(process: Process) -> bool:
    """Whether it has looked, and waits until it looks again."""
    return "poll" in Path(f"/proc/{process.pid}/wchan").read_text()


WATCHING = ["tracking --follow --jsonl", "inbox --watch --json --as martha", "wait 1"]


@pytest.mark.parametrize("words", WATCHING)
@pytest.mark.parametrize("replace", [removed, used_anew, log_removed, cut_off])
def test_who_watches_says_that_the_files_beside_were_replaced(
    team_now: Team, words: str, replace: Replace
) -> None:
    team_now.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    process = start(team_now.folder, *program(*words.split()))
    wait_until(lambda: looks_again(process))
    replace(team_now)
    ended = result(process)
    assert ended.exit_code == 6
    assert "was removed, replaced or cut off while it was in use" in ended.err
    if replace is used_anew:
        assert team_now.rows("SELECT status FROM chats WHERE id = 'chat-2'") == [("closed",)]
        team_now.ok("check", "--full")


@pytest.mark.parametrize("replace", [removed, log_removed])
def test_a_writer_changes_nothing_through_a_log_that_was_removed(
    team: Team, replace: Replace
) -> None:
    with held(team.database) as other:
        process = start(team.folder, *ASK)
        assert waits(process)
        replace(team)
        other.execute("ROLLBACK")
        ended = result(process)
    assert (ended.exit_code, ended.error, ended.out) == (6, "database_replaced", "")
    assert requests(team.database) == []
    team.ok("check", "--full")


@pytest.mark.parametrize("replace", [removed, used_anew])
def test_a_change_that_went_into_a_log_without_a_name_is_no_success(
    team: Team, replace: Replace
) -> None:
    needs("strace")
    written = found_windows(team).written
    with stopped(team.folder, ASK, written) as process:
        assert process.poll() is None
        replace(team)
    ended: Result = result(process)
    assert (ended.exit_code, ended.error, ended.out) == (6, "database_replaced", "")
    assert "the change went into" in ended.err
    assert "assignchat.db-wal (deleted)" in ended.err
    team.ok("check", "--full")
