"""`python -m assignchat`, and the `assignchat` command."""

import gc
import io
import os
import sys

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


def _exit(code: int) -> None:
    """End the process at once, with the database closed and the output flushed.

    Otherwise Python would tear down its modules one by one, which takes an eighth of a command's
    time.
    """
    if sys.stderr is not None:
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
