"""The next step after a visit: what, why, by when; accept it, or adapt it and say why."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.validators import ValidationError

from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import language
from app.store import work
from app.terminology import Terminology
from app.web import current_actor, render
from app.web.errors import told
from app.web.form import AtMost, ChoiceField, DayField, HiddenField, LongTextField, Required
from pathways.alternatives import alternatives, as_orders
from pathways.decision import Adaptation, decide, proposed_change
from pathways.presenters import decided_step, next_step, orders
from pathways.presenters.person import present
from pathways.progression import Standing, evaluate
from pathways.together.standings import alone
from pathways.views.asking import Questions
from pathways.views.enrol import enrolment_of
from pathways.visit import Visit, day_of_visit, of_encounter
from pathways.vocabulary import ADAPTATION, OPEN

REASONS = {"resourceType": "ValueSet", "compose": {"include": [{"system": ADAPTATION}]}}
"""Every code of the reasons for adapting a step."""


class AdaptForm(Questions):
    """What is done instead, and why."""

    seen = HiddenField()
    decision = ChoiceField(
        _l("Treatment"),
        [Required(_l("Choose what you do"))],
        choices=[
            ("keep", _l("Keep the present treatment")),
            ("other", _l("Another treatment")),
            ("proposed", _l("The treatment of the protocol, another day for the next visit")),
        ],
    )

    def validate_orders(self, field: ChoiceField) -> None:
        """Another treatment has to be named."""
        if self.decision.data == "other" and not field.data:
            raise ValidationError(_("Choose the treatment that you give instead"))

    orders = ChoiceField(_l("Which treatment?"), when={"field": "decision", "is": ["other"]}, as_select=True)
    next_visit = DayField(_l("Next visit"), width="short", description=_l("The day that the protocol proposes"))
    reason = ChoiceField(_l("Why?"), [Required(_l("Choose why the step is adapted"))])
    text = LongTextField(_l("In a few words"), [AtMost(500)], width="long")


def add_to(pages: Blueprint) -> None:
    """One page, two answers."""
    rule = "/patients/<patient_id>/pathways/<episode_id>/visits/<encounter_id>/step"
    pages.add_url_rule(rule, "step", step, methods=["GET", "POST"])


def step(patient_id: str, episode_id: str, encounter_id: str) -> ResponseReturnValue:
    """Show the next step of a visit and take the decision on it."""
    adapting = request.values.get("act") == "adapt"
    with work(current_actor(), reading=request.method == "GET") as repo:
        enrolment = enrolment_of(repo, patient_id, episode_id)
        visit = _visit_of(repo, patient_id, encounter_id)
        here = f"Encounter/{encounter_id}"
        standing = evaluate(repo, enrolment, language=language(), encounter=here, on=day_of_visit(visit.encounter))
        change = proposed_change(repo, alone(standing))
        prescribes = not (change and not change.none) or repo.actor.may("visit:prescribe")
        if (adapting or request.method == "POST") and not prescribes:
            raise Forbidden("a change of treatment is decided by a physician")
        form = AdaptForm.opened(seen=standing.fingerprint, decision="keep", next_visit=_due(standing))
        choices = _prepare(repo, form, standing)
        if form.sent and (not adapting or form.validate()):
            task = _decided(
                repo, form, visit, standing, _adaptation(repo, form, standing, choices) if adapting else None
            )
            if task is not None:
                return _after(patient_id, standing, task)
        decided = visit.decision["status"] not in OPEN
        shown: dict[str, Any] = {
            "person": present(repo.read(f"Patient/{patient_id}"), language(), repo.today),
            "step": next_step.present(standing),
            "changes": orders.present_change(change, language()) if change else [],
            "made": decided_step.present(repo, visit.decision, language()) if decided else None,
            "prescribes": prescribes,
        }
    return render(
        "pathways/step.html",
        form=form,
        adapting=adapting and not decided,
        decided=decided,
        referral=standing.referral,
        patient_id=patient_id,
        episode_id=episode_id,
        encounter_id=encounter_id,
        **shown,
    ), (422 if form.sent else 200)


def _decided(
    repo: Repository, form: AdaptForm, visit: Visit, standing: Standing, adaptation: Adaptation | None
) -> Resource | None:
    """The decision's Task; None when it cannot be taken: then the form says why and keeps what was typed.

    A proposal that has changed since the page was opened is shown anew: the next press decides on what is read then.
    """
    try:
        made = decide(
            repo,
            visit,
            alone(standing),
            form_key=request.form["form_key"],
            seen=request.form.get("seen", ""),
            adaptation=adaptation,
        )
    except (Invalid, Conflict) as error:
        for issue in error.issues:
            form.wrong(str(issue.expression), told(issue))
        form.seen.raw_data, form.seen.data = None, standing.fingerprint
        return None
    return made.task


def _due(standing: Standing) -> date | None:
    """The day of the next visit that the protocol proposes."""
    return standing.follow_up.due.latest if standing.follow_up else None


def _visit_of(repo: Repository, patient_id: str, encounter_id: str) -> Visit:
    visit = of_encounter(repo, repo.read(f"Encounter/{encounter_id}"))
    if visit.encounter["subject"]["reference"] != f"Patient/{patient_id}":
        raise NotFound("this visit belongs to another patient")
    return visit


def _prepare(repo: Repository, form: AdaptForm, standing: Standing) -> dict[str, list[Resource]]:
    """Fill the choices: the regimens that the protocol knows, and the reasons for adapting."""
    known = alternatives(repo, standing)
    choices = {str(number): list(regimen.definitions) for number, regimen in enumerate(known)}
    form.orders.offer([("", _("Choose…")), *((str(n), one.label(language())) for n, one in enumerate(known))])
    reasons = Terminology(repo, language()).expand(REASONS, display_language=language()).concepts
    form.reason.offer([(concept.code, display or concept.code) for concept, display in reasons])
    return choices


def _adaptation(
    repo: Repository, form: AdaptForm, standing: Standing, choices: dict[str, list[Resource]]
) -> Adaptation:
    other = form.decision.data == "other"
    return Adaptation(
        reason=form.reason.data or "",
        text=form.text.data or "",
        keep_treatment=form.decision.data == "keep",
        orders=as_orders(repo, standing, choices[form.orders.data]) if other else None,
        next_visit=form.next_visit.data if form.next_visit.data != _due(standing) else None,
    )


def _after(patient_id: str, standing: Standing, task: Resource) -> ResponseReturnValue:
    flash(_("The step is recorded."), "success")
    if standing.referral is not None:
        encounter = task["focus"]["reference"].split("/")[1]
        return redirect(
            url_for(
                "pathways.refer", patient_id=patient_id, pathway=standing.enrolment.episode["id"], encounter=encounter
            ),
            303,
        )
    return redirect(url_for("pathways.patient", patient_id=patient_id), 303)
