"""What is asked of the engine: for whom, with which facts, when, by whom, in which language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from app.clock import day_of
from app.fhir.fhirpath import Terminology
from app.fhir.resource import period, reference
from pathways.calendar import Calendar
from pathways.facts import Facts

Resource = dict[str, Any]
Party = Resource | str | None
"""A resource, or its reference ``Type/id`` where the resource itself is not at hand."""


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """One application of a definition to one subject.

    ``definitions`` finds a definition by canonical (``url`` or ``url|version``) and raises NotFound. ``now`` is aware;
    ``anchor`` is the day from which timings count (the visit), by default the Moroccan day of ``now``. ``parameters``
    are further variables for expressions, and override a plan's named parameters. ``overrides`` win over the
    variables of that name which any plan declares (another pathway's stricter target). The codes (``user_type`` ...)
    are CodeableConcepts, seen by expressions as ``%userType`` ...
    """

    subject: Resource
    facts: Facts
    definitions: Callable[[str], Resource]
    now: datetime
    language: str = "fr"
    encounter: Party = None
    practitioner: Party = None
    organization: Party = None
    user_type: Resource | None = None
    user_language: Resource | None = None
    user_task_context: Resource | None = None
    setting: Resource | None = None
    setting_context: Resource | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)
    anchor: date | None = None
    terminology: Terminology | None = None
    """What ``memberOf()`` and ``subsumes()`` ask; without it they say that it is not at hand."""

    @property
    def day(self) -> date:
        """The day from which timings count."""
        return self.anchor or _day_of(self.now)

    def variables(self) -> dict[str, Any]:
        """The variables that every expression sees (https://hl7.org/fhir/R4/plandefinition-operation-apply.html)."""
        subject_name = self.subject["resourceType"]
        return {
            "subject": self.subject,
            subject_name[0].lower() + subject_name[1:]: self.subject,
            "encounter": self._resource(self.encounter),
            "practitioner": self._resource(self.practitioner),
            "organization": self._resource(self.organization),
            "userType": self.user_type,
            "userLanguage": self.user_language or self.language,
            "userTaskContext": self.user_task_context,
            "setting": self.setting,
            "settingContext": self.setting_context,
            **self._fasts(),
            **self.parameters,
        }

    def _fasts(self) -> dict[str, Resource]:
        """``%ramadan``: the Period of the Ramadan that ``today()`` falls in, or else of the next one; ``%nextRamadan``:
        of the first that begins after today. First and last day of the fast."""
        today = _day_of(self.now)
        return fasts(today, self.calendar) if self.calendar.fasts else _estimated(today)

    def _resource(self, party: Party) -> Resource | None:
        return self.facts.get(party) if isinstance(party, str) else party


def fasts(today: date, calendar: Calendar) -> dict[str, Resource]:
    """The Ramadan of a day or the next one, and the first that begins after it."""
    first, last = calendar.next_ramadan(today)
    after = (first, last) if today < first else calendar.next_ramadan(last + timedelta(days=1))
    named = {"ramadan": (first, last), "nextRamadan": after}
    return {name: period(start.isoformat(), end.isoformat()) for name, (start, end) in named.items()}


_day_of = lru_cache(256)(day_of)


@lru_cache(256)
def _estimated(today: date) -> dict[str, Resource]:
    return fasts(today, Calendar())


def reference_of(party: Party) -> Resource | None:
    """The Reference element to a party."""
    if party is None:
        return None
    return {"reference": party if isinstance(party, str) else reference(party)}
