"""Making sure that what was written to a folder stays there."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Return once a new or replaced name in `folder` survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
