"""notify --watch: it goes on with what is new: notifications, addresses, the database."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.notified import addresses, start
from tests.support.processes import result, wait_until
from tests.support.receivers import WebReceiver, running
from tests.support.team import Team


def asked_again(team: Team, chat: str) -> None:
    done = team.process("assign", chat, "--to", "martha", "--as", "mark", "--json")
    assert done.exit_code == 0, done.err


def test_watching_ends_after_the_message_under_way(told: Team, receiver: WebReceiver) -> None:
    watching = start(told, "--watch", "1h")
    wait_until(lambda: bool(receiver.messages))
    watching.send_signal(signal.SIGTERM)
    assert result(watching) == (0, "1 sent\n", "")


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
