"""The patient's page: who, alerts, stage, next step, treatment, chart, timeline. One record read, each pathway run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.fhir.repository import Repository
from app.fhir.resource import Resource, extension, has_coding
from app.i18n import language, num
from app.store import work
from app.web import current_actor, facility_tree, render
from pathways import enrolment, measurement
from pathways.apply.outcome import ActionOutcome
from pathways.presenters import chart, next_step, orders, referral, targets
from pathways.presenters import steps as todo
from pathways.presenters.decided_step import words_of
from pathways.presenters.person import present
from pathways.presenters.timeline import FIRST, timeline
from pathways.presenters.worklist import why
from pathways.progression import Standing
from pathways.referral.answered import answered
from pathways.texts import name_of
from pathways.views.enrol import pathways_in_force
from pathways.views.evaluating import evaluate_all
from pathways.vocabulary import ACTION_KIND, BRANCH, DECIDE, OPEN, REFERRAL, RETURN, is_kind


@dataclass(frozen=True)
class Followed:
    """One pathway of the patient as the page shows it."""

    episode: str
    title: Resource
    steps: list[dict[str, str]]
    todo: list[todo.StepLine]
    urgent: list[next_step.ActionLine]
    """What cannot wait; empty once the hospital has answered it."""
    leading: measurement.Leading | None
    chart: chart.Chart | None
    readings: list[measurement.Reading]
    aim: str
    last: measurement.Reading | None
    trend: str
    above: bool | None
    missing: list[str]
    """What the next visit has to bring, each thing once."""


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/patients/<patient_id>", "patient", patient)


def patient(patient_id: str) -> ResponseReturnValue:
    """Everything a clinician needs before the patient sits down."""
    with work(current_actor(), reading=True) as repo:
        record = repo.record_of(patient_id) or [repo.read(f"Patient/{patient_id}")]
        subject = next(one for one in record if one["resourceType"] == "Patient")
        enrolments = enrolment.enrolments(repo, f"Patient/{patient_id}")
        standings = evaluate_all(repo, enrolments, record=record)
        held = [_followed(one, record, repo.today) for one in standings.each]
        tasks = [one for one in record if one["resourceType"] == "Task" and one["status"] in OPEN]
        active = [
            one
            for one in record
            if one["resourceType"] == "MedicationRequest" and one["status"] == "active" and one["intent"] == "order"
        ]
        of = held[0].leading if held else _leading_of_any(repo)
        moments = timeline(record, of, language(), words_of(repo, record, language()))
        everything = "all" in request.args
        shown = {
            "person": present(subject, language(), repo.today),
            "emergency": patient_id in {one.split("/")[-1] for one in repo.actor.emergency},
            "establishment": facility_tree.name_of(subject.get("managingOrganization", {}).get("reference")),
            "pathways": held,
            "stricter": targets.present(standings, language()),
            "deciding": _deciding(tasks, enrolments),
            "treatment": [orders.present(one, language()) for one in active],
            "twice": orders.present_twice(active, language()),
            "tasks": sorted(
                ((_due(t), why(t, language())) for t in tasks if not is_kind(t, DECIDE, REFERRAL)), key=str
            ),
            "awaited": _awaited(record),
            "letters": [t["focus"]["reference"].split("/")[1] for t in tasks if is_kind(t, RETURN) and "focus" in t],
            "referrals": [referral.present(one, repo.now, language()) for one in tasks if is_kind(one, REFERRAL)],
            "moments": moments if everything else moments[:FIRST],
            "older": 0 if everything else max(len(moments) - FIRST, 0),
        }
    return render("pathways/patient.html", **shown)


def _awaited(record: list[Resource]) -> list[str]:
    """The examinations that were asked for and have no result yet, each once."""
    orders = (one for one in record if one["resourceType"] == "ServiceRequest" and one["status"] == "active")
    asked = (one["code"] for one in orders if not any(has_coding(c, ACTION_KIND) for c in one.get("category", ())))
    return list(dict.fromkeys(name for code in asked if (name := name_of(code, language()))))


def _deciding(tasks: list[Resource], held: list[enrolment.Enrolment]) -> str:
    """The Encounter whose next step waits for a decision; empty where none does."""
    found = [t for t in tasks if is_kind(t, DECIDE) and "focus" in t and any(_of(t, one) for one in held)]
    return str(found[0]["focus"]["reference"].split("/")[-1]) if found else ""


def _followed(standing: Standing, record: list[Resource], today: date) -> Followed:
    held = standing.enrolment
    of = measurement.leading(held.pathway)
    readings = measurement.readings(record, of, standing.on) if of else []
    aims = measurement.targets(standing.applied.frame.scope, of) if of else ()
    return Followed(
        episode=held.episode["id"],
        title=held.pathway,
        steps=_steps(standing),
        todo=todo.present(standing, record, today),
        urgent=[]
        if answered(standing)
        else [next_step.line(one) for one in standing.next_actions if one.urgent and one.kind != "test"],
        leading=of,
        chart=chart.draw(readings, aims, _changes(record)),
        readings=readings[::-1],
        aim=measurement.aim(aims, num),
        last=readings[-1] if readings else None,
        trend=measurement.direction(readings[-2], readings[-1]) if len(readings) > 1 else "",
        above=measurement.above(readings[-1].values, aims) if readings else None,
        missing=list(dict.fromkeys(one.reason or one.title for one in standing.missing)),
    )


def _of(task: Resource, held: enrolment.Enrolment) -> bool:
    """Whether a task belongs to an enrolment."""
    return f"CarePlan/{held.plan['id']}" in {item.get("reference") for item in task.get("basedOn", ())}


def _steps(standing: Standing) -> list[dict[str, str]]:
    """The line of stages. On the way over the hospital that way is the line: how far the patient had come at the
    health centre before is in the timeline, and nothing there counts as done because of the hospital."""
    away = [stage for stage in standing.stages if _away(stage)]
    straight = [one for one in standing.stages if not _away(one) and (one is standing.stage or not _branch(one))]
    line = away if standing.stage in away else straight
    here = line.index(standing.stage) if standing.stage in line else len(line)
    found = []
    for number, stage in enumerate(line):
        state = "now" if number == here else "done" if number < here else "next"
        found.append({"label": stage.title, "state": state, "note": ""})
    return found if here < len(line) else [step | {"state": "next"} for step in found]


def _away(stage: ActionOutcome) -> bool:
    return _there(stage) or stage.id == "return"


def _branch(stage: ActionOutcome) -> bool:
    """A stage beside the line: who has not been in it has not left it behind."""
    return extension(stage.action.source, BRANCH) is True


def _there(stage: ActionOutcome) -> bool:
    return "hospital" in stage.id


def _changes(record: list[Resource]) -> list[tuple[str, str]]:
    """(day, drug and dose) of every order that began, for the marks on the chart."""
    begun = [one for one in record if one["resourceType"] == "MedicationRequest" and one.get("intent") == "order"]
    lines = [orders.present(one, language()) for one in begun]
    return [(line.since, line.said) for line in lines if line.since]


def _leading_of_any(repo: Repository) -> measurement.Leading | None:
    """What to show of somebody who follows nothing any more: the measurement of the first pathway that has one."""
    return next((of for plan in pathways_in_force(repo) if (of := measurement.leading(plan))), None)


def _due(task: Resource) -> str:
    return str(task.get("restriction", {}).get("period", {}).get("end", ""))[:10]
