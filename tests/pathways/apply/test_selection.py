"""Groups: which options are taken, nested plans with inherited variables, and the shape of the answer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.apply import apply_many
from tests.pathways.apply.domain import (
    MEASURE_BP,
    a_plan,
    a_reading,
    a_variable,
    an_action,
    an_activity,
    asked,
    pressure_variables,
    resources_of,
    run,
    statuses,
    uses,
    when,
)


def a_group(behaviour: str, *options: dict[str, Any]) -> dict[str, Any]:
    return an_action("Group", selectionBehavior=behaviour, groupingBehavior="logical-group", action=list(options))


@given(st.sampled_from(["exactly-one", "at-most-one"]), st.lists(st.sampled_from(["true", "false", "{}"]), min_size=1))
def test_law_at_most_one_is_taken_and_it_is_the_first_that_applies(behaviour: str, texts: list[str]) -> None:
    options = [an_action(f"{at}", **when(text)) for at, text in enumerate(texts)]
    group = run(a_plan(a_group(behaviour, *options))).actions[0]
    taken = [at for at, child in enumerate(group.children) if child.taken == "taken"]
    assert taken == ([texts.index("true")] if "true" in texts else [])


@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_law_all_or_none(applies: list[bool]) -> None:
    options = [an_action(f"{at}", **when(str(one).lower())) for at, one in enumerate(applies)]
    group = run(a_plan(a_group("all-or-none", *options))).actions[0]
    taken = [child.taken == "taken" for child in group.children]
    assert all(taken) if all(applies) else not any(taken)


@given(st.sampled_from(["any", "all", "one-or-more", None]), st.lists(st.booleans(), min_size=1, max_size=5))
def test_law_other_groups_take_each_option_that_applies(behaviour: str | None, applies: list[bool]) -> None:
    options = [an_action(f"{at}", **when(str(one).lower())) for at, one in enumerate(applies)]
    group = run(a_plan(a_group(behaviour or "all", *options))).actions[0]
    assert [child.taken == "taken" for child in group.children] == applies


def test_an_earlier_option_that_lacks_a_needed_value_stops_the_search() -> None:
    urgent = an_action("Urgent", **when("%sbp > 180"))
    routine = an_action("Routine", **when("true"))
    applied = run(a_plan(a_group("exactly-one", urgent, routine), variables=pressure_variables()))
    assert statuses(applied) == {
        "Group": "taken", "Urgent": "missing", "measure-bp": "taken", "Routine": "not-taken",
    }  # fmt: skip
    assert "Urgent" in applied.find("PlanDefinition.action[0].action[1]").reason


def test_options_without_conditions_are_all_offered_to_the_reader() -> None:
    applied = run(a_plan(a_group("exactly-one", an_action("A"), an_action("B"))))
    (group,) = resources_of(applied, "RequestGroup")
    assert group["action"][0]["selectionBehavior"] == "exactly-one"
    assert [one["title"] for one in group["action"][0]["action"]] == ["A", "B"]


@pytest.mark.parametrize("behaviour", ["exactly-one", "one-or-more"])
def test_a_choice_that_nothing_answers_is_reported(behaviour: str) -> None:
    applied = run(a_plan(a_group(behaviour, an_action("A", **when("false")))))
    assert "none of the 1 options applies" in applied.issues[0].text


def test_options_after_the_chosen_one_say_which_was_chosen() -> None:
    applied = run(a_plan(a_group("exactly-one", an_action("A", **when("true")), an_action("B", **when("true")))))
    assert "A" in applied.actions[0].children[1].reason


def test_a_group_of_which_nothing_is_taken_is_not_in_the_answer() -> None:
    applied = run(a_plan(an_action("Empty", action=[an_action("A", **when("false"))])))
    (group,) = resources_of(applied, "RequestGroup")
    assert "action" not in group


def test_behaviours_are_carried_into_the_answer() -> None:
    about = {
        "requiredBehavior": "must",
        "precheckBehavior": "yes",
        "cardinalityBehavior": "single",
        "groupingBehavior": "visual-group",
    }
    (group,) = resources_of(run(a_plan(an_action("A", **about))), "RequestGroup")
    assert group["action"][0] | about == group["action"][0]


def nested() -> tuple[dict[str, Any], dict[str, Any]]:
    inner = a_plan(an_action("Inner", **when("%sbp >= %limit")), name="inner", variables=[a_variable("limit", "130")])
    outer = a_plan(an_action("Outer", id="outer", **uses(inner)), name="outer",
                   variables=[*pressure_variables(), a_variable("limit", "140")])  # fmt: skip
    return outer, inner


def test_a_nested_plan_inherits_variables_and_its_own_win() -> None:
    outer, inner = nested()
    applied = run(outer, a_reading(135, 80), definitions=[inner])
    assert statuses(applied) == {"Outer": "taken", "Inner": "taken"}
    first, second = resources_of(applied, "RequestGroup")
    assert first["id"] == "outer" and second["id"] == "inner"
    assert first["action"][0]["resource"] == {"reference": "RequestGroup/inner"}
    assert second["instantiatesCanonical"] == ["https://maslak.ma/fhir/PlanDefinition/inner|1.0.0"]


def test_the_same_variable_in_two_plans_is_one_question_but_another_expression_another() -> None:
    inner = a_plan(an_action("I", **when("%a = 2")), name="inner", variables=[a_variable("a", "1 + 1")])
    outer = a_plan(
        an_action("O", **when("%a = 3")), an_action("N", **uses(inner)), name="outer", variables=[a_variable("a", "3")]
    )
    assert statuses(run(outer, definitions=[inner])) == {"O": "taken", "N": "taken", "I": "taken"}


def test_a_pathway_becomes_a_care_plan_with_its_goals() -> None:
    system = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
    goal = {
        "description": {"text": "BP < 140/90"},
        "target": [{"measure": {"text": "sbp"}, "detailQuantity": {"value": 140}, "due": {"value": 3, "code": "mo"}}],
    }
    plan = a_plan(an_action("A"), type={"coding": [{"system": system, "code": "workflow-definition"}]}, goal=[goal])
    applied = run(plan)
    (care,) = resources_of(applied, "CarePlan")
    (made,) = resources_of(applied, "Goal")
    assert care["goal"] == [{"reference": f"Goal/{made['id']}"}]
    assert care["activity"] == [{"reference": {"reference": "RequestGroup/plan"}}]
    assert care["period"] == {"start": "2026-09-15"}
    assert made["target"][0]["dueDate"] == "2026-12-15" and made["lifecycleStatus"] == "planned"


def test_ids_repeat_exactly_and_never_twice() -> None:
    visit = an_activity("visit")
    plan = a_plan(an_action("A", **uses(visit)), an_action("B", **uses(visit)))
    first, second = run(plan, definitions=[visit]).bundle, run(plan, definitions=[visit]).bundle
    assert first == second
    assert [one["resource"]["id"] for one in first["entry"]] == ["plan", "visit", "visit-2"]


def test_two_actions_that_lack_the_same_value_ask_once() -> None:
    plan = a_plan(
        an_action("A", **when("%sbp > 1")), an_action("B", **when("%dbp > 1")), variables=pressure_variables()
    )
    applied = run(plan)
    assert len(resources_of(applied, "Task")) == 1
    assert applied.actions[1].children[0].resources == [f"Task/{MEASURE_BP['id']}"]


@pytest.mark.parametrize(("count", "reports"), [(0, []), (3, [3]), (200, [100, 200]), (201, [100, 200, 201])])
def test_many_patients_are_applied_one_by_one_with_progress(count: int, reports: list[int]) -> None:
    plan = a_plan(an_action("A", **when("%sbp > 1")), variables=pressure_variables())
    told: list[int] = []
    requests = (asked(*[a_reading(120, 80)] * (at % 2)) for at in range(count))
    found = [applied.actions[0].taken for applied in apply_many(plan, requests, told.append)]
    assert found == ["taken" if at % 2 else "missing" for at in range(count)]
    assert told == reports


def test_what_is_defined_elsewhere_is_handed_over_by_its_address() -> None:
    applied = run(a_plan(an_action("A", definitionUri="https://who.int/hearts.pdf")))
    (group,) = resources_of(applied, "RequestGroup")
    assert applied.issues == []
    assert group["action"][0]["documentation"] == [{"type": "documentation", "url": "https://who.int/hearts.pdf"}]


def test_a_definition_by_uri_is_applied_where_it_is_known() -> None:
    visit = an_activity("visit")
    applied = run(a_plan(an_action("A", definitionUri=visit["url"])), definitions=[visit])
    assert resources_of(applied, "Task")


def test_a_plan_of_the_request_never_stands_in_for_another_of_the_same_name() -> None:
    stored, forged = a_plan(an_action("Stored")), a_plan(an_action("Forged"))
    assert [list(statuses(run(one))) for one in (stored, forged, stored)] == [["Stored"], ["Forged"], ["Stored"]]
