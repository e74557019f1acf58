"""Processes that are told what to do line by line, and answer each with a line."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple


class Client:
    """A process that answers each line with a line."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command = command
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.pid = self._process.pid

    def fileno(self) -> int:
        """Where its answers are read."""
        assert self._process.stdout is not None  # noqa: S101
        return self._process.stdout.fileno()

    def tell(self, lines: Sequence[str]) -> None:
        """Tell it some lines."""
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self._process.stdin.flush()

    def hear(self) -> int:
        """Wait for answers. Returns how many whole ones have come."""
        said = b""
        while not said.endswith(b"\n"):
            part = os.read(self.fileno(), 65_536)
            if not part:
                sys.exit(f"bench: {' '.join(self._command)[:80]} has ended")
            said += part
        return said.count(b"\n")

    def end(self) -> None:
        """Tell it no more, and wait until it ends."""
        self._process.communicate()
        if self._process.returncode:
            sys.exit(f"bench: {' '.join(self._command)[:80]} failed")


class Served(NamedTuple):
    """How long all lines of some clients took together, and each one."""

    seconds: float
    waits: list[float]


def serve(
    commands: Sequence[Sequence[str]], folder: Path, each: int, line: str, first: str = ""
) -> Served:
    """Tell each of some processes so many lines, each with a number of its own, all at once.

    They are ready once they have said a line, some of them as the answer to a `first` one.
    """
    clients = [Client(command, folder) for command in commands]
    for client in clients:
        client.tell([first] if first else [])
    for client in clients:
        client.hear()
    started = time.perf_counter()
    heard = {client: [started] for client in clients}
    for place, client in enumerate(clients):
        client.tell([line.format(place * each + number) for number in range(1, each + 1)])
    left = set(clients)
    while left:
        for client in select.select(list(left), [], [])[0]:
            heard[client] += [time.perf_counter()] * client.hear()
            if len(heard[client]) > each:
                left.remove(client)
    took = time.perf_counter() - started
    for client in clients:
        client.end()
    times = heard.values()
    return Served(took, [b - a for one in times for a, b in pairwise(one)])
