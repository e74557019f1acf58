"""Requests: `q` is the row that sent one, `l` the last about it, `p` the request before it."""

from assignchat.model import NOT_TAKEN, SYSTEM, Status
from assignchat.store.database import Database
from assignchat.store.derived.rows import Derived, tells, told
from assignchat.store.derived.users import value_at
from assignchat.store.sql import one_of

_SENT = (
    "LEFT JOIN engagement_tracking q ON q.id = (SELECT min(t.id)"
    " FROM engagement_tracking t WHERE t.request_id = r.id AND t.event = 'requested')"
    " LEFT JOIN requests p ON p.id = r.previous_request_id"
)


def _terms(database: Database) -> dict[str, str]:
    """Return when columns differ by which somebody may act, gets the chat, or is asked next."""
    fallbacks = database.json_spelled(database.json_if_valid("r.fallbacks"))
    asked_next, tells_terms = told(database, "q", "fallbacks"), tells(database, "q", "note")
    return {
        "chat_id": "r.chat_id IS DISTINCT FROM q.chat_id",
        "requester_id": "r.requester_id IS DISTINCT FROM"
        f" CASE WHEN {tells_terms}"
        f" THEN coalesce({told(database, 'q', 'requester_id')}, q.actor)"
        f" WHEN q.actor = '{SYSTEM}' THEN coalesce(p.requester_id, q.actor) ELSE q.actor END",
        "recipient_id": "r.recipient_id IS DISTINCT FROM q.to_user"
        " OR r.recipient_id IS DISTINCT FROM l.to_user",
        "from_user": "r.from_user IS DISTINCT FROM q.from_user",
        "fallbacks": f"({asked_next} IS NOT NULL AND {fallbacks} IS DISTINCT FROM {asked_next})"
        f" OR ({tells_terms} AND {asked_next} IS NULL AND r.fallbacks IS NOT NULL)",
    }


def derived(database: Database) -> Derived:
    """Return the requests, each beside the rows about it."""
    deadline = told(database, "q", "expires_at")
    tells_terms = tells(database, "q", "note")
    previous = f"CAST({told(database, 'q', 'previous_request_id')} AS TEXT)"
    return Derived(
        "requests",
        "r.id",
        f"requests r {_SENT} LEFT JOIN engagement_tracking l ON l.id = (SELECT max(t.id)"
        " FROM engagement_tracking t WHERE t.request_id = r.id AND t.event <> 'user_changed')"
        f"{value_at('roles', 'q.id', 'q.to_user')}",
        {
            **_terms(database),
            "previous_request_id": f"(CASE WHEN {tells_terms} THEN"
            f" CAST(r.previous_request_id AS TEXT) IS NOT DISTINCT FROM {previous}"
            " WHEN r.previous_request_id IS NULL THEN 1 = 1"
            f" ELSE q.actor = '{SYSTEM}' AND p.id < r.id AND p.chat_id = r.chat_id"
            f" AND p.status IN {one_of(NOT_TAKEN)} END) IS NOT TRUE",
            "recipient_role": "r.recipient_role IS DISTINCT FROM roles.role",
            "note": f"{tells_terms} AND r.note IS DISTINCT FROM {told(database, 'q', 'note')}",
            "requested_at": "r.requested_at IS DISTINCT FROM q.at",
            "expires_at": f"r.expires_at IS DISTINCT FROM {deadline}",
            "status": "r.status IS DISTINCT FROM l.status",
            "reason": "r.reason IS DISTINCT FROM l.reason",
            "resolved_at": "r.status = l.status AND r.resolved_at IS DISTINCT FROM CASE l.status"
            f" WHEN '{Status.PENDING}' THEN NULL"
            f" WHEN '{Status.TIMED_OUT}' THEN {deadline} ELSE l.at END",
        },
    )
