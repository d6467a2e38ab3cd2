"""What the body of a create, update or patch must be before anything is done with it."""

from __future__ import annotations

from app.errors import Malformed
from app.fhir.resource import Resource
from app.fhir.validation import check
from app.rest.asked import Asked


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
        check(resource)
    return resource


def without_meta(resource: Resource) -> Resource:
    """The resource without the ``meta.versionId`` and ``meta.lastUpdated`` of a client, which the server sets."""
    meta = resource.get("meta")
    if not meta or not ({"versionId", "lastUpdated"} & meta.keys()):
        return resource
    kept = {key: value for key, value in meta.items() if key not in ("versionId", "lastUpdated")}
    rest = {key: value for key, value in resource.items() if key != "meta"}
    return rest | ({"meta": kept} if kept else {})
