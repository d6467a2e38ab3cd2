"""What a decision stores besides the treatment: the diagnosis, the tests and measurements, the next visit.

What is awaited already is not asked for again (``pathways.results`` ends the wait when the result comes).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.clock import moment_text
from app.fhir.repository import Repository
from app.fhir.resource import Resource, concept, reference
from pathways.awaiting import known_by_now
from pathways.enrolment import visit_task
from pathways.progression import Standing
from pathways.provenance import signature
from pathways.results import RESULT, close_answered, complete, definitions_of, required, same
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
    still_open = close_answered(repo, standings.each[0].enrolment.patient)
    asked = [one for one in still_open if not _known(repo, standings, one)]
    for standing, outcome in standings.next_actions:
        if outcome.kind not in {DIAGNOSIS, *STORED_KINDS}:
            continue
        for number, proposed in enumerate(standing.proposed(outcome)):
            mark = form_identifier(form_key, f"{_name(standings, standing)}{outcome.id}-{number}")
            if any(same(one, proposed) for one in asked):
                continue
            asked.append(proposed)
            if outcome.kind == DIAGNOSIS:
                stored.append(repo.create(_diagnosis(repo, proposed, visit, mark)))
            else:
                titled = _titled(proposed, outcome.action.source)
                stored.append(repo.create(_request(repo, titled, standing.enrolment.plan, visit, mark)))
    if (task := _next_visit(repo, standings, form_key, another_day)) is not None:
        stored.append(repo.create(task))
    return stored


def _name(standings: Standings, standing: Standing) -> str:
    """What tells the actions of one pathway from those of the next in the keys of what they store."""
    number = standings.each.index(standing)
    return f"{number + 1}-" if number else ""


def _known(repo: Repository, standings: Standings, request: Resource) -> bool:
    """Whether what is asked for since it was missing is known by now, as the pathways see it: it is completed then."""
    asked = definitions_of(request)
    if not any(known_by_now(standing.applied, one) for standing in standings.each for one in asked):
        return False
    complete(repo, request, [])
    return True


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
        condition["recorder"] = signature(repo.actor)
    return condition


def _titled(proposed: Resource, source: Mapping[str, Any]) -> Resource:
    """A Task with the action's title as what is to be done."""
    if proposed["resourceType"] != "Task" or "title" not in source:
        return proposed
    plain = {key: value for key, value in proposed.items() if key not in ("description", "_description")}
    return plain | said_of(source)


def said_of(source: Mapping[str, Any]) -> Resource:
    """The title of an action as what a Task asks to do, in every language."""
    return {name: source[key] for name, key in (("description", "title"), ("_description", "_title")) if key in source}


def _request(repo: Repository, proposed: Resource, plan: Resource, visit: Visit, mark: Resource) -> Resource:
    request = {key: value for key, value in proposed.items() if key not in ("id", "meta")} | {
        "identifier": [mark],
        "basedOn": [{"reference": reference(plan)}],
        "status": "requested" if proposed["resourceType"] == "Task" else "active",
        "intent": "order",
        "encounter": {"reference": reference(visit.encounter)},
        "authoredOn": moment_text(repo.now),
    }
    if proposed["resourceType"] == "Task":
        if inputs := _results(repo, proposed):
            request["input"] = [*proposed.get("input", ()), *inputs]
        if repo.actor.organization:
            request["owner"] = {"reference": repo.actor.organization}
    return request


def _results(repo: Repository, task: Resource) -> list[Resource]:
    """The inputs of a Task that name the results it waits for, where its definition requires several."""
    definition = task.get("instantiatesCanonical")
    named = required(repo.canonical(definition)) if definition else []
    return [{"type": RESULT, "valueCodeableConcept": one} for one in named]


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
    return task | said_of(source)
