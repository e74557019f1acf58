"""Real receivers on loopback, and teams of which somebody is to be told something."""

from collections.abc import Iterator

import pytest

from tests.support.notified import addresses
from tests.support.receivers import MailReceiver, WebReceiver, running
from tests.support.team import Team


@pytest.fixture
def receiver() -> Iterator[WebReceiver]:
    with running(WebReceiver()) as started:
        yield started


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with running(MailReceiver()) as started:
        yield started


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
