"""Step: due dates. When an action is due, as days: from its timing or its relation to another, counted from an anchor.

https://hl7.org/fhir/R4/plandefinition-definitions.html#PlanDefinition.action.timing_x_. A due date on a closed day
moves to the next working day, except for what is urgent; out of Ramadan where the protocol says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
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

_USUAL = frozenset({"timingDateTime", "timingDuration", "timingPeriod", "timingRange", "timingTiming"})
_ANCHORS = 64
"""Days from which the due days of one timing are kept."""
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
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


class Timing:
    """A ``timing[x]``, and the due days that it has been asked for: a batch counts all of them from one day."""

    __slots__ = ("_known", "kind", "value")

    def __init__(self, kind: str, value: Any):
        self.kind = kind
        self.value = value
        self._known: dict[date, Due | None] = {}

    def due(self, anchor: date, born: str | None = None) -> Due | None:
        """The due days counted from an anchor; ``born``: FHIR date that an Age counts from. None where it names none.

        Raises Invalid on units or values that cannot be read.
        """
        if self.kind == "Age":
            return _once(_after(_birthday(born), self.value))
        try:
            return self._known[anchor]
        except KeyError:
            if len(self._known) > _ANCHORS:
                self._known.clear()
            found = self._known[anchor] = self._counted(anchor)
            return found

    def _counted(self, anchor: date) -> Due | None:
        kind, value = self.kind, self.value
        if kind in ("DateTime", "Date"):
            return _at(value)
        if kind == "Period":
            return Due(_day(value.get("start")), _last_day(value.get("end")))
        if kind == "Duration":
            return _once(_after(anchor, value))
        if kind == "Range":
            return _range(value, anchor)
        if kind == "Timing":
            return _timing(value, anchor)
        raise Invalid("timing{kind} is not known", kind=kind)


def timing_of(owner: Mapping[str, Any]) -> Timing | None:
    """The ``timing[x]`` of an element, None without one."""
    usual = _USUAL & owner.keys()
    if len(usual) == 1:
        (key,) = usual
        return Timing(key.removeprefix("timing"), owner[key])
    found = choice(owner, "timing")
    return None if found is None else Timing(*found)


def from_timing(owner: Mapping[str, Any], anchor: date, born: str | None = None) -> Due | None:
    """The due days of an element's ``timing[x]``, None without one. Raises Invalid as ``Timing.due``."""
    timing = timing_of(owner)
    return None if timing is None else timing.due(anchor, born)


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
        return Due(_plain(base - high) if high is not None else None, _plain(base - low) if low is not None else base)
    first = _plain(base + low) if low is not None else base
    if high is not None:
        return Due(first, _plain(base + high))
    return Due(first, None if "offsetRange" in offset and relationship.startswith("after") else first)


def working(due: Due, calendar: Calendar, urgent: bool, avoid_ramadan: bool = False) -> Due:
    """The same, moved off closed days (and out of Ramadan where asked), unless urgent."""
    if urgent:
        return due
    earliest, latest = due
    first = _open(earliest, calendar, avoid_ramadan) if earliest else None
    if latest is None or latest == earliest:
        return Due(first, first if latest else None)
    return Due(first, _open(latest, calendar, avoid_ramadan))


def working_before(due: Due, calendar: Calendar, urgent: bool) -> Due:
    """The same for what is to be done before something else: a closed day moves back, or it would come too late."""
    if urgent:
        return due
    first, last = (calendar.previous_working_day(day) if day else None for day in due)
    return Due(first, last)


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


def _last_day(text: str | None) -> date | None:
    """The last day of a FHIR date: an end of "2027-02" has the whole month in it."""
    return _at(text).latest if text else None


def _after(day: date, quantity: Mapping[str, Any]) -> date:
    return _plain(day + span(quantity))


def _plain(moment: date) -> date:
    """The day, also where hours or minutes were counted: due days are days."""
    return moment.date() if isinstance(moment, datetime) else moment


def _once(day: date) -> Due:
    return Due(day, day)


def _birthday(born: str | None) -> date:
    if not born:
        raise Invalid("an age needs the date of birth, which is not known")
    return dates.parse(born).low.astimezone(CASABLANCA).date()


def _range(value: Mapping[str, Any], anchor: date) -> Due:
    """From low to high after the anchor."""
    low, high = value.get("low"), value.get("high")
    return Due(_after(anchor, low) if low else anchor, _after(anchor, high) if high else None)


def _timing(value: Mapping[str, Any], anchor: date) -> Due | None:
    """The first occurrence that a Timing foresees: its events, the beginning of its bounds where that lies ahead, or
    one period after the anchor; None where its bounds have ended."""
    events = sorted(dates.parse(event).low for event in value.get("event", ()))
    if events:
        ahead = [event for event in events if day_of(event) >= anchor] or events[-1:]
        return _once(day_of(ahead[0]))
    repeat = value.get("repeat", {})
    kind, bounds = choice(repeat, "bounds") or ("", {})
    begin = _day(bounds.get("start")) if kind == "Period" else None
    end = _last_day(bounds.get("end")) if kind == "Period" else None
    if end is not None and end < anchor:
        return None
    if "period" in repeat and "periodUnit" in repeat:
        found = _one_period(repeat, anchor) if begin is None or begin <= anchor else _once(_on_weekday(repeat, begin))
        return found if end is None else _until(found, end)
    if not kind:
        return None
    if kind == "Duration":
        return _once(_after(anchor, bounds))
    return _range(bounds, anchor) if kind == "Range" else Due(max(anchor, begin or anchor), end)


def _one_period(repeat: Mapping[str, Any], start: date) -> Due:
    unit, times = repeat["periodUnit"], Decimal(str(repeat.get("frequency", 1) or 1))
    high = repeat.get("periodMax")
    first, last = (
        _after(start, {"value": Decimal(str(period)) / times, "code": unit})
        for period in (repeat["period"], high or repeat["period"])
    )
    if repeat.get("dayOfWeek") and unit == "wk" and repeat["period"] == 1:
        first = start + timedelta(days=1)  # every Thursday: the next one
    first = _on_weekday(repeat, first)
    return Due(first, max(first, last) if high else first)


def _on_weekday(repeat: Mapping[str, Any], day: date) -> date:
    """The first of the days of the week that are named, from a day on; that day where none is."""
    named = {_WEEKDAYS.index(one) for one in repeat.get("dayOfWeek", ()) if one in _WEEKDAYS}
    return next((later for n in range(7) if (later := day + timedelta(days=n)).weekday() in named), day)


def _until(due: Due, end: date) -> Due | None:
    """The part of the due days before the bounds end."""
    if due.earliest is not None and due.earliest > end:
        return None
    return Due(due.earliest, min(due.latest, end) if due.latest is not None else end)
