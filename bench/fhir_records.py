"""Invented records for ``bench/fhir.py``: one person's transaction Bundle of 50, single Observations."""

from __future__ import annotations

import json
import os
import random
from typing import Any

CODES = {
    "8480-6": ("mm[Hg]", 100, 200),
    "8462-4": ("mm[Hg]", 50, 110),
    "29463-7": ("kg", 45, 120),
    "8867-4": ("/min", 50, 120),
    "4548-4": ("%", 5, 12),
}
"""What is measured, and from where to where: the server refuses what cannot be."""
SYSTEM = "https://example.org/bench"
chance = random.Random(2026)
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def observation(subject: str) -> dict[str, Any]:
    code = chance.choice(list(CODES))
    day = f"20{chance.randint(20, 25)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    unit, least, most = CODES[code]
    quantity = {"value": chance.randint(least, most), "unit": unit, "code": unit}
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": subject},
        "effectiveDateTime": f"{day}T{chance.randint(8, 17):02}:30:00+01:00",
        "valueQuantity": quantity | {"system": "http://unitsofmeasure.org"},
    }


def condition(subject: str) -> dict[str, Any]:
    code = chance.choice(["I10", "E11", "J45", "N18"])
    status = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [status]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}]},
        "subject": {"reference": subject},
        "onsetDateTime": f"20{chance.randint(10, 25)}",
    }


def bundle(number: int) -> bytes:
    """One person's record as a transaction of 50."""
    name = f"urn:uuid:00000000-0000-4000-8000-{number:012x}"
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": f"{os.getpid()}-{number}"}],
        "name": [{"family": chance.choice(["Alaoui", "بناني", "Tazi"]), "given": [chance.choice(["Amal", "Omar"])]}],
        "gender": chance.choice(["female", "male"]),
        "birthDate": f"19{chance.randint(30, 99)}-0{chance.randint(1, 9)}-15",
    }
    about = [patient, *(condition(name) for _ in range(4)), *(observation(name) for _ in range(45))]
    entries = [
        {"fullUrl": name if one is patient else f"urn:uuid:00000000-0000-4001-8{n:03x}-{number:012x}", "resource": one}
        | {"request": {"method": "POST", "url": one["resourceType"]}}
        for n, one in enumerate(about)
    ]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
