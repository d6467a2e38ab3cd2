"""Every golden patient walked by the real engine; what is expected was written from the sources."""

from __future__ import annotations

from typing import Any

import pytest

from app.config import CANONICAL_BASE
from tests.golden.golden import (
    DECISIONS,
    actions,
    definition,
    due,
    medicines,
    missing,
    patients,
    said,
    stage,
    taken,
    walked,
)

PLANS = [f"hypertension-{name}" for name in ("pathway", "diagnosis", "treatment", "follow-up", "tests", "referral")]
ALTERNATIVES = ("losartan", "lisinopril", "ramipril", "perindopril", "enalapril", "indapamide", "hydrochlorothiazide")
PATIENTS = dict(patients("hypertension"))


@pytest.mark.parametrize("patient", PATIENTS.values(), ids=PATIENTS.keys())
def test_the_next_step_is_the_one_the_sources_say(patient: dict[str, Any]) -> None:
    expected, applied = patient["expect"], walked("hypertension", patient)
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
        wanted = ("baseline", "before-ras", "after-ras")
        assert sorted(one.id for one in taken(applied, "test") if one.id in wanted) == expected["tests"]
    assert {id: due(found[id]) for id in expected.get("due", {})} == expected.get("due", {})
    for id, wording in expected.get("reason", {}).items():
        assert {language: said(found[id], language) for language in wording} == wording


def test_the_reasons_are_there_in_both_languages() -> None:
    for name, patient in PATIENTS.items():
        for one in taken(walked("hypertension", patient), *DECISIONS, "stage"):
            if one.id not in ("assess", "answer"):  # unconditional: what the hospital always does
                reasons = {language: said(one, language) for language in ("fr", "ar")}
                assert all(reasons.values()), f"{name}: {one.id} says nothing"
                assert reasons["fr"] != reasons["ar"]
                assert "inconnu" not in reasons["fr"], f"{name}: {one.id} lacks a value: {reasons['fr']}"


def pressures(*, component: str) -> set[int]:
    """The systolic or diastolic values that golden patients have on the day they are seen."""
    found = set()
    for patient in PATIENTS.values():
        for one in patient["record"]:
            if one["resourceType"] == "Observation" and one.get("effectiveDateTime", "")[:10] == patient["asOf"][:10]:
                for part in one.get("component", ()):
                    if part["code"]["coding"][0]["code"] == component:
                        found.add(int(part["valueQuantity"]["value"]))
    return found


def test_both_sides_of_every_threshold_have_a_patient() -> None:
    systolic, diastolic = pressures(component="8480-6"), pressures(component="8462-4")
    assert systolic >= {110, 111, 129, 130, 139, 140, 159, 160, 179, 180, 181, 199, 200, 201}
    assert diastolic >= {89, 90, 99, 100, 109, 110, 111, 119, 120, 121}


def test_every_decision_of_the_content_is_taken_by_some_patient() -> None:
    walks = [walked("hypertension", patient).walk() for patient in PATIENTS.values()]
    reached = {one.id for walk in walks for one in walk if one.taken == "taken"}
    defined = {one["id"] for name in PLANS for one in actions(definition(f"{CANONICAL_BASE}/PlanDefinition/{name}"))}
    leaves = {id for id in defined if id.endswith("-form") or any(drug in id for drug in ALTERNATIVES)}
    assert defined - leaves <= reached, sorted(defined - leaves - reached)


def test_every_medicine_and_dose_is_prescribed_to_some_patient_or_listed_as_an_alternative() -> None:
    given = {dose for patient in PATIENTS.values() for dose in patient["expect"].get("medications", ())}
    first_choices = {"C08CA01 2.5 mg", "C08CA01 5 mg", "C08CA01 10 mg", "C09CA07 40 mg", "C09CA07 80 mg"}
    assert given >= first_choices | {"C03BA04 12.5 mg", "C03BA04 25 mg"}


def test_there_are_enough_patients_and_each_names_its_source() -> None:
    assert len(PATIENTS) >= 40
    assert all(patient["source"] and patient["title"] for patient in PATIENTS.values())
