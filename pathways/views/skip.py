"""Skip a step of the stage: one question, why."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import NotFound
from app.fhir.repository import Repository
from app.i18n import language
from app.web import render
from app.web.form import AtMost, LongTextField, Required
from pathways import enrolment, steps
from pathways.presenters.person import present
from pathways.views.asking import Questions
from pathways.views.enrol import enrolment_of
from pathways.views.evaluating import evaluate_all
from pathways.views.saving import Refused, Saved, opened, whole


class SkipForm(Questions):
    """Why the step is not done."""

    reason = LongTextField(_l("Why is this step skipped?"), [Required(_l("Write why")), AtMost(300)], width="long")


def add_to(pages: Blueprint) -> None:
    """One page."""
    rule = "/patients/<patient_id>/pathways/<episode_id>/steps/<step_id>/skip"
    pages.add_url_rule(rule, "skip", skip, methods=["GET", "POST"])


@whole
def skip(patient_id: str, episode_id: str, step_id: str, refused: Refused) -> ResponseReturnValue | Saved:
    """Ask why, then close what was asked for."""
    form = SkipForm.opened()
    with opened(refused) as repo:
        held = enrolment_of(repo, patient_id, episode_id)
        step = _step(repo, held, step_id)
        if form.accepted():
            if refused is None:
                steps.skip(repo, held, step, reason=form.reason.data, form_key=request.form["form_key"])
                said = _("The step is skipped. It is asked for again at the next visit if it is needed.")
                return Saved(url_for("pathways.patient", patient_id=patient_id), said)
            form.refused(refused)
        person = present(repo.read(f"Patient/{patient_id}"), language(), repo.today)
    return render("pathways/skip.html", form=form, person=person, step=step), (422 if form.sent else 200)


def _step(repo: Repository, held: enrolment.Enrolment, step_id: str) -> steps.Step:
    """The step as it is now, with the targets of all pathways of the patient."""
    record = repo.record_of(held.patient.split("/")[1])
    standings = evaluate_all(repo, enrolment.enrolments(repo, held.patient), record=record)
    standing = standings.of(held.pathway["url"])
    found = steps.steps(standing, record) if standing else []
    step = next((one for one in found if one.outcome.id == step_id), None)
    if step is None:
        raise NotFound("the stage has no such step")
    return step
