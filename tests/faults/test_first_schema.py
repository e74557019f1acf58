"""A database of the first release can still be used."""

from pathlib import Path

from tests.faults.commands import old_database
from tests.faults.trials import start


def test_a_database_of_the_first_release_is_sound_and_goes_on(tmp_path: Path) -> None:
    old_database(tmp_path)
    assert start(tmp_path, ["check", "--json"]).json["sound"]
    assert start(tmp_path, ["accept", "3", "--as", "omar"]).exit_code == 0
    assert start(tmp_path, ["undo", "1", "--yes", "--as", "maria"]).exit_code == 0
    assert start(tmp_path, ["check", "--json"]).json["sound"]
