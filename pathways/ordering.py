"""What a decision stores besides the treatment: the diagnosis, the tests and measurements, the next visit.

A test that is awaited already is not ordered again (``record_visit`` ends the wait when the result comes).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.clock import moment_text
from app.fhir.repository import Repository
from app.fhir.resource import Resource, codings, concept, reference
from pathways.enrolment import visit_task
from pathways.progression import Standing
from pathways.risk import risk
from pathways.together.standings import Standings
from pathways.visit import Visit
from pathways.vocabulary import TASK_KIND, form_identifier

STORED_KINDS = {"test", "measure"}
"""Kinds whose requests are stored as they were proposed."""
DIAGNOSIS = "diagnosis"
CONDITION_CODES = "http://terminology.hl7.org/CodeSystem/condition-"


def stored_besides(
    repo: Repository, standings: Standings, visit: Visit, form_key: str, another_day: date | None
) -> list[Resource]:
    """Store what the taken actions ask for. ``another_day``: of the next visit, instead of the protocol's.

    What two pathways ask for is stored once: a disease, a test, a measurement, and the one next visit.
    """
    stored: list[Resource] = []
    awaited = _awaited(repo, standings.each[0].enrolment.patient)
    for standing, outcome in standings.next_actions:
        if outcome.kind not in {DIAGNOSIS, *STORED_KINDS}:
            continue
        for number, proposed in enumerate(standing.proposed(outcome)):
            mark = form_identifier(form_key, f"{_name(standings, standing)}{outcome.id}-{number}")
            asked = asked_for(proposed)
            if asked & awaited:
                continue
            awaited |= asked
            if outcome.kind == DIAGNOSIS:
                stored.append(repo.create(_diagnosis(repo, proposed, visit, mark)))
            else:
                stored.append(repo.create(_request(repo, _titled(proposed, outcome.action.source), visit, mark)))
    if (task := _next_visit(repo, standings, form_key, another_day)) is not None:
        stored.append(repo.create(task))
    return stored


def _name(standings: Standings, standing: Standing) -> str:
    """What tells the actions of one pathway from those of the next in the keys of what they store."""
    number = standings.each.index(standing)
    return f"{number + 1}-" if number else ""


def _awaited(repo: Repository, patient: str) -> set[str]:
    """The tests that are ordered and have no result yet: their definitions and their codes."""
    orders = repo.search_all(f"ServiceRequest?patient={patient}&status=active")
    return {one for order in orders for one in asked_for(order)}


def asked_for(request: Resource) -> set[str]:
    """What a request asks for, by which it is recognised: the definition it comes from, and for a test its codes.

    Tasks are told apart by all their codes together: kinds such as *measure* are shared by different measurements.
    """
    if request["resourceType"] == "Task":
        named = sorted(f"{system}|{code}" for system, code in codings(request.get("code")))
        return {f"{' '.join(named)} {_definition(request)}"}
    found = {url.partition("|")[0] for url in request.get("instantiatesCanonical", ())}
    return found | {f"{system}|{code}" for system, code in codings(request.get("code"))}


def _definition(task: Resource) -> str:
    return str(task.get("instantiatesCanonical", "")).partition("|")[0]


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


def _titled(proposed: Resource, source: Mapping[str, Any]) -> Resource:
    """A Task with the action's title as what is to be done."""
    if proposed["resourceType"] != "Task" or "title" not in source:
        return proposed
    plain = {key: value for key, value in proposed.items() if key not in ("description", "_description")}
    said = {name: source[key] for name, key in (("description", "title"), ("_description", "_title")) if key in source}
    return plain | said


def _request(repo: Repository, proposed: Resource, visit: Visit, mark: Resource) -> Resource:
    request = {key: value for key, value in proposed.items() if key not in ("id", "meta")} | {
        "identifier": [mark],
        "status": "requested" if proposed["resourceType"] == "Task" else "active",
        "intent": "order",
        "encounter": {"reference": reference(visit.encounter)},
        "authoredOn": moment_text(repo.now),
    }
    if proposed["resourceType"] == "Task" and repo.actor.organization:
        request["owner"] = {"reference": repo.actor.organization}
    return request


def _next_visit(repo: Repository, standings: Standings, form_key: str, another_day: date | None) -> Resource | None:
    """The Task of the one next visit, for all pathways; None where none of them asks for one."""
    window = standings.next_visit
    if window is None and another_day is None:
        return None
    plans = [one.enrolment.plan for one in standings.each]
    source: Mapping[str, Any] = {}
    name = "another-visit"
    start = end = another_day or repo.today
    if window is not None:
        standing, outcome = window.by
        source, name = outcome.action.source, f"{_name(standings, standing)}{outcome.id}-visit"
        if another_day is None:
            start, end = window.start, window.end
    mark = form_identifier(form_key, name)
    task = visit_task(repo, plans, mark, start.isoformat(), end.isoformat(), risk(standings))
    if "/ActivityDefinition/" in (definition := source.get("definitionCanonical", "")):
        task["instantiatesCanonical"] = definition
    return task | {
        name: source[key] for name, key in (("description", "title"), ("_description", "_title")) if key in source
    }
