"""Limits of the shell that starts a command: on open files and memory. See also tests/faults."""

import pytest

from assignchat.system import limits
from tests.support.processes import Result
from tests.support.team import Team, shell

FILES = range(5, 11)
KIB = (*range(20_000, 40_000, 2_000), 400_000)  # enough for the driver of a server too


def limited(team: Team, limit: str, *words: str) -> Result:
    return shell(team, f'ulimit {limit} && exec "$@"', *words)


@pytest.mark.sqlite_only("counts the files of the database")
@pytest.mark.parametrize("words", ["chat list", "tracking", "user list", "stats", "check --full"])
def test_with_too_few_open_files_a_command_says_so(team: Team, words: str) -> None:
    ended = [limited(team, f"-n {files}", *words.split(), "--json") for files in FILES]
    refused = [result for result in ended if result.exit_code]
    for result in refused:
        assert (result.exit_code, result.error, result.out) == (1, "limit_reached", "")
        assert "ulimit -n" in result.err
    assert 0 < len(refused) < len(ended)


def test_a_login_that_could_not_be_looked_up_is_not_taken_for_an_unknown_one(team: Team) -> None:
    for files in FILES:
        limited(team, f"-n {files}", "config", "set", "busy_timeout", f"{files}s")
    assert (
        team.rows("SELECT DISTINCT os_user FROM engagement_tracking WHERE os_user LIKE 'uid-%'")
        == []
    )


def test_with_too_little_memory_a_command_says_so(team: Team) -> None:
    ended = [limited(team, f"-v {kib}", "chat", "list", "--json") for kib in KIB]
    begun = [result for result in ended if "Fatal Python error" not in result.err]
    refused = [result for result in begun if result.exit_code == 1]
    for result in refused:
        assert "Traceback" not in result.err
        assert (result.error, result.out) == ("limit_reached", "")
    assert refused
    assert any(result.exit_code == 0 for result in begun)


def test_a_limit_that_strikes_after_the_change_says_that_it_stands(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files", "render/tables.py")

    monkeypatch.setattr("assignchat.render.say_chat", fail)
    result = team.run("chat", "close", "chat-1")
    assert result.exit_code == 1
    assert "The change itself was made and stands." in result.err
    assert "ulimit -n" in result.err
    assert team.rows("SELECT status FROM chats WHERE id = 'chat-1'") == [("closed",)]


@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (OSError(24, "Too many open files"), limits.FILES),
        (ImportError("x.so: cannot open shared object file: Too many open files"), limits.FILES),
        (OSError(12, "Cannot allocate memory"), limits.MEMORY),
        (MemoryError(), limits.MEMORY),
        (RuntimeError("can't start new thread"), limits.PROCESSES),
        (RuntimeError("something else"), None),
        (OSError(2, "No such file or directory"), None),
    ],
)
def test_a_limit_is_told_from_other_errors(error: Exception, limit: limits.Limit | None) -> None:
    assert limits.reached(error) == limit
    led_to = ValueError("led to by it")
    led_to.__context__ = error
    assert limits.reached(led_to) == limit
