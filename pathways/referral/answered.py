"""What the hospital has answered already: the values that led there ask for nothing urgent a second time."""

from __future__ import annotations

from app.fhir.dates import parse
from app.fhir.resource import Resource
from pathways.progression import Standing
from pathways.vocabulary import REFERRAL, is_kind

BACK = "return"
"""The stage of who is back from the hospital and has not been seen since."""


def answered(standing: Standing) -> bool:
    """Whether an urgent referral that the pathway proposes is one that the hospital has answered: the patient is back,
    and nothing has been measured since the answer. A new value, whoever sends it, makes it urgent again."""
    if standing.stage is None or standing.stage.id != BACK:
        return False
    facts = standing.applied.frame.asked.facts
    ended = [one for one in facts.of_type("Task") if is_kind(one, REFERRAL) and one["status"] == "completed"]
    last = max(ended, key=lambda task: parse(task["lastModified"]).low, default=None)
    return last is not None and not any(_since(one, last) for one in facts.of_type("Observation"))


def _since(observation: Resource, answer: Resource) -> bool:
    """Whether a measurement is of after the answer, or of the same day and was received after it."""
    written = observation.get("effectiveDateTime") or observation.get("issued")
    if not written:
        return False
    of, by = parse(written), parse(answer["lastModified"])
    if of.low > by.low:
        return True
    return of.high > by.low and _stored(observation) > _stored(answer)


def _stored(resource: Resource) -> str:
    return str(resource.get("meta", {}).get("lastUpdated", ""))
