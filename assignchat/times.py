"""Times as they are stored, and durations.

A stored time is text in UTC, ISO 8601 with milliseconds and `Z`, so that the order of texts is
the order of times. Times as people write them are read in `cli.times`, those of a CRM in
`crm.times`.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from assignchat.errors import InvalidValue

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time by the machine's clock."""
    return datetime.now(UTC)


MIN_TIMEOUT_SECONDS = 1
MAX_TIMEOUT_SECONDS = 30 * 86_400


def format_time(moment: datetime) -> str:
    """Return a point in time as it is stored."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


YEARS = range(1970, 9001)
"""The years that a time may lie in: no chat is older, and there is room for any deadline."""


def parse_time(text: str) -> datetime:
    """Read a time with a zone. Returns the point in time, in UTC.

    Raises `InvalidValue` if the text is not ISO 8601, if it has no zone (it could mean any of 24
    hours), or if no chat can be from that year.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValue(f"Not a time: {text!r}", hint=_HOW_TO_WRITE_TIMES) from None
    if moment.tzinfo is None:
        raise InvalidValue(
            f"A time without a zone: {text!r}",
            hint=_HOW_TO_WRITE_TIMES,
        )
    # The year in UTC, which is what is stored and read again; it leaves room for any deadline.
    with suppress(OverflowError):
        in_utc = moment.astimezone(UTC)
        if in_utc.year in YEARS:
            return in_utc
    raise InvalidValue(f"A time out of range: {text!r}")


_HOW_TO_WRITE_TIMES = (
    "Write it as 2026-11-22T14:05:10Z, in UTC, or with an offset: 2026-11-22T19:35:10+05:30"
)


def time_after(stored: str, seconds: float) -> str:
    """Return the stored time that is so many seconds after another."""
    return format_time(parse_time(stored) + timedelta(seconds=seconds))


def seconds_between(earlier: str, later: str) -> float:
    """Return the seconds from one stored time to another, negative if the second is earlier."""
    return (parse_time(later) - parse_time(earlier)).total_seconds()


_UNITS = (("d", 86_400, 6), ("h", 3_600, 8), ("m", 60, 9), ("s", 1, 10))
"""The units of a duration in their order: seconds, and how many digits may stand before each."""


def parse_duration(text: str) -> int:
    """Read a duration: `90s`, `2m`, `1h30m`, `2d` or a plain number of seconds. Returns seconds.

    Raises `InvalidValue`.
    """
    left = text.strip()
    if _is_number(left, 10):
        return int(left)
    seconds, is_right = 0, left != ""
    for unit, length, digits in _UNITS:  # not by a pattern: every command reads some
        number, found, behind = left.partition(unit)
        if found and (is_right := is_right and _is_number(number, digits)):
            seconds += int(number) * length
            left = behind
    if left or not is_right:
        raise InvalidValue(
            f"Not a duration: {text!r}",
            hint="Write it as 90s, 2m, 1h30m, or a plain number of seconds.",
        )
    return seconds


def _is_number(text: str, digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= digits


def parse_timeout(text: str) -> int | None:
    """Read how long a request waits. Returns seconds, or None for `off`.

    Raises `InvalidValue` unless it lies between 1 second and 30 days.
    """
    if text.strip() == "off":
        return None
    seconds = parse_duration(text)
    if not MIN_TIMEOUT_SECONDS <= seconds <= MAX_TIMEOUT_SECONDS:
        raise InvalidValue(
            f"A request timeout of {text!r} is out of range",
            hint="It is between 1s and 30d, or off.",
        )
    return seconds
