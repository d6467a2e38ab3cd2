"""The leading measurement of a pathway: what *my day* shows beside a name and what the chart draws.

The pathway says which it is (extension ``leading-measurement``): the code of the Observation, its components, and the
variables that hold the targets. A value is to be below its target; where ``at-most`` says so (a Boolean, or the name of
a variable that is one), the target itself is reached too. Nothing of a disease stands here.

Values are compared in the pathway's unit (``unit``, and ``unit-code`` in UCUM): what came in another one is converted
where a conversion is known. Where none is, the value is shown as it was written and compared with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.config import CANONICAL_BASE
from app.errors import Invalid
from app.fhir.resource import Resource, choice, extension, has_coding
from app.fhir.translation import text
from pathways.questionnaire.units import convert, rounded

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
    """``code`` and ``components`` are Codings; ``targets`` variable names, one for each value; ``unit`` as shown, and
    ``unit_code`` in UCUM;
    ``at_most`` for each target whether it is met by itself too: a Boolean or a variable's name (none: never);
    ``severe`` one limit for each value (above it the value is severe), none where the pathway names none."""

    code: Resource
    components: tuple[Resource, ...]
    targets: tuple[str, ...]
    unit: str
    title: Resource
    severe: tuple[Decimal, ...] = ()
    at_most: tuple[bool | str, ...] = ()
    unit_code: str = ""

    @property
    def token(self) -> str:
        """``system|code``, for a search."""
        return f"{self.code['system']}|{self.code['code']}"

    def name(self, language: str) -> str:
        """``Blood pressure`` in a language."""
        return text(self.title, "valueString", language) or self.code.get("display") or self.code["code"]


@dataclass(frozen=True, slots=True)
class Reading:
    """The values of one Observation in the pathway's unit; None where one was not measured, or cannot be compared.
    ``day`` is an ISO day; ``doubt``: where a unit cannot be compared, all values with their units, as written.
    """

    day: str
    values: tuple[Decimal | None, ...]
    reference: str
    doubt: tuple[tuple[Decimal, str], ...] = ()

    @property
    def known(self) -> bool:
        """Whether any value can be compared."""
        return any(value is not None for value in self.values)

    @property
    def shown(self) -> str:
        """The reading as it is written for programs: with a point."""
        return self.written(lambda value: f"{value:f}")

    def written(self, number: Callable[[Decimal], str]) -> str:
        """``162/98``; ``20 foo`` in a unit that cannot be compared. ``number`` writes one as the reader does."""
        if self.doubt:
            return "/".join(f"{number(value.normalize())} {unit}".strip() for value, unit in self.doubt)
        return "/".join("–" if value is None else number(value.normalize()) for value in self.values)


def leading(plan: Resource) -> Leading | None:
    """What the pathway says of its leading measurement."""
    found = extension(plan, URL)
    if found is None:
        return None
    parts: dict[str, list[Resource]] = {}
    for part in found["extension"]:
        parts.setdefault(part["url"], []).append(part)
    unit = parts.get("unit", [{}])[0].get("valueString", "")
    unit_code = str(parts.get("unit-code", [{}])[0].get("valueCode", unit))
    title = parts.get("title", [{}])[0]
    components = tuple(part["valueCoding"] for part in parts.get("component", ()))
    targets = tuple(part["valueString"] for part in parts.get("target", ()))
    severe = tuple(Decimal(str(part["valueDecimal"])) for part in parts.get("severe", ()))
    at_most = tuple(part.get("valueId") or part.get("valueBoolean") is True for part in parts.get("at-most", ()))
    return Leading(parts["code"][0]["valueCoding"], components, targets, unit, title, severe, at_most, unit_code)


def reading(observation: Resource, of: Leading) -> Reading | None:
    """The values of an Observation, if it is one of the leading measurement and carries any."""
    if observation.get("status") not in STATED or not has_coding(
        observation["code"], of.code["system"], of.code["code"]
    ):
        return None
    owners = [_component(observation, coding) for coding in of.components] if of.components else [observation]
    written = [_written(owner) for owner in owners]
    if not any(written):
        return None
    values = tuple(None if one is None else _compared(*one, of) for one in written)
    doubt = any(value is None and one is not None for value, one in zip(values, written, strict=True))
    day = str(observation.get("effectiveDateTime") or observation.get("issued") or "")[:10]
    return Reading(day, values, f"Observation/{observation['id']}", tuple(filter(None, written)) if doubt else ())


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
    value = scope[name] if name in scope else None  # noqa: SIM401 - `get` finds only what was worked out
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


def _component(observation: Resource, coding: Resource) -> Resource:
    parts = observation.get("component", ())
    return next((one for one in parts if has_coding(one["code"], coding["system"], coding["code"])), {})


def _written(owner: Resource) -> tuple[Decimal, str] | None:
    """(value, unit) of a Quantity, the unit by its code if it has one."""
    found = choice(owner, "value")
    if found is None or found[0] != "Quantity" or "value" not in found[1]:
        return None
    return Decimal(str(found[1]["value"])), str(found[1].get("code") or found[1].get("unit") or "")


def _compared(value: Decimal, unit: str, of: Leading) -> Decimal | None:
    """The value in the pathway's unit; None where no conversion is known: nothing is guessed."""
    if unit in (of.unit, of.unit_code):
        return value
    analyte = of.code["code"]
    try:
        return rounded(convert(value, unit, of.unit_code, analyte), of.unit_code, analyte)
    except Invalid:
        return None
