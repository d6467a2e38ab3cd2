"""The patient's page: who, alerts, stage, next step, treatment, chart, timeline. One record read, one pathway run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import language
from app.store import work
from app.web import current_actor, facility_tree, render
from pathways import enrolment, measurement
from pathways.presenters import chart, next_step, orders, referral
from pathways.presenters.person import present
from pathways.presenters.timeline import FIRST, timeline
from pathways.presenters.worklist import why
from pathways.progression import Standing, evaluate
from pathways.vocabulary import DECIDE, OPEN, REFERRAL, is_kind


@dataclass(frozen=True)
class Followed:
    """One pathway of the patient as the page shows it."""

    episode: str
    title: Resource
    steps: list[dict[str, str]]
    step: next_step.NextStep
    leading: measurement.Leading | None
    chart: chart.Chart | None
    readings: list[measurement.Reading]
    targets: tuple[Any, ...]
    deciding: str
    """Encounter whose next step waits for a decision."""


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/patients/<patient_id>", "patient", patient)


def patient(patient_id: str) -> ResponseReturnValue:
    """Everything a clinician needs before the patient sits down."""
    with work(current_actor(), reading=True) as repo:
        record = repo.record_of(patient_id) or [repo.read(f"Patient/{patient_id}")]
        subject = next(one for one in record if one["resourceType"] == "Patient")
        held = [_followed(repo, one, record) for one in enrolment.enrolments(repo, f"Patient/{patient_id}")]
        tasks = [one for one in record if one["resourceType"] == "Task" and one["status"] in OPEN]
        active = [
            one
            for one in record
            if one["resourceType"] == "MedicationRequest" and one["status"] == "active" and one["intent"] == "order"
        ]
        of = held[0].leading if held else None
        moments = timeline(record, of, language())
        everything = "all" in request.args
        shown = {
            "person": present(subject, language(), repo.today),
            "establishment": facility_tree.name_of(subject.get("managingOrganization", {}).get("reference")),
            "pathways": held,
            "treatment": [orders.present(one, language()) for one in active],
            "tasks": sorted(
                ((_due(t), why(t, language())) for t in tasks if not is_kind(t, DECIDE, REFERRAL)), key=str
            ),
            "referrals": [referral.present(one, repo.now) for one in tasks if is_kind(one, REFERRAL)],
            "moments": moments if everything else moments[:FIRST],
            "older": 0 if everything else max(len(moments) - FIRST, 0),
        }
    return render("pathways/patient.html", **shown)


def _followed(repo: Repository, held: enrolment.Enrolment, record: list[Resource]) -> Followed:
    standing = evaluate(repo, held, language=language(), record=record)
    of = measurement.leading(held.pathway)
    readings = measurement.readings(record, of) if of else []
    targets = measurement.targets(standing.applied.frame.scope, of) if of else ()
    decide = next(
        (t for t in record if t["resourceType"] == "Task" and is_kind(t, DECIDE) and t["status"] in OPEN), None
    )
    return Followed(
        episode=held.episode["id"],
        title=held.pathway,
        steps=_steps(standing),
        step=next_step.present(standing),
        leading=of,
        chart=chart.draw(readings, targets, _changes(record)),
        readings=readings[::-1],
        targets=targets,
        deciding=decide["focus"]["reference"].split("/")[-1] if decide else "",
    )


def _steps(standing: Standing) -> list[dict[str, str]]:
    """The line of stages: what lies before the present one is done, hospital stages stand out."""
    here = standing.stages.index(standing.stage) if standing.stage in standing.stages else -1
    found = []
    for number, stage in enumerate(standing.stages):
        hospital = "hospital" in stage.id
        if number != here and (hospital or stage.id == "return"):
            continue  # the way over the hospital is shown only while the patient is on it
        state = "now" if number == here else "done" if number < here else "next"
        found.append({"label": stage.title, "state": "hospital" if hospital else state, "note": ""})
    return found


def _changes(record: list[Resource]) -> list[tuple[str, str]]:
    """(day, drug and dose) of every order that began, for the marks on the chart."""
    begun = [one for one in record if one["resourceType"] == "MedicationRequest" and one.get("intent") == "order"]
    lines = [orders.present(one, language()) for one in begun]
    return [(line.since, f"{line.drug} {line.amount}") for line in lines if line.since]


def _due(task: Resource) -> str:
    return str(task.get("restriction", {}).get("period", {}).get("end", ""))[:10]
