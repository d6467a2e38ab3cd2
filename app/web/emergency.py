"""Emergency access to a record: a reason, then the record for some hours; both stay in the audit."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.access import emergency
from app.errors import Invalid
from app.fhir.repository import Repository
from app.store.break_glass import record_emergency
from app.web import render
from app.web.errors import told
from app.web.form import AtMost, ChoiceField, Form, LongTextField, Required
from app.web.storing import store

REASONS = {
    "danger": _l("The patient is in danger now"),
    "here": _l("The patient is here and asks for care"),
    "referred": _l("The patient was sent to us without a referral in the system"),
    "other": _l("Another reason"),
}
PATIENT = "pathways.patient"


class EmergencyForm(Form):
    reason = ChoiceField(
        _l("Why do you need this record?"), [Required(_l("Choose a reason"))], choices=list(REASONS.items())
    )
    words = LongTextField(
        _l("In a few words"), [Required(_l("Say in a few words why you need this record")), AtMost(500)]
    )


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/emergency/<patient>", "emergency", open_record, methods=["GET", "POST"])


def open_record(patient: str) -> Response | str | tuple[str, int]:
    """Ask for the reason, write it down, open the record."""
    form = EmergencyForm.opened()
    if form.accepted():
        try:
            store(lambda repo: _open(repo, patient, f"{form.reason.data}: {form.words.data}"))
            flash(
                _("The record is open to you for %(hours)s hours. This access is recorded.", hours=emergency.HOURS),
                "warning",
            )
            return redirect(_onward(patient), 303)
        except Invalid as error:
            form.wrong("words", told(error.issues[0]))
    return render("web/emergency.html", form=form, hours=emergency.HOURS), (422 if form.sent else 200)


def _open(repo: Repository, patient: str, reason: str) -> None:
    record_emergency(repo, patient, reason)
    emergency.open_record(repo, patient, reason)


def _onward(patient: str) -> str:
    wanted = request.args.get("next", "")
    if wanted.startswith("/") and not wanted.startswith(("//", "/\\")):
        return wanted
    return url_for(PATIENT, patient_id=patient) if PATIENT in current_app.view_functions else url_for("web.home")
