"""The side that refers: write the request with what the record knows, send it, ask for it back."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.clock import moment_text
from app.errors import Conflict, Invalid, Issue
from app.fhir.repository import Repository
from app.fhir.resource import Resource, concept, reference
from pathways.provenance import record_act, signature
from pathways.referral import moves
from pathways.referral.deadlines import deadline
from pathways.referral.summary import Drawn, told
from pathways.vocabulary import ACTION_KIND, FORM, REFERRAL, form_identifier, kind_token, task_kind

URGENCIES = ("routine", "urgent", "stat")
ON_ITS_WAY = "received,accepted,in-progress"
"""Task statuses of a referral that is not ended, for a search."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the one who refers writes.

    ``recipient`` is the hospital (``Organization/…``), ``encounter`` the visit it comes from, ``supporting`` the
    resources that the summary was drawn from, ``care_plan`` the pathway that it belongs to. ``drawn``: what was
    proposed to write; what of it stands in reason and summary is told in the other language too. ``language``: of the
    writer.
    """

    patient: str
    recipient: str
    urgency: str
    reason: str
    summary: str
    encounter: str | None = None
    care_plan: str | None = None
    supporting: tuple[str, ...] = field(default_factory=tuple)
    definition: str | None = None
    drawn: Drawn = field(default_factory=Drawn)
    language: str = "fr"


def send(repo: Repository, request: Request, *, form_key: str) -> Resource:
    """Send a referral; its Task comes back. A form sent twice gives the Task of the first time.

    Raises Invalid (nothing to act on in the request), Conflict (one is already on its way to the same establishment).
    """
    if sent := repo.first(f"Task?identifier={FORM}|{form_key}:task"):
        return sent
    _refuse_unusable(request)
    _refuse_second(repo, request)
    order = repo.create(_order(repo, request, form_key))
    draft = _task(repo, request, order, form_key)
    move = moves.find(draft, moves.SEND, moves.INITIATOR)
    limit = deadline(move.after[1], request.urgency, repo.now)
    task = repo.create(
        moves.made(draft, move) | ({"restriction": {"period": {"end": moment_text(limit)}}} if limit else {})
    )
    record_act(repo, "referral", [order, task], encounter=request.encounter)
    return task


def _refuse_unusable(request: Request) -> None:
    issues = []
    if request.urgency not in URGENCIES:
        issues.append(Issue("say how urgent the referral is", "required", "urgency"))
    if not request.reason.strip():
        issues.append(Issue("say why the patient is referred", "required", "reason"))
    if not request.recipient:
        issues.append(Issue("choose the establishment that is to receive the patient", "required", "recipient"))
    if issues:
        raise Invalid("the referral cannot be sent yet", issues=issues)


def _refuse_second(repo: Repository, request: Request) -> None:
    for task in repo.search_all(f"Task?patient={request.patient}&code={kind_token(REFERRAL)}&status={ON_ITS_WAY}"):
        if task.get("owner", {}).get("reference") == request.recipient:
            raise Conflict(
                "a referral of this patient to this establishment is already on its way", task=reference(task)
            )


def _order(repo: Repository, request: Request, form_key: str) -> Resource:
    order: Resource = {
        "resourceType": "ServiceRequest",
        "language": request.language,
        "identifier": [form_identifier(form_key, "order")],
        "status": "active",
        "intent": "order",
        "category": [concept(ACTION_KIND, "referral")],
        "priority": request.urgency,
        "code": concept("http://snomed.info/sct", "3457005", "Patient referral"),
        "subject": {"reference": request.patient},
        "authoredOn": moment_text(repo.now),
        "performer": [{"reference": request.recipient}],
        "reasonCode": [_told(request, disease_of(repo, request.care_plan) | {"text": request.reason.strip()})],
    }
    if repo.actor.practitioner:
        order["requester"] = signature(repo.actor)
    if request.encounter:
        order["encounter"] = {"reference": request.encounter}
    if request.care_plan:
        order["basedOn"] = [{"reference": request.care_plan}]
    if request.definition:
        order["instantiatesCanonical"] = [request.definition]
    if request.supporting:
        order["supportingInfo"] = [{"reference": item} for item in request.supporting]
    if request.summary.strip():
        order["note"] = [_told(request, {"text": request.summary.strip(), "time": moment_text(repo.now)})]
    return order


def _told(request: Request, owner: Resource, field: str = "text") -> Resource:
    return told(owner, field, request.drawn, request.language)


def _task(repo: Repository, request: Request, order: Resource, form_key: str) -> Resource:
    based = [{"reference": reference(order)}] + ([{"reference": request.care_plan}] if request.care_plan else [])
    task: Resource = {
        "resourceType": "Task",
        "language": request.language,
        "identifier": [form_identifier(form_key, "task")],
        "basedOn": based,
        "status": "draft",
        "intent": "order",
        "priority": request.urgency,
        "code": task_kind(REFERRAL),
        "reasonCode": order["reasonCode"][0],
        "description": request.reason.strip(),
        "focus": {"reference": reference(order)},
        "for": {"reference": request.patient},
        "authoredOn": moment_text(repo.now),
        "lastModified": moment_text(repo.now),
        "requester": {"reference": repo.actor.organization or "Organization/unknown"},
        "owner": {"reference": request.recipient},
    }
    return _told(request, task, "description")


def disease_of(repo: Repository, care_plan: str | None) -> Resource:
    """The codes of the disease that the pathway of a care plan is about (``useContext`` of kind focus), as a concept.

    It tells a patient's pathways apart: each counts the referrals for its own disease.
    """
    plan = repo.find(care_plan) if care_plan else None
    for canonical in (plan or {}).get("instantiatesCanonical", ()):
        for context in repo.canonical(canonical).get("useContext", ()):
            if context["code"].get("code") == "focus" and "coding" in context.get("valueCodeableConcept", {}):
                return {"coding": context["valueCodeableConcept"]["coding"]}
    return {}
