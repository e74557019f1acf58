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


class Proxy:
    """Pass on what client and server say, but for one message of the first connection.

    That one is the `number`-th. Then `strike` is called; the message is passed on if it `arrives`,
    and the connection is cut if it is `cut`: nobody hears the answer. Afterwards all goes well, or
    nobody is let in any more.
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
        then_open: bool = True,
    ) -> None:
        self.struck_at: bytes | None = None
        self._server, self._number = str(server / _PORT), number
        self._strike, self._cut, self._arrives, self._then_open = strike, cut, arrives, then_open
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
            server.connect(self._server)
            server.settimeout(_PATIENCE)
            said, is_first = b"", True
            while True:
                ready, _, _ = select.select([client, server], [], [])
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
                    while length := _length(said, is_first=is_first):
                        message, said, is_first = said[:length], said[length:], False
                        if not self._passed(message, server):
                            return

    def _passed(self, message: bytes, server: socket.socket) -> bool:
        """Pass a message on, unless this is the one. Returns whether the connection stands."""
        self._seen += self.struck_at is None
        if self.struck_at is not None or self._seen != self._number:
            server.sendall(message)
            return True
        self.struck_at = message
        self._strike()
        if self._arrives:
            server.sendall(message)
        if self._arrives and self._cut:
            with suppress(TimeoutError):
                while (answer := server.recv(65_536)) and answer[-6:-1] != _IS_READY:
                    pass
        return not self._cut


def _length(said: bytes, *, is_first: bool) -> int:
    """The length of the message with which this begins, or 0 if it is not whole yet."""
    start = 0 if is_first else 1  # the first has no letter
    if len(said) < start + 4:
        return 0
    length = start + int.from_bytes(said[start : start + 4])
    return length if len(said) >= length else 0
