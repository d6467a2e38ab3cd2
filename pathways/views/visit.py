"""Record a visit: the form is the Questionnaire that the stage names; saving leads to the next step.

A page left open while a new version came into force, or sent twice, or sent after the session ended, loses nothing.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.errors import Conflict, Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical
from app.i18n import day_text, language
from app.store import work
from app.terminology import Terminology
from app.web import current_actor, render
from app.web.errors import told
from app.web.form import DayField
from pathways.enrolment import Enrolment, refuse_dead, refuse_ended
from pathways.facts import Facts
from pathways.presenters.person import present
from pathways.progression import Standing, evaluate
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.extract import extract
from pathways.questionnaire.forms import QuestionnaireForm, form_class
from pathways.questionnaire.populate import initial_answers, previous_values
from pathways.views.enrol import enrolment_of
from pathways.visit import Visit, record_visit, sent_before


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/patients/<patient_id>/pathways/<episode_id>/visit", "visit", visit, methods=["GET", "POST"])


def visit(patient_id: str, episode_id: str) -> ResponseReturnValue:
    """Show the form of the stage; store what is sent once, then show the next step."""
    with work(current_actor(), reading=request.method == "GET") as repo:
        enrolment = enrolment_of(repo, patient_id, episode_id)
        if request.method == "POST" and (before := sent_before(repo, request.form.get("form_key", ""))) is not None:
            return _to_step(patient_id, episode_id, before)  # it moved the stage, and with it the form
        record = repo.record_of(patient_id)
        standing = evaluate(repo, enrolment, language=language(), record=record)
        questionnaire = _questionnaire(repo, standing)
        context = _context(repo, record)
        if request.method == "GET":
            refuse_dead(context.patient or {})
            refuse_ended(enrolment)
        form = _opened(questionnaire, context, record)
        replaced = form.sent and request.form.get("questionnaire") != canonical(questionnaire)
        if replaced:
            form.validate()
            form.form_errors.append(
                _("A new version of this form has come into force. Check your answers and save again.")
            )
        elif form.accepted() and (made := _recorded(repo, enrolment, questionnaire, form)) is not None:
            flash(_("Visit saved"), "success")
            return _to_step(patient_id, episode_id, made.encounter)
        person = present(context.patient or {}, language(), repo.today)
    shown = {"form": form, "person": person, "standing": standing, "questionnaire": questionnaire}
    return render("pathways/visit.html", patient_id=patient_id, **shown), (422 if form.sent else 200)


def _to_step(patient_id: str, episode_id: str, encounter: Resource) -> ResponseReturnValue:
    step = url_for("pathways.step", patient_id=patient_id, episode_id=episode_id, encounter_id=encounter["id"])
    return redirect(step, 303)


def _recorded(repo: Repository, enrolment: Enrolment, questionnaire: Resource, form: QuestionnaireForm) -> Visit | None:
    """The visit, stored; None when it cannot be: then the form says why and keeps everything."""
    day = None if form.visit_day.data in (None, repo.today) else form.visit_day.data
    begun = enrolment.episode["period"]["start"][:10]
    if day and day.isoformat() < begun:
        form.wrong("visit_day", _("The patient follows this pathway since %(day)s only", day=day_text(begun)))
        return None
    effective = day.isoformat() if day else None
    try:
        return record_visit(
            repo,
            [enrolment],
            [form.respond(form_key=request.form["form_key"])],
            lambda responses, _encounter: extract(questionnaire, responses[0], form.context, effective=effective),
            form_key=request.form["form_key"],
            day=day,
        )
    except (Invalid, Conflict) as error:
        for issue in error.issues:
            form.wrong("visit_day" if issue.expression == "day" else "", told(issue))
        return None


def _questionnaire(repo: Repository, standing: Standing) -> Resource:
    if standing.questionnaire is None:
        raise Conflict("this stage of the pathway asks for no visit form")
    return repo.canonical(standing.questionnaire)


def _context(repo: Repository, record: list[Resource]) -> FormContext:
    facts = Facts(record, repo.now)
    terminology = Terminology(repo, language())

    def value_sets(url: str) -> list[tuple[str, str, str]]:
        listed = terminology.expand(url, display_language=language()).concepts
        return [(concept.system, concept.code, display or concept.code) for concept, display in listed]

    patient = next(one for one in record if one["resourceType"] == "Patient")
    return FormContext(repo.now, language(), patient, value_sets=value_sets, query=facts.query)


def _opened(questionnaire: Resource, context: FormContext, record: list[Resource]) -> QuestionnaireForm:
    observations = [one for one in record if one["resourceType"] == "Observation"]
    asked = form_class(questionnaire, language(), context.value_sets)
    day = DayField(
        _("Day of the visit"),
        latest=context.today,
        description=_("Today, unless you enter a visit of an earlier day"),
        width="short",
        render_kw={"max": context.today.isoformat()},
    )
    make = type("VisitForm", (asked,), {"visit_day": day})
    return make.opened(
        context=context,
        answers=initial_answers(questionnaire, context, observations),
        previous=previous_values(questionnaire, observations, language()),
    )
