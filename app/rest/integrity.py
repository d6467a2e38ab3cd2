"""Referential integrity (https://hl7.org/fhir/R4/http.html#integrity): what is referred to is there, and stays.

A literal reference to a resource of this server must find it. References to other servers, to contained resources,
to a version, by identifier alone, and canonicals are free. Deleting what is referred to is refused by the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from flask import current_app

from app.errors import Invalid, Issue
from app.fhir.definitions import resource_types
from app.fhir.repository import Repository
from app.fhir.resource import Resource, parse_reference, referenced, references
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
    held = [(place, resource) for place, resource in resources if resource["resourceType"] not in _HOLDING_OTHERS]
    asked = {target for _, resource in held for text in referenced(resource) if (target := _required(text, resource))}
    if not asked:
        return
    missing = asked - repo.standing(asked)
    if missing:
        raise Invalid("References find nothing.", issues=list(_issues(held, missing)))


def _issues(held: Iterable[tuple[str, Resource]], missing: set[str]) -> Iterator[Issue]:
    for place, resource in held:
        for path, element in references(resource):
            target = _required(element["reference"], resource)
            if target in missing:
                where = f"{place}{path[len(resource['resourceType']) :]}.reference"
                yield Issue(_MISSING, "not-found", where, values={"target": target})


def _required(text: str, resource: Resource) -> str | None:
    """``Type/id`` of a reference that must find something here; None for one that is free."""
    target = _literal(own_relative(text))
    return None if target == f"{resource['resourceType']}/{resource.get('id')}" else target


@lru_cache(4096)
def _literal(text: str) -> str | None:
    found = parse_reference(text)
    if found is None or found.base or found.contained or found.version or not found.id:
        return None
    return found.key if found.type in resource_types() and found.type not in _FREE else None
