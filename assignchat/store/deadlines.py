"""SQL on a request `r` about its deadline.

A late sweep changes no outcome: past its deadline a request reads as timed out at that
deadline, whether a sweep has been here or not.
"""

PAST_DEADLINE = "r.expires_at <= :now"
BEFORE_DEADLINE = "(r.expires_at IS NULL OR r.expires_at > :now)"

OVERDUE = f"r.status = 'pending' AND {PAST_DEADLINE}"

COLUMNS = {
    "status": f"CASE WHEN {OVERDUE} THEN 'timed_out' ELSE r.status END",
    "resolved_at": f"CASE WHEN {OVERDUE} THEN r.expires_at ELSE r.resolved_at END",
}
"""How the columns read in which it shows."""
