"""What the body of a create, update or patch must be before anything is done with it."""

from __future__ import annotations

from collections.abc import Iterator

from app.errors import Invalid, Malformed
from app.fhir.resource import Resource
from app.fhir.validation import check
from app.rest.asked import Asked
from app.rest.outcomes import within


def resource_of(asked: Asked) -> Resource:
    """The body as a valid resource of the type in the address.

    Raises Malformed (400) on a missing body or another type, Invalid (422) with every error of the content.
    """
    resource = asked.resource
    if not isinstance(resource, dict):
        raise Malformed("{method} {type} needs a body: the {type} as FHIR JSON.", method=asked.method, type=asked.type)
    given = resource.get("resourceType")
    if given is None:
        raise Malformed(
            'The body has no resourceType: write "resourceType": "{type}".', expression="resourceType", type=asked.type
        )
    if given != asked.type:
        raise Malformed(
            "The body is a {given}, the address says {type}.",
            expression="resourceType",
            given=str(given),
            type=asked.type,
        )
    if not asked.checked:
        checked(resource)
    return resource


KNOWLEDGE = frozenset(
    {
        *("PlanDefinition", "ActivityDefinition", "Library", "Questionnaire", "Measure", "ValueSet", "CodeSystem"),
        *("ConceptMap", "NamingSystem", "StructureDefinition", "StructureMap", "SearchParameter", "MessageDefinition"),
        *("OperationDefinition", "CapabilityStatement", "ImplementationGuide", "GraphDefinition", "EventDefinition"),
    }
)
"""What others build upon, written seldom: the library judges it as well (docs/adr/0002-validation.md)."""


def checked(resource: Resource) -> None:
    """Raise Invalid (422) with every error of a resource, and of those that a Bundle or Parameters carries."""
    kind = resource.get("resourceType")
    check(resource, judge=isinstance(kind, str) and kind in KNOWLEDGE)
    for place, held in _carried(resource, resource["resourceType"]):
        if held["resourceType"] in KNOWLEDGE:
            try:
                check(held)
            except Invalid as error:
                raise within(error, place) from None


def _carried(resource: Resource, place: str) -> Iterator[tuple[str, Resource]]:
    """The resources in the entries of a Bundle, in Parameters and their parts, at any depth: where, and each."""
    names = {"Bundle": "entry", "Parameters": "parameter"}
    if (name := names.get(resource["resourceType"])) is not None:
        for where, holder in _holders(resource, name, place):
            if "resource" in holder:
                yield where, holder["resource"]
                yield from _carried(holder["resource"], f"{where}.resource")


def _holders(owner: Resource, name: str, place: str) -> Iterator[tuple[str, Resource]]:
    for index, one in enumerate(owner.get(name, ())):
        where = f"{place}.{name}[{index}]"
        yield where, one
        yield from _holders(one, "part", where)


def without_meta(resource: Resource) -> Resource:
    """The resource without the ``meta.versionId`` and ``meta.lastUpdated`` of a client, which the server sets."""
    meta = resource.get("meta")
    if not meta or not ({"versionId", "lastUpdated"} & meta.keys()):
        return resource
    kept = {key: value for key, value in meta.items() if key not in ("versionId", "lastUpdated")}
    rest = {key: value for key, value in resource.items() if key != "meta"}
    return rest | ({"meta": kept} if kept else {})
