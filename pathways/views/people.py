"""Find a patient by number, telephone or name in either script; register one who is not there yet."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.errors import Duplicate
from app.store import work
from app.web import current_actor, render
from app.web.errors import told
from app.web.form import AtMost, BooleanField, ChoiceField, Required, TextField
from pathways.finding import find
from pathways.presenters.directory import FoundPerson, present_rows
from pathways.registration import Person, likely_same, register, registered
from pathways.views.asking import Questions
from pathways.views.saving import Refused, Saved, opened, whole

LEAST = 2
"""Letters or digits below which a search would find everybody."""


def _number(label: Any, most: int, described: Any, **typing: str) -> TextField:
    """Something short that is written from left to right in both languages."""
    about = {"dir": "ltr"} | typing
    return TextField(label, [AtMost(most)], description=described, width="short", render_kw=about)


class PatientForm(Questions):
    """What is asked of a person at registration."""

    family = TextField(_l("Family name (Latin letters)"), [AtMost(80)], render_kw={"dir": "ltr", "lang": "fr"})
    given = TextField(_l("Given name (Latin letters)"), [AtMost(80)], render_kw={"dir": "ltr", "lang": "fr"})
    family_ar = TextField(_l("Family name (Arabic letters)"), [AtMost(80)], render_kw={"dir": "rtl", "lang": "ar"})
    given_ar = TextField(_l("Given name (Arabic letters)"), [AtMost(80)], render_kw={"dir": "rtl", "lang": "ar"})
    gender = ChoiceField(
        _l("Sex"), [Required(_l("Choose the sex"))], choices=[("female", _l("Woman")), ("male", _l("Man"))]
    )
    birth = TextField(
        _l("Date of birth"),
        [Required(_l("Write the date of birth, or the year alone"))],
        description=_l("Day/month/year, or the year alone"),
        width="short",
        render_kw={"dir": "ltr", "inputmode": "numeric"},
    )
    phone = _number(_l("Telephone"), 25, _l("The patient's, or of somebody who can be reached"), inputmode="tel")
    cnie = _number(
        _l("CNIE number"),
        12,
        _l("National identity card: one or two letters, then digits"),
        autocapitalize="characters",
    )
    idcs = _number(_l("IDCS number"), 14, _l("Civil and social identifier: 10 digits"), inputmode="numeric")
    cnss = _number(_l("CNSS number"), 12, _l("Social security: 9 digits"), inputmode="numeric")
    city = TextField(_l("Commune"), [AtMost(80)], description=_l("Where the patient lives"))
    other_person = BooleanField(_l("None of these is the same person"))


def add_to(pages: Blueprint) -> None:
    """The two pages."""
    pages.add_url_rule("/patients", "find_patient", find_patient)
    pages.add_url_rule("/patients/register", "register", register_patient, methods=["GET", "POST"])


def find_patient() -> ResponseReturnValue:
    """The search of the header leads here; one exact identifier opens the record at once."""
    asked = request.args.get("q", "").strip()
    rows = []
    if len(asked) >= LEAST:
        with work(current_actor(), reading=True) as repo:
            rows = present_rows(find(repo, asked))
    exact = len(rows) == 1 and rows[0].visible and any(letter.isdigit() for letter in asked)
    if exact:
        return redirect(url_for("pathways.patient", patient_id=rows[0].id), 303)
    return render("pathways/find.html", asked=asked, rows=rows, short=0 < len(asked) < LEAST)


@whole
def register_patient(refused: Refused) -> ResponseReturnValue | Saved:
    """Register; who may be the same person is shown first, once."""
    form = PatientForm.opened(**_from_search(request.args.get("q", "")))
    alike: list[FoundPerson] = []
    if form.accepted():
        person = Person(
            **{name: form[name].data or "" for name in Person.__dataclass_fields__ if name in form and name != "birth"},
            birth=iso_birth(form.birth.data),
        )
        with opened(refused) as repo:
            if isinstance(refused, Duplicate):
                form.wrong(str(refused.issues[0].expression), told(refused))
                alike = present_rows(find(repo, form[str(refused.issues[0].expression)].data))
            elif refused is not None:
                form.refused(refused)
            else:
                again = registered(repo, request.form["form_key"]) is not None
                if not form.other_person.data and not again and _readable(person):
                    alike = present_rows(likely_same(repo, person))
                if not alike:
                    patient = register(repo, person, form_key=request.form["form_key"])
                    return Saved(url_for("pathways.patient", patient_id=patient["id"]))
    if not alike:
        del form.other_person
    return render("pathways/register.html", form=form, alike=alike), (422 if form.sent else 200)


def iso_birth(text: str) -> str:
    """``21/11/1970`` or ``1970`` as a FHIR date; what is neither stays as it is and is refused by the use case."""
    text = text.strip().translate(str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789"))
    parts = text.replace("-", "/").replace(".", "/").split("/")
    if len(parts) == 3 and all(part.isdigit() for part in parts):
        day, month, year = parts if len(parts[2]) == 4 else parts[::-1]
        try:
            return date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            return text
    return text


def _readable(person: Person) -> bool:
    return len(person.birth) >= 4 and person.birth[:4].isdigit()


def _from_search(asked: str) -> dict[str, str]:
    """Begin the form with what was searched for."""
    words = asked.split()
    if not words:
        return {}
    if any(letter.isdigit() for letter in asked):
        return {"cnie": asked.upper()} if asked[0].isalpha() else {"phone": asked}
    arabic = any("\u0600" <= letter <= "\u06ff" for letter in asked)
    suffix = "_ar" if arabic else ""
    return {f"family{suffix}": words[0], f"given{suffix}": " ".join(words[1:])}
