"""How many patients a version reaches now: those enrolled under it, or under a pathway that follows it."""

from __future__ import annotations

from dataclasses import dataclass

from app.access.actor import automation
from app.fhir.resource import Resource, canonical
from app.store import work
from protocols import collection
from protocols.presenters.plans import role

COUNTER = automation("release-impact")
"""Counts over the whole country; no record is opened."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Patients with an active plan of care, and the establishments' pathways through which they are reached."""

    patients: int
    pathways: int


def reached(library: Resource) -> Reach:
    """Patients enrolled in the pathways of a set, or in those in force that depend on it. Opens its own transaction."""
    with work(COUNTER, reading=True) as repo:
        plans = [one for one in collection.parts(repo, library) if one["resourceType"] == "PlanDefinition"]
        pathways = {canonical(one) for one in plans if role(one) == "stage"}
        for other in repo.search_all(f"Library?depends-on={library['url']}&status=active"):
            pathways |= {pin for pin in collection.pins(other) if "/PlanDefinition/" in pin}
        patients = sum(
            repo.count(f"CarePlan?instantiates-canonical={pathway}&status=active") for pathway in sorted(pathways)
        )
    return Reach(patients, len(pathways))
