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
MARKED_LOINC = {"82810-3", "20436-2", "1521-4", "41653-7", "2951-2", "11524-6", "8601-7"}
"""Codes that the fact sheet does not list: pregnancy status; glucose 2 hours after a load, after a meal, by meter;
sodium in serum or plasma, EKG study and EKG impression (https://loinc.org/2951-2, /11524-6, /8601-7)."""
Dose = tuple[str, str, int]
"""(value, UCUM unit, times a day)"""


def once(*values: str, unit: str = "mg") -> set[Dose]:
    return {(value, unit, 1) for value in values}


def twice(*values: str) -> set[Dose]:
    return {(value, "mg", 2) for value in values}


DOSES = {  # ATC → every dose that the sources name
    "C08CA01": once("2.5", "5", "10"),
    "C09CA07": once("40", "80"),
    "C09CA01": once("50", "100"),
    "C09AA03": once("20", "40"),
    "C09AA05": once("5", "10"),
    "C09AA04": once("4", "8", "10"),
    "C09AA02": once("20", "40"),
    "C03BA04": once("12.5", "25"),
    "C03BA11": once("1.25", "1.5", "2.5"),
    "C03AA03": once("25", "50"),
    "A10BA02": once("500", "1000") | twice("1000"),
    "A10BB09": once("40", "80") | twice("80"),
    "A10AC01": once("10", unit="[IU]"),
}
UNITS = {"mg": "mg", "[IU]": "UI"}
COMPUTED = ("gliclazide-reduced", "nph-adjusted")
"""Medicines whose dose the step works out from the dose taken: the printed one is where the source begins."""
PRESCRIPTIONS = [one for one in ARTEFACTS.values() if one.get("kind") == "MedicationRequest"]
MEDICINES = [one for one in PRESCRIPTIONS if "doseAndRate" in one["dosage"][0]]
KEPT = [one for one in PRESCRIPTIONS if one not in MEDICINES]


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


def dose(medicine: dict[str, Any]) -> Dose:
    (dosage,) = medicine["dosage"]
    (rate,) = dosage["doseAndRate"]
    repeat = dosage["timing"]["repeat"]
    assert (repeat["period"], repeat["periodUnit"]) == (1, "d")
    return str(rate["doseQuantity"]["value"]), rate["doseQuantity"]["code"], repeat["frequency"]


@pytest.mark.parametrize("medicine", MEDICINES, ids=lambda one: one["url"].rsplit("/", 1)[1])
def test_doses_are_those_of_the_sources_in_their_unit(medicine: dict[str, Any]) -> None:
    """WHO prints "GLICLAZIDE 80 g" once: a dose is checked by value and by unit."""
    code = medicine["productCodeableConcept"]["coding"][0]["code"]
    value, unit, times = dose(medicine)
    dosage = medicine["dosage"][0]
    assert (value, unit, times) in DOSES[code]
    assert dosage["doseAndRate"][0]["doseQuantity"]["unit"] == UNITS[unit]
    assert dosage["route"]["coding"]
    said = f"{str(Decimal(value)).replace('.', ',')} {UNITS[unit]}"
    if medicine["url"].endswith(COMPUTED):
        assert "dose indiquée" in dosage["text"]
    else:
        assert dosage["text"].startswith(f"{said} ")
        assert said in medicine["title"]
    assert ("deux fois" in dosage["text"]) == (times == 2)


def test_every_dose_of_the_sources_can_be_prescribed() -> None:
    found: dict[str, set[Dose]] = {}
    for one in MEDICINES:
        code = one["productCodeableConcept"]["coding"][0]["code"]
        found.setdefault(code, set()).add(dose(one))
    assert found == DOSES


def test_a_medicine_that_is_kept_names_no_dose_of_its_own() -> None:
    assert KEPT
    assert all("même dose" in one["title"] for one in KEPT)
