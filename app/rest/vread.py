"""vread: https://hl7.org/fhir/R4/http.html#vread"""

from __future__ import annotations

from dataclasses import replace

from app.errors import Gone, NotFound
from app.fhir.repository import Repository
from app.rest.asked import Answer, Asked, of_stored
from app.rest.negotiation import matches_etag
from app.rest.summary import subset, wanted


def vread(repo: Repository, asked: Asked) -> Answer:
    """``GET Type/id/_history/version``: that version as it was stored. Raises NotFound (404), Gone (410) for a
    deletion.
    """
    version = str(asked.version)
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        raise NotFound(f"{asked.reference} has no version {version}: versions are whole numbers from 1.")
    stored = repo.raw(str(asked.type), str(asked.id), int(version))
    if stored.deleted:
        raise Gone(f"Version {version} of {asked.reference} is its deletion.")
    answer = of_stored(stored)
    if matches_etag(asked.if_none_match, stored.version):
        return replace(answer, status=304, body=None)
    if (part := wanted(asked)) is not None:
        return replace(answer, body=subset(stored.body, part))
    return answer
