"""FHIR dates as half-open ranges of UTC time (https://hl7.org/fhir/R4/search.html#date).

``2024-03`` is every instant of that month, so a value of less precision is a longer range. Where no zone is given the
text is read in Africa/Casablanca, whose offset changes at Ramadan.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from app.clock import CASABLANCA
from app.errors import Malformed

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
MIN = datetime.min.replace(tzinfo=UTC)
MAX = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Range:
    """All instants from ``low`` (in) to ``high`` (out), aware, UTC.

    ``precision``: year, month, day, minute, second, fraction, or period.
    """

    low: datetime
    high: datetime
    precision: str = "day"

    def __contains__(self, instant: datetime) -> bool:
        return self.low <= instant < self.high


@lru_cache(4096)
def parse(text: str) -> Range:
    """The range that a date, dateTime or instant covers; minutes without seconds are allowed, as in searches.

    Raises ``Malformed`` on anything else, and on days that are in no calendar (2023-02-29).
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise Malformed(f"'{text}' is not a date: write 2024, 2024-03, 2024-03-31 or 2024-03-31T09:30:00+01:00.")
    try:
        return _range(found)
    except ValueError as error:
        raise Malformed(f"'{text}' is in no calendar: {error}.") from None


def _range(found: re.Match[str]) -> Range:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    if hour is None:
        return _days(int(year), int(month) if month else None, int(day) if day else None)
    leap = second == "60"
    seconds, microseconds = 59 if leap else int(second or 0), int(((fraction or "") + "000000")[:6])
    start = datetime(int(year), int(month), int(day), int(hour), int(minute), seconds, microseconds, tzinfo=_zone(zone))
    low = _later(_utc(start), timedelta(seconds=leap))
    if fraction:
        return Range(low, _later(low, timedelta(microseconds=10 ** max(0, 6 - len(fraction)))), "fraction")
    if second:
        return Range(low, _later(low, timedelta(seconds=1)), "second")
    return Range(low, _later(low, timedelta(minutes=1)), "minute")


def _days(year: int, month: int | None, day: int | None) -> Range:
    first = datetime(year, month or 1, day or 1, tzinfo=CASABLANCA)
    try:
        if day:
            after, precision = first + timedelta(days=1), "day"
        elif month:
            after, precision = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=CASABLANCA), "month"
        else:
            after, precision = datetime(year + 1, 1, 1, tzinfo=CASABLANCA), "year"
    except (OverflowError, ValueError):  # the end of the year 9999
        return Range(_utc(first), MAX, "day" if day else "month" if month else "year")
    return Range(_utc(first), _utc(after), precision)


@lru_cache(64)
def _zone(text: str | None) -> tzinfo:
    if text is None:
        return CASABLANCA
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return MIN if moment.year == 1 else MAX


def _later(moment: datetime, step: timedelta) -> datetime:
    return MAX if moment > MAX - step else moment + step


def of_period(start: str | None, end: str | None) -> Range:
    """A Period's range: the first instant of ``start`` to the last of ``end``; open ends reach to MIN and MAX."""
    return Range(parse(start).low if start else MIN, parse(end).high if end else MAX, "period")
