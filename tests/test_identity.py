"""Who acts: a claim that is checked against the team, and who is really at the keyboard."""

import os
import pwd
import shutil
from pathlib import Path

import pytest

from assignchat.store.engines import identity_at
from assignchat.system.identity import who_am_i
from tests.support import processes
from tests.support.processes import ROOT, program
from tests.support.team import Team
from tests.support.users import MARK, run

LOGIN = pwd.getpwuid(os.getuid()).pw_name
DAEMON = pwd.getpwuid(1)  # an account that every Linux has


@pytest.fixture
def login(team: Team) -> str:
    """The login of whoever runs the tests, who is a user of the team and owns chat-6."""
    team.ok("user", "add", LOGIN)
    team.ok("chat", "add", "chat-6", "--customer", "Ana", "--owner", LOGIN)
    return LOGIN


@pytest.fixture
def fixed(team: Team, login: str) -> str:
    """The same, where the config says that identity is the login."""
    team.ok("config", "set", "identity", "login")
    return login


def actor_of(team: Team, *words: str) -> str:
    """On whose behalf a command runs, as the inbox has it."""
    return str(team.ok("inbox", *words)["user"])


def test_as_comes_before_the_environment_and_that_before_the_login(
    team: Team, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert actor_of(team) == login
    monkeypatch.setenv("ASSIGNCHAT_USER", "martha")
    assert actor_of(team) == "martha"
    assert actor_of(team, "--as", "omar") == "omar"


def test_logname_is_not_believed(team: Team, login: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "martha")
    assert actor_of(team) == login


def test_an_actor_is_an_active_user_of_the_team(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.ok("user", "deactivate", "maria")
    assert team.refused("inbox") == (2, "actor_unknown")
    assert team.refused("inbox", "--as", "nobody-here") == (2, "actor_unknown")
    assert team.refused("inbox", "--as", "Mark") == (2, "actor_unknown")  # compared exactly
    assert team.refused("inbox", "--as", "maria") == (4, "user_inactive")
    monkeypatch.setenv("ASSIGNCHAT_USER", "nobody-here")
    assert team.refused("inbox") == (2, "actor_unknown")


def test_the_history_keeps_the_claim_and_the_true_login(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    rows = team.rows("SELECT actor, os_user FROM engagement_tracking WHERE event = 'requested'")
    assert rows == [("mark", LOGIN)]


def test_a_fixed_identity_is_the_login(team: Team, fixed: str) -> None:
    assert actor_of(team) == fixed
    team.ok("assign", "chat-6", "--to", "martha")
    assert team.history(event="requested")[0][1] == fixed


def test_a_login_that_is_no_user_is_not_told_to_choose_one_where_it_cannot(team: Team) -> None:
    assert "--as" in team.run("inbox").err
    assert "--as" in team.run().out
    team.ok("config", "set", "identity", "login")
    assert f"user add {LOGIN}" in team.run("inbox").err
    assert "--as USER, or" not in team.run().out
    team.config.write_text(f'identity = "login"\noperators = ["{LOGIN}"]\n')
    assert "--as" in team.run("inbox").err


def test_a_queue_is_not_told_to_choose_another_user_where_it_cannot(team: Team) -> None:
    team.ok("user", "add", LOGIN, "--role", "queue")
    team.ok("config", "set", "identity", "login")
    refused = team.run("inbox").err
    assert "queue" in refused
    assert "--as" not in refused


def test_a_fixed_identity_is_nobody_who_has_the_login_as_an_alias(team: Team) -> None:
    """Aliases come from a CRM, and a login like one may be anybody's."""
    team.ok("user", "set", "maria", "--alias", LOGIN.upper())
    assert actor_of(team) == "maria"  # as long as it is only a claim
    team.ok("config", "set", "identity", "login")
    for words in (("inbox",), ("take", "chat-1"), ("user", "add", "eve")):
        assert team.refused_leaving_no_trace(*words) == (2, "actor_unknown")


@pytest.mark.parametrize("verb", ["close", "reopen"])
def test_chats_are_closed_and_reopened_by_their_owner_a_manager_or_an_operator(
    team: Team, login: str, verb: str
) -> None:
    for chat in ("chat-1", "chat-6"):
        if verb == "reopen":
            team.ok("chat", "close", chat)
    team.ok("config", "set", "identity", "login")
    words = ("chat", verb, "chat-6", "chat-1")
    assert team.refused_leaving_no_trace(*words) == (5, "not_owner")
    assert "Chats of others: chat-1" in team.run(*words).err
    assert team.ok("chat", verb, "chat-6")["id"] == "chat-6"
    team.ok("user", "set", login, "--role", "manager")
    assert [chat["id"] for chat in team.ok(*words)] == ["chat-6", "chat-1"]
    team.ok("user", "set", login, "--role", "user")
    team.ok("config", "set", "operators", login)
    assert [chat["id"] for chat in team.ok(*words)] == ["chat-6", "chat-1"]


def test_with_a_claim_whoever_may_write_the_file_closes_a_chat(team: Team, login: str) -> None:
    assert team.ok("chat", "close", "chat-1", "--as", login)["status"] == "closed"


@pytest.mark.usefixtures("fixed")
def test_a_fixed_identity_refuses_every_claim(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    before = team.snapshot()
    claim = ("assign", "chat-1", "--to", "martha")
    assert team.refused(*claim, "--as", "mark") == (5, "identity_fixed")
    assert team.refused("user", "add", "eve", "--as", "maria") == (5, "identity_fixed")
    with monkeypatch.context() as outside:
        outside.setenv("ASSIGNCHAT_USER", "mark")
        assert team.refused(*claim) == (5, "identity_fixed")
    assert team.snapshot() == before


@pytest.mark.usefixtures("fixed")
def test_an_operator_may_claim_all_the_same(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    team.ok("config", "set", "operators", "somebody", LOGIN)
    assert actor_of(team, "--as", "mark") == "mark"
    monkeypatch.setenv("ASSIGNCHAT_USER", "martha")
    assert actor_of(team) == "martha"


@pytest.mark.usefixtures("fixed")
def test_whose_claim_is_refused_is_told_what_to_leave_out(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = f"Error: You are '{LOGIN}': the config says identity = \"login\"\n"
    assert team.run("inbox", "--as", "mark").err == f"{why}Hint: Leave out --as.\n"
    with monkeypatch.context() as outside:
        outside.setenv("ASSIGNCHAT_USER", "mark")
        assert team.run("inbox").err == f"{why}Hint: Unset ASSIGNCHAT_USER.\n"


READING = (
    "check",
    "backup copy.db",
    "chat list",
    "chat show chat-1",
    "user list",
    "config list",
    "config get identity",
)


@pytest.mark.parametrize("line", READING)
def test_operator_commands_that_record_nothing_take_as_too(team: Team, line: str) -> None:
    assert team.run(*line.split(), "--as", "maria", "--json").exit_code == 0
    team.ok("config", "set", "identity", "login")
    assert team.refused(*line.split(), "--as", "maria") == (5, "identity_fixed")


def test_operator_commands_need_no_known_user(team: Team) -> None:
    team.ok("user", "add", "eve")
    team.ok("user", "add", "adam", "--as", "the crm")
    team.ok("assign", "chat-1", "--to", "eve", "--as", "mark")
    team.advance(120)
    team.ok("sweep-timeouts")
    assert [row[1] for row in team.history(event="user_added")[-2:]] == [LOGIN, "the crm"]
    assert [row[1] for row in team.history(event="timed_out")] == ["system"]


def under_sudo(monkeypatch: pytest.MonkeyPatch, user: str, uid: str, real_uid: int = 0) -> None:
    """Set what sudo sets for a command that it runs."""
    monkeypatch.setattr(os, "getuid", lambda: real_uid)
    monkeypatch.setenv("SUDO_USER", user)
    monkeypatch.setenv("SUDO_UID", uid)


def test_under_sudo_the_login_is_whoever_called_it(monkeypatch: pytest.MonkeyPatch) -> None:
    under_sudo(monkeypatch, DAEMON.pw_name, str(DAEMON.pw_uid))
    assert who_am_i() == (DAEMON.pw_name, f"{DAEMON.pw_name} (sudo as root)")


def test_under_sudo_the_history_names_both(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSIGNCHAT_CONFIG", str(team.config))  # it may not be root's
    under_sudo(monkeypatch, DAEMON.pw_name, str(DAEMON.pw_uid))
    team.ok("user", "add", DAEMON.pw_name)
    assert actor_of(team) == DAEMON.pw_name
    rows = team.rows("SELECT actor, os_user FROM engagement_tracking ORDER BY id DESC LIMIT 1")
    assert rows == [(DAEMON.pw_name, f"{DAEMON.pw_name} (sudo as root)")]


@pytest.mark.parametrize(
    ("user", "uid"),
    [
        (DAEMON.pw_name, ""),
        (DAEMON.pw_name, "0"),
        (DAEMON.pw_name, "2"),
        (DAEMON.pw_name, "one"),
        ("no-such-account", "1"),
        ("root", "0"),  # sudo by root itself
    ],
)
def test_sudo_variables_that_do_not_fit_together_are_not_believed(
    monkeypatch: pytest.MonkeyPatch, user: str, uid: str
) -> None:
    under_sudo(monkeypatch, user, uid)
    assert who_am_i() == ("root", "root")


def test_sudo_user_alone_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", DAEMON.pw_name)
    assert who_am_i() == (LOGIN, LOGIN)


def test_a_uid_without_an_account_has_a_name_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)
    assert who_am_i() == ("uid-3999999999", "uid-3999999999")


def test_sudos_variables_count_only_where_nothing_is_gained_by_setting_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root, and the owner of the database, can write into it what they like anyway."""
    database = tmp_path / "team.db"
    database.touch()
    stranger = database.stat().st_uid + 4_000
    under_sudo(monkeypatch, DAEMON.pw_name, str(DAEMON.pw_uid), real_uid=stranger)
    assert identity_at(str(database)).login == f"uid-{stranger}"
    assert who_am_i().login == f"uid-{stranger}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_of_the_database_may_be_the_account_that_sudo_runs_as(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "team.db"
    database.touch()
    os.chown(database, 4_000, -1)
    under_sudo(monkeypatch, DAEMON.pw_name, str(DAEMON.pw_uid), real_uid=4_000)
    assert identity_at(str(database)).login == DAEMON.pw_name


def test_from_cron_the_login_is_that_of_the_account(team: Team) -> None:
    """Its environment is almost empty, and may say anything."""
    for env in ({}, {"LOGNAME": "martha", "USER": "martha", "SHELL": "/bin/sh"}):
        words = program("user", "add", f"new-{len(env)}")
        done = processes.run(team.folder, *words, env={"PYTHONPATH": str(ROOT)} | env, alone=True)
        assert done.exit_code == 0, done.err
    rows = team.rows("SELECT actor, os_user FROM engagement_tracking ORDER BY id DESC LIMIT 2")
    assert rows == [(LOGIN, LOGIN)] * 2


def test_who_has_no_account_is_recorded_by_number(machine: Path) -> None:
    """As in a container that was started with a bare number."""
    home = machine / "home"
    home.mkdir()
    os.chown(home, MARK, MARK)
    program = machine / "bin" / "assignchat"
    try:
        for words in (["init"], ["user", "add", "mark"], ["config", "set", "identity", "login"]):
            done = run([program, *words], uid=MARK, folder=home)
            assert done.exit_code == 0, done.err
        rows = run([program, "tracking", "--json"], uid=MARK, folder=home).json
        assert {(row["actor"], row["os_user"]) for row in rows} == {(f"uid-{MARK}",) * 2}
        refused = run([program, "inbox", "--as", "mark", "--json"], uid=MARK, folder=home)
        assert refused.error == "identity_fixed"
    finally:
        shutil.rmtree(home)
