"""Which notifications are still to be delivered.

Notifications are an outbox: `delivery_progress` says up to which of them `deliveries` has been
filled, and `deliveries` holds those that have not arrived yet, with the time of the next try.
"""

from collections.abc import Iterable, Sequence

from assignchat.model import Notification
from assignchat.namedtuples import NamedTuple
from assignchat.store.database import Database
from assignchat.store.notifications import COLUMNS, NOT_TOLD, SOURCE
from assignchat.times import time_after

LONGEST_PAUSE_SECONDS = 3_600
"""How long a message that keeps failing waits at most. A claim is shorter."""

# What is put off for longer was so by hand, or by a clock that was ahead: it waits for nobody.
_DUE = "(d.next_attempt_at <= :now OR d.next_attempt_at > :latest)"


def _times(database: Database) -> dict[str, str]:
    now = database.now
    return {"now": now, "latest": time_after(now, LONGEST_PAUSE_SECONDS)}


class Claimed(NamedTuple):
    """Notifications to deliver to a user, oldest first, and how often one of them was tried."""

    notifications: list[Notification]
    attempts: int


class _Tries(NamedTuple):
    recipient_id: str
    attempts: int


def any_new(database: Database) -> bool:
    """Return whether `collect` has anything to do: new notifications, or its first run."""
    progress = database.value("SELECT last_id FROM delivery_progress")
    newest = database.value("SELECT max(id) FROM notifications")
    return progress is None or (newest or 0) > progress


def any_due(database: Database) -> bool:
    """Return whether `recipients` will find anything."""
    due = f"SELECT 1 FROM deliveries d WHERE {_DUE} LIMIT 1"
    return database.value(due, _times(database)) is not None


def has_begun(database: Database) -> bool:
    """Return whether `begin` was called before."""
    return database.value("SELECT 1 FROM delivery_progress") is not None


def begin(database: Database, news_since: str) -> None:
    """Let `collect` take notifications from a stored time on; those before it are no news."""
    database.execute(
        "INSERT INTO delivery_progress (id, last_id)"
        " SELECT 1, (SELECT coalesce(max(id), 0) FROM notifications WHERE at < :since)",
        {"since": news_since},
    )


def collect(database: Database) -> None:
    """Take new notifications into the outbox."""
    # What an older version has postponed is there already.
    database.execute(
        "INSERT INTO deliveries (notification_id, attempts, next_attempt_at)"
        " SELECT id, 0, :now FROM notifications"
        " WHERE id > (SELECT last_id FROM delivery_progress)"
        f" AND recipient_id NOT IN {NOT_TOLD}"
        " ON CONFLICT (notification_id) DO NOTHING",
        {"now": database.now},
    )
    database.execute(
        "UPDATE delivery_progress SET last_id = (SELECT max(id) FROM notifications)"
        " WHERE last_id < (SELECT max(id) FROM notifications)"
    )


def recipients(database: Database) -> list[str]:
    """Collect what is due for `claim`, so that all deliveries are looked through only once.

    Returns the users for whom it is, the one that has waited longest first.
    """
    columns = "recipient_id TEXT, notification_id INTEGER"
    database.make_temporary("due", columns, key="recipient_id, notification_id")
    database.stage_selected(
        "due",
        "SELECT n.recipient_id, n.id FROM deliveries d JOIN notifications n"
        f" ON n.id = d.notification_id WHERE {_DUE}",
        _times(database),
    )
    return database.column(
        "SELECT recipient_id FROM due GROUP BY recipient_id ORDER BY min(notification_id)"
    )


def claim(database: Database, recipient_ids: Sequence[str], until: str) -> dict[str, Claimed]:
    """Claim what `recipients` found due for some users; nobody else sends it until a stored time.

    Returns what was claimed for each of them, in their order; others may have taken some since.
    """
    names = {f"user_{place}": user_id for place, user_id in enumerate(recipient_ids)}
    params = {**_times(database), "until": until, **names}
    still_due = (
        f"{_DUE} AND d.notification_id IN (SELECT notification_id FROM due"
        f" WHERE recipient_id IN (:{', :'.join(names)}))"
    )
    due = f"FROM {SOURCE} JOIN deliveries d ON d.notification_id = n.id WHERE {still_due}"
    found: dict[str, list[Notification]] = {user_id: [] for user_id in recipient_ids}
    for row in database.rows(Notification, f"SELECT {COLUMNS} {due} ORDER BY n.id", params):
        found[row.recipient_id].append(row)
    tries = f"SELECT n.recipient_id, max(d.attempts) AS attempts {due} GROUP BY n.recipient_id"
    attempts = dict(database.rows(_Tries, tries, params))
    database.execute(
        f"UPDATE deliveries AS d SET next_attempt_at = :until WHERE {still_due}", params
    )
    return {user_id: Claimed(rows, attempts[user_id]) for user_id, rows in found.items() if rows}


def is_claimed(database: Database, notification_id: int, until: str) -> bool:
    """Return whether a claim until a stored time still stands."""
    claimed = "SELECT next_attempt_at FROM deliveries WHERE notification_id = :id"
    return bool(database.value(claimed, {"id": notification_id}) == until)


def drop(database: Database, recipient_id: str) -> None:
    """Remove all notifications of a user from the outbox."""
    database.execute(
        "DELETE FROM deliveries WHERE notification_id IN"
        " (SELECT id FROM notifications WHERE recipient_id = :recipient)",
        {"recipient": recipient_id},
    )


def mark_delivered(database: Database, ids: Iterable[int]) -> None:
    """Record that notifications have arrived."""
    database.execute_many(
        "DELETE FROM deliveries WHERE notification_id = :id", ({"id": number} for number in ids)
    )


def postpone(
    database: Database, ids: Iterable[int], attempts: int, next_at: str, *, claimed_until: str
) -> None:
    """Record how often claimed notifications failed, and when to try the next time.

    Those that others have claimed since are theirs.
    """
    given = {"attempts": attempts, "next": next_at, "until": claimed_until}
    database.execute_many(
        "UPDATE deliveries SET attempts = :attempts, next_attempt_at = :next"
        " WHERE notification_id = :id AND next_attempt_at = :until",
        ({"id": number, **given} for number in ids),
    )


def waiting(database: Database) -> int:
    """Count the notifications that are still to be delivered."""
    return int(database.value("SELECT count(*) FROM deliveries"))
