"""Limits that a command inherits from its shell: on its open files, and on its memory."""

import json
from pathlib import Path

import pytest

from tests.faults.afterwards import left_over, state
from tests.faults.conftest import ALL, SECONDS_FOR_A_TEST, every_command
from tests.faults.trials import Trials, start
from tests.support.processes import Result

__all__ = ["SECONDS_FOR_A_TEST"]

FILES = range(3, 17) if ALL else (5, 6, 7, 8)
"""How many files may be open. With fewer than five Python itself does not start."""
KIB = range(16_000, 40_000, 1_000) if ALL else (23_000, 26_000)
"""How much memory there may be."""


@every_command
@pytest.mark.parametrize("limit", [f"-n {files}" for files in FILES] + [f"-v {kib}" for kib in KIB])
def test_a_limit_of_the_shell_is_named_and_changes_nothing(
    trials: Trials, limit: str, tmp_path: Path
) -> None:
    team = trials.copy_to(tmp_path / "team")
    limited = ["bash", "-c", f'ulimit {limit} && exec "$@"', "bash"]
    result = start(team, trials.writing.words, *limited)
    if result.exit_code == 0:
        assert state(team) == trials.new
    elif _has_begun(result):
        assert result.exit_code == 1
        error = json.loads(result.err)["error"]
        assert error["code"] == "limit_reached", result.err
        stands = "stands" in error["hint"]
        if not (trials.writing.writes_config or trials.writing.on_opening):
            assert state(team) == (trials.new if stands else trials.old)
        assert left_over(team) == []


def _has_begun(result: Result) -> bool:
    """Whether Python came as far as to run the program."""
    return not ("Fatal Python error" in result.err or "loading shared libraries" in result.err)
