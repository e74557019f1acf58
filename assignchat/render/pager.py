"""Showing output that is longer than the screen in a pager, as git does."""

import io
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from assignchat.render.output import stdout_is_terminal, terminal_is_dumb

DEFAULT_PAGER = "less -FRX"
_HELD_IN_MEMORY = 4 * 1024 * 1024  # bytes; more goes to a temporary file
_NOT_RUN = (126, 127)  # so a shell says that it could not run a command


@contextmanager
def paged() -> Iterator[None]:
    """Show the output of the block in a pager if it is longer than the screen of a terminal.

    The block ends first, also without a pager, so that nothing stays open while a person reads,
    or while the terminal stands still.
    """
    if not stdout_is_terminal():
        yield
        return
    command = "" if terminal_is_dumb() else _pager()
    screen, kept = sys.stdout, _Kept()
    sys.stdout = kept
    try:
        yield
    finally:
        sys.stdout = screen
    kept.seek(0)
    if not command or kept.fits() or not _run(command, kept):
        shutil.copyfileobj(kept, screen)


class _Kept(io.TextIOWrapper):
    """Output that is kept to be shown on a terminal."""

    def __init__(self) -> None:
        from tempfile import SpooledTemporaryFile  # only at a terminal

        self._file = SpooledTemporaryFile(max_size=_HELD_IN_MEMORY)  # noqa: SIM115  # ours to keep
        super().__init__(self._file, encoding="utf-8", errors="backslashreplace")

    def isatty(self) -> bool:
        """Return whether the output will be shown on a terminal."""
        return True

    def fits(self) -> bool:
        """Return whether all of it, with the prompt below, fits on the screen."""
        columns, lines = shutil.get_terminal_size()
        used = 0
        for line in self:
            used += max(1, -(-len(line.rstrip("\n")) // columns))
            if used >= lines:
                break
        self.seek(0)
        return used < lines

    def descriptor(self) -> int:
        """Return the descriptor of an open file with all of it, at its start."""
        self._file.rollover()
        self._file.seek(0)
        return self._file.fileno()


def _pager() -> str:
    """Find the command that shows long output. Returns an empty text for none.

    Never under sudo: a person who may run one program as another user could run any through it.
    """
    if os.environ.get("SUDO_UID") or os.environ.get("SUDO_USER"):
        return ""
    command = os.environ.get("ASSIGNCHAT_PAGER", os.environ.get("PAGER", DEFAULT_PAGER))
    return "" if command.strip() in ("", "cat") else command


def _run(command: str, kept: _Kept) -> bool:
    """Run the pager until the reader leaves it. Returns whether there is such a pager."""
    import subprocess  # only at a terminal

    as_here = {"LESSSECURE": "1", **os.environ}
    try:
        pager = subprocess.Popen(  # noqa: S602  # it is the user's own command, of several words
            command, shell=True, stdin=kept.descriptor(), env=as_here
        )
    except OSError:  # no process or file may be added, or the disk is full
        return False
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the pager
    try:
        return pager.wait() not in _NOT_RUN
    finally:
        signal.signal(signal.SIGINT, before)
