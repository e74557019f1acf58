"""A disk without room, files and disks that may not be written, and what is on the disk when."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.faults.afterwards import state
from tests.faults.commands import ASSIGN
from tests.faults.conftest import ALL, SECONDS_FOR_A_TEST, every_command
from tests.faults.injection import Fault, run
from tests.faults.trials import Trials, start
from tests.support import processes
from tests.support.disks import fill, mounted, remount
from tests.support.needs import needs
from tests.support.stopping import Point

__all__ = ["SECONDS_FOR_A_TEST"]

ROOM = range(0, 320, 4) if ALL else (0, 48)
"""How many KiB are left on a disk that is full: from none to nearly enough."""
BLOCKS = range(0, 400, 8) if ALL else (70,)
"""How long a file may be, in blocks of 512 bytes."""
WHERE = [">/dev/full", ">&-"] if ALL else [">/dev/full"]
"""What becomes of the result; both are tried for one command in test_output_fails too."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    with mounted(place, "size=4m"):
        yield place


def config_first(trials: Trials) -> list[str]:
    """The code of what is written before the database, if the command writes that."""
    return ["config_not_writable"] if trials.writing.name in {"init", "config set"} else []


@every_command
def test_a_full_disk_changes_nothing_and_room_mends_it(trials: Trials, disk: Path) -> None:
    for room in ROOM:
        team = trials.copy_to(disk / "team")
        filler = fill(disk, room=room)
        result = start(team, trials.writing.words)
        if result.exit_code == 0:  # there was enough
            assert state(team) == trials.new
        else:
            trials.refused(team, result, "database_full", *config_first(trials))
            filler.unlink()
            trials.recovers(team)
        filler.unlink(missing_ok=True)
        shutil.rmtree(team)


@every_command
def test_a_disk_that_can_hold_no_more_files_is_a_full_one(trials: Trials, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    with mounted(place, "size=4m,nr_inodes=16"):
        team = trials.copy_to(place / "team")
        fillers = [place / f"filler-{number}" for number in range(16)]
        for filler in fillers:
            try:
                filler.touch()
            except OSError:
                break
        result = start(team, trials.writing.words)
        trials.refused(team, result, "database_full", *config_first(trials))
        for filler in fillers:
            filler.unlink(missing_ok=True)
        trials.recovers(team)


@every_command
@pytest.mark.parametrize("blocks", BLOCKS)
def test_a_file_that_may_not_grow_is_as_a_full_disk(
    trials: Trials, blocks: int, tmp_path: Path
) -> None:
    team = trials.copy_to(tmp_path / "team")
    limited = ["sh", "-c", f'ulimit -f {blocks} && exec "$@"', "sh"]
    result = start(team, trials.writing.words, *limited)
    if result.exit_code == 0 and blocks:
        assert state(team) == trials.new
        return
    trials.refused(team, result, "database_full", *config_first(trials))
    trials.recovers(team)


@every_command
def test_a_disk_that_may_only_be_read_changes_nothing(trials: Trials, disk: Path) -> None:
    team = trials.copy_to(disk / "team")
    remount(disk, "ro")
    result = start(team, trials.writing.words)
    trials.refused(team, result, "database_read_only", *config_first(trials))
    remount(disk, "rw")
    trials.recovers(team)


@every_command
@pytest.mark.parametrize("name", [".", "assignchat.db"], ids=["folder", "file"])
def test_what_may_only_be_read_is_left_alone(trials: Trials, name: str, tmp_path: Path) -> None:
    team = trials.copy_to(tmp_path / "team")
    path = team / name
    if not path.exists() or (path != team and trials.writing.name.startswith("backup")):
        pytest.skip("nothing there is written")
    before = path.stat().st_mode
    path.chmod(before & ~0o222)
    power = []
    if os.geteuid() == 0:  # root may write everything
        needs("setpriv")
        power = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    result = start(team, trials.writing.words, *power)
    path.chmod(before)
    trials.refused(team, result, "database_read_only", *config_first(trials))
    trials.recovers(team)


@contextmanager
def read_by_another(path: Path) -> Iterator[None]:
    """Somebody else has the database open, so that closing it does not tidy up, and sync."""
    if not path.exists():
        yield
        return
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("SELECT count(*) FROM users").fetchall()
        yield


OF_NO_USE_AFTER_A_CRASH = ("-shm", "-queue")


@every_command
def test_what_is_reported_is_on_the_disk(trials: Trials, tmp_path: Path) -> None:
    """Every file that was written, and every folder with a new name in it, was synced before."""
    if trials.writing.delivers:
        pytest.skip("what it prints comes before the change")
    team = trials.copy_to(tmp_path / "team")
    with read_by_another(team / "assignchat.db"):
        log = run(team, trials.writing.words, everything=True).log
    unsynced, synced = set[str](), 0
    for line in log:
        call = re.match(r"\d+ +(\w+)\((\d*)(?:<([^>]*)>)?.*", line)
        if call is None:
            continue
        name, descriptor, path = call[1], call[2], call[3] or ""
        if name == "write" and descriptor == "1":
            break
        if name in {"rename", "link", "renameat", "linkat", "renameat2"}:
            unsynced.add(str(team))
        elif name in {"unlink", "unlinkat"}:  # what was in it is meant to be gone
            unsynced.discard(str(team / re.findall('"([^"]*)"', line)[-1]))
        elif name in {"fsync", "fdatasync"}:
            unsynced.discard(path)
            synced += 1
        elif name.startswith("unlink"):
            unsynced.discard(str(team / line.split('"')[1]))
        elif path.startswith(str(team)) and not path.endswith(OF_NO_USE_AFTER_A_CRASH):
            unsynced.add(path)
    else:
        pytest.fail("nothing was reported")
    assert synced
    assert unsynced == set()


@every_command
@pytest.mark.parametrize("where", WHERE)
def test_a_change_stands_whose_result_cannot_be_written(
    trials: Trials, where: str, tmp_path: Path
) -> None:
    team = trials.copy_to(tmp_path / "team")
    result = start(team, trials.writing.words, "sh", "-c", f'exec "$@" {where}', "sh")
    assert result.exit_code == 1
    assert '"output_failed"' in result.err
    # That the database is brought up to date is no change that was asked for.
    stands = "The change itself was made and stands." in result.err
    assert stands != (trials.writing.on_opening or trials.writing.delivers)
    assert state(team) == (trials.old if trials.writing.delivers else trials.new)


READS = """
import sqlite3, sys
connection = sqlite3.connect("assignchat.db")
print(connection.execute("SELECT count(*) FROM users").fetchone(), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize("trials", [ASSIGN], ids=lambda writing: writing.name, indirect=True)
def test_a_commit_that_could_not_be_synced_does_not_come_back(
    trials: Trials, for_ever: bool, tmp_path: Path
) -> None:
    """Not even if whoever else has the database open is killed before anybody writes again."""
    team = trials.copy_to(tmp_path / "team")
    reader = processes.start(team, sys.executable, "-c", READS, stdin=subprocess.PIPE)
    assert reader.stdout is not None
    reader.stdout.readline()
    start(team, ["user", "add", "eve"])  # so that the only sync is the commit's
    before = state(team)
    fault = Fault("error=EIO", Point("fdatasync", 1), for_ever)
    traced = run(team, trials.writing.words, *fault.options)
    reader.kill()
    assert traced.struck
    assert (traced.result.exit_code, traced.result.error) == (6, "database_damaged")
    assert state(team) == before
    assert start(team, ["check"]).exit_code == 0
