"""The style page: each component in both directions. Development only."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint
from flask_babel import force_locale

from app import clock
from app.config import LOCALES
from app.web import render
from app.web.form import (
    BooleanField,
    ChoiceField,
    ChoicesField,
    DayField,
    Form,
    LongTextField,
    NumberField,
    Required,
    TextField,
)


class StyleForm(Form):
    name = TextField("Nom / الاسم", [Required()], description="Comme sur la carte / كما في البطاقة")
    systolic = NumberField(
        "Systolique / الانقباضي", [Required()], low=50, high=300, unit="mmHg", last=("148", "2026-10-01")
    )
    day = DayField("Date / التاريخ")
    decision = ChoiceField("Décision / القرار", choices=[("accept", "Accepter / قبول"), ("adapt", "Adapter / تعديل")])
    reason = LongTextField("Motif / السبب", when={"field": "decision", "is": ["adapt"]})
    signs = ChoicesField("Signes / العلامات", choices=[("a", "Céphalées / صداع"), ("b", "Dyspnée / ضيق التنفس")])
    place = ChoiceField("Lieu / المكان", choices=[("1", "CSU-1"), ("2", "CHP")], as_select=True)
    agreed = BooleanField("Consentement / موافقة")


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/style", "style", style)


def style() -> str:
    """French beside Arabic, so that a difference shows."""
    wrong = StyleForm(data={"name": "", "systolic": None})
    wrong.systolic.raw_data, wrong.systolic.errors = ["1400"], ["doit être entre 50 et 300 mmHg : vous avez saisi 1400"]
    days = [clock.today() + timedelta(days) for days in (-12, 0, 3)]
    sides = []
    for code, locale in LOCALES.items():
        with force_locale(locale):
            sides.append((code, render("web/style_side.html", form=StyleForm(), wrong=wrong, days=days, code=code)))
    return render("web/style.html", sides=sides)
