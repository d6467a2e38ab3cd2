"""What is computed at a visit is said in the prescription, in both languages, with the number that is prescribed."""

from __future__ import annotations

import pytest

from app.fhir import translation
from tests.golden.golden import patients, walked

COMPUTED = ("prescribe-nph-adjusted", "prescribe-gliclazide-reduced")


@pytest.mark.parametrize("computed", COMPUTED)
def test_a_computed_dose_is_said_in_both_languages(computed: str) -> None:
    said = set()
    for name, patient in patients("diabetes"):
        for order in walked("diabetes", patient).resources.values():
            if order["resourceType"] == "MedicationRequest" and computed in order["instantiatesCanonical"][0]:
                (dosage,) = order["dosageInstruction"]
                amount = f"{dosage['doseAndRate'][0]['doseQuantity']['value']:f}".removesuffix(".0")
                for language in ("fr", "ar"):
                    words = (translation.text(dosage, "text", language, primary="fr") or "").split()
                    assert amount in words, (name, language, words, amount)
                assert translation.text(dosage, "text", "ar") != dosage["text"]
                said.add(amount)
    assert len(said) >= (2 if "nph" in computed else 1), "several doses are computed by the golden patients"
