"""Questions that find what should not be: damage, and state that the history contradicts."""

import re

from assignchat.model import OWNERSHIP_EVENTS
from assignchat.store.database import Database

_OWNERSHIP = ", ".join(f"'{event}'" for event in OWNERSHIP_EVENTS)


def quick_check(database: Database) -> list[str]:
    """What SQLite itself finds wrong with the file; empty where it is sound."""
    return [line for line in database.column("PRAGMA quick_check") if line != "ok"]


def orphans(database: Database) -> list[str]:
    """The tables with rows that refer to rows which are not there."""
    return sorted(set(database.column("PRAGMA foreign_key_check")))


def owners_against_history(database: Database) -> list[str]:
    """Chats whose owner is not the one that their last change of owner names."""
    return database.column(
        "SELECT c.id FROM chats c WHERE c.owner_id IS NOT (SELECT t.to_user"
        " FROM engagement_tracking t WHERE t.chat_id = c.id"
        f" AND t.event IN ({_OWNERSHIP}) ORDER BY t.id DESC LIMIT 1) ORDER BY c.id"
    )


def statuses_against_history(database: Database) -> list[int]:
    """Requests whose status is not the one that their last tracking row names."""
    return database.column(
        "SELECT r.id FROM requests r WHERE r.status IS NOT (SELECT t.status"
        " FROM engagement_tracking t WHERE t.request_id = r.id ORDER BY t.id DESC LIMIT 1)"
        " ORDER BY r.id"
    )


def several_pending(database: Database) -> list[str]:
    """Chats with more than one pending request."""
    return database.column(
        "SELECT chat_id FROM requests WHERE status = 'pending'"
        " GROUP BY chat_id HAVING count(*) > 1 ORDER BY chat_id"
    )


def missing_guards(database: Database) -> list[str]:
    """The guards of the rules that are gone, or are not as they were made."""
    from assignchat.store.schema import GUARDS, ONE_PENDING  # noqa: PLC0415  # see schema.py

    present = set(map(_squeeze, database.column("SELECT sql FROM sqlite_master WHERE sql <> ''")))
    missing = [guard for guard in (*GUARDS, ONE_PENDING) if _squeeze(guard) not in present]
    return [name for guard in missing for name in re.findall(r"(?:TRIGGER|INDEX) (\w+)", guard)]


def inactive_owners(database: Database) -> list[str]:
    """Inactive users who own open chats."""
    return database.column(
        "SELECT u.id FROM users u WHERE u.active = 0 AND EXISTS"
        " (SELECT 1 FROM chats c WHERE c.owner_id = u.id AND c.status = 'open') ORDER BY u.id"
    )


def overdue(database: Database, before: str) -> int:
    """How many pending requests had their deadline before a stored time."""
    return int(
        database.value(
            "SELECT count(*) FROM requests WHERE status = 'pending' AND expires_at < :before",
            {"before": before},
        )
    )


def _squeeze(sql: str) -> str:
    return " ".join(sql.split())
