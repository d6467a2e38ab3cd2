"""What the forms calculate moves the pathways as an entered value does: patients on both sides of each threshold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.config import CANONICAL_BASE
from pathways.questionnaire import sdc
from tests.content.filled import SAID, Filled, coded, pressure
from tests.golden.golden import definition, taken

DIABETES = definition(f"{CANONICAL_BASE}/Questionnaire/diabetes-first-assessment")
HYPERTENSION = definition(f"{CANONICAL_BASE}/Questionnaire/hypertension-first-assessment")
NOTHING = {"danger-signs": [coded("no-danger-sign")]}


def creatinine(milligrams: str) -> dict[str, Any]:
    quantity = {"value": Decimal(milligrams), "unit": "mg/L", "system": sdc.UCUM, "code": "mg/L"}
    return {"creatinine": [{"valueQuantity": quantity}]}


def known(disease: str) -> dict[str, Any]:
    return {f"known-{disease}": [{"valueBoolean": True}], f"known-{disease}-date": [{"valueDate": "2020-02-01"}]}


@pytest.mark.parametrize(
    ("milligrams", "filtration", "referral"),
    [
        ("24", "30.1", "referral"),
        ("24.2", "29.8", "referral-urgent"),
        ("13.5", "60.1", None),
        ("13.6", "59.6", "referral"),
    ],
)
def test_a_man_of_60_with_diabetes_is_referred_by_the_filtration_of_his_creatinine(
    milligrams: str, filtration: str, referral: str | None
) -> None:
    """HEARTS-D 2020: filtration below 30 urgently, 30 to 59 not (MOROCCO 3.3)."""
    answers = pressure(128, 78, "bp1") | pressure(124, 76) | NOTHING | known("diabetes") | creatinine(milligrams)
    form = Filled(DIABETES, answers, SAID, "diabetes")
    found = {one["code"]["coding"][0]["code"]: one for one in form.resources if "valueQuantity" in one}
    assert found["98979-8"]["valueQuantity"]["value"] == Decimal(filtration)
    applied = form.next_step()
    because = [
        one.kind
        for one in applied.walk()
        if one.taken == "taken" and filtration.replace(".", ",") in (one.reason or "") and one.kind
    ]
    assert [kind for kind in because if kind.startswith("referral")] == ([referral] if referral else [])


@pytest.mark.parametrize(("cholesterol", "risk", "treated"), [("5.5", "19.6", False), ("6.5", "22.4", True)])
def test_at_130_to_139_the_calculated_risk_decides_on_treatment(cholesterol: str, risk: str, treated: bool) -> None:
    """WHO 2021: treatment from 130 where the risk is high; the threshold is a named parameter of the plan."""
    quantity = {"value": Decimal(cholesterol), "unit": "mmol/L", "system": sdc.UCUM, "code": "mmol/L"}
    more = {"smoking": [coded("smoker")], "total-cholesterol": [{"valueQuantity": quantity}]}
    answers = pressure(138, 82, "bp1") | pressure(134, 82) | NOTHING | known("hypertension") | more
    form = Filled(HYPERTENSION, answers, SAID, "hypertension")
    found = {one["code"]["coding"][0]["code"]: one for one in form.resources if "valueQuantity" in one}
    assert found["cvd-risk"]["valueQuantity"]["value"] == Decimal(risk)
    assert bool(taken(form.next_step(), "treatment")) is treated
