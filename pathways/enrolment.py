"""Enrolment: a patient begins a pathway (EpisodeOfCare + CarePlan + the first Task), and ends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.clock import moment_text
from app.errors import Conflict, Duplicate, Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical, extension, reference
from pathways.provenance import record_act, signature
from pathways.vocabulary import FORM, OPEN, PATHWAY, RISK, UNKNOWN, VISIT, form_identifier, kind_token, task_kind


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One enrolment: ``episode`` (EpisodeOfCare), ``plan`` (CarePlan), ``pathway`` (PlanDefinition)."""

    episode: Resource
    plan: Resource
    pathway: Resource

    @property
    def patient(self) -> str:
        """``Patient/…``"""
        return str(self.episode["patient"]["reference"])


def enrol(repo: Repository, pathway_url: str, patient_reference: str, *, form_key: str) -> Enrolment:
    """Enrol a patient in the version of a pathway that is in force; a first visit falls due today.

    The same form sent twice enrols once. Raises Conflict (the patient has died), Duplicate (already enrolled),
    Invalid (no such pathway in force), NotFound.
    """
    if same := repo.first(f"EpisodeOfCare?identifier={FORM}|{form_key}"):
        return of_episode(repo, same)
    patient = repo.read(patient_reference)
    refuse_dead(patient)
    pathway = repo.canonical(pathway_url)
    if pathway.get("status") != "active":
        raise Invalid("this pathway is not in force")
    if repo.first(f"EpisodeOfCare?patient={patient_reference}&pathway={pathway['url']}&status=active,onhold"):
        raise Duplicate("the patient follows this pathway already")
    episode = repo.create(
        _episode(repo, pathway, patient_reference, form_key), if_none_exist=f"identifier={FORM}|{form_key}"
    )
    plan = repo.create(_plan(repo, pathway, episode, form_key))
    task = _joined_visit(repo, plan) or repo.create(first_visit(repo, plan, form_key))
    record_act(repo, "enrolment", [episode, plan, task])
    return Enrolment(episode, plan, pathway)


def _joined_visit(repo: Repository, plan: Resource) -> Resource | None:
    """The visit that another pathway waits for serves this one too, and is due today at the latest."""
    query = f"Task?patient={plan['subject']['reference']}&code={kind_token(VISIT)}&status={','.join(OPEN)}&_sort=due"
    waiting = repo.first(query)
    if waiting is None or "basedOn" not in waiting:
        return None
    today, period = repo.today.isoformat(), waiting.get("restriction", {}).get("period", {})
    sooner = {"start": min(period.get("start", today), today), "end": min(period.get("end", today), today)}
    based = [*waiting["basedOn"], {"reference": reference(plan)}]
    changed = {"basedOn": based, "restriction": {"period": sooner}, "lastModified": moment_text(repo.now)}
    return repo.update(waiting | changed)


def refuse_dead(patient: Resource) -> None:
    """Raise Conflict when the patient is recorded as dead."""
    if patient.get("deceasedBoolean") or patient.get("deceasedDateTime"):
        if day := str(patient.get("deceasedDateTime", ""))[:10]:
            raise Conflict("the patient is recorded as dead since {day}: no new act can be recorded", day=day)
        raise Conflict("the patient is recorded as dead: no new act can be recorded")


def refuse_ended(enrolment: Enrolment) -> None:
    """Raise Conflict when the patient does not follow the pathway any more."""
    if enrolment.episode["status"] not in ("active", "onhold"):
        raise Conflict("the patient does not follow this pathway any more")


def enrolments(repo: Repository, patient_reference: str, *, ended: bool = False) -> list[Enrolment]:
    """The enrolments of a patient that run, oldest first; ``ended``: those that have ended."""
    status = "finished,cancelled" if ended else "active,onhold"
    episodes = repo.search(f"EpisodeOfCare?patient={patient_reference}&status={status}&_sort=date&_count=50").resources
    return [of_episode(repo, episode) for episode in episodes if extension(episode, PATHWAY)]


def of_task(repo: Repository, task: Resource) -> Enrolment | None:
    """The running enrolment that a task belongs to (its care plan), else the patient's first; None without any."""
    held = enrolments(repo, task["for"]["reference"])
    plans = {item.get("reference") for item in task.get("basedOn", ())}
    return next((one for one in held if reference(one.plan) in plans), held[0] if held else None)


def of_encounter(repo: Repository, encounter: Resource) -> list[Enrolment]:
    """The enrolments that a visit serves: those that still run, or all of them when none does any more."""
    named = [one["reference"] for one in encounter.get("episodeOfCare", ())]
    held = [of_episode(repo, episode) for episode in repo.read_many(named).values() if extension(episode, PATHWAY)]
    held.sort(key=lambda one: named.index(reference(one.episode)))
    return [one for one in held if one.episode["status"] in ("active", "onhold")] or held


def of_episode(repo: Repository, episode: Resource) -> Enrolment:
    """The whole enrolment from its episode."""
    plan = repo.first(f"CarePlan?patient={episode['patient']['reference']}&identifier={FORM}|{_key(episode)}:plan")
    if plan is None:
        raise Conflict("the care plan of this enrolment is missing", episode=reference(episode))
    return Enrolment(episode, plan, repo.canonical(extension(episode, PATHWAY)))


def end(repo: Repository, enrolment: Enrolment, *, reason: str, status: str = "finished") -> Enrolment:
    """End an enrolment: episode and plan are closed, its open tasks are cancelled with the reason.

    A task that serves another pathway too goes on for that one alone.
    """
    if not reason.strip():
        raise Invalid("say why the pathway ends", expression="reason")
    day = repo.today.isoformat()
    episode = repo.update(enrolment.episode | {"status": status, "period": enrolment.episode["period"] | {"end": day}})
    plan = repo.update(enrolment.plan | {"status": "completed", "period": enrolment.plan["period"] | {"end": day}})
    open_tasks = list(repo.search_all(f"Task?based-on={reference(plan)}&status={','.join(OPEN)}"))
    closed = [repo.update(_left(repo, task, plan, reason.strip())) for task in open_tasks]
    record_act(repo, "enrolment-end", [episode, plan, *closed], reason=reason.strip())
    return Enrolment(episode, plan, enrolment.pathway)


def _left(repo: Repository, task: Resource, plan: Resource, reason: str) -> Resource:
    """An open task after the end of one of the plans that it serves."""
    others = [one for one in task["basedOn"] if one.get("reference") != reference(plan)]
    if others:
        return task | {"basedOn": others}
    moment = moment_text(repo.now)
    return task | {"status": "cancelled", "statusReason": {"text": reason}, "lastModified": moment}


def first_visit(repo: Repository, plan: Resource, form_key: str) -> Resource:
    """The Task of the visit with which a pathway begins."""
    return visit_task(
        repo, [plan], form_identifier(form_key, "first-visit"), repo.today.isoformat(), repo.today.isoformat()
    )


def visit_task(
    repo: Repository, plans: Sequence[Resource], identifier: Resource, start: str, end: str, risk: int = UNKNOWN
) -> Resource:
    """A Task that waits for a visit between two days, at the establishment of the actor; ``plans`` that it serves,
    ``risk`` of the patient as it is known now (``pathways.risk``)."""
    task: Resource = {
        "resourceType": "Task",
        "extension": [{"url": RISK, "valueInteger": risk}],
        "identifier": [identifier],
        "basedOn": [{"reference": reference(plan)} for plan in plans],
        "status": "requested",
        "intent": "order",
        "priority": "routine",
        "code": task_kind(VISIT),
        "for": plans[0]["subject"],
        "authoredOn": moment_text(repo.now),
        "restriction": {"period": {"start": start, "end": end}},
    }
    if repo.actor.organization:
        task["owner"] = {"reference": repo.actor.organization}
        task["requester"] = {"reference": repo.actor.practitioner or repo.actor.organization}
    return task


def _episode(repo: Repository, pathway: Resource, patient: str, form_key: str) -> Resource:
    episode: Resource = {
        "resourceType": "EpisodeOfCare",
        "extension": [{"url": PATHWAY, "valueCanonical": pathway["url"]}],
        "identifier": [form_identifier(form_key)],
        "status": "active",
        "patient": {"reference": patient},
        "period": {"start": repo.today.isoformat()},
    }
    if repo.actor.organization:
        episode["managingOrganization"] = {"reference": repo.actor.organization}
    if repo.actor.practitioner:
        episode["careManager"] = signature(repo.actor)
    return episode


def _plan(repo: Repository, pathway: Resource, episode: Resource, form_key: str) -> Resource:
    plan: Resource = {
        "resourceType": "CarePlan",
        "identifier": [form_identifier(form_key, "plan")],
        "instantiatesCanonical": [canonical(pathway)],
        "status": "active",
        "intent": "plan",
        "title": pathway.get("title", pathway["url"]),
        "subject": episode["patient"],
        "period": {"start": repo.today.isoformat()},
        "created": repo.today.isoformat(),
        "supportingInfo": [{"reference": reference(episode)}],
    }
    if "_title" in pathway:
        plan["_title"] = pathway["_title"]
    if repo.actor.practitioner:
        plan["author"] = signature(repo.actor)
    return plan


def _key(episode: Resource) -> str:
    return str(next(i["value"] for i in episode["identifier"] if i.get("system") == FORM))
