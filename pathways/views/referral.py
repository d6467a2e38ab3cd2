"""One referral: write it, follow it, make the moves that are open."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Forbidden, Invalid
from app.fhir.repository import Repository
from app.fhir.resource import Resource
from app.i18n import language
from app.web import current_actor, facility_tree, render
from app.web.form import AtMost, ChoiceField, DayField, HiddenField, LongTextField, Required
from pathways import enrolment, measurement
from pathways.presenters import referral as shown
from pathways.presenters.person import present as present_person
from pathways.referral import receiving, sending
from pathways.referral.summary import Drawn, draw
from pathways.views.asking import Questions, seen_version
from pathways.views.evaluating import evaluate
from pathways.views.saving import Refused, Saved, opened, whole

HOSPITALS = ("HP", "CHP", "CHR", "CHU")
"""The levels of hospital in the order of the care pathway: the nearest step up comes first."""


class ReferForm(Questions):
    """The request, filled in from the record."""

    urgency = ChoiceField(
        _l("How urgent?"),
        [Required(_l("Say how urgent the referral is"))],
        choices=[("routine", _l("Not urgent")), ("urgent", _l("Urgent")), ("stat", _l("At once, with transport"))],
    )
    recipient = ChoiceField(_l("To"), [Required(_l("Choose the establishment"))], as_select=True)
    reason = LongTextField(_l("Reason"), [Required(_l("Say why the patient is referred")), AtMost(1000)], width="long")
    summary = LongTextField(
        _l("Summary of the record"),
        [AtMost(4000)],
        description=_l("Drawn from the record: correct or complete it"),
        width="long",
    )


class MoveForm(Questions):
    """A move with what it needs: the page shows the day or the reason only where the move cannot do without."""

    move = HiddenField()
    seen = HiddenField()
    day = DayField(_l("Day of the appointment"), width="short")
    reason = LongTextField(_l("Reason"), [AtMost(500)], width="long")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.day.flags.needed = self.reason.flags.needed = True


def add_to(pages: Blueprint) -> None:
    """Write one, follow one."""
    pages.add_url_rule("/patients/<patient_id>/refer", "refer", refer, methods=["GET", "POST"])
    pages.add_url_rule("/referrals/<task_id>", "referral", referral, methods=["GET", "POST"])


@whole
def refer(patient_id: str, refused: Refused) -> ResponseReturnValue | Saved:
    """Write the request with what the record and the protocol say, and send it."""
    with opened(refused) as repo:
        form, drawn, plan = _prepared(repo, patient_id)
        if form.accepted() and refused is None:
            asked = sending.Request(
                patient=f"Patient/{patient_id}",
                recipient=form.recipient.data,
                urgency=form.urgency.data,
                reason=form.reason.data,
                summary=form.summary.data or "",
                encounter=f"Encounter/{request.args['encounter']}" if "encounter" in request.args else None,
                care_plan=plan,
                supporting=drawn.used,
                drawn=drawn,
                language=language(),
            )
            task = sending.send(repo, asked, form_key=request.form["form_key"])
            return Saved(url_for("pathways.referral", task_id=task["id"]), _("The referral is sent."))
        if refused is not None:
            form.refused(refused)
        person = present_person(repo.read(f"Patient/{patient_id}"), language(), repo.today)
    return render("pathways/refer.html", form=form, person=person), (422 if form.sent else 200)


def _prepared(repo: Repository, patient_id: str) -> tuple[ReferForm, Drawn, str | None]:
    """The form filled in, what it was filled in with, the care plan it belongs to."""
    record = repo.record_of(patient_id)
    enrolment.refuse_dead(next(one for one in record if one["resourceType"] == "Patient"))
    held = enrolment.enrolments(repo, f"Patient/{patient_id}")
    asked = request.args.get("pathway")
    chosen = next((one for one in held if one.episode["id"] == asked), held[0] if held else None)
    standing = evaluate(repo, chosen, record=record) if chosen else None
    of = measurement.leading(chosen.pathway) if chosen else None
    drawn = draw(standing, record, of, repo.today)
    recipients = hospitals(current_actor().organization)
    form = ReferForm.opened(
        urgency=drawn.urgency,
        reason=(drawn.reason or {}).get(language(), ""),
        summary=drawn.summary(language()),
        recipient=recipients[0][0] if recipients else None,
    )
    form.recipient.offer(recipients)
    return form, drawn, f"CarePlan/{chosen.plan['id']}" if chosen else None


def hospitals(near: str | None) -> list[tuple[str, str]]:
    """(reference, name) of the hospitals, those that share the most of the tree with an establishment first,
    among these the next step up of the care pathway."""
    tree = facility_tree.tree()
    line = {node.reference for node in tree.above(near)} if near else set()
    found = [node for node in tree.nodes.values() if node.level in HOSPITALS and node.active and node.reference != near]
    shared = {node.reference: len(line & {one.reference for one in tree.above(node.reference)}) for node in found}
    found.sort(key=lambda n: (-shared[n.reference], HOSPITALS.index(n.level), n.name))
    return [(node.reference, node.name) for node in found]


@whole
def referral(task_id: str, refused: Refused) -> ResponseReturnValue | Saved:
    """One referral with its request, its state, and the moves that the actor may make."""
    form = MoveForm.opened()
    with opened(refused) as repo:
        if form.accepted() and refused is None:
            _play(repo, task_id, form)
            return Saved(url_for("pathways.referral", task_id=task_id), _("Recorded."))
        task = repo.read(f"Task/{task_id}")
        if isinstance(refused, Invalid):
            form.refused(refused)
        elif refused is not None:
            form.wrong("", shown.refused(task, form.move.data or ""))
        order = repo.read(task["focus"]["reference"])
        shown_here = {
            "referral": shown.present(task, repo.now, language()),
            "notes": shown.notes(task),
            "summary": shown.summary(order, language()),
            "person": present_person(repo.read(task["for"]["reference"]), language(), repo.today),
            "moves": _open(repo, task),
        }
    chosen = form.move.data or request.args.get("move", "")
    return render("pathways/referral.html", form=form, chosen=chosen, **shown_here), (422 if form.sent else 200)


def _play(repo: Repository, task_id: str, form: MoveForm) -> None:
    receiving.play(
        repo,
        f"Task/{task_id}",
        form.move.data or "",
        form_key=request.form["form_key"],
        reason=form.reason.data or "",
        day=form.day.data,
        seen_version=seen_version(form),
    )


def _open(repo: Repository, task: Resource) -> list[shown.Open]:
    try:
        side = receiving.side(repo, task)
    except Forbidden:
        return []
    return shown.open_moves(task, side) if repo.actor.may(receiving.GRANT[side]) else []
