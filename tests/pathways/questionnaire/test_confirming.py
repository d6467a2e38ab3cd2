"""A warning of a constraint is seen before the form is stored: corrected, or confirmed by a tick."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from app.config import ROOT
from app.fhir.json import loads
from pathways.questionnaire import sdc
from pathways.questionnaire.forms import QuestionnaireForm, form_class
from pathways.questionnaire.response import respond
from pathways.questionnaire.validate import validate
from tests.pathways.questionnaire.forms import a_form, ask, today
from tests.pathways.questionnaire.test_shipped_forms import filled, pressures


def warning(key: str, expression: str, text: str, severity: str = "warning") -> dict[str, Any]:
    return {
        "url": sdc.TARGET_CONSTRAINT,
        "extension": [
            {"url": "key", "valueId": key},
            {"url": "severity", "valueCode": severity},
            {"url": "expression", "valueExpression": {"language": "text/fhirpath", "expression": expression}},
            {"url": "human", "valueString": text},
        ],
    }


TALL = warning("tall", "%resource.item.where(linkId = 'h').answer.value > 120", "Est-ce bien en centimètres ?")
FORM = a_form(ask("decimal", "h", "Taille", TALL), ask("decimal", "w", "Poids", required=True))


def sent(*pairs: tuple[str, str]) -> QuestionnaireForm:
    return form_class(FORM, "fr")(MultiDict(pairs), context=today())


def test_the_warning_stands_at_its_field_and_waits() -> None:
    form = sent(("h", "60"), ("w", "70"))
    assert not form.validate()
    assert form["h"].errors == ["Est-ce bien en centimètres ?"] and form["h"].confirm == [("tall", False)]


def test_confirmed_it_is_stored() -> None:
    form = sent(("h", "60"), ("w", "70"), ("confirm", "tall"))
    assert form.validate() and form["h"].errors == []


def test_the_tick_stays_while_something_else_is_corrected() -> None:
    form = sent(("h", "60"), ("confirm", "tall"))
    assert not form.validate()
    assert form["h"].confirm == [("tall", True)] and form["w"].errors


def test_one_tick_confirms_one_warning() -> None:
    assert not sent(("h", "60"), ("w", "70"), ("confirm", "other")).validate()


def test_another_system_is_told_and_not_refused() -> None:
    response = respond(FORM, {"h": [{"valueDecimal": 60}], "w": [{"valueDecimal": 70}]}, today())
    assert [one.severity for one in validate(FORM, response, today())] == ["warning"]


FIRST = sorted(ROOT.glob("protocols/content/*/questionnaire-*-first-assessment.json"))


@pytest.mark.parametrize("path", FIRST, ids=lambda one: one.stem)
@pytest.mark.parametrize(
    ("weight", "height", "asked"),
    [
        ("70", "60", {"height"}),
        ("70", "119.9", {"height"}),
        ("70", "120", set()),
        ("95", "220", set()),
        ("95", "220.1", {"height"}),
        ("200", "160", {"bmi"}),
        ("30", "165", {"bmi"}),
        ("45", "150", set()),
    ],
)
def test_a_body_that_can_hardly_be_is_asked_about(path: Path, weight: str, height: str, asked: set[str]) -> None:
    form = filled(path, **pressures(path, 148, 92), weight=weight, height=height)
    assert form.validate() is (not asked)
    assert {field.link_id for field in form if getattr(field, "confirm", None)} == asked
    keys = [key for field in form for key, _ in getattr(field, "confirm", ())]
    again = form_class(form.source.questionnaire, "fr", form.context.value_sets)(
        MultiDict([*form_pairs(form), *(("confirm", key) for key in keys)]), context=form.context
    )
    assert again.validate(), again.errors


def form_pairs(form: QuestionnaireForm) -> list[tuple[str, str]]:
    """What was sent in a form."""
    return [(field.name, value) for field in form for value in getattr(field, "raw_data", None) or ()]


def test_a_height_of_two_digits_is_no_longer_refused_outright() -> None:
    low = {
        one["valueDecimal"]
        for path in FIRST
        for item in loads(path.read_bytes())["item"]
        for below in item.get("item", ())
        if below["linkId"] == "height"
        for one in below["extension"]
        if one["url"] == sdc.MIN_VALUE
    }
    assert low == {40}
