"""inbox --watch without a terminal: lines for people, and documents for a program."""

import json
import signal

import pytest

from tests.support.asking import ask
from tests.support.processes import PATIENCE, program, result, start
from tests.support.team import Team


@pytest.fixture
def asked(team_now: Team) -> Team:
    """Mark asks Martha to take chat-1."""
    ask(team_now, "chat-1")
    return team_now


def test_plain_lines_say_how_a_request_ended(asked: Team) -> None:
    watch = start(asked.folder, *program("inbox", "--watch", "--as", "martha"))
    assert watch.stdout is not None
    assert watch.stdout.readline() == "Requests waiting for your answer:\n"
    asked.ok("withdraw", "1", "--reason", "No longer needed", "--as", "mark")
    lines = iter(watch.stdout.readline, "")
    assert "Request 1: Withdrawn (No longer needed)\n" in lines
    watch.send_signal(signal.SIGINT)
    assert result(watch).exit_code == 0


def test_without_a_terminal_each_change_is_one_document_a_line(asked: Team) -> None:
    watch = start(asked.folder, *program("inbox", "--watch", "--json", "--as", "martha"))
    assert watch.stdout is not None
    first = json.loads(watch.stdout.readline())
    plain = asked.ok("inbox", "--as", "martha")
    assert first.keys() == plain.keys()
    assert [r["id"] for r in first["requests"]] == [1]
    assert first["requests"][0].keys() == plain["requests"][0].keys()
    asked.ok("chat", "close", "chat-5")  # which is not martha's business
    ask(asked, "chat-2", "--timeout", "2s")
    assert [r["id"] for r in json.loads(watch.stdout.readline())["requests"]] == [1, 2]
    assert [r["id"] for r in json.loads(watch.stdout.readline())["requests"]] == [1]
    watch.send_signal(signal.SIGTERM)
    assert result(watch) == (0, "", "")


def test_it_ends_as_soon_as_its_reader_has_gone(asked: Team) -> None:
    watch = start(asked.folder, *program("inbox", "--watch", "--json", "--as", "martha"))
    assert watch.stdout is not None
    assert watch.stdout.readline()
    watch.stdout.close()
    assert watch.wait(PATIENCE) == 0  # though nothing has changed


def test_without_a_terminal_people_get_plain_text(asked: Team) -> None:
    watch = start(asked.folder, *program("inbox", "--watch", "--as", "martha"))
    assert watch.stdout is not None
    lines = [watch.stdout.readline() for _ in range(2)]
    watch.send_signal(signal.SIGINT)
    assert result(watch).exit_code == 0
    assert lines[0] == "Requests waiting for your answer:\n"
    assert lines[1].split("\t")[2] == "chat-1"
    assert "\x1b" not in "".join(lines)
