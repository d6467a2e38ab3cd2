"""Putting an answer at the place that an element path names: ``Condition.onset[x]``, ``Patient.name.given``.

Types and cardinality come from the R4 definitions. A slice name (``identifier:cnie``) keeps an entry of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.errors import Invalid
from app.fhir.fhirpath.model import Field, Type, fhir_type, find_type
from app.fhir.resource import Resource

_SUFFIX = {"valueDate": "date", "valueUri": "uri", "valueCoding": "Coding"}


class Assembly:
    """A resource in the making. It is new and nobody else's until ``resource`` is taken, so it grows in place."""

    def __init__(self, type_name: str):
        self.resource: Resource = {"resourceType": type_name}
        self._entries: dict[str, Resource] = {}
        self._last: dict[str, int] = {}
        """Path with slices → the list entry that is being filled."""

    def open(self, path: str) -> None:
        """A group that stands for a list element begins: what follows below it goes into an entry of its own."""
        for known in [one for one in self._entries if one == path or one.startswith(f"{path}.")]:
            del self._entries[known]

    def put(self, path: str, answer: Mapping[str, Any]) -> None:
        """Set (or, in a list, add) the value of an answer. Raises Invalid for a path that R4 does not know."""
        steps = path.split(".")
        holder, type_ = self.resource, _type(steps[0], path)
        for index, step in enumerate(steps[1:-1], start=2):
            element, key, type_ = _element(type_, step, None, path)
            holder = self._entry(holder, element, key, ".".join(steps[:index]))
        element, key, final = _element(type_, steps[-1], answer, path)
        value = _converted(answer, final.path, path)
        if element.many:
            holder.setdefault(key, []).append(value)
        else:
            holder[key] = value

    def _entry(self, holder: Resource, element: Field, key: str, place: str) -> Resource:
        if place not in self._entries:
            made: Resource = {}
            if element.many:
                holder.setdefault(key, []).append(made)
                self._entries[place] = made
            else:
                self._entries[place] = holder.setdefault(key, made)
        return self._entries[place]


def element_type(path: str) -> None:
    """Follow an element path without a value. Raises Invalid where R4 does not know it."""
    steps = path.split(".")
    type_ = _type(steps[0], path)
    for step in steps[1:]:
        element = _known(type_, step, path)
        chosen = [one for key, one, _sibling in element.options if key in step.split(":")]
        if element.choice and not chosen and step is not steps[-1]:
            raise Invalid(f"{path}: {step} may be of several types", expression=path)
        type_ = chosen[0] if chosen else element.options[0][1]


def _known(type_: Type, step: str, path: str) -> Field:
    """The element that a step names: ``code``, ``identifier:cnie``, ``onset[x]``, ``onsetDateTime``."""
    name = step.split(":")[0]
    bare = name.removesuffix("[x]")
    element = type_.fields.get(bare) or type_.fields.get(type_.suffixed.get(bare, ""))
    if element is None:
        raise Invalid(f"{path}: {type_.path} has no element {name}", expression=path)
    return element


def _type(name: str, path: str) -> Type:
    found = find_type(name)
    if found is None:
        raise Invalid(f"{path} names no type of FHIR R4", expression=path)
    return found


def _element(type_: Type, step: str, answer: Mapping[str, Any] | None, path: str) -> tuple[Field, str, Type]:
    """(element, JSON key, type) of a step; of a choice the type that fits the answer."""
    element = _known(type_, step, path)
    if not element.choice:
        key, found, _sibling = element.options[0]
        return element, key, found
    for key, found, _sibling in element.options:
        if key in step.split(":"):
            return element, key, found
    for wanted in _candidates(answer):
        for key, found, _sibling in element.options:
            if found.path == wanted:
                return element, key, found
    raise Invalid(f"{path} takes no such answer", expression=path)


def _candidates(answer: Mapping[str, Any] | None) -> list[str]:
    """The types that an answer may take, best first."""
    key = next((key for key in answer or {} if key.startswith("value")), "")
    plain = key.removeprefix("value")
    return {
        "valueDate": ["date", "dateTime", "string"],
        "valueDateTime": ["dateTime", "date", "instant", "string"],
        "valueCoding": ["CodeableConcept", "Coding", "code", "string"],
        "valueDecimal": ["decimal", "Quantity"],
        "valueInteger": ["integer", "unsignedInt", "positiveInt", "Quantity"],
        "valueQuantity": ["Quantity", "SimpleQuantity", "Age", "Duration"],
        "valueUri": ["uri", "url", "canonical", "string"],
        "valueString": ["string", "markdown", "CodeableConcept"],
    }.get(key, [plain[:1].lower() + plain[1:], plain])


def _converted(answer: Mapping[str, Any], wanted: str, path: str) -> Any:
    """The value of an answer as an element of a type."""
    key, value = next((key, value) for key, value in answer.items() if key.startswith("value"))
    if wanted == "CodeableConcept":
        if key == "valueCoding":
            return {"coding": [value]} | ({"text": value["display"]} if value.get("display") else {})
        return value if isinstance(value, dict) else {"text": str(value)}
    if key == "valueCoding" and fhir_type(wanted).primitive:
        return value["code"] if wanted in ("code", "id", "uri") else value.get("display", value["code"])
    if wanted in ("Annotation",) and isinstance(value, str):
        return {"text": value}
    if wanted == "Identifier" and isinstance(value, str):
        return {"value": value}
    if wanted == "Reference" and isinstance(value, str):
        return {"reference": value}
    if wanted in ("Quantity", "Age", "Duration", "SimpleQuantity") and isinstance(value, (Decimal, int)):
        return {"value": value}
    if wanted == "date" and key == "valueDateTime":
        return value[:10]
    if fhir_type(wanted).primitive and isinstance(value, dict):
        raise Invalid(f"{path} takes a {wanted}, not {key}", expression=path)
    return value
