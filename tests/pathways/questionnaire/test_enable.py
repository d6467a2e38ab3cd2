"""enableWhen: operators, behaviours, chains, repeating groups, expressions."""

from typing import Any

import pytest

from pathways.questionnaire import sdc
from pathways.questionnaire.response import answers_of, respond
from tests.pathways.questionnaire.forms import a_form, ask, fhirpath, glucose, option, today


def asked(questionnaire: dict[str, Any], answers: dict[str, Any]) -> set[str]:
    """The linkIds whose answers remain in the response."""
    return set(answers_of(questionnaire, respond(questionnaire, answers, today())))


def when(question: str, operator: str, **answer: Any) -> dict[str, Any]:
    return {"question": question, "operator": operator, **answer}


@pytest.mark.parametrize(
    ("operator", "limit", "typed", "shown"),
    [
        (">", 140, 141, True),
        (">", 140, 140, False),
        (">=", 140, 140, True),
        ("<", 140, 139, True),
        ("<", 140, 140, False),
        ("<=", 140, 140, True),
        ("=", 140, 140, True),
        ("=", 140, 141, False),
        ("!=", 140, 141, True),
        ("!=", 140, 140, False),
        ("!=", 140, None, False),
        (">", 140, None, False),
    ],
)
def test_each_operator_at_its_threshold(operator: str, limit: int, typed: int | None, shown: bool) -> None:
    form = a_form(ask("integer", "a"), ask("string", "b", enableWhen=[when("a", operator, answerInteger=limit)]))
    answers: dict[str, Any] = {"b": [{"valueString": "x"}]}
    if typed is not None:
        answers["a"] = [{"valueInteger": typed}]
    assert ("b" in asked(form, answers)) is shown


@pytest.mark.parametrize(
    ("expected", "given", "shown"), [(True, True, True), (True, False, False), (False, False, True)]
)
def test_exists_asks_for_an_answer_or_for_none(expected: bool, given: bool, shown: bool) -> None:
    form = a_form(ask("string", "a"), ask("string", "b", enableWhen=[when("a", "exists", answerBoolean=expected)]))
    answers = {"b": [{"valueString": "x"}]} | ({"a": [{"valueString": "y"}]} if given else {})
    assert ("b" in asked(form, answers)) is shown


@pytest.mark.parametrize(("behaviour", "shown"), [("all", False), ("any", True)])
def test_all_or_any_of_the_conditions(behaviour: str, shown: bool) -> None:
    conditions = [when("a", "=", answerBoolean=True), when("b", "=", answerBoolean=True)]
    form = a_form(
        ask("boolean", "a"),
        ask("boolean", "b"),
        ask("string", "c", enableWhen=conditions, enableBehavior=behaviour),
    )
    answers = {"a": [{"valueBoolean": True}], "b": [{"valueBoolean": False}], "c": [{"valueString": "x"}]}
    assert ("c" in asked(form, answers)) is shown


def test_a_chain_closes_from_its_head() -> None:
    yes = {"answerBoolean": True}
    form = a_form(
        ask("boolean", "woman"),
        ask("boolean", "pregnant", enableWhen=[when("woman", "=", **yes)]),
        ask("boolean", "bleeding", enableWhen=[when("pregnant", "=", **yes)]),
        ask("string", "since", enableWhen=[when("bleeding", "=", **yes)]),
    )
    below = {
        "pregnant": [{"valueBoolean": True}],
        "bleeding": [{"valueBoolean": True}],
        "since": [{"valueString": "1 j"}],
    }
    assert asked(form, below | {"woman": [{"valueBoolean": False}]}) == {"woman"}
    assert asked(form, below | {"woman": [{"valueBoolean": True}]}) == {"woman", *below}


def test_a_question_that_is_not_asked_counts_as_unanswered() -> None:
    form = a_form(
        ask("boolean", "a"),
        ask("string", "b", enableWhen=[when("a", "=", answerBoolean=True)]),
        ask("string", "c", enableWhen=[when("b", "exists", answerBoolean=False)]),
    )
    answers = {"a": [{"valueBoolean": False}], "b": [{"valueString": "x"}], "c": [{"valueString": "y"}]}
    assert asked(form, answers) == {"a", "c"}


def test_questions_that_wait_for_each_other_end() -> None:
    form = a_form(
        ask("boolean", "a", enableWhen=[when("b", "exists", answerBoolean=False)]),
        ask("boolean", "b", enableWhen=[when("a", "exists", answerBoolean=False)]),
    )
    assert asked(form, {"a": [{"valueBoolean": True}], "b": [{"valueBoolean": True}]}) <= {"a", "b"}


def test_a_code_is_compared_by_system_and_code() -> None:
    form = a_form(
        ask("choice", "a", answerOption=[option("I10", "HTA"), option("E11", "Diabète")], repeats=True),
        ask(
            "string",
            "b",
            enableWhen=[when("a", "=", answerCoding={"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11"})],
        ),
    )
    both = {"a": [option("I10", "HTA"), option("E11", "Diabetes type 2")], "b": [{"valueString": "x"}]}
    assert "b" in asked(form, both)
    assert "b" not in asked(form, both | {"a": [option("I10", "HTA")]})


def test_a_quantity_is_compared_over_its_units() -> None:
    limit = {"value": 7, "system": sdc.UCUM, "code": "mmol/L"}
    form = a_form(glucose(), ask("string", "b", enableWhen=[when("glucose", ">=", answerQuantity=limit)]))
    answers = {
        "glucose": [{"valueQuantity": {"value": 2, "system": sdc.UCUM, "code": "g/L"}}],
        "b": [{"valueString": "x"}],
    }
    assert "b" in asked(form, answers)


def test_each_row_of_a_repeating_group_asks_for_itself() -> None:
    form = a_form(
        ask(
            "group",
            "drug",
            repeats=True,
            item=[
                ask("string", "name"),
                ask("string", "why", enableWhen=[when("name", "=", answerString="autre")]),
            ],
        )
    )
    rows = [
        {"name": [{"valueString": "autre"}], "why": [{"valueString": "x"}]},
        {"name": [{"valueString": "amlodipine"}], "why": [{"valueString": "y"}]},
    ]
    found = answers_of(form, respond(form, {"drug": rows}, today()))
    assert [set(row) for row in found["drug"]] == [{"name", "why"}, {"name"}]


@pytest.mark.parametrize(("gender", "shown"), [("female", True), ("male", False)])
def test_an_expression_enables_on_what_is_known_of_the_patient(gender: str, shown: bool) -> None:
    form = a_form(
        ask("boolean", "pregnant", "Enceinte", fhirpath(sdc.ENABLE_WHEN_EXPRESSION, "%patient.gender = 'female'"))
    )
    context = today(patient={"resourceType": "Patient", "gender": gender})
    response = respond(form, {"pregnant": [{"valueBoolean": True}]}, context)
    assert ("item" in response) is shown
