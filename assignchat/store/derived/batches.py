"""Batches, and how many chats their rows count."""

from assignchat.model import OWNERSHIP_EVENTS
from assignchat.store.derived.rows import Derived
from assignchat.store.derived.users import value_at
from assignchat.store.sql import one_of

_OF_BATCH = "t.batch_id IS NOT NULL AND t.event IN ('assigned', 'undone')"
_COUNTS = "count(*) AS chats, min(t.id) AS first_row"
_ARE_ALIKE = (
    "a.event = a.last_event AND a.from_user = a.last_from AND a.to_user = a.last_to"
    " AND a.chats = a.senders AND a.chats = a.receivers"
)

# A batch mostly takes from one user for one other; only what differs within one is sorted.
SUBQUERIES = {
    "every_batch": "SELECT t.batch_id, min(t.event) AS event, max(t.event) AS last_event,"
    " min(t.from_user) AS from_user, max(t.from_user) AS last_from, min(t.to_user) AS to_user,"
    " max(t.to_user) AS last_to, count(t.from_user) AS senders, count(t.to_user) AS receivers,"
    f" {_COUNTS} FROM engagement_tracking t WHERE {_OF_BATCH} GROUP BY t.batch_id",
    "counted": "SELECT a.batch_id, a.event, a.from_user, CAST(a.to_user AS TEXT) AS to_user,"
    " a.chats, a.first_row"
    f" FROM every_batch a WHERE {_ARE_ALIKE} UNION ALL"
    f" SELECT t.batch_id, t.event, t.from_user, t.to_user, {_COUNTS}"
    f" FROM every_batch a JOIN engagement_tracking t ON t.batch_id = a.batch_id WHERE {_OF_BATCH}"
    f" AND ({_ARE_ALIKE}) IS NOT TRUE GROUP BY t.batch_id, t.event, t.from_user, t.to_user",
    "began": "SELECT batch_id, event, min(first_row) AS first_row FROM counted"
    " GROUP BY batch_id, event",
    "given": "SELECT batch_id, to_user, sum(chats) AS chats, min(first_row) AS first_row"
    " FROM counted WHERE event = 'assigned' GROUP BY batch_id, to_user",
    # How many chats each user has got and lost, and to whom, if that is one user.
    "moved": "SELECT batch_id, event, to_user AS user_id, 1 AS gained, sum(chats) AS chats,"
    " NULL AS taker FROM counted GROUP BY batch_id, event, to_user"
    " UNION ALL SELECT batch_id, event, from_user, 0, sum(chats),"
    " CASE WHEN count(*) = 1 THEN min(to_user) END"
    " FROM counted GROUP BY batch_id, event, from_user",
}
"""What tracking tells of batches, by the names that the others use."""


def derived() -> Derived:
    """Return the batches, each beside its first rows."""
    unmoved = (
        "SELECT 1 FROM engagement_tracking t WHERE t.batch_id = b.id AND t.event = 'assigned'"
        " AND NOT EXISTS (SELECT 1 FROM engagement_tracking later"
        " WHERE later.chat_id = t.chat_id AND later.id > t.id"
        f" AND later.event IN {one_of(OWNERSHIP_EVENTS)} AND later.from_user <> later.to_user)"
    )
    return Derived(
        "batches",
        "known.id",
        "(SELECT id FROM batches UNION SELECT batch_id FROM began) AS known"
        " LEFT JOIN batches b ON b.id = known.id"
        " LEFT JOIN began ON began.batch_id = known.id AND began.event = 'assigned'"
        " LEFT JOIN engagement_tracking assigned ON assigned.id = began.first_row"
        " LEFT JOIN began ended ON ended.batch_id = known.id AND ended.event = 'undone'"
        " LEFT JOIN engagement_tracking undone ON undone.id = ended.first_row",
        {
            "at": "b.at IS DISTINCT FROM assigned.at",
            "actor": "b.actor IS DISTINCT FROM assigned.actor",
            "reason": "b.reason IS DISTINCT FROM assigned.reason",
            # An undo leaves no row if it gives nothing back, because all chats have moved since.
            "undone_at": "b.undone_at IS DISTINCT FROM undone.at"
            f" AND (undone.at IS NOT NULL OR EXISTS ({unmoved}))",
        },
    )


def recipients() -> Derived:
    """Return the recipients of batches, each beside the chats that they were given."""
    return Derived(
        "batch_recipients",
        "known.batch_id",
        "(SELECT batch_id, user_id FROM batch_recipients"
        " UNION SELECT batch_id, to_user FROM given) AS known"
        " LEFT JOIN batch_recipients b ON b.batch_id = known.batch_id"
        " AND b.user_id = known.user_id"
        " LEFT JOIN given ON given.batch_id = known.batch_id AND given.to_user = known.user_id"
        f"{value_at('roles', 'given.first_row', 'known.user_id')}",
        {
            "assigned": "b.assigned IS DISTINCT FROM given.chats",
            "role": "b.role IS DISTINCT FROM roles.role",
        },
    )
