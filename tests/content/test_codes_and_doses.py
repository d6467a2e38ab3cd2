"""Codes and doses against the tables that the content was written from (national fact sheet, §3.1 and §3.8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.config import CANONICAL_BASE
from tests.content.test_content import ARTEFACTS, walk

LOINC, ATC, ICD10 = "http://loinc.org", "http://www.whocc.no/atc", "http://hl7.org/fhir/sid/icd-10"
KNOWN_LOINC = {
    "85354-9",
    "8480-6",
    "8462-4",
    "8867-4",
    "29463-7",
    "8302-2",
    "39156-5",
    "59408-5",
    "19935-6",
    "1558-6",
    "14771-0",
    "2345-7",
    "4548-4",
    "59261-8",
    "2160-0",
    "14682-9",
    "2823-3",
    "98979-8",
    "62238-1",
    "9318-7",
    "2093-3",
    "14647-2",
    "2085-9",
    "13457-7",
    "18262-6",
    "2089-1",
    "2571-8",
    "2514-8",
    "20454-5",
    "72166-2",
    "10230-1",
}
MARKED_LOINC = {"82810-3"}
"""Codes that the fact sheet does not list, agreed in the authoring conventions: pregnancy status."""
DOSES = {  # ATC → every daily dose in mg that the sources name for hypertension
    "C08CA01": {"2.5", "5", "10"},
    "C09CA07": {"40", "80"},
    "C09CA01": {"50", "100"},
    "C09AA03": {"20", "40"},
    "C09AA05": {"5", "10"},
    "C09AA04": {"4", "8", "10"},
    "C09AA02": {"20", "40"},
    "C03BA04": {"12.5", "25"},
    "C03BA11": {"1.25", "1.5", "2.5"},
    "C03AA03": {"25", "50"},
}
MEDICINES = [one for one in ARTEFACTS.values() if one.get("kind") == "MedicationRequest"]


def codings(system: str) -> set[str]:
    """Codes of a system in all artefacts, those inside search texts as well."""
    found = set()
    for artefact in ARTEFACTS.values():
        for _, one in walk(artefact):
            if one.get("system") == system:
                found |= {one["code"]} if "code" in one else {concept["code"] for concept in one.get("concept", ())}
            if isinstance(one.get("expression"), str):
                parts = one["expression"].split(f"{system}|")[1:]
                found |= {part.split("&")[0].split(",")[0].split("'")[0] for part in parts}
    return found


def test_every_loinc_code_is_agreed() -> None:
    assert codings(LOINC) <= KNOWN_LOINC | MARKED_LOINC


def test_every_atc_code_is_agreed() -> None:
    assert codings(ATC) == DOSES.keys()


def test_local_clinical_codes_exist() -> None:
    system = ARTEFACTS[f"{CANONICAL_BASE}/CodeSystem/clinical"]
    assert codings(system["url"]) <= {concept["code"] for concept in system["concept"]}


@pytest.mark.parametrize("medicine", MEDICINES, ids=lambda one: one["url"].rsplit("/", 1)[1])
def test_doses_are_those_of_the_sources_in_milligrams(medicine: dict[str, Any]) -> None:
    """WHO prints "GLICLAZIDE 80 g" once: a dose is checked by value and by unit."""
    code = medicine["productCodeableConcept"]["coding"][0]["code"]
    (dosage,) = medicine["dosage"]
    (dose,) = dosage["doseAndRate"]
    quantity = dose["doseQuantity"]
    assert quantity["code"] == quantity["unit"] == "mg"
    assert str(quantity["value"]) in DOSES[code]
    assert dosage["timing"]["repeat"] == {"frequency": 1, "period": 1, "periodUnit": "d"}
    assert dosage["route"]["coding"]
    said = str(Decimal(str(quantity["value"]))).replace(".", ",")
    assert dosage["text"].startswith(f"{said} mg ")
    assert f"{said} mg" in medicine["title"]


def test_every_dose_of_the_sources_can_be_prescribed() -> None:
    found: dict[str, set[str]] = {}
    for one in MEDICINES:
        code = one["productCodeableConcept"]["coding"][0]["code"]
        found.setdefault(code, set()).add(str(one["dosage"][0]["doseAndRate"][0]["doseQuantity"]["value"]))
    assert found == DOSES
