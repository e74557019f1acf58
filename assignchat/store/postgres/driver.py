"""psycopg2, loaded without what it does not need, and connections that Ctrl-C can interrupt."""

import os
import select
import sys
from _thread import allocate_lock, start_new_thread
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from assignchat.errors import DatabaseUnreachable
from assignchat.system import signals

_TELL_SECONDS = 5.0  # how often a person is told again for whom they wait
_REACH_SECONDS = 2.0  # in which a server that is to cancel something takes a connection


def _load() -> Any:
    """Import psycopg2.

    It imports Python's ssl only for the sake of old versions of OpenSSL, and that takes as long as
    all the rest. Of the functions in the libraries that it brings most are never called, so each
    is looked up only when it is. Raises `DatabaseUnreachable` if it is not installed.
    """
    spared = "ssl" not in sys.modules
    if spared:
        sys.modules["ssl"] = None  # type: ignore[assignment]
    flags = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_LAZY)
    try:
        import psycopg2.extensions
    except ImportError as error:
        raise DatabaseUnreachable(
            f"The driver for PostgreSQL cannot be loaded: {error}",
            hint="pip install 'assignchat[postgres]'",
        ) from error
    finally:
        sys.setdlopenflags(flags)
        if spared:
            del sys.modules["ssl"]
    return psycopg2


psycopg2: Any = _load()
extensions: Any = psycopg2.extensions

_OK, _READ, _WRITE = extensions.POLL_OK, extensions.POLL_READ, extensions.POLL_WRITE


class Connection(extensions.connection):  # type: ignore[misc]
    """A connection on which a signal ends the statement that is under way."""

    interruption: BaseException | None = None
    """What a signal has raised while the server worked."""
    on_waiting: Callable[[], None] | None = None
    """Called when a statement has taken a second, and then every few seconds."""
    pending_work: Callable[[], object] | None = None
    """What to do while the server works on the next statement."""
    changes_heard = 0

    def heard(self) -> int:
        """Count the changes of others that were told so far, for who listens."""
        own = self.info.backend_pid
        self.changes_heard += sum(told.pid != own for told in self.notifies)
        self.notifies.clear()
        return self.changes_heard

    def do_pending_work(self) -> None:
        """Do the work that was left for the time in which the server is busy, if there is any."""
        work, self.pending_work = self.pending_work, None
        if work is not None:
            work()

    def cancelled(self) -> bool:
        """Ask the server to end the statement, if it can be reached: else that takes minutes."""
        if not _is_reachable(self.fileno()):
            return False
        self.cancel()
        return True

    def raise_interruption(self) -> None:
        """Raise what came while the server worked, if anything did."""
        interruption, self.interruption = self.interruption, None
        if interruption is not None:
            raise interruption


def connect_in_time(url: str, options: dict[str, str]) -> Connection:
    """Connect, and let Python run the handlers of signals meanwhile.

    A thread does it: the driver goes by `connect_timeout`, and on to the next host, only where it
    waits by itself. Raises `psycopg2.OperationalError`.
    """
    made: list[Connection | BaseException] = []
    done = allocate_lock()

    def make() -> None:
        try:
            made.append(_connected(url, options))
        except BaseException as error:  # noqa: BLE001 - raised below
            made.append(error)
        done.release()

    done.acquire()
    try:
        with signals.left_to_others():
            start_new_thread(make, ())
    except RuntimeError:  # this login may not have one more thread
        make()
    done.acquire()
    if isinstance(made[0], BaseException):
        raise made[0]
    return made[0]


def _connected(url: str, options: dict[str, str]) -> Any:
    while True:
        try:
            return psycopg2.connect(url, connection_factory=Connection, **options)
        except psycopg2.OperationalError as error:
            if "wait callback" not in str(error):  # which another thread had for a moment
                raise


def _is_reachable(descriptor: int) -> bool:
    """Return whether the other end of a connection takes one more."""
    import socket  # only for an interruption

    with socket.socket(fileno=os.dup(descriptor)) as same, suppress(OSError):
        if same.family == socket.AF_UNIX:
            return True
        socket.create_connection(same.getpeername()[:2], _REACH_SECONDS).close()
        return True
    return False


def run(cursor: Any, statements: bytes) -> None:
    """Run statements, and let Python run the handlers of signals while it waits for the server.

    Raises what a handler has raised, once the server has ended the statements.
    """
    connection = cursor.connection
    with _callback:
        _starting.append(connection)
        extensions.set_wait_callback(_wait)
    try:
        cursor.execute(statements)
    finally:
        _has_started(connection)
    connection.raise_interruption()


# All threads have one callback. The driver looks for it when a statement begins, and once more
# before it calls it; then nobody needs it until the next statement.
_callback = allocate_lock()
_starting: list[Connection] = []


def _has_started(connection: Connection) -> None:
    with _callback:
        if connection in _starting:
            _starting.remove(connection)
            if not _starting:
                extensions.set_wait_callback(None)


def copy(cursor: Any, statement: str, texts: Iterable[str]) -> None:
    """Run a COPY, whose input is the texts as they come: the server works while they are made.

    Raises what making a text raises, or what a signal raises meanwhile.
    """
    failures = list[BaseException]()
    parts = _parts(texts, failures)
    next(parts)  # from now on what a signal raises is raised within its block
    while True:
        try:
            cursor.copy_expert(statement, SimpleNamespace(read=parts.send))
        except psycopg2.ProgrammingError as error:
            if "asynchronous callback" not in str(
                error
            ):  # with that of another thread it does not copy
                raise
        except psycopg2.Error:
            if failures:
                raise failures[0] from None
            raise
        except BaseException:  # of a signal before the first text: the COPY would go on for ever
            cursor.connection.close()
            raise
        else:
            return


def _parts(texts: Iterable[str], failures: list[BaseException]) -> Generator[bytes, int, None]:
    """Yield nothing, and then the parts of a file, whatever the size that is asked for.

    What is raised goes to the `failures`, because psycopg2 raises another error in its place.
    """
    try:
        yield b""
        for text in texts:
            yield text.encode()
        yield b""
    except BaseException as failure:
        failures.append(failure)
        raise


def _wait(connection: Any) -> None:
    """Wait for the server; if a signal raises anything, cancel the statement and keep that.

    psycopg2 would close a connection if this raised it, as for a second signal, and for a server
    that is out of reach.
    """
    _has_started(connection)
    seconds = 1.0
    ours = isinstance(connection, Connection)  # another thread may have one of its own
    while True:
        try:
            state = connection.poll()
            if state == _OK:
                return
            if ours and state == _READ:
                connection.do_pending_work()
            here = [connection.fileno()]
            ready = select.select(here * (state == _READ), here * (state == _WRITE), [], seconds)
            if ours and not any(ready) and connection.on_waiting:
                connection.on_waiting()
                seconds = _TELL_SECONDS
        except psycopg2.Error:
            raise
        except BaseException as interruption:
            if not ours or connection.interruption or not connection.cancelled():
                raise
            connection.interruption = interruption
