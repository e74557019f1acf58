"""notify: what users are told arrives, at least once, at real receivers on loopback."""

import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assignchat.service.notifications import CLAIM_SECONDS, Delivered, notify
from assignchat.store.engines import engine_of
from assignchat.times import format_time, seconds_between
from tests.support import processes
from tests.support.processes import Process, Result, program, result, run, wait_until
from tests.support.receivers import SECRET, MailReceiver, WebReceiver, running
from tests.support.team import Team
from tests.support.terminal import at_terminal

IMPATIENT = """
import sys
from assignchat.config import addresses
from assignchat.cli import main
addresses.SECONDS_FOR_ONE = 2
sys.exit(main())
"""


class Outlet:
    """Keeps what it is given; whether it takes it is for the test to say."""

    def __init__(self, take: Callable[[str], bool] = lambda _: True) -> None:
        self.sent: list[tuple[str, str]] = []
        self._take = take

    def reaches(self, user_id: str) -> bool:
        return bool(user_id)

    def send(self, user_id: str, text: str) -> bool:
        self.sent.append((user_id, text))
        return self._take(user_id)


@pytest.fixture
def receiver() -> Iterator[WebReceiver]:
    with running(WebReceiver()) as started:
        yield started


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with running(MailReceiver()) as started:
        yield started


def addresses(team: Team, text: str, mode: int = 0o600) -> None:
    path = Path(team.folder / "notify.toml")
    path.write_text(text)
    path.chmod(mode)


@pytest.fixture
def asked(team: Team) -> Team:
    """Martha has a request that she has not been told of."""
    # By the machine's clock: notify runs in a process of its own.
    done = team.process("assign", "chat-1", "--to", "martha", "--as", "mark", "--json")
    assert done.exit_code == 0, done.err
    return team


@pytest.fixture
def told(asked: Team, receiver: WebReceiver) -> Team:
    """And an address."""
    addresses(asked, f'[users.martha]\nurls = ["{receiver.url}"]\n')
    return asked


@pytest.fixture
def mailed(asked: Team, mail: MailReceiver) -> Team:
    """And a mail address."""
    addresses(asked, f'[users.martha]\nurls = ["{mail.url}"]\n')
    return asked


def delivered(team: Team, *words: str) -> Result:
    return team.process("notify", *words, "--json")


def impatient(team: Team, *words: str) -> Result:
    """Deliver, but wait no more than two seconds for an address."""
    return run(team.folder, sys.executable, "-c", IMPATIENT, "notify", *words)


def try_again(team: Team) -> Result:
    """Deliver once more, when all the pauses are over."""
    team.sqlite("UPDATE deliveries SET next_attempt_at = '2026-01-01T00:00:00.000Z'")
    return delivered(team)


def round_at(team: Team, outlet: Outlet, **options: Any) -> Delivered:
    """One round, at the team's time."""
    engine = engine_of(team.location)
    with engine.open(team.location, os_user="test", clock=lambda: team.now) as database:
        return notify(database, outlet, **options)


def test_a_request_arrives_with_the_chat_that_it_is_about(
    told: Team, receiver: WebReceiver
) -> None:
    done = delivered(told)
    assert (done.exit_code, done.json) == (0, {"sent": 1, "failed": 0, "waiting": 0})
    (message,) = receiver.messages
    assert message.startswith("Mark has sent you a chat assignment request.")
    assert "chat-1" in message


def test_a_notification_arrives_by_mail(mailed: Team, mail: MailReceiver) -> None:
    assert delivered(mailed).json == {"sent": 1, "failed": 0, "waiting": 0}
    (message,) = mail.messages
    assert "To: martha@example.com" in message
    assert "Mark has sent you a chat assignment request." in message
    assert mail.logins == [f"\0robot\0{SECRET}"]


def test_when_quiet_it_prints_nothing_unless_something_failed(
    told: Team, receiver: WebReceiver
) -> None:
    receiver.behaviour = 500
    failed = told.process("notify", "--quiet")
    assert (failed.exit_code, "did not arrive" in failed.err) == (1, True)
    receiver.behaviour = "take"
    assert told.process("notify", "--quiet") == (0, "", "")
    assert len(receiver.messages) == 1


def test_what_has_arrived_is_not_sent_again(told: Team, receiver: WebReceiver) -> None:
    delivered(told)
    assert told.process("notify") == (0, "", "")
    assert len(receiver.messages) == 1


def test_what_does_not_arrive_is_tried_again_next_time(told: Team, receiver: WebReceiver) -> None:
    receiver.behaviour = 500
    done = delivered(told)
    assert (done.exit_code, done.error, done.out) == (1, "delivery_failed", "")
    receiver.behaviour = "take"
    assert delivered(told).json == {"sent": 1, "failed": 0, "waiting": 0}
    assert len(receiver.messages) == 1


def test_what_keeps_failing_is_left_alone_for_a_while(told: Team, receiver: WebReceiver) -> None:
    receiver.behaviour = 500
    assert [delivered(told).exit_code for _ in range(3)] == [1, 1, 1]
    assert delivered(told).json == {"sent": 0, "failed": 0, "waiting": 1}  # not yet due
    assert receiver.asked == 3
    receiver.behaviour = "take"
    assert try_again(told).json["sent"] == 1


@pytest.mark.parametrize("behaviour", [204, 301, 403, 404, 500, "redirect", "cut", "garbage"])
def test_only_a_plain_yes_counts_as_arrived(
    told: Team, receiver: WebReceiver, behaviour: str | int
) -> None:
    receiver.behaviour = behaviour
    expected = 0 if behaviour == 204 else 1
    assert delivered(told).exit_code == expected
    assert receiver.asked == 1  # nor has anything gone where it was not to go
    receiver.behaviour = "take"
    assert delivered(told).json == {"sent": expected, "failed": 0, "waiting": 0}


@pytest.mark.parametrize("behaviour", ["AUTH", "MAIL", "RCPT", "DATA", "END", "cut"])
def test_a_mail_server_that_refuses_at_any_step_is_tried_again(
    mailed: Team, mail: MailReceiver, behaviour: str
) -> None:
    mail.behaviour = behaviour
    done = mailed.process("notify", env={"PYTHONWARNINGS": "always"})
    assert done.exit_code == 1
    assert not any(word in done.out + done.err for word in (SECRET, "robot", "example.com"))
    assert not any(SECRET in line for line in mailed.snapshot())
    assert mail.messages == []
    mail.behaviour = "take"
    assert delivered(mailed).json == {"sent": 1, "failed": 0, "waiting": 0}
    assert len(mail.messages) == 1


def test_a_mail_server_that_hangs_up_after_taking_a_mail_loses_none(
    mailed: Team, mail: MailReceiver
) -> None:
    mail.behaviour = "late"
    done = delivered(mailed)
    if done.exit_code:  # at least once
        mail.behaviour = "take"
        assert try_again(mailed).exit_code == 0
    assert mail.messages


@pytest.mark.parametrize("behaviour", ["silent", "drip", "flood"])
def test_a_receiver_cannot_hold_a_delivery_up(
    told: Team, receiver: WebReceiver, behaviour: str
) -> None:
    receiver.behaviour = behaviour
    before = time.monotonic()
    assert impatient(told).exit_code == 1
    assert time.monotonic() - before < 15
    receiver.behaviour = "take"
    assert try_again(told).json["sent"] == 1


def test_a_mail_server_cannot_hold_a_delivery_up(mailed: Team, mail: MailReceiver) -> None:
    mail.behaviour = "silent"
    before = time.monotonic()
    assert impatient(mailed).exit_code == 1
    assert time.monotonic() - before < 15


def test_one_who_cannot_be_reached_keeps_nobody_else_from_being_told(
    told: Team, receiver: WebReceiver
) -> None:
    with running(WebReceiver()) as other:
        receiver.behaviour = "silent"
        text = f'users.martha.urls = ["{receiver.url}"]\nusers.mark.urls = ["{other.url}"]'
        addresses(told, text)
        told.process("accept", "1", "--as", "martha")  # which mark is told
        done = impatient(told)
        assert done.exit_code == 1
        assert "1 of 2" in done.err
        assert len(other.messages) == 1


@pytest.mark.sqlite_only("names the file")
def test_while_a_delivery_hangs_everybody_can_work(told: Team, receiver: WebReceiver) -> None:
    receiver.behaviour = "silent"
    delivery = start(told)
    wait_until(lambda: receiver.asked == 1)
    before = time.monotonic()
    done = told.process("--db", "assignchat.db", "accept", "1", "--as", "martha", "--json")
    assert done.json["status"] == "accepted"
    assert time.monotonic() - before < 5
    assert delivery.poll() is None  # it still hangs


def test_a_receiver_that_is_down_keeps_nobody_from_working(told: Team) -> None:
    addresses(told, f'[users.martha]\nurls = ["json://robot:{SECRET}@127.0.0.1:9/"]\n')
    assert delivered(told).exit_code == 1
    assert told.process("accept", "1", "--as", "martha").exit_code == 0


# At least once, and no more often than it must be.


def start(team: Team, *words: str) -> Process:
    return processes.start(team.folder, *program("notify", *words))


def test_of_two_at_once_only_one_sends(told: Team, receiver: WebReceiver) -> None:
    receiver.behaviour = "silent"
    start(told, "--json")
    wait_until(lambda: receiver.asked == 1)
    receiver.behaviour = "take"
    assert delivered(told).json == {"sent": 0, "failed": 0, "waiting": 1}
    assert receiver.asked == 1


def test_many_at_once_send_each_message_once(told: Team, receiver: WebReceiver) -> None:
    addresses(told, f'[team]\nurls = ["{receiver.url}"]\n')
    for number in range(6):
        told.ok("user", "add", f"user-{number}")
        chat = ("chat", "add", f"new-{number}", "--customer", "Ana", "--owner", f"user-{number}")
        told.ok(*chat)
        told.process("bulk-assign", f"new-{number}", "--to", "martha", "--as", "maria")
        told.process("bulk-assign", f"new-{number}", "--to", f"user-{number}", "--as", "maria")
    running_now = [start(told, "--json") for _ in range(4)]
    # 1 request; 12 batches, each told to who gets a chat and to who loses one.
    assert sum(result(process).json["sent"] for process in running_now) == 25
    assert len(receiver.messages) == 7  # one for each of them


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_who_is_ended_while_sending_loses_nothing(
    told: Team, receiver: WebReceiver, number: signal.Signals
) -> None:
    receiver.behaviour = "silent"
    ended = start(told)
    wait_until(lambda: receiver.asked == 1)
    ended.send_signal(number)
    assert result(ended).exit_code in (-number, 128 + number)
    receiver.behaviour = "take"
    if number == signal.SIGKILL:  # nobody could say that it is free again
        assert delivered(told).json == {"sent": 0, "failed": 0, "waiting": 1}
        assert try_again(told).json["sent"] == 1
    else:
        assert delivered(told).json["sent"] == 1
    assert told.rows("SELECT count(*) FROM deliveries") == [(0,)]


def test_what_somebody_was_killed_over_is_free_again_after_minutes(
    team: Team, request_id: str
) -> None:
    class Killed(BaseException):
        pass

    def die(_: str) -> bool:
        team.sqlite("PRAGMA journal_mode")  # the claim is on the disk by now
        copied.append(team.rows("SELECT next_attempt_at FROM deliveries")[0][0])
        raise Killed

    copied: list[str] = []
    with pytest.raises(Killed):
        round_at(team, Outlet(die))
    assert request_id == "1"
    assert seconds_between(format_time(team.now), copied[0]) == CLAIM_SECONDS


def test_the_pauses_between_tries_double_up_to_an_hour(team: Team, request_id: str) -> None:
    pauses = []
    for _ in range(10):
        assert round_at(team, Outlet(lambda _: False)).failed == int(request_id)
        ((next_at,),) = team.rows("SELECT next_attempt_at FROM deliveries")
        pauses.append(seconds_between(format_time(team.now), next_at))
        team.advance(pauses[-1])
    assert pauses == [0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_what_is_new_does_not_wait_for_what_has_failed(team: Team, request_id: str) -> None:
    for _ in range(3):
        round_at(team, Outlet(lambda _: False))
    team.ok("withdraw", request_id, "--reason", "Done", "--as", "mark")
    again = Outlet()
    assert round_at(team, again) == (1, 0, 1)
    assert "withdrawn" in again.sent[0][1]


def test_news_from_before_the_first_delivery_is_passed_over(team: Team, request_id: str) -> None:
    team.ok("withdraw", request_id, "--reason", "Done", "--as", "mark")
    team.advance(2 * 86_400)
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    outlet = Outlet()
    round_at(team, outlet)
    ((user, text),) = outlet.sent
    assert user == "martha"
    assert text.startswith("Mark has sent you")
    assert "withdrawn" not in text


def test_news_from_before_a_later_delivery_is_delivered(team: Team) -> None:
    assert round_at(team, Outlet()) == (0, 0, 0)
    team.ok("assign", "chat-1", "--to", "martha", "--timeout", "off", "--as", "mark")
    team.advance(7 * 86_400)
    assert round_at(team, Outlet()).sent == 1


def test_what_a_clock_that_was_ahead_has_put_off_is_sent_once_it_is_right(
    team: Team, request_id: str
) -> None:
    round_at(team, Outlet())
    team.ok("withdraw", request_id, "--reason", "Done", "--as", "mark")
    team.advance(365 * 86_400)
    assert round_at(team, Outlet(lambda _: False)) == (0, 1, 0)
    team.advance(-365 * 86_400)
    assert round_at(team, Outlet()) == (1, 0, 0)


@pytest.mark.usefixtures("request_id")
def test_a_first_delivery_by_a_clock_that_has_jumped_takes_nothing_for_old(team: Team) -> None:
    team.advance(365 * 86_400)
    assert round_at(team, Outlet()).sent == 1


# Where there are many, they are claimed and recorded in groups.


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


# One message for all that a user is to know.


@pytest.mark.usefixtures("request_id")
@pytest.mark.parametrize("was_tried", [False, True])
def test_who_is_deactivated_is_sent_nothing_of_what_was_waiting(
    team: Team, *, was_tried: bool
) -> None:
    if was_tried:
        round_at(team, Outlet(take=lambda _: False))
    team.ok("user", "deactivate", "martha", "--reassign-to", "omar")
    team.advance(3_600)
    outlet = Outlet()
    assert round_at(team, outlet).waiting == 0
    assert "martha" not in [user for user, _ in outlet.sent]


def test_a_batch_is_one_message_however_many_chats(team: Team) -> None:
    team.ok("bulk-assign", "--from", "mark", "--to", "martha", "--as", "maria")
    outlet = Outlet()
    round_at(team, outlet)
    assert sorted(outlet.sent) == [
        ("mark", "Maria has assigned 3 chats of yours to Martha."),
        ("martha", "Maria has assigned 3 chats to you."),
    ]


def test_all_that_is_unsent_for_a_user_is_one_message(team: Team) -> None:
    for chat in ("chat-1", "chat-2", "chat-3"):
        team.ok("assign", chat, "--to", "martha", "--as", "mark")
    outlet = Outlet()
    assert round_at(team, outlet) == (3, 0, 0)
    ((user, text),) = outlet.sent
    assert user == "martha"
    assert text.index("chat-1") < text.index("chat-2") < text.index("chat-3")


def test_of_very_many_the_newest_are_told(team: Team) -> None:
    for _ in range(15):
        team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
        team.ok("withdraw", "--chat", "chat-1", "--reason", "Done", "--as", "mark")
    outlet = Outlet()
    assert round_at(team, outlet) == (30, 0, 0)
    ((_, text),) = outlet.sent
    assert text.startswith("30 notifications")
    assert text.count("Request ") == 20
    assert "Request 15," in text


# Addresses.


def test_no_address_means_waiting(told: Team, receiver: WebReceiver) -> None:
    told.process("accept", "1", "--as", "martha")  # which mark is told
    done = delivered(told)
    assert (done.exit_code, done.json) == (0, {"sent": 1, "failed": 0, "waiting": 1})
    text = f'[team]\nurls = ["{receiver.url}"]\n'
    addresses(told, text)
    assert delivered(told).json == {"sent": 1, "failed": 0, "waiting": 0}
    assert receiver.messages[-1].startswith("Martha has accepted")


def test_a_table_of_nobody_is_named_by_its_number_to_who_is_there_to_mend_it(told: Team) -> None:
    addresses(told, '[users.martha]\nurls = []\n[users.marhta]\nurls = ["json://secret@nowhere"]\n')
    assert "table 2 of users is no user of the database" in at_terminal(told, "notify").out
    assert told.process("notify").err == ""  # cron would send it by mail, each time


def test_one_of_several_addresses_is_enough_and_the_other_is_named(
    told: Team, receiver: WebReceiver
) -> None:
    """Else the one that works would get the same for ever."""
    addresses(told, f'users.martha.urls = ["json://{SECRET}@127.0.0.1:9/", "{receiver.url}"]')
    done = told.process("notify")
    assert (done.exit_code, done.out) == (0, "1 sent\n")
    assert "url 1 of users.martha has not taken a message" in done.err
    assert len(receiver.messages) == 1


@pytest.mark.parametrize("behaviour", [401, "redirect", "cut", "garbage"])
def test_secrets_are_in_no_output_and_no_table(
    told: Team, receiver: WebReceiver, behaviour: str | int
) -> None:
    receiver.behaviour = behaviour
    shown = [*told.process("notify", env={"PYTHONWARNINGS": "always"})]
    shown += told.process("tracking", "--json")
    assert not any(SECRET in str(text) for text in shown)
    assert not any(SECRET in line for line in told.snapshot())


@pytest.mark.parametrize(
    "text",
    [
        f'team.urls = ["nonsense://{SECRET}"]',
        f'team.urls = ["mailto://{SECRET}:{SECRET}@:99999999/?to=x"]',
        f'team.urls = "json://{SECRET}"',
        f'"json://{SECRET}" = 1',
        f'users."json://{SECRET}" = 1',
        f'team = "json://{SECRET}"',
        f'team.urls = ["json://{SECRET}"',
        f'team.urls = ["json://{SECRET}", 5]',
        f"json://{SECRET}",
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown_either(told: Team, text: str) -> None:
    addresses(told, text)
    done = delivered(told)
    assert (done.exit_code, done.error) == (7, "config_invalid")
    assert SECRET not in done.err
    assert "notify.toml" in done.err


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ('[team]\nurls = ["json://127.0.0.1"]', 0o640),
        ('[team]\nurls = ["json://127.0.0.1"]', 0o604),
        ('[team]\nurls = "json://127.0.0.1"', 0o600),
        ('[teams]\nurls = ["json://127.0.0.1"]', 0o600),
        ("users = 3", 0o600),
        ("[users.martha]\n", 0o600),
        ("[team\n", 0o600),
    ],
)
def test_addresses_that_are_open_to_others_or_wrong_are_refused(
    told: Team, text: str, mode: int
) -> None:
    addresses(told, text, mode)
    done = delivered(told)
    assert (done.exit_code, done.error) == (7, "config_invalid")


def test_without_a_file_it_says_where_to_write_one(told: Team) -> None:
    (told.folder / "notify.toml").unlink()
    done = delivered(told)
    assert (done.exit_code, done.error) == (7, "config_invalid")
    assert "notify.toml" in done.err


def test_watching_ends_after_the_message_under_way(told: Team, receiver: WebReceiver) -> None:
    watching = start(told, "--watch", "1h")
    wait_until(lambda: bool(receiver.messages))
    watching.send_signal(signal.SIGTERM)
    assert result(watching) == (0, "1 sent\n", "")


def asked_again(team: Team, chat: str) -> None:
    done = team.process("assign", chat, "--to", "martha", "--as", "mark", "--json")
    assert done.exit_code == 0, done.err


def test_watching_delivers_what_comes_up_on_a_server_at_once(
    told: Team, receiver: WebReceiver
) -> None:
    on_server = "://" in told.location
    watching = start(told, "--watch", "1h" if on_server else "1s")
    wait_until(lambda: len(receiver.messages) == 1)
    asked_again(told, "chat-2")
    wait_until(lambda: len(receiver.messages) == 2)
    if on_server:  # also after its connection was lost
        others = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%LISTEN%' AND pid <> "
        told.rows(f"SELECT pg_terminate_backend(pid) FROM ({others}pg_backend_pid()) AS listening")
        asked_again(told, "chat-3")
        wait_until(lambda: len(receiver.messages) == 3)
    watching.send_signal(signal.SIGTERM)
    assert result(watching).exit_code == 0


@pytest.mark.sqlite_only("moves the file")
def test_watching_goes_on_with_the_database_that_was_put_in_the_place_of_its_own(
    told: Team, receiver: WebReceiver
) -> None:
    told.process("backup", "copy.db")
    watching = start(told, "--watch", "1s")
    wait_until(lambda: told.rows("SELECT last_id FROM delivery_progress") == [(1,)])
    wait_until(lambda: told.rows("SELECT count(*) FROM deliveries") == [(0,)])
    wait_until(lambda: not Path(f"{told.database}-wal").exists())
    (told.folder / "copy.db").rename(told.database)  # in which martha is still to be told
    wait_until(lambda: len(receiver.messages) == 2)
    watching.send_signal(signal.SIGTERM)
    assert result(watching).exit_code == 0


def test_watching_sends_to_the_addresses_that_are_in_the_file_by_then(
    told: Team, receiver: WebReceiver
) -> None:
    with running(WebReceiver()) as another:
        watching = start(told, "--watch", "1s")
        wait_until(lambda: len(receiver.messages) == 1)
        addresses(told, f'[users.martha]\nurls = ["{another.url}"]\n')
        asked_again(told, "chat-2")
        wait_until(lambda: len(another.messages) == 1)
        addresses(told, "")
        asked_again(told, "chat-3")
        wait_until(lambda: told.rows("SELECT last_id FROM delivery_progress") == [(3,)])
        watching.send_signal(signal.SIGTERM)
        assert result(watching).exit_code == 0
        assert (len(receiver.messages), len(another.messages)) == (1, 1)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.chmod(0o644),
        lambda path: path.write_text("[users.martha]\nurls = 1\n"),
    ],
    ids=["removed", "open to others", "wrong"],
)
def test_watching_ends_as_soon_as_its_addresses_cannot_be_trusted(
    told: Team, receiver: WebReceiver, spoil: Callable[[Path], object]
) -> None:
    watching = start(told, "--watch", "1s")
    wait_until(lambda: len(receiver.messages) == 1)
    spoil(told.folder / "notify.toml")
    asked_again(told, "chat-2")
    done = result(watching)
    assert (done.exit_code, len(receiver.messages)) == (7, 1)
    assert "notify.toml" in done.err


def test_a_round_with_nothing_to_send_does_not_wait_for_apprise(told: Team) -> None:
    told.sqlite("DELETE FROM notifications")
    told.sqlite("DELETE FROM sqlite_sequence WHERE name = 'notifications'")
    code = "import sys; from assignchat.cli import main; main(['notify']); print(*sys.modules)"
    done = run(told.folder, sys.executable, "-c", code)
    assert "assignchat.service.notifications" in done.out
    assert "apprise" not in done.out.split()
