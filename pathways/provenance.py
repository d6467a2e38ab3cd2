"""Who did a clinical act, when, for which establishment (https://hl7.org/fhir/R4/provenance.html)."""

from __future__ import annotations

from collections.abc import Sequence

from app.clock import moment_text
from app.config import CANONICAL_BASE
from app.fhir.repository import Repository
from app.fhir.resource import Resource, concept, reference

ACTS = f"{CANONICAL_BASE}/CodeSystem/clinical-act"


def record_act(
    repo: Repository, act: str, targets: Sequence[Resource], *, reason: str | None = None, encounter: str | None = None
) -> Resource:
    """Store the Provenance of one act over the versions it made (``targets``: stored resources)."""
    who = repo.actor.practitioner
    agent: Resource = {"who": {"reference": who, "display": repo.actor.name} if who else {"display": repo.actor.name}}
    if repo.actor.organization:
        agent["onBehalfOf"] = {"reference": repo.actor.organization}
    made: Resource = {
        "resourceType": "Provenance",
        "target": [{"reference": f"{reference(t)}/_history/{t['meta']['versionId']}"} for t in targets],
        "occurredDateTime": moment_text(repo.now),
        "recorded": moment_text(repo.now),
        "activity": concept(ACTS, act),
        "agent": [agent],
    }
    if reason:
        made["reason"] = [{"text": reason}]
    if encounter:
        made["entity"] = [{"role": "source", "what": {"reference": encounter}}]
    return repo.create(made)
