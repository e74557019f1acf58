"""Words become ours, and times points in time; neither is ever guessed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from assignchat.crm.parts import Rows
from assignchat.crm.sources import Source
from assignchat.crm.times import Times
from assignchat.crm.words import translated
from assignchat.errors import InvalidValue, Usage

NINE = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def meaning(value: Any, **source: Any) -> Any:
    """What a status means."""
    (rows,) = translated([Rows([1], {"status": [value]})], Source(**source))
    return rows.columns["status"][0]


def test_words_are_compared_without_case() -> None:
    values = {"status": {"Active": "open", "true": "closed", "7": "open", "none": ""}}
    for word, means in (("ACTIVE ", "open"), (True, "closed"), (7, "open"), ("New", "New")):
        assert meaning(word, values=values) == means
    assert meaning("None", values=values, defaults={"status": "open"}) == "open"


def test_a_default_is_what_a_blank_cell_means() -> None:
    for blank in (None, "", " \u00a0"):
        assert meaning(blank, defaults={"status": "open"}) == "open"
    assert meaning("closed", defaults={"status": "open"}) == "closed"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T09:30:00Z",
        "2026-11-21 09:30:00 UTC",
        "2026-11-21 09:30 gmt",
        "2026-11-21T09:30:00.000+0000",
        "2026-11-21 15:00:00 +0530",
        "2026-11-21T15:00+05:30",
        "2026-11-21T15:00:00+05:30[Asia/Kolkata]",
        "20261121T093000Z",
        " 2026-11-21T09:30:00Z ",
    ],
)
def test_iso_8601_with_a_zone_is_read(text: str) -> None:
    assert Times().moment(text) == NINE


@pytest.mark.parametrize(
    "text", ["2026-11-21 09:30 IST", "21/11/2026 09:30", "1763699400", "46347.4", "soon", "9:30"]
)
def test_what_may_mean_several_times_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="Not a time"):
        Times().moment(text)
    with pytest.raises(InvalidValue, match="Not a time"):
        Times("Asia/Kolkata").moment(text)


def test_a_time_without_a_zone_is_local_where_a_zone_is_named() -> None:
    with pytest.raises(InvalidValue, match="without a zone: '2026-11-21 15:00'"):
        Times().moment("2026-11-21 15:00")
    kolkata = Times("Asia/Kolkata")
    assert kolkata.moment("2026-11-21 15:00") == NINE
    assert kolkata.moment("2026-11-21T09:30Z") == NINE
    assert kolkata.moment(datetime(2026, 11, 21, 15)) == NINE  # noqa: DTZ001  # as workbooks have it


def test_forms_are_as_they_are_named() -> None:
    assert Times("Asia/Kolkata", "%d/%m/%Y %I:%M %p").moment("21/11/2026 3:00 PM") == NINE
    assert Times(None, "%d.%m.%Y %H:%M %z").moment("21.11.2026 15:00 +0530") == NINE
    assert Times(None, "%a, %d %b %Y %H:%M:%S %Z").moment("Sat, 21 Nov 2026 09:30:00 GMT") == NINE
    assert Times(None, "epoch").moment("1795253400") == NINE
    assert Times(None, "epoch").moment("1795253400000") == NINE
    assert Times("UTC", "excel").moment("46347.39583") == NINE
    assert Times("UTC", "excel").moment(46347.39583) == NINE
    for form, text in (("%d/%m/%Y", "2026-11-21"), ("epoch", "2026-11-21"), ("excel", "x")):
        with pytest.raises(InvalidValue, match="Not a time in the form"):
            Times("UTC", form).moment(text)


def test_numbers_of_json_are_seconds_or_milliseconds_since_1970() -> None:
    times = Times(numbers_are_epoch=True)
    assert times.moment(1795253400) == times.moment(1795253400000) == NINE
    nothing: list[object] = []
    for wrong in (True, nothing, -1, 10**30, 1e300):
        with pytest.raises(InvalidValue):
            times.moment(wrong)


@pytest.mark.parametrize(
    ("text", "why", "readings"),
    [
        ("2026-10-25 02:30", "comes twice", "2026-10-25T00:30:00Z or 2026-10-25T01:30:00Z"),
        ("2026-03-29 02:30", "does not come", "2026-03-29T00:30:00Z or 2026-03-29T01:30:00Z"),
    ],
)
def test_a_local_time_at_which_clocks_are_changed_is_refused(
    text: str, why: str, readings: str
) -> None:
    with pytest.raises(InvalidValue) as refused:
        Times("Europe/Berlin").moment(text)
    assert why in refused.value.message
    assert readings in refused.value.message


@pytest.mark.parametrize(
    "wrong", [("Mars/Olympus", None), ("", None), ("../etc", None), (None, "day"), (None, "%d")]
)
def test_zones_and_forms_that_are_none_are_usage_errors(
    wrong: tuple[str | None, str | None],
) -> None:
    with pytest.raises(Usage):
        Times(*wrong)
