"""Standard output, and what becomes of it when it fails."""

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from assignchat.errors import OutputFailed


def say(*lines: str) -> None:
    """Print lines that are safe already to standard output."""
    write("".join(f"{line}\n" for line in lines))


def is_terminal() -> bool:
    """Whether standard output is a person's terminal."""
    return sys.stdout.isatty()


def flush() -> None:
    """Let what was printed so far arrive."""
    with _delivering():
        sys.stdout.flush()


def write(text: str) -> None:
    """Print text that is safe already. Raises `OutputFailed` where it cannot be written."""
    with _delivering():
        sys.stdout.write(text)


def write_all(texts: Iterable[str]) -> None:
    """Print many texts, some thousand at a time."""
    waiting = iter(texts)
    while together := "".join(islice(waiting, 2_000)):
        write(together)


@contextmanager
def _delivering() -> Iterator[None]:
    """Tell output that fails from every other trouble; who reads no further is no trouble."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(f"The result could not be written: {error.strerror}") from error


class ClosedOutput(io.StringIO):
    """Stands for a standard output that was closed by whoever started us."""

    def write(self, _text: str) -> int:
        """Fail."""
        raise OutputFailed("The result could not be written: standard output is closed")
