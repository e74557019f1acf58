"""More files as systems and spreadsheets write them, each with what comes of it.

They are invented, like those of test_cases, and lie beside them.
"""

from typing import Any

FOUR = "2026-11-21T04:00:00.000Z"
FIVE_PAST = "2026-11-22T08:35:10.000Z"
PEOPLE = '--value "owner_id:Raj Patel=raj" --value "owner_id:Mark Sorel=mark"'
RAJ = "--value owner_id:raj@contoso.example=raj"
NODE = "--column id=node.id --column customer=node.customer.name"
NOT_READ = "file_unreadable"
WRONG = "import_invalid"

EXPORTS: tuple[dict[str, Any], ...] = (
    # Systems.
    {
        "file": "zoho-deals.csv",
        "options": '--column "id=Record Id" --column "customer=Deal Name"'
        f' --column "owner_id=Deal Owner" {PEOPLE} --column status=Stage'
        ' --value status:Qualification=open --value "status:Closed Won=closed"'
        ' --column "opened_at=Created Time" --time-zone Asia/Kolkata',
        "comes": {
            "zcrm_554023000000238121": ("Priya Nair", "raj", "open", FOUR),
            "zcrm_554023000000238133": ("Webb, Tom", "mark", "closed", FIVE_PAST),
        },
    },
    {
        "file": "zendesk-view.csv",
        "options": f"--column customer=Subject --column owner_id=Assignee {PEOPLE}"
        " --value owner_id:-= --default owner_id=omar --value status:Solved=closed"
        " --column opened_at=Requested",
        "comes": {
            "35436": ("Priya Nair", "raj", "open", FOUR),
            "35437": ('Tom Webb "VIP"', "omar", "closed", FIVE_PAST),
        },
    },
    {
        "file": "intercom-dataset.csv",
        "options": "--column id=conversation_id --column customer=user_name"
        " --column customer=user_email --column owner_id=currently_assigned_teammate_email"
        f" {RAJ} --default owner_id=omar --column status=conversation_state"
        ' --value status:snoozed=open --column "opened_at=conversation_started_at_(UTC)"'
        " --time-zone UTC",
        "comes": {
            "215470000004511": ("Priya Nair", "raj", "open", FOUR),
            "215470000004600": ("anon@example.com", "omar", "open", FIVE_PAST),
        },
    },
    {
        "file": "pipedrive-deals.csv",
        "options": '--column "id=Deal - ID" --column "customer=Deal - Title"'
        f' --column "owner_id=Deal - Owner" {PEOPLE} --column "status=Deal - Status"'
        ' --value status:Lost=closed --column "opened_at=Deal - Deal created" --time-zone UTC',
        "comes": {
            "41": ("Priya Nair", "raj", "open", FOUR),
            "42": ("Tom; Webb", "mark", "closed", FIVE_PAST),
        },
    },
    {
        "file": "hubspot-internal.csv",
        "options": "--column id=hs_object_id --column customer=hs_full_name_or_email"
        " --column owner_id=hubspot_owner_id --value owner_id:60158084=raj"
        " --default owner_id=omar --column status=hs_ticket_status"
        " --column opened_at=createdate --time-format epoch",
        "comes": {
            "18437734981": ("Priya Nair", "raj", "open", FOUR),
            "18437734982": ("Tom Webb", "omar", "closed", "2026-11-22T08:35:10.000Z"),
        },
    },
    {
        "file": "kommo-leads.csv",
        "options": '--column "customer=Lead title" --column "owner_id=Responsible user"'
        f' {PEOPLE} --column "status=Lead stage" --value "status:Initial contact=open"'
        ' --value "status:Closed - lost=closed" --column "opened_at=Created at"'
        " --time-format '%d.%m.%Y %H:%M:%S' --time-zone Asia/Kolkata",
        "comes": {
            "19618475": ("Priya Nair", "raj", "open", FOUR),
            "19618476": ("Tom Webb", "mark", "closed", FIVE_PAST),
        },
    },
    {
        "file": "respondio-contacts.csv",
        "options": '--column "id=Contact ID" --column "customer=First Name+Last Name"'
        f" --column owner_id=Assignee {RAJ} --default owner_id=omar"
        ' --column "status=Conversation Status" --value status:close=closed'
        " --column 'opened_at=DateTime Created' --time-format '%b %d, %Y %H:%M' --time-zone UTC",
        "comes": {
            "88120441": ("Priya Nair", "raj", "open", FOUR),
            "88120442": ("Tom", "omar", "closed", "2026-11-22T08:35:00.000Z"),
        },
    },
    {
        "file": "wati-contacts.json",
        "options": "--column id=wAid --column customer=fullName --column owner_id=assigned.email"
        f" {RAJ} --default owner_id=omar --column opened_at=created --time-format %b-%d-%Y"
        " --time-zone UTC",
        "comes": {
            "919876543210": ("Priya Nair", "raj", "open", "2026-11-21T00:00:00.000Z"),
            "447700900123": ("Tom Webb", "omar"),
        },
    },
    {
        "file": "wati-contacts-page.json",
        "options": "--column id=wAid --column customer=fullName --default owner_id=omar",
        "code": NOT_READ,
        "told": ["1 of 2 rows", "last page is missing"],
    },
    {
        "file": "salesforce-bulk.csv",
        "options": "--column customer=ContactName --column owner_id=OwnerId"
        " --value owner_id:0055g000004XyZaAAK=raj --value status:New=open"
        " --column opened_at=CreatedDate",
        "comes": {"5005g00000AbCdEAAV": ("Priya Nair", "raj", "open", FOUR)},
    },
    {
        "file": "freshchat-strings.json",
        "options": "--column id=conversation_id --column owner_id=assigned_agent_id"
        " --value status:assigned=open --column opened_at=created_time --time-format epoch",
        "comes": {"f1a2": ("Priya Nair", "raj", "open", FOUR)},
    },
    {
        "file": "graphql-edges.json",
        "options": f"{NODE} --column owner_id=node.assignee.login",
        "comes": {"gid-1": ("Priya Nair", "raj"), "gid-2": ("Tom Webb", "mark")},
    },
    {
        "file": "airtable-records.json",
        "options": "--column customer=fields.Customer --column owner_id=fields.Owner.email"
        f" {RAJ} --column opened_at=createdTime",
        "comes": {"rec560UJdUtocSouk": ("Priya Nair", "raj", "open", FOUR)},
    },
    {
        "file": "airtable-page.json",
        "options": f"--column owner_id=fields.Owner.email {RAJ}",
        "code": NOT_READ,
        "told": ["last page is missing"],
    },
    {
        "file": "sharepoint-page.json",
        "options": "--column id=Id --column owner_id=Owner",
        "code": NOT_READ,
        "told": ["last page is missing"],
    },
    {"file": "firebase-export.json", "code": "invalid_value", "told": ["No column 'id'"]},
    # Spreadsheets.
    {
        "file": "sheets-checkbox.csv",
        "options": "--column id=Chat --column owner_id=Agent --column status=Done?"
        " --value status:true=closed --value status:false=open",
        "code": WRONG,  # rows with nothing but a box that nobody has ticked
        "told": ["line 5: The chat id is empty", "line 6: The chat id is empty"],
    },
    {
        "file": "libreoffice-german.csv",
        "options": "--column id=Chat-Nr. --column customer=Kunde --column owner_id=Betreuer"
        " --column status=Zustand --value status:Offen=open --value status:Erledigt=closed"
        ' --column "opened_at=Angelegt am" --time-format "%d.%m.%y %H:%M"'
        " --time-zone Europe/Berlin",
        "comes": {
            "c-11": ('Jürgen "Jogi" Groß', "raj", "open", FOUR),
            "c-12": ("Tom; Webb", "mark", "closed", "2026-11-22T08:35:00.000Z"),
        },
    },
    {
        "file": "libreoffice-decimals.csv",
        "options": "--column id=Telefon --column customer=Kunde --column owner_id=Betreuer",
        "before": "phones-good.csv",
        "code": WRONG,
        "told": ["'919876543210'?"],
    },
    {
        "file": "excel-scientific.csv",
        "options": "--column id=Telefon --column customer=Kunde --column owner_id=Betreuer",
        "before": "phones-good.csv",
        "code": WRONG,
        "told": ["rounded: is it '919876543210'?", "'4,47701E+11'"],
    },
    {
        "file": "powershell-be.csv",
        "comes": {"c-11": ("Renée Müller", "raj"), "c-12": ("中村 花子", "mark")},
    },
    {
        "file": "tabs-quoted.tsv",
        "comes": {"c-11": ("Priya\tNair", "raj"), "c-12": ('Tom "T"\nWebb', "mark")},
    },
    {
        "file": "trailing-separator.csv",
        "comes": {"c-11": ("Priya Nair", "raj"), "c-12": ("Tom Webb", "mark")},
    },
    {
        "file": "trailing-rows-only.csv",
        "comes": {"c-11": ("Priya Nair", "raj"), "c-12": ("Tom Webb", "mark")},
    },
    {"file": "single-quotes.csv", "code": "invalid_value", "told": ["'id'"]},
    {
        "file": "report-two-tables.csv",
        "code": WRONG,
        "told": ["line 6: stands below line 5, which looks like a footer"],
    },
    {
        "file": "psql-aligned.txt",
        "options": "--column id=login",
        "kind": "users",
        "code": WRONG,
        "told": ["line 2"],
    },
    {"file": "mysql-table.txt", "kind": "users", "code": WRONG, "told": ["line 3"]},
    # Workbooks.
    {
        "file": "mixed-strings.xlsx",
        "comes": {"919876543210": ("中村 花子", "raj"), "c-12": (" Tom & Webb ", "mark")},
    },
    {
        "file": "mac-1904.xlsx",
        "options": "--time-zone Asia/Kolkata",
        "comes": {"c-11": ("Priya Nair", "raj", "open", FOUR)},
    },
    {"file": "macro-hidden.xlsm", "comes": {"c-11": ("Priya Nair", "raj")}},
    {
        "file": "merged-cells.xlsx",
        "code": WRONG,
        "told": ["line 5: a new chat needs an owner_id (id c-12)"],
    },
    {
        "file": "users-booleans.xlsx",
        "options": "--column id=Login",
        "kind": "users",
        "comes": {"ann": ("Ann Berg", "user", True), "bob": ("Bob Ray", "user", False)},
    },
    {"file": "long-numbers.xlsx", "code": WRONG, "told": ["120363025246125000"]},
    {"file": "error-cells.xlsx", "code": WRONG, "told": ["owner_id is an error", "#N/A"]},
    {"file": "chats.ods", "code": NOT_READ, "told": ["OpenDocument spreadsheet (.ods)", ".xlsx"]},
    {"file": "chats.numbers", "code": NOT_READ, "told": ["spreadsheet of Numbers", ".xlsx"]},
)
