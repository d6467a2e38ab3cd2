"""The leading measurement of a pathway: what *my day* shows beside a name and what the chart draws.

The pathway says which it is (extension ``leading-measurement``): the code of the Observation, its components, and the
variables that hold the targets. A value is to be below its target; where ``at-most`` says so (a Boolean, or the name of
a variable that is one), the target itself is reached too. Nothing of a disease stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
class Limit:
    """The target of one value for a patient; ``at_most``: a value that equals it has reached it."""

    value: Decimal
    at_most: bool = False

    @property
    def sign(self) -> str:
        """``<`` or ``≤``"""
        return "≤" if self.at_most else "<"

    def met_by(self, value: Decimal) -> bool:
        """Whether a value has reached the target."""
        return value <= self.value if self.at_most else value < self.value


Limits = Sequence[Limit | None]


@dataclass(frozen=True, slots=True)
class Leading:
    """``code`` and ``components`` are Codings; ``targets`` variable names, one for each value; ``unit`` as shown;
    ``at_most`` for each target whether it is met by itself too: a Boolean or a variable's name (none: never);
    ``severe`` one limit for each value (above it the value is severe), none where the pathway names none."""

    code: Resource
    components: tuple[Resource, ...]
    targets: tuple[str, ...]
    unit: str
    title: Resource
    severe: tuple[Decimal, ...] = ()
    at_most: tuple[bool | str, ...] = ()

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
    at_most = tuple(part.get("valueId") or part.get("valueBoolean") is True for part in parts.get("at-most", ()))
    return Leading(parts["code"][0]["valueCoding"], components, targets, unit, title, severe, at_most)


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


def targets(scope: Any, of: Leading) -> tuple[Limit | None, ...]:
    """The target of each value for this patient, from the variables of the pathway that was run."""
    found = []
    for at, name in enumerate(of.targets):
        value = number_of(scope, name)
        found.append(None if value is None else Limit(value, _is_at_most(scope, of.at_most[at : at + 1])))
    return tuple(found)


def _is_at_most(scope: Any, said: tuple[bool | str, ...]) -> bool:
    return any(holds(scope, one) if isinstance(one, str) else one for one in said)


def aim(limits: Limits, number: Callable[[Decimal], str] = lambda value: f"{value.normalize():f}") -> str:
    """``< 140/90``; every value with its own sign where the signs differ; empty without a limit."""
    known = [limit for limit in limits if limit is not None]
    if len({limit.sign for limit in known}) == 1:
        return f"{known[0].sign}\u00a0{'/'.join(number(limit.value) for limit in known)}"
    return "/".join(f"{limit.sign}\u00a0{number(limit.value)}" for limit in known)


def number_of(scope: Any, name: str) -> Decimal | None:
    """A variable of the pathway that was run, as a number; None where it is none."""
    first = _first(scope, name)
    if isinstance(first, bool) or not isinstance(first, (int, float, Decimal)):
        return None
    return Decimal(str(first))


def holds(scope: Any, name: str) -> bool:
    """Whether a variable of the pathway that was run is true; unknown is not true."""
    return _first(scope, name) is True


def _first(scope: Any, name: str) -> Any:
    value = scope.get(name)
    return value[0] if isinstance(value, (list, tuple)) and value else value


def above(values: Sequence[Decimal | None], limits: Limits) -> bool | None:
    """Whether any value misses its target; None when nothing can be said."""
    pairs = [
        (value, limit) for value, limit in zip(values, limits, strict=False) if value is not None and limit is not None
    ]
    return any(not limit.met_by(value) for value, limit in pairs) if pairs else None


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
