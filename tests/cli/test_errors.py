"""How a command fails: its exit code, its error code, and what it says."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from assignchat.errors import AssignchatError
from assignchat.manual.tables import every_error
from tests.support.team import Team, shell

EXIT_CODES = {
    1: "internal_error output_failed limit_reached delivery_failed",
    2: "usage invalid_value reason_required reason_not_allowed wrong_user_type actor_unknown"
    " file_unreadable import_invalid",
    3: "chat_not_found user_not_found request_not_found batch_not_found source_not_found",
    4: "request_exists request_not_pending request_timed_out chat_closed user_inactive"
    " already_owner user_exists chat_exists alias_exists owns_open_chats batch_undone user_away"
    " user_full already_taken import_conflicts"
    " clock_suspicious not_confirmed",
    5: "not_owner not_recipient not_requester not_allowed identity_fixed",
    6: "database_missing database_locked database_read_only database_full database_damaged"
    " database_newer database_foreign database_replaced database_unreachable",
    7: "config_invalid config_key_unknown config_value_invalid config_not_writable",
}


def test_every_error_code_has_its_exit_code() -> None:
    promised = {
        code: exit_code for exit_code, codes in EXIT_CODES.items() for code in codes.split()
    }
    assert {error.code: error.exit_code for error in every_error()} == promised


def test_every_error_is_listed_once_and_says_what_it_means() -> None:
    def below(group: type[AssignchatError]) -> Iterator[type[AssignchatError]]:
        for sub in group.__subclasses__():
            yield from ([sub] if "code" in vars(sub) else [])
            yield from below(sub)

    listed = list(every_error())
    assert set(below(AssignchatError)) == set(listed)
    assert len({error.code for error in listed}) == len(listed)
    for error in listed:
        assert (error.__doc__ or "").splitlines()[0].endswith(".")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["accept", "7", "--as", "martha"], (3, "request_not_found")),
        (["assign", "chat-2", "--to", "omar", "--as", "martha"], (5, "not_owner")),
        (["accept", "one", "--as", "martha"], (2, "usage")),
        (["assign", "chat-1", "--as", "mark"], (2, "usage")),
        (["--db", "typo.db", "requests"], (6, "database_missing")),
        (["config", "get", "nonsense"], (7, "config_key_unknown")),
        (["--nonsense"], (2, "usage")),
    ],
)
def test_with_json_an_error_is_one_line_of_json(
    team: Team, words: list[str], expected: tuple[int, str]
) -> None:
    result = team.run(*words, "--json")
    assert result.out == ""
    assert result.err.count("\n") == 1
    error = json.loads(result.err)["error"]
    assert (result.exit_code, error["code"]) == expected
    assert error["message"]
    assert "hint" in error


def test_without_json_an_error_is_for_people(team: Team) -> None:
    result = team.run("--db", "typo.db", "requests")
    assert result.out == ""
    message, hint = result.err.splitlines()
    assert message.startswith("Error: ")
    assert hint.startswith("Hint: ")


def test_what_an_error_repeats_cannot_reach_the_terminal(team: Team) -> None:
    result = team.run("inbox", "--as", "\x1b[2J\u202eevil")
    assert result.exit_code == 2
    assert "\x1b" not in result.err
    assert "\u202e" not in result.err


def test_a_missing_option_is_named(team: Team) -> None:
    assert "--to" in team.run("assign", "chat-1", "--as", "mark").err
    assert "--customer" in team.run("chat", "add", "chat-9", "--owner", "mark").err


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["acept"], "accept"), (["sweep-timeout"], "sweep-timeouts"), (["chat", "sohw"], "show")],
)
def test_a_command_that_was_mistyped_is_guessed(team: Team, words: list[str], meant: str) -> None:
    result = team.run(*words)
    assert (result.exit_code, result.out) == (2, "")
    assert meant in result.err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("requests", "2"), "assignchat requests show REQUEST, or: assignchat requests --help"),
        (("chat", "chat-1"), "assignchat chat show CHAT, or: assignchat chat --help"),
        (("config", "database"), "assignchat config get KEY, or: assignchat config --help"),
        (("user", "mark"), "assignchat user --help"),
    ],
)
def test_where_one_thing_is_named_without_a_command_the_one_that_shows_it_is_told(
    team: Team, words: tuple[str, ...], meant: str
) -> None:
    assert team.refused(*words) == (2, "usage")
    assert team.run(*words).err.endswith(f"\nHint: {meant}\n")


@pytest.mark.parametrize("words", [("--json", "inbox"), ("--as", "mark", "status"), ("--yes",)])
def test_an_option_that_stands_before_the_command_is_told_where_it_belongs(
    team: Team, words: tuple[str, ...]
) -> None:
    told = team.run(*words)
    assert told.exit_code == 2
    assert f"No such option before a command: {words[0]}" in told.err
    assert f"behind it: assignchat COMMAND {words[0]}" in told.err


@pytest.mark.parametrize(
    "words",
    ["user add eve --capacity", "user set mark --capacity", "requests --limit", "batches --limit"],
)
def test_a_number_below_0_is_called_that(team: Team, words: str) -> None:
    assert "'-1' is below 0" in team.run(*words.split(), "-1").err


def test_an_option_without_its_value_is_named_without_a_page_of_another_command(team: Team) -> None:
    told = team.run("reject", "1", "--as", "martha", "--reason").err
    assert told == "Error: Option '--reason' requires an argument.\n"


@pytest.mark.parametrize(
    "words",
    [
        "requests --status Pending",
        "chat list --status OPEN",
        "bulk-assign --from mark --status Open --to martha --as maria --dry-run",
        "user add eve --role Manager",
        "assign chat-1 --to-type Manager --as mark",
        "tracking --event Accepted",
        "requests --status 'Timed Out'",
        "tracking --event 'user added' --event Timed-Out",
        "bulk-assign --from mark --to martha --as maria --dry-run --split LEAST_LOADED",
    ],
)
def test_words_may_be_written_as_lists_show_them(team: Team, words: str) -> None:
    team.ok(*shlex.split(words))


def test_what_is_not_found_comes_with_the_list_of_what_there_is(team: Team) -> None:
    assert (
        "Hint: assignchat user list lists them.\n"
        in team.run("user", "set", "zz", "--name", "Z").err
    )
    assert "Hint: assignchat chat list lists them.\n" in team.run("chat", "close", "zz").err


@pytest.mark.parametrize(
    "url",
    [
        "mysql://mark:dontsayit@db.example/team",
        "postgre://mark:dontsayit@db.example/team",
        "postgresql:/mark:dontsayit@db.example/team",
        "postgresql+psycopg2://mark:dontsayit@db.example/team",
        "sqlite:///team.db",
    ],
)
def test_a_url_of_something_else_is_no_file_and_its_password_stays_unsaid(
    team: Team, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    def refused(*words: str, exit_code: int = 2) -> None:
        told = team.run(*words)
        assert (told.exit_code, told.out) == (exit_code, "")
        assert "postgresql://USER@HOST/DATABASE" in told.err
        assert "dontsayit" not in told.err

    refused("--db", url, "status")
    refused("--db", url, "init")
    refused("--db", "new.db", "init", "--from", url)
    with monkeypatch.context() as changed:
        changed.setenv("ASSIGNCHAT_DB", url)
        refused("status")
    refused("config", "set", "database", url, exit_code=7)
    before = team.config.read_text(encoding="utf-8")
    team.config.write_text(f'database = "{url}"\n', encoding="utf-8")
    refused("status", exit_code=7)
    team.config.write_text(before, encoding="utf-8")


def test_a_url_of_something_else_is_refused_where_no_driver_is_installed(
    team: Team, tmp_path: Path
) -> None:
    (tmp_path / "psycopg2.py").write_text("raise ImportError")

    def refusal(url: str) -> tuple[int, str | None]:
        env = {"PYTHONPATH": str(tmp_path)}
        done = team.process("--db", url, "status", "--json", env=env)
        return done.exit_code, done.error

    assert refusal("postgresql://db.example/team") == (6, "database_unreachable")
    assert refusal("sqlite:///team.db") == (2, "invalid_value")


def test_a_bug_is_reported_without_a_traceback(
    team: Team, request_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of course")

    monkeypatch.setattr("assignchat.service.settle.settle_named", fail)
    assert team.refused("accept", request_id, "--as", "martha") == (1, "internal_error")
    result = team.run("accept", request_id, "--as", "martha")
    assert result.err.startswith("Error: ")
    assert "of course" in result.err
    assert "Traceback" not in result.err


def test_a_bug_in_the_middle_of_a_change_changes_nothing(
    team: Team, request_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of course")

    before = team.snapshot()
    monkeypatch.setattr("assignchat.store.chats.hand_over", fail)
    assert team.refused("accept", request_id, "--as", "martha") == (1, "internal_error")
    assert team.snapshot() == before


@pytest.mark.usefixtures("request_id")
def test_a_dry_run_that_is_refused_writes_nothing(team: Team) -> None:
    team.advance(120)  # what a refused command would record, a dry run does not
    before = team.snapshot()
    dry_run = ("bulk-assign", "chat-1", "chat-9", "--to", "omar", "--as", "maria", "--dry-run")
    assert team.refused(*dry_run) == (3, "chat_not_found")
    assert team.snapshot() == before


@pytest.mark.parametrize(
    "words",
    [
        ["tracking", "--since", "999999d"],
        ["tracking", "--until", "9999999999s"],
        ["tracking", "--since", "9" * 5000],
        ["user", "away", "martha", "--until", "99999999h"],
        ["user", "away", "martha", "--until", "9001-01-01T00:00:00Z"],
        ["assign", "chat-1", "--to", "martha", "--as", "mark", "--timeout", "9999999999"],
        ["accept", "9" * 30, "--as", "martha"],
        ["requests", "--limit", "9" * 30],
        ["undo", "-1", "--as", "maria"],
    ],
    ids=lambda words: " ".join(words)[:40],
)
def test_an_absurd_number_is_invalid_input_and_no_bug(team: Team, words: list[str]) -> None:
    exit_code, code = team.refused_leaving_no_trace(*words)
    assert exit_code == 2
    assert code in ("invalid_value", "usage")


def test_arguments_that_are_not_utf_8_are_refused(team: Team) -> None:
    before = team.snapshot()
    for words in (
        (b"accept", b"--chat", b"\xff\xfe", b"--as", b"martha"),
        (b"user", b"add", b"eve", b"--name", b"Jos\xe9"),
        (b"\xff",),
    ):
        result = shell(team, '"$@" --json', *words)
        assert (result.exit_code, result.error, result.out) == (2, "invalid_value", "")
    assert team.snapshot() == before


@pytest.mark.sqlite_only("a URL needs no folder")
def test_without_a_working_directory_it_is_still_an_error_in_words(team: Team) -> None:
    gone = team.folder / "gone"
    gone.mkdir()
    result = shell(team, f'cd {gone} && rmdir {gone} && "$@"', "requests")
    assert result.exit_code == 6
    assert result.err.startswith("Error: ")


def test_who_is_in_a_folder_without_config_is_told_so(empty_team: Team) -> None:
    told = empty_team.run("chat", "list")
    assert told.exit_code == 6
    assert "no config.toml in this folder" in told.err
    assert "assignchat init" in told.err


@pytest.mark.parametrize("words", [("tracking", "--since"), ("user", "away", "martha", "--until")])
def test_who_writes_no_time_reads_what_would_do(team: Team, words: tuple[str, ...]) -> None:
    told = team.run(*words, "someday").err
    assert "2026-11-22T14:05:10Z" in told
    assert "24h" in told
