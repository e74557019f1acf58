"""notify: whom an address belongs to, and that no secret in it is shown."""

import pytest

from tests.support.notified import addresses, delivered
from tests.support.receivers import SECRET, WebReceiver
from tests.support.team import Team
from tests.support.terminal import at_terminal


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
