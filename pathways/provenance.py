"""Who did a clinical act, when, for which establishment (https://hl7.org/fhir/R4/provenance.html)."""

from __future__ import annotations

from collections.abc import Sequence

from app.access.actor import Actor
from app.clock import moment_text
from app.config import CANONICAL_BASE
from app.fhir.repository import Repository
from app.fhir.resource import Resource, concept, reference
from app.fhir.translation import translated

ACTS = f"{CANONICAL_BASE}/CodeSystem/clinical-act"


def signature(actor: Actor, *, place: bool = False) -> Resource:
    """A Reference to whoever acts, with the name in both scripts; ``place``: to the establishment where the actor is no
    Practitioner."""
    who = actor.practitioner or (actor.organization if place else None)
    made = ({"reference": who} if who else {}) | {"display": actor.name}
    return translated(made, "display", {"ar": actor.name_ar}) if actor.name_ar else made


def record_act(
    repo: Repository, act: str, targets: Sequence[Resource], *, reason: str | None = None, encounter: str | None = None
) -> Resource:
    """Store the Provenance of one act over the versions it made (``targets``: stored resources)."""
    agent: Resource = {"who": signature(repo.actor)}
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
