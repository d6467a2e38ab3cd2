"""Resources as the tests of the store speak of them."""

from __future__ import annotations

from typing import Any

LOINC = "http://loinc.org"
BLOOD_PRESSURE = f"{LOINC}|85354-9"


def a_patient(id: str, family: str = "Alaoui", *given: str, **more: Any) -> dict[str, Any]:
    name = {"family": family} | ({"given": list(given)} if given else {})
    return {"resourceType": "Patient", "id": id, "name": [name]} | more


def an_organization(id: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Organization", "id": id, "name": f"CSU {id}"} | more


def an_observation(
    id: str, patient: str = "p1", date: str = "2024-03-10", code: str = "85354-9", **more: Any
) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": date,
    } | more


def a_quantity(value: Any, unit: str = "mm[Hg]") -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def ids(resources: list[dict[str, Any]]) -> list[str]:
    return [resource["id"] for resource in resources]
