"""The fields of a form, and the form in a request."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from pathways.questionnaire import sdc
from pathways.questionnaire.forms import QuestionnaireForm, form_class
from tests.pathways.questionnaire.forms import (
    NOW,
    a_form,
    ask,
    blood_pressure,
    ext,
    glucose,
    option,
    today,
)


def sent(
    questionnaire: dict[str, Any], *pairs: tuple[str, str], language: str = "fr", **more: Any
) -> QuestionnaireForm:
    """The form as the browser posts it."""
    return form_class(questionnaire, language)(MultiDict(pairs), context=today(language), **more)


def test_units_ranges_and_previous_values_stand_at_the_field() -> None:
    form = form_class(a_form(blood_pressure()), "fr")(context=today(), previous={"sys": ("148", "2026-10-01")})
    field = form["sys"]
    assert (field.unit, field.last) == ("mmHg", ("148", "2026-10-01"))
    for attribute in ('inputmode="numeric"', 'data-min="50"', 'data-max="300"', 'dir="ltr"'):
        assert attribute in field()


def test_the_user_chooses_a_unit_and_sees_the_conversion() -> None:
    form = sent(a_form(glucose()), ("glucose", "1,10"), ("glucose.unit", "g/L"))
    assert form.validate()
    assert form["glucose"].data[0]["valueQuantity"] == {
        "value": Decimal("1.10"),
        "unit": "g/L",
        "system": sdc.UCUM,
        "code": "g/L",
    }
    assert form["glucose"].converted == "6,11 mmol/L"
    assert '<option selected value="g/L">' in form["glucose"]()
    assert not sent(a_form(glucose()), ("glucose", "1,10"), ("glucose.unit", "furlong")).validate()


def test_an_attribute_without_a_value_is_left_out() -> None:
    form = form_class(a_form(blood_pressure(), glucose()), "fr")(context=today())
    for name in ("sys", "glucose"):
        assert "None" not in form[name](aria_describedby=None, aria_invalid=None)


def test_few_options_are_buttons_many_are_a_list_several_are_boxes() -> None:
    few, many = ([option(f"c{n}", f"Choix {n}") for n in range(count)] for count in (3, 12))
    control = {"coding": [{"code": "drop-down"}]}
    form = form_class(
        a_form(
            ask("choice", "few", answerOption=few),
            ask("choice", "many", answerOption=many),
            ask("choice", "asked", "", ext(sdc.ITEM_CONTROL, valueCodeableConcept=control), answerOption=few),
            ask("choice", "several", repeats=True, answerOption=few),
            ask("boolean", "tick", "", ext(sdc.ITEM_CONTROL, valueCodeableConcept={"coding": [{"code": "check-box"}]})),
        ),
        "fr",
    )(context=today())
    assert form["few"]().count('type="radio"') == 3
    assert form["many"]().startswith("<select") and form["asked"]().startswith("<select")
    assert form["several"]().count('type="checkbox"') == 3
    assert form["tick"]().count('type="checkbox"') == 1


def test_the_page_offers_no_day_after_today() -> None:
    later = ext(sdc.FUTURE_ALLOWED, valueBoolean=True)
    made = form_class(a_form(ask("date", "a"), ask("dateTime", "b"), ask("date", "c", "", later)), "fr")
    form = made(context=today())
    assert 'max="2026-11-21"' in form["a"]() and 'max="2026-11-21T23:59"' in form["b"]()
    assert "max" not in form["c"]()
    tomorrow = today(now=NOW + timedelta(days=1))
    assert 'max="2026-11-22"' in made(context=tomorrow)["a"]()


def test_yes_and_no_speak_the_language_of_the_page() -> None:
    form = form_class(a_form(ask("boolean", "a")), "ar")(context=today("ar"))
    assert [label for _value, label in form["a"].choices] == ["نعم", "لا"]


@pytest.fixture
def request_of() -> Any:
    """Opens a form in a POST with these fields."""
    flask = Flask("test")

    def opened(questionnaire: dict[str, Any], **fields: str) -> QuestionnaireForm:
        with flask.test_request_context(method="POST", data=fields):
            form = form_class(questionnaire, "fr").opened(context=today())
            form.received = form.accepted()
            return form

    return opened


ROWS = a_form(ask("group", "drugs", repeats=True, item=[ask("string", "name", required=True)]))


@pytest.mark.parametrize(("given", "ticked"), [(True, "true"), (False, "false")])
def test_a_yes_or_no_that_is_known_is_ticked(given: bool, ticked: str) -> None:
    form = form_class(a_form(ask("boolean", "b")), "fr")(context=today(), answers={"b": [{"valueBoolean": given}]})
    assert [str(one.data) for one in form["b"] if one.checked] == [ticked]


def test_a_post_is_read_and_judged(request_of: Any) -> None:
    assert request_of(ROWS, **{"drugs-0-name": "amlodipine"}).received
    assert not request_of(a_form(blood_pressure()), sys="1400").received


def test_add_another_makes_room_and_judges_nothing_yet(request_of: Any) -> None:
    form = request_of(ROWS, **{"drugs-0-name": "amlodipine", "add-row": "drugs"})
    assert not form.received and not form.errors
    assert [entry.form["name"].data for entry in form["drugs"].entries] == [[{"valueString": "amlodipine"}], []]
