"""What a version would change for the patients who are followed now, counted before it is released.

Whoever runs the pathways does the counting (job ``impact``), a few patients a transaction; what it has so far stands in
the job itself. Once all are counted, the reports are written (``protocols.impact_reports``): of the whole country, of
each region and of each establishment, without any patient, and with no number that could point at one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from app.errors import Conflict
from app.fhir.json import dumps
from app.fhir.repository import Repository
from app.fhir.resource import Resource, parse_canonical, reference
from protocols import collection, impact_reports, lifecycle
from protocols.differences import work_of
from protocols.impact_counts import Count, Kind, Payload, packed, unpacked

TOPIC = "impact"


def begin(repo: Repository, library_reference: str) -> Resource:
    """Ask for the count of a version that is not released yet; an earlier count of it is thrown away.

    Raises Conflict for a version that is or was in force: its patients have been treated by it.
    """
    library = repo.read(library_reference)
    if lifecycle.was_in_force(library):
        raise Conflict("a version that was in force is not counted any more")
    for held in impact_reports.all_of(repo, library):
        repo.delete(reference(held))
    words = words_of(repo, library)
    made = impact_reports.opened(repo, library, words)
    repo.enqueue(TOPIC, {"library": library_reference, "words": words, "seen": made["meta"]["versionId"], "next": ""})
    return made


def stands(repo: Repository, library: Resource, payload: Payload) -> bool:
    """Whether a batch belongs to the count as it is: not once the version was edited, or another count was begun."""
    return _begun(repo, library) == payload.get("seen") and words_of(repo, library) == payload["words"]


def progress(repo: Repository, library: Resource) -> int:
    """How many patients the count that runs has looked at."""
    seen = _begun(repo, library)
    own = (one for one in repo.waiting(TOPIC) if (one["library"], one.get("seen")) == (reference(library), seen))
    return next((int(one.get("followed", 0)) for one in own), 0)


def words_of(repo: Repository, library: Resource) -> str:
    """A digest of what a version says: it stays through review and approval, and changes with any edit."""
    said = [dumps(work_of(one)) for one in [library, *collection.parts(repo, library)]]
    return hashlib.sha256(b"\0".join(said)).hexdigest()[:32]


def pathways_of(repo: Repository, library: Resource) -> list[str]:
    """Urls of the pathways through which a set reaches patients: its own, and those in force that depend on it."""
    return sorted({parse_canonical(one).url for one in collection.pathways(repo, library)})


def drafted(repo: Repository, library: Resource) -> dict[str, Resource]:
    """What would be in force: the artefacts of a version, by url."""
    return {one["url"]: one for one in collection.parts(repo, library)}


def added(payload: Payload, found: Iterable[tuple[str, Kind | None]]) -> dict[str, Any]:
    """The payload with more patients: the establishment of each, and what changes for them."""
    counts, more = unpacked(payload.get("tally")), 0
    for place, kind in found:
        counts.setdefault(place, Count()).add(kind)
        more += 1
    return dict(payload) | {"tally": packed(counts), "followed": payload.get("followed", 0) + more}


def _begun(repo: Repository, library: Resource) -> str | None:
    held = impact_reports.whole(repo, library)
    return None if held is None else held["meta"]["versionId"]
