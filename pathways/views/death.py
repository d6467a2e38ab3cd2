"""Record a death: one question, the day."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import clock
from app.errors import Conflict, Invalid
from app.i18n import language
from app.store import work
from app.web import current_actor, render
from app.web.errors import told
from app.web.form import DayField, Required
from pathways import death as recording
from pathways.presenters.person import present
from pathways.views.asking import Questions


def add_to(pages: Blueprint) -> None:
    """One page."""
    pages.add_url_rule("/patients/<patient_id>/death", "death", death, methods=["GET", "POST"])


def death(patient_id: str) -> ResponseReturnValue:
    """Ask for the day, then close what was open."""
    day = DayField(_("Day of death"), [Required(_("Give the day of death"))], latest=clock.today(), width="short")
    form = type("DeathForm", (Questions,), {"day": day}).opened()
    with work(current_actor(), reading=request.method == "GET") as repo:
        if form.accepted():
            try:
                recording.record_death(repo, f"Patient/{patient_id}", form.day.data, form_key=request.form["form_key"])
            except (Invalid, Conflict) as error:
                for issue in error.issues:
                    form.wrong(str(issue.expression), told(issue))
            else:
                flash(_("The death is recorded. The pathways have ended and nobody is called any more."), "success")
                return redirect(url_for("pathways.patient", patient_id=patient_id), 303)
        person = present(repo.read(f"Patient/{patient_id}"), language(), repo.today)
    return render("pathways/death.html", form=form, person=person), (422 if form.sent else 200)
