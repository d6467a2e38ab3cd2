"""The rules of an answer, said in the user's language and naming the field and what was typed."""

from decimal import Decimal
from typing import Any

import pytest

from app.errors import Issue
from pathways.questionnaire import sdc
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.response import respond
from pathways.questionnaire.validate import validate
from tests.pathways.questionnaire.forms import (
    a_form,
    ask,
    below_systolic,
    between,
    blood_pressure,
    ext,
    fhirpath,
    glucose,
    named,
    option,
    today,
)


def wrong(questionnaire: dict[str, Any], answers: dict[str, Any], context: FormContext | None = None) -> list[Issue]:
    """What is wrong with these answers."""
    context = context or today()
    return validate(questionnaire, respond(questionnaire, answers, context), context)


def texts(*given: Any) -> list[str]:
    return [issue.text for issue in wrong(*given)]


def answer(type_: str, value: Any) -> dict[str, Any]:
    return {"a": [{f"value{type_}": value}]}


def test_a_systolic_of_1400_is_refused_in_words_that_name_it() -> None:
    form = a_form(blood_pressure())
    typed = {"sys": [{"valueInteger": 1400}], "dia": [{"valueInteger": 90}]}
    assert texts(form, typed) == ["La systolique doit être entre 50 et 300 mmHg : vous avez saisi 1400"]
    (arabic,) = texts(form, typed, today("ar"))
    assert "الضغط الانقباضي" in arabic and "\u2068300 mmHg\u2069" in arabic and "1400" in arabic


@pytest.mark.parametrize(("typed", "good"), [(49, False), (50, True), (300, True), (301, False)])
def test_a_range_holds_its_ends(typed: int, good: bool) -> None:
    form = a_form(ask("integer", "a", "", *between(50, 300)))
    assert (wrong(form, answer("Integer", typed)) == []) is good


def test_a_one_sided_range_says_its_side() -> None:
    low = a_form(ask("decimal", "a", "Poids", ext(sdc.MIN_VALUE, valueDecimal=Decimal("2.5"))))
    high = a_form(ask("decimal", "a", "Poids", ext(sdc.MAX_VALUE, valueDecimal=Decimal("2.5"))))
    assert texts(low, answer("Decimal", Decimal("1"))) == [
        "«\u00a0Poids\u00a0» doit être d’au moins 2,5 : vous avez saisi 1"
    ]
    assert texts(high, answer("Decimal", Decimal("3"))) == [
        "«\u00a0Poids\u00a0» doit être d’au plus 2,5 : vous avez saisi 3"
    ]


def test_a_quantity_is_judged_over_its_units() -> None:
    form = a_form(glucose())
    quantity = {"value": Decimal("9.5"), "unit": "g/L", "system": sdc.UCUM, "code": "g/L"}
    (text,) = texts(form, {"glucose": [{"valueQuantity": quantity}]})
    assert text.endswith("50 mmol/L : vous avez saisi 9,5 g/L")
    assert wrong(form, {"glucose": [{"valueQuantity": quantity | {"value": Decimal("9.0")}}]}) == []


def test_a_unit_that_cannot_be_converted_is_refused() -> None:
    quantity = {"value": 5, "unit": "cm", "system": sdc.UCUM, "code": "cm"}
    (text,) = texts(a_form(glucose()), {"glucose": [{"valueQuantity": quantity}]})
    assert "mmol/L, g/L" in text and text.endswith("cm")


@pytest.mark.parametrize(
    ("extension", "value", "good"),
    [
        (ext(sdc.MAX_DECIMAL_PLACES, valueInteger=1), Decimal("1.5"), True),
        (ext(sdc.MAX_DECIMAL_PLACES, valueInteger=1), Decimal("1.50"), False),
        (ext(sdc.MAX_DECIMAL_PLACES, valueInteger=0), Decimal("1.5"), False),
    ],
)
def test_decimals_are_counted_as_written(extension: dict[str, Any], value: Decimal, good: bool) -> None:
    assert (wrong(a_form(ask("decimal", "a", "", extension)), answer("Decimal", value)) == []) is good


@pytest.mark.parametrize(
    ("more", "extension", "value", "good"),
    [
        ({"maxLength": 5}, [], "12345", True),
        ({"maxLength": 5}, [], "123456", False),
        ({}, [ext(sdc.MIN_LENGTH, valueInteger=3)], "ab", False),
        ({}, [ext(sdc.REGEX, valueString="[A-Z]{1,2}[0-9]+")], "AB123", True),
        ({}, [ext(sdc.REGEX, valueString="[A-Z]{1,2}[0-9]+")], "ab 1", False),
    ],
)
def test_texts_have_length_and_pattern(more: dict[str, Any], extension: list[Any], value: str, good: bool) -> None:
    assert (wrong(a_form(ask("string", "a", "", *extension, **more)), answer("String", value)) == []) is good


@pytest.mark.parametrize(
    ("value", "allowed", "good"),
    [
        ("2026-11-21", None, True),
        ("2026-11-22", None, False),
        ("2026-11-22", sdc.FUTURE_ALLOWED, True),
        ("2026", None, True),
        ("2027", None, False),
        ("1960-05-04", None, True),
        ("1960-05-03", None, False),
        ("1959", sdc.BEFORE_BIRTH_ALLOWED, True),
        ("2026-02-30", None, False),
    ],
)
def test_a_date_is_neither_in_the_future_nor_before_birth(value: str, allowed: str | None, good: bool) -> None:
    extension = [ext(allowed, valueBoolean=True)] if allowed else []
    assert (wrong(a_form(ask("date", "a", "Depuis", *extension)), answer("Date", value)) == []) is good


def test_a_moment_later_today_is_the_future() -> None:
    form = a_form(ask("dateTime", "a", "", named("L’heure", "الساعة")))
    assert wrong(form, answer("DateTime", "2026-11-21T10:29:00+01:00")) == []
    (text,) = texts(form, answer("DateTime", "2026-11-21T10:31:00+01:00"))
    assert text == "L’heure est dans le futur : vous avez saisi 21/11/2026"


def test_a_limit_may_be_an_expression() -> None:
    limit = {"url": sdc.MIN_VALUE, "_valueDate": {"extension": [fhirpath(sdc.CQF_EXPRESSION, "today() - 1 month")]}}
    form = a_form(ask("date", "a", "", limit))
    assert wrong(form, answer("Date", "2026-10-21")) == []
    assert [issue.code for issue in wrong(form, answer("Date", "2026-10-20"))] == ["value"]


def test_an_answer_outside_the_list_is_refused() -> None:
    form = a_form(ask("choice", "a", answerOption=[option("I10", "HTA")]))
    assert wrong(form, {"a": [option("I10", "HTA")]}) == []
    assert [issue.code for issue in wrong(form, {"a": [option("E11", "Diabète")]})] == ["code-invalid"]


def test_none_of_these_stands_alone() -> None:
    none = option("none", "Aucun") | {"extension": [ext(sdc.OPTION_EXCLUSIVE, valueBoolean=True)]}
    form = a_form(ask("choice", "a", "Signes", repeats=True, answerOption=[none, option("I10", "HTA")]))
    assert wrong(form, {"a": [option("none", "Aucun")]}) == []
    assert texts(form, {"a": [option("none", "Aucun"), option("I10", "HTA")]}) == [
        "«\u00a0Signes\u00a0» : « Aucun » ne se coche pas avec une autre réponse"
    ]


def test_a_value_set_is_asked_for_its_codes() -> None:
    form = a_form(ask("choice", "a", answerValueSet="https://x/vs"))
    context = today(value_sets=lambda url: [("s", "c", "C")] if url == "https://x/vs" else [])
    assert wrong(form, {"a": [option("c", "C", "s")]}, context) == []
    assert wrong(form, {"a": [option("d", "D", "s")]}, context) != []


def test_a_contained_value_set_is_listed_in_the_page_language() -> None:
    concept = {"code": "y", "display": "Oui", "designation": [{"language": "ar", "value": "نعم"}]}
    contained = {
        "resourceType": "ValueSet",
        "id": "vs",
        "compose": {"include": [{"system": "s", "concept": [concept]}]},
    }
    form = a_form(ask("choice", "a", answerValueSet="#vs"), contained=[contained])
    assert wrong(form, {"a": [option("y", "Oui", "s")]}) == []
    assert wrong(form, {"a": [option("n", "Non", "s")]}) != []


def test_an_open_choice_takes_words_too() -> None:
    form = a_form(ask("open-choice", "a", answerOption=[option("I10", "HTA")]))
    assert wrong(form, {"a": [{"valueString": "goutte"}]}) == []


def test_a_diastolic_above_the_systolic_is_told_at_the_diastolic() -> None:
    form = a_form(blood_pressure(), extension=[below_systolic()])
    typed = {"sys": [{"valueInteger": 90}], "dia": [{"valueInteger": 95}]}
    (issue,) = wrong(form, typed)
    assert (issue.text, issue.code, issue.diagnostics) == (
        "La diastolique doit être inférieure à la systolique",
        "invariant",
        "dia",
    )
    assert texts(form, typed, today("ar")) == ["الانبساطي يجب أن يكون أقل من الانقباضي"]
    assert wrong(form, typed | {"dia": [{"valueInteger": 60}]}) == []
    assert wrong(form, {"dia": [{"valueInteger": 95}]}) == []


def test_a_rule_without_a_place_is_told_at_the_field_that_it_names_first() -> None:
    rule = below_systolic()
    rule = rule | {"extension": [part for part in rule["extension"] if part["url"] != "location"]}
    (issue,) = wrong(
        a_form(blood_pressure(), extension=[rule]), {"sys": [{"valueInteger": 90}], "dia": [{"valueInteger": 95}]}
    )
    assert issue.diagnostics == "dia"


def test_what_a_question_says_in_brackets_is_not_part_of_its_name() -> None:
    form = a_form(ask("choice", "a", "Signes de danger (cocher tous ceux qui sont présents) :", required=True))
    assert texts(form, {}) == ["«\u00a0Signes de danger\u00a0» : une réponse est nécessaire"]
