"""`python -m assignchat`, and the `assignchat` command."""

import sys


def run() -> None:
    """Run one command and exit with its code."""
    try:
        from assignchat.cli import main  # noqa: PLC0415  # Ctrl-C may come as early as this

        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
