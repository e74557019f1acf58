"""Times as people write them: what each one means, and what is refused because it is not clear."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assignchat.cli.times import Sense, period, stored_time
from assignchat.errors import InvalidValue
from assignchat.render.text import local
from assignchat.times import parse_time
from tests.support.team import Team
from tests.support.terminal import at_terminal

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 14, 5, 10, tzinfo=UTC)  # a Sunday, 15:05:10 in Berlin


def meant(text: str, sense: Sense, zone: ZoneInfo = BERLIN, now: datetime = NOW) -> str:
    """What a clock in the zone shows at the time that a text means."""
    stored = stored_time(text, now, zone, sense)
    return parse_time(stored).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "last", "coming"),
    [
        ("18:00", "2026-11-21 18:00:00", "2026-11-22 18:00:00"),
        ("9:30", "2026-11-22 09:30:00", "2026-11-23 09:30:00"),
        ("15:05:10", "2026-11-22 15:05:10", "2026-11-23 15:05:10"),  # now
        ("monday", "2026-11-16 00:00:00", "2026-11-23 00:00:00"),
        ("Sunday", "2026-11-22 00:00:00", "2026-11-29 00:00:00"),
        ("sun 18:00", "2026-11-15 18:00:00", "2026-11-22 18:00:00"),
        ("sat 08:00", "2026-11-21 08:00:00", "2026-11-28 08:00:00"),
    ],
)
def test_of_several_times_since_means_the_last_and_until_the_next(
    text: str, last: str, coming: str
) -> None:
    assert meant(text, Sense.SINCE) == last
    assert meant(text, Sense.UNTIL) == meant(text, Sense.AHEAD) == coming


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("today", "2026-11-22 00:00:00"),
        ("yesterday", "2026-11-21 00:00:00"),
        ("tomorrow", "2026-11-23 00:00:00"),
        ("Tomorrow  08:00", "2026-11-23 08:00:00"),
        ("2026-12-01", "2026-12-01 00:00:00"),
        ("2026-12-01 8:00", "2026-12-01 08:00:00"),
        ("2026-12-01T08:00:30", "2026-12-01 08:00:30"),
        ("2026-12-01T08:00:30Z", "2026-12-01 09:00:30"),
        ("2026-12-01 08:00+05:30", "2026-12-01 03:30:00"),
    ],
)
def test_a_day_or_a_full_time_means_the_same_in_every_place(text: str, shown: str) -> None:
    assert {meant(text, sense) for sense in Sense} == {shown}


@pytest.mark.parametrize(("text", "seconds"), [("24h", 86_400), ("1h30m", 5_400), ("90", 90)])
def test_a_duration_is_ago_or_where_the_command_says_so_from_now(text: str, seconds: int) -> None:
    ago, ahead = (NOW + timedelta(seconds=sign * seconds) for sign in (-1, 1))
    for sense, moment in ((Sense.SINCE, ago), (Sense.UNTIL, ago), (Sense.AHEAD, ahead)):
        assert parse_time(stored_time(text, NOW, BERLIN, sense)) == moment


@pytest.mark.parametrize(
    ("text", "zone", "readings"),
    [
        (
            "2026-10-25 02:30",
            "Europe/Berlin",
            ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"),
        ),
        (
            "2026-03-29 02:30",
            "Europe/Berlin",
            ("2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"),
        ),
        (
            "2027-04-04 01:45",
            "Australia/Lord_Howe",
            ("2027-04-04T01:45:00+11:00", "2027-04-04T01:45:00+10:30"),
        ),
    ],
)
def test_a_time_that_comes_twice_or_never_is_refused_naming_what_it_may_mean(
    text: str, zone: str, readings: tuple[str, str]
) -> None:
    with pytest.raises(InvalidValue) as refusal:
        meant(text, Sense.UNTIL, ZoneInfo(zone))
    assert " or ".join(readings) in refusal.value.message
    for reading in readings:  # and what it names is taken
        assert parse_time(meant_exactly(reading)) == parse_time(reading)


def meant_exactly(text: str) -> str:
    return stored_time(text, NOW, None, Sense.UNTIL)


@pytest.mark.parametrize("text", ["02:30", "sun 02:30", "tomorrow 02:30"])
def test_a_time_of_day_alone_is_not_guessed_at(text: str) -> None:
    the_evening_before = datetime(2026, 10, 24, 18, tzinfo=UTC)
    with pytest.raises(InvalidValue, match="comes twice"):
        meant(text, Sense.AHEAD, now=the_evening_before)


def test_a_day_begins_with_its_first_moment_also_where_clocks_change_at_midnight() -> None:
    never_at_midnight, twice_at_midnight = ZoneInfo("Africa/Cairo"), ZoneInfo("America/Havana")
    assert meant("2026-04-24", Sense.SINCE, never_at_midnight) == "2026-04-24 01:00:00"
    assert stored_time("2026-11-01", NOW, twice_at_midnight, Sense.SINCE) == (
        "2026-11-01T04:00:00.000Z"  # an hour before it is 00:00 again
    )


def test_digits_that_are_a_date_or_seconds_are_refused() -> None:
    with pytest.raises(InvalidValue) as refusal:
        meant("20261201", Sense.UNTIL)
    assert refusal.value.hint == "Write it as 2026-12-01 or 20261201s"


@given(st.text() | st.from_regex(r"[a-z0-9:. +TZ-]{1,25}"))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        assert parse_time(stored_time(text, NOW, BERLIN, Sense.UNTIL))
    except InvalidValue as refusal:
        assert refusal.message  # noqa: PT017  # either is fine


@given(st.times(), st.sampled_from(Sense), st.integers(946_684_800, 2_208_988_800))
def test_a_time_of_day_is_at_most_a_day_away_and_on_the_right_side(
    clock: time, sense: Sense, seconds: int
) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    text = f"{clock:%H:%M:%S}"
    try:
        moment = parse_time(stored_time(text, now, BERLIN, sense))
    except InvalidValue as refusal:
        assert "because the clocks are changed" in refusal.message  # noqa: PT017
        return
    away = moment - now if sense != Sense.SINCE else now - moment
    assert timedelta(0) <= away <= timedelta(hours=25)
    assert (away > timedelta(0)) or sense == Sense.SINCE


def test_a_period_that_ends_before_it_begins_is_refused_with_both_times() -> None:
    with pytest.raises(InvalidValue, match=r"2026-11-21T23:00.*2026-11-22T23:00"):
        period("tomorrow", "today", NOW, BERLIN)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("2026-10-25T00:30:00.000Z", "2026-10-25 02:30:00+02:00"),
        ("2026-10-25T01:30:00.000Z", "2026-10-25 02:30:00+01:00"),
        ("2026-10-24T01:30:00.000Z", "2026-10-24 03:30:00+02:00"),
        ("2026-10-24T00:30:00.000Z", "2026-10-24 02:30:00"),
        ("2026-10-26T01:30:00.000Z", "2026-10-26 02:30:00"),
    ],
)
def test_within_a_day_of_a_change_of_clocks_a_time_has_its_offset(stored: str, shown: str) -> None:
    assert local(stored, BERLIN) == shown


def test_a_person_at_a_terminal_is_told_which_time_was_understood(team_now: Team) -> None:
    for words in (("tracking",), ("tracking", "--records"), ("stats",)):
        seen = at_terminal(
            team_now, *words, "--since", "2026-11-20 08:00", "--until", "2099-01-01",
            env={"TZ": "Europe/Berlin"},
        ).out  # fmt: skip
        assert "From 2026-11-20 08:00:00 until 2099-01-01 00:00:00." in seen.splitlines()
    card = at_terminal(team_now, "user", "away", "martha", "--until", "2099-07-01 08:00",
                       env={"TZ": "Europe/Berlin"}).out  # fmt: skip
    assert "Away until  2099-07-01 08:00:00" in card
    away_until = team_now.rows("SELECT away_until FROM users WHERE id = 'martha'")
    assert away_until == [("2099-07-01T06:00:00.000Z",)]


def test_in_a_pipe_it_is_said_in_utc_unless_it_was_written_in_full(team: Team) -> None:
    period = ("--since", "yesterday", "--until", "2026-12-01T08:00+05:30")
    for words in (("tracking",), ("tracking", "--records"), ("stats",)):
        assert team.run(*words, *period).err == "From 2026-11-21T00:00:00.000Z.\n"
    assert team.run("tracking", *period, "--jsonl").err == ""
    assert team.ok("stats", "--since", "yesterday")["since"] == "2026-11-21T00:00:00.000Z"
    assert team.ok("user", "away", "mark", "--until", "18:00")["away_until"] == (
        "2026-11-22T18:00:00.000Z"
    )
