"""Parts of dates and times, and the time between two of them (https://hl7.org/fhirpath/, trial use in 3.0.0).

``duration`` counts the whole calendar periods that fit between two values, ``difference`` the boundaries of periods
that are crossed. Where the precision of a value leaves the count open, the answer is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ..environment import Run, single
from ..equality import told
from ..errors import FhirPathError
from ..nodes import Items, system
from ..operators import EMPTY
from ..temporal import DAY, NANO, FPDate, FPDateTime, FPTime, Temporal, month_days, nanoseconds, span
from .registry import function, string_of

_LENGTHS: Final = {
    "week": 7 * DAY,
    "day": DAY,
    "hour": 3600 * NANO,
    "minute": 60 * NANO,
    "second": NANO,
    "millisecond": NANO // 1000,
}
_NEEDED: Final = {"hour": 4, "minute": 5, "second": 6, "millisecond": 6}
"""How many parts of a dateTime must be known to count a unit; 3 for days and what is longer."""
_UNITS: Final = {f"{unit}{end}": unit for unit in ("year", "month", *_LENGTHS) for end in ("", "s")}


def _temporal(items: Items, what: str, allowed: tuple[type[Temporal], ...]) -> Any:
    item = single(items, what)
    if item is None:
        return None
    value = system(item)
    if isinstance(value, allowed):
        return value
    if isinstance(value, Temporal):
        return None  # a date has no hour, a time of day no year
    raise FhirPathError(f"{what} is for dates and times, not for {told(item)}.")


def _part(place: int) -> Callable[[Temporal], int | None]:
    """The part that stands at a place of a dateTime: 0 the year, 3 the hour."""

    def read(value: Temporal) -> int | None:
        at = place - 3 if isinstance(value, FPTime) else place
        return value.parts[at] if 0 <= at < len(value.parts) else None

    return read


def _millisecond(value: Temporal) -> int | None:
    return nanoseconds(value.fraction) // (NANO // 1000) if value.fraction else None


def _offset(value: Temporal) -> Decimal | None:
    return None if value.offset is None else Decimal(value.offset) / 60


def _enter(name: str, read: Callable[[Temporal], Any]) -> None:
    @function(name)
    def component(run: Run, items: Items) -> Items:
        value = _temporal(items, f"{name}()", (Temporal,))
        found = None if value is None else read(value)
        return EMPTY if found is None else [found]


for _place, _name in enumerate(("yearOf", "monthOf", "dayOf", "hourOf", "minuteOf", "secondOf")):
    _enter(_name, _part(_place))
_enter("millisecondOf", _millisecond)
_enter("timezoneOffsetOf", _offset)


@function("dateOf")
def date_of(run: Run, items: Items) -> Items:
    value = _temporal(items, "dateOf()", (FPDate, FPDateTime))
    return EMPTY if value is None else [FPDate(value.parts[:3])]


@function("timeOf")
def time_of(run: Run, items: Items) -> Items:
    value = _temporal(items, "timeOf()", (FPDateTime,))
    return EMPTY if value is None or len(value.parts) < 4 else [FPTime(value.parts[3:], value.fraction)]


@function("duration", "vv")
def duration(run: Run, items: Items, other: Items, precision: Items) -> Items:
    return _between(items, other, precision, "duration()", _whole)


@function("difference", "vv")
def difference(run: Run, items: Items, other: Items, precision: Items) -> Items:
    return _between(items, other, precision, "difference()", _crossed)


def _between(items: Items, other: Items, precision: Items, what: str, count: Callable[[int, int, str], int]) -> Items:
    kinds = (FPDate, FPDateTime, FPTime)
    mine, theirs = _temporal(items, what, kinds), _temporal(other, what, kinds)
    text = string_of(precision, what)
    if mine is None or theirs is None or text is None:
        return EMPTY
    unit = _UNITS.get(text)
    if unit is None:
        raise FhirPathError(f"{what} counts years, months, weeks, days, hours ... milliseconds, not '{text}'.")
    clock = isinstance(mine, FPTime)
    if clock != isinstance(theirs, FPTime) or (clock and _LENGTHS.get(unit, DAY) >= DAY):
        raise FhirPathError(f"{what} cannot count {unit}s between {told(items[0])} and {told(other[0])}.")
    if (mine.offset is None) != (theirs.offset is None):
        return EMPTY
    (first, last), (begin, end) = (_local(one, mine.offset, unit) for one in (mine, theirs))
    least, most = count(last, begin, unit), count(first, end, unit)
    return [least] if least == most else EMPTY


def _local(value: Temporal, offset: int | None, unit: str) -> tuple[int, int]:
    """The first and last nanosecond that a value may mean, on a clock; the first alone where the unit is known."""
    shift = (offset or 0) * 60 * NANO
    low, high = span(value)
    known = len(value.parts) + (3 if isinstance(value, FPTime) else 0) >= _NEEDED.get(unit, 3)
    return low + shift, (low if known else high) + shift


def _whole(begin: int, end: int, unit: str) -> int:
    if end < begin:
        return -_whole(end, begin, unit)
    if unit in _LENGTHS:
        return (end - begin) // _LENGTHS[unit]
    first, last = date.fromordinal(begin // DAY), date.fromordinal(end // DAY)
    months = (last.year - first.year) * 12 + last.month - first.month
    day = min(first.day, month_days(last.year, last.month))
    if (last.day, end % DAY) < (day, begin % DAY):
        months -= 1
    return months // 12 if unit == "year" else months


def _crossed(begin: int, end: int, unit: str) -> int:
    if unit in _LENGTHS:  # day 0 of the ordinals is a Sunday, with which a week begins
        return end // _LENGTHS[unit] - begin // _LENGTHS[unit]
    first, last = date.fromordinal(begin // DAY), date.fromordinal(end // DAY)
    years = last.year - first.year
    return years if unit == "year" else years * 12 + last.month - first.month
