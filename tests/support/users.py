"""Commands as other users of the machine."""

from collections.abc import Sequence
from pathlib import Path

from tests.support import processes
from tests.support.processes import Result

SERVICE, MARK, MARTHA, STRANGER = 54_320, 54_321, 54_322, 54_323
"""Uids that no account has."""


def as_user(uid: int, command: Sequence[str | Path]) -> list[str | Path]:
    """The command, for root to start as a user who has no groups."""
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--", *command]


def run(
    command: Sequence[str | Path],
    *,
    uid: int,
    folder: Path,
    umask: int = 0o022,
    stdin: str = "",
    env: dict[str, str] | None = None,
) -> Result:
    """Run a command as a user who has no groups, with nothing in the environment but `env`."""
    outside = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"} | (env or {})
    command = as_user(uid, command)
    return processes.run(folder, *command, stdin=stdin, env=outside, alone=True, umask=umask)
