"""read: https://hl7.org/fhir/R4/http.html#read"""

from __future__ import annotations

from dataclasses import replace

from app.errors import Gone
from app.fhir.repository import Repository
from app.rest.asked import Answer, Asked, of_stored
from app.rest.negotiation import matches_etag
from app.rest.summary import subset, wanted


def read(repo: Repository, asked: Asked) -> Answer:
    """``GET Type/id``: the current version, its stored bytes as they are; 304 when the client has it already.

    Raises NotFound (404) where it never was, Gone (410) where it was deleted.
    """
    stored = repo.raw(str(asked.type), str(asked.id))
    if stored.deleted:
        raise Gone(f"{asked.reference} was deleted; its earlier versions are under {asked.reference}/_history.")
    answer = of_stored(stored)
    if asked.if_none_match is not None:
        if matches_etag(asked.if_none_match, stored.version):
            return replace(answer, status=304, body=None)
    elif asked.if_modified_since and stored.last_updated.replace(microsecond=0) <= asked.if_modified_since:
        return replace(answer, status=304, body=None)
    if (part := wanted(asked)) is not None:
        return replace(answer, body=subset(stored.body, part))
    return answer
