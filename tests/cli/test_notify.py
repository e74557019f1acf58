"""notify: what users are told arrives, at least once, at real receivers on loopback."""

import signal
import sys
import time

import pytest

from assignchat.service.notifications import CLAIM_SECONDS
from assignchat.times import format_time, seconds_between
from tests.support.notified import Outlet, addresses, delivered, round_at, start
from tests.support.processes import Result, result, run, wait_until
from tests.support.receivers import SECRET, MailReceiver, WebReceiver, running
from tests.support.team import Team

IMPATIENT = """
import sys
from assignchat.config import addresses
from assignchat.cli import main
addresses.SECONDS_FOR_ONE = 2
sys.exit(main())
"""


def impatient(team: Team, *words: str) -> Result:
    """Deliver, but wait no more than two seconds for an address."""
    return run(team.folder, sys.executable, "-c", IMPATIENT, "notify", *words)


def try_again(team: Team) -> Result:
    """Deliver once more, when all the pauses are over."""
    team.sqlite("UPDATE deliveries SET next_attempt_at = '2026-01-01T00:00:00.000Z'")
    return delivered(team)


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
    done = told.process("--db", "assignchat.db", "accept", "1", "--as", "martha", "--json")
    assert done.json["status"] == "accepted"
    assert delivery.poll() is None  # it still hangs


def test_a_receiver_that_is_down_keeps_nobody_from_working(told: Team) -> None:
    addresses(told, f'[users.martha]\nurls = ["json://robot:{SECRET}@127.0.0.1:9/"]\n')
    assert delivered(told).exit_code == 1
    assert told.process("accept", "1", "--as", "martha").exit_code == 0


# At least once, and no more often than it must be.


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


def test_a_round_with_nothing_to_send_does_not_wait_for_apprise(told: Team) -> None:
    told.sqlite("DELETE FROM notifications")
    told.sqlite("DELETE FROM sqlite_sequence WHERE name = 'notifications'")
    code = "import sys; from assignchat.cli import main; main(['notify']); print(*sys.modules)"
    done = run(told.folder, sys.executable, "-c", code)
    assert "assignchat.service.notifications" in done.out
    assert "apprise" not in done.out.split()
