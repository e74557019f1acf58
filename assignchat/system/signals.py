"""Holding back for a moment what stops or suspends the program, or waiting for it."""

import _signal  # type: ignore[import-not-found]
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM)
_SUSPENDING = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


def held() -> AbstractContextManager[None]:
    """Delay Ctrl-C and SIGTERM until the block has ended.

    For a step that changes something, so that a stopped program knows whether the step is done.
    """
    return _delayed(STOPPING)


def is_waiting_to_stop() -> bool:
    """Return whether Ctrl-C or SIGTERM has come since it is `held`."""
    return not signal.sigpending().isdisjoint(STOPPING)


def not_suspended() -> AbstractContextManager[None]:
    """Delay until the block has ended what suspends the program from its terminal, as Ctrl-Z does.

    For a step that others wait for, who would wait until the program is in the foreground again.
    """
    return _delayed(_SUSPENDING)


def left_to_others() -> AbstractContextManager[None]:
    """Delay all signals: a thread that is begun in the block leaves them to the other threads."""
    return _delayed(signal.valid_signals())


@contextmanager
def _delayed(numbers: Iterable[int]) -> Iterator[None]:
    # That of `signal` makes an enumeration of each number, which takes three times as long.
    before = _signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        # Not as it was before: another block may have begun in this one, and end after it.
        _signal.pthread_sigmask(signal.SIG_UNBLOCK, set(map(int, numbers)) - before)


def can_give_up() -> bool:
    """Return whether `given_up_after` works here, and takes no alarm from others."""
    return (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
        and signal.SIGALRM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
        and not any(signal.getitimer(signal.ITIMER_REAL))
    )


@contextmanager
def given_up_after(seconds: float) -> Iterator[None]:
    """Run the block. Raises `TimeoutError` in it, also out of a call that waits, after so long."""
    may_raise = True

    def give_up(_number: int, _frame: FrameType | None) -> None:
        nonlocal may_raise
        if may_raise:
            may_raise = False  # or the next alarm would, while this error leaves the block
            raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    # Again and again: one that comes just before the call that waits does not end it.
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        try:
            yield
        finally:
            may_raise = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def keep_lost(*errors: type[BaseException]) -> None:
    """Keep such an error of a signal's handler where Python drops errors; see `raise_lost`.

    It does where a generator that was not read to its end is closed.
    """

    def keep(dropped: "sys.UnraisableHookArgs") -> None:
        if isinstance(dropped.exc_value, errors):
            _lost.append(dropped.exc_value)
        else:
            before(dropped)

    before = sys.unraisablehook
    sys.unraisablehook = keep


_lost: list[BaseException] = []


def raise_lost() -> None:
    """Raise what a signal's handler has raised in vain, if it did."""
    if _lost:
        raise _lost.pop()


class _Stopped(BaseException):
    """SIGINT or SIGTERM, raised in the block."""


@contextmanager
def ending_the_block() -> Iterator[None]:
    """Run the block until it ends, or until Ctrl-C or SIGTERM ends it."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in heeded:
            signal.signal(number, signal.SIG_IGN)
        raise _Stopped

    heeded = [number for number in STOPPING if signal.getsignal(number) != signal.SIG_IGN]
    before = [signal.signal(number, stop) for number in heeded]
    try:
        with suppress(_Stopped):
            yield
    finally:
        for number, handler in zip(heeded, before, strict=True):
            signal.signal(number, handler)


def arriving(*numbers: signal.Signals) -> int:
    """Make a pipe that gets each of these signals as a byte. Returns its reading end."""
    # A pipe, because a lock such as an Event's may be held by what the signal interrupts.
    arrived, arrive = os.pipe()
    for number in numbers:
        signal.signal(number, lambda number, _: os.write(arrive, bytes([number])))
    return arrived


def wait_for_input(descriptor: int) -> None:
    """Wait until there is something to read.

    A signal that comes right before the wait is heeded too; a read that waits would keep it until
    the read has ended.
    """
    import select  # only for a person

    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    before = signal.set_wakeup_fd(wake)
    try:
        while descriptor not in select.select([descriptor, woken], [], [])[0]:
            os.read(woken, 64)
    finally:
        signal.set_wakeup_fd(before)
        os.close(woken)
        os.close(wake)
