"""Keys of a person at a terminal, one at a time, without Enter."""

import codecs
import os
import re
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

UP, DOWN, ENTER, ESCAPE, BACKSPACE, SUSPEND, END = (
    "up", "down", "enter", "escape", "backspace", "suspend", "end",
)  # fmt: skip
_NAMED = {
    "\x1b[A": UP,
    "\x1bOA": UP,
    "\x1b[B": DOWN,
    "\x1bOB": DOWN,
    "\r": ENTER,
    "\n": ENTER,
    "\x1b": ESCAPE,
    "\x7f": BACKSPACE,
    "\b": BACKSPACE,
    "\x1a": SUSPEND,
    "\x04": END,
}
# A key is a character, or a sequence that a terminal sends for a key without a character.
_KEY = re.compile(r"\x1b\[[\x20-\x3f]*[\x40-\x7e]|\x1bO.|.", re.DOTALL)
_REST_OF_A_SEQUENCE = 0.05  # seconds; it comes at once, where a person's Escape comes alone


class Keyboard:
    """Standard input in a mode in which each key arrives at once and is not echoed."""

    def __init__(self) -> None:
        self._descriptor = sys.stdin.fileno()
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")

    def fileno(self) -> int:
        """Return the descriptor to wait at."""
        return self._descriptor

    def pressed(self) -> list[str]:
        """Return the keys that have been pressed: names of this module, or characters."""
        found = os.read(self._descriptor, 1024)
        if not found:
            return [END]
        while found.endswith((b"\x1b", b"\x1b[", b"\x1bO")) and self._more():
            found += os.read(self._descriptor, 1024)
        return keys_in(self._decoder.decode(found))

    def _more(self) -> bool:
        return bool(select.select([self._descriptor], [], [], _REST_OF_A_SEQUENCE)[0])


def keys_in(text: str) -> list[str]:
    """Translate the text that a terminal sends into keys. Unknown keys are left out."""
    return [
        _NAMED.get(key, key) for key in _KEY.findall(text) if key in _NAMED or key.isprintable()
    ]


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Read keys during the block, and put the terminal back afterwards."""
    board = Keyboard()
    before = termios.tcgetattr(board.fileno())
    try:
        tty.setcbreak(board.fileno())
        _leave_suspending_to_us(board.fileno())
        yield board
    finally:
        termios.tcsetattr(board.fileno(), termios.TCSADRAIN, before)


def _leave_suspending_to_us(descriptor: int) -> None:
    """Make Ctrl-Z arrive as a key, so that the terminal is restored before the shell gets it."""
    mode = termios.tcgetattr(descriptor)
    mode[6][termios.VSUSP] = b"\0"
    termios.tcsetattr(descriptor, termios.TCSANOW, mode)
