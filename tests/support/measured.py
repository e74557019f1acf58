"""A command that must be quick and need little room."""

import sys
from typing import BinaryIO

from tests.support.hostile import MEGABYTE
from tests.support.processes import Result, program, run
from tests.support.team import Team

MIB = 2**20

LAUNCHER = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "exit_code": done.returncode, "out": done.stdout.decode(), "err": done.stderr.decode(),
    "seconds": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss * 1024,
}))
"""


def measured(team: Team, *words: str, stdin: str | BinaryIO = "") -> Result:
    """Run a process that must take less than 2 seconds of the processor, and 200 MiB."""
    # From a small process, because a child begins with the size of its parent.
    used = run(team.folder, sys.executable, "-c", LAUNCHER, *program(*words), stdin=stdin).json
    assert used["seconds"] < 2, used
    assert used["peak"] < 200 * MIB, used
    assert "Traceback" not in used["err"]
    assert len(used["err"]) < 2 * MEGABYTE
    return Result(used["exit_code"], used["out"], used["err"])
