"""Dates, dateTimes and times of partial precision (http://hl7.org/fhirpath/N1/#date-datetime-and-time).

A value knows how much of it is known. Two values compare when the answer is certain; ``2018-03`` against ``2018-03-01``
is not, and the answer is ``None``, an empty collection in FHIRPath. A dateTime without a zone may lie anywhere from
UTC-12 to UTC+14 when it meets one with a zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, Final

_DATE = r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?"
_TIME = r"(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?"
_DATE_PATTERN = re.compile(_DATE, re.ASCII)
_TIME_PATTERN = re.compile("T?" + _TIME, re.ASCII)
_DATETIME_PATTERN = re.compile(f"{_DATE}(?:T(?:{_TIME})?)?(Z|[+-]\\d\\d:\\d\\d)?", re.ASCII)
_MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

NANO: Final = 1_000_000_000
DAY: Final = 86_400 * NANO
EAST, WEST = 14 * 3600 * NANO, 12 * 3600 * NANO
"""The largest offsets from UTC that are in use, in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Temporal:
    """``parts``: year, month, day, hour, minute, second as far as known (a time begins at the hour).

    ``fraction``: the digits after the second; ``offset``: minutes east of UTC, ``None`` when not given.
    """

    parts: tuple[int, ...]
    fraction: str = ""
    offset: int | None = None

    def text(self) -> str:
        """The value as FHIR writes it."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, slots=True)
class FPDate(Temporal):
    """A day, month or year."""

    def text(self) -> str:
        return _date_text(self.parts)

    __str__ = text


@dataclass(frozen=True, slots=True)
class FPDateTime(Temporal):
    """A date with a time of day as far as known, and an offset when known."""

    def text(self) -> str:
        day = _date_text(self.parts[:3])
        if len(self.parts) <= 3:
            return day
        return f"{day}T{_time_text(self.parts[3:], self.fraction)}{offset_text(self.offset)}"

    __str__ = text


@dataclass(frozen=True, slots=True)
class FPTime(Temporal):
    """A time of day."""

    def text(self) -> str:
        return _time_text(self.parts, self.fraction)

    __str__ = text


def literal(value: Temporal) -> str:
    """The value as FHIRPath writes it: ``@2024-03``, ``@2024-03T``, ``@T09:30``."""
    if isinstance(value, FPTime):
        return f"@T{value}"
    return f"@{value}T" if isinstance(value, FPDateTime) and len(value.parts) <= 3 else f"@{value}"


def _date_text(parts: tuple[int, ...]) -> str:
    return f"{parts[0]:04d}" + "".join(f"-{part:02d}" for part in parts[1:])


def _time_text(parts: tuple[int, ...], fraction: str) -> str:
    return ":".join(f"{part:02d}" for part in parts) + (f".{fraction}" if fraction else "")


def offset_text(offset: int | None) -> str:
    """``Z``, ``+01:00``, or nothing when there is none."""
    if offset is None:
        return ""
    return "Z" if offset == 0 else f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"


def month_days(year: int, month: int) -> int:
    """How many days a month has."""
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap else _MONTH_DAYS[month - 1]


def in_calendar(parts: tuple[int, ...]) -> bool:
    """Whether date parts, with time parts after them, are of a day that exists."""
    if parts[0] < 1 or (len(parts) > 1 and not 1 <= parts[1] <= 12):
        return False
    if len(parts) > 2 and not 1 <= parts[2] <= month_days(parts[0], parts[1]):
        return False
    return in_day(parts[3:])


def in_day(parts: tuple[int, ...]) -> bool:
    """Whether hour, minute, second are of a day; 60 is allowed as a leap second."""
    return all(0 <= part < limit for part, limit in zip(parts, (24, 60, 61), strict=False))


def _numbers(*groups: str | None) -> tuple[int, ...]:
    return tuple(int(group) for group in groups if group is not None)


def _cached(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    return lru_cache(maxsize=4096)(parse)


@_cached
def parse_date(text: str) -> FPDate | None:
    """``2024``, ``2024-03`` or ``2024-03-31``; ``None`` when the text is none."""
    found = _DATE_PATTERN.fullmatch(text)
    parts = _numbers(*found.groups()) if found else (0,)
    return FPDate(parts) if in_calendar(parts) else None


@_cached
def parse_datetime(text: str) -> FPDateTime | None:
    """A date, or one with ``T`` and a time of day as far as known, and an offset; ``None`` when the text is none."""
    found = _DATETIME_PATTERN.fullmatch(text)
    if found is None:
        return None
    *groups, fraction, zone = found.groups()
    parts = _numbers(*groups)
    if not in_calendar(parts) or (zone and (len(parts) < 4 or zone[1:] > "14:00" or zone[4:] > "59")):
        return None
    offset = None
    if zone:
        offset = 0 if zone == "Z" else int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[4:]))
    return FPDateTime(parts, fraction or "", offset)


@_cached
def parse_time(text: str) -> FPTime | None:
    """``09``, ``09:30``, ``09:30:00`` or ``09:30:00.000``; ``None`` when the text is none."""
    found = _TIME_PATTERN.fullmatch(text)
    if found is None:
        return None
    *groups, fraction = found.groups()
    parts = _numbers(*groups)
    return FPTime(parts, fraction or "") if in_day(parts) else None


def parse_literal(text: str) -> Temporal | None:
    """What a literal such as ``@2024-03T`` stands for; ``None`` when it is in no calendar."""
    if text.startswith("@T"):
        return parse_time(text[2:])  # type: ignore[no-any-return]
    return parse_datetime(text[1:]) if "T" in text else parse_date(text[1:])  # type: ignore[no-any-return]


def from_python(value: datetime | date | time) -> Temporal:
    """A value of the standard library, to the millisecond when it has a time of day."""
    if isinstance(value, datetime):
        distance = value.utcoffset()
        offset = None if distance is None else int(distance.total_seconds() // 60)
        parts = (value.year, value.month, value.day, value.hour, value.minute, value.second)
        return FPDateTime(parts, f"{value.microsecond // 1000:03d}", offset)
    if isinstance(value, date):
        return FPDate((value.year, value.month, value.day))
    return FPTime((value.hour, value.minute, value.second), f"{value.microsecond // 1000:03d}")


def nanoseconds(fraction: str) -> int:
    """The digits after a second as nanoseconds; finer digits are dropped."""
    return int(fraction[:9].ljust(9, "0")) if fraction else 0


def span(value: Temporal) -> tuple[int, int]:
    """The first and the last nanosecond that the value may mean, in UTC where an offset is known.

    Seconds count as exact: FHIRPath takes seconds and milliseconds for one precision.
    """
    parts = value.parts
    if isinstance(value, FPTime):
        low, clock = 0, parts
    else:
        year = parts[0]
        month = parts[1] if len(parts) > 1 else 1
        low = date(year, month, parts[2] if len(parts) > 2 else 1).toordinal() * DAY
        clock = parts[3:]
        if len(parts) < 3:
            days = month_days(year, month) if len(parts) == 2 else date(year, 12, 31).timetuple().tm_yday
            return low, low + days * DAY - 1
    length = DAY
    for part, unit in zip(clock, (3600 * NANO, 60 * NANO, NANO), strict=False):
        low, length = low + part * unit, unit
    if len(clock) == 3:
        low, length = low + nanoseconds(value.fraction), 1
    low -= (value.offset or 0) * 60 * NANO
    return low, low + length - 1


def compare(left: Temporal, right: Temporal) -> int | None:
    """-1, 0 or 1 as left is before, at or after right; ``None`` when what is known does not tell.

    Source: http://hl7.org/fhirpath/N1/#datetime-equality and #comparison. The caller keeps times apart from dates.
    """
    if left.offset == right.offset and len(left.parts) == len(right.parts):
        if left.parts != right.parts:
            return -1 if left.parts < right.parts else 1
        mine, other = nanoseconds(left.fraction), nanoseconds(right.fraction)
        return (mine > other) - (mine < other)
    low, high = span(left)
    first, last = span(right)
    if (left.offset is None) != (right.offset is None):
        if left.offset is None:
            low, high = low - EAST, high + WEST
        else:
            first, last = first - EAST, last + WEST
    elif len(left.parts) == len(right.parts):
        return (low > first) - (low < first)
    if high < first:
        return -1
    return 1 if low > last else None
