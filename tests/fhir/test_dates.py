"""FHIR dates as ranges: a value of less precision is a longer range, and what it covers lies inside."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import CASABLANCA, instant_text
from app.errors import Malformed
from app.fhir.dates import MAX, MIN, of_period, parse

days = st.dates(date(1, 1, 2), date(9998, 12, 30))


@given(days)
def test_a_day_lies_in_its_month_and_the_month_in_its_year(day: date) -> None:
    year, month, whole = (parse(day.isoformat()[:size]) for size in (4, 7, 10))
    assert year.low <= month.low <= whole.low < whole.high <= month.high <= year.high
    assert (year.precision, month.precision, whole.precision) == ("year", "month", "day")


@given(days)
def test_days_follow_each_other_without_gap(day: date) -> None:
    assert parse(day.isoformat()).high == parse((day + timedelta(days=1)).isoformat()).low


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_an_instant_is_read_back_to_the_millisecond(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    found = parse(instant_text(aware))
    assert aware in found and found.high - found.low == timedelta(milliseconds=1)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)))
def test_a_time_without_zone_is_moroccan(moment: datetime) -> None:
    found = parse(moment.strftime("%Y-%m-%dT%H:%M:%S"))
    assert found.low == moment.replace(microsecond=0, tzinfo=CASABLANCA).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2026-01-15", "2026-01-14T23:00:00", "2026-01-15T23:00:00"),  # UTC+1 outside Ramadan
        ("2026-03-01", "2026-03-01T00:00:00", "2026-03-02T00:00:00"),  # UTC in Ramadan
        ("2026-01-15T10:00", "2026-01-15T09:00:00", "2026-01-15T09:01:00"),
        ("2026-01-15T10:00:00Z", "2026-01-15T10:00:00", "2026-01-15T10:00:01"),
        ("2026-01-15T10:00:00.25+02:00", "2026-01-15T08:00:00.250000", "2026-01-15T08:00:00.260000"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00", "2017-01-01T00:00:01"),
        ("2026-01-15T10:00:00-09:30", "2026-01-15T19:30:00", "2026-01-15T19:30:01"),
    ],
)
def test_ranges(text: str, low: str, high: str) -> None:
    found = parse(text)
    assert (found.low, found.high) == tuple(datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (low, high))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26",
        "2026-13",
        "2026-02-29",
        "2026-1-1",
        "2026-01-01T25:00",
        "2026-01-01T10",
        "x2026",
        "2026-01-01 10:00",
        "٢٠٢٦",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_the_ends_of_the_calendar_do_not_overflow() -> None:
    assert parse("9999").high == MAX and parse("9999-12-31").high == MAX and parse("0001").low >= MIN
    for text in ("9999-12-31T23:59:60Z", "9999-12-31T23:59:60.5-12:00"):
        assert parse(text).low <= parse(text).high == MAX
    assert parse("9999-12-31T23:59:59-12:00").high <= MAX and parse("0001-01-01T00:00:00+12:00").low >= MIN


def test_a_period_without_end_is_open() -> None:
    assert of_period("2026", None).high == MAX and of_period(None, "2026").low == MIN
    assert of_period("2026-01", "2026-01").low == parse("2026-01").low
