"""A spoilt row met by who watches, or by `notify`, stops no more than it must, and is named."""

import json
import signal
from types import SimpleNamespace

import pytest

from assignchat.errors import DatabaseDamaged
from assignchat.service.notifications import notify
from assignchat.store.sqlite.database import SqliteDatabase
from assignchat.times import utc_now
from tests.support import processes
from tests.support.processes import Process, program, result, wait_until
from tests.support.receivers import WebReceiver, running
from tests.support.team import Team


@pytest.fixture
def team(empty_team: Team) -> Team:
    """Martha and Omar are asked, by the machine's clock, without the check after other tests."""
    empty_team.now = utc_now()
    empty_team.ok("init", "--demo")
    for chat, user in (("chat-1", "martha"), ("chat-2", "omar")):
        empty_team.ok("assign", chat, "--to", user, "--timeout", "1s", "--as", "mark")
    return empty_team


def start(team: Team, *words: str) -> Process:
    return processes.start(team.folder, *program(*words))


def round_now(team: Team, *, takes: bool = True) -> tuple[list[str], dict[str, str]]:
    """Deliver once. Returns to whom something was sent, and who was passed over, with why."""
    sent: list[str] = []
    passed_over: dict[str, str] = {}

    def send(user: str, _: str) -> bool:
        sent.append(user)
        return takes

    outlet = SimpleNamespace(reaches=lambda _: True, send=send)
    with SqliteDatabase.open(str(team.database), os_user="t", clock=lambda: team.now) as database:
        notify(database, outlet, passed_over=passed_over.__setitem__)
    return sent, passed_over


SPOILT = {
    "a text": ("notifications", "text", "1"),
    "a time": ("notifications", "at", "1"),
    "when it was read": ("notifications", "read_at", "1"),
    "a note": ("requests", "note", "1"),
    "a reason": ("requests", "reason", "1"),
    "a deadline": ("requests", "expires_at", "1"),
    "a chat": ("requests", "chat_id", "1"),
    "a customer": ("chats", "customer", "'chat-1'"),
    "how often it was tried": ("deliveries", "attempts", "1"),
}


@pytest.mark.parametrize(("table", "column", "row"), SPOILT.values(), ids=SPOILT)
def test_notify_passes_over_the_user_of_a_spoilt_row_and_sends_the_rest(
    team: Team, table: str, column: str, row: str
) -> None:
    assert round_now(team, takes=False) == (["martha", "omar"], {})  # each is in the outbox now
    key = {"deliveries": "notification_id"}.get(table, "id")
    team.sqlite(f"UPDATE {table} SET {column} = x'00ff' WHERE {key} = {row}")
    sent, passed_over = round_now(team)
    assert sent == ["omar"]
    assert list(passed_over) == ["martha"]
    assert column in passed_over["martha"]
    waiting = team.sqlite("SELECT notification_id FROM deliveries")
    assert waiting == [(1,)]


def test_a_number_of_tries_that_no_message_has_had_keeps_nobody_else_from_being_told(
    team: Team,
) -> None:
    round_now(team, takes=False)
    team.sqlite(f"UPDATE deliveries SET attempts = {2**63 - 1} WHERE notification_id = 1")
    sent, passed_over = round_now(team, takes=False)
    assert sent == ["omar"]
    assert "row 1, column attempts" in passed_over["martha"]


def test_notify_sends_nothing_if_it_cannot_tell_what_is_new(team: Team) -> None:
    round_now(team, takes=False)
    team.sqlite("UPDATE delivery_progress SET last_id = x'ff'")
    with pytest.raises(DatabaseDamaged, match="delivery_progress, row 1, column last_id"):
        round_now(team)


def test_notify_goes_on_watching_beside_a_spoilt_row(team: Team) -> None:
    team.sqlite("UPDATE notifications SET text = x'ff' WHERE id = 1")
    with running(WebReceiver()) as receiver:
        file = team.folder / "notify.toml"
        file.write_text(f'team.urls = ["{receiver.url}"]')
        file.chmod(0o600)
        watching = start(team, "notify", "--watch", "1s")
        wait_until(lambda: len(receiver.messages) == 1)
        team.ok("assign", "chat-3", "--to", "omar", "--as", "mark")
        wait_until(lambda: len(receiver.messages) == 2)
        watching.send_signal(signal.SIGTERM)
        done = result(watching)
    assert done.exit_code == 0
    assert "Nothing was sent to martha. " in done.err
    assert "table notifications, row 1, column text" in done.err


def test_a_sweep_goes_on_watching_beside_a_spoilt_row(team: Team) -> None:
    team.sqlite("UPDATE requests SET fallbacks = 'x' WHERE id = 1")
    watching = start(team, "sweep-timeouts", "--watch", "1s")
    status = "SELECT status FROM requests WHERE id = ?"
    wait_until(lambda: team.sqlite(status, 2) == [("timed_out",)])
    watching.send_signal(signal.SIGTERM)
    done = result(watching)
    assert done.exit_code == 0
    assert "Request 1 was passed over" in done.err
    assert team.sqlite(status, 1) == [("pending",)]


WATCHERS = {
    "tracking --follow": (
        ("tracking", "--follow", "--json", "--after", "0"),
        "INSERT INTO engagement_tracking VALUES (NULL, 'x', 'opened', 't', 't'{})".format(
            8 * ", NULL"
        ),
        "in table engagement_tracking, row",
    ),
    "inbox --watch": (
        ("inbox", "--watch", "--json", "--as", "martha"),
        "UPDATE requests SET note = x'ff' WHERE id = 3",
        "in table requests, row 3, column note",
    ),
    "wait": (
        ("wait", "3", "--json"),
        "UPDATE requests SET status = 'x', resolved_at = requested_at WHERE id = 3",
        "in table requests, row 3, column status",
    ),
}


@pytest.mark.parametrize(("words", "spoils", "named"), WATCHERS.values(), ids=WATCHERS)
def test_who_watches_ends_at_a_row_that_is_spoilt_meanwhile_and_names_it(
    team: Team, words: tuple[str, ...], spoils: str, named: str
) -> None:
    team.ok("assign", "chat-3", "--to", "martha", "--timeout", "off", "--as", "mark")
    watching = start(team, *words)
    if words[0] != "wait":  # which prints nothing before the end
        assert watching.stdout is not None
        watching.stdout.readline()
    team.sqlite(spoils)
    done = result(watching)
    assert done.exit_code == 6, done
    error = json.loads(done.err.splitlines()[-1])["error"]
    assert error["code"] == "database_damaged"
    assert named in error["message"]
