"""delete, conditional delete: https://hl7.org/fhir/R4/http.html#delete"""

from __future__ import annotations

from app.errors import PreconditionFailed
from app.fhir.outcome import informed
from app.fhir.repository import Repository
from app.rest.asked import Answer, Asked
from app.rest.conditions import criteria, match
from app.rest.update import present_version


def delete(repo: Repository, asked: Asked) -> Answer:
    """``DELETE Type/id``: 204, also when it was not there. Raises Conflict (409) while others refer to it."""
    before = present_version(repo, str(asked.type), str(asked.id))
    if asked.if_match is not None and asked.if_match != before:
        raise PreconditionFailed(
            f"If-Match names version {asked.if_match}; {asked.reference} is at {before or 'no version'}."
        )
    if before is None:
        return _done(f"{asked.reference} was not there.", asked)
    repo.delete(asked.reference)
    return _done(f"{asked.reference} was deleted.", asked)


def delete_conditional(repo: Repository, asked: Asked) -> Answer:
    """``DELETE Type?criteria``: the one that matches, or none. Raises PreconditionFailed (412) when several do."""
    found = match(repo, str(asked.type), criteria(asked))
    if found is None:
        return _done("Nothing meets the criteria; nothing was deleted.", asked)
    return delete(repo, asked.at(id=found.split("/")[1]))


def _done(text: str, asked: Asked) -> Answer:
    if asked.prefer.returned == "OperationOutcome":
        return Answer(200, informed(text))
    return Answer(204)
