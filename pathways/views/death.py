"""Record a death: one question, the day."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.i18n import language
from app.web import render
from app.web.form import DayField, Required
from pathways import death as recording
from pathways.presenters.person import present
from pathways.views.asking import Questions
from pathways.views.saving import Refused, Saved, opened, whole


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/patients/<patient_id>/death", "death", death, methods=["GET", "POST"])


@whole
def death(patient_id: str, refused: Refused) -> ResponseReturnValue | Saved:
    """Ask for the day, then close what was open."""
    day = DayField(_("Day of death"), [Required(_("Give the day of death"))], latest=clock.today(), width="short")
    form = type("DeathForm", (Questions,), {"day": day}).opened()
    with opened(refused) as repo:
        if form.accepted():
            if refused is None:
                recording.record_death(repo, f"Patient/{patient_id}", form.day.data, form_key=request.form["form_key"])
                said = _("The death is recorded. The pathways have ended and nobody is called any more.")
                return Saved(url_for("pathways.patient", patient_id=patient_id), said)
            form.refused(refused)
        person = present(repo.read(f"Patient/{patient_id}"), language(), repo.today)
    return render("pathways/death.html", form=form, person=person), (422 if form.sent else 200)
