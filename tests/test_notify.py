"""notify: what users are told arrives, at least once, at a real receiver on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from assignchat.model import format_time, seconds_between
from assignchat.service.delivery import notify
from assignchat.store.opening import open_database
from tests.conftest import Result, Team

SECRET = "s3cret-token"  # noqa: S105  # it stands for one


class Receiver:
    """A web server that keeps what it is sent, or answers as it is told to."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if receiver.status == 200:
                    receiver.messages.append(json.loads(body)["message"])
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://{SECRET}@127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self) -> None:
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    yield started
    started.stop()


def addresses(team: Team, text: str, mode: int = 0o600) -> None:
    path = Path(team.folder / "notify.toml")
    path.write_text(text)
    path.chmod(mode)


@pytest.fixture
def told(team: Team, receiver: Receiver) -> Team:
    """Martha has an address, and a request that she has not been told of."""
    addresses(team, f'[users.martha]\nurls = ["{receiver.url}"]\n')
    # By the machine's clock: notify runs in a process of its own.
    done = team.process("assign", "chat-1", "--to", "martha", "--as", "mark", "--json")
    assert done.exit_code == 0, done.err
    return team


def delivered(team: Team, *words: str) -> Result:
    return team.process("notify", *words, "--json")


def test_a_request_arrives_with_the_chat_that_it_is_about(told: Team, receiver: Receiver) -> None:
    done = delivered(told)
    assert (done.exit_code, done.json) == (0, {"sent": 1, "failed": 0, "waiting": 0})
    (message,) = receiver.messages
    assert message.startswith("Mark has sent you a chat assignment request.")
    assert "chat-1" in message


def test_what_has_arrived_is_not_sent_again(told: Team, receiver: Receiver) -> None:
    delivered(told)
    assert told.process("notify") == (0, "", "")
    assert len(receiver.messages) == 1


def test_what_does_not_arrive_is_tried_again_later(told: Team, receiver: Receiver) -> None:
    receiver.status = 500
    done = delivered(told)
    assert (done.exit_code, done.error, done.out) == (1, "delivery_failed", "")
    receiver.status = 200
    assert delivered(told).json == {"sent": 0, "failed": 0, "waiting": 1}  # not yet due
    told.sql("UPDATE deliveries SET next_attempt_at = '2026-01-01T00:00:00.000Z'")
    assert delivered(told).json["sent"] == 1
    assert len(receiver.messages) == 1


def test_a_receiver_that_is_down_keeps_nobody_from_working(told: Team, receiver: Receiver) -> None:
    receiver.stop()
    assert delivered(told).exit_code == 1
    assert told.process("accept", "1", "--as", "martha").exit_code == 0


def test_no_address_means_waiting(told: Team, receiver: Receiver) -> None:
    told.process("accept", "1", "--as", "martha")  # which mark is told
    done = delivered(told)
    assert (done.exit_code, done.json) == (0, {"sent": 1, "failed": 0, "waiting": 1})
    text = f'[team]\nurls = ["{receiver.url}"]\n'
    addresses(told, text)
    assert delivered(told).json == {"sent": 1, "failed": 0, "waiting": 0}
    assert receiver.messages[-1].startswith("Martha has accepted")


def test_secrets_are_in_no_output_and_no_table(told: Team, receiver: Receiver) -> None:
    receiver.status = 403
    shown = [*delivered(told), *told.process("tracking", "--json")]
    addresses(told, f'[team]\nurls = ["nonsense://{SECRET}"]\n')
    shown += delivered(told)
    assert not any(SECRET in str(text) for text in shown)
    assert not any(SECRET in line for line in told.snapshot())


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ('[team]\nurls = ["json://127.0.0.1"]', 0o640),
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


def test_the_pauses_between_tries_double_up_to_an_hour(team: Team, request_id: str) -> None:
    pauses = []
    with open_database(team.database, os_user="test", clock=lambda: team.now) as database:
        for _ in range(8):
            assert notify(database, lambda *_: False).failed == int(request_id)
            ((next_at,),) = team.sql("SELECT next_attempt_at FROM deliveries")
            pauses.append(seconds_between(format_time(team.now), next_at))
            team.advance(pauses[-1])
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_news_from_before_the_first_delivery_is_passed_over(team: Team, request_id: str) -> None:
    team.ok("withdraw", request_id, "--reason", "Done", "--as", "mark")
    team.advance(2 * 86_400)
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    texts: list[str] = []
    with open_database(team.database, os_user="test", clock=lambda: team.now) as database:

        def send(_user: str, text: str) -> bool:
            texts.append(text)
            return True

        notify(database, send)
    assert len(texts) == 1
    assert texts[0].startswith("Mark has sent you")
