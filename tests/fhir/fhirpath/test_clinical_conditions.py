"""Expressions as pathway conditions, forms and search parameters write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.fhir.fhirpath import FhirPathError, compile, environment, evaluate

LOINC = "http://loinc.org"


def a_measure(code: str, value: str, unit: str = "mm[Hg]") -> dict[str, Any]:
    return {
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "valueQuantity": {"value": Decimal(value), "system": "http://unitsofmeasure.org", "code": unit},
    }


def a_blood_pressure(systolic: str = "142", diastolic: str = "91", day: str = "2026-11-20") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
        "subject": {"reference": "Patient/amina"},
        "effectiveDateTime": f"{day}T09:30:00+01:00",
        "component": [a_measure("8480-6", systolic), a_measure("8462-4", diastolic)],
    }


SYSTOLIC = f"Observation.component.where(code.coding.where(system='{LOINC}' and code='8480-6').exists()).value"


@pytest.mark.parametrize(("systolic", "high"), [("139", False), ("139.9", False), ("140", True), ("142", True)])
def test_a_threshold_on_systolic_pressure(systolic: str, high: bool) -> None:
    assert evaluate(a_blood_pressure(systolic), f"{SYSTOLIC}.value >= 140") == [high]


@pytest.mark.parametrize(("systolic", "high"), [("139", False), ("140", True)])
def test_a_threshold_with_its_unit(systolic: str, high: bool) -> None:
    assert evaluate(a_blood_pressure(systolic), f"{SYSTOLIC} >= 140 'mm[Hg]'") == [high]


def test_a_threshold_in_another_unit_is_converted() -> None:
    glucose = {"resourceType": "Observation", "status": "final", **a_measure("2339-0", "1.26", "g/L")}
    assert evaluate(glucose, "Observation.value >= 126 'mg/dL'") == [True]
    assert evaluate(glucose, "Observation.value > 126 'mg/dL'") == [False]


def test_units_that_do_not_match_leave_the_answer_open() -> None:
    assert evaluate(a_blood_pressure(), f"{SYSTOLIC} >= 140 'mg/dL'") == []


def test_what_is_not_measured_is_empty_and_not_false() -> None:
    silent = a_blood_pressure() | {"component": []}
    assert evaluate(silent, f"{SYSTOLIC}.value >= 140") == []
    assert evaluate(silent, f"({SYSTOLIC}.value >= 140) or true") == [True]
    assert evaluate(silent, f"({SYSTOLIC}.value >= 140) and true") == []


def test_a_value_with_a_comparator_leaves_the_answer_open() -> None:
    observation = a_blood_pressure() | {"valueQuantity": {"value": 5, "comparator": "<", "code": "mmol/L"}}
    assert evaluate(observation, "Observation.value < 4 'mmol/L'") == []


def test_variables_are_seen_by_the_condition() -> None:
    variables = {"sbp": [Decimal("138"), Decimal("142")], "diabetic": True, "target": 130}
    assert evaluate(None, "%sbp.last() >= 140", variables) == [True]
    assert evaluate(None, "%diabetic and %sbp.all($this > %target)", variables) == [True]
    assert evaluate(None, "%sbp.count() >= 3", variables) == [False]


def test_a_bundle_of_readings_is_a_variable() -> None:
    readings = [a_blood_pressure(systolic) for systolic in ("150", "144", "128")]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": reading} for reading in readings]}
    values = f"%bp.entry.resource.{SYSTOLIC.removeprefix('Observation.')}"
    assert evaluate(None, f"{values}.value", {"bp": bundle}) == [150, 144, 128]
    assert evaluate(None, f"{values}.where($this >= 140 'mm[Hg]').count() >= 2", {"bp": bundle}) == [True]


def test_a_lazy_variable_is_computed_once_and_only_when_it_is_used() -> None:
    calls = []

    def pressure() -> list[int]:
        calls.append("asked")
        return [142]

    assert evaluate(None, "%sbp > 140 and %sbp < 180", {"sbp": pressure}) == [True]
    assert calls == ["asked"]
    assert evaluate(None, "true or %sbp > 140", {"sbp": pressure}) == [True]
    assert calls == ["asked"]


def test_a_variable_keeps_the_types_of_another_program() -> None:
    day = compile("Observation.effective").items(a_blood_pressure(day="2026-11-20"))
    assert evaluate(None, "%day is dateTime and %day > @2026-11-01", {"day": day}) == [True]


def test_an_unknown_variable_is_an_error_that_names_it() -> None:
    with pytest.raises(FhirPathError, match=r"no variable %sbp.*at character 1"):
        evaluate(None, "%sbp > 140")


def test_weeks_since_the_last_visit() -> None:
    assert evaluate(a_blood_pressure(), "Observation.effective + 4 weeks < @2026-12-19T00:00:00Z") == [True]
    assert evaluate(a_blood_pressure(), "Observation.effective + 5 weeks < @2026-12-19T00:00:00Z") == [False]


def test_age_in_years_of_an_age_quantity() -> None:
    condition = {"resourceType": "Condition", "onsetAge": {"value": 41, "code": "a"}}
    assert evaluate(condition, "Condition.onset > 40 years") == [True]
    assert evaluate(condition, "Condition.onset.ofType(Age).value + 1") == [42]


def test_search_parameters_tell_the_type_of_a_reference_without_fetching_it() -> None:
    def refuse(_reference: str) -> None:
        raise AssertionError("fetched")

    found = evaluate(
        a_blood_pressure(), "Observation.subject.where(resolve() is Patient)", environment(resolver=refuse)
    )
    assert found == [{"reference": "Patient/amina"}]
    assert evaluate(a_blood_pressure(), "Observation.subject.where(resolve() is Group)") == []


def test_as_of_several_items_keeps_those_of_the_type() -> None:
    program = compile("(Observation.component.value as Quantity).value")
    assert program(a_blood_pressure("150", "95")) == [150, 95]


def test_nodes_tell_the_type_of_every_result() -> None:
    program = compile("Observation.status | Observation.code | Observation.effective | Observation.component.value | 1")
    types = [type_name for type_name, _value in program.nodes(a_blood_pressure())]
    assert types == ["code", "CodeableConcept", "dateTime", "Quantity", "Quantity", "System.Integer"]


def test_a_quick_criterion_answers_as_the_long_one() -> None:
    """``where(a = 'x')`` has a way of its own; written the other way around it takes the common one."""
    names = [
        {"use": "official", "given": ["Amina"]},
        {"use": "usual", "given": ["Amina", "Zahra"]},
        {"given": [None], "_given": [{"extension": [{"url": "u", "valueString": "v"}]}]},
        {"_use": {"extension": [{"url": "u", "valueString": "v"}]}, "given": []},
    ]
    patient = {"resourceType": "Patient", "name": names}
    for quick, long in [
        ("use = 'official'", "'official' = use"),
        ("given = 'Amina'", "'Amina' = given"),
        ("use = 'usual' and given = 'Amina'", "'usual' = use and 'Amina' = given"),
        ("period.start = 'x'", "'x' = period.start"),
    ]:
        assert evaluate(patient, f"name.where({quick})") == evaluate(patient, f"name.where({long})")
        assert evaluate(patient, f"name.exists({quick})") == evaluate(patient, f"name.exists({long})")
