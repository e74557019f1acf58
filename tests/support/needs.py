"""What a test needs of the machine: without it the test is skipped, but never in CI."""

import os
import shutil

import pytest


def needs(program: str) -> None:
    """Skip the test where a program is not installed; in CI, fail it."""
    if shutil.which(program) is None:
        lacking(f"{program} is not installed")


def needs_root() -> None:
    """Skip the test where not root runs it, who alone can act as other users."""
    if os.geteuid() != 0:
        pytest.skip("only root can act as other users")


def lacking(reason: str) -> None:
    """Skip the test; in CI, fail it."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
