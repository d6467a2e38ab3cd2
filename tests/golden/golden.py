"""Golden patients: small records whose next step was written by hand from the sources, and the real engine on them.

Each file under ``tests/golden/<disease>/`` is a group of patients: ``record`` (Patient first), ``asOf`` (an instant),
``parameters`` (national choices that differ from the published ones) and what is to be ``expect``-ed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from app.config import CANONICAL_BASE
from app.errors import NotFound
from app.fhir import json
from pathways.apply import ActionOutcome, Applied, ApplyRequest, apply
from pathways.calendar import Calendar
from pathways.facts import Facts

ROOT = Path(__file__).parents[2]
PATIENTS = Path(__file__).parent
ATC = "http://www.whocc.no/atc"
DECISIONS = ("diagnosis", "treatment", "follow-up", "advice", "alert", "referral", "referral-urgent")
"""Kinds of action that decide something: what a golden patient lists as taken."""
Find = Callable[[str], dict[str, Any]]
MARKS = str.maketrans("", "", "\u2068\u2069\u200e\u200f")


@cache
def contents() -> dict[str, dict[str, Any]]:
    """Canonical url → artefact, of everything under the content folders."""
    files = [path for room in ("protocols", "pathways") for path in sorted((ROOT / room / "content").glob("*/*.json"))]
    read = [json.loads(path.read_bytes()) for path in files]
    return {one["url"]: one for one in read if "resourceType" in one}


def definition(canonical: str) -> dict[str, Any]:
    """An artefact by canonical. Raises NotFound."""
    found = contents().get(canonical.split("|")[0])
    if found is None:
        raise NotFound(f"no artefact {canonical}")
    return found


def actions(owner: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every action of a PlanDefinition, at any depth."""
    for action in owner.get("action", ()):
        yield action
        yield from actions(action)


def diseases() -> list[str]:
    """The diseases that have golden patients."""
    return sorted(path.name for path in PATIENTS.iterdir() if any(path.glob("*.json")))


def plans_of(disease: str) -> list[dict[str, Any]]:
    """The plans of a disease, its pathway among them."""
    begin = f"{CANONICAL_BASE}/PlanDefinition/{disease}-"
    return [one for url, one in contents().items() if url.startswith(begin)]


def patients(disease: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(group/id, patient) of every golden patient of a disease."""
    for path in sorted((PATIENTS / disease).glob("*.json")):
        group = json.loads(path.read_bytes())
        for patient in group["patients"]:
            yield f"{group['group']}/{patient['id']}", patient


def walked(
    disease: str, patient: dict[str, Any], language: str = "fr", find: Find = definition, *, watched: bool = True
) -> Applied:
    """The disease's pathway applied to a golden patient; ``find`` gives the artefacts."""
    subject, *record = patient["record"]
    now = datetime.fromisoformat(patient["asOf"])
    return apply(
        find(f"{CANONICAL_BASE}/PlanDefinition/{disease}-pathway"),
        ApplyRequest(
            subject=subject,
            facts=Facts([subject, *record], now),
            definitions=find,
            now=now,
            language=language,
            parameters=patient.get("parameters", {}),
            calendar=Calendar(),
        ),
        watched=watched,
    )


def taken(applied: Applied, *kinds: str) -> list[ActionOutcome]:
    """The actions taken, of these kinds; what is only asked for is left out."""
    return [one for one in applied.walk() if one.taken == "taken" and one.kind in kinds and one.asked_by is None]


def examinations(applied: Applied) -> list[str]:
    """The examinations and measurements ordered, sorted; one that holds others stands for them."""
    found: list[str] = []

    def look(outcome: ActionOutcome) -> None:
        if outcome.taken == "taken" and outcome.kind in ("test", "measure") and outcome.asked_by is None:
            found.append(outcome.id)
            return
        for below in outcome.children:
            look(below)

    for top in applied.actions:
        look(top)
    return sorted(found)


def stage(applied: Applied) -> list[str]:
    """The stages that the record puts the patient in: one, when the pathway is sound."""
    return [one.id for one in taken(applied, "stage")]


def missing(applied: Applied) -> set[str]:
    """The needed variables that are not known."""
    return {name for one in applied.walk() if one.taken == "missing" for name in one.verdict.missing}


def medicines(applied: Applied) -> list[str]:
    """``ATC dose mg`` of each medicine in the treatment taken, sorted; times a day other than one are told."""
    found = []
    for treatment in taken(applied, "treatment"):
        for one in treatment.walk():
            for reference in one.resources:
                made = applied.resource(reference)
                if made and made["resourceType"] == "MedicationRequest":
                    found.append(_dose(made))
    return sorted(found)


def _dose(order: dict[str, Any]) -> str:
    atc = next(c["code"] for c in order["medicationCodeableConcept"]["coding"] if c["system"] == ATC)
    instruction = order["dosageInstruction"][0]
    quantity = instruction["doseAndRate"][0]["doseQuantity"]
    repeat = instruction["timing"]["repeat"]
    often = "" if (repeat["frequency"], repeat["period"], repeat["periodUnit"]) == (1, 1, "d") else f" {repeat}"
    return f"{atc} {quantity['value']} {quantity['code']}{often}"


def due(outcome: ActionOutcome) -> list[str | None]:
    """[earliest, latest] as ISO days."""
    return [day.isoformat() if day else None for day in (outcome.due.earliest, outcome.due.latest)]


def said(outcome: ActionOutcome, language: str) -> str:
    """The reason in a language, without the marks of direction."""
    return outcome.reason_in(language).translate(MARKS)
