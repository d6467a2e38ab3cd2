"""A resource held against a profile."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir.validation import validate

NAME = "http://a.ma/StructureDefinition/mother"
PROFILE: dict[str, Any] = {
    "resourceType": "StructureDefinition", "url": "http://a.ma/StructureDefinition/bp", "type": "Observation",
    "differential": {"element": [
        {"id": "Observation", "path": "Observation"},
        {"id": "Observation.subject", "path": "Observation.subject", "min": 1},
        {"id": "Observation.status", "path": "Observation.status", "fixedCode": "final"},
        {"id": "Observation.code", "path": "Observation.code",
         "patternCodeableConcept": {"coding": [{"code": "85354-9"}]}},
        {"id": "Observation.value[x]", "path": "Observation.value[x]", "type": [{"code": "Quantity"}]},
        {"id": "Observation.component", "path": "Observation.component", "max": "2"},
        {"id": "Observation.component.value[x]", "path": "Observation.component.value[x]", "min": 1},
        {"id": "Observation.extension:m", "path": "Observation.extension", "sliceName": "m", "min": 1,
         "type": [{"code": "Extension", "profile": [NAME]}]},
    ]},
}  # fmt: skip
CODE = {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}
VALID = {
    "resourceType": "Observation", "status": "final", "code": CODE, "subject": {"reference": "Patient/1"},
    "component": [{"code": {"text": "s"}, "valueQuantity": {"value": 140}}],
    "extension": [{"url": NAME, "valueString": "x"}],
}  # fmt: skip


def test_a_conforming_resource_is_accepted() -> None:
    assert validate(VALID, profile=PROFILE) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"subject": None}, "Observation.subject"),
        ({"status": "amended"}, "Observation.status"),
        ({"code": {"text": "x"}}, "Observation.code"),
        ({"valueString": "x"}, "Observation.value.ofType(String)"),
        ({"component": [{"code": {"text": "s"}}]}, "Observation.component[0].value"),
        ({"component": VALID["component"] * 3}, "Observation.component"),
        ({"extension": None}, f"Observation.extension('{NAME}')"),
    ],
)
def test_a_breach_is_named_at_its_path(change: dict[str, Any], path: str) -> None:
    resource = {key: value for key, value in (VALID | change).items() if value is not None}
    assert [issue.expression for issue in validate(resource, profile=PROFILE)] == [path]


def test_a_profile_of_another_type_says_so() -> None:
    found = validate({"resourceType": "Patient"}, profile=PROFILE)
    assert len(found) == 1 and "a profile of Observation" in found[0].text
