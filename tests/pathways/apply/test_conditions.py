"""Which actions apply: taken, not taken, missing, failed; and what is asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from tests.pathways.apply.domain import (
    BASE,
    a_lab,
    a_patient,
    a_plan,
    a_reading,
    a_variable,
    an_action,
    an_activity,
    pressure_variables,
    resources_of,
    run,
    statuses,
    uses,
    when,
)


def treatment() -> dict[str, Any]:
    return a_plan(
        an_action("Raise", **when("%sbp >= 140 or %dbp >= 90")),
        an_action("Keep", **when("%sbp < 140 and %dbp < 90")),
        variables=pressure_variables(),
    )


@pytest.mark.parametrize(
    ("systolic", "diastolic", "raised"),
    [(139, 89, False), (140, 89, True), (139, 90, True), (180, 110, True)],
)
def test_an_action_is_taken_on_its_side_of_the_threshold(systolic: int, diastolic: int, raised: bool) -> None:
    found = statuses(run(treatment(), a_reading(systolic, diastolic)))
    assert found == {"Raise": "taken" if raised else "not-taken", "Keep": "not-taken" if raised else "taken"}


def test_the_newest_reading_counts() -> None:
    applied = run(treatment(), a_reading(170, 100, "2026-01-01"), a_reading(120, 70, "2026-09-01"))
    assert applied.find("PlanDefinition.action[1]").taken == "taken"


def test_what_is_missing_is_asked_for_once_and_nothing_is_guessed() -> None:
    applied = run(treatment())
    assert statuses(applied) == {"Raise": "missing", "measure-bp": "taken", "Keep": "missing"}
    (task,) = resources_of(applied, "Task")
    assert task["code"]["coding"][0]["code"] == "measure"
    assert task["for"] == {"reference": "Patient/amina"}
    (group,) = resources_of(applied, "RequestGroup")
    assert [action["resource"]["reference"] for action in group["action"]] == ["Task/measure-bp"]


def test_a_value_that_does_not_matter_is_not_asked_for() -> None:
    only_diastolic = a_reading(100, 95)
    only_diastolic["component"] = only_diastolic["component"][1:]
    applied = run(treatment(), only_diastolic)
    assert statuses(applied)["Raise"] == "taken"


def test_a_condition_that_fails_is_named_and_lets_the_others_be() -> None:
    plan = a_plan(an_action("Broken", **when("1 / 'a'")), an_action("Sound", **when("true")))
    applied = run(plan)
    assert statuses(applied) == {"Broken": "failed", "Sound": "taken"}
    (issue,) = applied.issues
    assert "Broken" in issue.text and "1 / 'a'" in str(issue.diagnostics)
    (group,) = resources_of(applied, "RequestGroup")
    assert group["contained"][0]["resourceType"] == "OperationOutcome"
    assert [action["title"] for action in group["action"]] == ["Sound"]


@pytest.mark.parametrize("text", ["%nobody", "name.given ~~", "1", "'yes'", "(true | false)"])
def test_a_condition_answers_true_or_false_or_it_fails(text: str) -> None:
    assert statuses(run(a_plan(an_action("A", **when(text))))) == {"A": "failed"}


def test_cql_is_told_to_be_unknown_here() -> None:
    plan = a_plan(an_action("A"))
    expression = {"language": "text/cql", "expression": "Patient is old"}
    plan["action"][0]["condition"] = [{"kind": "applicability", "expression": expression}]
    applied = run(plan)
    assert "text/cql" in applied.issues[0].text


def test_several_conditions_are_all_needed_and_one_that_is_false_decides() -> None:
    plan = a_plan(
        an_action("Both", **when("true", "%sbp > 100")),
        an_action("Not", **when("false", "%sbp > 100")),
        variables=pressure_variables(),
    )
    assert statuses(run(plan)) == {"Both": "missing", "measure-bp": "taken", "Not": "not-taken"}


def test_start_and_stop_conditions_are_carried_not_judged() -> None:
    stop = {"kind": "stop", "expression": {"language": "text/fhirpath", "expression": "false"}}
    applied = run(a_plan(an_action("Until better", condition=[stop])))
    (group,) = resources_of(applied, "RequestGroup")
    assert group["action"][0]["condition"] == [stop]


def test_a_variable_in_a_circle_fails_its_action_alone() -> None:
    variables = [a_variable("a", "%b"), a_variable("b", "%a"), a_variable("fine", "true")]
    plan = a_plan(an_action("Circle", **when("%a")), an_action("Fine", **when("%fine")), variables=variables)
    assert statuses(run(plan)) == {"Circle": "failed", "Fine": "taken"}
    assert "needs itself" in run(plan).issues[0].text


def test_a_named_parameter_can_be_chosen_by_the_request() -> None:
    about = {"url": f"{BASE}/StructureDefinition/parameter", "valueString": "urgent"}
    limit = a_variable("urgent", "110")
    limit["valueExpression"]["extension"] = [about]
    plan = a_plan(an_action("Refer", **when("%dbp > %urgent")), variables=[*pressure_variables(), limit])
    record = a_reading(180, 115)
    assert statuses(run(plan, record))["Refer"] == "taken"
    assert statuses(run(plan, record, parameters={"urgent": 120}))["Refer"] == "not-taken"


@pytest.mark.parametrize(
    ("chosen", "day"),
    [
        (None, "2026-10-13"),
        ({"value": 1, "unit": "month", "code": "mo"}, "2026-10-15"),
        ({"value": 1, "unit": "an", "code": "a"}, "2027-09-15"),
        ({"value": 2, "unit": "semaines", "code": "wk"}, "2026-09-29"),
        ({"value": 10, "unit": "d", "code": "d"}, "2026-09-25"),
    ],
)
def test_a_duration_chosen_in_ucum_is_one_of_the_calendar(chosen: dict[str, Any] | None, day: str) -> None:
    about = {"url": f"{BASE}/StructureDefinition/parameter", "valueString": "interval"}
    interval = a_variable("interval", "4 weeks")
    interval["valueExpression"] |= {"extension": [about], "description": "Intervalle"}
    plan = a_plan(an_action("Come", **when(f"today() + %interval = @{day}")), variables=[interval])
    system = {"system": "http://unitsofmeasure.org"}
    outcome = run(plan, parameters={"interval": chosen | system} if chosen else {}).actions[0]
    assert outcome.taken == "taken", outcome.failure
    (value,) = outcome.values
    assert value.value["value"] == (chosen or {"value": 4})["value"], "the reason shows what was chosen"
    assert value.value["code"] == (chosen or {"code": "wk"})["code"]


def test_what_is_no_duration_of_the_calendar_stays_what_it_is() -> None:
    about = {"url": f"{BASE}/StructureDefinition/parameter", "valueString": "dose"}
    dose = a_variable("dose", "5 'mg'")
    dose["valueExpression"]["extension"] = [about]
    plan = a_plan(an_action("Give", **when("%dose.value = 10 and %dose = 10 'mg'")), variables=[dose])
    assert run(plan, parameters={"dose": {"value": 10, "unit": "mg", "code": "mg"}}).actions[0].taken == "taken"


def test_today_is_the_day_of_the_request() -> None:
    plan = a_plan(an_action("Sixty", **when("Patient.birthDate <= today() - 60 years")))
    assert statuses(run(plan, patient=a_patient(birthDate="1966-09-15")))["Sixty"] == "taken"
    assert statuses(run(plan, patient=a_patient(birthDate="1966-09-16")))["Sixty"] == "not-taken"


def test_a_plan_for_another_type_of_subject_is_refused() -> None:
    plan = a_plan(an_action())
    plan["subjectCodeableConcept"] = {"coding": [{"code": "Location"}]}
    with pytest.raises(Invalid, match="is for Location, but the subject is a Patient"):
        run(plan)


COMPARED = st.sampled_from(["%sbp >= {}", "%sbp < {}", "{} > %sbp", "%sbp > {} and true", "(%sbp >= {}).not()"])


@given(COMPARED, st.integers(60, 250), st.lists(st.integers(60, 250), max_size=1))
def test_law_a_missing_value_never_takes_what_depends_on_it(text: str, limit: int, measured: list[int]) -> None:
    plan = a_plan(an_action("A", **when(text.format(limit))), variables=pressure_variables())
    record = [a_reading(value, 80) for value in measured]
    found = statuses(run(plan, *record))["A"]
    assert found == "missing" if not measured else found in ("taken", "not-taken")


@given(st.decimals(3, 15, places=1), st.sampled_from(["2026-08-01", "2026-09-14"]))
def test_law_the_same_question_has_the_same_answer(value: Any, day: str) -> None:
    lab = a_lab("4548-4", str(value), "%", day)
    plan = a_plan(
        an_action("High", **when("%hba1c > 7")),
        an_action("Fine", **when("%hba1c <= 7")),
        variables=[a_variable("hba1c", "%labs.entry.resource.value.value"), a_variable("labs", LABS)],
    )
    first, second = statuses(run(plan, lab)), statuses(run(plan, lab))
    assert first == second
    assert sorted(first.values()) == ["not-taken", "taken"]


LABS = "Observation?patient={{%patient.id}}&code=http://loinc.org|4548-4&_sort=-date&_count=1"


def test_a_task_for_a_form_is_due_and_one_without_timing_is_a_reference() -> None:
    form = {"resourceType": "Questionnaire", "id": "form-1", "url": f"{BASE}/Questionnaire/form", "version": "1"}
    timed = an_action("Fill", **uses(form), timingDuration={"value": 1, "code": "wk"})
    applied = run(a_plan(timed, an_action("See", **uses(form))), definitions=[form])
    (task,) = resources_of(applied, "Task")
    assert task["input"][0]["valueCanonical"] == f"{BASE}/Questionnaire/form|1"
    assert applied.actions[0].due.latest == date(2026, 9, 22)
    (group,) = resources_of(applied, "RequestGroup")
    assert group["action"][1]["resource"] == {"reference": "Questionnaire/form-1"}


def test_an_action_that_lacks_its_definition_fails_by_name() -> None:
    applied = run(a_plan(an_action("Prescribe", definitionCanonical=f"{BASE}/ActivityDefinition/nowhere")))
    assert statuses(applied) == {"Prescribe": "failed"}
    assert "Prescribe" in applied.issues[0].text and "nowhere" in applied.issues[0].text
    assert applied.issues[0].code == "not-found"


def test_definitions_in_a_circle_are_named() -> None:
    inner = a_plan(an_action("Back", definitionCanonical=f"{BASE}/PlanDefinition/outer"), name="inner")
    outer = a_plan(an_action("In", **uses(inner)), name="outer")
    applied = run(outer, definitions=[inner, outer])
    assert "circle" in applied.issues[0].text and "outer|1.0.0" in applied.issues[0].text


def test_a_contained_definition_is_found() -> None:
    advice = an_activity("advice", "CommunicationRequest")
    advice = {key: item for key, item in advice.items() if key != "url"}
    plan = a_plan(an_action("Advise", definitionCanonical="#advice"), contained=[advice])
    assert resources_of(run(plan), "CommunicationRequest")
