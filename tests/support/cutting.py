"""A proxy before a PostgreSQL server, which lets something happen at a message of its client."""

import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

_PORT = ".s.PGSQL.5432"
_PATIENCE = 2.0  # for an answer; to a part of a COPY there is none
_IS_READY = b"Z\0\0\0\5"
_GOODBYE = b"X"  # of a client that has ended by then


class Proxy:
    """Pass on what client and server say, but for one message of the first connection.

    That one is the `number`-th. Then `strike` is called; the message is passed on if it `arrives`,
    and the connection is cut if it is `cut`: nobody hears the answer. With `once_done`, `strike`
    is called only after the answer. Afterwards all goes well, or nobody is let in any more.
    """

    def __init__(
        self,
        folder: Path,
        server: Path,
        number: int,
        *,
        strike: Callable[[], object] = lambda: None,
        cut: bool = True,
        arrives: bool = False,
        once_done: bool = False,
        then_open: bool = True,
    ) -> None:
        self.struck_at: bytes | None = None
        self._server, self._number = str(server / _PORT), number
        self._strike, self._cut, self._arrives, self._then_open = strike, cut, arrives, then_open
        self._once_done = once_done
        self._seen = 0
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / _PORT))
        self._listening.listen()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):  # at the end
            while True:
                client, _ = self._listening.accept()
                if self.struck_at is not None and not self._then_open:
                    client.close()
                    continue
                self._threads.append(threading.Thread(target=self._pass_on, args=(client,)))
                self._threads[-1].start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.settimeout(_PATIENCE)
            said, ends = b"", [client]
            while True:
                ready, _, _ = select.select(ends, [], [])
                if server in ready:
                    answer = server.recv(65_536)
                    if not answer:
                        return
                    client.sendall(answer)
                if client in ready:
                    more = client.recv(65_536)
                    if not more:
                        return
                    said += more
                    while length := _length(said):
                        message, said = said[:length], said[length:]
                        if not self._passed(message, server):
                            return
                        ends = [client, server]

    def _passed(self, message: bytes, server: socket.socket) -> bool:
        """Pass a message on, unless this is the one. Returns whether the connection stands."""
        self._seen += self.struck_at is None and message[:1] != _GOODBYE
        if self.struck_at is not None or self._seen != self._number:
            self._send(message, server)
            return True
        self.struck_at = message
        if not self._once_done:
            self._strike()
        if self._arrives:
            self._send(message, server)
        if self._arrives and self._cut:
            with suppress(TimeoutError):
                while (answer := server.recv(65_536)) and answer[-6:-1] != _IS_READY:
                    pass
        if self._once_done:
            self._strike()
        return not self._cut

    def _send(self, message: bytes, server: socket.socket) -> None:
        if _is_first(message):  # not before: to stop, a server waits for who has said nothing
            server.connect(self._server)
        server.sendall(message)


def _is_first(message: bytes) -> bool:
    return message[:1] == b"\0"  # all others begin with a letter


def _length(said: bytes) -> int:
    """The length of the message with which this begins, or 0 if it is not whole yet."""
    start = 0 if _is_first(said) else 1
    if len(said) < start + 4:
        return 0
    length = start + int.from_bytes(said[start : start + 4])
    return length if len(said) >= length else 0
