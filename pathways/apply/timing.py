"""Step: due dates. When an action is due, as days: from its timing or its relation to another, counted from an anchor.

https://hl7.org/fhir/R4/plandefinition-definitions.html#PlanDefinition.action.timing_x_. A due date on a closed day
moves to the next working day, except for what is urgent; out of Ramadan where the protocol says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from dateutil.relativedelta import relativedelta

from app.clock import CASABLANCA, day_of
from app.errors import Invalid
from app.fhir import dates
from app.fhir.resource import choice
from pathways.calendar import Calendar


class Due(NamedTuple):
    """Earliest and latest day, both in; None where that side is open."""

    earliest: date | None
    latest: date | None


OPEN = Due(None, None)
"""No due day at all."""

UNITS = {
    "a": "years", "year": "years", "years": "years",
    "mo": "months", "month": "months", "months": "months",
    "wk": "weeks", "week": "weeks", "weeks": "weeks",
    "d": "days", "day": "days", "days": "days",
    "h": "hours", "hour": "hours", "hours": "hours",
    "min": "minutes", "minute": "minutes", "minutes": "minutes",
    "s": "seconds", "second": "seconds", "seconds": "seconds",
}  # fmt: skip
"""UCUM codes and English words of time → argument of relativedelta."""

_DAYS = {"years": Decimal("365.25"), "months": Decimal("30.4375"), "weeks": Decimal(7), "days": Decimal(1)}


def span(quantity: Mapping[str, Any]) -> relativedelta:
    """A Duration, Age or time Quantity as a span; raises Invalid on another unit or without a value."""
    value, unit = quantity.get("value"), quantity.get("code") or quantity.get("unit")
    name = UNITS.get(str(unit))
    if value is None or name is None:
        raise Invalid("'{value} {unit}' is no duration: units are min, h, d, wk, mo and a", value=value, unit=unit)
    number = Decimal(str(value))
    if number == int(number):
        return relativedelta(**{name: int(number)})
    if name in _DAYS:
        return relativedelta(days=round(number * _DAYS[name]))
    return relativedelta(**{name: float(number)})


def from_timing(owner: Mapping[str, Any], anchor: date, born: str | None = None) -> Due | None:
    """The due days of an element's ``timing[x]``, None without one. ``born``: FHIR date that an Age counts from.

    Raises Invalid on units or values that cannot be read.
    """
    found = choice(owner, "timing")
    if found is None:
        return None
    kind, value = found
    if kind in ("DateTime", "Date"):
        return _at(value)
    if kind == "Period":
        return Due(_day(value.get("start")), _day(value.get("end")))
    if kind == "Duration":
        return _once(anchor + span(value))
    if kind == "Age":
        return _once(_birthday(born) + span(value))
    if kind == "Range":
        return _range(value, anchor, born)
    if kind == "Timing":
        return _timing(value, anchor)
    raise Invalid("timing{kind} is not known", kind=kind)


def related(offset: Mapping[str, Any], relationship: str, other: Due) -> Due:
    """The due days of an action by its relation to another one
    (https://hl7.org/fhir/R4/valueset-action-relationship-type.html).

    ``offset`` is the relatedAction element: ``offsetDuration`` or ``offsetRange``, or none.
    """
    base = other.latest if relationship.endswith("-end") or relationship == "after" else other.earliest
    base = base or other.earliest or other.latest
    if base is None:
        return OPEN
    low, high = _offsets(offset)
    if relationship.startswith("before"):
        return Due(base - high if high is not None else None, base - low if low is not None else base)
    first = base + low if low is not None else base
    if high is not None:
        return Due(first, base + high)
    return Due(first, None if "offsetRange" in offset and relationship.startswith("after") else first)


def working(due: Due, calendar: Calendar, urgent: bool, avoid_ramadan: bool = False) -> Due:
    """The same, moved off closed days (and out of Ramadan where asked), unless urgent."""
    if urgent:
        return due
    moved = [_open(day, calendar, avoid_ramadan) if day else None for day in due]
    return Due(moved[0], moved[1])


def _open(day: date, calendar: Calendar, avoid_ramadan: bool) -> date:
    day = calendar.next_working_day(day)
    return calendar.after_ramadan(day) if avoid_ramadan else day


def _offsets(offset: Mapping[str, Any]) -> tuple[relativedelta | None, relativedelta | None]:
    if "offsetDuration" in offset:
        one = span(offset["offsetDuration"])
        return one, one
    bounds = offset.get("offsetRange", {})
    low, high = bounds.get("low"), bounds.get("high")
    return (span(low) if low else None), (span(high) if high else None)


@lru_cache(4096)
def _at(text: str) -> Due:
    found = dates.parse(text)
    return Due(day_of(found.low), day_of(found.high - timedelta(microseconds=1)))


def _day(text: str | None) -> date | None:
    return day_of(dates.parse(text).low) if text else None


def _once(day: date) -> Due:
    return Due(day, day)


def _birthday(born: str | None) -> date:
    if not born:
        raise Invalid("an age needs the date of birth, which is not known")
    return dates.parse(born).low.astimezone(CASABLANCA).date()


def _range(value: Mapping[str, Any], anchor: date, born: str | None) -> Due:
    """From low to high after the anchor; the range of an age counts from birth."""
    low, high = value.get("low"), value.get("high")
    return Due(anchor + span(low) if low else anchor, anchor + span(high) if high else None)


def _timing(value: Mapping[str, Any], anchor: date) -> Due | None:
    """The first occurrence that a Timing foresees: its events, its bounds, or one period after the anchor."""
    events = sorted(dates.parse(event).low for event in value.get("event", ()))
    if events:
        ahead = [event for event in events if day_of(event) >= anchor] or events[-1:]
        return _once(day_of(ahead[0]))
    repeat = value.get("repeat", {})
    bounds = choice(repeat, "bounds")
    start = anchor
    if bounds and bounds[0] == "Period" and bounds[1].get("start"):
        start = max(anchor, _day(bounds[1]["start"]) or anchor)
    if "period" in repeat and "periodUnit" in repeat:
        unit, times = repeat["periodUnit"], Decimal(str(repeat.get("frequency", 1) or 1))
        low = start + span({"value": Decimal(str(repeat["period"])) / times, "code": unit})
        high = repeat.get("periodMax")
        return Due(low, start + span({"value": Decimal(str(high)) / times, "code": unit}) if high else low)
    if bounds is None:
        return None
    if bounds[0] == "Duration":
        return _once(anchor + span(bounds[1]))
    return _range(bounds[1], anchor, None) if bounds[0] == "Range" else Due(start, _day(bounds[1].get("end")))
