"""The Moroccan working calendar: on which day a due date may fall, and when Ramadan is.

Civil and religious days come from the ``holidays`` package; the religious ones are estimates (the moon is sighted), so
days confirmed or withdrawn by the administration are handed in as a table of overrides. Weekend: Saturday and Sunday.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import holidays
from hijridate import Gregorian, Hijri

from app.config import CANONICAL_BASE
from app.fhir.resource import choice

_RAMADAN = 9
_WEEKEND = (5, 6)
_NEAR = timedelta(days=3)
"""How far an announced day of the fast may be from its estimate: the moon is sighted one day earlier or later."""
FIRST, LAST = "first", "last"
LONGEST_CLOSURE = 60
"""No run of closed days is longer; past it the overrides must be wrong."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days. ``closed``: extra closed days with their name; ``opened``: days that the estimate calls closed
    but that are worked; ``fasts``: first and last days of Ramadan as they were announced. All as the administration has
    entered them.
    """

    closed: Mapping[date, str] = field(default_factory=dict)
    opened: frozenset[date] = frozenset()
    weekend: tuple[int, ...] = _WEEKEND
    fasts: Mapping[date, str] = field(default_factory=dict)

    def closure(self, day: date) -> str | None:
        """Why a day is not worked: the name of the holiday, ``weekend``, or None when it is worked."""
        if day in self.closed:
            return self.closed[day]
        if day in self.opened:
            return None
        if day.weekday() in self.weekend:
            return "weekend"
        return _public_holidays(day.year).get(day)

    def works(self, day: date) -> bool:
        """Whether the health centres are open."""
        return self.closure(day) is None

    def next_working_day(self, day: date) -> date:
        """This day, or the first worked day after it."""
        return self._step(day, timedelta(days=1))

    def previous_working_day(self, day: date) -> date:
        """This day, or the last worked day before it."""
        return self._step(day, timedelta(days=-1))

    def ramadan(self, day: date) -> tuple[date, date] | None:
        """First and last day of the Ramadan in which a day falls; None outside of it (estimate: one day either way)."""
        first, last = self.next_ramadan(day)
        return (first, last) if first <= day else None

    def next_ramadan(self, day: date) -> tuple[date, date]:
        """First and last day of the Ramadan that a day falls in, or of the next one: as announced, else estimated."""
        year = _hijri_year(day)
        for one in (year, year + 1):
            first, last = self._announced(one)
            if day <= last:
                return first, last
        return self._announced(year + 2)

    def _announced(self, hijri_year: int) -> tuple[date, date]:
        """The estimate, moved to the days that were announced near it."""
        first, last = ramadan_of(hijri_year)
        for day, which in self.fasts.items():
            if which == FIRST and abs(day - first) <= _NEAR:
                first = day
            elif which == LAST and abs(day - last) <= _NEAR:
                last = day
        return first, last

    def after_ramadan(self, day: date) -> date:
        """This day, or the first worked day after the Ramadan in which it falls."""
        fast = self.ramadan(day)
        return self.next_working_day(fast[1] + timedelta(days=1)) if fast else day

    def _step(self, day: date, step: timedelta) -> date:
        for _ in range(LONGEST_CLOSURE):
            if self.works(day):
                return day
            day += step
        raise ValueError(f"no working day within {LONGEST_CLOSURE} days of {day}: the table of closed days is wrong")


@lru_cache(1024)
def _hijri_year(day: date) -> int:
    return int(Gregorian.fromdate(day).to_hijri().year)


@lru_cache(64)
def ramadan_of(hijri_year: int) -> tuple[date, date]:
    """First and last day of Ramadan of a Hijri year (Umm al-Qura; sighting in Morocco may differ by one day)."""
    first = Hijri(hijri_year, _RAMADAN, 1).to_gregorian()
    after = Hijri(hijri_year, _RAMADAN + 1, 1).to_gregorian()
    return date(first.year, first.month, first.day), date(after.year, after.month, after.day) - timedelta(days=1)


@lru_cache(64)
def _public_holidays(year: int) -> Mapping[date, str]:
    return dict(holidays.country_holidays("MA", years=year, language="en_US"))


OVERRIDES = f"{CANONICAL_BASE}/CodeSystem/working-calendar"
"""The administration's table: a CodeSystem whose codes are days (``2027-03-10``), displays their names, and whose
property ``opened`` is true for a day that is worked although the estimate calls it closed. A day with the property
``ramadan`` is the ``first`` or the ``last`` of the fast, as it was announced; it is worked like any other."""


def calendar_from(table: Mapping[str, Any] | None) -> Calendar:
    """The calendar with the administration's table over the estimates; without a table, the estimates alone."""
    closed, opened, fasts = {}, set(), {}
    for concept in (table or {}).get("concept", ()):
        day = date.fromisoformat(concept["code"])
        about = {one.get("code"): choice(one, "value") for one in concept.get("property", ())}
        if fast := about.get("ramadan"):
            fasts[day] = str(fast[1])
        elif (told := about.get("opened")) and told[1] is True:
            opened.add(day)
        else:
            closed[day] = concept.get("display", concept["code"])
    return Calendar(closed, frozenset(opened), fasts=fasts)
