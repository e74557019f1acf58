"""Who may read and write what assignchat makes, and whose files it believes."""

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.processes import Process, Result, result, start
from tests.support.team import Team
from tests.support.terminal import at_terminal
from tests.support.users import MARK, STRANGER, as_user, run


class Person(NamedTuple):
    """A user of the machine, in a folder."""

    uid: int
    folder: Path
    program: Path

    def run(
        self, *words: str | Path, umask: int = 0o022, env: dict[str, str] | None = None
    ) -> Result:
        return run([self.program, *words], uid=self.uid, folder=self.folder, umask=umask, env=env)

    def start(self, *words: str) -> Process:
        command = as_user(self.uid, [self.program, *words])
        return start(self.folder, *command, env={"PATH": "/usr/bin:/bin"}, alone=True)

    def shell(self, script: str) -> None:
        done = run(["sh", "-euc", script], uid=self.uid, folder=self.folder)
        assert done.exit_code == 0, done.err

    def refused(self, *words: str | Path) -> tuple[int, str]:
        done = self.run(*words, "--json")
        assert done.out == ""
        return done.exit_code, done.error


@pytest.fixture
def place(machine: Path) -> Iterator[Path]:
    """A folder such as /tmp: everyone may make files there, and remove their own."""
    folder = machine / "place"
    folder.mkdir()
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def mark(machine: Path, place: Path) -> Person:
    return Person(MARK, place, machine / "bin" / "assignchat")


@pytest.fixture
def stranger(mark: Person) -> Person:
    return mark._replace(uid=STRANGER)


@pytest.fixture
def at_home(mark: Person) -> Person:
    """Mark, in a folder of his own with nothing in it."""
    mark.shell("mkdir -m 700 home")
    return mark._replace(folder=mark.folder / "home")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_every_new_file_is_its_owners_alone_whatever_the_umask(at_home: Person, umask: int) -> None:
    folder = at_home.folder
    for line in (
        "init --demo",
        "assign chat-1 --to martha --as mark",
        "backup copy.db",
        "backup copy.db --force",
        "export below/as-csv",
        "export below/as-lines --format jsonl",
        "--config new/config.toml init",
        "--config new/config.toml config set busy_timeout 5s",
        "config set busy_timeout 5s",
    ):
        done = at_home.run(*line.split(), umask=umask)
        assert done.exit_code == 0, done.err
    found = {path: mode(path) for path in folder.rglob("*") if path.is_file()}
    names = ("config.toml", "assignchat.db", "copy.db", "new/config.toml", "below/as-csv/chats.csv")
    assert {folder / name for name in names} < found.keys()
    assert set(found.values()) == {0o600}, found
    made = [folder / name for name in ("below", "below/as-csv", "below/as-lines", "new")]
    assert {mode(path) for path in made} == {0o700}


def test_nobody_else_can_read_any_of_it(at_home: Person, stranger: Person) -> None:
    assert at_home.run("init", "--demo").exit_code == 0
    at_home.folder.chmod(0o755)
    here = stranger._replace(folder=at_home.folder)
    assert here.refused("requests") == (7, "config_invalid")
    assert here.refused("--db", "assignchat.db", "requests")[0] == 7
    there = ("--db", at_home.folder / "assignchat.db")
    assert stranger.refused(*there, "requests") == (6, "database_read_only")
    assert stranger.refused(*there, "user", "add", "eve") == (6, "database_read_only")


def test_a_file_that_is_changed_keeps_its_mode_whatever_the_umask(at_home: Person) -> None:
    at_home.run("init")
    for kept in (0o600, 0o640, 0o644):
        (at_home.folder / "config.toml").chmod(kept)
        for umask in (0o000, 0o077, 0o777):
            assert at_home.run("config", "set", "operators", oct(umask), umask=umask).exit_code == 0
            assert mode(at_home.folder / "config.toml") == kept


def test_one_who_sets_through_a_link_and_one_at_its_target_both_land(at_home: Person) -> None:
    at_home.shell("mkdir real; umask 077; touch real/team.toml; ln -s real/team.toml config.toml")
    for number in range(5):
        through_link = at_home.start("config", "set", "busy_timeout", f"{number + 20}s")
        at_target = at_home.start(
            "--config", "real/team.toml", "config", "set", "operators", f"ann-{number}"
        )
        assert (result(through_link).exit_code, result(at_target).exit_code) == (0, 0)
        values = json.loads(at_home.run("config", "list", "--json").out)
        assert values["busy_timeout"] == f"{number + 20}s"
        assert values["operators"] == [f"ann-{number}"]
    assert (at_home.folder / "config.toml").is_symlink()
    assert mode(at_home.folder / "real/team.toml") == 0o600


# Whose config file is believed.


@pytest.fixture
def bait(stranger: Person) -> Person:
    """A stranger's database in the working directory, that everyone may write."""
    assert stranger.run("--db", "bait.db", "init", "--demo").exit_code == 0
    stranger.shell("chmod 666 bait.db; cp bait.db assignchat.db; chmod 666 assignchat.db")
    return stranger


def test_a_strangers_config_in_the_working_directory_is_refused_unread(
    mark: Person, bait: Person
) -> None:
    bait.shell("echo 'database = \"bait.db\"' > config.toml; chmod 644 config.toml")
    for line in ("requests", "assign chat-1 --to martha --as mark", "config set identity login"):
        done = mark.run(*line.split())
        assert (done.exit_code, done.out) == (7, "")
        assert f"{mark.folder}/config.toml belongs to another user" in done.err
    assert mark._replace(uid=0).refused("requests") == (7, "config_invalid")  # nor by root


def test_a_strangers_link_is_refused_whoever_owns_what_it_leads_to(
    mark: Person, bait: Person
) -> None:
    """Else it could lead to root's own config of another team."""
    others = mark.folder / "others.toml"
    others.write_text('database = "bait.db"\n')  # root's
    bait.shell("ln -s others.toml config.toml")
    assert mark.refused("requests") == (7, "config_invalid")
    assert mark._replace(uid=0).refused("requests") == (7, "config_invalid")
    assert mark.run("--config", "others.toml", "requests").exit_code == 0


def test_a_strangers_link_that_leads_nowhere_is_refused_too(mark: Person, bait: Person) -> None:
    """Else the defaults would hold, and with them the database beside it."""
    bait.shell("ln -s nowhere.toml config.toml")
    assert mark.refused("requests") == (7, "config_invalid")
    assert mark.refused("config", "set", "busy_timeout", "7s") == (7, "config_invalid")
    assert not (mark.folder / "nowhere.toml").exists()


def test_a_link_of_ones_own_or_of_roots_is_followed(mark: Person) -> None:
    (mark.folder / "team.toml").write_text('busy_timeout = "7s"\n')
    mark.shell("ln -s team.toml config.toml")
    assert mark.run("config", "get", "busy_timeout").out == "7s\n"
    (mark.folder / "config.toml").unlink()
    (mark.folder / "config.toml").symlink_to("team.toml")
    assert mark.run("config", "get", "busy_timeout").out == "7s\n"


def test_a_database_that_merely_lies_in_the_working_directory_is_not_used(
    mark: Person, bait: Person
) -> None:
    assert (bait.folder / "assignchat.db").exists()
    assert mark.refused("requests") == (6, "database_missing")
    assert (
        f"{mark.folder}/home/.config"
        in mark.run("requests", env={"HOME": f"{mark.folder}/home"}).err
    )


def test_the_working_directory_brings_no_code_either(mark: Person, stranger: Person) -> None:
    stranger.shell(
        "mkdir assignchat; echo 'raise SystemExit(99)' | tee assignchat/__init__.py"
        " sitecustomize.py typer.py sqlite3.py tomllib.py pwd.py > /dev/null"
    )
    assert mark.run("--version").exit_code == 0
    assert mark.refused("requests") == (6, "database_missing")


def test_config_path_says_which_file_is_used(mark: Person) -> None:
    def used(*words: str, **env: str) -> str:
        return mark.run(*words, "config", "path", env=env).out.strip()

    assert used(HOME="/home/mark") == "/home/mark/.config/assignchat/config.toml"
    mark.shell("touch config.toml")
    assert used() == f"{mark.folder}/config.toml"
    assert used(ASSIGNCHAT_CONFIG="/etc/team.toml") == "/etc/team.toml"
    assert used("--config", "/srv/team.toml", ASSIGNCHAT_CONFIG="/etc/x") == "/srv/team.toml"


# Folders that others may write.


def warnings(team: Team) -> dict[str, str]:
    """What check warns of; the database is sound all the same."""
    return {found["code"]: found["message"] for found in team.ok("check")["warnings"]}


@pytest.mark.parametrize("folder_mode", [0o777, 0o1777, 0o702])
def test_a_folder_that_everyone_may_write_is_warned_of(team: Team, folder_mode: int) -> None:
    assert warnings(team) == {}
    team.folder.chmod(folder_mode)
    assert str(team.folder) in warnings(team)["folder_writable"]
    team.folder.chmod(0o775)  # the group is the team's own affair
    assert warnings(team) == {}


def test_the_folder_of_what_a_link_leads_to_is_warned_of_too(team: Team, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("config.toml", "assignchat.db"):
        (team.folder / name).rename(elsewhere / name)
        (team.folder / name).symlink_to(elsewhere / name)
        elsewhere.chmod(0o777)
        assert str(elsewhere) in warnings(team)["folder_writable"]
        elsewhere.chmod(0o755)
        assert warnings(team) == {}


def test_a_database_that_everyone_may_write_is_warned_of(team: Team) -> None:
    team.database.chmod(0o606)
    assert str(team.database) in warnings(team)["file_writable"]


def test_on_a_terminal_every_command_warns_where_the_config_may_be_replaced(team: Team) -> None:
    def told() -> str:
        return at_terminal(team, "config", "get", "busy_timeout").out

    assert "Warning" not in told()
    team.folder.chmod(0o777)
    seen = " ".join(told().split())  # it may be folded
    assert f"Warning: everyone may replace config.toml in {team.folder}" in seen
    assert team.process("config", "get", "busy_timeout").err == ""  # nor is cron's mail filled
    team.folder.chmod(0o1777)
    assert "Warning" not in told()
