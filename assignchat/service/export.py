"""Exporting every table to files that any tool reads."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from assignchat.errors import InvalidValue
from assignchat.store.database import Database
from assignchat.system.files import make_own_folder, sync_folder

WriteRows = Callable[[Path, Sequence[str], Iterable[tuple[Any, ...]]], None]
"""Writes one file: its path, the columns, and the rows."""


def export(database: Database, folder: Path, suffix: str, write_rows: WriteRows) -> list[str]:
    """Write each table and view to a file of its own in a new folder. Returns their names.

    All of them show the same moment, and the folder appears whole or not at all. Raises
    `InvalidValue` if the folder is not empty, or cannot be made.
    """
    folder = folder.absolute()
    building: Path | None = None
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InvalidValue(f"{folder} is there already", hint="Name a new or empty folder.")
        make_own_folder(folder.parent)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        building.chmod(0o700)  # whatever the umask
        with database.read():
            names = database.tables()
            for name in names:
                columns, rows = database.columns(name), database.table(name)
                write_rows(building / f"{name}.{suffix}", columns, rows)
        building.replace(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise InvalidValue(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        if building is not None:
            shutil.rmtree(building, ignore_errors=True)
    return names
