"""Referential integrity (https://hl7.org/fhir/R4/http.html#integrity): what is referred to is there, and stays.

A literal reference to a resource of this server must find it. References to other servers, to contained resources,
to a version, by identifier alone, and canonicals are free. Deleting what is referred to is refused by the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask import current_app

from app.errors import Invalid, Issue
from app.fhir.definitions import resource_types
from app.fhir.repository import Repository
from app.fhir.resource import Resource, parse_reference, references
from app.rest.wording import _
from app.store.values import own_relative

_MISSING = _("{target} is not here: store it first, or in the same transaction.")
SETTING = "REFERENCES_CHECKED"
"""Of the application; ``off`` in the environment lets a bulk import come in any order."""
_HOLDING_OTHERS = frozenset({"Bundle", "Parameters"})
"""They carry whole resources, whose references are settled where those are stored."""
_FREE = frozenset({"AuditEvent"})


def require_targets(repo: Repository, resources: Iterable[tuple[str, Resource]]) -> None:
    """Raise Invalid (422), one issue each, on literal references that find nothing; one query for all of them.

    ``resources`` are (place, resource); place is ``Bundle.entry[n].resource`` or the type. The targets that are there
    cannot be deleted by anybody else before this transaction ends. What the transaction itself stores must have been
    handed to the repository before.
    """
    if not current_app.config.get(SETTING, True):
        return
    asked = [(path, target) for place, resource in resources for path, target in _literal(place, resource)]
    if not asked:
        return
    there = repo.standing({target for _, target in asked})
    missing = [
        Issue(_MISSING, "not-found", f"{path}.reference", values={"target": target})
        for path, target in asked
        if target not in there
    ]
    if missing:
        raise Invalid("References find nothing.", issues=missing)


def _literal(place: str, resource: Resource) -> Iterator[tuple[str, str]]:
    """(path, ``Type/id``) of the references that must find something here."""
    own = f"{resource['resourceType']}/{resource.get('id')}"
    if resource["resourceType"] in _HOLDING_OTHERS:
        return
    for path, element in references(resource):
        found = parse_reference(own_relative(element["reference"]))
        if found is None or found.base or found.contained or found.version or not found.id:
            continue
        if found.type in resource_types() and found.type not in _FREE and found.key != own:
            yield f"{place}{path[len(resource['resourceType']) :]}", found.key
