"""A small feature as others write theirs: a page, a form, a patient's record, a place in the navigation."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for

from app.errors import Conflict, PreconditionFailed
from app.feature import Feature, Place
from app.store import work
from app.web import current_actor
from app.web.form import Form, NumberField, Required, TextField

stored: list[dict[str, str]] = []


class Visit(Form):
    systolic = NumberField("Systolic", [Required()], low=50, high=300, unit="mmHg")
    words = TextField("Words")


def pages() -> Blueprint:
    blueprint = Blueprint("pathways", __name__, template_folder="templates")
    rules = {"/my-day": my_day, "/patients/<patient_id>": patient, "/find": find_patient, "/conflict": conflict}
    for path, view in (rules | {"/stale": stale, "/broken": broken, "/forgotten-row": forgotten_row}).items():
        blueprint.add_url_rule(path, view_func=view)
    blueprint.add_url_rule("/visit", view_func=visit, methods=["GET", "POST"])
    return blueprint


def my_day() -> str:
    return "my day"


def find_patient() -> str:
    return f"found {request.args.get('q', '')}"


def patient(patient_id: str) -> str:
    with work(current_actor(), reading=True) as repo:
        return repo.read(f"Patient/{patient_id}")["id"]


def conflict() -> str:
    raise Conflict("only an approved protocol can be released")


def stale() -> str:
    raise PreconditionFailed("version 2 is newer")


def broken() -> str:
    raise ZeroDivisionError("secret detail")


def forgotten_row() -> str:
    return "nobody should see this"


def visit() -> object:
    from flask import render_template

    form = Visit.opened()
    if form.accepted():
        stored.append({"systolic": str(form.systolic.data), "words": form.words.data or ""})
        return redirect(url_for("pathways.my_day"), 303)
    return render_template("visit.html", form=form), (422 if form.sent else 200)


FEATURE = Feature(
    name="pathways",
    blueprint=pages,
    access={
        "pathways.my_day": "worklist:read",
        "pathways.find_patient": "patient:read",
        "pathways.patient": "patient:read",
        "pathways.visit": "visit:record",
        "pathways.conflict": "signed-in",
        "pathways.stale": "signed-in",
        "pathways.broken": "signed-in",
    },
    grants={"physician": frozenset({"visit:record"}), "nurse": frozenset({"visit:record"})},
    places=lambda: [Place("pathways.my_day", "My day", "worklist:read", 10)],
    home={"physician": "pathways.my_day", "nurse": "pathways.my_day"},
)
