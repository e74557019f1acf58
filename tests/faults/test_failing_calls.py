"""A process killed, interrupted, stopped or refused by the system at its N-th call, for every N.

Afterwards the state is the old one or the new one, whole; `check` finds it sound; and the next
command works. What exits 0 has changed everything, and what exits otherwise has changed nothing.
While a process is stopped from its terminal, as by Ctrl-Z, others write as ever. By SIGSTOP it
may stand in their way, which they are told.
"""

import signal
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.faults.commands import COMMANDS
from tests.faults.conftest import ALL, SECONDS_FOR_A_TEST, every_command
from tests.faults.injection import Fault
from tests.faults.trials import Trials, spread
from tests.support.stopping import Point

__all__ = ["SECONDS_FOR_A_TEST"]

GROWS = {"openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "rename", "link"}


class Kind(NamedTuple):
    """A kind of fault, and how many of it a selection tries for each command."""

    name: str
    effect: str
    for_ever: bool
    selected: int
    then: signal.Signals = signal.SIGCONT

    def strikes(self, point: Point) -> bool:
        """Whether a call can fail like that."""
        return self.effect != "error=ENOSPC" or point.call in GROWS


KINDS = [
    Kind("SIGKILL", "signal=SIGKILL", False, 2),
    Kind("SIGHUP", "signal=SIGHUP", False, 1),
    Kind("SIGINT", "signal=SIGINT", False, 1),
    Kind("SIGTERM", "signal=SIGTERM", False, 1),
    Kind("SIGTSTP", "signal=SIGTSTP", False, 1),
    Kind("SIGSTOP", "signal=SIGSTOP", False, 1),
    Kind("SIGSTOP, then SIGKILL", "signal=SIGSTOP", False, 1, signal.SIGKILL),
    Kind("ENOSPC once", "error=ENOSPC", False, 1),
    Kind("ENOSPC for ever", "error=ENOSPC", True, 1),
    Kind("EIO once", "error=EIO", False, 1),
    Kind("EIO for ever", "error=EIO", True, 1),
]


def chosen(kind: Kind, name: str, points: list[Point]) -> Iterator[Fault]:
    """All faults of a kind, or a selection: for each command and kind at other places."""
    struck = [point for point in points if kind.strikes(point)]
    commands = [writing.name for writing in COMMANDS]
    turn = KINDS.index(kind) * len(commands) + commands.index(name)
    for point in (
        struck if ALL else spread(struck, kind.selected, turn / (len(KINDS) * len(commands)))
    ):
        yield Fault(kind.effect, point, kind.for_ever, kind.then)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@every_command
def test_a_fault_leaves_the_old_state_or_the_new_one(trials: Trials, kind: Kind) -> None:
    trials.try_all(kind.name, chosen(kind, trials.writing.name, trials.points))
