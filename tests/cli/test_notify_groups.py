"""notify: where there are many to be told, they are claimed and recorded in groups."""

import sqlite3
import threading

import pytest

from assignchat.service.notifications import notify
from assignchat.store.engines import engine_of
from tests.support.notified import Outlet, round_at
from tests.support.team import Team


@pytest.fixture
def crowd(team: Team) -> list[str]:
    """Twenty users who have each got a chat of which they are to be told."""
    users = [f"user-{number:02d}" for number in range(20)]
    for user in users:
        team.ok("user", "add", user)
        team.ok("chat", "add", f"of-{user}", "--customer", "Ana", "--owner", "maria")
        team.ok("bulk-assign", f"of-{user}", "--to", user, "--as", "maria")
    return users


def unrecorded(team: Team) -> set[str]:
    """Those for whom something is in the outbox."""
    found = "SELECT recipient_id FROM deliveries JOIN notifications ON id = notification_id"
    return {user for (user,) in team.rows(found)}


def test_many_are_claimed_and_recorded_together(team: Team, crowd: list[str]) -> None:
    sizes: set[int] = set()

    def take(_: str) -> bool:
        sizes.add(len(unrecorded(team)))
        return True

    outlet = Outlet(take)
    assert round_at(team, outlet) == (20, 0, 0)
    assert [user for user, _ in outlet.sent] == crowd
    assert len(sizes) <= 4


@pytest.mark.sqlite_only("a server's lock is waited for in another way")
def test_what_has_arrived_is_recorded_though_another_writer_takes_long(
    team: Team, crowd: list[str]
) -> None:
    release: list[threading.Timer] = []

    def take(user: str) -> bool:
        if user == crowd[0]:
            other = sqlite3.connect(team.database, check_same_thread=False, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            release.append(threading.Timer(0.6, other.close))
            release[0].start()
        return True

    engine = engine_of(team.location)
    with engine.open(
        team.location, os_user="test", busy_seconds=0.3, clock=lambda: team.now
    ) as database:
        assert notify(database, Outlet(take)).sent == 20
    release[0].join()
    assert unrecorded(team) == set()


def test_where_sending_is_slow_each_message_is_recorded_before_the_next(
    team: Team, crowd: list[str]
) -> None:
    def take(user: str) -> bool:
        assert unrecorded(team) == set(crowd[crowd.index(user) :])
        team.advance(1)
        return True

    assert round_at(team, Outlet(take)).sent == 20


def test_who_leaves_while_others_are_sent_theirs_is_sent_nothing(
    team: Team, crowd: list[str]
) -> None:
    def take(user: str) -> bool:
        if user == crowd[1]:
            for leaving in crowd[2::2]:
                team.ok("user", "deactivate", leaving, "--reassign-to", "maria")
        return True

    outlet = Outlet(take)
    round_at(team, outlet)
    assert [user for user, _ in outlet.sent if user in crowd] == [crowd[0], *crowd[1::2]]


def test_an_interruption_keeps_what_has_arrived_and_gives_the_rest_back(
    team: Team, crowd: list[str]
) -> None:
    def take(user: str) -> bool:
        if user == crowd[3]:
            raise KeyboardInterrupt
        return user != crowd[2]

    with pytest.raises(KeyboardInterrupt):
        round_at(team, Outlet(take))
    again = Outlet()
    assert round_at(team, again) == (18, 0, 0)
    assert [user for user, _ in again.sent] == crowd[2:]


def test_a_round_that_is_stopped_gives_back_what_it_has_not_sent(
    team: Team, crowd: list[str]
) -> None:
    outlet = Outlet()
    done = round_at(team, outlet, stop_requested=lambda: len(outlet.sent) == 3)
    assert done == (3, 0, 17)
    assert round_at(team, Outlet()).sent == len(crowd) - 3


@pytest.mark.sqlite_only("puts in what a server refuses")
def test_a_damaged_row_of_one_user_passes_over_that_user_alone(
    team: Team, crowd: list[str]
) -> None:
    spoil = "UPDATE notifications SET text = CAST(text AS {}) WHERE recipient_id = ?"
    team.sqlite(spoil.format("BLOB"), crowd[7])
    passed_over: list[str] = []
    outlet = Outlet()
    done = round_at(team, outlet, passed_over=lambda user, _: passed_over.append(user))
    assert (done, passed_over) == ((19, 0, 1), [crowd[7]])
    assert [user for user, _ in outlet.sent] == [*crowd[:7], *crowd[8:]]
    team.sqlite(spoil.format("TEXT"), crowd[7])
