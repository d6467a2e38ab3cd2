"""The forms of the content, answered, checked, extracted and followed by the engine: from pen to next step."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.config import CANONICAL_BASE
from app.fhir.validation import validate as validate_resource
from tests.content.filled import ICD10, NAIMA, SAID, Filled, coded, forms_asked, pressure, with_record
from tests.golden.golden import definition, medicines, patients, stage, taken, walked

FIRST = definition(f"{CANONICAL_BASE}/Questionnaire/hypertension-first-assessment")
FOLLOW_UP = definition(f"{CANONICAL_BASE}/Questionnaire/hypertension-follow-up")


def filled(form: dict[str, Any], answers: dict[str, Any], patient: dict[str, Any] = SAID) -> Filled:
    return Filled(form, answers, patient, "hypertension")


def test_first_assessment_leads_to_the_first_step() -> None:
    form = filled(
        FIRST,
        pressure(172, 104, "bp1") | pressure(165, 98)
        | {"danger-signs": [coded("no-danger-sign")], "frail-or-small": [{"valueBoolean": True}],
           "weight": [{"valueDecimal": Decimal(45)}], "height": [{"valueDecimal": Decimal(150)}]},
    )  # fmt: skip
    assert form.problems == []
    assert all(validate_resource(one) == [] for one in form.resources)
    applied = form.next_step()
    assert stage(applied) == ["confirmation"]
    assert [one.id for one in taken(applied, "diagnosis")] == ["treat-same-day"]
    assert medicines(applied) == ["C08CA01 2.5 mg"]
    body_mass = next(one for one in form.resources if one["code"]["coding"][0]["code"] == "39156-5")
    assert body_mass["valueQuantity"]["value"] == Decimal("20.0")


def test_only_the_second_reading_counts() -> None:
    applied = filled(FIRST, pressure(172, 104, "bp1") | pressure(138, 86)).next_step()
    assert stage(applied) == ["screening"]


def test_history_becomes_conditions_that_change_the_target() -> None:
    form = filled(
        FIRST,
        pressure(140, 85, "bp1") | pressure(134, 82)
        | {"danger-signs": [coded("no-danger-sign")], "known-hypertension": [{"valueBoolean": True}],
           "infarction": [{"valueBoolean": True}], "infarction-date": [{"valueDate": "2025-02-01"}],
           "history": [coded("E11", ICD10), coded("N18", ICD10)]},
    )  # fmt: skip
    conditions = [one for one in form.resources if one["resourceType"] == "Condition"]
    assert sorted(one["code"]["coding"][0]["code"] for one in conditions) == ["E11", "I10", "I21", "N18"]
    applied = form.next_step()
    assert stage(applied) == ["titration"]
    assert {one.id for one in taken(applied, "advice")} == {"beta-blocker", "statin-aspirin"}


def test_no_to_a_disease_makes_no_condition() -> None:
    form = filled(FIRST, pressure(134, 82) | {"known-hypertension": [{"valueBoolean": False}]})
    assert not [one for one in form.resources if one["resourceType"] == "Condition"]


def test_women_of_childbearing_age_are_asked_others_are_not() -> None:
    answers = pressure(130, 80) | {"danger-signs": [coded("no-danger-sign")]}
    asked = filled(FOLLOW_UP, answers, NAIMA).problems
    assert len(asked) == 1 and "Enceinte" in asked[0]
    assert filled(FOLLOW_UP, answers, SAID).problems == []
    assert filled(FOLLOW_UP, answers, NAIMA | {"birthDate": "1970-03-10"}).problems == []


def test_contraception_is_asked_of_those_who_are_not_pregnant() -> None:
    answers = pressure(130, 80) | {"danger-signs": [coded("no-danger-sign")]}
    assert filled(FOLLOW_UP, answers | {"pregnancy": [coded("pregnant")]}, NAIMA).problems == []
    assert len(filled(FOLLOW_UP, answers | {"pregnancy": [coded("not-pregnant")]}, NAIMA).problems) == 1


def test_follow_up_leads_to_the_next_step() -> None:
    order = {
        "resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "C08CA01"}]},
        "subject": {"reference": "Patient/p"}, "authoredOn": "2026-08-18",
        "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg"}}]}],
    }  # fmt: skip
    answers = pressure(152, 94) | {"danger-signs": [coded("no-danger-sign")]}
    kept = filled(FOLLOW_UP, answers | {"adherence": [coded("partial-adherence")]}).next_step(order)
    assert [one.id for one in taken(kept, "advice")] == ["adherence-first"]
    raised = filled(FOLLOW_UP, answers | {"adherence": [coded("good-adherence")]}).next_step(order)
    assert medicines(raised) == ["C08CA01 10 mg", "C09CA07 40 mg"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (pressure(1400, 90), "entre 50 et 300"),
        (pressure(49, 40), "entre 50 et 300"),
        (pressure(250, 201), "entre 30 et 200"),
        (pressure(120, 120), "plus basse que la systolique"),
        (pressure(120, 130), "plus basse que la systolique"),
        (pressure(120, 80) | {"danger-signs": [coded("no-danger-sign"), coded("seizure")]}, "ne se coche pas"),
        (pressure(120, 80) | {"danger-signs": [coded("pregnant")]}, "Signes de danger"),
    ],
)
def test_bad_answers_are_told(answers: dict[str, Any], said: str) -> None:
    good = {"danger-signs": [coded("no-danger-sign")]}
    problems = filled(FOLLOW_UP, good | answers).problems
    assert any(said in problem for problem in problems), problems
    assert len(problems) == 1


def test_nothing_filled_in_is_told() -> None:
    problems = " ".join(filled(FOLLOW_UP, {}).problems)
    assert "systolique" in problems.lower() and "Signes de danger" in problems


STAGES = {
    "screening": "diagnosis/129-80",
    "confirmation": "diagnosis/140-80",
    "titration": "steps/step-2",
    "follow-up": "targets/139-89-treated",
    "hospital-referral": "stages/sent",
    "hospital-assessment": "stages/accepted",
    "return": "stages/answered",
}


@pytest.mark.parametrize(("name", "golden"), STAGES.items())
def test_each_stage_asks_the_first_assessment_once(name: str, golden: str) -> None:
    patient = dict(patients("hypertension"))[golden]
    answered = {
        "resourceType": "QuestionnaireResponse", "id": "first", "status": "completed",
        "questionnaire": f"{FIRST['url']}|{FIRST['version']}", "subject": {"reference": "Patient/p"},
        "authored": "2026-08-01T10:00:00+01:00",
    }  # fmt: skip
    before, after = walked("hypertension", patient), walked("hypertension", with_record(patient, answered))
    assert stage(before) == stage(after) == [name]
    assert forms_asked(before) == [FIRST["url"]]
    assert forms_asked(after) == [FOLLOW_UP["url"]]
