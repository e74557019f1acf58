"""Queries for damage that is not in the value of a column. Each returns ids, or names."""

from collections.abc import Iterator

from assignchat.store.columns import is_time
from assignchat.store.database import Database


def missing_rows(database: Database, table: str, highest: int) -> list[int]:
    """Find the first id up to the `highest` without a row: ids are given without gaps."""
    bound = {"highest": highest}
    # Each by itself is found without a look at every row.
    facts = (f"(SELECT {fact} FROM {table})" for fact in ("count(*)", "min(id)", "max(id)"))
    (found,) = database.tuples(f"SELECT {', '.join(facts)}")
    if highest == 0 or found == (highest, 1, highest):
        return []
    return database.column(
        f"SELECT n FROM (SELECT 1 AS n UNION ALL SELECT id + 1 FROM {table}) AS due"
        " WHERE n BETWEEN 1 AND :highest"
        f" AND NOT EXISTS (SELECT 1 FROM {table} WHERE id = n) ORDER BY n LIMIT 1",
        bound,
    )


def missing_tracking_rows(database: Database) -> list[int]:
    """Find the first tracking row that is missing, also if the counter was set back."""
    sealed = database.value("SELECT max(last_id) FROM seals") or 0
    highest = max(database.highest_id("engagement_tracking"), sealed)
    return missing_rows(database, "engagement_tracking", highest)


def missing_notifications(database: Database) -> list[int]:
    """Find the first notification that is missing, also if the counter was set back."""
    collected = database.value("SELECT max(last_id) FROM delivery_progress") or 0
    highest = max(database.highest_id("notifications"), collected)
    return missing_rows(database, "notifications", highest)


def uncollected_deliveries(database: Database) -> list[int]:
    """Find notifications to be delivered that are beyond those which `notify` has collected."""
    return database.column(
        "SELECT notification_id FROM deliveries"
        " WHERE notification_id > (SELECT coalesce(max(last_id), 0) FROM delivery_progress)"
        " ORDER BY notification_id"
    )


def earlier_rows(database: Database, since: str) -> Iterator[tuple[int, str, str]]:
    """Yield the tracking rows that are earlier than the row before: id, time, time of that row.

    They are left out if the row before is older than a stored time.
    """
    found = database.tuples(
        # Those of one transaction, or one slice of it, have one time, and one seal.
        "SELECT later.id, later.at, t.at FROM seals s"
        " JOIN engagement_tracking later ON later.id = s.first_id"
        " JOIN engagement_tracking t ON t.id = later.id - 1"
        " WHERE later.at < t.at AND t.at >= :since ORDER BY later.id",
        {"since": since},
        many=True,
    )
    for row_id, at, before in found:
        if all(isinstance(text, str) and is_time(text) for text in (at, before)):
            yield row_id, at, before


def late_deliveries(database: Database, after: str) -> int:
    """Count the notifications that are not to be tried until after a stored time."""
    late = "SELECT count(*) FROM deliveries WHERE next_attempt_at > :after"
    return int(database.value(late, {"after": after}))


def unsealed_rows(database: Database, at_most: int) -> list[int]:
    """Find rows without a seal, put in by hand: every transaction seals its own rows."""
    return database.column(
        "SELECT t.id FROM (SELECT lag(last_id, 1, :least) OVER (ORDER BY last_id) AS sealed,"
        " first_id AS until FROM seals UNION ALL SELECT coalesce(max(last_id), :least), :most"
        " FROM seals) AS gap"
        " JOIN engagement_tracking t ON t.id > gap.sealed AND t.id < gap.until"
        # Nearly all gaps have room for none. A whole 1 could leave the range of numbers.
        " WHERE gap.until - 1.0 > gap.sealed ORDER BY t.id LIMIT :at_most",
        {"least": -(2**63), "most": 2**63 - 1, "at_most": at_most},
    )


def invalid_seals(database: Database) -> list[int]:
    """Find seals of rows that do not exist, or that have another seal."""
    return database.column(
        "SELECT last_id FROM (SELECT last_id, first_id, hash, varying, marks,"
        " lag(last_id, 1, 0) OVER (ORDER BY last_id) AS sealed FROM seals) AS s"
        " WHERE (sealed < first_id AND first_id <= last_id"
        " AND last_id <= (SELECT coalesce(max(id), 0) FROM engagement_tracking)"
        # A column need not hold what it is declared to.
        " AND first_id = CAST(first_id AS INTEGER) AND hash = CAST(hash AS TEXT)"
        " AND varying = CAST(varying AS TEXT) AND marks = CAST(marks AS TEXT)) IS NOT TRUE"
        " ORDER BY last_id"
    )


def several_pending(database: Database) -> list[str]:
    """Find chats with more than one pending request."""
    return database.column(
        "SELECT chat_id FROM requests WHERE status = 'pending'"
        " GROUP BY chat_id HAVING count(*) > 1 ORDER BY chat_id"
    )


def inactive_owners(database: Database) -> list[str]:
    """Find inactive users who own open chats."""
    return database.column(
        "SELECT u.id FROM users u WHERE u.active = 0 AND EXISTS"
        " (SELECT 1 FROM chats c WHERE c.owner_id = u.id AND c.status = 'open') ORDER BY u.id"
    )


def overdue(database: Database, before: str) -> int:
    """Count the pending requests whose deadline was before a stored time."""
    return int(
        database.value(
            "SELECT count(*) FROM requests WHERE status = 'pending' AND expires_at < :before",
            {"before": before},
        )
    )
