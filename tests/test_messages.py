"""Messages: who is told of each event, and what a person can act on."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from assignchat.model import NOTICES, Event, Party
from assignchat.service.notifications import details
from assignchat.store import notifications
from assignchat.store.engines import engine_of
from tests.support.team import Team

SENT = {Party.REQUESTER: "maria", Party.RECIPIENT: "martha", Party.OWNER: "mark"}
"""A manager asks about another's chat, so that each party is somebody else."""


def told(team: Team, user: str) -> list[str]:
    """What a user has been told, oldest first."""
    rows = team.rows("SELECT recipient_id, text FROM notifications ORDER BY id")
    return [text for recipient, text in rows if recipient == user]


def time_out(team: Team) -> None:
    team.advance(120)
    team.ok("sweep-timeouts")


EVENTS: dict[Event, Callable[[Team], object]] = {
    Event.REQUESTED: lambda _: None,
    Event.ACCEPTED: lambda team: team.ok("accept", "1", "--as", "martha"),
    Event.REJECTED: lambda team: team.ok("reject", "1", "--reason", "No", "--as", "martha"),
    Event.WITHDRAWN: lambda team: team.ok("withdraw", "1", "--reason", "No", "--as", "maria"),
    Event.TIMED_OUT: time_out,
    Event.CANCELLED: lambda team: team.ok("chat", "close", "chat-1"),
}


@pytest.mark.parametrize("party", SENT)
@pytest.mark.parametrize("event", EVENTS)
def test_each_party_is_told_what_the_notices_say_and_nothing_else(
    team: Team, event: Event, party: Party
) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "maria")
    before = told(team, SENT[party]) if event != Event.REQUESTED else []
    EVENTS[event](team)
    text = NOTICES.get((event, party))
    other = "Maria" if party == Party.RECIPIENT else "Martha"
    by_themselves = (event, party) == (Event.WITHDRAWN, Party.REQUESTER)
    expected = [text % other] if text and not by_themselves else []
    assert told(team, SENT[party]) == before + expected


def test_an_owner_who_asked_themselves_is_told_once(team: Team, request_id: str) -> None:
    team.ok("accept", request_id, "--as", "martha")
    assert told(team, "mark") == ["Martha has accepted your chat assignment request."]


def lines(team: Team, user: str, which: int = -1) -> list[str]:
    """The lines below a text of a user, the newest one, as `notify` sends them."""
    location = str(team.database)
    opened = engine_of(location).open(location, os_user="tester", clock=lambda: team.now)
    with opened as database, database.read():
        return details(list(notifications.unread(database, user))[which])


def test_a_request_is_told_with_chat_customer_note_and_deadline(team: Team) -> None:
    note = "Wants a quote"
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark", "--note", note)
    local = datetime(2026, 11, 22, 14, 7, 10, tzinfo=UTC).astimezone()
    assert lines(team, "martha") == [
        "Request 1, chat chat-1 (Priya Nair)",
        "Note: Wants a quote",
        f"Answer by {local.isoformat(sep=' ', timespec='seconds')}",
    ]


def test_a_rejection_is_told_with_its_reason_and_that_nobody_took_the_chat(
    team: Team, request_id: str
) -> None:
    team.ok("reject", request_id, "--reason", "In a meeting", "--as", "martha")
    assert lines(team, "mark") == [
        "Request 1, chat chat-1 (Priya Nair)",  # the text says that it was rejected
        "Reason: In a meeting",
        "Nobody has taken the chat.",
    ]


@pytest.mark.parametrize(
    ("event", "end"),
    [
        (Event.ACCEPTED, "Accepted"),
        (Event.REJECTED, "Rejected"),
        (Event.WITHDRAWN, "Withdrawn"),
        (Event.TIMED_OUT, "Timed Out"),
        (Event.CANCELLED, "Cancelled"),
    ],
)
def test_what_tells_only_that_a_request_was_sent_goes_on_with_its_end(
    team: Team, event: Event, end: str
) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "maria")
    EVENTS[event](team)
    about = "Request 1, chat chat-1 (Priya Nair)"
    assert lines(team, "martha", 0)[0] == f"{about}: {end}"
    assert f"{about}: {end}" in team.run("inbox", "--as", "martha").out


def test_a_deadline_that_no_sweep_has_noticed_has_passed_in_a_message_too(team: Team) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    team.advance(120)
    assert lines(team, "martha")[0] == "Request 1, chat chat-1 (Priya Nair): Timed Out"


@pytest.mark.parametrize("how", ["rejected", "timed out"])
def test_where_somebody_is_asked_next_that_is_told(team: Team, how: str) -> None:
    team.ok("assign", "chat-1", "--to", "martha", "--then", "omar", "--as", "mark")
    if how == "rejected":
        team.ok("reject", "1", "--reason", "No", "--as", "martha")
    else:
        time_out(team)
    assert lines(team, "mark")[-1] == "Asked next: omar"
    assert "Asked next: omar" in team.run("inbox", "--as", "mark").out


@pytest.mark.parametrize(
    ("actor", "told"), [("maria", ["omar", "mark"]), ("omar", ["mark"]), ("mark", ["omar"])]
)
def test_who_undoes_a_batch_is_not_told_of_it(team: Team, actor: str, told: list[str]) -> None:
    team.ok("user", "set", actor, "--role", "manager")
    team.ok("bulk-assign", "chat-1", "--to", "omar", "--as", "maria")
    before = team.rows("SELECT max(id) FROM notifications")[0][0]
    team.ok("undo", "1", "--as", actor)
    after = f"SELECT recipient_id FROM notifications WHERE id > {before}"
    assert sorted(user for (user,) in team.rows(after)) == sorted(told)


def test_a_batch_is_told_by_its_text_alone_until_it_is_undone(team: Team) -> None:
    team.ok("bulk-assign", "chat-1", "chat-4", "--to", "omar", "--as", "maria")
    assert lines(team, "omar") == []
    team.ok("undo", "1", "--as", "maria")
    for user in ("omar", "mark"):
        assert (lines(team, user, 0), lines(team, user, 1)) == (["Batch 1: Undone"], [])
    assert "Batch 1: Undone" in team.run("inbox", "--as", "omar").out
    told, undone = team.ok("inbox", "--as", "omar")["notifications"]
    assert told["batch_undone_at"] == undone["batch_undone_at"] == undone["at"]
