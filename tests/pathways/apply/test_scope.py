"""Plans inside a plan: who sees which variables, whether they are looked up together or apart."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import Any

import pytest

from pathways.apply import Applied, apply_many
from pathways.apply.scope import Scope
from pathways.facts import Facts
from tests.pathways.apply.domain import (
    FHIRPATH,
    NOW,
    a_patient,
    a_plan,
    a_reading,
    a_variable,
    an_action,
    an_activity,
    asked,
    pressure_variables,
    run,
    statuses,
    uses,
    when,
)

HIGH = a_plan(an_action("High", **when("%sbp >= %limit")), name="high", variables=[
    *pressure_variables(), a_variable("limit", "140"),
])  # fmt: skip


def outer(*nested: dict[str, Any], **about: Any) -> dict[str, Any]:
    return a_plan(*(an_action(f"Use {one['id']}", **uses(one)) for one in nested), name="outer", **about)


def answers(plan: dict[str, Any], *nested: dict[str, Any], **more: Any) -> dict[str, str]:
    return statuses(run(plan, a_reading(150, 95), definitions=[plan, *nested], **more))


@pytest.fixture(params=["together", "apart"])
def looked_up(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans looked up in one scope where that makes no difference, and each in its own."""
    if request.param == "apart":
        monkeypatch.setattr(Scope, "joined", lambda self, plan: False)


def named(name: str, expression: str, *conditions: str) -> dict[str, Any]:
    return a_plan(an_action(name.title(), **when(*conditions)), name=name, variables=[a_variable("mine", expression)])


@pytest.mark.usefixtures("looked_up")
def test_a_plan_sees_no_variable_of_the_plan_beside_it() -> None:
    owner, stranger = named("owner", "true", "%mine"), a_plan(an_action("Stranger", **when("%mine")), name="stranger")
    for nested in ((owner, stranger), (stranger, owner)):
        found = answers(outer(*nested), *nested)
        assert (found["Owner"], found["Stranger"]) == ("taken", "failed")


@pytest.mark.usefixtures("looked_up")
def test_a_name_may_mean_something_else_in_each_plan() -> None:
    yes, no = named("yes", "true", "%mine"), named("no", "false", "%mine")
    found = answers(outer(yes, no, variables=[a_variable("mine", "1 = 2")]), yes, no)
    assert (found["Yes"], found["No"]) == ("taken", "not-taken")


@pytest.mark.usefixtures("looked_up")
def test_a_plan_sees_the_variables_of_the_plan_around_it() -> None:
    inner = a_plan(an_action("Inner", **when("%mine")), name="inner")
    beside = named("beside", "true", "%mine")
    assert answers(outer(beside, inner, variables=[a_variable("mine", "false")]), beside, inner)["Inner"] == "not-taken"


@pytest.mark.usefixtures("looked_up")
def test_a_definition_sees_no_variable_of_a_plan_beside_the_one_that_uses_it() -> None:
    value = {"path": "description", "expression": {"language": FHIRPATH, "expression": "'seen: ' & %mine.toString()"}}
    note = an_activity("note", dynamicValue=[value])
    noting = a_plan(an_action("Note", **uses(note)), name="noting")
    owner = named("owner", "true", "%mine")
    assert answers(outer(owner, noting), owner, noting, note)["Note"] == "failed"
    around = outer(owner, noting, variables=[a_variable("mine", "true")])
    assert answers(around, owner, noting, note)["Note"] == "taken"


@pytest.mark.usefixtures("looked_up")
def test_an_override_wins_in_every_plan_that_declares_the_variable() -> None:
    again = HIGH | {
        "id": "again",
        "url": HIGH["url"] + "-again",
        "action": [an_action("Again", **when("%sbp > %limit"))],
    }
    plan = outer(HIGH, again)
    assert set(answers(plan, HIGH, again).values()) == {"taken"}
    lenient = answers(plan, HIGH, again, overrides={"limit": 160})
    assert (lenient["High"], lenient["Again"]) == ("not-taken", "not-taken")


def told(applied: Applied) -> list[Any]:
    return [(one.path, one.taken, one.due, one.reason, one.verdict.used, str(one.values)) for one in applied.walk()]


def test_a_batch_says_of_each_patient_what_is_said_of_one_alone() -> None:
    plan, readings = outer(HIGH), [a_reading(120, 80), a_reading(150, 95), a_reading(139, 70)]
    first = asked(definitions=[plan, HIGH])
    looked_for: list[str] = []

    def find(canonical: str) -> dict[str, Any]:
        looked_for.append(canonical)
        return first.definitions(canonical)

    requests = [replace(first, facts=Facts([a_patient(), one], NOW), definitions=find) for one in readings]
    together = [told(applied) for applied in apply_many(plan, requests)]
    assert together == [told(run(plan, one, definitions=[plan, HIGH])) for one in readings]
    assert [one[-1][1] for one in together] == ["not-taken", "taken", "not-taken"]
    assert looked_for == [HIGH["url"]]


def test_what_is_made_for_a_patient_ends_with_the_patient() -> None:
    plan = outer(HIGH)
    gc.collect()
    gc.disable()
    try:
        applied = run(plan, a_reading(150, 95), definitions=[plan, HIGH])
        inner = weakref.ref(applied.actions[0].children[0])
        assert inner() is not None and applied.frame.asked.now == NOW
        del applied
        assert inner() is None  # nobody had to look for a circle
    finally:
        gc.enable()
