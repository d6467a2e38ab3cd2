"""An Observation against what can be: a time that has come, a unit of its code, a value that a body can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.errors import Invalid, Issue, MaslakError
from app.fhir.dates import parse
from app.fhir.resource import Resource, codings
from pathways.plausible.ranges import Code, Plausible, plausible

TOLERANCE = timedelta(days=1)
"""Clocks of other systems, and days written without a zone."""
UCUM = "http://unitsofmeasure.org"
_NOT_STATED = frozenset({"entered-in-error", "cancelled"})


def guard_observation(repo: Any, before: Resource | None, after: Resource | None) -> None:
    """Refuse, over ``/fhir``, what cannot have been observed. Raises Invalid (422) with every issue and its path.

    What is marked as an error is let through, so that old slips can be taken back.
    """
    if after is None or after.get("status") in _NOT_STATED or after == before:
        return
    issues = implausible(after, repo.now)
    if issues:
        raise Invalid("The Observation holds what cannot be.", issues=issues)


def implausible(observation: Resource, now: datetime) -> list[Issue]:
    """What cannot be, one issue each; ``expression`` is the path of the element."""
    found = [*_times(observation, now), *_values(observation, observation, "Observation")]
    components = observation.get("component", ())
    for index, component in enumerate(components):
        found += _values(component, component, f"Observation.component[{index}]")
    return [*found, *_order(components)]


def _times(observation: Resource, now: datetime) -> Iterator[Issue]:
    period = observation.get("effectivePeriod") or {}
    times = {
        "effectiveDateTime": observation.get("effectiveDateTime"),
        "effectiveInstant": observation.get("effectiveInstant"),
        "effectivePeriod.start": period.get("start"),
    }
    for element, text in times.items():
        if text is None:
            continue
        try:
            begins = parse(text).low
        except MaslakError:  # its form is judged by validation
            continue
        if begins > now + TOLERANCE:
            yield Issue(
                "{when} lies in the future: what is still to come cannot have been observed.",
                "business-rule",
                f"Observation.{element}",
                values={"when": text},
            )


def _values(owner: Resource, holder: Resource, path: str) -> Iterator[Issue]:
    quantity = holder.get("valueQuantity")
    code = next((one for one in codings(owner.get("code")) if one in plausible()), None)
    if not quantity or code is None or quantity.get("value") is None:
        return
    yield from _judged(quantity, code, plausible()[code], f"{path}.valueQuantity")  # type: ignore[index]


def _judged(quantity: Mapping[str, Any], code: tuple[Any, Any], allowed: Plausible, path: str) -> Iterator[Issue]:
    coded = quantity.get("system") == UCUM and quantity.get("code")
    unit = quantity.get("code") or quantity.get("unit")
    if not unit:
        return
    interval = allowed.interval(unit) if coded else allowed.labelled(unit)
    if interval is None:
        if coded:
            yield Issue(
                "{unit} is no unit of {code}: it is measured in {units}.",
                "business-rule",
                f"{path}.code",
                values={"unit": unit, "code": code[1], "units": allowed.units},
            )
        return
    value = Decimal(str(quantity["value"]))
    read = unit if interval.fits(unit) else interval.unit
    if "comparator" not in quantity and not interval.holds(value, read):
        named = {"value": value, "unit": unit, "code": code[1], "label": interval.label}
        yield Issue(
            "{value} {unit} is not possible for {code}: from {low} to {high} {label}.",
            "business-rule",
            f"{path}.value",
            values=named | {"low": interval.low, "high": interval.high},
        )


def _order(components: Any) -> Iterator[Issue]:
    """A component that exceeds another by its nature does so (systolic over diastolic), in the same unit."""
    measured: dict[Code, tuple[int, Decimal, Any]] = {}
    for index, component in enumerate(components):
        quantity = component.get("valueQuantity") or {}
        if quantity.get("value") is not None:
            for code in codings(component.get("code")):
                measured.setdefault(code, (index, Decimal(str(quantity["value"])), quantity.get("code")))  # type: ignore[arg-type]
    for code, (index, value, unit) in measured.items():
        lower = plausible()[code].exceeds if code in plausible() else None
        if lower in measured and measured[lower][2] == unit and value <= measured[lower][1]:
            yield Issue(
                "{code} is {value}, and must be above {lower}, which is {other}.",
                "business-rule",
                f"Observation.component[{index}].valueQuantity.value",
                values={"code": code[1], "value": value, "lower": lower[1], "other": measured[lower][1]},
            )
