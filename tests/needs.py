"""Programs of the machine that a test needs."""

import os
import shutil

import pytest


def needs(program: str) -> None:
    """Skip the test where the program is not installed; in CI, where it is to be, fail."""
    if shutil.which(program) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} is not installed")
