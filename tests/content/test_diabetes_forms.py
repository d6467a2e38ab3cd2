"""The forms of type 2 diabetes, from pen to next step, and what they share with those of hypertension."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from app.config import CANONICAL_BASE
from app.fhir.validation import validate as validate_resource
from tests.content.filled import ICD10, NOW, SAID, Filled, coded, forms_asked, pressure, with_record
from tests.golden.golden import definition, medicines, missing, patients, stage, taken, walked

FIRST = definition(f"{CANONICAL_BASE}/Questionnaire/diabetes-first-assessment")
FOLLOW_UP = definition(f"{CANONICAL_BASE}/Questionnaire/diabetes-follow-up")
CALM = pressure(125, 75) | {
    "danger-signs": [coded("no-danger-sign")],
    "diabetes-symptoms": [coded("no-diabetes-symptom")],
}
ILL = CALM | {"diabetes-symptoms": [coded("thirst"), coded("weight-loss")]}
KNOWN = {
    "resourceType": "Condition", "id": "e11", "subject": {"reference": "Patient/p"}, "onsetDateTime": "2024-01-10",
    "code": {"coding": [{"system": ICD10, "code": "E11"}]},
}  # fmt: skip


def quantity(value: str, unit: str) -> list[dict[str, Any]]:
    return [
        {"valueQuantity": {"value": Decimal(value), "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}}
    ]


def first(answers: dict[str, Any]) -> Filled:
    return Filled(FIRST, pressure(130, 80, "bp1") | answers, SAID, "diabetes")


def follow_up(answers: dict[str, Any]) -> Filled:
    return Filled(FOLLOW_UP, answers, SAID, "diabetes")


def test_first_assessment_leads_to_the_diagnosis() -> None:
    form = first(ILL | {"random-glucose": quantity("2.40", "g/L")})
    assert form.problems == []
    assert all(validate_resource(one) == [] for one in form.resources)
    applied = form.next_step()
    assert stage(applied) == ["confirmation"]
    assert [one.id for one in taken(applied, "diagnosis")] == ["confirmed-random"]


def test_very_high_glucose_asks_for_ketones_then_treats() -> None:
    answers = ILL | {
        "fasting-glucose": quantity("3.40", "g/L"),
        "metformin-contraindications": [coded("no-metformin-contraindication")],
    }
    assert missing(first(answers).next_step()) == {"ketones"}
    applied = first(answers | {"ketones": [coded("ketones-1")]}).next_step()
    assert stage(applied) == ["severe"]
    assert [dose[:7] for dose in medicines(applied)] == ["A10BA02", "A10BB09"]
    urgent = first(answers | {"ketones": [coded("ketones-3")]}).next_step()
    assert [one.id for one in taken(urgent, "referral-urgent")] == ["urgent-ketones"]


def test_a_known_diabetes_is_recorded_with_its_date() -> None:
    answers = {"known-diabetes": [{"valueBoolean": True}], "known-diabetes-date": [{"valueDate": "2020-03-01"}]}
    form = first(CALM | answers)
    (condition,) = [one for one in form.resources if one["resourceType"] == "Condition"]
    assert condition["code"]["coding"] == [{"system": ICD10, "code": "E11"}]
    assert condition["onsetDateTime"] == "2020-03-01"
    assert stage(form.next_step()) == ["titration"]


def test_follow_up_leads_to_the_next_step() -> None:
    order = {
        "resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "A10BA02"}]},
        "subject": {"reference": "Patient/p"}, "authoredOn": "2026-05-18",
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 500, "unit": "mg"}}]}],
    }  # fmt: skip
    raised = follow_up(CALM | {"hba1c": [{"valueDecimal": Decimal("8.1")}]}).next_step(KNOWN, order)
    assert medicines(raised) == ["A10BA02 1000 mg"]
    assert missing(follow_up(CALM).next_step(KNOWN, order)) == {"hba1cKnown"}
    without = CALM | {"hba1c-not-available": [{"valueBoolean": True}], "fasting-glucose": quantity("1.50", "g/L")}
    assert medicines(follow_up(without).next_step(KNOWN, order)) == ["A10BA02 1000 mg"]


def test_what_is_looked_at_is_not_asked_for_again() -> None:
    before = {one.id for one in taken(follow_up(CALM).next_step(KNOWN), "measure", "test")}
    seen = CALM | {
        "foot-inspection": [coded("foot-normal")], "foot-sensation": [coded("sensation-normal")],
        "foot-pulses": [coded("pulses-present")], "eye-examination": [coded("eye-normal")],
        "albumin-creatinine": quantity("12", "mg/g"), "egfr": [{"valueDecimal": Decimal(88)}],
        "total-cholesterol": quantity("1.90", "g/L"),
    }  # fmt: skip
    after = {one.id for one in taken(follow_up(seen).next_step(KNOWN), "measure", "test")}
    assert before - after == {
        "feet-each-visit",
        "foot-first",
        "eye-first",
        "acr-first",
        "egfr-first",
        "cholesterol-check",
    }
    assert not after & {"acr-due", "bp-each-visit"}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"diabetes-symptoms": [coded("no-diabetes-symptom"), coded("thirst")]}, "ne se coche pas"),
        ({"hypoglycaemia-events": [coded("no-hypoglycaemia"), coded("night-hypoglycaemia")]}, "ne se coche pas"),
        (
            {"metformin-contraindications": [coded("no-metformin-contraindication"), coded("alcohol-abuse")]},
            "ne se coche",
        ),
        ({"hba1c": [{"valueDecimal": Decimal(70)}]}, "20"),
        ({"ketones": [coded("pregnant")]}, "Cétones"),
    ],
)
def test_bad_answers_are_told(answers: dict[str, Any], said: str) -> None:
    problems = follow_up(CALM | answers).problems
    assert len(problems) == 1 and said in problems[0], problems


def questions(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in items:
        yield one
        yield from questions(one.get("item", []))


SHARED = {
    "bp-systolic", "bp-diastolic", "heart-rate", "weight", "danger-signs", "pregnancy", "contraception", "adherence",
    "side-effects", "history", "referral-findings", "hba1c", "fasting-glucose", "creatinine", "egfr",
    "total-cholesterol", "potassium", "note",
}  # fmt: skip


@pytest.mark.parametrize("form", ["first-assessment", "follow-up"])
def test_a_measurement_is_the_same_question_in_both_diseases(form: str) -> None:
    """Two pathways of one patient ask it once: same linkId, type, code, units and limits."""
    here, there = (
        {
            one["linkId"]: one
            for one in questions(definition(f"{CANONICAL_BASE}/Questionnaire/{disease}-{form}")["item"])
        }
        for disease in ("diabetes", "hypertension")
    )
    common = here.keys() & there.keys()
    assert common >= (SHARED if form == "follow-up" else SHARED - {"adherence", "side-effects"} | {"height", "smoking"})
    lists = {"danger-signs", "side-effects", "referral-findings"}  # the same question, each disease its own list
    groups = {"past", "results"}
    for link in common - groups:
        assert without(here[link], link in lists) == without(there[link], link in lists), link


def without(item: dict[str, Any], own_list: bool) -> dict[str, Any]:
    return {key: value for key, value in item.items() if not (own_list and key == "answerValueSet")}


STAGES = {
    "severe": "severe/15-0-symptoms",
    "screening": "diagnosis/fpg-6-9",
    "confirmation": "diagnosis/fpg-7-0",
    "insulin-stage": "insulin/7-1",
    "titration": "steps/step-2",
    "follow-up": "targets/7-0",
    "hospital-referral": "stages/sent",
    "hospital-assessment": "stages/accepted",
    "return": "stages/answered",
}


@pytest.mark.parametrize(("name", "golden"), STAGES.items())
def test_each_stage_asks_the_first_assessment_once(name: str, golden: str) -> None:
    patient = dict(patients("diabetes"))[golden]
    answered = {
        "resourceType": "QuestionnaireResponse", "id": "first", "status": "completed",
        "questionnaire": f"{FIRST['url']}|{FIRST['version']}", "subject": {"reference": "Patient/p"},
        "authored": NOW.replace("2026-09", "2026-04"),
    }  # fmt: skip
    before, after = walked("diabetes", patient), walked("diabetes", with_record(patient, answered))
    assert stage(before) == stage(after) == [name]
    assert forms_asked(before) == [FIRST["url"]]
    assert forms_asked(after) == [FOLLOW_UP["url"]]


@pytest.mark.parametrize(
    ("given", "unit", "kept"), [("12.2", "mmol/L", "2.20"), ("220", "mg/dL", "2.20"), ("2.2", "g/L", "2.2")]
)
def test_a_measurement_with_a_code_of_our_own_is_converted_too(given: str, unit: str, kept: str) -> None:
    """The capillary glucose 2 h after glucose has no LOINC code: its question names the substance."""
    form = first(CALM | {"capillary-glucose-2h": quantity(given, unit)})
    (made,) = [one for one in form.resources if one["code"]["coding"][0]["code"] == "capillary-2h-glucose"]
    assert (made["valueQuantity"]["value"], made["valueQuantity"]["code"]) == (Decimal(kept), "g/L")
