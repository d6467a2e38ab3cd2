"""A QuestionnaireResponse from another system, judged by the rules of the form."""

from decimal import Decimal
from typing import Any

import pytest

from app.fhir.fhirpath import FhirPathError
from pathways.questionnaire import sdc
from pathways.questionnaire.validate import validate
from tests.pathways.questionnaire.forms import a_form, ask, blood_pressure, ext, fhirpath, today


def sent(*item: dict[str, Any], **about: Any) -> dict[str, Any]:
    """A completed response as an EHR would post it."""
    return {"resourceType": "QuestionnaireResponse", "status": "completed", **about, "item": list(item)}


def said(link_id: str, *values: tuple[str, Any]) -> dict[str, Any]:
    return {"linkId": link_id, "answer": [{f"value{kind}": value} for kind, value in values]}


def judged(questionnaire: dict[str, Any], response: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(issue.code, issue.expression) for issue in validate(questionnaire, response, today())]


def test_a_good_response_has_no_issue() -> None:
    group = {"linkId": "bp", "item": [said("sys", ("Integer", 130)), said("dia", ("Integer", 80))]}
    assert judged(a_form(blood_pressure()), sent(group)) == []


def test_each_error_carries_its_path() -> None:
    group = {"linkId": "bp", "item": [said("sys", ("Integer", 20)), said("dia", ("String", "80"))]}
    assert judged(a_form(blood_pressure()), sent(group)) == [
        ("value", "QuestionnaireResponse.item[0].item[0].answer[0].value"),
        ("value", "QuestionnaireResponse.item[0].item[1].answer[0].value"),
    ]


@pytest.mark.parametrize(
    ("type_", "kind", "value"),
    [
        ("boolean", "Boolean", "true"),
        ("integer", "Integer", "5"),
        ("integer", "Integer", True),
        ("decimal", "Integer", 5),
        ("string", "Boolean", True),
        ("choice", "String", "I10"),
        ("quantity", "Decimal", Decimal("5")),
        ("quantity", "Quantity", {"unit": "kg"}),
        ("date", "DateTime", "2024-01-01"),
    ],
)
def test_a_wrong_type_is_told(type_: str, kind: str, value: Any) -> None:
    assert judged(a_form(ask(type_, "a")), sent(said("a", (kind, value)))) != []


def test_a_required_answer_is_missed_only_when_the_form_is_complete() -> None:
    form = a_form(ask("group", "g", item=[ask("string", "a", required=True)]))
    assert judged(form, sent()) == [("required", "QuestionnaireResponse")]
    assert judged(form, sent(status="in-progress")) == []
    assert validate(form, sent(), today())[0].diagnostics == "a"


def test_a_required_answer_is_not_missed_where_it_is_not_asked() -> None:
    condition = {"question": "a", "operator": "=", "answerBoolean": True}
    form = a_form(ask("boolean", "a"), ask("string", "b", required=True, enableWhen=[condition]))
    assert judged(form, sent(said("a", ("Boolean", False)))) == []
    assert judged(form, sent(said("a", ("Boolean", True)))) == [("required", "QuestionnaireResponse")]


def test_an_answer_to_what_is_not_asked_is_refused() -> None:
    condition = {"question": "a", "operator": "=", "answerBoolean": True}
    form = a_form(ask("boolean", "a"), ask("string", "b", enableWhen=[condition]))
    response = sent(said("a", ("Boolean", False)), said("b", ("String", "x")))
    assert judged(form, response) == [("business-rule", "QuestionnaireResponse.item[1]")]


def test_too_many_and_too_few_answers() -> None:
    once, twice = ask("string", "a"), ask("string", "a", "", ext(sdc.MIN_OCCURS, valueInteger=2), repeats=True)
    most = ask("string", "a", "", ext(sdc.MAX_OCCURS, valueInteger=2), repeats=True)
    three = said("a", ("String", "x"), ("String", "y"), ("String", "z"))
    assert judged(a_form(once), sent(three)) == [("structure", "QuestionnaireResponse.item[0]")]
    assert judged(a_form(twice), sent(said("a", ("String", "x")))) == [("required", "QuestionnaireResponse.item[0]")]
    assert judged(a_form(most), sent(three)) == [("structure", "QuestionnaireResponse.item[0]")]


def test_a_question_that_the_form_does_not_have() -> None:
    assert judged(a_form(ask("string", "a")), sent(said("zz", ("String", "x")))) == [
        ("not-found", "QuestionnaireResponse.item[0]")
    ]


def test_answers_in_another_order_are_warned_of() -> None:
    form = a_form(ask("string", "a"), ask("string", "b"))
    (issue,) = validate(form, sent(said("b", ("String", "x")), said("a", ("String", "y"))), today())
    assert issue.severity == "warning"


def test_the_response_to_another_form_is_refused() -> None:
    form = a_form(ask("string", "a"))
    assert judged(form, sent(questionnaire="https://elsewhere/Questionnaire/x")) == [
        ("invalid", "QuestionnaireResponse.questionnaire")
    ]
    assert judged(form, sent(questionnaire=f"{form['url']}|1.0.0")) == []
    assert judged(form, sent(questionnaire=f"{form['url']}|0.9.0")) != []


def test_answers_on_a_group_and_items_beside_an_answer_are_misplaced() -> None:
    form = a_form(ask("group", "g", item=[ask("string", "a")]), ask("string", "q", item=[ask("string", "under")]))
    group = {"linkId": "g", "answer": [{"valueString": "x"}]}
    question = {"linkId": "q", "answer": [{"valueString": "x"}], "item": [said("under", ("String", "y"))]}
    assert judged(form, sent(group, question)) == [
        ("structure", "QuestionnaireResponse.item[0].answer"),
        ("structure", "QuestionnaireResponse.item[1].item"),
    ]


def test_nested_questions_are_judged_inside_their_answer() -> None:
    form = a_form(ask("boolean", "q", item=[ask("integer", "under", "", ext(sdc.MAX_VALUE, valueInteger=3))]))
    nested = {"linkId": "q", "answer": [{"valueBoolean": True, "item": [said("under", ("Integer", 4))]}]}
    assert judged(form, sent(nested)) == [("value", "QuestionnaireResponse.item[0].answer[0].item[0].answer[0].value")]


def twice(**about: Any) -> dict[str, Any]:
    """A form that doubles a number."""
    formula = fhirpath(sdc.CALCULATED_EXPRESSION, "%resource.item.where(linkId = 'a').answer.value * 2")
    return a_form(ask("decimal", "a"), ask("decimal", "twice", "", formula, **about))


def calculated(form: dict[str, Any], a: str | None, given: str, **about: Any) -> list[tuple[str, str]]:
    """(severity, text) of what is said of a calculated answer."""
    first = [said("a", ("Decimal", Decimal(a)))] if a else []
    response = sent(*first, said("twice", ("Decimal", Decimal(given)))) | about
    return [(one.severity, one.text) for one in validate(form, response, today())]


def test_a_calculated_answer_that_nobody_may_change_is_refused_when_it_is_wrong() -> None:
    fixed = twice(readOnly=True)
    assert calculated(fixed, "4.13", "10") == [("error", "«\u00a0twice\u00a0» : le calcul donne ici 8,26")]
    assert calculated(fixed, None, "9")[0][0] == "error"
    assert calculated(fixed, "4.13", "10", status="in-progress")[0][0] == "warning"


@pytest.mark.parametrize("rounded", ["8.26", "8.260", "8.3", "8.2", "8"])
def test_it_may_be_rounded(rounded: str) -> None:
    assert calculated(twice(readOnly=True), "4.13", rounded) == []


def test_a_calculated_answer_that_may_be_overridden_stands_and_is_told() -> None:
    assert [one[0] for one in calculated(twice(), "4.13", "31")] == ["warning"]
    assert calculated(twice(), None, "31") == [], "the user may know what the form cannot calculate"


def test_a_score_in_whole_numbers_is_not_rounded() -> None:
    formula = fhirpath(sdc.CALCULATED_EXPRESSION, "%resource.item.where(linkId = 'a').answer.value * 2")
    form = a_form(ask("integer", "a"), ask("integer", "twice", "", formula, readOnly=True))
    (issue,) = validate(form, sent(said("a", ("Integer", 4)), said("twice", ("Integer", 9))), today())
    assert (issue.severity, issue.text) == ("error", "«\u00a0twice\u00a0» : le calcul donne ici 8")
    assert judged(form, sent(said("a", ("Integer", 4)), said("twice", ("Integer", 8)))) == []


@pytest.mark.parametrize(
    "given",
    [
        {"linkId": "a", "answer": [{"valueDecimal": Decimal(1)}, {"valueDecimal": Decimal(2)}]},
        {"linkId": "a", "answer": [{"valueString": "x"}]},
    ],
    ids=["two answers", "another type"],
)
def test_a_calculation_over_wrong_answers_names_the_answers(given: dict[str, Any]) -> None:
    found = validate(twice(readOnly=True), sent(given, said("twice", ("Decimal", Decimal(9)))), today())
    assert found and all("FHIRPath" not in one.text for one in found)


def test_a_calculation_that_fails_over_good_answers_is_the_form_s_fault() -> None:
    form = a_form(ask("string", "a"), ask("decimal", "b", "", fhirpath(sdc.CALCULATED_EXPRESSION, "'x' * 2")))
    with pytest.raises(FhirPathError):
        validate(form, sent(said("b", ("Decimal", Decimal(9)))), today())
