"""Two operators at once, with the window between them held open: one outcome, whoever is first.

The first is stopped by the kernel where it is about to take the write lock, has just taken it,
has written but not let go, or has just let go; then the second comes in.
With ALL_FAULTS set the first is stopped at every one of its calls on the files.
"""

import os
import shutil
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from assignchat import assign
from assignchat.store.sqlite.database import SqliteDatabase
from tests.support import faking
from tests.support.needs import needs
from tests.support.processes import Result, pipe, program, result, start, wait_until
from tests.support.stopping import Point, points, stopped, waits, windows
from tests.support.team import Team, rows_of

ALL = bool(os.environ.get("ALL_FAULTS"))
SECONDS_FOR_A_TEST = 3_600 if ALL else 120


class Command(NamedTuple):
    """A command that one of two runs, and how it settles the request if it comes first."""

    words: str
    settles: str
    refused: bool = True  # if it comes second
    second: str = "request_not_pending"  # how accepting is refused after it
    clock: str | None = None

    @property
    def argv(self) -> list[str]:
        return program(*self.words.replace("'", "").split(), "--json")

    @property
    def env(self) -> dict[str, str]:
        return faking.clock(self.clock) if self.clock else {}


ACCEPT = Command("accept 1 --as martha", "accepted")
RIVALS = {
    "accept": ACCEPT,
    "reject": Command("reject 1 --reason Busy --as martha", "rejected"),
    "withdraw": Command("withdraw 1 --reason Busy --as mark", "withdrawn"),
    "withdraw by a manager": Command("withdraw 1 --reason Busy --as maria", "withdrawn"),
    # By the sweep's clock the deadline has come, by the other's it has not.
    "sweep": Command("sweep-timeouts", "timed_out", False, "request_timed_out", clock="+2h"),
    "bulk": Command("bulk-assign chat-1 --to omar --as maria", "cancelled", False),
    "deactivate recipient": Command(
        "user deactivate martha --reassign-to omar --as maria", "cancelled", False, "user_inactive"
    ),
    "deactivate requester": Command(
        "user deactivate mark --reassign-to omar --as maria", "cancelled", False
    ),
    "close": Command("chat close chat-1", "cancelled", False),
    "import": Command("import chats moved.csv", "cancelled", False),
}


@pytest.fixture
def asked(team_now: Team) -> Team:
    """The demo team; mark has just asked martha to take chat-1."""
    needs("strace")
    team_now.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", "1h")
    (team_now.folder / "moved.csv").write_text("id,customer,owner_id\nchat-1,Priya Nair,omar\n")
    return team_now


class Trials:
    """Copies of a team's folder, each to be raced in once."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self._count = 0

    def folder(self) -> Path:
        self._count += 1
        folder = self.team.folder.parent / f"trial-{self._count}"
        return Path(shutil.copytree(self.team.folder, folder))

    def points(self, first: Command) -> list[Point]:
        return points(self.folder(), first.argv, first.env)

    def race(self, first: Command, point: Point, second: Command) -> "Race":
        """Stop the first at a point and let the second come in, whole if it can."""
        folder = self.folder()
        with stopped(folder, first.argv, point, first.env) as one:
            stood = one.poll() is None
            two = start(folder, *second.argv, env=second.env)
            waited = waits(two)
        return Race(self.team, folder, stood, waited, result(one), result(two))


class Race(NamedTuple):
    """What came of two at once."""

    team: Team
    folder: Path
    stood: bool  # whether the first was there when the second came in
    waited: bool  # whether the second had to wait for it
    one: Result
    two: Result

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        return rows_of(str(self.folder / "assignchat.db"), select)

    def outcome(self) -> str:
        """How the request was settled: once, with one tracking row, in a sound database."""
        database = str(self.folder / "assignchat.db")
        found = self.team.run("--db", database, "check", "--json")
        assert found.exit_code == 0, found.out
        (asking, outcome) = self.rows(
            "SELECT event FROM engagement_tracking WHERE request_id = 1 ORDER BY id"
        )
        assert asking == ("requested",)
        assert self.rows("SELECT status FROM requests WHERE id = 1") == [outcome]
        return str(outcome[0])


def assert_settled_once(race: Race, first: Command, second: Command, winner: Command) -> None:
    """The winner settles the request; the other is refused, or does what is left to do."""
    assert race.outcome() == winner.settles, race
    for ended, command in ((race.one, first), (race.two, second)):
        if command is winner:
            assert ended.exit_code == 0, race
        elif command is ACCEPT:
            assert (ended.exit_code, ended.error) == (4, winner.second), race
        elif command.refused:
            assert (ended.exit_code, ended.error) == (4, "request_not_pending"), race
        else:
            assert ended.exit_code == 0, race


@pytest.mark.parametrize("rival", RIVALS)
@pytest.mark.parametrize("accepts_first", [True, False], ids=["accept first", "rival first"])
def test_a_request_has_one_outcome_whenever_the_other_comes_in(
    asked: Team, rival: str, accepts_first: bool
) -> None:
    # The same command twice is still two, one of which wins.
    accept, other = ACCEPT, RIVALS[rival]._replace()
    first, second = (accept, other) if accepts_first else (other, accept)
    trials = Trials(asked)
    at = windows(trials.points(first))
    race = trials.race(first, at.before, second)
    assert (race.stood, race.waited) == (True, False)
    assert_settled_once(race, first, second, winner=second)
    for point in (at.holding, at.written) if ALL else (at.holding,):
        race = trials.race(first, point, second)
        assert (race.stood, race.waited) == (True, True)
        assert_settled_once(race, first, second, winner=first)
    race = trials.race(first, at.released, second)
    assert (race.stood, race.waited) == (True, False)
    assert_settled_once(race, first, second, winner=first)


@pytest.mark.skipif(not ALL, reason="takes minutes; with ALL_FAULTS set")
@pytest.mark.parametrize("rival", RIVALS)
@pytest.mark.parametrize("accepts_first", [True, False], ids=["accept first", "rival first"])
def test_a_request_has_one_outcome_wherever_the_first_is_stopped(
    asked: Team, rival: str, accepts_first: bool
) -> None:
    accept, other = ACCEPT, RIVALS[rival]._replace()
    first, second = (accept, other) if accepts_first else (other, accept)
    trials = Trials(asked)
    stood = 0
    # Between two writes to a file nothing is different for others.
    for point in [point for point in trials.points(first) if point.call != "pwrite64"]:
        race = trials.race(first, point, second)
        winner = first if race.outcome() == first.settles and race.one.exit_code == 0 else second
        assert_settled_once(race, first, second, winner)
        stood += race.stood
    print(f"{stood} windows of {first.words!r} against {second.words!r}")  # noqa: T201


def test_of_six_who_wait_to_ask_for_a_chat_one_is_heard(asked: Team) -> None:
    trials = Trials(asked)
    asks = [
        program("assign", "chat-2", "--to", to, "--as", "mark", "--json")
        for to in ("martha", "omar", "maria") * 2
    ]
    holding = windows(points(trials.folder(), asks[0])).holding
    folder = trials.folder()
    with stopped(folder, asks[0], holding) as one:
        others = [start(folder, *argv) for argv in asks[1:]]
        assert [waits(other) for other in others] == [True] * 5
    results = [result(process) for process in (one, *others)]
    assert [ended.exit_code for ended in results] == [0, *[4] * 5]
    assert {ended.error for ended in results[1:]} == {"request_exists"}
    assert asked.ok("--db", f"{folder}/assignchat.db", "requests", "--chat", "chat-2") == [
        results[0].json
    ]


BULKS = [
    Command(f"bulk-assign --from mark --to {to} --as maria", "cancelled")
    for to in ("martha", "omar")
]


@pytest.mark.parametrize("window", ["before", "holding", "released"])
def test_two_bulks_of_one_owner_move_each_chat_once_whenever_the_other_comes_in(
    asked: Team, window: str
) -> None:
    trials = Trials(asked)
    race = trials.race(BULKS[0], getattr(windows(trials.points(BULKS[0])), window), BULKS[1])
    assert (race.stood, race.waited) == (True, window == "holding")
    assert race.outcome() == "cancelled"
    (winner, loser) = (race.two, race.one) if window == "before" else (race.one, race.two)
    assert (winner.json["assigned"], loser.json["assigned"]) == (3, 0)
    assert (winner.json["cancelled_requests"], loser.json["cancelled_requests"]) == (1, 0)
    moved = race.rows("SELECT chat_id, batch_id FROM engagement_tracking WHERE event = 'assigned'")
    assert sorted(moved) == [("chat-1", 1), ("chat-2", 1), ("chat-3", 1)]


@pytest.mark.parametrize("window", ["before", "holding", "released"])
def test_overlapping_sweeps_time_a_request_out_once(asked: Team, window: str) -> None:
    trials, sweep = Trials(asked), RIVALS["sweep"]
    race = trials.race(sweep, getattr(windows(trials.points(sweep)), window), sweep)
    assert race.stood
    assert race.outcome() == "timed_out"
    (winner, loser) = (race.two, race.one) if window == "before" else (race.one, race.two)
    assert (winner.json["request_ids"], loser.json["request_ids"]) == ([1], [])


@pytest.mark.parametrize("window", ["before", "holding", "released"])
@pytest.mark.parametrize("first", ["omar", "maria"])
def test_a_chat_of_a_queue_is_taken_once_whenever_the_other_comes_in(
    asked: Team, first: str, window: str
) -> None:
    """Nor does a manager, who may take any chat, take it from who was a moment faster."""
    asked.ok("user", "add", "sales", "--role", "queue")
    asked.ok("chat", "add", "new-1", "--customer", "Ann", "--owner", "sales")
    one, two = (Command(f"take new-1 --as {user}", "") for user in (first, "martha"))
    trials = Trials(asked)
    race = trials.race(one, getattr(windows(trials.points(one)), window), two)
    assert (race.stood, race.waited) == (True, window == "holding")
    winner, loser = (race.two, race.one) if window == "before" else (race.one, race.two)
    assert (winner.exit_code, winner.json["assigned"]) == (0, 1)
    assert (loser.exit_code, loser.error) == (4, "already_taken")
    moved = race.rows("SELECT to_user FROM engagement_tracking WHERE event = 'assigned'")
    assert race.rows("SELECT owner_id FROM chats WHERE id = 'new-1'") == moved
    assert [owner for (owner,) in moved] == list(winner.json["recipients"])


ACCEPT_ALL = Command("accept --all --as martha", "accepted")


@pytest.mark.parametrize("window", ["before", "holding", "released"])
def test_of_two_who_accept_all_one_accepts_each_request_and_the_other_finds_none(
    asked: Team, window: str
) -> None:
    asked.ok("assign", "chat-2", "--to", "martha", "--as", "mark", "--timeout", "1h")
    trials = Trials(asked)
    race = trials.race(ACCEPT_ALL, getattr(windows(trials.points(ACCEPT_ALL)), window), ACCEPT_ALL)
    assert (race.stood, race.waited) == (True, window == "holding")
    assert race.outcome() == "accepted"
    winner, loser = (race.two, race.one) if window == "before" else (race.one, race.two)
    assert [request["id"] for request in winner.json] == [1, 2]
    assert (loser.exit_code, loser.json) == (0, [])
    taken = race.rows(
        "SELECT chat_id FROM engagement_tracking WHERE event = 'accepted' ORDER BY id"
    )
    assert taken == [("chat-1",), ("chat-2",)]
    told = race.rows("SELECT recipient_id FROM notifications WHERE text LIKE '%accepted%'")
    assert told == [("mark",), ("mark",)]


UNDO = Command("undo 1 --as maria", "")


@pytest.mark.parametrize("window", ["before", "holding", "released"])
def test_a_batch_is_undone_once_whenever_the_other_comes_in(asked: Team, window: str) -> None:
    asked.ok(*BULKS[0].words.split())
    trials = Trials(asked)
    race = trials.race(UNDO, getattr(windows(trials.points(UNDO)), window), UNDO)
    assert (race.stood, race.waited) == (True, window == "holding")
    (winner, loser) = (race.two, race.one) if window == "before" else (race.one, race.two)
    assert (winner.exit_code, winner.json["undone"]) == (0, 3)
    assert (loser.exit_code, loser.error) == (4, "batch_undone")
    assert race.outcome() == "cancelled"


def test_an_old_database_is_brought_up_to_date_once_wherever_the_first_is_stopped(
    asked: Team,
) -> None:
    """At each lock that the first to open it takes or gives back, three others open it."""
    (current,) = asked.sqlite("PRAGMA user_version")
    asked.sqlite("PRAGMA user_version = 0")
    trials, add = Trials(asked), Command("user add eve", "")
    locks = [point for point in trials.points(add) if "l_start=120, l_len=1" in point.about]
    assert len(locks) >= 4  # of the migration, and of the command itself
    waited = 0
    for point in locks:
        folder = trials.folder()
        with stopped(folder, add.argv, point) as one:
            others = [start(folder, *program("user", "add", f"user-{n}")) for n in range(3)]
            waited += sum([waits(other) for other in others])
        results = [result(process) for process in (one, *others)]
        assert [ended.exit_code for ended in results] == [0] * 4, results
        with closing(sqlite3.connect(folder / "assignchat.db")) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == current
            assert connection.execute("SELECT count(*) FROM users").fetchone() == (8,)
    assert waited >= 3


def test_a_database_can_be_used_from_the_moment_that_it_has_its_name(empty_team: Team) -> None:
    """For a moment it has a second one, under which it was built."""
    needs("strace")
    folder, init = empty_team.folder, program("--db", f"{empty_team.folder}/assignchat.db", "init")
    (linked,) = [point for point in points(folder, init) if point.call.startswith("link")]
    empty_team.database.unlink()
    with stopped(folder, init, linked) as making:
        assert empty_team.database.stat().st_nlink == 2
        others = [
            start(folder, *program("--db", "assignchat.db", *words.split()))
            for words in ("user add eve", "user list", "init", "check")
        ]
        ended = [result(other) for other in others]
        assert making.poll() is None
    assert [other.exit_code for other in ended] == [0] * 4, ended
    assert result(making).exit_code == 0
    assert empty_team.database.stat().st_nlink == 1


READING = (
    "requests",
    "inbox --as martha",
    "status --as mark",
    "chat show chat-1",
    "tracking --records",
    "stats",
    "check",
    "sweep-timeouts",
    "wait 1 --for 0s",
)


def test_readers_wait_for_no_writer_wherever_it_is(asked: Team) -> None:
    """Nor for its disk: each of its syncs in turn takes as long as all the readers need."""
    trials = Trials(asked)
    found = trials.points(ACCEPT)
    syncs = [point for point in found if point.call == "fdatasync"]
    assert len(syncs) >= 4  # of the -wal file, and of the database when it is carried over
    readers = READING if ALL else READING[:2]
    for point in [windows(found).holding, *syncs]:
        folder = trials.folder()
        with stopped(folder, ACCEPT.argv, point) as writer:
            running = [start(folder, *program(*words.split())) for words in readers]
            assert [waits(reader) for reader in running] == [False] * len(readers), point
            ended = [result(reader) for reader in running]
            assert writer.poll() is None
        assert {reader.exit_code for reader in ended} <= {0, 13}, ended
        assert result(writer).exit_code == 0


def test_a_writer_gives_up_after_the_busy_timeout_and_the_first_is_none_the_worse(
    asked: Team,
) -> None:
    asked.ok("config", "set", "busy_timeout", "1s")
    trials = Trials(asked)
    for point in windows(trials.points(ACCEPT))[1:3]:
        folder = trials.folder()
        with stopped(folder, ACCEPT.argv, point) as one:
            began = time.monotonic()
            two = result(start(folder, *RIVALS["withdraw"].argv))
            assert 1 <= time.monotonic() - began < 10
            assert (two.exit_code, two.error, two.out) == (6, "database_locked", "")
        assert result(one).json["status"] == "accepted"
        race = Race(asked, folder, True, True, Result(0, "", ""), two)
        assert race.outcome() == "accepted"


def test_a_writer_on_a_slow_disk_is_waited_for(asked: Team) -> None:
    """The kernel takes a second for each sync; the second comes in during the first one."""
    folder = Trials(asked).folder()
    slow = ("strace", "-q", "-f", "-o", "slow.log", "-e", "trace=fdatasync")
    delay = ("-e", "inject=fdatasync:delay_enter=1000000")
    one = start(folder, *slow, *delay, *ACCEPT.argv)
    log = folder / "slow.log"
    wait_until(lambda: log.exists() and "fdatasync" in log.read_text())
    two = start(folder, *RIVALS["reject"].argv)
    assert waits(two)
    ended, refused = result(one), result(two)
    assert ended.json["status"] == "accepted"
    assert (refused.exit_code, refused.error) == (4, "request_not_pending")
    assert Race(asked, folder, True, True, ended, refused).outcome() == "accepted"


WORK = """
import os, sys, time
from assignchat.cli import main
sys.stdin.read()
slowest, codes = 0.0, []
for number in sys.argv[1:]:
    began = time.monotonic()
    codes.append(main(["accept", number, "--as", "martha", "--json"]))
    slowest = max(slowest, time.monotonic() - began)
print(slowest, codes, file=sys.stderr)
"""


def test_of_eight_who_write_all_the_time_none_starves(team_now: Team) -> None:
    writers, each = 8, 40
    chats = [f"busy-{number}" for number in range(writers * each)]
    lines = [f"{chat},Customer,mark\n" for chat in chats]
    (team_now.folder / "chats.csv").write_text("id,customer,owner_id\n" + "".join(lines))
    team_now.ok("import", "chats", "chats.csv")
    with SqliteDatabase.open(str(team_now.database), os_user="tester") as database:
        numbers = [
            str(assign(database, chat, to="martha", actor="mark", timeout_seconds=None).id)
            for chat in chats
        ]
    began = time.monotonic()
    with pipe() as (line, _go):
        running = [
            start(team_now.folder, sys.executable, "-c", WORK, *numbers[n::writers], stdin=line)
            for n in range(writers)
        ]
    ended = [result(process) for process in running]
    assert [done.err.split(" ", 1)[1].strip() for done in ended] == [str([0] * each)] * writers
    slowest = max(float(done.err.split()[0]) for done in ended)
    seconds = time.monotonic() - began
    assert team_now.ok("check")["sound"] is True
    assert len(team_now.history(event="accepted")) == writers * each
    # Who is passed over for ever comes last: the slowest would take nearly all of the time.
    assert slowest < seconds * 2 / 3
