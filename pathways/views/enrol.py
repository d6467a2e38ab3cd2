"""Enrol a patient in a pathway; end an enrolment."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import NotFound
from app.fhir.repository import Repository
from app.fhir.resource import Resource, extension
from app.fhir.translation import text
from app.i18n import language
from app.web import render
from app.web.errors import told
from app.web.form import AtMost, ChoiceField, LongTextField, Required
from pathways import enrolment
from pathways.presenters.person import present
from pathways.views.asking import Questions
from pathways.views.saving import Refused, Saved, opened, whole
from pathways.vocabulary import PATHWAY


class EnrolForm(Questions):
    """Which pathway."""

    pathway = ChoiceField(_l("Pathway"), [Required(_l("Choose a pathway"))])


class EndForm(Questions):
    """Why the pathway ends."""

    reason = ChoiceField(
        _l("Why does the pathway end?"),
        [Required(_l("Choose why"))],
        choices=[
            ("moved", _l("The patient has moved to another establishment")),
            ("not-confirmed", _l("The diagnosis was not confirmed")),
            ("declined", _l("The patient does not wish to go on")),
            ("other", _l("Another reason")),
        ],
    )
    text = LongTextField(_l("In a few words"), [AtMost(500)], width="long")


def add_to(pages: Blueprint) -> None:
    """The two pages."""
    pages.add_url_rule("/patients/<patient_id>/enrol", "enrol", enrol, methods=["GET", "POST"])
    pages.add_url_rule(
        "/patients/<patient_id>/pathways/<episode_id>/end", "end_enrolment", end_enrolment, methods=["GET", "POST"]
    )


@whole
def enrol(patient_id: str, refused: Refused) -> ResponseReturnValue | Saved:
    """Choose a pathway in force and begin it; the first visit is due at once."""
    with opened(refused) as repo:
        patient = repo.read(f"Patient/{patient_id}")
        enrolment.refuse_dead(patient)
        followed = {extension(one.episode, PATHWAY) for one in enrolment.enrolments(repo, f"Patient/{patient_id}")}
        plans = [plan for plan in pathways_in_force(repo) if plan["url"] not in followed]
        form = EnrolForm.opened(pathway=plans[0]["url"] if len(plans) == 1 else None)
        offered = pathways_in_force(repo) if form.sent else plans  # a second enrolment is refused by its own message
        form.pathway.offer([(plan["url"], _text(plan)) for plan in offered])
        if form.accepted():
            if refused is None:
                enrolment.enrol(repo, form.pathway.data, f"Patient/{patient_id}", form_key=request.form["form_key"])
                return Saved(url_for("pathways.visit", patient_id=patient_id))
            form.wrong("pathway", told(refused))
        person = present(patient, language(), repo.today)
    return render("pathways/enrol.html", form=form, person=person, plans=plans), (422 if form.sent else 200)


@whole
def end_enrolment(patient_id: str, episode_id: str, refused: Refused) -> ResponseReturnValue | Saved:
    """End an enrolment with a reason; its open tasks are cancelled."""
    form = EndForm.opened()
    with opened(refused) as repo:
        patient = repo.read(f"Patient/{patient_id}")
        held = enrolment_of(repo, patient_id, episode_id)
        if form.accepted():
            if form.reason.data == "other" and not form.text.data:
                form.wrong("text", _("Write the reason"))
            elif refused is not None:
                form.refused(refused)
            else:
                reason = " – ".join(filter(None, [form.reason.data, form.text.data]))
                enrolment.end(repo, held, reason=reason)
                said = _("The pathway has ended. Its open tasks are closed.")
                return Saved(url_for("pathways.patient", patient_id=patient_id), said)
        person = present(patient, language(), repo.today)
    return render("pathways/end.html", form=form, person=person, plan=held.pathway), (422 if form.sent else 200)


def pathways_in_force(repo: Repository) -> list[Resource]:
    """The pathways that are released, by title."""
    found = repo.search("PlanDefinition?status=active&type=workflow-definition&_sort=title&_count=100").resources
    return list(found)


def enrolment_of(repo: Repository, patient_id: str, episode_id: str) -> enrolment.Enrolment:
    """One enrolment of a patient. Raises NotFound when it is another's."""
    held = enrolment.of_episode(repo, repo.read(f"EpisodeOfCare/{episode_id}"))
    if held.patient != f"Patient/{patient_id}":
        raise NotFound("this enrolment belongs to another patient")
    return held


def _text(plan: Resource) -> str:
    return text(plan, "title", language(), plan["url"]) or plan["url"]
