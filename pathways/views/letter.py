"""The counter-referral: the hospital writes it, the health centre reads, prints and acts on it."""

from __future__ import annotations

from datetime import date
from html import unescape
from re import sub

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import clock
from app.clock import moment_text
from app.errors import Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.fhir.translation import text
from app.i18n import language
from app.store import work
from app.web import current_actor, facility_tree, render
from app.web.form import AtMost, DayField, HiddenField, LongTextField, Required
from pathways import enrolment
from pathways.presenters import referral as shown
from pathways.presenters.person import present as present_person
from pathways.referral import answering, moves
from pathways.views.asking import Questions, seen_version
from pathways.views.evaluating import evaluate
from pathways.views.saving import Refused, Saved, opened, whole


class AnswerForm(Questions):
    """The counter-referral letter."""

    seen = HiddenField()
    findings = LongTextField(_l("What was found"), [Required(_l("Write what was found")), AtMost(4000)], width="long")
    treatment = LongTextField(
        _l("Treatment recommended"),
        [Required(_l("Write the treatment that you recommend")), AtMost(4000)],
        width="long",
    )
    advice = LongTextField(_l("Advice for the follow-up"), [AtMost(4000)], width="long")
    return_on = DayField(
        _l("To be seen again at the health centre by"), [Required(_l("Give the day of return"))], width="short"
    )


def add_to(pages: Blueprint) -> None:
    """The two pages."""
    pages.add_url_rule("/referrals/<task_id>/answer", "answer", answer, methods=["GET", "POST"])
    pages.add_url_rule("/letters/<composition_id>", "letter", letter)


@whole
def answer(task_id: str, refused: Refused) -> ResponseReturnValue | Saved:
    """Write the letter; sending it gives the patient back to the health centre."""
    with opened(refused) as repo:
        task = repo.read(f"Task/{task_id}")
        proposed = _return_day(repo, task) if request.method == "GET" else None
        form = AnswerForm.opened(seen=task["meta"]["versionId"], return_on=proposed)
        if form.accepted() and refused is None:
            _send(repo, task, form)
            said = _("The letter is sent. The patient is back with the health centre.")
            return Saved(url_for("pathways.referral", task_id=task_id), said)
        if isinstance(refused, Invalid):
            form.refused(refused)
        elif refused is not None:
            form.wrong("", shown.refused(task, moves.ANSWER))
            form.seen.raw_data, form.seen.data = None, task["meta"]["versionId"]
        person = present_person(repo.read(task["for"]["reference"]), language(), repo.today)
        line = shown.present(task, repo.now, language())
        summary = shown.summary(repo.read(task["focus"]["reference"]), language())
    return render(
        "pathways/answer.html", form=form, referral=line, summary=summary, person=person, today=clock.today()
    ), (422 if form.sent else 200)


def _send(repo: Repository, task: Resource, form: AnswerForm) -> None:
    written = answering.Letter(
        form.findings.data, form.treatment.data, form.return_on.data, form.advice.data or "", language()
    )
    answering.answer(
        repo, f"Task/{task['id']}", written, form_key=request.form["form_key"], seen_version=seen_version(form)
    )


def _return_day(repo: Repository, task: Resource) -> date | None:
    """By when the pathway will ask for the return visit: it is run over the record as it will be once answered."""
    held = enrolment.of_task(repo, task)
    answers = [move for move in moves.possible(task, moves.RECIPIENT) if move.event == moves.ANSWER]
    if held is None or not answers:
        return None
    answered = moves.made(task, answers[0], lastModified=moment_text(repo.now))
    record = [
        answered if (one["resourceType"], one["id"]) == ("Task", task["id"]) else one
        for one in repo.record_of(task["for"]["reference"].split("/")[1])
    ]
    follow_up = evaluate(repo, held, record=record).follow_up
    return follow_up.due.latest if follow_up else None


def letter(composition_id: str) -> ResponseReturnValue:
    """The letter from the hospital, for reading and for printing; what the pathway asks for now stands beside it."""
    with work(current_actor(), reading=True) as repo:
        composition = repo.read(f"Composition/{composition_id}")
        patient = composition["subject"]["reference"]
        person = present_person(repo.read(patient), language(), repo.today)
        answered = repo.first(f"Task?patient={patient}&focus=Composition/{composition_id}&status=requested")
        held = enrolment.of_task(repo, answered or {"for": composition["subject"]})
        stage = evaluate(repo, held).stage if held else None
    author = next((text(one, "display", language(), primary="fr") for one in composition.get("author", ())), "")
    return render(
        "pathways/letter.html",
        letter=composition,
        person=person,
        titles=shown.section_words(),
        author=author,
        hospital=facility_tree.name_of(composition.get("custodian", {}).get("reference")),
        lines=_lines,
        stage=stage.title if stage else "",
        episode=held.episode["id"] if held else "",
        due=str((answered or {}).get("restriction", {}).get("period", {}).get("end", ""))[:10],
    )


def _lines(section: Resource, written_in: str | None) -> list[tuple[str, str]]:
    """(line, its language where it is not the page's) of a section's narrative as plain text."""
    foreign = written_in if written_in and written_in != language() else ""
    div = section.get("text", {}).get("div", "")
    return [(unescape(sub(r"<[^>]*>", "", line)), foreign) for line in div.replace("<br/>", "\n").splitlines()]
