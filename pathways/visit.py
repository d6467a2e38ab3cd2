"""Recording a visit: Encounter, QuestionnaireResponses and what was extracted, in one transaction, once.

A visit serves all pathways that the patient follows. It closes the tasks that waited for it and opens one for the
decision on the next step, so that nothing is lost when the page is closed before the step is accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from app.clock import moment_text
from app.errors import Conflict, Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource, coding, reference
from pathways.enrolment import Enrolment, refuse_dead, refuse_ended
from pathways.provenance import record_act, signature
from pathways.results import close_answered
from pathways.vocabulary import DECIDE, ENCOUNTER_CLASS, FORM, OPEN, RETURN, VISIT, form_identifier, is_kind, task_kind

Extract = Callable[[Sequence[Resource], Resource], Sequence[Resource]]
"""``extract(responses, encounter) -> resources``: what the stored QuestionnaireResponses say, ready to be stored."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What one visit stored: ``decision`` is the Task that waits for the next step to be accepted."""

    encounter: Resource
    responses: tuple[Resource, ...]
    resources: tuple[Resource, ...]
    decision: Resource


def record_visit(
    repo: Repository,
    enrolments: Sequence[Enrolment],
    responses: Sequence[Resource],
    extract: Extract,
    *,
    form_key: str,
    day: date | None = None,
) -> Visit:
    """Store a visit of today, or of an earlier day entered later. The same form sent twice is stored once.

    ``enrolments``: one or more of one patient; ``responses``: validated QuestionnaireResponses without id, one for each
    form that was asked. Raises Conflict (the patient has died, an enrolment has ended), Invalid (a day in the future,
    or before the birth).
    """
    if (encounter := sent_before(repo, form_key)) is not None:
        return of_encounter(repo, encounter)
    patient = repo.read(enrolments[0].patient)
    refuse_dead(patient)
    for enrolment in enrolments:
        refuse_ended(enrolment)
    on = day or repo.today
    if on > repo.today:
        raise Invalid("a visit cannot be in the future", expression="day")
    if on.isoformat()[: len(patient.get("birthDate", ""))] < patient.get("birthDate", ""):
        raise Invalid("a visit cannot be before the birth", expression="day")
    encounter = repo.create(
        _encounter(repo, enrolments, form_key, on), if_none_exist=f"identifier={FORM}|{form_key}:visit"
    )
    links = {"subject": enrolments[0].episode["patient"], "encounter": {"reference": reference(encounter)}}
    stored = tuple(
        repo.create(response | links | {"identifier": _response_identifier(form_key, number)})
        for number, response in enumerate(responses)
    )
    resources = tuple(repo.create(resource) for resource in extract(stored, encounter))
    _close_waiting(repo, enrolments, encounter)
    close_answered(repo, enrolments[0].patient, reference(encounter))
    decision = repo.create(_decision(repo, enrolments, encounter, form_key))
    record_act(repo, "visit", [encounter, *stored, *resources], encounter=reference(encounter))
    return Visit(encounter, stored, resources, decision)


def sent_before(repo: Repository, form_key: str) -> Resource | None:
    """The Encounter that this very form made when it was sent the first time."""
    return repo.first(f"Encounter?identifier={FORM}|{form_key}:visit")


def of_encounter(repo: Repository, encounter: Resource) -> Visit:
    """A visit that is stored, from its Encounter. Raises Conflict when parts of it are missing."""
    of = f"encounter={reference(encounter)}"
    responses = repo.search(f"QuestionnaireResponse?{of}&_sort=authored,_id&_count=50").resources
    decision = repo.first(f"Task?{of}&code={task_kind(DECIDE)['coding'][0]['code']}")
    if not responses or decision is None:
        raise Conflict("this consultation was not recorded through a visit form")
    extracted = repo.search(f"Observation?{of}&_count=200").resources
    return Visit(encounter, tuple(responses), tuple(extracted), decision)


def day_of_visit(encounter: Resource) -> date:
    """The day on which a visit took place."""
    return date.fromisoformat(encounter["period"]["start"][:10])


def _response_identifier(form_key: str, number: int) -> Resource:
    """The first form's is that of a visit with one form: what is extracted is named after it."""
    return form_identifier(form_key, f"response-{number + 1}" if number else "response")


def _encounter(repo: Repository, enrolments: Sequence[Enrolment], form_key: str, on: date) -> Resource:
    begun = moment_text(repo.now) if on == repo.today else on.isoformat()
    encounter: Resource = {
        "resourceType": "Encounter",
        "identifier": [form_identifier(form_key, "visit")],
        "status": "finished",
        "class": coding(ENCOUNTER_CLASS, "AMB", "ambulatory"),
        "subject": enrolments[0].episode["patient"],
        "episodeOfCare": [{"reference": reference(one.episode)} for one in enrolments],
        "period": {"start": begun, "end": begun},
    }
    if repo.actor.organization:
        encounter["serviceProvider"] = {"reference": repo.actor.organization}
    if repo.actor.practitioner:
        encounter["participant"] = [{"individual": signature(repo.actor)}]
    return encounter


def _close_waiting(repo: Repository, enrolments: Sequence[Enrolment], encounter: Resource) -> None:
    """Complete the tasks that this visit answers: those waiting for a visit, and decisions that it overtakes."""
    plans = ",".join(reference(one.plan) for one in enrolments)
    for task in list(repo.search_all(f"Task?based-on={plans}&status={','.join(OPEN)}")):
        if is_kind(task, VISIT, RETURN):
            done = {"status": "completed", "encounter": {"reference": reference(encounter)}}
            repo.update(task | done | {"lastModified": moment_text(repo.now)})
        elif is_kind(task, DECIDE):
            passed = {"status": "cancelled", "statusReason": {"text": "overtaken by a later visit"}}
            repo.update(task | passed | {"lastModified": moment_text(repo.now)})


def _decision(repo: Repository, enrolments: Sequence[Enrolment], encounter: Resource, form_key: str) -> Resource:
    task: Resource = {
        "resourceType": "Task",
        "identifier": [form_identifier(form_key, "decision")],
        "basedOn": [{"reference": reference(one.plan)} for one in enrolments],
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "code": task_kind(DECIDE),
        "focus": {"reference": reference(encounter)},
        "for": enrolments[0].episode["patient"],
        "encounter": {"reference": reference(encounter)},
        "authoredOn": moment_text(repo.now),
        "restriction": {"period": {"start": repo.today.isoformat(), "end": repo.today.isoformat()}},
    }
    if repo.actor.organization:
        task["owner"] = {"reference": repo.actor.organization}
    return task
