"""Record a visit: the form is made of the Questionnaires that the stages of all pathways name; saving leads to the next
step.

A page left open while a new version came into force, or sent twice, or sent after the session ended, loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.errors import Conflict
from app.fhir.repository import Repository
from app.fhir.resource import Resource, canonical
from app.i18n import day_text, language
from app.terminology import Terminology
from app.web import render
from app.web.errors import told
from app.web.form import DayField
from pathways.enrolment import Enrolment, enrolments, refuse_dead
from pathways.facts import Facts
from pathways.presenters.person import present
from pathways.questionnaire.context import FormContext, ValueSets
from pathways.questionnaire.forms import QuestionnaireForm, form_class
from pathways.questionnaire.listing import lists_of
from pathways.questionnaire.populate import initial_answers, previous_values
from pathways.questionnaire.validate import validate
from pathways.together.extraction import extract_once
from pathways.together.forms import Together, merged, split
from pathways.together.standings import Standings
from pathways.views.evaluating import evaluate_all
from pathways.views.options import other_language
from pathways.views.saving import Refused, Saved, opened, whole
from pathways.visit import Visit, record_visit, sent_before


def add_to(pages: Blueprint) -> None:
    """One page; the address it had for a single pathway leads there."""
    pages.add_url_rule("/patients/<patient_id>/visit", "visit", visit, methods=["GET", "POST"])
    pages.add_url_rule("/patients/<patient_id>/pathways/<episode_id>/visit", "visit_of_one", visit_of_one)


def visit_of_one(patient_id: str, episode_id: str) -> ResponseReturnValue:
    """The former address of the visit form."""
    return redirect(url_for("pathways.visit", patient_id=patient_id), 301)


@whole
def visit(patient_id: str, refused: Refused) -> ResponseReturnValue | Saved:
    """Show the form of the stages; store what is sent once, then show the next step."""
    with opened(refused) as repo:
        if request.method == "POST" and (before := sent_before(repo, request.form.get("form_key", ""))) is not None:
            return Saved(_step(patient_id, before))  # it moved the stage, and with it the form
        record = repo.record_of(patient_id) or [repo.read(f"Patient/{patient_id}")]
        context = _context(repo, record)
        if request.method == "GET":
            refuse_dead(context.patient or {})
        held = _held(repo, patient_id)
        standings = evaluate_all(repo, held, record=record)
        together = _asked(repo, standings)
        listed = context.value_sets
        context = replace(
            context,
            value_sets=together.value_sets(listed),
            other_value_sets=together.value_sets(context.other_value_sets),
        )
        form = _opened(together.form, context, record)
        replaced = form.sent and request.form.get("questionnaire") != canonical(together.form)
        if replaced:
            form.validate()
            form.form_errors.append(
                _("A new version of this form has come into force. Check your answers and save again.")
            )
        elif form.accepted():
            if refused is not None:
                form.refused(refused, day="visit_day")
            elif (made := _recorded(repo, held, together, form, listed)) is not None:
                return Saved(_step(patient_id, made.encounter), _("Visit saved"))
        person = present(context.patient or {}, language(), repo.today)
    shown = {"form": form, "person": person, "standings": standings, "questionnaire": together.form}
    return render("pathways/visit.html", patient_id=patient_id, **shown), (422 if form.sent else 200)


def _held(repo: Repository, patient_id: str) -> list[Enrolment]:
    """The pathways that are followed. A form that was open when the last one ended is shown again, and says so."""
    held = enrolments(repo, f"Patient/{patient_id}")
    if not held and request.method == "POST":
        held = enrolments(repo, f"Patient/{patient_id}", ended=True)[-1:]
    if not held:
        raise Conflict("the patient does not follow this pathway any more")
    return held


def _step(patient_id: str, encounter: Resource) -> str:
    return url_for("pathways.step", patient_id=patient_id, encounter_id=encounter["id"])


def _recorded(
    repo: Repository, held: Sequence[Enrolment], together: Together, form: QuestionnaireForm, listed: ValueSets
) -> Visit | None:
    """The visit, stored; None when it cannot be: then the form says why and keeps everything. Raises Invalid,
    Conflict.
    """
    day = None if form.visit_day.data in (None, repo.today) else form.visit_day.data
    begun = min(one.episode["period"]["start"][:10] for one in held)
    if day and day.isoformat() < begun:
        form.wrong("visit_day", _("The patient follows this pathway since %(day)s only", day=day_text(begun)))
        return None
    followed = [one for one in held if day is None or one.episode["period"]["start"][:10] <= day.isoformat()]
    response = form.respond(form_key=request.form["form_key"])
    parts = split(together, response, listed)
    if len(parts) > 1 and (wrong := _judged(together, parts, form.context)):
        for message in wrong:
            form.wrong("", message)
        return None
    effective = day.isoformat() if day else None
    return record_visit(
        repo,
        followed,
        parts,
        lambda stored, _encounter: extract_once(together, response, stored, form.context, effective=effective),
        form_key=request.form["form_key"],
        day=day,
    )


def _judged(together: Together, parts: Sequence[Resource], context: FormContext) -> list[str]:
    """What is wrong with the answers of each form by itself, each thing said once."""
    found = [
        told(issue)
        for source, part in zip(together.sources, parts, strict=True)
        for issue in validate(source, part, context)
        if issue.severity in ("error", "fatal")
    ]
    return list(dict.fromkeys(found))


def _asked(repo: Repository, standings: Standings) -> Together:
    if not standings.questionnaires:
        raise Conflict("this stage of the pathway asks for no visit form")
    return merged([repo.canonical(one) for one in standings.questionnaires])


def _context(repo: Repository, record: list[Resource]) -> FormContext:
    terminology = Terminology(repo, language())
    facts = Facts(record, repo.now, terminology.codes_in)
    here, other = lists_of(terminology, language()), lists_of(terminology, other_language())
    patient = next(one for one in record if one["resourceType"] == "Patient")
    return FormContext(repo.now, language(), patient, value_sets=here, other_value_sets=other, query=facts.query)


def _opened(questionnaire: Resource, context: FormContext, record: list[Resource]) -> QuestionnaireForm:
    observations = [one for one in record if one["resourceType"] == "Observation"]
    asked = form_class(questionnaire, language(), context.value_sets, context.other_value_sets)
    day = DayField(
        _("Day of the visit"),
        latest=context.today,
        description=_("Today, unless you enter a visit of an earlier day"),
        width="short",
        render_kw={"max": context.today.isoformat()},
    )
    make = type("VisitForm", (asked,), {"visit_day": day})
    form = make.opened(
        context=context,
        answers=initial_answers(questionnaire, context, observations),
        previous=previous_values(questionnaire, observations, language()),
    )
    form.visit_day.flags.silent = True
    return form
