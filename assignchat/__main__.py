"""`python -m assignchat`, and the `assignchat` command."""

import io
import sys


def run() -> None:
    """Run one command and exit with its code."""
    try:
        from assignchat.cli import main  # noqa: PLC0415  # Ctrl-C may come as early as this
        from assignchat.render import ClosedOutput  # noqa: PLC0415

        if sys.stdout is None:
            sys.stdout = ClosedOutput()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
