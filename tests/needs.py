"""Programs of the machine that a test needs, which a machine may lack but CI may not."""

import os
import shutil

import pytest


def needs(program: str) -> None:
    """Skip the test where a program is not installed; in CI, fail."""
    if shutil.which(program) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} is not installed")
