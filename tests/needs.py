"""What a test needs of the machine."""

import os
import shutil

import pytest


def needs(program: str) -> None:
    """Skip the test on a machine without this program; where CI runs, fail."""
    if shutil.which(program) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} is not installed")
