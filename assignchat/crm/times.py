"""Reading the times of a CRM. Nothing is guessed: neither zone nor day and month."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from assignchat.crm.parts import Rows
from assignchat.crm.sources import Source
from assignchat.crm.tables import is_blank
from assignchat.errors import InvalidValue, Usage
from assignchat.times import YEARS, format_time

EPOCH = "epoch"
EXCEL = "excel"
TIME_COLUMNS = ("opened_at", "closed_at")

_MILLISECONDS_FROM = 100_000_000_000
"""So many seconds are the year 5138, and so many milliseconds 1973."""

_FIRST_DAY_OF_EXCEL = datetime(1899, 12, 30)  # it has no zone there
_ZONE_APART = re.compile(r"(.*\d)\s+([+-]\d\d:?\d\d)")
_ZONE_NAMED = re.compile(r"(.*(?:Z|[+-]\d\d:?\d\d))\[[\w/+-]+\]")  # as Java writes it
_UTC_BEHIND = re.compile(r"(.*\d)\s*(?:UTC|GMT|Z)", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,17}(?:\.\d{1,17})?")
_HOW = (
    "Times without a zone need --time-zone, those in another form --time-format, such as"
    " '%d/%m/%Y %H:%M', epoch or excel."
)


def in_time(parts: Iterable[Rows], source: Source, *, numbers_are_epoch: bool) -> Iterator[Rows]:
    """Yield the rows with their times as points in time. A row with another time is a problem.

    In JSON `numbers_are_epoch`: seconds or milliseconds since 1970.
    """
    times = Times(source.time_zone, source.time_format, numbers_are_epoch=numbers_are_epoch)
    for part in parts:
        yield from _in_time(part, times)


def _in_time(part: Rows, times: "Times") -> Iterator[Rows]:
    columns = dict(part.columns)
    for column in [name for name in TIME_COLUMNS if name in columns]:
        values = columns[column]
        try:
            columns[column] = times.of_cells(values)
        except InvalidValue as error:
            if len(values) > 1:
                yield from (one for row in part.in_parts(1) for one in _in_time(row, times))
            else:
                message = f"{column}: {error.message}"
                told = InvalidValue(message, error.hint, column=column, value=values[0])
                yield part._replace(error=told)
            return
    yield part._replace(columns=columns)


def stored_iso(text: str) -> str | None:
    """Return the stored form of a time that is written as `2026-11-22T14:05:10Z`, or None."""
    if not looks_stored(text):
        return None
    try:
        year = datetime.fromisoformat(text).year
    except ValueError:
        return None
    if year not in YEARS:
        return None
    return text if len(text) == _STORED_LENGTH else f"{text[:-1]}.000Z"


def looks_stored(text: str) -> bool:
    """Return whether a text may be a time in UTC that is written as it is stored.

    The fraction of its second may be left out.
    """
    return text[-1:] == "Z" and _LENGTHS.get(text[4:20:3]) == len(text)


def are_stored(values: Sequence[Any]) -> bool:
    """Return whether it is clear at a glance that each value is blank or a time as it is stored."""
    times = [value for value in values if value != ""]
    try:
        texts, count = "".join(times), len(times)
        signs = [texts[at::_STORED_LENGTH] for at in (4, 7, 10, 13, 16, 19, 23)]
        if {*map(len, times)} != {_STORED_LENGTH} or signs != [sign * count for sign in "--T::.Z"]:
            return count == 0
        list(map(datetime.fromisoformat, times))
    except (TypeError, ValueError):
        return False
    return all(int(end(times)[:4]) in YEARS for end in (min, max))


_STORED_LENGTH = len("2026-11-22T14:05:10.000Z")
_LENGTHS = {"--T::.": _STORED_LENGTH, "--T::Z": len("2026-11-22T14:05:10Z")}


class Times:
    """How a CRM writes times.

    `form` is `epoch`, `excel` or a format of `strptime`, and ISO 8601 if it is None. A time
    without a zone is local in the `zone`. Raises `Usage` for an unknown zone or form.
    """

    def __init__(
        self, zone: str | None = None, form: str | None = None, *, numbers_are_epoch: bool = False
    ) -> None:
        self._zone = None if zone is None else zone_named(zone)
        self._zone_name = zone
        self._form = form
        self._are_iso = form is None
        if form is not None and form not in (EPOCH, EXCEL):
            _check_form(form)
        self._numbers_are_epoch = numbers_are_epoch
        # Many rows have the same minute, and reading a form is slow.
        self._stored = lru_cache(maxsize=10_000)(lambda text: format_time(self._read(text)))

    def of_cells(self, values: Sequence[Any]) -> Sequence[Any]:
        """Return the points in time that cells name, as they are stored or as they may be.

        A blank cell stays as it is. Raises `InvalidValue`.
        """
        if self._are_iso and are_stored(values):  # as nearly always
            return values
        return list(map(self._of_cell, values))

    def _of_cell(self, value: Any) -> Any:
        if self._are_iso and type(value) is str and looks_stored(value):
            return value  # it is read when it is stored
        return value if is_blank(value) else self.stored(value)

    def stored(self, value: Any) -> str:
        """Return the point in time that a cell names as it is stored. Raises `InvalidValue`."""
        if isinstance(value, str):
            return self._stored(value.strip())
        return format_time(self.moment(value))

    def moment(self, value: Any) -> datetime:
        """Find the point in time that a cell names, in UTC. Raises `InvalidValue`."""
        if isinstance(value, str):
            return self._read(value.strip())
        if isinstance(value, datetime):
            return self._placed(value, value)
        if isinstance(value, date):
            return self._placed(datetime.combine(value, time()), value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._of_number(value)
        raise InvalidValue(f"Not a time: {value!r}", hint=_HOW)

    def _of_number(self, number: float) -> datetime:
        if self._form == EXCEL:
            return self._from_excel(number)
        if self._form == EPOCH or (self._numbers_are_epoch and self._form is None):
            return _from_epoch(number)
        return self._read(str(number))

    def _read(self, text: str) -> datetime:
        if self._form in (EPOCH, EXCEL):
            if not _NUMBER.fullmatch(text):
                raise InvalidValue(f"Not a time in the form {self._form}: {text!r}")
            number = float(text)
            return _from_epoch(number) if self._form == EPOCH else self._from_excel(number)
        if self._form is not None:
            return self._placed(self._in_form(text, self._form), text)
        return self._placed(_iso(text), text)

    def _in_form(self, text: str, form: str) -> datetime:
        try:
            moment = datetime.strptime(text, form)  # it is placed in a zone then
        except ValueError:
            if stored_iso(text) is not None:  # as those of which one is meant are shown
                return datetime.fromisoformat(text)
            raise InvalidValue(f"Not a time in the form {form!r}: {text!r}") from None
        is_utc = "%Z" in form and re.search(r"\b(?:UTC|GMT)\b", text, re.IGNORECASE)
        return moment.replace(tzinfo=UTC) if is_utc and moment.tzinfo is None else moment

    def _from_excel(self, days: float) -> datetime:
        try:
            # To the second: a file often has the fraction of a day with five digits.
            moment = _FIRST_DAY_OF_EXCEL + timedelta(seconds=round(days * 86_400))
        except OverflowError:
            raise InvalidValue(f"A time out of range: {days}") from None
        return self._placed(moment, moment)

    def _placed(self, moment: datetime, written: object) -> datetime:
        """Return a moment in UTC. One without a zone is local. `written` is its raw text."""
        if moment.tzinfo is not None:
            return _in_range(moment)
        if self._zone is None:
            raise InvalidValue(
                f"A time without a zone: {str(written)!r}",
                hint="Say where its clock stands, such as --time-zone Asia/Kolkata or UTC.",
            )
        earlier = moment.replace(tzinfo=self._zone, fold=0)
        later = moment.replace(tzinfo=self._zone, fold=1)
        if earlier.utcoffset() != later.utcoffset():
            self._refuse(moment, earlier, later)
        return _in_range(earlier)

    def _refuse(self, moment: datetime, earlier: datetime, later: datetime) -> None:
        """Raise `InvalidValue` for a local time at which the clocks are changed."""
        readings = sorted([earlier.astimezone(UTC), later.astimezone(UTC)])
        back = readings[0].astimezone(self._zone).replace(tzinfo=None) == moment
        why = "comes twice" if back else "does not come"
        both = " or ".join(f"{reading:%Y-%m-%dT%H:%M:%SZ}" for reading in readings)
        raise InvalidValue(
            f"{moment.isoformat(sep=' ')} {why} in {self._zone_name}, because clocks are changed:"
            f" is it {both}?",
            hint="Export the times in UTC or with their offset, or write the right one instead.",
        )


def zone_named(name: str) -> tzinfo:
    """Find the time zone of this IANA name. Raises `Usage` if there is none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Usage(
            f"There is no time zone {name!r}",
            hint="Its name is one of the IANA database, such as Europe/Berlin or Asia/Kolkata.",
        ) from None


def _check_form(form: str) -> None:
    """Raise `Usage` unless the form has year, month and day."""
    sample = datetime(2026, 11, 22, 14, 5, 10, tzinfo=UTC)
    try:
        read = datetime.strptime(sample.strftime(form), form)
    except (ValueError, re.error):
        read = None
    if read is None or read.date() != sample.date():
        raise Usage(
            f"--time-format {form!r} is no form of a date",
            hint="It is epoch, excel, or as Python's strptime has it: '%d/%m/%Y %H:%M'",
        )


def _iso(text: str) -> datetime:
    for form, replacement in _SPELLINGS:
        try:
            return datetime.fromisoformat(text if form is None else form.sub(replacement, text))
        except ValueError:
            continue
    raise InvalidValue(f"Not a time: {text!r}", hint=_HOW)


_SPELLINGS: Sequence[tuple[re.Pattern[str] | None, str]] = (
    (None, ""),
    (_UTC_BEHIND, r"\1+00:00"),
    (_ZONE_APART, r"\1\2"),
    (_ZONE_NAMED, r"\1"),
)


def _from_epoch(number: float) -> datetime:
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    try:
        return _in_range(datetime.fromtimestamp(seconds, tz=UTC))
    except (OverflowError, ValueError, OSError):
        raise InvalidValue(f"A time out of range: {number}") from None


def _in_range(moment: datetime) -> datetime:
    try:
        in_utc = moment.astimezone(UTC)
    except (OverflowError, ValueError):
        in_utc = None
    if in_utc is None or in_utc.year not in YEARS:
        raise InvalidValue(f"A time out of range: {moment.isoformat()!r}")
    return in_utc
