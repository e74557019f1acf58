"""`python -m assignchat`, and the `assignchat` command."""

import gc
import io
import os
import sys
from typing import NoReturn

SYSTEMS = ("linux", "darwin")


def run() -> None:
    """Run one command and exit with its code."""
    if not sys.platform.startswith(SYSTEMS):  # before modules are missed that only these have
        sys.exit(f"Error: assignchat runs on Linux and macOS, not on {sys.platform}")
    try:
        gc.set_threshold(100_000)  # nearly all that a command makes it keeps to its end
        from assignchat.cli import main  # Ctrl-C may come as early as this
        from assignchat.render import ClosedOutput

        if sys.stdout is None:
            sys.stdout = ClosedOutput()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        _exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, ImportError, MemoryError, SystemError) as error:
        failed: Exception = error
        held: BaseException | None = error
        while held is not None:  # what its frames hold is needed to tell of it
            held.__traceback__ = None
            held = held.__context__
    _end_at_limit(failed)  # there is nothing else yet, or nothing more, to tell it with


def _exit(code: int) -> None:
    """End the process at once, with the database closed and the output flushed.

    Otherwise Python would tear down its modules one by one, which takes an eighth of a command's
    time.
    """
    if sys.stderr is not None:
        sys.stderr.flush()
    os._exit(code)


def _end_at_limit(error: Exception) -> NoReturn:
    """End because of a limit that lets not even the modules be loaded that tell errors.

    Raises the error itself if there is no such limit.
    """
    try:
        from assignchat.system.limits import reached
    except (OSError, ImportError, MemoryError, SystemError):
        pass  # then there is one
    else:
        if reached(error) is None:
            raise error
    message = "The system gives this command too few open files, or too little memory"
    hint = "ulimit -a shows the limits of the shell that started it"
    if "--json" in sys.argv:
        told = f'"code": "limit_reached", "message": "{message}", "hint": "{hint}"'
        sys.exit(f'{{"error": {{{told}}}}}')
    sys.exit(f"Error: {message}\nHint: {hint}")


if __name__ == "__main__":
    run()
