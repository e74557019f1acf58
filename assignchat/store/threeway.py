"""An import changes only values of a known chat that the CRM has changed since the last import."""

from enum import StrEnum

from assignchat.namedtuples import NamedTuple
from assignchat.store.database import Database
from assignchat.store.imports import CRM_CHANGES, DIFFERS, KNOWN


class Owners(StrEnum):
    """The owner that a chat gets if it has another one here than in the file."""

    MERGE = "merge"
    THEIRS = "theirs"
    OURS = "ours"
    REFUSE = "refuse"


class Conflict(NamedTuple):
    """A chat whose owner was changed here and in the CRM, to different users.

    `base` is the owner that the CRM named before, `ours` the owner here, `theirs` the owner that
    the CRM names now.
    """

    chat: str
    base: str
    ours: str
    theirs: str


# A chat that the CRM has not named yet was added with an owner, and open.
_BASE_OWNER = (
    "coalesce(c.crm_owner_id, (SELECT t.to_user FROM engagement_tracking t"
    " WHERE t.chat_id = c.id AND t.event = 'opened'), c.owner_id)"
)
_BASE_STATUS = "coalesce(c.crm_status, 'open')"

_OURS_STAYS = {
    Owners.MERGE: f"c.owner_id <> {_BASE_OWNER}",
    Owners.REFUSE: f"c.owner_id <> {_BASE_OWNER}",
    Owners.OURS: "1 = 1",
    Owners.THEIRS: "1 = 0",
}


def keep_ours(database: Database, owners: Owners) -> None:
    """Remove from the staged rows the values that are to stay as they are here."""
    database.make_temporary(
        "kept",
        "place INTEGER, id TEXT, said TEXT, base TEXT, ours TEXT, what TEXT",
        key="what, place",
    )
    # An owner whom nobody knows is a mistake in any case, and is left to be found.
    database.stage_selected(
        "kept",
        f"SELECT i.place, i.id, i.owner_id, {_BASE_OWNER}, c.owner_id,"
        f" 'owner_id' {KNOWN} WHERE i.owner_id <> c.owner_id AND {_OURS_STAYS[owners]}"
        " AND EXISTS (SELECT 1 FROM users u WHERE u.id = i.owner_id)",
    )
    database.stage_selected(
        "kept",
        f"SELECT i.place, i.id, i.status, {_BASE_STATUS}, c.status,"
        f" 'status' {KNOWN} WHERE i.status <> c.status AND c.status <> {_BASE_STATUS}",
    )
    for column in ("owner_id", "status"):
        database.execute(
            f"UPDATE incoming SET {column} = NULL"
            f" WHERE place IN (SELECT place FROM kept WHERE what = '{column}')"
        )


def conflicts(database: Database) -> list[Conflict]:
    """List the chats that both sides have given to different owners, in the order of the file."""
    return list(
        database.rows(
            Conflict,
            "SELECT id, base, ours, said FROM kept"
            " WHERE what = 'owner_id' AND said <> base AND ours <> base ORDER BY place",
        )
    )


def kept_owners(database: Database) -> int:
    """Count the chats that keep their owner here though the file names another one."""
    return int(database.value("SELECT count(*) FROM kept WHERE what = 'owner_id'"))


def remember_crm(database: Database) -> None:
    """Store for each known chat the owner and the status that the CRM now names."""
    database.execute(
        "UPDATE chats AS c SET crm_owner_id = coalesce(i.owner_id, c.crm_owner_id),"
        " crm_status = coalesce(i.status, c.crm_status)"
        f" FROM incoming i WHERE i.id = c.id AND {DIFFERS} AND {CRM_CHANGES}"
    )
    for column, kept in (("crm_owner_id", "owner_id"), ("crm_status", "status")):
        database.execute(
            f"UPDATE chats AS c SET {column} = k.said FROM kept k"
            f" WHERE k.id = c.id AND k.what = '{kept}' AND k.said IS DISTINCT FROM c.{column}"
        )
