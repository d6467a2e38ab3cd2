"""Deciding on the next step: accept it as proposed, or adapt it and say why. Either is done once, by one person.

What is stored: MedicationRequests started and stopped, tests ordered, tasks with their due dates, the decision itself
(the Task that waited for it), and the Provenance of it all. The physician decides; the system has explained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.clock import moment_text
from app.errors import Conflict, Forbidden, Invalid, Issue
from app.fhir.repository import Repository
from app.fhir.resource import Resource, concept, reference
from app.fhir.translation import translated
from pathways import treatment
from pathways.ordering import stored_besides
from pathways.progression import Standing
from pathways.provenance import record_act, signature
from pathways.together.standings import Proposed, Standings
from pathways.visit import Visit
from pathways.vocabulary import ADAPTATION, OPEN, form_identifier


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What differs from the proposal. ``orders``: the regimen instead (None: as proposed; empty: no treatment);
    ``keep_treatment``: nothing changes; ``pathway``: the one (its canonical address) whose treatment differs, while the
    others' is as proposed (empty: all); ``next_visit``: another day. ``reason`` is a code of ``adaptation-reason``."""

    reason: str
    text: str = ""
    keep_treatment: bool = False
    orders: tuple[Resource, ...] | None = None
    next_visit: date | None = None
    pathway: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision stored."""

    task: Resource
    started: tuple[Resource, ...] = ()
    stopped: tuple[Resource, ...] = ()
    tasks: tuple[Resource, ...] = ()


def proposed_change(repo: Repository, standings: Standings) -> treatment.Change | None:
    """What accepting the proposed treatment steps would change; None when no step is proposed."""
    return change_by(repo, standings, None)


def change_by(repo: Repository, standings: Standings, adaptation: Adaptation | None) -> treatment.Change | None:
    """What the proposal, or its adaptation, changes in the treatment; None when it leaves the treatment alone.

    The orders become equal to the regimens of all steps together: what one pathway's regimen holds is not stopped by
    another's, and is not started twice.
    """
    kept = adaptation.pathway if adaptation and adaptation.keep_treatment else None
    proposed = [] if kept == "" else [one for one in standings.treatments if one[0].enrolment.pathway["url"] != kept]
    instead: Sequence[Resource] | None = adaptation.orders if adaptation and not adaptation.keep_treatment else None
    managed: frozenset[treatment.Drug] = frozenset()
    orders: dict[object, Resource] = {}
    for standing, outcome in proposed:
        managed |= treatment.managed_drugs(outcome.frame.plan.source, repo.canonical)
        if instead is None or (adaptation and adaptation.pathway not in ("", standing.enrolment.pathway["url"])):
            orders |= {treatment.key(one): one for one in _orders((standing, outcome))}
    for one in instead or ():
        orders[treatment.key(one)] = one
        managed |= frozenset(treatment.drugs(one))
    if not proposed and instead is None:
        return None
    active = treatment.current(repo, standings.each[0].enrolment.patient)
    return treatment.change(active, list(orders.values()), managed)


def decide(
    repo: Repository,
    visit: Visit,
    standings: Standings,
    *,
    form_key: str,
    seen: str,
    adaptation: Adaptation | None = None,
) -> Decision:
    """Accept the next step (or its adaptation) of all pathways for a visit. The same form sent twice decides once.

    ``seen`` is the fingerprint on the page. Raises Conflict (decided already, or the proposal has changed since the
    page was opened), Forbidden (the treatment changes and the actor may not prescribe), Invalid (no reason given).
    """
    mark = form_identifier(form_key, "decided")
    task = repo.read(reference(visit.decision))
    if mark in task.get("identifier", []):
        return Decision(task)
    if task["status"] not in OPEN:
        raise Conflict("the next step of this visit has been decided already")
    if seen != standings.fingerprint:
        raise Conflict("the next step has changed since this page was opened: read it again before you decide")
    _refuse_unreasoned(adaptation, repo.today)
    if adaptation and adaptation.orders is not None and not adaptation.pathway and len(standings.each) > 1:
        raise Invalid("say which pathway's treatment is another one", expression="orders")
    change = change_by(repo, standings, adaptation)
    if change and not change.none and not repo.actor.may("visit:prescribe"):
        raise Forbidden("a change of treatment is decided by a physician")
    started = tuple(
        repo.create(_order(repo, order, visit, mark, n)) for n, order in enumerate(change.start if change else ())
    )
    stopped = tuple(repo.update(_stopped(order, adaptation)) for order in (change.stop if change else ()))
    tasks = tuple(stored_besides(repo, standings, visit, form_key, adaptation.next_visit if adaptation else None))
    closed = repo.update(_closed(repo, task, mark, standings, [*started, *stopped, *tasks], adaptation))
    for standing in standings.each:
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


def _orders(proposed: Proposed) -> list[Resource]:
    standing, outcome = proposed
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
        order["requester"] = signature(repo.actor)
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
    standings: Standings,
    made: Sequence[Resource],
    adaptation: Adaptation | None,
) -> Resource:
    """The decision's Task, done: its output says what was proposed and why, for the timeline and for later readers."""
    output: list[Resource] = [
        {"type": {"text": "made"}, "valueReference": {"reference": reference(one)}} for one in made
    ]
    output += [{"type": {"text": "version"}, "valueCanonical": one.version} for one in standings.each[1:]]
    for _, outcome in standings.next_actions:
        output.append({"type": {"text": "proposed"}, "valueString": outcome.id})
        if reason := outcome.reason_in("fr"):
            text = {"valueString": reason}
            output.append({"type": {"text": "why"}, **_with_arabic(text, outcome.reason_in("ar"))})
    closed = task | {
        "status": "completed",
        "identifier": [*task.get("identifier", []), mark],
        "instantiatesCanonical": standings.each[0].version,
        "businessStatus": {"text": "adapted" if adaptation else "accepted"},
        "lastModified": moment_text(repo.now),
        "output": output or [{"type": {"text": "proposed"}, "valueString": "nothing"}],
    }
    if adaptation:
        closed["statusReason"] = concept(ADAPTATION, adaptation.reason) | (
            {"text": adaptation.text} if adaptation.text else {}
        )
    if repo.actor.practitioner:
        closed["requester"] = signature(repo.actor)
    return closed


def _with_arabic(owner: Resource, text: str) -> Resource:
    return translated(owner, "valueString", {"ar": text}) if text else owner


def _follow_version(repo: Repository, standing: Standing) -> None:
    """The care plan follows the version in force from the decision on."""
    plan = repo.read(reference(standing.enrolment.plan))
    if plan.get("instantiatesCanonical") != [standing.version]:
        repo.update(plan | {"instantiatesCanonical": [standing.version]})
