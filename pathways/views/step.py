"""The next step after a visit, in all pathways it serves: what, why, by when; accept it, or adapt it and say why."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.errors import Forbidden, NotFound
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import language
from app.web import render
from pathways import enrolment
from pathways.decision import decide, proposed_change
from pathways.presenters import decided_step, next_step, orders, targets
from pathways.presenters.person import present
from pathways.together.standings import Standings
from pathways.treatment import Change, current
from pathways.views.adapting import AdaptForm, due, prepare
from pathways.views.adapting import adaptation as adaptation_of
from pathways.views.evaluating import evaluate_all
from pathways.views.saving import Refused, Saved, opened, whole
from pathways.visit import Visit, day_of_visit, of_encounter
from pathways.vocabulary import OPEN


def add_to(pages: Blueprint) -> None:
    """One page, two answers; the address it had for a single pathway leads there."""
    rule = "visits/<encounter_id>/step"
    pages.add_url_rule(f"/patients/<patient_id>/{rule}", "step", step, methods=["GET", "POST"])
    pages.add_url_rule(f"/patients/<patient_id>/pathways/<episode_id>/{rule}", "step_of_one", step_of_one)


def step_of_one(patient_id: str, episode_id: str, encounter_id: str) -> ResponseReturnValue:
    """The former address of the next step."""
    return redirect(url_for("pathways.step", patient_id=patient_id, encounter_id=encounter_id), 301)


@whole
def step(patient_id: str, encounter_id: str, refused: Refused) -> ResponseReturnValue | Saved:
    """Show the next step of a visit and take the decision on it.

    A proposal that has changed since the page was opened is shown anew: the next press decides on what is read then.
    """
    adapting = request.values.get("act") == "adapt"
    with opened(refused) as repo:
        visit = _visit_of(repo, patient_id, encounter_id)
        here = f"Encounter/{encounter_id}"
        held = enrolment.of_encounter(repo, visit.encounter)
        standings = evaluate_all(repo, held, encounter=here, on=day_of_visit(visit.encounter))
        change = proposed_change(repo, standings)
        prescribes = not (change and not change.none) or repo.actor.may("visit:prescribe")
        if (adapting or request.method == "POST") and not prescribes:
            raise Forbidden("a change of treatment is decided by a physician")
        form = AdaptForm.opened(seen=standings.fingerprint, decision="keep", next_visit=due(standings))
        choices = prepare(repo, form, standings)
        if form.sent and (not adapting or form.validate()):
            if refused is None:
                made = decide(
                    repo,
                    visit,
                    standings,
                    form_key=request.form["form_key"],
                    seen=request.form.get("seen", ""),
                    adaptation=adaptation_of(form, standings, choices) if adapting else None,
                )
                return Saved(_after(patient_id, standings, made.task), _("The step is recorded."))
            form.refused(refused)
            form.seen.raw_data, form.seen.data = None, standings.fingerprint
        decided = visit.decision["status"] not in OPEN
        shown: dict[str, Any] = {
            "person": present(repo.read(f"Patient/{patient_id}"), language(), repo.today),
            "step": next_step.present_all(standings),
            "changes": orders.present_change(change, language()) if change else [],
            "twice": orders.present_twice(_taken(repo, patient_id, change), language()),
            "stricter": targets.present(standings, language()),
            "made": decided_step.present(repo, visit.decision, language()) if decided else None,
            "prescribes": prescribes,
        }
    return render(
        "pathways/step.html",
        form=form,
        adapting=adapting and not decided,
        decided=decided,
        referral=standings.referral,
        patient_id=patient_id,
        encounter_id=encounter_id,
        **shown,
    ), (422 if form.sent else 200)


def _taken(repo: Repository, patient_id: str, change: Change | None) -> list[Resource]:
    """What the patient takes once the proposal is accepted."""
    stopped = {one["id"] for one in change.stop} if change else set()
    left = [one for one in current(repo, f"Patient/{patient_id}") if one["id"] not in stopped]
    return left + list(change.start if change else ())


def _visit_of(repo: Repository, patient_id: str, encounter_id: str) -> Visit:
    visit = of_encounter(repo, repo.read(f"Encounter/{encounter_id}"))
    if visit.encounter["subject"]["reference"] != f"Patient/{patient_id}":
        raise NotFound("this visit belongs to another patient")
    return visit


def _after(patient_id: str, standings: Standings, task: Resource) -> str:
    """Where the decision leads: to the referral that is proposed, else back to the record."""
    if standings.referring is None:
        return url_for("pathways.patient", patient_id=patient_id)
    episode = standings.referring[0].enrolment.episode["id"]
    encounter = task["focus"]["reference"].split("/")[1]
    return url_for("pathways.refer", patient_id=patient_id, pathway=episode, encounter=encounter)
