"""Programs that a test runs and that not every machine has."""

import os
import shutil

import pytest


def needs(program: str) -> None:
    """Skip the test where a program is missing; in CI, where all should be there, fail it."""
    if shutil.which(program) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} is not installed")
