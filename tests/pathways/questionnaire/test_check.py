"""A Questionnaire with a mistake is refused before anybody fills it in."""

from typing import Any

import pytest

from app.fhir.json import loads
from app.fhir.translation import translated
from pathways.questionnaire import sdc
from pathways.questionnaire.check import check, check_texts
from tests.pathways.questionnaire.forms import (
    KG,
    RESOURCE,
    a_form,
    ask,
    below_systolic,
    blood_pressure,
    ext,
    fhirpath,
    glucose,
)
from tests.pathways.questionnaire.test_shipped_forms import SHIPPED

CONDITION = RESOURCE + "Condition"


def calculation(kind: str, french: str, arabic: str | None) -> dict[str, Any]:
    """A calculated question with one sentence beside it."""
    said = {"url": "text", "valueString": french}
    said = translated(said, "valueString", {"ar": arabic}) if arabic else said
    formula = fhirpath(sdc.CALCULATED_EXPRESSION, "1 + 1")
    beside = {"url": sdc.CALCULATION, "extension": [{"url": kind, "extension": [said]}]}
    return a_form(ask("integer", "a", "A", formula, beside, ar="أ"), language="fr")


@pytest.mark.parametrize(
    ("form", "word"),
    [
        (calculation("why", "x", "س"), "why"),
        (calculation("from", "{{1 +}}", "{{1 +}}"), "FHIRPath"),
        (calculation("from", "{{%a}} kg", "{{%b}} كغ"), "differ"),
        (a_form(ask("quantity", "q", "", ext(sdc.SUBSTANCE, valueCode="gold"))), "gold"),
    ],
)
def test_what_is_said_of_a_calculation_is_checked(form: dict[str, Any], word: str) -> None:
    assert [issue for issue in check(form) if word in str(issue)]
    assert check(calculation("from", "{{1}} kg", "{{1}} كغ")) == []


def test_what_is_said_of_a_calculation_stands_in_both_languages() -> None:
    assert [issue.expression for issue in check_texts(calculation("from", "kg", None)) if "calculation" in str(issue)]


def test_a_good_form_has_no_issue() -> None:
    onset = ask("date", "d", definition=f"{CONDITION}#Condition.onset[x]")
    slices = ask("string", "i", definition=f"{RESOURCE}Patient#Patient.identifier:cnie.value")
    assert check(a_form(blood_pressure(), glucose(), onset, slices, extension=[below_systolic()])) == []


@pytest.mark.parametrize(
    ("item", "word"),
    [
        (ask("group", "g", item=[ask("string", "a"), ask("string", "a")]), "2 times"),
        (ask("string", "a", enableWhen=[{"question": "zz", "operator": "exists", "answerBoolean": True}]), "zz"),
        (ask("integer", "a", "", fhirpath(sdc.CALCULATED_EXPRESSION, "1 +")), "FHIRPath"),
        (ask("choice", "a"), "neither"),
        (ask("integer", "a", "", ext(sdc.MIN_VALUE, valueInteger=9), ext(sdc.MAX_VALUE, valueInteger=1)), "above"),
        (ask("string", "a", "", ext(sdc.REGEX, valueString="(")), "pattern"),
        (
            ask("quantity", "a", "", ext(sdc.UNIT, valueCoding=KG), ext(sdc.UNIT_OPTION, valueCoding={"code": "cm"})),
            "cm",
        ),
        (ask("integer", "a", "", ext(sdc.OBSERVATION_EXTRACT, valueBoolean=True)), "needs a code"),
        (ask("string", "a", definition=f"{CONDITION}#Condition.colour"), "colour"),
        (
            ask(
                "string",
                "a",
                "",
                {
                    "url": sdc.TEMPLATE_EXTRACT,
                    "extension": [{"url": "template", "valueReference": {"reference": "#t"}}],
                },
            ),
            "#t",
        ),
        (ask("decimal", "a", "", fhirpath(sdc.CALCULATED_EXPRESSION, "%nothing + 1")), "%nothing"),
        (
            ask("integer", "a", enableWhen=[{"question": "a", "operator": ">", "answerString": "3"}]),
            "compares a, a integer, with a value of type String",
        ),
    ],
)
def test_each_mistake_is_named_with_its_place(item: dict[str, Any], word: str) -> None:
    (issue,) = check(a_form(item))
    assert word in str(issue)
    assert issue.expression and issue.expression.startswith("Questionnaire")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_forms_have_no_mistake(path: Any) -> None:
    form = loads(path.read_bytes())
    assert [str(issue) for issue in (*check(form), *check_texts(form))] == []


def test_a_question_without_arabic_is_told() -> None:
    form = a_form(ask("string", "a", "Nom", ar="الاسم"), ask("string", "b", "Prénom"), language="fr")
    assert [str(issue) for issue in check_texts(form)] == [
        "The text lacks a language: Questionnaire.item('b').text [ar]"
    ]
