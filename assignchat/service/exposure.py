"""Who else may write where the database and the config file are."""

from collections.abc import Iterator
from pathlib import Path

from assignchat.service.check import Finding
from assignchat.system.files import folders_open_to_all, is_open_to_all


def exposed(database: Path, config_file: Path | None) -> Iterator[Finding]:
    """What everyone may write: the database, or a folder that it or the config file is in.

    Group rights are the team's own affair, and are not looked at.
    """
    if is_open_to_all(database):
        yield Finding("file_writable", f"Everyone may write the database {database.absolute()}")
    for file in [database] if config_file is None else [database, config_file]:
        for folder in folders_open_to_all(file):
            text = f"Everyone may put files beside {file.name}, in {folder}"
            yield Finding("folder_writable", text)
