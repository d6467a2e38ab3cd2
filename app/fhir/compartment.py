"""Which patients a resource is about (https://hl7.org/fhir/R4/compartmentdefinition-patient.html).

The definition names search parameters; here their expressions are cut to plain element paths once, because every write
and every permission check asks, and running FHIRPath for it would cost a hundred times as much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from app.fhir.definitions import load
from app.fhir.resource import parse_reference
from app.fhir.search_parameters import parameter

_PATH = re.compile(
    r"[A-Z]\w+\.(?P<steps>\w+(?:\.\w+)*?)(?:\.ofType\(Reference\))?(?:\.where\(resolve\(\) is (?P<only>\w+)\))?"
)
_LINKED = "link"
"""Patient.link names other records of the same person; it does not put one patient into the other's record."""
_ITSELF = "{def}"
"""How R4 says that the owner stands in its own compartment: ``Encounter/1/Encounter`` is that encounter."""
_ADDED = {"Patient": {name: ["patient"] for name in ("Contract", "Device", "GuidanceResponse", "Task")}}
"""Patient data that the compartment of R4 leaves out; whoever guards a record must count them."""


def patient_of(resource: Mapping[str, Any]) -> list[str]:
    """Ids of the patients in whose compartment a resource stands, each once, in the order found; [] for knowledge."""
    return members_of("Patient", resource)


def members_of(compartment: str, resource: Mapping[str, Any]) -> list[str]:
    """The same for any compartment of R4: Patient, Encounter, Practitioner, RelatedPerson, Device."""
    name = resource["resourceType"]
    ids = [resource["id"]] if name == compartment and "id" in resource else []
    for steps in _paths(compartment, name):
        for found in _at(resource, steps):
            target = parse_reference(found.get("reference")) if isinstance(found, dict) else None
            if target is not None and target.type == compartment and target.id:
                ids.append(target.id)
    return list(dict.fromkeys(ids))


def parameters_for(compartment: str, resource_type: str) -> list[str]:
    """The search parameters that link a type to a compartment; [] where it stands outside."""
    linked: dict[str, dict[str, list[str]]] = load("compartments")
    added = _ADDED.get(compartment, {}).get(resource_type, ())
    return [code for code in (*linked[compartment].get(resource_type, ()), *added) if code not in (_LINKED, _ITSELF)]


def holds_its_owner(compartment: str) -> bool:
    """Whether a search within the compartment finds the owner too: of Encounter, Practitioner and RelatedPerson."""
    return _ITSELF in load("compartments")[compartment].get(compartment, ())


@cache
def types_in(compartment: str) -> tuple[str, ...]:
    """The resource types that can stand in a compartment."""
    names = sorted({*load("compartments")[compartment], *_ADDED.get(compartment, ()), compartment})
    return tuple(name for name in names if name == compartment or parameters_for(compartment, name))


@cache
def _paths(compartment: str, resource_type: str) -> tuple[tuple[str, ...], ...]:
    """Element paths below the resource at which a reference to the compartment's owner can stand."""
    paths = []
    for code in parameters_for(compartment, resource_type):
        found = parameter(resource_type, code)
        for part in found.expression.split(" | ") if found and found.type == "reference" else ():
            match = _PATH.fullmatch(part)
            if match is None:
                raise ValueError(f"{resource_type}.{code}: no plain path in {part}")
            if match["only"] in (None, compartment):
                paths.append(_json_steps(resource_type, match["steps"].split(".")))
    return tuple(dict.fromkeys(paths))


def _json_steps(resource_type: str, steps: list[str]) -> tuple[str, ...]:
    """Element names as they stand in JSON: the last one becomes ``valueReference`` where it is a choice."""
    elements, owner, named = load("elements"), resource_type, []
    for step in steps:
        element = elements[owner]["elements"][step]
        named.append(f"{step}Reference" if element.get("c") else step)
        owner = element["t"][0]
    return tuple(named)


def _at(value: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict) and steps[0] in value:
        yield from _at(value[steps[0]], steps[1:])
