"""update, conditional update: https://hl7.org/fhir/R4/http.html#update"""

from __future__ import annotations

import re

from app.errors import Malformed, PreconditionFailed
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.rest.asked import Answer, Asked, of_written
from app.rest.bodies import resource_of, without_meta
from app.rest.conditions import criteria, demanded, match
from app.rest.integrity import require_targets
from app.rest.references import Resolver

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)


def update(repo: Repository, asked: Asked) -> Answer:
    """``PUT Type/id``: 200, or 201 where the id was free. Identical content makes no new version.

    Raises Malformed (400) when the body's id is missing or differs, PreconditionFailed (412) when ``If-Match`` is
    stale, or ``*`` where nothing is.
    """
    if not ID.fullmatch(str(asked.id)):
        raise Malformed(f"'{asked.id}' is no id: letters, digits, - and . only, 64 at most.")
    resource = resource_of(asked)
    given = resource.get("id")
    if given is None:
        raise Malformed(
            f'The body has no id: write "id": "{asked.id}", as in the address.', expression=f"{asked.type}.id"
        )
    if given != asked.id:
        raise Malformed(f"The id of the body is {given}, the address says {asked.id}.", expression=f"{asked.type}.id")
    return _stored(repo, resource, asked)


def update_conditional(repo: Repository, asked: Asked) -> Answer:
    """``PUT Type?criteria``: none matches → created; one → updated; raises PreconditionFailed (412) on several."""
    resource = resource_of(asked)
    found = match(repo, str(asked.type), criteria(asked))
    given = resource.get("id")
    if found is None:
        return _stored(repo, {**resource, "id": given or repo.new_id()}, asked)
    id = found.split("/")[1]
    if given is not None and given != id:
        raise Malformed(f"The criteria find {found}, the body has the id {given}.", expression=f"{asked.type}.id")
    return _stored(repo, {**resource, "id": id}, asked)


def _stored(repo: Repository, resource: Resource, asked: Asked) -> Answer:
    reference = f"{resource['resourceType']}/{resource['id']}"
    before = present_version(repo, resource["resourceType"], resource["id"])
    replaced = demanded(repo, asked, reference, before)
    if asked.if_none_match is not None and asked.if_none_match.strip() == "*" and before is not None:
        raise PreconditionFailed(
            f"If-None-Match: * asks for a creation, but {reference} is there.", expression="http.If-None-Match"
        )
    if not asked.settled:
        resource = Resolver(repo).met(resource)
        require_targets(repo, [(resource["resourceType"], resource)])
    made = repo.update(without_meta(resource), if_match=replaced)
    return of_written(made, asked, 200 if before is not None else 201)


def present_version(repo: Repository, type: str, id: str) -> int | None:
    """The version of a resource that is there and not deleted."""
    stored = repo.peek(type, id)
    return None if stored is None or stored.deleted else stored.version
