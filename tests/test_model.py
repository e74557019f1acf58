"""The words and values of assignchat: durations, times, ids and texts."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignchat.errors import InvalidValue
from assignchat.model import Status
from assignchat.texts import check_id, check_text
from assignchat.times import (
    format_time,
    parse_duration,
    parse_time,
    parse_timeout,
    seconds_between,
    time_after,
)

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001  # the zone comes from `zones`
    max_value=datetime(8999, 12, 30),  # noqa: DTZ001
    timezones=zones,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("2m", 120),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("120", 120),
        ("0", 0),
        (" 5m ", 300),
        ("1d1h1m1s", 90_061),
    ],
)
def test_a_duration_is_written_in_units_or_as_plain_seconds(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@given(
    st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 9999_999_999)
)
def test_a_duration_is_the_sum_of_its_parts(days: int, hours: int, mins: int, secs: int) -> None:
    total = days * 86_400 + hours * 3_600 + mins * 60 + secs
    assert parse_duration(f"{days}d{hours}h{mins}m{secs}s") == total
    assert parse_duration(str(secs)) == secs


@pytest.mark.parametrize(
    "text",
    ["", " ", "m", "-1", "-1s", "+5", "1.5h", "1e3", "2m30", "30m1h", "1h 30m", "2 m", "2M", "٣s"],
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_duration(text)


@given(st.text())
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        assert parse_duration(text) >= 0
    except InvalidValue as refusal:
        assert refusal.hint  # noqa: PT017  # either is fine


def test_a_timeout_lies_between_a_second_and_thirty_days_or_is_off() -> None:
    assert parse_timeout("1s") == 1
    assert parse_timeout("30d") == 30 * 86_400
    assert parse_timeout("off") is None
    for text in ("0", "0s", "30d1s", "31d", "never", "OFF"):
        with pytest.raises(InvalidValue):
            parse_timeout(text)


def test_a_time_is_stored_in_utc_with_milliseconds_and_z() -> None:
    moment = datetime(2026, 11, 22, 15, 5, 10, 999_999, timezone(timedelta(hours=1)))
    assert format_time(moment) == "2026-11-22T14:05:10.999Z"


@given(moments)
def test_a_stored_time_is_the_moment_to_the_millisecond(moment: datetime) -> None:
    lost = moment - parse_time(format_time(moment))
    assert timedelta(0) <= lost < timedelta(milliseconds=1)
    assert parse_time(format_time(moment)).tzinfo is UTC


@given(moments, moments)
def test_the_order_of_stored_times_as_text_is_their_order_in_time(
    one: datetime, other: datetime
) -> None:
    earlier, later = sorted((one, other))
    assert format_time(earlier) <= format_time(later)
    if later - earlier >= timedelta(milliseconds=1):
        assert format_time(earlier) < format_time(later)


@given(moments, st.integers(0, 30 * 86_400))
def test_a_deadline_lies_exactly_so_many_seconds_later(moment: datetime, seconds: int) -> None:
    stored = format_time(moment)
    assert seconds_between(stored, time_after(stored, seconds)) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-13-01T00:00:00Z",
        "2026-11-22",
        "2026-11-22T14:05:10",
        "14:05Z",
        "1969-12-31T23:59:59Z",
        "9001-01-01T00:00:00Z",
        "1970-01-01T13:59:59+14:00",  # in UTC a day of 1969
        "9000-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",  # before there are years
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
        "10000-01-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-12-31T23:59:60Z",
        "2026-11-22T25:00:00Z",
        "2026-11-22T14:60:00Z",
        "2026-11-22T14:05:10+24:00",
        "2026-11-22T14:05:10-99:99",
        "2026-11-22T14:05:10 Europe/Berlin",
        "２０２６-11-22T14:05:10Z",  # noqa: RUF001
        "2026-11-22T14:05:10\udcffZ",
    ],
)
def test_what_is_not_a_time_with_a_zone_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-11-22T19:35:10+05:30", "2026-11-22T14:05:10.000Z"),
        ("2026-11-23T04:05:10+14:00", "2026-11-22T14:05:10.000Z"),
        ("2026-11-22T02:05:10-12:00", "2026-11-22T14:05:10.000Z"),
        ("2026-11-22T14:05:10.9999Z", "2026-11-22T14:05:10.999Z"),
        ("2028-02-29T23:59:59.001Z", "2028-02-29T23:59:59.001Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("9000-12-31T23:59:59.999Z", "9000-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_may_be_given_in_any_zone_and_is_kept_to_the_millisecond(
    text: str, stored: str
) -> None:
    assert format_time(parse_time(text)) == stored


def test_the_end_of_a_day_as_24_00_is_refused_or_is_the_day_after() -> None:
    """Not every Python understands it."""
    with suppress(InvalidValue):
        assert parse_time("2026-11-22T24:00:00Z") == parse_time("2026-11-23T00:00:00Z")


@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=200))
def test_an_id_is_the_callers_own_text(text: str) -> None:
    assert check_id(text, "chat id") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 201,
        " a",
        "a ",
        "\u00a0a",
        "a\u2003",
        "a\nb",
        "a\tb",
        "a\0b",
        "a\x7fb",
        "a\x85b",
        "\ud800",
    ],
)
def test_what_cannot_be_kept_as_an_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="chat id"):
        check_id(text, "chat id")


def test_an_id_may_have_two_hundred_characters_and_blanks_inside() -> None:
    assert check_id("x" * 200, "chat id") == "x" * 200
    assert check_id("Büro 7 / 田中", "chat id") == "Büro 7 / 田中"


@pytest.mark.parametrize("text", ["", " ", "\t\n", "x" * 1001, "a\0b", "\udcff"])
def test_what_cannot_be_kept_as_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="reason"):
        check_text(text, "reason")


@pytest.mark.parametrize("text", ["x" * 1000, " a ", "two\nlines", "\x1b[31m", "'; DROP TABLE--"])
def test_any_other_text_is_kept_exactly(text: str) -> None:
    assert check_text(text, "reason") == text


def test_people_see_statuses_in_words() -> None:
    assert [status.label for status in Status] == [
        "Pending",
        "Accepted",
        "Rejected",
        "Withdrawn",
        "Timed Out",
        "Cancelled",
    ]
