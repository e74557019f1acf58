"""A new status is a few lines in model.py: whatever shows requests takes it from there."""

import shutil
import sys
from pathlib import Path

import pytest

import assignchat
from tests.support.processes import Result, program, run
from tests.support.team import Team

LINES = (
    ("class Status(StrEnum):", '    CANCELLED = "cancelled"\n', '    PARKED = "parked"\n'),
    ("class Event(StrEnum):", '    CANCELLED = "cancelled"\n', '    PARKED = "parked"\n'),
    (
        "TRANSITIONS: dict",
        "Event.CANCELLED, Party.SYSTEM),\n",
        '    "park": Transition(Status.PENDING, Status.PARKED, Event.PARKED, Party.RECIPIENT),\n',
    ),
    (
        "NOTICES: dict",
        " = {\n",
        '    (Event.PARKED, Party.REQUESTER): "%s has parked your chat assignment request.",\n',
    ),
)
TRIGGER = """
import assignchat
from assignchat.model import TRANSITIONS
from assignchat.store import requests
with assignchat.open_database("assignchat.db") as database, database.write():
    requests.settle(database, TRANSITIONS["park"], requests.this(1), actor="martha")
"""


class Parking:
    """The program with those lines added to model.py, and a request that was parked with it."""

    def __init__(self, team: Team) -> None:
        self._folder = team.folder
        library = team.folder / "library"
        shutil.copytree(Path(assignchat.__file__).parent, library / "assignchat")
        model = library / "assignchat" / "model.py"
        text = model.read_text(encoding="utf-8")
        for heading, after, line in LINES:
            before, found, rest = text.partition(heading)
            text = before + found + rest.replace(after, after + line, 1)
        model.write_text(text, encoding="utf-8")
        self._env = {"PYTHONPATH": str(library)}
        parked = run(self._folder, sys.executable, "-c", TRIGGER, env=self._env)
        assert parked.exit_code == 0, parked.err

    def run(self, *words: str) -> Result:
        """Run a command with the new status."""
        return run(self._folder, *program(*words), env=self._env)


@pytest.fixture
def parking(team_now: Team) -> Parking:
    team_now.ok("assign", "chat-1", "--to", "martha", "--as", "mark")
    return Parking(team_now)


def test_stats_counts_it(parking: Parking) -> None:
    found = parking.run("stats", "--json").json
    (martha,) = [user for user in found["users"] if user["id"] == "martha"]
    counts = list(martha.items())[5:12]
    assert counts == [
        ("received", 1),
        ("accepted", 0),
        ("rejected", 0),
        ("withdrawn", 0),
        ("timed_out", 0),
        ("cancelled", 0),
        ("parked", 1),
    ]
    assert {"status": "parked", "count": 1} in found["outcomes"]
    assert martha["median_response_seconds"] is not None  # she has answered
    assert "outcome\tparked\t1\n" in parking.run("stats").out


def test_the_page_of_stats_has_a_column_for_it(parking: Parking) -> None:
    page = parking.run("stats", "--html", "-").out
    assert '<th scope="col" class="n">Parked</th>' in page


def test_wait_is_over_without_a_yes(parking: Parking) -> None:
    waited = parking.run("wait", "1", "--json")
    assert (waited.exit_code, waited.json["status"]) == (11, "parked")


def test_requests_lists_it(parking: Parking) -> None:
    (request,) = parking.run("requests", "--status", "parked", "--json").json
    assert (request["id"], request["reason"]) == (1, None)
    assert "Parked" in parking.run("requests").out


def test_the_chat_tells_of_it_and_has_no_pending_request(parking: Parking) -> None:
    chat = parking.run("chat", "show", "chat-1", "--json").json
    assert (chat["owner_id"], chat["pending_request"]) == ("mark", None)
    assert [row["event"] for row in chat["timeline"]][-1] == "parked"
    assert "parked request 1" in parking.run("chat", "show", "chat-1").out


def test_the_other_party_is_told(parking: Parking) -> None:
    (told,) = parking.run("inbox", "--as", "mark", "--json").json["notifications"]
    assert told["text"] == "Martha has parked your chat assignment request."
    assert parking.run("inbox", "--as", "martha", "--json").json["requests"] == []


def test_a_settled_request_stays_as_it_is_and_the_database_is_sound(parking: Parking) -> None:
    assert parking.run("accept", "1", "--as", "martha", "--json").error == "request_not_pending"
    assert parking.run("check", "--full").exit_code == 0
