"""What a decision stores besides the treatment: the diagnosis, the tests and measurements, the next visit.

A test that is awaited already is not ordered again (``record_visit`` ends the wait when the result comes).
"""

from __future__ import annotations

from datetime import date

from app.clock import instant_text
from app.fhir.repository import Repository
from app.fhir.resource import Resource, concept, reference
from pathways.apply.outcome import ActionOutcome
from pathways.enrolment import visit_task
from pathways.progression import FOLLOW_UP, Standing
from pathways.visit import Visit
from pathways.vocabulary import TASK_KIND, form_identifier

STORED_KINDS = {"test", "measure"}
"""Kinds whose requests are stored as they were proposed."""
DIAGNOSIS = "diagnosis"
CONDITION_CODES = "http://terminology.hl7.org/CodeSystem/condition-"


def stored_besides(
    repo: Repository, standing: Standing, visit: Visit, form_key: str, another_day: date | None
) -> list[Resource]:
    """Store what the taken actions ask for. ``another_day``: of the next visit, instead of the protocol's."""
    stored: list[Resource] = []
    awaited = _awaited(repo, standing.enrolment.patient)
    followed = False
    for outcome in standing.next_actions:
        if outcome.kind == DIAGNOSIS:
            for number, proposed in enumerate(standing.proposed(outcome)):
                mark = form_identifier(form_key, f"{outcome.id}-{number}")
                stored.append(repo.create(_diagnosis(repo, proposed, visit, mark)))
        elif outcome.kind in STORED_KINDS:
            for number, proposed in enumerate(standing.proposed(outcome)):
                if not _definitions(proposed) & awaited:
                    mark = form_identifier(form_key, f"{outcome.id}-{number}")
                    stored.append(repo.create(_request(repo, proposed, visit, mark)))
        elif outcome.kind == FOLLOW_UP and outcome.due.latest:
            start, end = outcome.due.earliest or outcome.due.latest, outcome.due.latest
            if another_day:
                start = end = another_day
            mark = form_identifier(form_key, f"{outcome.id}-visit")
            stored.append(repo.create(_next_visit(repo, standing, mark, start, end, outcome)))
            followed = True
    if another_day and not followed:
        mark = form_identifier(form_key, "another-visit")
        stored.append(repo.create(_next_visit(repo, standing, mark, another_day, another_day, None)))
    return stored


def _awaited(repo: Repository, patient: str) -> set[str]:
    """Definitions of the tests that are ordered and have no result yet."""
    orders = repo.search_all(f"ServiceRequest?patient={patient}&status=active")
    return {definition for order in orders for definition in _definitions(order)}


def _definitions(request: Resource) -> set[str]:
    """The definitions that a request comes from, whatever their version."""
    return {
        url.partition("|")[0] for url in request.get("instantiatesCanonical", ()) if request["resourceType"] != "Task"
    }


def _diagnosis(repo: Repository, proposed: Resource, visit: Visit, mark: Resource) -> Resource:
    """The Condition that an accepted diagnosis is: the codes of the proposal that name a disease."""
    named = [one for one in proposed["code"]["coding"] if one.get("system") != TASK_KIND]
    condition: Resource = {
        "resourceType": "Condition",
        "identifier": [mark],
        "clinicalStatus": concept(f"{CONDITION_CODES}clinical", "active"),
        "verificationStatus": concept(f"{CONDITION_CODES}ver-status", "confirmed"),
        "category": [concept(f"{CONDITION_CODES}category", "problem-list-item")],
        "code": {"coding": named},
        "subject": visit.encounter["subject"],
        "encounter": {"reference": reference(visit.encounter)},
        "recordedDate": visit.encounter["period"]["start"],
    }
    if repo.actor.practitioner:
        condition["recorder"] = {"reference": repo.actor.practitioner, "display": repo.actor.name}
    return condition


def _request(repo: Repository, proposed: Resource, visit: Visit, mark: Resource) -> Resource:
    request = {key: value for key, value in proposed.items() if key not in ("id", "meta")} | {
        "identifier": [mark],
        "status": "requested" if proposed["resourceType"] == "Task" else "active",
        "intent": "order",
        "encounter": {"reference": reference(visit.encounter)},
        "authoredOn": instant_text(repo.now),
    }
    if proposed["resourceType"] == "Task" and repo.actor.organization:
        request["owner"] = {"reference": repo.actor.organization}
    return request


def _next_visit(
    repo: Repository, standing: Standing, mark: Resource, start: date, end: date, outcome: ActionOutcome | None
) -> Resource:
    task = visit_task(repo, standing.enrolment.plan, mark, start.isoformat(), end.isoformat())
    source = outcome.action.source if outcome else {}
    return task | {
        name: source[key] for name, key in (("description", "title"), ("_description", "_title")) if key in source
    }
