"""Limits on what a process may have: open files, memory, processes. See `ulimit`."""

import errno
import os

from assignchat.errors import LimitReached
from assignchat.namedtuples import NamedTuple


class Limit(NamedTuple):
    """A limit that was reached: what there is no more of, and how to see the limit."""

    what: str
    shown_by: str


FILES = Limit("open files", "ulimit -n")
MEMORY = Limit("memory", "ulimit -v")
PROCESSES = Limit("processes and threads", "ulimit -u")

_BY_NUMBER = {errno.EMFILE: FILES, errno.ENFILE: FILES, errno.ENOMEM: MEMORY}
_BY_WORDS = {
    **{os.strerror(number): limit for number, limit in _BY_NUMBER.items()},
    "failed to map segment": MEMORY,  # so the system's loader says it
    "cannot create shared object descriptor": MEMORY,
    "can't start new thread": PROCESSES,
}


def reached(error: BaseException | None) -> Limit | None:
    """Find the limit from which an error comes, or an error that led to it. Returns None if none.

    A module that cannot be loaded tells its reason only in words.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:  # which may lead to one another
        seen.add(id(error))
        if isinstance(error, MemoryError):
            return MEMORY
        if isinstance(error, SystemError) and _memory_is_limited():  # it lost a MemoryError
            return MEMORY
        if isinstance(error, OSError) and error.errno in _BY_NUMBER:
            return _BY_NUMBER[error.errno]
        if isinstance(error, (ImportError, RuntimeError)):
            for words, limit in _BY_WORDS.items():
                if words in str(error):
                    return limit
        error = error.__cause__ or error.__context__
    return None


def _memory_is_limited() -> bool:
    try:
        import resource  # only needed when something is wrong
    except (ImportError, MemoryError):
        return True
    kinds = (resource.RLIMIT_AS, resource.RLIMIT_DATA)
    return any(resource.getrlimit(kind)[0] != resource.RLIM_INFINITY for kind in kinds)


def error(limit: Limit, message: str | None = None) -> LimitReached:
    """Return the error for a limit, with the message of an error that came of it, if it has one."""
    return LimitReached(
        message or f"The system gives this command no more {limit.what}",
        hint=f"The shell that started it may set the limit: {limit.shown_by} shows it.",
    )


def may_open(files: int) -> bool:
    """Return whether this process may open so many more files. SQLite does not say so itself."""
    opened: list[int] = []
    try:
        for _ in range(files):
            opened.append(os.open(os.devnull, os.O_RDONLY))  # noqa: PERF401  # each is to be closed
    except OSError as error:
        return reached(error) is None
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return True
