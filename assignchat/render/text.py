"""The words for times, durations and statuses."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil

from assignchat.errors import InvalidValue
from assignchat.model import Status
from assignchat.times import parse_time

# Patterns are compiled where they are first needed, which most commands do not.


def local(stored: str, zone: tzinfo | None = None) -> str:
    """Show a stored time in a zone, or in the machine's, such as `2026-11-22 15:05:10`.

    Within a day of a change of the clocks it has its offset, as `2026-10-25 02:30:00+01:00`.
    """
    moment = parse_time(stored).astimezone(zone)
    shown = moment.isoformat(" ", "seconds")
    nearby = (moment.astimezone(UTC) + days for days in (-_A_DAY, _A_DAY))
    if all(other.astimezone(zone).utcoffset() == moment.utcoffset() for other in nearby):
        return shown[: len("2026-10-25 02:30:00")]
    return shown


_A_DAY = timedelta(days=1)


# Where it is quoted or part of a word it is an id of somebody's own.
_STORED_TIME = r"(?<![^ ])\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?![^ .,;])"


def with_local_times(text: str) -> str:
    """Replace the stored times in a message by local ones. Returns the message."""

    def as_seen(found: re.Match[str]) -> str:
        try:
            return local(found[0])
        except InvalidValue:  # of the right form, and no time
            return found[0]

    return re.sub(_STORED_TIME, as_seen, text)


def duration(seconds: float | None) -> str:
    """Put seconds into words: `1m 58s`, `2m`, `3d 4h`. Returns an empty text for None."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, secs = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (secs, "s")]
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = parts[first : first + 2]
    return " ".join(f"{count}{unit}" for count, unit in shown if count) or "0s"


def time_left(expires_at: str | None, now: datetime) -> str:
    """Say how long a request still waits, such as `in 1m 58s`. Seconds are rounded up.

    So a request just sent for two minutes is shown as `in 2m`.
    """
    if expires_at is None:
        return "never"
    return f"in {duration(ceil((parse_time(expires_at) - now).total_seconds()))}"


def status_label(status: str) -> str:
    """Show a request's status, or any other word, with capital letters."""
    return Status(status).label if status in set(Status) else status.capitalize()
