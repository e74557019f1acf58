"""Simulated hosts, each with a way to a server that takes a moment."""

import os
import select
import shutil
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple, Self

from tests.support.servers import Server

SOCKET = ".s.PGSQL.5432"
"""The name of a server's socket in its folder."""

_ANSWERED = b"Z\0\0\0\5"  # the server has done what it was asked, and waits
_BYTES = 65_536


class Relay:
    """Passes on what clients and a server say, each message a moment later.

    `answers` is how often the server has answered, which is the number of round trips.
    """

    def __init__(self, on: Server, listening: Sequence[socket.socket], delay: float = 0.0) -> None:
        self.answers = 0
        self._server = str(on.folder / SOCKET)
        self._listening = list(listening)
        self._delay = delay
        self._peers = dict[socket.socket, socket.socket]()
        self._of_server = set[socket.socket]()
        self._waiting = deque[tuple[float, socket.socket, bytes]]()
        self._thread = threading.Thread(target=self._pass_on)
        self._stop, self._stopped = socket.socketpair()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.close()
        self._thread.join()
        for one in (self._stopped, *self._listening, *self._peers):
            one.close()

    def _pass_on(self) -> None:
        while True:
            pause = self._waiting[0][0] - time.perf_counter() if self._waiting else None
            every = [self._stopped, *self._listening, *self._peers]
            ready, _, _ = select.select(every, [], [], pause and max(pause, 0.0))
            if self._stopped in ready:
                return
            for one in ready:
                if one in self._listening:
                    self._accept(one)
                elif one in self._peers:
                    self._hear(one)
            while self._waiting and self._waiting[0][0] <= time.perf_counter():
                self._say(*self._waiting.popleft()[1:])

    def _accept(self, listening: socket.socket) -> None:
        client, _ = listening.accept()
        if client.family != socket.AF_UNIX:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        self._of_server.add(server)
        self._peers |= {client: server, server: client}

    def _hear(self, one: socket.socket) -> None:
        said = one.recv(_BYTES)
        if one in self._of_server:
            self.answers += said.count(_ANSWERED)
        self._waiting.append((time.perf_counter() + self._delay, self._peers[one], said))
        if not said:
            self._forget(one)

    def _say(self, one: socket.socket, said: bytes) -> None:
        if not said:
            self._forget(one)
        with suppress(OSError):  # it has gone meanwhile
            one.sendall(said)

    def _forget(self, one: socket.socket) -> None:
        self._peers.pop(one, None)
        one.close()


class Host(NamedTuple):
    """A host: what stands before a command that runs on it, and where it finds the server."""

    prefix: Sequence[str]
    address: str
    port: int

    def url(self, database: str) -> str:
        """Where a database is, as a program on this host is told."""
        return f"postgresql://owner@{self.address}:{self.port}/{database}?sslmode=disable"


def have_networks() -> bool:
    """Whether hosts can have networks of their own."""
    return os.geteuid() == 0 and shutil.which("ip") is not None


@contextmanager
def hosts(on: Server, count: int, round_trip: float) -> Iterator[list[Host]]:
    """Hosts from which a message and its answer need so many seconds, for the block.

    Each is a network namespace, or else they are all on this machine's loopback.
    """
    with ExitStack() as ends:
        made = [
            ends.enter_context(_network(number)) if have_networks() else ([], "127.0.0.1")
            for number in range(count)
        ]
        doors = [socket.create_server((address, 0)) for _, address in made]
        ends.enter_context(Relay(on, doors, round_trip / 2))
        yield [
            Host(prefix, address, door.getsockname()[1])
            for (prefix, address), door in zip(made, doors, strict=True)
        ]


@contextmanager
def _network(number: int) -> Iterator[tuple[Sequence[str], str]]:
    """A network namespace with one way out. Yields the prefix and the address of that way."""
    name = f"bench{os.getpid()}-{number}"
    link, net = f"b{os.getpid()}-{number}", f"198.18.{number}"  # addresses for benchmarks
    _ip("netns", "add", name)
    try:
        _ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("addr", "add", f"{net}.1/30", "dev", link)
        _ip("link", "set", link, "up")
        _ip("-n", name, "addr", "add", f"{net}.2/30", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        yield ["ip", "netns", "exec", name], f"{net}.1"
    finally:
        _ip("netns", "del", name)


def _ip(*words: str) -> None:
    subprocess.run([shutil.which("ip") or "ip", *words], check=True)
