"""delete, conditional delete: https://hl7.org/fhir/R4/http.html#delete"""

from __future__ import annotations

from app.errors import PreconditionFailed
from app.fhir.outcome import informed
from app.fhir.repository import Repository
from app.rest.asked import Answer, Asked
from app.rest.conditions import IF_MATCH, criteria, demanded, match
from app.rest.update import present_version


def delete(repo: Repository, asked: Asked) -> Answer:
    """``DELETE Type/id``: 204, also when it was not there.

    Raises Conflict (409) while others refer to it, PreconditionFailed (412) when ``If-Match`` is stale, or ``*`` where
    nothing is.
    """
    before = present_version(repo, str(asked.type), str(asked.id))
    seen = demanded(repo, asked, asked.reference, before)
    if before is None:
        return _done(f"{asked.reference} was not there.", asked)
    repo.delete(asked.reference)
    if seen is not None and (last := repo.peek(str(asked.type), str(asked.id))) and last.version != seen + 1:
        raise PreconditionFailed(
            f"If-Match names version {seen}, but {asked.reference} has been changed meanwhile.", expression=IF_MATCH
        )
    return _done(f"{asked.reference} was deleted.", asked)


def delete_conditional(repo: Repository, asked: Asked) -> Answer:
    """``DELETE Type?criteria``: the one that matches, or none. Raises PreconditionFailed (412) when several do, and
    when ``If-Match`` asks for one and none does.
    """
    found = match(repo, str(asked.type), criteria(asked))
    if found is None:
        if asked.if_match is not None:
            raise PreconditionFailed(
                f"If-Match asks for a {asked.type} that is there, but none meets the criteria.", expression=IF_MATCH
            )
        return _done("Nothing meets the criteria; nothing was deleted.", asked)
    return delete(repo, asked.at(id=found.split("/")[1]))


def _done(text: str, asked: Asked) -> Answer:
    if asked.prefer.returned == "OperationOutcome":
        return Answer(200, informed(text))
    return Answer(204)
