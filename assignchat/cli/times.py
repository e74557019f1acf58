"""Times as people write them: `18:00`, `tomorrow 08:00`, `monday`, `24h`, or ISO 8601."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum

from assignchat.errors import InvalidValue
from assignchat.times import format_time, parse_duration, parse_time


class Sense(Enum):
    """The meaning of a time that could be several: its last occurrence, or its next one."""

    SINCE = "the last one; a duration is so long ago"
    UNTIL = "the next one; a duration is so long ago"
    AHEAD = "the next one; a duration is so long from now"


def stored_time(text: str, now: datetime, zone: tzinfo | None, sense: Sense) -> str:
    """Read a time as people write it, in a zone, or in the machine's if that is None.

    Returns the stored time. Raises `InvalidValue` if the text is not a time, or a local time that
    comes twice or never because the clocks are changed.
    """
    try:
        return format_time(parse_time(_moment(text.strip(), now, zone, sense).isoformat()))
    except OverflowError:
        raise InvalidValue(f"Longer than there is time: {text!r}") from None


def period(
    since: str | None, until: str | None, now: datetime, zone: tzinfo | None = None
) -> tuple[str | None, str | None]:
    """Read the times of `--since` and `--until`. Returns the stored times.

    Raises `InvalidValue` if the end is before the start.
    """
    start = None if since is None else stored_time(since, now, zone, Sense.SINCE)
    end = None if until is None else stored_time(until, now, zone, Sense.UNTIL)
    if start is not None and end is not None and end < start:
        raise InvalidValue(
            f"--until {until}, {end}, is before --since {since}, {start}",
            hint="A duration such as 24h means so long ago.",
        )
    return start, end


def is_full(text: str) -> bool:
    """Return whether a time is ISO 8601 with a zone, which is understood in one way only."""
    with suppress(ValueError):
        return datetime.fromisoformat(text.strip()).tzinfo is not None
    return False


def _moment(text: str, now: datetime, zone: tzinfo | None, sense: Sense) -> datetime:
    if _is_duration(text):
        distance = timedelta(seconds=parse_duration(text))
        return now + distance if sense == Sense.AHEAD else now - distance
    if is_full(text):
        return parse_time(text)
    day, clock = _day_and_clock(text)
    today = now.astimezone(zone).date()
    if day in _WEEKDAYS:
        days = (_WEEKDAYS.index(day) - today.weekday()) % 7
        return _nearest(today + timedelta(days=days), clock, 7, now, zone, sense)
    if day in _DAYS:
        return _instant(today + timedelta(days=_DAYS[day]), clock, zone)
    if day:
        return _instant(date.fromisoformat(day), clock, zone)
    return _nearest(today, clock, 1, now, zone, sense)


# What begins with a digit and ends in a unit is meant as a duration, if not written as one.
_DURATION = re.compile(r"\d.*[dhms]|\d+", re.ASCII)
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _is_duration(text: str) -> bool:
    if text.isdigit() and (found := _date(text)):
        raise InvalidValue(
            f"{text} may be a date or a number of seconds", hint=f"Write it as {found} or {text}s"
        )
    return _DURATION.fullmatch(text) is not None


def _date(text: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(text)
    return None


def _day_and_clock(text: str) -> tuple[str, time | None]:
    """Split a local time. Returns the day, empty if there is none, and the time of day, or None."""
    words = text.casefold()
    if words[:1].isdigit():  # as in 2026-12-01T08:00
        words = words.replace("t", " ", 1)
    first, _, rest = words.partition(" ")
    if not rest and _CLOCK.fullmatch(first):
        return "", _clock(first, text)
    day = next((name for name in _WEEKDAYS if first in (name, name[:3])), first)
    if day not in (*_WEEKDAYS, *_DAYS) and _date(day) is None:
        raise _no_time(text)
    return day, _clock(rest.strip(), text) if rest else None


def _clock(written: str, text: str) -> time:
    if _CLOCK.fullmatch(written):
        hour, colon, rest = written.partition(":")
        with suppress(ValueError):
            return time.fromisoformat(hour.zfill(2) + colon + rest)
    raise _no_time(text)


def _no_time(text: str) -> InvalidValue:
    return InvalidValue(
        f"Not a time: {text!r}",
        hint="Write it as 18:00, tomorrow 08:00, monday, 2026-12-01, 24h, or with a zone as"
        " 2026-11-22T14:05:10Z; see: assignchat help times",
    )


def _nearest(
    day: date, clock: time | None, step: int, now: datetime, zone: tzinfo | None, sense: Sense
) -> datetime:
    """Find the last or the next of the times that come every `step` days. `day` is one of them."""
    if sense == Sense.SINCE:
        passed = min(_readings(day, clock, zone)) <= now
        return _instant(day if passed else day - timedelta(days=step), clock, zone)
    to_come = max(_readings(day, clock, zone)) > now
    return _instant(day if to_come else day + timedelta(days=step), clock, zone)


def _instant(day: date, clock: time | None, zone: tzinfo | None) -> datetime:
    """Find the moment at which clocks in the zone show this. A day alone means its start."""
    first, second = _readings(day, clock, zone)
    if first == second or clock is None:  # of a day, its first moment
        return first
    never = first.astimezone(zone).time() != clock
    found = " or ".join(moment.astimezone(zone).isoformat() for moment in sorted((first, second)))
    raise InvalidValue(
        f"{day} {clock} {'never comes' if never else 'comes twice'}, because the clocks are"
        f" changed; it may mean {found}",
        hint="Write the one that is meant.",
    )


def _readings(day: date, clock: time | None, zone: tzinfo | None) -> tuple[datetime, datetime]:
    """Find both meanings of a local time: with the offset before a change of clocks, and after."""
    wall = datetime.combine(day, clock or time(), zone)
    before, after = (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return before, after
