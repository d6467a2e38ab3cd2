"""patch, conditional patch: https://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.errors import Gone, Invalid, Malformed, NotFound, PreconditionFailed, UnsupportedMediaType
from app.fhir.json import loads
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.fhir.validation import check
from app.rest import fhirpath_patch, json_patch
from app.rest.asked import Answer, Asked, of_written
from app.rest.bodies import without_meta
from app.rest.conditions import criteria, demanded, match
from app.rest.integrity import require_targets
from app.rest.negotiation import JSON_PATCH
from app.rest.parameters import well_formed
from app.rest.permission import may_see
from app.rest.references import Resolver


def patch(repo: Repository, asked: Asked) -> Answer:
    """``PATCH Type/id`` with a JSON Patch or a FHIRPath Patch (Parameters); the result must be valid.

    Raises Malformed (400) on a body that is no patch, Invalid (422) when it does not fit or breaks the resource,
    PreconditionFailed (412) when ``If-Match`` is stale, NotFound (404), Gone (410).
    """
    try:
        return _applied(repo, asked)
    except PreconditionFailed:  # by what another changed meanwhile: it is held now, and what it has become is patched
        return _applied(repo, asked)


def _applied(repo: Repository, asked: Asked) -> Answer:
    stored = repo.raw(str(asked.type), str(asked.id))
    if stored.deleted:
        raise Gone(f"{asked.reference} was deleted.")
    demanded(repo, asked, asked.reference, stored.version)
    after = patched(loads(stored.body), asked)
    if after.get("resourceType") != asked.type or after.get("id") != asked.id:
        raise Invalid("A patch changes neither resourceType nor id.", expression=f"{asked.type}.id")
    check(after)
    after = Resolver(repo).met(after)
    require_targets(repo, [(str(asked.type), after)])
    made = repo.update(without_meta(after), if_match=stored.version)
    if not may_see(repo, asked.reference):  # what was not sent is not told
        asked = asked.at(prefer=replace(asked.prefer, returned="minimal"))
    return of_written(made, asked, 200)


def patch_conditional(repo: Repository, asked: Asked) -> Answer:
    """``PATCH Type?criteria``: the one that matches; raises NotFound (404) on none, PreconditionFailed (412) on
    several.
    """
    found = match(repo, str(asked.type), criteria(asked))
    if found is None:
        raise NotFound(f"No {asked.type} meets the criteria: there is nothing to patch.")
    return patch(repo, asked.at(id=found.split("/")[1]))


def patch_of(asked: Asked) -> tuple[Any, str]:
    """(patch, its content type) of a body; in a Bundle a JSON Patch comes as a Binary. Raises Malformed (400)."""
    body = asked.resource
    if isinstance(body, dict) and body.get("resourceType") == "Binary":
        return json_patch.of_binary(body), str(body.get("contentType"))
    return body, asked.content_type


def patched(before: Resource, asked: Asked) -> Resource:
    """The resource after the patch that the body holds."""
    body, content_type = patch_of(asked)
    after = json_patch.apply(before, body) if content_type == JSON_PATCH else _by_parameters(before, body)
    if not isinstance(after, dict):
        raise Invalid("The patch leaves no resource.")
    return after


def _by_parameters(before: Resource, body: object) -> Resource:
    if isinstance(body, list):
        raise UnsupportedMediaType(f"A JSON Patch is sent as Content-Type: {JSON_PATCH}.")
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters":
        raise Malformed(f"PATCH takes a JSON Patch ({JSON_PATCH}) or a FHIRPath Patch (a Parameters resource).")
    return fhirpath_patch.apply(before, well_formed(body))
