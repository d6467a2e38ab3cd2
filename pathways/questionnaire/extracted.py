"""What an extraction makes: resources with their Bundle entry details, and what all of them have in common."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.clock import instant_text
from app.fhir.bundle import entry
from app.fhir.dates import parse
from app.fhir.fhirpath.model import find_type
from app.fhir.json import dumps
from app.fhir.resource import Resource
from pathways.questionnaire import sdc

_SPACE = uuid.UUID("5f0d3c7e-5c0e-5b63-9d0a-3a2b8c0f6a11")
"""Name space of the urn:uuid of extracted entries: the same form gives the same ones."""


@dataclass(frozen=True, slots=True)
class Made:
    """One resource made from a response.

    ``key`` names it within the form (``form_key:linkId``); ``request`` holds ifMatch, ifNoneExist, ifNoneMatch,
    ifModifiedSince where the Questionnaire gives them.
    """

    resource: Resource
    key: str
    full_url: str
    request: Mapping[str, str] = field(default_factory=dict)

    def entry(self) -> Resource:
        """The entry of a transaction: an update of what has an id, else a create that is done once."""
        resource = self.resource
        type_ = resource["resourceType"]
        if "id" in resource:
            request = {"method": "PUT", "url": f"{type_}/{resource['id']}"}
        else:
            request = {"method": "POST", "url": type_}
            if any(one.get("value") == self.key for one in _identifiers(resource)):
                request["ifNoneExist"] = f"identifier={sdc.FORM_SYSTEM}|{self.key}"
        return entry(resource, self.full_url, request=request | dict(self.request))


def _identifiers(resource: Mapping[str, Any]) -> list[Resource]:
    given = resource.get("identifier", [])
    return given if isinstance(given, list) else [given]


def _named(response: Mapping[str, Any]) -> str:
    """A name for a response that is stored nowhere, made of what it says: another person's answers are never the same,
    and the same ones sent twice make nothing twice."""
    return str(uuid.uuid5(_SPACE, dumps(dict(response)).decode()))


class Origin:
    """The response from which resources are made: keys without repetition, and the elements that are copied."""

    def __init__(self, response: Mapping[str, Any], form_key: str | None, effective: str | None):
        identifier = response.get("identifier", {})
        own = identifier.get("value") if identifier.get("system") == sdc.FORM_SYSTEM else None
        self.form_key = form_key or own or f"QuestionnaireResponse/{response.get('id') or _named(response)}"
        self.response = response
        self.effective = effective or response.get("authored")
        self._count: dict[str, int] = {}

    def key(self, link_id: str) -> str:
        """``form_key:linkId``, with a number from the second one on: the same answers give the same keys."""
        count = self._count[link_id] = self._count.get(link_id, 0) + 1
        return f"{self.form_key}:{link_id}" + (f":{count}" if count > 1 else "")

    def full_url(self, key: str) -> str:
        """The ``urn:uuid:`` of a key."""
        return f"urn:uuid:{uuid.uuid5(_SPACE, key)}"

    def made(self, resource: Resource, link_id: str, request: Mapping[str, str] | None = None) -> Made:
        """The resource with what the response says about it, as an entry."""
        key = self.key(link_id)
        request = dict(request or {})
        full_url = request.pop("fullUrl", None) or self.full_url(key)
        return Made(self._completed(resource, key), key, full_url, request)

    def _completed(self, resource: Resource, key: str) -> Resource:
        """Identifier, subject, encounter, times and author, where the type has the element and it is still empty."""
        type_ = find_type(resource["resourceType"])
        fields = type_.fields if type_ else {}
        made = dict(resource)
        for name, value in self._common(key, resource["resourceType"]).items():
            if name in fields and name not in made and not self._chosen(resource, fields[name]):
                made[name] = [value] if fields[name].many else value
        return made

    @staticmethod
    def _chosen(resource: Resource, element: Any) -> bool:
        return any(option[0] in resource for option in element.options)

    def _common(self, key: str, type_: str) -> Resource:
        response = self.response
        found: Resource = {"identifier": {"system": sdc.FORM_SYSTEM, "value": key}}
        for source, names in (("subject", ("subject", "patient")), ("encounter", ("encounter",))):
            if source in response:
                found |= dict.fromkeys(names, response[source])
        if "author" in response:
            # elsewhere a performer is who is to do something, or a part with elements of its own
            found |= {"performer" if type_ == "Observation" else "recorder": response["author"]}
        if self.effective:
            found["recordedDate"] = self.effective
        return found

    def observation(self) -> Resource:
        """The start of an Observation (SDC, observation-based extraction): status, times, where it comes from."""
        response = self.response
        amended = response.get("status") == "amended"
        made: Resource = {"resourceType": "Observation", "status": "amended" if amended else "final"}
        made |= {name: response[name] for name in ("basedOn", "partOf") if name in response}
        if self.effective:
            made["effectiveDateTime"] = self.effective
        if "authored" in response:
            made["issued"] = instant_text(parse(response["authored"]).low)
        if "id" in response:
            made["derivedFrom"] = [{"reference": f"QuestionnaireResponse/{response['id']}"}]
        return made
