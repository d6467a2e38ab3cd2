"""The target of the leading measurement, as the pathway means it: below a limit, or at most the limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.config import CANONICAL_BASE
from app.fhir.resource import Resource
from pathways.apply import apply
from pathways.measurement import URL, Limit, above, aim, leading, readings, targets
from pathways.presenters.chart import draw
from pathways.together.targets import URL as TARGET
from pathways.together.targets import disagreements
from tests.golden.golden import definition
from tests.pathways.apply.domain import NOW, a_lab, a_plan, a_reading, a_variable, asked

DIABETES = f"{CANONICAL_BASE}/PlanDefinition/diabetes-pathway"
LOINC = "http://loinc.org"


def aimed_at(record: list[Resource]) -> tuple[Limit | None, ...]:
    """The target of diabetes for a patient with this record."""
    plan = definition(DIABETES)
    of = leading(plan)
    assert of is not None
    return targets(apply(plan, asked(*record)).frame.scope, of)


def lenient() -> Resource:
    code = {"coding": [{"system": f"{CANONICAL_BASE}/CodeSystem/clinical", "code": "low-life-expectancy"}]}
    asked_as = {"coding": [{"system": f"{CANONICAL_BASE}/CodeSystem/clinical", "code": "lenient-target-reason"}]}
    return a_lab("x", "1", "1") | {"id": "lenient", "code": asked_as, "valueCodeableConcept": code}


@pytest.mark.parametrize(
    ("value", "frail", "missed"),
    [("7.0", False, False), ("7.1", False, True), ("7.9", True, False), ("8.0", True, True)],
)
def test_seven_is_at_target_and_eight_is_not(value: str, frail: bool, missed: bool) -> None:
    limits = aimed_at([lenient()] if frail else [])
    assert above([Decimal(value)], limits) is missed
    assert aim(limits) == ("<\u00a08" if frail else "≤\u00a07")


def test_the_chart_says_how_the_limit_is_meant() -> None:
    plan = definition(DIABETES)
    of = leading(plan)
    assert of is not None
    found = readings([a_lab("4548-4", "7.4", "%", "2026-03-01"), a_lab("4548-4", "7.0", "%")], of, NOW.date())
    chart = draw(found, aimed_at([]))
    assert chart is not None and chart.aim == "≤\u00a07" and len(chart.targets) == 1


def pressure(*at_most: Any) -> Resource:
    """A plan that aims at 140/90."""
    coding = [{"url": "code", "valueCoding": {"system": LOINC, "code": "85354-9"}}]
    parts = [{"url": "component", "valueCoding": {"system": LOINC, "code": code}} for code in ("8480-6", "8462-4")]
    names = [{"url": "target", "valueString": name} for name in ("high", "low")]
    variables = [a_variable("high", "140"), a_variable("low", "90"), a_variable("kind", "true")]
    return a_plan(
        variables=variables, extension=[{"url": URL, "extension": [*coding, *parts, *names, *at_most]}], action=[]
    )


def said(at_most: bool) -> Resource:
    return {"url": "at-most", "valueBoolean": at_most}


@pytest.mark.parametrize(
    ("at_most", "shown", "reached"),
    [
        ((), "<\u00a0140/90", False),
        ((said(True), {"url": "at-most", "valueId": "kind"}), "≤\u00a0140/90", True),
        ((said(False), said(True)), "<\u00a0140/≤\u00a090", False),
        ((said(True),), "≤\u00a0140/<\u00a090", False),
    ],
)  # fmt: skip
def test_each_value_has_its_own_limit(at_most: tuple[Resource, ...], shown: str, reached: bool) -> None:
    plan = pressure(*at_most)
    of = leading(plan)
    assert of is not None
    limits = targets(apply(plan, asked()).frame.scope, of)
    assert aim(limits) == shown
    (last,) = readings([a_reading(140, 90)], of, NOW.date())
    assert above(last.values, limits) is not reached
    assert above([None, None], limits) is None and aim([None]) == ""


def test_below_a_value_is_stricter_than_at_most_that_value() -> None:
    class Followed:
        def __init__(self, name: str, at_most: bool):
            measure = {"system": LOINC, "code": "4548-4"}
            parts: list[Resource] = [
                {"url": "measure", "valueCoding": measure},
                {"url": "variable", "valueId": "aimed"},
                {"url": "at-most", "valueBoolean": at_most},
            ]
            pathway = a_plan(name=name, variables=[a_variable("aimed", "7.0")], action=[])
            pathway["extension"].append({"url": TARGET, "extension": parts})
            self.applied = apply(pathway, asked())
            self.enrolment = type("Enrolment", (), {"pathway": pathway})

    (found,) = disagreements([Followed("mild", True), Followed("strict", False)])  # type: ignore[list-item]
    assert (found.applies.pathway["id"], found.applies.limit) == ("strict", Limit(Decimal("7.0")))
    assert disagreements([Followed("one", True), Followed("other", True)]) == []  # type: ignore[list-item]


def in_unit(value: str, unit: str, text: str = "") -> Resource:
    """An HbA1c in a unit, by code or by text alone."""
    made = a_lab("4548-4", value, unit)
    if text:
        made["valueQuantity"] = {"value": Decimal(value), "unit": text}
    return made


@pytest.mark.parametrize(
    ("observation", "values", "shown"),
    [
        (in_unit("7.4", "%"), (Decimal("7.4"),), "7.4"),
        (in_unit("7.4", "", "%"), (Decimal("7.4"),), "7.4"),
        (in_unit("57", "mmol/mol"), (Decimal("7.4"),), "7.4"),
        (in_unit("7.4", "mmol/L"), (None,), "7.4 mmol/L"),
        (in_unit("7.4", "", "pour cent"), (None,), "7.4 pour cent"),
        (in_unit("7.4", "", " "), (None,), "7.4"),
    ],
)  # fmt: skip
def test_a_value_is_compared_in_the_unit_of_the_pathway_or_not_at_all(
    observation: Resource, values: tuple[Decimal | None, ...], shown: str
) -> None:
    of = leading(definition(DIABETES))
    assert of is not None
    (found,) = readings([observation], of, NOW.date())
    assert (found.values, found.shown, found.known) == (values, shown, values != (None,))
    assert (above(found.values, aimed_at([])) is None) is (values == (None,))
    assert draw([found, found], aimed_at([])) is None


def test_a_pressure_in_another_unit_is_converted_and_half_of_one_is_in_doubt_as_a_whole() -> None:
    of = leading(definition(f"{CANONICAL_BASE}/PlanDefinition/hypertension-pathway"))
    assert of is not None
    kilopascal = a_reading(20, 12)
    for part in kilopascal["component"]:
        part["valueQuantity"] |= {"unit": "kPa", "code": "kPa"}
    (converted,) = readings([kilopascal], of, NOW.date())
    assert converted.shown == "150/90" and not converted.doubt
    odd = a_reading(150, 12)
    odd["component"][1]["valueQuantity"] |= {"unit": "cc", "code": "mL"}
    (doubtful,) = readings([odd], of, NOW.date())
    assert doubtful.values == (Decimal(150), None) and doubtful.shown == "150 mm[Hg]/12 mL"
