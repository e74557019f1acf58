"""run: many commands in one process, each as if it were alone, or all of them or none."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import held
from tests.support.processes import program, result, start, wait_until
from tests.support.stopping import waits
from tests.support.team import Team
from tests.support.terminal import at_terminal

TEAM = """
# mark asks, martha answers
assign chat-1 --to martha --as mark --note "It's urgent"

["accept", 1, "--as", "martha"]
   chat close chat-2
"""


def script(team: Team, text: str | bytes, *options: str) -> tuple[int, list[dict[str, Any]]]:
    """Run the lines of a file: the exit code, and what was printed."""
    (team.folder / "script").write_bytes(text if isinstance(text, bytes) else text.encode())
    done = team.run("run", "script", *options)
    assert "Traceback" not in done.err
    return done.exit_code, [json.loads(line) for line in done.out.splitlines()]


def codes(printed: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(one["line"], one["exit_code"]) for one in printed]


@pytest.mark.parametrize("options", [(), ("--atomic",)])
def test_each_line_is_a_command_and_prints_what_it_prints_with_json(
    team: Team, options: tuple[str, ...]
) -> None:
    exit_code, printed = script(team, TEAM, *options)
    assert (exit_code, codes(printed)) == (0, [(3, 0), (5, 0), (6, 0)])
    sent, accepted, closed = (one["result"] for one in printed)
    assert (sent["status"], sent["note"]) == ("pending", "It's urgent")
    assert [accepted] == team.ok("requests")
    assert closed == team.ok("chat", "list", "--owner", "mark")[0]
    assert team.owner("chat-1") == "martha"


def test_lists_are_whole_and_on_one_line(team: Team) -> None:
    text = "chat list\nrequests --status pending\nchat list --limit 2\nstatus --as mark\ncheck"
    exit_code, printed = script(team, text)
    assert exit_code == 0
    chats, requests, users, status, check = (one["result"] for one in printed)
    assert chats == team.ok("chat", "list")
    assert (requests, len(users)) == ([], 2)
    assert (status["user"], check["sound"]) == ("mark", True)


def test_it_ends_at_the_first_failure_with_its_exit_code(team: Team) -> None:
    lines = "chat close chat-1\naccept 7 --as martha\nchat close chat-2\n"
    exit_code, printed = script(team, lines)
    assert (exit_code, codes(printed)) == (3, [(1, 0), (2, 3)])
    assert printed[1]["error"]["code"] == "request_not_found"
    assert [chat["status"] for chat in team.ok("chat", "list", "--owner", "mark")] == [
        "closed",
        "open",
        "open",
    ]


def test_keep_going_goes_on_and_ends_with_the_first_failures_exit_code(team: Team) -> None:
    lines = "accept 7 --as martha\nchat close chat-1\nassign chat-9\nchat close chat-2\n"
    exit_code, printed = script(team, lines, "--keep-going")
    assert (exit_code, codes(printed)) == (3, [(1, 3), (2, 0), (3, 2), (4, 0)])


def test_with_atomic_it_is_all_or_nothing_and_only_the_failure_is_printed(team: Team) -> None:
    before = team.snapshot()
    lines = TEAM + "bulk-assign chat-3 --to omar --as maria\naccept 1 --as omar\nuser list\n"
    exit_code, printed = script(team, lines, "--atomic")
    assert (exit_code, codes(printed)) == (5, [(8, 5)])
    exit_code, printed = script(team, lines + "nonsense", "--atomic", "--keep-going")
    assert (exit_code, codes(printed)) == (5, [(8, 5), (10, 2)])
    assert team.snapshot() == before


def test_in_one_transaction_each_line_sees_those_before_it(team: Team) -> None:
    lines = """
assign chat-1 --to martha --as mark --timeout 1h
requests --status pending
accept --all --as martha
bulk-assign --from mark --to omar --as maria
undo --last --as maria
bulk-assign --from mark --to martha --as maria --dry-run
user add eve
user deactivate omar --reassign-to eve
inbox --mark-read --as martha
tracking
"""
    exit_code, printed = script(team, lines, "--atomic")
    assert exit_code == 0, printed[-1]
    results = [one["result"] for one in printed]
    assert [len(results[1]), len(results[2])] == [1, 1]
    assert (results[3]["assigned"], results[4]["undone"], results[5]["assigned"]) == (2, 2, 2)
    assert results[7]["batch"]["assigned"] == 1
    assert results[8]["notifications"]
    assert results[9] == team.ok("tracking")
    assert team.owner("chat-1") == "martha"
    assert team.ok("check", "--full")["sound"]


def test_what_a_failed_line_changed_is_undone_before_the_next_one(team: Team) -> None:
    lines = "assign chat-1 chat-4 --to omar --as mark\nassign chat-1 --to martha --as mark\n"
    exit_code, printed = script(team, lines, "--keep-going")
    assert (exit_code, codes(printed)) == (5, [(1, 5), (2, 0)])
    exit_code, printed = script(team, lines.replace("chat-1", "chat-2"), "--atomic", "--keep-going")
    assert (exit_code, codes(printed)) == (5, [(1, 5)])
    assert len(team.ok("requests")) == 1


def test_the_actor_before_the_lines_holds_for_those_without_one(team: Team) -> None:
    lines = "assign chat-1 --to martha\nassign chat-4 --to omar --as martha\n"
    exit_code, printed = script(team, lines, "--as", "mark")
    assert exit_code == 0
    assert [one["result"]["requester_id"] for one in printed] == ["mark", "martha"]


def test_with_a_fixed_identity_no_line_acts_for_another(team: Team) -> None:
    team.ok("config", "set", "identity", "login")
    for options in ((), ("--as", "mark")):
        exit_code, printed = script(team, "assign chat-1 --to martha --as mark", *options)
        assert (exit_code, printed[0]["error"]["code"]) == (5, "identity_fixed")
    exit_code, printed = script(team, "assign chat-1 --to martha", "--as", "mark")
    assert printed[0]["error"]["code"] == "identity_fixed"


@pytest.mark.parametrize(
    "line",
    [
        "wait 1",
        "init",
        "run script",
        "notify",
        "backup copy.db",
        "sweep-timeouts --watch 10s",
        "inbox --watch --as martha",
        "tracking --follow",
        "tracking --cursor told",
        "changes --told",
        "assign chat-1 --to martha --as mark --wait",
        "--db other.db user list",
        "--config other.toml user list",
        "user list --db other.db",
        "user list --help",
        "--version",
        "chat",
        "nonsense",
        "assignchat user list",
        "/opt/team/.venv/bin/assignchat user list",
        "chat nonsense",
        "''",
        "[]",
        "[7, {}]",
        '["accept"',
        "accept 'martha",
        "accept \\",
        '["accept", "\\ud800"]',
        '["accept", "\\u0000"]',
        "chat list --csv",
        "assign chat-1 --as mark",
        "bulk-assign --ids-from - --to martha --as maria",
    ],
)
def test_what_waits_or_asks_or_is_no_command_is_an_error_of_its_line(team: Team, line: str) -> None:
    before = team.snapshot()
    for options in ((), ("--atomic",)):
        exit_code, printed = script(team, f"\n{line}\nuser list\n", *options)
        assert (exit_code, codes(printed)) == (2, [(2, 2)]), printed
        assert printed[0]["error"]["code"] in ("usage", "invalid_value")
    assert team.snapshot() == before


def test_a_line_is_parsed_as_if_none_of_its_command_had_been_before_it(team: Team) -> None:
    lines = (
        "chat list --owner mark --limit 1",
        "chat list --nope",
        "chat list",
        "chat list --db x",
    )
    alone = [script(team, line)[1][0] for line in lines]
    _, together = script(team, "\n".join(lines * 2), "--keep-going")
    assert [{**one, "line": 1} for one in together] == alone * 2
    assert [len(one.get("result", ())) for one in alone] == [1, 0, 5, 0]


def test_a_line_with_assignchat_before_its_command_is_told_to_leave_it_out(team: Team) -> None:
    _, printed = script(team, "assignchat user list")
    error = printed[0]["error"]
    assert "no assignchat before the command" in error["message"]
    assert error["hint"] == "Leave it out."


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"user add \xff", "it is not UTF-8: it has a byte 0xff"),
        (b'user add "eve', "a quote or a backslash has no end"),
        (b"user add e\0ve", "has a NUL in it"),
        (b"user add " + b"x" * 10_000_000, "it has more than 1,048,576 bytes"),
        (b"[" * 100_000, "it begins with [ and is no JSON array of words"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_the_next_ones_are_read(
    team: Team, line: bytes, why: str
) -> None:
    text = b"user list\n" + line + b"\nuser add eve\n"
    exit_code, printed = script(team, text, "--keep-going")
    assert (exit_code, codes(printed)) == (2, [(1, 0), (2, 2), (3, 0)])
    assert printed[1]["error"]["code"] == "usage"
    assert printed[1]["error"]["message"].startswith("Line 2 is not a command: ")
    assert why in printed[1]["error"]["message"]


def test_files_of_other_systems_are_read_too(team: Team) -> None:
    exit_code, printed = script(team, b"\xef\xbb\xbfuser list\r\n\r\n# x\r\nuser list")
    assert (exit_code, codes(printed)) == (0, [(1, 0), (4, 0)])
    assert script(team, b"") == (0, [])
    assert team.refused("run", "missing") == (2, "invalid_value")


@pytest.mark.parametrize(
    "line",
    [
        "config set busy_timeout 3s",
        "config unset busy_timeout",
        "export out",
        "stats --html out.html",
    ],
)
def test_what_writes_files_cannot_be_a_part_of_all_or_nothing(team: Team, line: str) -> None:
    config = team.config.read_text()
    exit_code, printed = script(team, f"user add eve\n{line}\n", "--atomic")
    assert (exit_code, codes(printed)) == (2, [(2, 2)])
    assert "--atomic" in printed[0]["error"]["message"]
    assert team.config.read_text() == config
    assert not list(team.folder.glob("out*"))
    assert script(team, line)[0] == 0


@pytest.mark.parametrize("line", ["import users p", "bulk-assign --ids-from p --to omar"])
def test_nobody_waits_for_input_that_may_not_end_in_all_or_nothing(team: Team, line: str) -> None:
    os.mkfifo(team.folder / "p")
    exit_code, printed = script(team, f"user add eve\n{line}\n", "--atomic")
    assert (exit_code, codes(printed)) == (2, [(2, 2)])
    assert "p is not a plain file" in printed[0]["error"]["message"]


def test_a_change_of_the_config_holds_from_the_next_line_on(team: Team) -> None:
    lines = "config set assign_discuss.request_timeout 90s\nassign chat-1 --to omar --as mark\n"
    exit_code, printed = script(team, lines)
    assert exit_code == 0
    sent = printed[1]["result"]
    assert sent["requested_at"].endswith("14:05:10.000Z")
    assert sent["expires_at"].endswith("14:06:40.000Z")


def test_a_passed_deadline_is_recorded_by_a_line_as_by_a_command(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    team.advance(1_000)
    assert script(team, "accept 1 --as martha", "--atomic")[1][0]["error"]["code"] == (
        "request_timed_out"
    )
    assert team.rows("SELECT status FROM requests") == [("pending",)]  # nothing, if not all
    assert script(team, "accept 1 --as martha")[1][0]["error"]["code"] == "request_timed_out"
    assert team.rows("SELECT status FROM requests") == [("timed_out",)]


def test_at_a_terminal_nothing_is_asked(team_now: Team) -> None:
    (team_now.folder / "script").write_text(
        "bulk-assign --from mark --to martha --as maria\nassign chat-1 --as martha\n"
    )
    done = at_terminal(team_now, "run", "script", "--keep-going")
    assert done.exit_code == 2
    assert '"assigned": 3' in done.out
    assert "Missing option '--to'" in done.out


def running(team: Team, *options: str) -> Any:
    argv = program("run", "-", *options)
    process = start(team.folder, *argv, stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    return process


def test_each_result_is_there_as_soon_as_it_is_on_the_disk(team_now: Team) -> None:
    process = running(team_now)
    for number in (1, 2, 3):
        process.stdin.write(f"chat close chat-{number}\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["line"] == number
        closed = team_now.rows("SELECT count(*) FROM chats WHERE status = 'closed'")
        assert closed == [(number,)]
    process.kill()
    result(process)
    assert team_now.ok("check", "--full")["sound"] is True


@pytest.mark.sqlite_only("holds the lock of the file")
def test_a_line_waits_for_as_long_as_the_config_says_by_then(team_now: Team) -> None:
    team_now.ok("config", "set", "busy_timeout", "10m")
    process = running(team_now)
    process.stdin.write("chat list\n")
    process.stdin.flush()
    process.stdout.readline()
    config = team_now.config.read_text()
    team_now.config.write_text(config.replace('busy_timeout = "10m"', 'busy_timeout = "1s"'))
    with held(team_now.database):
        done = result(process, "chat close chat-1 --as mark\n")
    assert '"code": "database_locked"' in done.out


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_between_two_lines_ends_it(
    team_now: Team, number: signal.Signals, exit_code: int
) -> None:
    process = running(team_now)
    process.stdin.write("chat close chat-1\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["exit_code"] == 0
    process.send_signal(number)
    ended = result(process)
    assert (ended.exit_code, ended.out) == (exit_code, "")
    assert "the change was made and stands" in ended.err


def test_a_signal_while_a_line_waits_for_its_turn_ends_it_with_nothing_changed(
    team_now: Team,
) -> None:
    (team_now.folder / "script").write_text("chat close chat-1\nchat close chat-2\n")
    for options in ((), ("--atomic",)):
        with held(team_now.database):
            process = start(team_now.folder, *program("run", "script", *options))
            assert waits(process)
            process.send_signal(signal.SIGINT)
            ended = result(process)
        assert (ended.exit_code, ended.out) == (130, "")
        assert "nothing was changed" in ended.err


def test_a_killed_all_or_nothing_has_changed_nothing(team_now: Team) -> None:
    before = team_now.snapshot()
    lines = "".join(f"user add user-{n}\n" for n in range(300))
    process = running(team_now, "--atomic")
    process.stdin.write(lines)
    process.stdin.close()
    log = team_now.database.with_name("assignchat.db-queue")
    wait_until(lambda: process.poll() is not None or b'"run"' in _content(log))
    process.kill()
    process.stdin = None
    ended = result(process)
    if not ended.out:
        assert team_now.snapshot() == before
    assert team_now.ok("check", "--full")["sound"] is True


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


def test_if_the_output_fails_it_ends_and_says_what_stands(team_now: Team) -> None:
    (team_now.folder / "script").write_text("chat close chat-1\nchat close chat-2\n")
    with Path("/dev/full").open("w") as full:
        process = start(team_now.folder, *program("run", "script"), stdout=full)
        ended = result(process)
    assert ended.exit_code == 1
    assert "The change itself was made and stands." in ended.err
    assert team_now.rows("SELECT id FROM chats WHERE status = 'closed'") == [("chat-1",)]


def test_one_process_runs_all_of_them(team_now: Team) -> None:
    spawned = """
import os, sys
def refuse(*_): raise RuntimeError("another process")
os.fork = os.posix_spawn = refuse
import _posixsubprocess
_posixsubprocess.fork_exec = refuse
from assignchat.cli import main
sys.exit(main(["run", "script"]))
"""
    (team_now.folder / "script").write_text(TEAM)
    process = start(team_now.folder, sys.executable, "-c", spawned, env=dict(os.environ))
    assert result(process).exit_code == 0
