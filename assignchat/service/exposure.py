"""Finding files that everyone may write: the database, the config file and their folders."""

from collections.abc import Iterator
from pathlib import Path

from assignchat.service.check import Finding
from assignchat.store.database import Database
from assignchat.system.files import folders_open_to_all, is_open_to_all


def exposed(database: Database, config_file: Path | None) -> Iterator[Finding]:
    """Find a database or folders that everyone may write. Yields a warning for each.

    Rights of a group are left to the team.
    """
    files = list(database.own_files[:1])
    for file in database.own_files:
        if file.exists() and is_open_to_all(file):
            what = "the database" if file in files else "a part of the database:"
            yield Finding("file_writable", f"Everyone may write {what} {file.absolute()}")
    for file in files if config_file is None else [*files, config_file]:
        for folder in folders_open_to_all(file):
            text = f"Everyone may put files beside {file.name}, in {folder}"
            yield Finding("folder_writable", text)
