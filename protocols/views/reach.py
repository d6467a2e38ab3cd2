"""How many patients a version reaches now: those enrolled under it, or under a pathway that follows it."""

from __future__ import annotations

from dataclasses import dataclass

from app.access.actor import automation
from app.fhir.resource import Resource
from app.store import work
from protocols import collection

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
        pathways = collection.pathways(repo, library)
        patients = sum(
            repo.count(f"CarePlan?instantiates-canonical={pathway}&status=active") for pathway in sorted(pathways)
        )
    return Reach(patients, len(pathways))
