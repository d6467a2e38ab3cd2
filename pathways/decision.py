"""Deciding on the next step: accept it as proposed, or adapt it and say why. Either is done once, by one person.

What is stored: MedicationRequests started and stopped, tests ordered, tasks with their due dates, the decision itself
(the Task that waited for it), and the Provenance of it all. The physician decides; the system has explained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.clock import instant_text
from app.errors import Conflict, Forbidden, Invalid, Issue
from app.fhir.repository import Repository
from app.fhir.resource import Resource, concept, reference
from app.fhir.translation import translated
from pathways import treatment
from pathways.apply.outcome import ActionOutcome
from pathways.ordering import stored_besides
from pathways.progression import Standing
from pathways.provenance import record_act
from pathways.visit import Visit
from pathways.vocabulary import ADAPTATION, OPEN, form_identifier


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What differs from the proposal. ``orders``: the regimen instead (None: as proposed; empty: no treatment);
    ``keep_treatment``: nothing changes; ``next_visit``: another day. ``reason`` is a code of ``adaptation-reason``."""

    reason: str
    text: str = ""
    keep_treatment: bool = False
    orders: tuple[Resource, ...] | None = None
    next_visit: date | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision stored."""

    task: Resource
    started: tuple[Resource, ...] = ()
    stopped: tuple[Resource, ...] = ()
    tasks: tuple[Resource, ...] = ()


def proposed_change(repo: Repository, standing: Standing) -> treatment.Change | None:
    """What accepting the proposed treatment step would change; None when no step is proposed."""
    outcome = standing.treatment
    return None if outcome is None else _change(repo, standing, outcome, _orders(standing, outcome))


def decide(
    repo: Repository,
    visit: Visit,
    standing: Standing,
    *,
    form_key: str,
    seen: str,
    adaptation: Adaptation | None = None,
) -> Decision:
    """Accept the next step (or its adaptation) for a visit. The same form sent twice decides once.

    ``seen`` is the fingerprint on the page. Raises Conflict (decided already, or the proposal has changed since the
    page was opened), Forbidden (the treatment changes and the actor may not prescribe), Invalid (no reason given).
    """
    mark = form_identifier(form_key, "decided")
    task = repo.read(reference(visit.decision))
    if mark in task.get("identifier", []):
        return Decision(task)
    if task["status"] not in OPEN:
        raise Conflict("the next step of this visit has been decided already")
    if seen != standing.fingerprint:
        raise Conflict("the next step has changed since this page was opened: read it again before you decide")
    _refuse_unreasoned(adaptation, repo.today)
    change = _decided_change(repo, standing, adaptation)
    if change and not change.none and not repo.actor.may("visit:prescribe"):
        raise Forbidden("a change of treatment is decided by a physician")
    started = tuple(
        repo.create(_order(repo, order, visit, mark, n)) for n, order in enumerate(change.start if change else ())
    )
    stopped = tuple(repo.update(_stopped(order, adaptation)) for order in (change.stop if change else ()))
    tasks = tuple(stored_besides(repo, standing, visit, form_key, adaptation.next_visit if adaptation else None))
    closed = repo.update(_closed(repo, task, mark, standing, [*started, *stopped, *tasks], adaptation))
    _follow_version(repo, standing)
    act = "step-adapted" if adaptation else "step-accepted"
    why = adaptation.text or adaptation.reason if adaptation else None
    record_act(repo, act, [closed, *started, *stopped, *tasks], reason=why, encounter=reference(visit.encounter))
    return Decision(closed, started, stopped, tasks)


def _refuse_unreasoned(adaptation: Adaptation | None, today: date) -> None:
    if adaptation is None:
        return
    issues = []
    if not adaptation.reason:
        issues.append(Issue("choose why the step is adapted", "required", "reason"))
    if adaptation.reason == "other" and not adaptation.text.strip():
        issues.append(Issue("write why the step is adapted", "required", "text"))
    if adaptation.next_visit and adaptation.next_visit <= today:
        issues.append(Issue("the next visit has to be after today", "value", "next_visit"))
    if issues:
        raise Invalid("the adaptation cannot be recorded yet", issues=issues)


def _decided_change(repo: Repository, standing: Standing, adaptation: Adaptation | None) -> treatment.Change | None:
    outcome = standing.treatment
    if adaptation and adaptation.keep_treatment:
        return None
    if adaptation and adaptation.orders is not None:
        return _change(repo, standing, outcome, adaptation.orders)
    return None if outcome is None else _change(repo, standing, outcome, _orders(standing, outcome))


def _change(
    repo: Repository, standing: Standing, outcome: ActionOutcome | None, orders: Sequence[Resource]
) -> treatment.Change:
    active = treatment.current(repo, standing.enrolment.patient)
    managed = treatment.managed_drugs(outcome.frame.plan.source, repo.canonical) if outcome else frozenset()
    managed |= {drug for order in orders for drug in treatment.drugs(order)}
    return treatment.change(active, orders, frozenset(managed))


def _orders(standing: Standing, outcome: ActionOutcome) -> list[Resource]:
    return [one for one in standing.proposed(outcome) if one["resourceType"] == "MedicationRequest"]


def _order(repo: Repository, proposed: Resource, visit: Visit, mark: Resource, number: int) -> Resource:
    order = {key: value for key, value in proposed.items() if key not in ("id", "meta")} | {
        "identifier": [mark | {"value": f"{mark['value']}:{number}"}],
        "status": "active",
        "intent": "order",
        "encounter": {"reference": reference(visit.encounter)},
        "authoredOn": visit.encounter["period"]["start"],
    }
    if repo.actor.practitioner:
        order["requester"] = {"reference": repo.actor.practitioner, "display": repo.actor.name}
    return order


def _stopped(order: Resource, adaptation: Adaptation | None) -> Resource:
    why = (
        concept(ADAPTATION, adaptation.reason)
        if adaptation and adaptation.reason
        else {"text": "next step of the protocol"}
    )
    return order | {"status": "stopped", "statusReason": why}


def _closed(
    repo: Repository,
    task: Resource,
    mark: Resource,
    standing: Standing,
    made: Sequence[Resource],
    adaptation: Adaptation | None,
) -> Resource:
    """The decision's Task, done: its output says what was proposed and why, for the timeline and for later readers."""
    output = [{"type": {"text": "made"}, "valueReference": {"reference": reference(one)}} for one in made]
    for outcome in standing.next_actions:
        output.append({"type": {"text": "proposed"}, "valueString": outcome.id})
        if reason := outcome.reason_in("fr"):
            text = {"valueString": reason}
            output.append({"type": {"text": "why"}, **_with_arabic(text, outcome.reason_in("ar"))})
    closed = task | {
        "status": "completed",
        "identifier": [*task.get("identifier", []), mark],
        "instantiatesCanonical": standing.version,
        "businessStatus": {"text": "adapted" if adaptation else "accepted"},
        "lastModified": instant_text(repo.now),
        "output": output or [{"type": {"text": "proposed"}, "valueString": "nothing"}],
    }
    if adaptation:
        closed["statusReason"] = concept(ADAPTATION, adaptation.reason) | (
            {"text": adaptation.text} if adaptation.text else {}
        )
    if repo.actor.practitioner:
        closed["requester"] = {"reference": repo.actor.practitioner, "display": repo.actor.name}
    return closed


def _with_arabic(owner: Resource, text: str) -> Resource:
    return translated(owner, "valueString", {"ar": text}) if text else owner


def _follow_version(repo: Repository, standing: Standing) -> None:
    """The care plan follows the version in force from the decision on."""
    plan = repo.read(reference(standing.enrolment.plan))
    if plan.get("instantiatesCanonical") != [standing.version]:
        repo.update(plan | {"instantiatesCanonical": [standing.version]})
