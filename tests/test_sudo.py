"""A team on a database that only a service user may open: really nobody can act for another.

Real sudo, with the rule and the wrapper that are in scripts/, and real accounts: they exist in
a mount namespace of the test's own, so that the machine keeps none of it.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from assignchat.cli.app import build
from tests.support import processes
from tests.support.needs import needs
from tests.support.processes import ROOT, Result
from tests.support.users import MARK, MARTHA, SERVICE, STRANGER, run

SAMPLES = ROOT / "scripts" / "samples"
WRAPPER, RULE = SAMPLES / "assignchat-as-team", SAMPLES / "assignchat.sudoers"
SALES = 54_330
ACCOUNTS = {"assignchat": SERVICE, "mark": MARK, "martha": MARTHA, "eve": STRANGER}
ACCOUNT = "{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n"
SUDOERS = """Defaults env_reset, use_pty
Defaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"
root ALL = (ALL:ALL) ALL
"""
APART = ("unshare", "--mount", "--propagation", "private", "sh", "-euc")
IN_ETC = 'for name in passwd group shadow sudoers; do mount --bind "$0/$name" /etc/$name; done'


class Office(NamedTuple):
    """A machine with Mark and Martha, who are in sales, and Eve, who is not."""

    machine: Path

    @property
    def home(self) -> Path:
        return self.machine / "srv"

    @property
    def wrapper(self) -> Path:
        return self.machine / "bin" / "assignchat-as-team"

    def at(self, login: str, *command: str | Path, env: dict[str, str] | None = None) -> Result:
        """Run a command as somebody who has logged in."""
        become = ["setpriv", f"--reuid={login}", f"--regid={login}", "--init-groups", "--"]
        return processes.run(
            Path("/tmp"),  # noqa: S108
            *(*APART, f'{IN_ETC}; exec "$@"', self.machine / "etc", *become, *command),
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "dumb"} | (env or {}),
            alone=True,
        )

    def sudo(self, login: str, *words: str | Path, env: dict[str, str] | None = None) -> Result:
        """What somebody types: sudo, as the service user, the wrapper, and a command."""
        words = ("sudo", "-n", "-u", "assignchat", self.wrapper, *words)
        return self.at(login, *words, env=env)

    def ok(self, login: str, *words: str) -> Any:
        done = self.sudo(login, *words, "--json")
        assert done.exit_code == 0, done
        return done.json

    def operate(self, *words: str) -> Any:
        """What the operator does, as the service user itself."""
        config = ("--config", str(self.home / "config.toml"))
        program = self.machine / "bin" / "assignchat"
        done = run([program, *config, *words, "--json"], uid=SERVICE, folder=self.home)
        assert done.exit_code == 0, done
        return done.json

    def history(self) -> list[tuple[str, str]]:
        """Who did what, as it was claimed and as it was, newest last; nothing of the set-up."""
        rows = self.operate("tracking")
        return [(row["actor"], row["os_user"]) for row in rows if "sudo" in row["os_user"]]


@pytest.fixture
def office(machine: Path) -> Iterator[Office]:
    needs("sudo")
    office = Office(machine)
    _make_etc(machine / "etc")
    if office.at("mark", "true").exit_code != 0:
        pytest.skip("this machine lets nobody make a mount namespace")
    office.home.mkdir(mode=0o700)
    os.chown(office.home, SERVICE, SERVICE)
    text = WRAPPER.read_text()
    office.wrapper.write_text(text.replace("/srv/assignchat", str(machine / "srv")))
    (machine / "srv" / "bin").symlink_to(machine / "bin")
    office.wrapper.chmod(0o755)
    office.operate("init", "--demo")
    office.operate("config", "set", "identity", "login")
    yield office
    for folder in (office.home, machine / "etc"):
        shutil.rmtree(folder)


def _make_etc(etc: Path) -> None:
    """The accounts, and the rule from scripts/ for the wrapper where it is here."""
    etc.mkdir()
    accounts = {"root": 0} | ACCOUNTS
    names = "".join(ACCOUNT.format(name=name, uid=uid) for name, uid in accounts.items())
    groups = "".join(f"{name}:x:{uid}:\n" for name, uid in accounts.items())
    rule = RULE.read_text().replace("/usr/local/bin", str(etc.parent / "bin"))
    for name, text in {
        "passwd": names,
        "group": f"{groups}sales:x:{SALES}:mark,martha\n",
        "shadow": "".join(f"{name}:*:20000:0:99999:7:::\n" for name in accounts),
        "sudoers": SUDOERS + rule,
    }.items():
        (etc / name).write_text(text)
        (etc / name).chmod(0o440 if name in ("shadow", "sudoers") else 0o644)


def test_each_acts_as_who_they_are_and_the_history_names_both(office: Office) -> None:
    asked = office.ok("mark", "assign", "chat-1", "--to", "martha")
    accepted = office.ok("martha", "accept", str(asked["id"]))
    assert (asked["requester_id"], accepted["status"]) == ("mark", "accepted")
    assert office.history() == [
        ("mark", "mark (sudo as assignchat)"),
        ("martha", "martha (sudo as assignchat)"),
    ]


def test_alone_it_shows_where_the_caller_stands(office: Office) -> None:
    office.ok("mark", "assign", "chat-1", "--to", "martha")
    assert "chat-1" in office.sudo("martha").out
    assert office.ok("martha", "inbox")["user"] == "martha"


def test_nobody_can_act_for_another(office: Office) -> None:
    claim = ("reject", "1", "--reason", "No", "--json")
    office.ok("mark", "assign", "chat-1", "--to", "martha")
    assert office.sudo("mark", *claim).error == "not_recipient"
    assert office.sudo("mark", *claim, "--as", "martha").error == "identity_fixed"
    pretend = {"ASSIGNCHAT_USER": "martha", "LOGNAME": "martha", "USER": "martha"}
    pretend |= {"SUDO_USER": "martha", "SUDO_UID": str(MARTHA)}
    assert office.sudo("mark", *claim, env=pretend).error == "not_recipient"
    assert [actor for actor, _ in office.history()] == ["mark"]


@pytest.mark.parametrize(
    "option", ["-E", "--preserve-env=ASSIGNCHAT_USER", "ASSIGNCHAT_USER=martha"]
)
def test_sudo_passes_no_variable_on(office: Office, option: str) -> None:
    env = {"ASSIGNCHAT_USER": "martha"}
    done = office.at(
        "mark", "sudo", "-n", "-u", "assignchat", option, office.wrapper, "inbox", env=env
    )
    assert done.exit_code == 1
    assert "not allowed" in done.err


def test_the_wrapper_passes_no_variable_on_even_if_sudo_does(office: Office) -> None:
    others = {"ASSIGNCHAT_USER": "martha", "ASSIGNCHAT_DB": "/nowhere", "PYTHONHOME": "/nowhere"}
    done = office.at("assignchat", office.wrapper, "inbox", "--json", env=others)
    assert done.error == "actor_unknown"  # not identity_fixed, nor worse


def test_a_config_or_database_of_ones_own_choice_is_refused(office: Office) -> None:
    mine = office.machine / "mine.toml"
    mine.write_text(f'identity = "claim"\ndatabase = "{office.home}/assignchat.db"\n')
    claim = ("user", "list"), ("accept", "1", "--as", "martha")
    for before in (
        ("--config", mine),
        (f"--config={mine}",),
        ("--db", office.home / "assignchat.db"),
        ("--", "--config", mine),
        ("-h", "--config", mine),
        ("--help", "--config", mine),
        ("", "--config", mine),
    ):
        for words in claim:
            done = office.sudo("mark", *before, *words)
            assert (done.exit_code, done.out) == (5, ""), done
    for name in ("ASSIGNCHAT_CONFIG", "ASSIGNCHAT_DB", "XDG_CONFIG_HOME", "PYTHONPATH"):
        assert office.sudo("mark", "inbox", env={name: str(mine)}).exit_code == 0
    after = office.sudo("mark", "accept", "1", "--config", mine)
    assert after.exit_code == 2  # no option of a command
    mine.unlink()


def test_what_is_for_operators_is_refused(office: Office) -> None:
    before = office.operate("tracking")
    for line in (
        "init", "import users /etc/passwd", "export /tmp/out", "backup /tmp/copy.db", "check",
        "config set identity claim", "config list", "user add eve", "user set mark --role manager",
        "user deactivate martha", "chat add x --customer y --owner mark",
        "chat", "user", "chat --json list", "sweep-timeouts --force", "notify", "run -", "nonsense",
    ):  # fmt: skip
        done = office.sudo("mark", *line.split())
        assert (done.exit_code, done.out) == (5, ""), line
    assert office.operate("tracking") == before


def test_people_close_and_reopen_their_own_chats_and_managers_any(office: Office) -> None:
    office.operate("user", "set", "martha", "--role", "manager")
    assert office.ok("mark", "chat", "close", "chat-1")["status"] == "closed"
    assert office.ok("mark", "chat", "reopen", "chat-1")["status"] == "open"
    refused = office.sudo("mark", "chat", "close", "chat-1", "chat-5", "--json")
    assert (refused.exit_code, refused.error) == (5, "not_owner")
    assert office.ok("martha", "chat", "close", "chat-5")["status"] == "closed"
    assert office.sudo("mark", "chat", "reopen", "chat-5", "--json").error == "not_owner"


def test_people_go_away_come_back_and_take_chats(office: Office) -> None:
    office.operate("user", "add", "sales", "--role", "queue")
    office.operate("chat", "add", "chat-9", "--customer", "Ann", "--owner", "sales")
    assert office.ok("mark", "away", "--until", "2h")["away_until"]
    assert office.ok("mark", "back")["away_until"] is None
    assert office.ok("mark", "take", "--from", "sales")["recipients"] == {"mark": 1}


def test_no_file_is_read_or_written_for_the_caller(office: Office) -> None:
    secret = office.home / "notify.toml"
    secret.write_text("a-secret-token\n")
    secret.chmod(0o600)
    os.chown(secret, SERVICE, SERVICE)
    for option in (f"--ids-from={secret}", "--ids-from"):
        done = office.sudo("mark", "bulk-assign", "--to", "martha", option, secret)
        assert done.exit_code == 5
        assert "a-secret-token" not in done.out + done.err
    assert office.sudo("mark", "bulk-assign", "--to", "martha", "--ids-from=-").exit_code == 0


def test_every_option_that_names_a_file_is_one_that_the_wrapper_refuses(office: Office) -> None:
    """A new one must be thought of in scripts/samples/assignchat-as-team too."""
    found = {
        (name, option)
        for name, command in _commands(build())
        for parameter in command.params
        if "FILE" in (parameter.metavar or "") or "DIR" in (parameter.metavar or "")
        for option in parameter.opts
        if option.startswith("-")
    }
    assert ("bulk-assign", "--ids-from") in found
    for name, option in found:
        done = office.sudo("mark", *name.split(), option, "any")
        assert (done.exit_code, done.out) == (5, ""), (name, option)


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name in group.commands:
        command = group.get_command(None, name)
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} ")
        else:
            yield before + name, command


def test_the_database_is_reached_in_no_other_way(office: Office) -> None:
    program = office.machine / "bin" / "assignchat"
    there = ("--db", office.home / "assignchat.db", "requests")
    assert office.at("mark", "sudo", "-n", "-u", "assignchat", program, *there).exit_code == 1
    assert office.at("mark", "sudo", "-n", "-u", "assignchat", "cat", "/dev/null").exit_code == 1
    assert office.at("mark", "sudo", "-n", office.wrapper, "inbox").exit_code == 1  # as root
    assert office.at("mark", program, *there, "--json").error == "database_read_only"
    assert office.sudo("eve", "requests").exit_code == 1  # who is not in sales


def test_an_operator_may_act_for_another_and_is_named(office: Office) -> None:
    office.operate("config", "set", "operators", "martha")
    office.ok("martha", "assign", "chat-1", "--to", "omar", "--as", "mark")
    assert office.history() == [("mark", "martha (sudo as assignchat)")]
    assert office.sudo("mark", "inbox", "--as", "martha", "--json").error == "identity_fixed"


def test_the_rule_is_one_that_sudo_understands() -> None:
    needs("visudo")
    done = processes.run(RULE.parent, "visudo", "-cf", RULE)
    assert done.exit_code == 0, done.out + done.err


def test_without_sudo_its_variables_make_nobody_of_a_user_with_a_right_to_write(
    machine: Path,
) -> None:
    """A file that a group may write is owned by one of them; the others are who they are."""
    shared = machine / "group"
    shared.mkdir(mode=0o777)
    program = machine / "bin" / "assignchat"
    try:
        shared.chmod(0o777)
        run([program, "init", "--demo"], uid=SERVICE, folder=shared)
        for name in ("config.toml", "assignchat.db"):
            (shared / name).chmod(0o666 if name.endswith("db") else 0o644)
        lines = 'identity = "login"\n'
        (shared / "config.toml").write_text(lines)
        forged = {"SUDO_USER": "daemon", "SUDO_UID": "1"}
        words: list[str | Path] = [
            program,
            "--config",
            "config.toml",
            "user",
            "add",
            "eve",
            "--json",
        ]
        assert run(words, uid=MARK, folder=shared, env=forged).exit_code == 0
        listed = run([program, "tracking", "--json"], uid=SERVICE, folder=shared)
        assert json.loads(listed.out)[-1]["os_user"] == f"uid-{MARK}"
    finally:
        shutil.rmtree(shared)
