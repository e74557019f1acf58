"""Where a result cannot be written: the change that was made stands, and that is said."""

import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from assignchat.cli import main
from tests.support.processes import pipe, program, result, start
from tests.support.team import Team, old_database, shell, unprivileged


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
def test_a_change_whose_result_cannot_be_written_stands_and_that_is_said(
    team: Team, where: str
) -> None:
    ask = ("assign", "chat-1", "--to", "martha", "--as", "mark")
    result = shell(team, f'"$@" --json {where}', *ask)
    assert (result.exit_code, result.error) == (1, "output_failed")
    assert "stands" in result.err
    assert result.err.count("\n") == 1
    assert len(team.ok("requests", "--chat", "chat-1")) == 1


class Failing(io.StringIO):
    """A standard output that fails as no output does."""

    def __init__(self, error: type[BaseException]) -> None:
        super().__init__()
        self._error = error

    def write(self, _text: str) -> int:
        raise self._error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError, "internal_error"),
        (MemoryError, "limit_reached"),
        (RecursionError, "internal_error"),
        (OSError, "output_failed"),
        (BrokenPipeError, "output_failed"),
    ],
)
def test_whatever_fails_after_a_change_it_is_said_that_the_change_stands(
    team: Team, capsys: pytest.CaptureFixture[str], error: type[BaseException], code: str
) -> None:
    ask = ("assign", "chat-1", "--to", "martha", "--as", "mark", "--json")
    with redirect_stdout(Failing(error)):
        assert main(ask) == 1
    told = json.loads(capsys.readouterr().err)["error"]
    assert told["code"] == code
    assert "The change itself was made and stands." in told["hint"]
    assert len(team.ok("requests")) == 1


@pytest.mark.parametrize("words", [["chat", "list"], ["assign", "chat-9", "--to", "martha"]])
def test_where_nothing_was_changed_nothing_is_said_to_stand(
    team: Team, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    before = team.snapshot()
    with redirect_stdout(Failing(RuntimeError)):
        assert main([*words]) != 0
    assert "stands" not in capsys.readouterr().err
    assert team.snapshot() == before


def test_a_reader_who_has_gone_is_told_of_after_a_change(team: Team) -> None:
    with pipe() as (reader, writer):
        reader.close()
        process = start(
            team.folder,
            *program("assign", "chat-1", "--to", "martha", "--as", "mark"),
            stdout=writer,
        )
        ended = result(process)
    assert ended.exit_code == 1
    assert "its reader has gone" in ended.err
    assert "The change itself was made and stands." in ended.err
    assert len(team.ok("requests")) == 1


@pytest.mark.sqlite_only("runs where no socket can be reached")
def test_an_import_stands_whose_source_cannot_be_saved(team: Team) -> None:
    (team.folder / "chats.csv").write_text("id,Name,owner_id\nnew,Ann,mark\n")
    settings = team.folder / "settings"
    settings.mkdir()
    (settings / "config.toml").write_text('database = "../assignchat.db"\n')
    settings.chmod(0o555)
    words = "import chats chats.csv --column customer=Name --save-source crm"
    done = unprivileged(team, "--config", "settings/config.toml", *words.split())
    settings.chmod(0o755)
    assert done.exit_code == 7, done.err
    assert "The change itself was made and stands." in done.err
    assert team.owner("new") == "mark"


def test_a_command_that_only_brings_the_database_up_to_date_has_changed_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "assignchat.db"
    old_database(database)
    assert main(["--db", str(database), "accept", "999", "--as", "nobody"]) == 2
    assert "stands" not in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
@pytest.mark.parametrize("words", [["chat", "list"], ["--version"], ["--help"]])
def test_what_cannot_be_written_is_an_error(team: Team, where: str, words: list[str]) -> None:
    result = shell(team, f'"$@" {where}', *words)
    assert result.exit_code == 1
    assert result.err.startswith("Error: ")
    assert "stands" not in result.err
    assert "Traceback" not in result.err
    assert "Exception ignored" not in result.err


def test_a_reader_who_has_seen_enough_is_no_error(team: Team) -> None:
    ids = "\n".join(f"crm-{number},{'customer ' * 20},mark" for number in range(2000))
    (team.folder / "chats.csv").write_text(f"id,customer,owner_id\n{ids}\n")
    team.ok("import", "chats", "chats.csv")
    for form in ("--jsonl", "--json", "--csv", "--limit=0"):
        result = shell(team, '"$@" | head -n 1', "chat", "list", form)
        assert len(result.out.splitlines()) == 1
        assert result.err == ""


def test_a_closed_standard_error_does_no_harm(team: Team) -> None:
    refused = shell(team, '"$@" 2>&-', "inbox", "--as", "who")
    assert (refused.exit_code, refused.out, refused.err) == (2, "", "")
    asked = shell(team, '"$@" --json 2>&- <&-', "assign", "chat-1", "--to", "omar", "--as", "mark")
    assert asked.exit_code == 0
    assert asked.json["status"] == "pending"
