"""create, conditional create: https://hl7.org/fhir/R4/http.html#create"""

from __future__ import annotations

from app.errors import Malformed
from app.fhir.repository import Repository
from app.rest.asked import Answer, Asked, of_stored, of_written
from app.rest.bodies import resource_of, without_meta
from app.rest.conditions import IF_NONE_EXIST, match
from app.rest.integrity import require_targets
from app.rest.permission import may_see
from app.rest.references import Resolver


def create(repo: Repository, asked: Asked) -> Answer:
    """``POST Type``: 201 with Location and ETag; the id of the body is ignored, the server gives one.

    With ``If-None-Exist``: 200 and nothing stored when exactly one resource matches; raises PreconditionFailed (412)
    when several do, Invalid (422) on a reference that finds nothing.
    """
    resource = without_meta(resource_of(asked))
    if asked.if_none_exist is not None:
        if not asked.if_none_exist.strip("? "):
            raise Malformed(
                "If-None-Exist holds no criteria: write for example identifier=system|value.", expression=IF_NONE_EXIST
            )
        if found := match(repo, str(asked.type), asked.if_none_exist, IF_NONE_EXIST):
            return existing(repo, found, asked)
    if not asked.settled:
        resource = Resolver(repo).met(resource)
        require_targets(repo, [(str(asked.type), resource)])
    made = {**resource, "id": repo.new_id()} if not asked.nested or "id" not in resource else resource
    return of_written(repo.create(made), asked, 201)


def existing(repo: Repository, reference: str, asked: Asked) -> Answer:
    """The answer to a conditional create whose resource is there already; itself only to who may read it."""
    type, id = reference.split("/")
    answer = of_stored(repo.raw(type, id))
    minimal = asked.prefer.returned != "representation" or not may_see(repo, reference)
    return Answer(200, None if minimal else answer.body, reference, answer.version, answer.last_updated)
