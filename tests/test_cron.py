"""The samples for cron and systemd, under Debian's own cron and systemd's own checks."""

import fcntl
import os
import pwd
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.needs import needs
from tests.support.processes import ROOT, Result, run, start
from tests.support.team import Team

SAMPLE = ROOT / "scripts" / "samples" / "assignchat.cron"
UNITS = ROOT / "scripts" / "samples"
INSTALLED = "/srv/assignchat"
LEFT_BY_CRON = (Path("/run/crond.pid"), Path("/run/crond.reboot"))
LONGEST_WAIT = 70  # seconds; cron looks once a minute
MOST_EXPOSED = "15"  # tenths; systemd calls a service up to 2.0 OK


@pytest.fixture
def desk(empty_team: Team) -> Team:
    """The demo team an hour ago, installed as the samples suppose."""
    empty_team.now = datetime.now(UTC) - timedelta(hours=1)
    empty_team.ok("init", "--demo")
    program = empty_team.folder / "bin" / "assignchat"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m assignchat "$@"\n')
    program.chmod(0o755)
    return empty_team


def ask(team: Team, chat: str, *, timeout: str) -> None:
    """Send a request, an hour ago."""
    team.ok("assign", chat, "--to", "omar", "--timeout", timeout, "--as", "maria")


def statuses(team: Team) -> list[str]:
    """Where each request stands, as written."""
    return [status for (status,) in team.rows("SELECT status FROM requests ORDER BY id")]


def adapted(team: Team) -> str:
    """The sample for the team's folder and whoever runs the tests."""
    user = pwd.getpwuid(os.getuid()).pw_name
    text = SAMPLE.read_text().replace(INSTALLED, str(team.folder))
    return text.replace("* * * * * assignchat ", f"* * * * * {user} ")


def run_line(team: Team) -> Result:
    """What cron does with the sample's line, at once."""
    line = adapted(team).splitlines()[-1].split(maxsplit=6)[-1]
    env = {"PATH": "/usr/bin:/bin", "HOME": "/"}
    return run(Path("/"), "/bin/sh", "-c", line, env=env, alone=True)


@pytest.fixture
def cron() -> Iterator[Path]:
    """Debian's cron at work, and the file that it reads for the test; a running one is used."""
    needs("cron")
    if os.getuid() != 0:
        pytest.skip("only root can start cron")
    table = Path(f"/etc/cron.d/assignchat-test-{os.getpid()}")
    left_behind = [path for path in LEFT_BY_CRON if not path.exists()]
    start(Path("/"), "cron", "-f")
    yield table
    for path in (table, *left_behind):
        path.unlink(missing_ok=True)


def test_cron_sweeps_each_minute_and_logs_one_line(desk: Team, cron: Path) -> None:
    log = desk.folder / "sweep.log"
    ask(desk, "chat-1", timeout="1s")
    ask(desk, "chat-2", timeout="1s")
    ask(desk, "chat-3", timeout="off")
    cron.write_text(adapted(desk))
    end = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < end and not (log.exists() and log.read_text()):
        time.sleep(0.5)
    assert log.read_text().partition(" ")[2] == "2 requests timed out: 1, 2\n"
    assert statuses(desk) == ["timed_out", "timed_out", "pending"]
    assert desk.ok("check")["sound"]


def test_the_cron_line_is_silent_when_nothing_was_due(desk: Team) -> None:
    done = run_line(desk)
    assert done == (0, "", "")
    assert (desk.folder / "sweep.log").read_text() == ""


def test_an_error_of_the_cron_line_is_mailed_and_not_logged(desk: Team) -> None:
    desk.database.rename(desk.folder / "elsewhere.db")
    done = run_line(desk)
    assert done.exit_code == 6
    assert done.err.startswith("Error: ")
    assert (desk.folder / "sweep.log").read_text() == ""


def test_no_sweep_begins_while_another_is_at_work(desk: Team) -> None:
    ask(desk, "chat-1", timeout="1s")
    with (desk.folder / "sweep.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = run_line(desk)
        assert (held.out, held.err) == ("", "")
        assert statuses(desk) == ["pending"]
    run_line(desk)
    assert statuses(desk) == ["timed_out"]


def test_the_sample_says_where_cron_would_read_it() -> None:
    (path,) = re.findall(r"/etc/cron\.d/\S*\w", SAMPLE.read_text())
    assert re.fullmatch(r"/etc/cron\.d/[\w-]+", path)  # with a dot, cron passes over it


@pytest.fixture
def units(desk: Team) -> list[Path]:
    """The units for the team's folder, whose paths exist."""
    needs("systemd-analyze")
    found = []
    for name in ("assignchat-sweep.service", "assignchat-sweep.timer"):
        unit = desk.folder / name
        unit.write_text((UNITS / name).read_text().replace(INSTALLED, str(desk.folder)))
        found.append(unit)
    return found


def analyzed(*words: str | Path) -> Result:
    return run(Path.cwd(), "systemd-analyze", *words)


def test_systemd_finds_nothing_wrong_with_the_units(units: list[Path]) -> None:
    assert analyzed("verify", *units) == (0, "", "")


def test_systemd_lets_the_service_reach_a_server_as_the_docs_say(units: list[Path]) -> None:
    docs = (ROOT / "docs" / "hosts.md").read_text()
    (override,) = re.findall("^```\n(\\[Service\\]\n.*?)^```$", docs, re.MULTILINE | re.DOTALL)
    folder = Path(f"{units[0]}.d")
    folder.mkdir()
    (folder / "override.conf").write_text(override)
    assert analyzed("verify", *units) == (0, "", "")
    exposed = analyzed("security", "--offline=true", units[0]).out
    for setting in ("PrivateNetwork=", "RestrictAddressFamilies=~AF_(INET|INET6)"):
        assert f"✗ {setting}" in exposed


def test_the_service_can_reach_little_else(units: list[Path]) -> None:
    done = analyzed("security", "--offline=true", f"--threshold={MOST_EXPOSED}", units[0])
    assert done.exit_code == 0, done.out[-200:]


def test_the_timer_comes_each_minute() -> None:
    needs("systemd-analyze")
    (when,) = re.findall(
        "^OnCalendar=(.*)$", (UNITS / "assignchat-sweep.timer").read_text(), re.MULTILINE
    )
    assert "*-*-* *:*:00" in analyzed("calendar", when).out


def test_the_command_of_the_service_sweeps_and_says_so_in_one_line(
    desk: Team, units: list[Path]
) -> None:
    ask(desk, "chat-1", timeout="1s")
    (command,) = re.findall("^ExecStart=(.*)$", units[0].read_text(), re.MULTILINE)
    shown = [run(desk.folder, *command.split(), alone=True) for _ in range(2)]
    assert [one._replace(out=one.out.partition(" ")[2]) for one in shown] == [
        (0, "1 request timed out: 1\n", ""),
        (0, "", ""),
    ]
