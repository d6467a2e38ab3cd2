"""Every golden patient of every disease walked by the real engine; what is expected was written from the sources."""

from __future__ import annotations

from typing import Any

import pytest

from tests.golden.golden import (
    DECISIONS,
    actions,
    diseases,
    due,
    examinations,
    medicines,
    missing,
    patients,
    plans_of,
    said,
    stage,
    taken,
    walked,
)

PATIENTS = {f"{disease}/{name}": (disease, one) for disease in diseases() for name, one in patients(disease)}
ALTERNATIVES = ("losartan", "lisinopril", "ramipril", "perindopril", "enalapril", "indapamide", "hydrochlorothiazide")
FIRST_CHOICES = {
    "hypertension": {
        "C08CA01 2.5 mg", "C08CA01 5 mg", "C08CA01 10 mg", "C09CA07 40 mg", "C09CA07 80 mg", "C03BA04 12.5 mg",
        "C03BA04 25 mg",
    },
    "diabetes": {
        "A10BA02 500 mg", "A10BA02 1000 mg", "A10BA02 1000 mg {'frequency': 2, 'period': 1, 'periodUnit': 'd'}",
        "A10BB09 80 mg", "A10BB09 80 mg {'frequency': 2, 'period': 1, 'periodUnit': 'd'}", "A10AC01 10 [IU]",
    },
}  # fmt: skip
every_disease = pytest.mark.parametrize("disease", diseases())


@pytest.mark.parametrize(("disease", "patient"), PATIENTS.values(), ids=PATIENTS.keys())
def test_the_next_step_is_the_one_the_sources_say(disease: str, patient: dict[str, Any]) -> None:
    expected, applied = patient["expect"], walked(disease, patient)
    decisions = taken(applied, *DECISIONS)
    found = {one.id: one for one in applied.walk() if one.taken == "taken"}
    kinds = {one.kind for one in decisions}
    referral = "urgent" if "referral-urgent" in kinds else "routine" if "referral" in kinds else None

    assert stage(applied) == [expected["stage"]]
    assert sorted(one.id for one in decisions) == expected["taken"]
    assert sorted(missing(applied)) == expected["missing"]
    assert referral == expected["referral"]
    assert not applied.issues
    if "medications" in expected:
        assert medicines(applied) == expected["medications"]
    if "tests" in expected:
        assert examinations(applied) == expected["tests"]
    assert {id: due(found[id]) for id in expected.get("due", {})} == expected.get("due", {})
    for id, wording in expected.get("reason", {}).items():
        assert {language: said(found[id], language) for language in wording} == wording


@every_disease
def test_the_reasons_are_there_in_both_languages(disease: str) -> None:
    for name, patient in patients(disease):
        for one in taken(walked(disease, patient), *DECISIONS, "stage"):
            if one.id not in ("assess", "answer"):  # unconditional: what the hospital always does
                reasons = {language: said(one, language) for language in ("fr", "ar")}
                assert all(reasons.values()), f"{name}: {one.id} says nothing"
                assert reasons["fr"] != reasons["ar"]
                assert "inconnu" not in reasons["fr"], f"{name}: {one.id} lacks a value: {reasons['fr']}"


@every_disease
def test_every_decision_of_the_content_is_taken_by_some_patient(disease: str) -> None:
    walks = [walked(disease, patient).walk() for _, patient in patients(disease)]
    reached = {one.id for walk in walks for one in walk if one.taken == "taken"}
    defined = {one["id"] for plan in plans_of(disease) for one in actions(plan)}
    leaves = {id for id in defined if id.endswith("-form") or any(drug in id for drug in ALTERNATIVES)}
    assert defined - leaves <= reached, sorted(defined - leaves - reached)


@every_disease
def test_every_medicine_and_dose_is_prescribed_to_some_patient_or_listed_as_an_alternative(disease: str) -> None:
    given = {dose for _, patient in patients(disease) for dose in patient["expect"].get("medications", ())}
    assert given >= FIRST_CHOICES[disease]


@every_disease
def test_there_are_enough_patients_and_each_names_its_source(disease: str) -> None:
    found = [patient for _, patient in patients(disease)]
    assert len(found) >= 40
    assert all(patient["source"] and patient["title"] for patient in found)
