"""What happens beside a block of a test: signals, and what ends a connection."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from assignchat.store.database import Database
from tests.support.processes import wait_until
from tests.support.servers import Server

FOR_EVER = 3_600  # seconds; no test may last so long


class Interrupted(BaseException):
    """What a handler of a signal raises."""


@contextmanager
def afterwards(server: Server, condition: str, act: Callable[[], object]) -> Iterator[None]:
    """Do something beside the block, once a condition holds for another connection."""

    def watch() -> None:
        sql = f"SELECT count(*) FROM pg_stat_activity WHERE {condition}"
        wait_until(lambda: bool(server.run(sql)[0][0]))
        act()

    beside = threading.Thread(target=watch)
    beside.start()
    yield
    beside.join()


def stop() -> None:
    """Send the signal to this process."""
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def raising(number: signal.Signals) -> Iterator[None]:
    """Let a signal raise `Interrupted`."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def pid(database: Database) -> int:
    """The server's process for this connection."""
    return int(database.value("SELECT pg_backend_pid()"))


def ended(server: Server, number: int) -> Callable[[], object]:
    """What ends a connection from the server's side."""
    return lambda: server.run(f"SELECT pg_terminate_backend({number})")
