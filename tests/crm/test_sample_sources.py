"""The ready sources in scripts/samples: each reads what its CRM writes, and writes what it reads.

The files in tests/data are invented after what each system's documentation says.
"""

import re
from typing import NamedTuple

import pytest

from tests.support.processes import ROOT
from tests.support.team import Team

DATA = ROOT / "tests" / "data"
SAMPLES = ROOT / "scripts" / "samples" / "sources.toml"


class System(NamedTuple):
    """A system: its files, the first chat in them, and what it is told once martha has that."""

    users: str
    chats: str
    owner: str
    first: tuple[str, str]
    to_martha: str


SYSTEMS = {
    "dynamics": System(
        *("d365-users.csv", "d365-chats.xlsx", "raj"),
        ("6f1d2c3a-0b1e-4c57-9a10-2f6f0c7d1a01", "open"),
        "(Do Not Modify) Chat Session,To,Owner,Status\n"
        "6f1d2c3a-0b1e-4c57-9a10-2f6f0c7d1a01,Priya Nair,Martha Okafor,Active\n",
    ),
    "salesforce": System(
        *("sf-users.csv", "sf-sessions.csv", "raj"),
        ("0Mw5g000000AbCdCAK", "open"),
        "ID,MESSAGINGENDUSER.NAME,OWNERID,STATUS\n"
        "0Mw5g000000AbCdCAK,Priya Nair,0055g00000AbCdFAAV,Active\n",
    ),
    "hubspot": System(
        *("hubspot-owners.json", "hubspot-export.csv", "Raj@contoso.example"),
        ("18437734981", "open"),
        "Record ID,Ticket name,Ticket owner,Ticket status\n"
        "18437734981,Priya Nair,martha,New (Support Pipeline)\n",
    ),
    "zendesk": System(
        *("zendesk-users.json", "zendesk-unassigned.json", "raj@contoso.example"),
        ("801", "open"),
        "id,subject,assignee_id,status\n801,Priya Nair,35437,open\n",
    ),
    "freshdesk": System(
        *("freshdesk-agents.json", "freshdesk-tickets.json", "raj@contoso.example"),
        ("20", "open"),
        "id,subject,responder_id,status\n20,Priya Nair,martha,2\n",
    ),
    "intercom": System(
        *("intercom-admins.json", "intercom-conversations.json", "raj@contoso.example"),
        ("147", "open"),
        "id,source.author.name,admin_assignee_id,state\n147,Priya Nair,991267716,open\n",
    ),
    "chatwoot": System(
        *("chatwoot-agents.json", "chatwoot.json", "raj@contoso.example"),
        ("41", "open"),
        "id,meta.sender.name,meta.assignee.email,status\n"
        "41,Priya Nair,martha@contoso.example,open\n",
    ),
    "rocketchat": System(
        *("rocketchat-agents.json", "rocketchat-rooms.json", "raj"),
        ("3Wpy", "open"),
        "_id,fname,servedBy.username,open\n3Wpy,Priya Nair,martha,true\n",
    ),
}


def test_the_table_in_the_docs_names_the_files_that_are_tried() -> None:
    page = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `([\w.-]+)` \| `([\w.-]+)` \|", page, re.MULTILINE)
    assert {name: files for name, *files in rows} == {
        name: [system.users, system.chats] for name, system in SYSTEMS.items()
    }


def found(name: str) -> str:
    """Where a file is, among those of all cases or those for ready sources alone."""
    return str(next(DATA.glob(f"*/{name}")))


@pytest.fixture
def ready(empty_team: Team) -> Team:
    """A team with the ready sources in its config, a queue, and nobody else yet."""
    empty_team.ok("init")
    empty_team.config.write_bytes(SAMPLES.read_bytes())
    empty_team.ok("user", "add", "unassigned", "--role", "queue")
    return empty_team


def test_there_is_a_case_for_each_ready_source(ready: Team) -> None:
    listed = ready.ok("config", "list")
    assert {f"sources.{name}" for name in SYSTEMS} == {key for key in listed if "sources" in key}


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_ready_source_reads_what_its_crm_writes_and_writes_what_it_reads(
    ready: Team, name: str
) -> None:
    system = SYSTEMS[name]
    ready.ok("import", "users", found(system.users), "--from", name)
    if name == "hubspot":  # whose export has name and address in one cell
        alias = "Raj Patel (raj@contoso.example)"
        ready.ok("user", "set", system.owner, "--alias", alias)
    ready.ok("import", "chats", found(system.chats), "--from", name)
    chat, status = system.first
    shown = ready.ok("chat", "show", chat)
    told = (shown["customer"], shown["owner_id"], shown["status"])
    assert told == ("Priya Nair", system.owner, status)
    assert ready.ok("changes", "--from", name) == []
    team = [user["id"] for user in ready.ok("user", "list")]
    if not any(user.startswith("martha") for user in team):
        team.append(ready.ok("user", "add", "martha")["id"])
    martha = next(user for user in team if user.startswith("martha"))
    ready.ok("user", "add", "maria", "--role", "manager")
    ready.ok("bulk-assign", chat, "--to", martha, "--as", "maria")
    assert ready.run("changes", "--from", name, "--csv").out == system.to_martha


@pytest.mark.parametrize("name", ["zendesk", "freshdesk", "intercom", "chatwoot", "rocketchat"])
def test_what_belongs_to_nobody_there_belongs_to_the_queue_here(ready: Team, name: str) -> None:
    system = SYSTEMS[name]
    ready.ok("import", "users", found(system.users), "--from", name)
    ready.ok("import", "chats", found(system.chats), "--from", name)
    (other,) = ready.ok("chat", "list", "--owner", "unassigned")
    assert (other["status"], other["crm_owner_id"]) == ("closed", "unassigned")
