"""Files as CRMs, spreadsheets and their APIs write them, each with what comes of it.

The files stand in tests/data/crm. They are invented, after what somebody has reported in
public, or after what the documentation of a CRM says of its exports.
"""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from tests.crm.exports import EXPORTS
from tests.support.team import Team

FILES = Path(__file__).parent.parent / "data" / "crm"
FOUR = "2026-11-21T04:00:00.000Z"

Comes = Mapping[str, Sequence[object]]


class Case(NamedTuple):
    """A file, the options with which it is imported, and what comes of it.

    What comes is told by id: of chats the customer, the owner, the status and when they
    were opened, of users the name, the role, whether they are active, and the aliases. It
    may be told in part. A file that is refused has an error code; `told` is what people
    read besides.
    """

    file: str
    options: str = ""
    comes: Comes = MappingProxyType({})
    code: str = ""
    told: Sequence[str] = ()
    kind: str = "chats"
    before: str = ""


D365 = (
    '--column "id=(Do Not Modify) Chat Session" --column customer=To --column owner_id=Owner'
    ' --value "owner_id:Raj Patel=raj" --value "owner_id:Martha Okafor=martha"'
    " --value status:Active=open --value status:Inactive=closed"
)
SALESFORCE = "--column id=Id --column customer=Contact --column owner_id=OwnerLogin"
DATAVERSE = (
    "--column id=wa_chatsessionid --column customer=wa_name --column owner_id=_ownerid_value"
)
CHATWOOT = (
    "--column customer=meta.sender.name --column owner_id=meta.assignee.email"
    " --value owner_id:Raj@contoso.example=raj --default owner_id=omar"
    " --column opened_at=created_at --value status:snoozed=open --value status:resolved=closed"
)
ZENDESK = "--column customer=subject --column owner_id=assignee_id --column opened_at=created_at"
PRIYA, TOM = ("Priya Nair", "mark"), ("Tom Webb", "raj")
ONE, TWO = "6f1d2c3a-0b1e-4c57-9a10-2f6f0c7d1a01", "6f1d2c3a-0b1e-4c57-9a10-2f6f0c7d1a02"
NOT_READ = "file_unreadable"
WRONG = "import_invalid"

WHAT_A_FILE_IS = (
    Case(
        "d365-chats.xlsx",
        f'{D365} --column "opened_at=Start Date" --time-zone Asia/Kolkata',
        {
            ONE: ("Priya Nair", "raj", "open", FOUR),
            TWO: ("Tomáš Novák", "martha", "closed", "2026-11-22T08:35:00.000Z"),
        },
    ),
    Case("d365-chats.xlsx", f"{D365} --sheet Chats", code=NOT_READ, told=["My Active Chat"]),
    Case("export.zip", code=NOT_READ, told=["zip archive with Case.csv", "unzip -p"]),
    Case("old.xls", code=NOT_READ, told=["old Excel workbook (.xls)", ".xlsx"]),
    Case("d365-2003.xml", code=NOT_READ, told=["XML spreadsheet of Excel 2003", ".xlsx"]),
    Case("freshdesk.xml", code=NOT_READ, told=["is XML", "JSON"]),
    Case("helpscout.html", code=NOT_READ, told=["is HTML", "logs in"]),
    Case("chats.csv.gz", comes={"c-1": PRIYA}),
    Case("excel-unicode.txt", comes={"c-1": ("Renée Müller", "mark"), "c-2": TOM}),
    Case("ps-utf16.json", comes={"c-1": ("José", "mark")}),
    Case("sf-latin1.csv", SALESFORCE, code=NOT_READ, told=["line 3", "--encoding windows-1252"]),
    Case(
        "sf-latin1.csv",
        f"{SALESFORCE} --encoding windows-1252",
        {"5005g00000AbCdF": ("José Álvarez", "raj")},
    ),
    Case(
        "excel-euro.csv",
        "--encoding cp1252 --time-format '%d.%m.%Y %H:%M' --time-zone Europe/Berlin",
        {"c-1": ("Renée Müller", "mark", "open", "2026-11-21T09:30:00.000Z")},
    ),
    Case(
        "excel-japan.csv",
        "--encoding shift_jis --column id=チャットID --column customer=顧客"
        " --column owner_id=担当者",
        {"c-1": ("中村 花子", "mark")},
    ),
    Case(
        "excel-russia.csv",
        "--encoding windows-1251 --column id=номер --column customer=клиент"
        " --column owner_id=ответственный",
        {"c-1": ("Иван Петров", "mark")},
    ),
)

WHERE_THE_TABLE_IS = (
    Case("excel-sep.csv", comes={"c-1": PRIYA, "c-2": TOM}),
    Case(
        "excel-euro-head.csv",
        '--column "customer=Kunde (Name, Vorname, Firma, Ort)"',
        {"c-1": ("Müller, Renée", "mark")},
    ),
    Case("head-newline.csv", '--column "id=Chat ID" --column owner_id=Owner', {"c-1": PRIYA}),
    Case("excel-dup-head.csv", "--column customer=Name", code="invalid_value", told=["Name#2"]),
    Case(
        "excel-dup-head.csv",
        "--column customer=Name#2 --value status:y=open",
        {"c-1": ("z", "mark")},
        told=["Not used: customer, Name"],
    ),
    Case("excel-case-head.csv", comes={"c-1": PRIYA}),
    Case("excel-title.csv", comes={"c-1": PRIYA, "c-2": TOM}, told=["heading is on line 3"]),
    Case("chatwoot-report.csv", comes={"chat-7": PRIYA, "chat-8": TOM}, told=["line 1 above"]),
    Case("numbers.csv", comes={"c-1": PRIYA}),
    Case(
        "mail-report.csv",
        '--column "id=Chat ID" --column owner_id=Owner',
        {"c-1": (*PRIYA, "open"), "c-2": TOM},
        told=["lines 1 to 2 above it", "lines 8 to 9 below the table"],
    ),
    Case("double-bom.csv", comes={"c-1": PRIYA}),
    Case("excel-cr.csv", comes={"c-1": PRIYA, "c-2": TOM}),
    Case("excel-multiline.csv", code=WRONG, told=["line 4: no user 'nobody'"]),
    Case(
        "d365-german.csv",
        '--column "id=(Nicht ändern) Chatsitzung" --column customer=An --column owner_id=Besitzer'
        ' --value "owner_id:Raj Patel=raj" --value "owner_id:Martha Okafor=martha"'
        " --value status:Aktiv=open --value status:Inaktiv=closed --column opened_at=Startdatum"
        " --time-format '%d.%m.%Y %H:%M' --time-zone Europe/Berlin",
        {ONE: ("Priya Nair", "raj", "open", "2026-11-21T09:30:00.000Z")},
    ),
    Case("excel-extra-delims.csv", comes={"c-1": PRIYA, "c-2": TOM}),
    Case("excel-ragged.csv", comes={"c-1": (*PRIYA, "open", FOUR), "c-3": ("Mei Tanaka", "raj")}),
    Case("excel-space-rows.csv", comes={"c-1": PRIYA}),
    Case("excel-spaces-cells.csv", comes={"c-1": PRIYA, "c-2": TOM}),
    Case(
        "sf-report-footer.csv",
        '--column "id=Case ID" --column "customer=Contact Name" --column "owner_id=Owner Login"',
        {"5005g00000AbCdE": (*PRIYA, "open"), "5005g00000AbCdF": (*TOM, "closed")},
        told=["Not read: lines 6 to 10 below the table"],
    ),
    Case("sf-users-onecol.csv", "--column id=Login", code=WRONG, kind="users", told=["line 5"]),
    Case("users-total.csv", code=WRONG, kind="users", told=["'Total' is a line of totals"]),
    Case("tsv-open-quote.tsv", code=WRONG, told=["line 2", "never closed"]),
    Case("backslash.csv", code=WRONG, told=["line 2", '\\"']),
    Case("google-sheets.tsv", comes={"c-1": ('Priya "PN" Nair', "mark"), "c-2": TOM}),
    Case(
        "mysql-batch.tsv",
        "--value owner_id:null= --default owner_id=omar",
        {"c-1": PRIYA, "c-2": ("Tom Webb", "omar", "closed")},
    ),
    Case("base.csv", "--no-header --column id=1 --column customer=2", code=WRONG, told=["line 1"]),
)

JSON_OF_APIS = (
    Case("d365-odata.json", DATAVERSE, code=NOT_READ, told=["2 rows", "last page is missing"]),
    Case("d365-value-pretty.jsonstream", "--column id=wa_chatsessionid", code=WRONG),
    Case("chatwoot-rows.json", CHATWOOT, {"42": ("Tom Webb", "omar", "closed")}),
    Case("chatwoot.json", CHATWOOT, {"41": ("Priya Nair", "raj", "open")}),
    Case("chatwoot.json", f"{CHATWOOT} --rows data.payload", {"41": ("Priya Nair", "raj")}),
    Case("chatwoot.json", f"{CHATWOOT} --rows data.rows", code=NOT_READ, told=["data.payload"]),
    Case(
        "first-row-lacks.ndjson",
        "--column customer=subject --column owner_id=assignee",
        {"35437": ("Tom Webb", "raj")},
    ),
    Case("array-oneline.json", code=WRONG, told=["line 1, item 77: no user 'ghost' (id 77)"]),
    Case("zendesk-tickets.json", f"{ZENDESK} --value status:solved=closed", {
        "35436": ("Priya Nair", "raj", "open", FOUR), "35437": ("Tom Webb", "mark", "closed")}),
    Case("zendesk-tickets-page.json", ZENDESK, code=NOT_READ, told=["last page is missing"]),
    Case("zendesk-incremental.json", f"{ZENDESK} --value status:solved=closed", {
        "35436": ("Priya Nair", "raj", "open")}),
    Case("zendesk-sideloaded.json", ZENDESK, code=NOT_READ, told=["tickets, users", "--rows"]),
    Case("zendesk-sideloaded.json", f"{ZENDESK} --rows tickets --value status:solved=closed", {
        "35437": ("Tom Webb", "mark")}),
    Case("hubspot-threads-page.json", "--column owner_id=assignedTo", code=NOT_READ),
    Case("freshdesk-error.json", code=NOT_READ, told=["You have to be logged in"]),
    Case("intercom-conversations.json",
        "--column customer=source.author.name --column owner_id=admin_assignee_id"
        " --column status=state --column opened_at=created_at --default owner_id=omar"
        " --value owner_id:991267715=raj",
        {"147": ("Priya Nair", "raj", "open", "2025-11-21T04:30:00.000Z"),
         "148": ("148", "omar", "closed")}),
    Case("intercom-error.json", code=NOT_READ, told=["Access Token Invalid"]),
    Case("rocketchat-rooms.json",
        "--column id=_id --column customer=fname --column owner_id=servedBy.username"
        " --column status=open --value status:true=open --default status=closed"
        " --column opened_at=ts --column closed_at=closedAt --default owner_id=omar",
        {"3Wpy": ("Priya Nair", "raj", "open", FOUR), "7yKz": ("Tom Webb", "omar", "closed")}),
    Case("rocketchat-error.json", code=NOT_READ, told=["You must be logged in"]),
    Case("salesforce-query.json",
        "--column customer=MessagingEndUser.Name --column customer=Id"
        " --column owner_id=Owner.Username --column opened_at=StartTime"
        " --value status:Active=open --value status:Ended=closed",
        {"0Mw5g000000AbCdCAK": ("Priya Nair", "raj", "open", FOUR),
         "0Mw5g000000AbCeCAK": ("0Mw5g000000AbCeCAK", "mark", "closed")}),
    Case("salesforce-error.json", code=NOT_READ, told=["Session expired"]),
    Case("pipedrive-deals-page.json", "--column owner_id=user_id.email", code=NOT_READ),
    Case("kommo-talks.json",
        "--column id=chat_id --column owner_id=responsible --column opened_at=created_at"
        " --column status=is_in_work --value status:true=open --value status:false=closed",
        {"6cbab3d5-c4c1-46ff-b710-ad59ad10805f": (
            "6cbab3d5-c4c1-46ff-b710-ad59ad10805f", "raj", "open", "2025-11-21T04:30:00.000Z")}),
    Case("twilio-conversations.json",
        "--column id=sid --column customer=friendly_name --column opened_at=date_created"
        " --column status=state --value status:active=open --default owner_id=omar",
        {"CH0123456789abcdef0123456789abcdef": ("Priya Nair", "omar", "open", FOUR)}),
    Case("gorgias-tickets-page.json", "--column owner_id=assignee_user.email", code=NOT_READ),
    Case("front-conversations.json",
        "--column customer=recipient.name --column customer=recipient.handle"
        " --column owner_id=assignee.first_name+assignee.last_name --column opened_at=created_at"
        " --value 'owner_id:Raj Patel=raj' --value status:assigned=open",
        {"cnv_55c8c149": ("Priya Nair", "raj", "open", "2025-11-21T04:30:00.123Z")}),
    Case("bitrix-deals.json",
        "--column customer=TITLE --column owner_id=ASSIGNED_BY_ID --column opened_at=DATE_CREATE",
        {"1": ("Priya Nair", "raj", "open", FOUR)}),
    Case("bitrix-deals-page.json", "--column owner_id=ASSIGNED_BY_ID", code=NOT_READ,
        told=["1 of 120 rows"]),
)  # fmt: skip

IDS = (
    Case("excel-phones.csv", before="phones-good.csv", code=WRONG, told=["is it '919876543210'?"]),
    Case("excel-phones.csv", "--any-id", {"9.19877E+11": PRIYA}),
    Case("excel-textformula.csv", before="phones-good.csv", code=WRONG, told=["'919876543210'?"]),
    Case(
        "chatwoot-plain.csv",
        "",
        {"+919876543210": ("Priya Nair", "raj")},
        before="chatwoot-safe.csv",
    ),
    Case("guid-braces.csv", before="guid-first.csv", code=WRONG, told=[f"chat '{ONE}'?"]),
    Case("guid-upper.csv", before="guid-first.csv", code=WRONG, told=[f"chat '{ONE}'?"]),
    Case("guid-first.csv", before="guid-upper.csv --any-id", code=WRONG, told=[ONE.upper()]),
    Case(
        "sf-15.csv",
        SALESFORCE,
        before=f"sf-18.csv {SALESFORCE}",
        code=WRONG,
        told=["chat '5005g00000AbCdEAAV'?"],
    ),
    Case("wa-ids.csv", comes={"919876543210@c.us": ("Priya Nair", "raj")}),
    Case(
        "odoo-leads.csv",
        "--column customer=contact_name --column owner_id=user_id/login --column"
        " opened_at=create_date --time-zone UTC",
        {"__export__.crm_lead_41_a1b2c3d4": ("Priya Nair", "raj", "open", FOUR)},
    ),
)

PEOPLE_WORDS_TIMES = (
    Case("owner-email.csv", code=WRONG, told=["no user 'raj@contoso.example' (id c-1)"]),
    Case("owner-name.csv", code=WRONG, told=["no user 'Mark Sorel'"]),
    Case(
        "owner-missing.csv",
        "--value owner_id:NULL= --value owner_id:unassigned= --default owner_id=omar",
        {"c-1": ("Priya Nair", "raj"), "c-3": ("Mei Tanaka", "omar"), "c-4": ("Ana Cruz", "omar")},
    ),
    Case(
        "teams-as-owners.csv",
        '--value "owner_id:support emea=omar"',
        {"c-2": ("Tom Webb", "omar"), "c-3": ("Mei Tanaka", "omar")},
    ),
    Case(
        "sf-queue.csv",
        "--column customer=CONTACT --column owner_id=OWNERID"
        " --value owner_id:00G5g000004XyZaEAK=raj",
        {"5005g00000AbCdEAAV": ("Priya Nair", "raj")},
    ),
    Case(
        "isdisabled.json",
        "--column id=domainname --column active=isdisabled --value active:true=no"
        " --value active:false=yes",
        {"martha": ("Martha Okafor", "user", True), "omar": ("Omar Haddad", "user", True)},
        kind="users",
    ),
    Case("deactivate.csv", code=WRONG, kind="users", told=["user deactivate mark --reassign-to"]),
    Case(
        "hubspot-owners.json",
        "--column name=firstName+lastName --column alias=email --column active=archived"
        " --value active:true=no --value active:false=yes",
        {
            "60158084": ("Raj Patel", "user", True, ["Raj@contoso.example"]),
            "60158085": ("Ana Cruz", "user", False),
        },
        kind="users",
    ),
    Case(
        "freshdesk-agents.json",
        "--column name=contact.name --column alias=contact.email --column active=contact.active",
        {"9001": ("Raj Patel", "user", True), "9002": ("Ana Cruz", "user", False)},
        kind="users",
    ),
    Case(
        "psql-users.csv",
        "--value active:t=yes --value active:f=no",
        {"ann": ("Ann Berg", "user", True), "bob": ("Bob Ray", "user", False)},
        kind="users",
    ),
    Case("status-words.csv", code=WRONG, told=["not 'Active' (1 row)", "not 'Solved' (1 row)"]),
    Case("status-unmapped.csv", comes={"c-1": (*PRIYA, "closed")}),
    Case(
        "customer-missing.csv",
        "",
        {
            "919876543210@c.us": ("919876543210@c.us", "raj"),
            "447701234567@c.us": ("Tom Webb", "mark"),
        },
    ),
    Case("times.csv", code=WRONG, told=["line 5: opened_at: A time without a zone", "11/21/2026"]),
    Case(
        "d365-saved-as.csv",
        f'{D365} --column "opened_at=Start Date" --time-zone Asia/Kolkata'
        " --time-format '%m/%d/%Y %I:%M %p'",
        {ONE: ("Priya Nair", "raj", "open", FOUR)},
    ),
    Case("excel-serial.csv", code=WRONG, told=["--time-format", "excel"]),
    Case(
        "excel-serial.csv",
        "--time-format excel --time-zone Asia/Kolkata",
        {"c-1": (*PRIYA, "open", FOUR)},
    ),
    Case(
        "sf-dataloader.csv",
        "--column customer=CONTACT.NAME --column owner_id=OWNER.ALIAS"
        " --column opened_at=CREATEDDATE",
        {"5005g00000AbCdEAAV": (*PRIYA, "open", FOUR)},
    ),
    Case("future.csv", comes={"c-1": PRIYA}, told=["Opened in the future: 1 chat"]),
    Case(
        "hubspot-export.csv",
        '--column "id=Record ID" --column "customer=Ticket name" --column "owner_id=Ticket owner"'
        ' --column "status=Ticket status" --value "status:New (Support Pipeline)=open"'
        ' --value "owner_id:Raj Patel (raj@contoso.example)=raj" --column "opened_at=Create date"'
        " --time-zone Asia/Kolkata",
        {"18437734981": ("Priya Nair", "raj", "open", FOUR)},
    ),
    Case(
        "zoho-chats.csv",
        '--column "id=Record Id" --column "customer=Chat Name" --column "owner_id=Chat Owner"'
        ' --value "owner_id:raj patel=raj" --column "opened_at=Created Time"'
        " --time-zone Asia/Kolkata",
        {"zcrm_554023000000691003": ("Priya Nair", "raj", "open", FOUR)},
    ),
    Case(
        "respondio-conversations.csv",
        '--column "id=Conversation ID" --column "customer=Contact Name" --column owner_id=Assignee'
        ' --column "opened_at=Opened At" --column "closed_at=Closed At" --default status=closed',
        {"1732161000": ("Priya Nair", "raj", "closed", FOUR)},
    ),
)

CASES = (
    *(*WHAT_A_FILE_IS, *WHERE_THE_TABLE_IS, *JSON_OF_APIS, *IDS, *PEOPLE_WORDS_TIMES),
    *(Case(**export) for export in EXPORTS),
)


def words_of(case: Case) -> list[str]:
    """The command that imports a case."""
    return ["import", case.kind, str(FILES / case.file), *shlex.split(case.options)]


@pytest.fixture
def contoso(empty_team: Team) -> Team:
    """A team of five and two chats, as their CRM has them."""
    empty_team.ok("init")
    empty_team.ok("import", "users", str(FILES / "team.csv"))
    empty_team.ok("import", "chats", str(FILES / "base.csv"))
    return empty_team


def found_in(team: Team, kind: str) -> dict[str, list[object]]:
    """What is there, by id, in the order of what a case tells."""
    columns = {
        "chats": ("customer", "owner_id", "status", "opened_at"),
        "users": ("name", "role", "active", "aliases"),
    }[kind]
    listed = team.ok(kind.removesuffix("s"), "list")
    return {row["id"]: [row[column] for column in columns] for row in listed}


@pytest.mark.parametrize("case", CASES, ids=[f"{case.file} {case.options[:30]}" for case in CASES])
def test_what_comes_of_a_file(contoso: Team, case: Case) -> None:
    if case.before:
        first, *options = shlex.split(case.before)
        contoso.ok("import", "chats", str(FILES / first), *options)
    if case.code:
        assert contoso.refused_leaving_no_trace(*words_of(case)) == (2, case.code)
    told = contoso.run(*words_of(case))
    assert (told.exit_code == 0) == (not case.code), told.err
    for text in case.told:
        assert text in told.err
    found = found_in(contoso, case.kind)
    for row_id, values in case.comes.items():
        assert found[row_id][: len(values)] == list(values)


def test_every_file_is_a_case() -> None:
    used = {case.file for case in CASES} | {case.before.partition(" ")[0] for case in CASES}
    also = {"team.csv", "two-files-1.csv", "two-files-2.csv"}
    assert {path.name for path in FILES.iterdir()} == (used | also) - {""}


def test_several_files_are_one_import(contoso: Team) -> None:
    files = [str(FILES / f"two-files-{number}.csv") for number in (1, 2)]
    assert contoso.ok("import", "chats", *files)["created"] == 2
    bad = str(FILES / "owner-name.csv")
    refused = contoso.run("import", "chats", files[0], bad, "--json")
    problems = json.loads(refused.err)["error"]["problems"]
    told = [(problem["file"], problem["line"], problem["message"]) for problem in problems]
    assert told == [
        (bad, 2, "no user 'Raj Patel'"),
        (bad, 2, "the same id stands on line 2"),
        (bad, 3, "no user 'Mark Sorel'"),
    ]


def test_pages_of_an_api_are_complete_together(contoso: Team) -> None:
    options = [*shlex.split(ZENDESK), "--value", "status:solved=closed", "--any-id"]
    last = Path("last.json")
    ticket = {"id": 1, "subject": "Mei", "assignee_id": "raj", "created_at": FOUR}
    last.write_text(json.dumps({"tickets": [ticket], "meta": {"has_more": False}}))
    pages = [str(FILES / "zendesk-tickets-page.json"), str(last)]
    assert contoso.ok("import", "chats", *pages, *options)["created"] == 3


def test_every_file_that_the_docs_name_is_read() -> None:
    page = (FILES.parent.parent.parent / "docs" / "importing.md").read_text(encoding="utf-8")
    table = page.partition("## Systems")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([\w-]+\.\w+)`", table))
    assert named
    assert named <= {case.file for case in CASES if case.comes}
