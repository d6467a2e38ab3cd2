"""Content read without a patient: what is told before a release, with the element's path."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import Issue
from pathways.apply.check import check, check_activity
from tests.pathways.apply.domain import (
    BASE,
    MEASURE_BP,
    SD,
    a_plan,
    a_variable,
    an_action,
    an_activity,
    asked,
    in_both,
    pressure_variables,
    uses,
    when,
)


def issues(plan: dict[str, Any], *definitions: dict[str, Any]) -> list[Issue]:
    """The errors of a plan, its texts apart."""
    found = check(plan, asked(definitions=definitions).definitions)
    return [one for one in found if one.code != "required"]


def told(plan: dict[str, Any], *definitions: dict[str, Any]) -> list[tuple[str | None, str]]:
    return [(one.expression, one.text) for one in issues(plan, *definitions)]


def test_a_sound_plan_has_nothing_to_tell() -> None:
    plan = a_plan(
        an_action("A", id="a", **when("%sbp >= 140"), **uses(MEASURE_BP), timingDuration={"value": 4, "code": "wk"}),
        an_action(
            "B", relatedAction=[{"actionId": "a", "relationship": "after", "offsetDuration": {"value": 1, "code": "d"}}]
        ),
        variables=[v for v in pressure_variables() if v["valueExpression"]["name"] != "dbp"],
    )
    assert told(plan) == []


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("%sbpp >= 140", "There is no variable %sbpp"),
        ("%sbp >=", "FHIRPath"),
        ("%patient.nmae.exists()", "nmae"),
        ("Patient.brithDate.exists()", "brithDate"),
        ("nowhere().exists()", "nowhere"),
        ("1 + 1", "no Boolean"),
        ("'text'", "no Boolean"),
    ],
)
def test_a_condition_that_cannot_be_right_is_told(expression: str, words: str) -> None:
    found = issues(a_plan(an_action("A", **when(expression)), variables=pressure_variables()))
    (issue,) = [one for one in found if one.severity == "error"]
    assert words in issue.text
    assert issue.expression == "PlanDefinition.action[0].condition[0].expression"
    assert issue.diagnostics == expression


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ([a_variable("a", "%b"), a_variable("b", "%a")], "in a circle"),
        ([a_variable("a", "1"), a_variable("a", "2")], "declared twice"),
        ([a_variable("1a", "1")], "no name for a variable"),
        ([a_variable("a", "Observation?nowhere=1")], "no search parameter 'nowhere'"),
        ([a_variable("a", "Observation?patient={{%patient.idd}}")], "idd"),
        ([a_variable("a", "Observation?patient={{%whom}}")], "%whom"),
        ([a_variable("a", "%patient.", needed=True, ask="x")], "FHIRPath"),
        ([a_variable("a", "1", needed=True)], "nothing asks for it"),
    ],
)
def test_a_variable_that_cannot_be_right_is_told(variables: list[Any], words: str) -> None:
    found = issues(a_plan(an_action("A"), variables=variables))
    assert any(words in one.text and str(one.expression).startswith("PlanDefinition.extension[") for one in found)


def test_missing_and_circular_definitions_are_told() -> None:
    inner = a_plan(an_action("Back", definitionCanonical=f"{BASE}/PlanDefinition/outer"), name="inner")
    outer = a_plan(
        an_action("In", **uses(inner)), an_action("Out", definitionCanonical="http://nowhere/x"),
        an_action("C", definitionCanonical="#none"), name="outer",
    )  # fmt: skip
    found = told(outer, inner, outer)
    assert any("circle" in text and "inner" in str(place) for place, text in found)
    assert ("PlanDefinition.action[1].definitionCanonical", "there is no definition http://nowhere/x") in found
    assert any("#none" in text for _, text in found)


def test_a_definition_that_cannot_be_applied_is_told() -> None:
    measure = {"resourceType": "Measure", "url": "http://x/Measure/m", "version": "1"}
    assert "cannot be applied" in told(a_plan(an_action("A", **uses(measure))), measure)[0][1]


def test_nested_plans_are_checked_with_the_variables_they_inherit() -> None:
    inner = a_plan(an_action("I", **when("%sbp > 1")), name="inner")
    outer = a_plan(an_action("O", **uses(inner)), name="outer", variables=pressure_variables()[:2])
    assert told(outer, inner) == []
    assert any("%sbp" in text for _, text in told(inner))


def test_wrong_units_relations_and_ids_are_told() -> None:
    plan = a_plan(
        an_action("A", id="a", timingDuration={"value": 4, "code": "mg"}),
        an_action("B", id="a", timingRange={"low": {"value": 1, "code": "parsec"}}),
        an_action("C", relatedAction=[{"actionId": "z", "offsetDuration": {"value": 1, "code": "kg"}}]),
        goal=[{"description": {"text": "g"}, "target": [{"due": {"value": 1, "code": "g"}}]}],
    )
    places = [place for place, _ in told(plan)]
    assert places == [
        "PlanDefinition.action[0].timingDuration",
        "PlanDefinition.action[1].timingRange.low",
        "PlanDefinition.action[1]",
        "PlanDefinition.action[2].relatedAction[0].offsetDuration",
        "PlanDefinition.action[2].relatedAction[0].actionId",
        "PlanDefinition.goal[0].target[0].due",
    ]


def test_dynamic_values_are_checked_against_what_they_change() -> None:
    def value(path: str, text: str) -> dict[str, Any]:
        return {"path": path, "expression": {"language": "text/fhirpath", "expression": text}}

    task = an_activity("t", dynamicValue=[value("nowhere", "title")])
    plan = a_plan(an_action("A", **uses(task), dynamicValue=[value("timing", "today()"), value("status", "titel")]))
    places = [place for place, _ in told(plan, task)]
    assert len(places) == 2
    assert any("ActivityDefinition.dynamicValue[0].path" in str(place) for place in places)
    assert "PlanDefinition.action[0].dynamicValue[1].expression" in places


def test_texts_that_lack_a_language_are_told() -> None:
    words = {"url": "taken", "valueString": "Seulement en français {{%nobody}}"}
    action = an_action("A", extension=[{"url": f"{SD}/explanation", "extension": [words]}])
    found = check(a_plan(action), asked().definitions)
    lacking = [one.text for one in found if one.code == "required"]
    assert any("action[0].title [ar]" in text for text in lacking)
    assert any("lacks a text in 'ar'" in text for text in lacking)
    assert any("%nobody" in one.text for one in found if one.code != "required")
    both = a_plan({**in_both("title", "Titre", "عنوان")}, **in_both("title", "Titre", "عنوان"))
    assert check(both, asked().definitions) == []


def test_an_activity_is_checked_by_itself() -> None:
    drug = an_activity(
        "d", "MedicationRequest", dosage=[{"text": "1 par jour"}], timingDuration={"value": 1, "code": "x"}
    )
    found = check_activity(drug | {"language": "fr"})
    assert any("no duration" in one.text for one in found)
    assert any("dosage[0].text [ar]" in one.text for one in found)
