"""What the body of a create, update or patch must be before anything is done with it."""

from __future__ import annotations

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
    """Raise Invalid (422) with every error of a resource; of a Bundle, with those of its entries."""
    check(resource, judge=resource.get("resourceType") in KNOWLEDGE)
    if resource.get("resourceType") == "Bundle":
        for index, entry in enumerate(resource.get("entry", ())):
            held = entry.get("resource", {})
            if held.get("resourceType") in KNOWLEDGE:
                try:
                    check(held)
                except Invalid as error:
                    raise within(error, f"Bundle.entry[{index}]") from None


def without_meta(resource: Resource) -> Resource:
    """The resource without the ``meta.versionId`` and ``meta.lastUpdated`` of a client, which the server sets."""
    meta = resource.get("meta")
    if not meta or not ({"versionId", "lastUpdated"} & meta.keys()):
        return resource
    kept = {key: value for key, value in meta.items() if key not in ("versionId", "lastUpdated")}
    rest = {key: value for key, value in resource.items() if key != "meta"}
    return rest | ({"meta": kept} if kept else {})
