"""Items of FHIRPath as plain FHIR JSON, and what can be read from the resources they come from."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.fhir.fhirpath.nodes import Node, system
from app.fhir.fhirpath.quantity import Quantity, as_decimal, definite
from app.fhir.fhirpath.temporal import Temporal
from app.fhir.resource import choice

_UCUM = "http://unitsofmeasure.org"
_AS_IT_IS = frozenset({bool, int, str, Decimal, dict})
_CALENDAR = {"a": "year", "mo": "month", "wk": "week", "d": "day"}
_DATES = (
    ("effectiveDateTime",), ("effectiveInstant",), ("effectivePeriod", "end"), ("effectivePeriod", "start"),
    ("authoredOn",), ("occurrenceDateTime",), ("performedDateTime",), ("onsetDateTime",), ("recordedDate",),
    ("period", "start"), ("authored",), ("date",), ("sent",), ("issued",), ("dateTime",), ("meta", "lastUpdated"),
)  # fmt: skip


def plain(item: Any) -> Any:
    """An item as a FHIR JSON value: a date as its text, a quantity as a Quantity in UCUM."""
    value = item.value if item.__class__ is Node else item
    if value.__class__ in _AS_IT_IS:
        return value
    if isinstance(value, Temporal):
        return str(value)
    if isinstance(value, Quantity):
        return {"value": value.value, "unit": value.unit, "system": _UCUM, "code": definite(value).unit}
    return value


def duration(value: Any) -> Any:
    """A FHIR Duration (or Age) in ``a``, ``mo``, ``wk`` or ``d`` as calendar years, months, weeks or days; any other
    value as it is.

    A Duration has to be in UCUM, where a month is an average and cannot be added to a date; a month that somebody
    chooses for a plan is one of the calendar (https://hl7.org/fhir/R4/fhirpath.html#quantity).
    """
    if not isinstance(value, dict) or "value" not in value or "comparator" in value:
        return value
    if value.get("system", _UCUM) != _UCUM:
        return value
    word = _CALENDAR.get(str(value.get("code") or value.get("unit")))
    return value if word is None else Quantity(as_decimal(value["value"]), word, calendar=True)


def typed(item: Any) -> Any:
    """An item as a value of a System type (dates as ``Temporal``), so that it can be shown in words."""
    return system(item)


def date_of(resource: dict[str, Any]) -> str | None:
    """When what a resource tells took place: effective, authored, onset, recorded ... as FHIR text."""
    for keys in _DATES:
        value: Any = resource
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            return value
    return None


def stands_in_record(item: Any) -> bool:
    """Whether an item was read from a resource; values that FHIRPath computed stand in none."""
    return isinstance(item, Node)


def holds(resource: Any, value: Any) -> dict[str, Any] | None:
    """The object inside a resource that holds this very ``value`` (the object itself where the value is one)."""
    if isinstance(resource, list):
        for item in resource:
            if (found := holds(item, value)) is not None:
                return found
        return None
    if not isinstance(resource, dict):
        return None
    owner: dict[str, Any] = resource
    if resource is value:
        return owner
    for item in resource.values():
        if item is value:
            return owner
        if isinstance(item, (dict, list)) and (found := holds(item, value)) is not None:
            return found
    return None


def unit_of(owner: dict[str, Any] | None, value: Any) -> str | None:
    """The unit of a value: of the Quantity it is, or of the Quantity that holds the number."""
    if isinstance(value, dict):
        owner = value
    elif isinstance(value, bool) or not isinstance(value, (int, Decimal, float)):
        return None
    return (owner.get("unit") or owner.get("code")) if owner and "value" in owner else None


def value_of(element: dict[str, Any]) -> Any:
    """The ``value[x]`` of an extension or parameter."""
    found = choice(element, "value")
    return found[1] if found else None
