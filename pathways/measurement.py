"""The leading measurement of a pathway: what *my day* shows beside a name and what the chart draws.

The pathway says which it is (extension ``leading-measurement``): the code of the Observation, its components, and the
variables that hold the target (a value is to be below it). Nothing of a disease stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.config import CANONICAL_BASE
from app.fhir.resource import Resource, choice, extension, has_coding
from app.fhir.translation import text

URL = f"{CANONICAL_BASE}/StructureDefinition/leading-measurement"
STATED = ("final", "amended", "corrected")


@dataclass(frozen=True, slots=True)
class Leading:
    """``code`` and ``components`` are Codings; ``targets`` variable names, one for each value; ``unit`` as shown;
    ``severe`` one limit for each value (above it the value is severe), none where the pathway names none."""

    code: Resource
    components: tuple[Resource, ...]
    targets: tuple[str, ...]
    unit: str
    title: Resource
    severe: tuple[Decimal, ...] = ()

    @property
    def token(self) -> str:
        """``system|code``, for a search."""
        return f"{self.code['system']}|{self.code['code']}"

    def name(self, language: str) -> str:
        """``Blood pressure`` in a language."""
        return text(self.title, "valueString", language) or self.code.get("display") or self.code["code"]


@dataclass(frozen=True, slots=True)
class Reading:
    """The values of one Observation; None where one was not measured. ``day`` is an ISO day."""

    day: str
    values: tuple[Decimal | None, ...]
    reference: str

    @property
    def shown(self) -> str:
        """``162/98``"""
        return "/".join("–" if value is None else f"{value.normalize():f}" for value in self.values)


def leading(plan: Resource) -> Leading | None:
    """What the pathway says of its leading measurement."""
    found = extension(plan, URL)
    if found is None:
        return None
    parts: dict[str, list[Resource]] = {}
    for part in found["extension"]:
        parts.setdefault(part["url"], []).append(part)
    unit = parts.get("unit", [{}])[0].get("valueString", "")
    title = parts.get("title", [{}])[0]
    components = tuple(part["valueCoding"] for part in parts.get("component", ()))
    targets = tuple(part["valueString"] for part in parts.get("target", ()))
    severe = tuple(Decimal(str(part["valueDecimal"])) for part in parts.get("severe", ()))
    return Leading(parts["code"][0]["valueCoding"], components, targets, unit, title, severe)


def reading(observation: Resource, of: Leading) -> Reading | None:
    """The values of an Observation, if it is one of the leading measurement and carries any."""
    if observation.get("status") not in STATED or not has_coding(
        observation["code"], of.code["system"], of.code["code"]
    ):
        return None
    if of.components:
        values = tuple(_component(observation, coding) for coding in of.components)
    else:
        values = (_amount(observation),)
    if all(value is None for value in values):
        return None
    day = str(observation.get("effectiveDateTime") or observation.get("issued") or "")[:10]
    return Reading(day, values, f"Observation/{observation['id']}")


def readings(record: Iterable[Resource], of: Leading, today: date) -> list[Reading]:
    """All readings of a record, oldest first, several of one day included; what is dated after today is left out."""
    observations = [one for one in record if one["resourceType"] == "Observation"]
    ordered = sorted(observations, key=lambda one: str(one.get("effectiveDateTime", "")))
    found = (reading(one, of) for one in ordered)
    return [one for one in found if one is not None and one.day <= today.isoformat()]


def last_of_each_day(found: Iterable[Reading]) -> list[Reading]:
    """One reading a day, the last: what a line through the days is drawn of."""
    return list({one.day: one for one in found}.values())


def targets(scope: Any, of: Leading) -> tuple[Decimal | None, ...]:
    """The target of each value for this patient, from the variables of the pathway that was run."""
    return tuple(number_of(scope, name) for name in of.targets)


def number_of(scope: Any, name: str) -> Decimal | None:
    """A variable of the pathway that was run, as a number; None where it is none."""
    value = scope.get(name)
    first = value[0] if isinstance(value, (list, tuple)) and value else value
    if isinstance(first, bool) or not isinstance(first, (int, float, Decimal)):
        return None
    return Decimal(str(first))


def holds(scope: Any, name: str) -> bool:
    """Whether a variable of the pathway that was run is true; unknown is not true."""
    value = scope.get(name)
    return (value[0] if isinstance(value, (list, tuple)) and value else value) is True


def above(values: Sequence[Decimal | None], limits: Sequence[Decimal | None]) -> bool | None:
    """Whether any value is at or over its target; None when nothing can be said."""
    pairs = [
        (value, limit) for value, limit in zip(values, limits, strict=False) if value is not None and limit is not None
    ]
    return any(value >= limit for value, limit in pairs) if pairs else None


def direction(before: Reading, after: Reading) -> str:
    """``up``, ``down`` or ``same``: where the first value that both readings hold has gone."""
    for old, new in zip(before.values, after.values, strict=False):
        if old is not None and new is not None:
            return "up" if new > old else "down" if new < old else "same"
    return ""


def _component(observation: Resource, coding: Resource) -> Decimal | None:
    for part in observation.get("component", ()):
        if has_coding(part["code"], coding["system"], coding["code"]):
            return _amount(part)
    return None


def _amount(owner: Resource) -> Decimal | None:
    found = choice(owner, "value")
    if found is None or found[0] != "Quantity" or "value" not in found[1]:
        return None
    return Decimal(str(found[1]["value"]))
